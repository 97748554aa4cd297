"""What nobody could ever meet, answer or sign: rules that read well and stand in each other's way.

A gate with one of these would be shut for good; publishing refuses it (product.md §3).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from initiatives.models.charter import MetricKind
from initiatives.stages import Gate, Role, Stage
from initiatives.triage import Level
from reviews.policy.counting import stages
from reviews.policy.model import Applies, Criterion, Field, GatePolicy, Policy, Slot

ROLE, YES_NO = "a role", "true or false"
GUARDED = (MetricKind.QUALITY, MetricKind.COST, MetricKind.LATENCY)
DESCRIBED = ("problem", "users", "outcome", "process", "scope")
# What each check may be told, and whether it has to be; every other check is told nothing.
PARAMETERS: dict[str, dict[str, tuple[str, ...] | str]] = {
    "described": {"fields": DESCRIBED},
    "owners_accepted": {"roles": ROLE, "hours_a_month_of": ROLE},
    "owners_reaccepted": {"roles": ROLE},
    "kill_condition_armed": {"on_primary_metric": YES_NO, "by_decision_date": YES_NO},
    "guardrails_hold": {"kinds": tuple(kind.value for kind in GUARDED)},
}
NEEDED = {"described": "fields", "owners_accepted": "roles", "owners_reaccepted": "roles"}
# Who builds or runs it (product.md §3, the delivery team).
DELIVERY_TEAM = (Role.ENGINEERING_OWNER, Role.PRODUCTION_OWNER, "production_sketch.owner")


def problems(policy: Policy, *, checks: Collection[str]) -> Iterator[str]:
    """Everything of this policy that would shut a gate for good, one sentence each."""
    named = _named_in_answers(policy)
    for place, gate in enumerate(policy.gates.values()):
        so_far = [g.key for g in list(policy.gates.values())[: place + 1]]
        for criterion in gate.criteria:
            where = f"{Gate(gate.key).label} gate, criterion {criterion.key}"
            yield from _parameters(where, criterion, checks)
            yield from _never(where, criterion.applies, gate)
            yield from _asks_nothing(where, criterion)
            roles = criterion.parameters.get("roles", ())
            for role in roles if isinstance(roles, list) else ():
                yield from _nobody_named(where, str(role), criterion.applies, named, so_far)
        for slot in gate.slots:
            where = f"{Gate(gate.key).label} gate, slot {slot.key}"
            yield from _never(where, slot.applies, gate)
            if slot.role is not None:
                yield from _nobody_named(where, slot.role, slot.applies, named, so_far)
        yield from _no_outsider(gate)


# ── Checks that are told what they don't know ──


def _parameters(where: str, criterion: Criterion, checks: Collection[str]) -> Iterator[str]:
    if criterion.check is None or criterion.check not in checks:
        return
    known = PARAMETERS.get(criterion.check, {})
    for key, value in criterion.parameters.items():
        if key not in known:
            can = f"it knows {', '.join(known)}" if known else "it is told nothing"
            yield f"{where}: the check {criterion.check} knows no {key!r}; {can}."
        else:
            yield from _values(where, key, value, known[key])
    needed = NEEDED.get(criterion.check)
    if needed and not criterion.parameters.get(needed):
        yield f"{where}: the check {criterion.check} has to be told {needed}."


def _values(where: str, key: str, value: Any, known: tuple[str, ...] | str) -> Iterator[str]:
    if known == YES_NO:
        if not isinstance(value, bool):
            yield f"{where}: {key} has to be true or false."
    elif not isinstance(value, list) or not all(isinstance(v, str) for v in value):
        yield f"{where}: {key} has to be a list of texts."
    elif known != ROLE:
        for name in value:
            if name not in known:
                yield f"{where}: {key} names the unknown {name!r}; known are {', '.join(known)}."


# ── Rules that can never apply, and questions that are never asked ──


def _never(where: str, rule: Applies, gate: GatePolicy) -> Iterator[str]:
    if rule.when and set(rule.when) <= set(rule.unless):
        yield f"{where}: it can never apply, because unless takes back all that when asks for."
    before = {stage.value for stage in stages(gate.key)}
    if rule.stages and rule.stages <= set(Stage) - before:
        said = ", ".join(sorted(rule.stages))
        yield f"{where}: it can never apply, because nothing in {said} stands before this gate."


def _asks_nothing(where: str, criterion: Criterion) -> Iterator[str]:
    """At each level at which it applies, a form has to have something to fill in."""
    if not criterion.is_answered or not criterion.fields:
        return
    for level in Level.values:
        if not criterion.applies.may_at(level):
            continue
        asked = [field for field in criterion.fields if field.applies.may_at(level)]
        if not asked:
            yield f"{where}: at the {level} level none of its fields is asked: nobody can meet it."
        for field in asked:
            yield from _no_columns(where, field, level)


def _no_columns(where: str, field: Field, level: str) -> Iterator[str]:
    if field.columns and not any(column.applies.may_at(level) for column in field.columns):
        yield f"{where}, field {field.key}: at the {level} level none of its columns is asked."


# ── Signatures that nobody could give ──

Named = Mapping[str, tuple[str, Criterion, Field]]


def _named_in_answers(policy: Policy) -> Named:
    """The people that answers name, by role: the gate, the criterion and the field that ask."""
    return {
        f"{criterion.key}.{field.key}": (gate.key, criterion, field)
        for gate in policy.gates.values()
        for criterion in gate.criteria
        for field in criterion.fields
        if field.type == "person"
    }


def _nobody_named(
    where: str, role: str, rule: Applies, named: Named, so_far: list[str]
) -> Iterator[str]:
    """Whoever is named in an answer can be asked only once that has been answered."""
    if role not in named:
        return
    gate, criterion, field = named[role]
    if gate not in so_far:
        yield f"{where}: {role} is named only later, at the {Gate(gate).label} gate."
    for level in Level.values:
        asks = criterion.applies.may_at(level) and field.applies.may_at(level)
        if rule.may_at(level) and not asks:
            yield f"{where}: at the {level} level nobody is asked to name {role}."


def _no_outsider(gate: GatePolicy) -> Iterator[str]:
    """Where somebody from outside has to sign, one signature has to be sure to be theirs."""
    for level in Level.values:
        if level not in gate.outsider_from:
            continue
        sure = [slot for slot in gate.slots if slot.applies.surely_at(level)]
        if not any(_may_be_outside(slot) for slot in sure):
            yield (
                f"{Gate(gate.key).label} gate: at the {level} level somebody from outside the "
                "delivery team has to sign, but no slot is sure to ask them."
            )


def _may_be_outside(slot: Slot) -> bool:
    return slot.role not in DELIVERY_TEAM

"""What a policy that can be read may still get wrong: rules that hold between its parts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from typing import cast

from initiatives.stages import GATES_BEFORE, LEADS_TO, REQUIRED_ROLES, RUNNING, Gate, Role, Stage
from initiatives.triage import Level
from reviews.policy import unreachable
from reviews.policy.model import (
    ALWAYS,
    FIXED_CHECKS,
    LONGEST_ROLE,
    Applies,
    Column,
    Criterion,
    Field,
    GatePolicy,
    Policy,
    Slot,
    is_signed_in_catch_up,
)


def _where(gate: GatePolicy, what: str = "", key: str = "") -> str:
    return f"{Gate(gate.key).label} gate" + (f", {what} {key}" if what else "")


def _unknown_names(
    policy: Policy, *, checks: Collection[str], groups: Collection[str]
) -> Iterator[str]:
    """Checks, groups and roles that don't exist would never be met and never be signed."""
    roles = {*Role.values, *_person_roles(policy)}
    for gate in policy.gates.values():
        for criterion in gate.criteria:
            where = _where(gate, "criterion", criterion.key)
            if criterion.check is not None and criterion.check not in checks:
                yield f"{where}: the check {criterion.check!r} is unknown."
            for role in _roles(criterion):
                if role not in roles:
                    yield f"{where}: the role {role!r} is unknown."
        for slot in gate.slots:
            where = _where(gate, "slot", slot.key)
            if slot.role is not None and slot.role not in roles:
                yield f"{where}: the role {slot.role!r} is unknown."
            if slot.group is not None and slot.group not in groups:
                yield f"{where}: the group {slot.group!r} is unknown."
            asked = {criterion.key for criterion in gate.criteria}
            for point in (point for point in slot.points if point not in asked):
                yield f"{where}: the point {point!r} is not asked by this gate."


def _person_roles(policy: Policy) -> Iterator[str]:
    """The roles of people named in answers: `<criterion>.<field>`."""
    for gate in policy.gates.values():
        for criterion in gate.criteria:
            for field in criterion.fields:
                if field.type == "person":
                    yield f"{criterion.key}.{field.key}"


def _roles(criterion: Criterion) -> tuple[str, ...]:
    roles = criterion.parameters.get("roles", ())
    return tuple(map(str, roles)) if isinstance(roles, list) else (str(roles),) if roles else ()


def _repeated_keys(policy: Policy) -> Iterator[str]:
    """Answers are stored by criterion and field, signatures by slot: a key stands for one."""
    for gate in policy.gates.values():
        yield from _repeated(_where(gate), "criterion", gate.criteria)
        yield from _repeated(_where(gate), "slot", gate.slots)
        for criterion in gate.criteria:
            yield from _repeated(
                _where(gate, "criterion", criterion.key), "field", criterion.fields
            )
            for field in criterion.fields:
                where = f"{_where(gate, 'criterion', criterion.key)}, field {field.key}"
                yield from _repeated(where, "column", field.columns)


def _repeated(
    where: str,
    what: str,
    rows: Iterable[Criterion] | Iterable[Slot] | Iterable[Field] | Iterable[Column],
) -> Iterator[str]:
    for key, times in Counter(row.key for row in rows if row.key != "-").items():
        if times > 1:
            yield f"{where}: the {what} {key} is there {times} times."


def _answered_in_two_gates(policy: Policy) -> Iterator[str]:
    """An initiative has one answer per criterion, whichever gate asks for it."""
    first: dict[str, str] = {}
    for gate in policy.gates.values():
        for key in {c.key for c in gate.criteria if c.is_answered and c.key != "-"}:
            if key in first:
                where = _where(gate, "criterion", key)
                yield f"{where}: the {first[key]} has an answered criterion of this key already."
            first.setdefault(key, _where(gate))


def _keys_too_long_together(policy: Policy) -> Iterator[str]:
    for gate in policy.gates.values():
        for criterion in gate.criteria:
            for field in criterion.fields:
                if len(f"{criterion.key}.{field.key}") > LONGEST_ROLE:
                    where = f"{_where(gate, 'criterion', criterion.key)}, field {field.key}"
                    yield f"{where}: both keys together are longer than {LONGEST_ROLE} characters."


def _tables_from_nowhere(policy: Policy) -> Iterator[str]:
    """A table starts from another table, of whichever gate."""
    tables = {
        f"{criterion.key}.{field.key}"
        for gate in policy.gates.values()
        for criterion in gate.criteria
        for field in criterion.fields
        if field.type == "table"
    }
    for gate in policy.gates.values():
        for criterion in gate.criteria:
            for field in criterion.fields:
                if field.starts_from and field.starts_from not in tables:
                    where = f"{_where(gate, 'criterion', criterion.key)}, field {field.key}"
                    yield f"{where}: starts_from names {field.starts_from!r}, which is no table."


def _too_few_slots(policy: Policy) -> Iterator[str]:
    """A gate that wants more people than its slots can hold could never be passed."""
    for gate in policy.gates.values():
        for level, needed in gate.people_needed.items():
            if (sure := _sure(gate, level)) < needed:
                yield (
                    f"{_where(gate)}: at the {level} level {needed} people have to sign, but its "
                    f"slots are sure to ask only {sure}."
                )


def _sure(gate: GatePolicy, level: str) -> int:
    """How many people its slots are sure to ask at this level."""
    return sum(slot.quorum for slot in gate.slots if slot.applies.surely_at(level))


def _too_few_to_catch_up(policy: Policy) -> Iterator[str]:
    """Who signs for several gates at once signs once, and nobody for an answer that isn't asked."""
    for stage in RUNNING:
        gates = [policy.gates[gate] for gate in GATES_BEFORE[stage] if gate in policy.gates]
        for level in Level.values if gates else ():
            if any(_sure(gate, level) < gate.people_needed[level] for gate in gates):
                continue  # said of the gate itself
            sure = _sure_to_catch_up(gates, stage, level)
            needed = max(gate.people_needed[level] for gate in gates)
            if sure < needed:
                yield (
                    f"Catch-up in the stage {stage.label}: at the {level} level {needed} people "
                    f"have to sign, but the gates before it are sure to ask only {sure}."
                )


def _sure_to_catch_up(gates: list[GatePolicy], stage: Stage, level: str) -> int:
    givers = {
        slot.role or slot.group: slot.quorum
        for gate in gates
        for slot in gate.slots
        if slot.applies.surely_at(level) and is_signed_in_catch_up(slot, gates, stage)
    }
    return sum(givers.values())


def _fixed_checks_weakened(policy: Policy) -> Iterator[str]:
    """The four of product.md §3, in every gate into a running stage."""
    for gate in policy.gates.values():
        if LEADS_TO[gate.key] in RUNNING:
            for check in FIXED_CHECKS:
                yield from _weakened(gate, check)


def _weakened(gate: GatePolicy, check: str) -> Iterator[str]:
    found = [criterion for criterion in gate.criteria if criterion.check == check]
    firm = [c for c in found if c.blocking and c.mandatory and c.applies == Applies()]
    if not found:
        yield f"{_where(gate)}: a criterion with the check {check} is missing; it always has one."
    elif not firm:
        where = _where(gate, "criterion", found[0].key)
        yield f"{where}: {check} has to be blocking and mandatory, and to apply always."
    elif not any(c.catch_up == ALWAYS for c in firm):
        where = _where(gate, "criterion", firm[0].key)
        yield f"{where}: {check} is asked of what already ran as well; take its catch_up away."
    elif check == "owners_accepted":
        yield from _owners_left_out(gate, firm)


def _owners_left_out(gate: GatePolicy, firm: list[Criterion]) -> Iterator[str]:
    named = {role for criterion in firm for role in _roles(criterion)}
    for role in REQUIRED_ROLES[cast("Stage", LEADS_TO[gate.key])]:
        if role not in named:
            where = _where(gate, "criterion", firm[0].key)
            yield f"{where}: roles has to name {role.value}, without whom the stage is unowned."


def _limits_at_odds(policy: Policy) -> Iterator[str]:
    limits, ladder = policy.limits, policy.reminders
    if limits.pilot_days_with_reason < limits.pilot_days:
        yield "Limits: pilot_days_with_reason is shorter than pilot_days."
    if ladder.leads_days_after < ladder.sponsor_days_after:
        yield "Reminders: leads_days_after comes before sponsor_days_after."


_RULES = (
    _repeated_keys,
    _answered_in_two_gates,
    _keys_too_long_together,
    _tables_from_nowhere,
    _too_few_slots,
    _too_few_to_catch_up,
    _fixed_checks_weakened,
    _limits_at_odds,
)


def problems(policy: Policy, *, checks: Collection[str], groups: Collection[str]) -> Iterator[str]:
    """Everything that does not hold together, one sentence each."""
    yield from _unknown_names(policy, checks=checks, groups=groups)
    for rule in _RULES:
        yield from rule(policy)
    yield from unreachable.problems(policy, checks=checks)

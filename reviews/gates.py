"""Criteria: pure functions from facts to verdicts. The same for one page, for enforcement, for
the blockers of a portfolio and for a dry run, so that what is shown is what is enforced."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from initiatives.facts import Facts
from initiatives.models import Evidence
from initiatives.stages import GATES_BEFORE, SpecialReview
from initiatives.triage import QUESTIONS, Level
from reviews.checks import CHECKS, Asked, Mend, Verdict
from reviews.checks.verdicts import excerpt, met, person_missing, prohibition, shut, unmet
from reviews.policy import (
    Case,
    Criterion,
    Field,
    GatePolicy,
    Policy,
    Slot,
    is_signed_in_catch_up,
)

__all__ = [
    "CHECKS",
    "Judged",
    "Verdict",
    "case_of",
    "evaluate",
    "evaluate_all",
    "judge",
    "never_passed",
    "owed",
    "prohibition",
    "shut",
]


CAUGHT_UP_MEANS = (
    "It already ran when it came here. I have read what it shows now for the gates that it never "
    "passed, and for my part my signature stands for theirs."
)


@dataclass(frozen=True, slots=True)
class Judged:
    """A criterion of a gate with its verdict."""

    criterion: Criterion
    verdict: Verdict
    not_applicable: bool = False

    @property
    def mend(self) -> Mend:
        """The form that answers it."""
        if self.criterion.check is None:
            return Mend("answer", self.criterion.key)
        return self.verdict.mend or Mend(CHECKS[self.criterion.check].mend)

    @property
    def is_met(self) -> bool:
        return self.verdict.is_met

    @property
    def blocks(self) -> bool:
        return self.criterion.blocking and not self.verdict.is_met


def case_of(facts: Facts) -> Case:
    """What the policy's applicability looks at."""
    return Case(
        stage=facts.initiative.stage,
        level=facts.initiative.level,
        answers={q: facts.answered_yes(q) for q in QUESTIONS},
        pilot_budget=facts.initiative.pilot_budget,
        monthly_cost=facts.initiative.monthly_cost,
    )


def evaluate(facts: Facts, gate: str, policy: Policy, today: date) -> list[Judged]:
    """Judge every criterion of a gate that applies to these facts."""
    return evaluate_all(facts, policy.gates[gate], policy, today)


def evaluate_all(facts: Facts, gate: GatePolicy, policy: Policy, today: date) -> list[Judged]:
    """`evaluate` for a gate that stands in no policy: what is owed, or what a change touches."""
    criteria = gate.criteria_for(case_of(facts))
    return [judge(facts, criterion, policy, today) for criterion in criteria]


def owed(facts: Facts, policy: Policy) -> GatePolicy | None:
    """What something that already ran owes of the gates it never passed (product.md §2, Catch-up),
    as one gate; None where it owes nothing."""
    return never_passed(facts, policy) if facts.initiative.owes_gates else None


def never_passed(facts: Facts, policy: Policy) -> GatePolicy:
    """The gates before the stage it was declared in, as one gate: what is still meaningful, asked
    once, as the last of them asks it; signed once by everybody whom one of them asks."""
    row, case = facts.initiative, case_of(facts)
    gates = [policy.gates[gate] for gate in GATES_BEFORE[row.declared_stage]]
    criteria = {c.key: c for gate in gates for c in gate.criteria_for(case)}
    asked = tuple(c for c in criteria.values() if c.is_caught_up_in(row.stage))
    slots = [s for g in gates for s in g.slots_for(case)]
    return GatePolicy(
        key=SpecialReview.CATCH_UP.value,
        title=str(SpecialReview.CATCH_UP.label),
        criteria=asked,
        slots=_once([s for s in slots if is_signed_in_catch_up(s, gates, row.stage)]),
        people_needed={at: max(g.people_needed[at] for g in gates) for at in Level.values},
        outsider_from=frozenset[str]().union(*(gate.outsider_from for gate in gates)),
    )


def _once(slots: Iterable[Slot]) -> tuple[Slot, ...]:
    """One signature of each role and group, at the largest quorum."""
    found: dict[str, Slot] = {}
    for slot in slots:
        giver = slot.role or f"group_{slot.group}"
        earlier = found.get(giver)
        quorum = max(slot.quorum, earlier.quorum if earlier else 0)
        key = giver.replace(".", "_")
        found[giver] = replace(slot, key=key, quorum=quorum, meaning=CAUGHT_UP_MEANS)
    return tuple(found.values())


def judge(facts: Facts, criterion: Criterion, policy: Policy, today: date) -> Judged:
    """Judge one criterion: computed from the facts, or answered.

    Unless it is mandatory it may be set aside with a reason; facts that meet it come first.
    """
    verdict = _verdict(facts, criterion, policy, today)
    aside = "" if verdict.is_met or criterion.mandatory else set_aside(facts, criterion)
    if aside:
        return Judged(criterion, met(f"Not applicable: {aside}"), not_applicable=True)
    return Judged(criterion, verdict)


def set_aside(facts: Facts, criterion: Criterion) -> str:
    """Why somebody said that it does not apply, or nothing."""
    answer = facts.answer(criterion.key)
    if answer is None or _is_of_last_time(facts, criterion, answer):
        return ""
    return answer.not_applicable_because


def _verdict(facts: Facts, criterion: Criterion, policy: Policy, today: date) -> Verdict:
    if criterion.check is not None:
        since = certified_at(facts) if criterion.anew else None
        asked = Asked(facts, criterion.parameters, policy.limits, today, since)
        return CHECKS[criterion.check].function(asked)
    answer = facts.answer(criterion.key)
    if answer is None:
        return unmet("Not answered yet.")
    if _is_of_last_time(facts, criterion, answer):
        day = timezone.localdate(answer.recorded_at)
        return unmet(f"Answered last time, on {day:%-d %b %Y}: look at it again.")
    return _answered(facts, criterion, answer)


def certified_at(facts: Facts) -> datetime:
    """Since when it stands as it was last certified: recertified, or let into its stage."""
    return facts.initiative.recertified_at or facts.initiative.stage_entered_at


def _is_of_last_time(facts: Facts, criterion: Criterion, answer: Evidence) -> bool:
    return criterion.anew and answer.recorded_at <= certified_at(facts)


def _answered(facts: Facts, criterion: Criterion, answer: Evidence) -> Verdict:
    if answer.not_applicable_because:
        return unmet("This one has to be answered.")
    return _complete(facts, criterion, answer.fields)


def _complete(facts: Facts, criterion: Criterion, fields: Mapping[str, Any]) -> Verdict:
    case = case_of(facts)
    for field in criterion.fields_for(case):
        if not field.required:
            continue
        if field.type == "person":
            missing = person_missing(facts, f"{criterion.key}.{field.key}", field.label)
        elif field.type == "table":
            missing = _rows_missing(field, rows_of(fields.get(field.key)), case)
        else:
            missing = f"{field.label} is missing." if fields.get(field.key) in (None, "") else None
        if missing:
            return unmet(missing)
    return met(_gist(facts, criterion, fields))


def _gist(facts: Facts, criterion: Criterion, fields: Mapping[str, Any]) -> str:
    """The first words of an answer: of its first text or row, else the person it names."""
    for field in criterion.fields_for(case_of(facts)):
        value = fields.get(field.key)
        if field.type == "table" and (rows := rows_of(value)):
            more = f" And {len(rows) - 1} more." if len(rows) > 1 else ""
            return f"{excerpt(_first_text(field, rows[0]))}{more}"
        if field.type == "text" and value:
            return excerpt(str(value))
    people = (facts.owner(f"{criterion.key}.{field.key}") for field in criterion.fields)
    return next((f"{owner.person}." for owner in people if owner), "Answered.")


def _first_text(field: Field, row: Mapping[str, Any]) -> str:
    texts = (row.get(column.key) for column in field.columns if column.type == "text")
    return str(next((text for text in texts if text), "Answered."))


def rows_of(value: Any) -> list[dict[str, Any]]:
    """The rows of a table; what an earlier policy asked as a text has none."""
    return value if isinstance(value, list) else []


def _rows_missing(field: Field, rows: list[dict[str, Any]], case: Case) -> str | None:
    """At least one row, and none of its cells blank (product.md P9)."""
    if not rows:
        return f"{field.label} Nothing is listed yet."
    for number, row in enumerate(rows, start=1):
        for column in field.columns_for(case):
            if not row.get(column.key):
                return f"{column.label.rstrip('?')}: not said yet in row {number}."
    return None

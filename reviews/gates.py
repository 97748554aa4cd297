"""Criteria: pure functions from facts to verdicts. The same for one page, for enforcement, for
the blockers of a portfolio and for a dry run, so that what is shown is what is enforced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from initiatives.facts import Facts
from initiatives.models import Evidence
from initiatives.triage import QUESTIONS
from reviews.checks import CHECKS, Asked, Mend, Verdict
from reviews.checks.verdicts import excerpt, met, person_missing, prohibition, shut, unmet
from reviews.policy import Case, Criterion, Field, Policy

__all__ = ["CHECKS", "Judged", "Verdict", "case_of", "evaluate", "judge", "prohibition", "shut"]


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
    criteria = policy.gates[gate].criteria_for(case_of(facts))
    return [judge(facts, criterion, policy, today) for criterion in criteria]


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

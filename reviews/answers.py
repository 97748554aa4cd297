"""What was answered to a criterion, to be read: questions and answers, tables as tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from initiatives import documents
from initiatives.documents import Cited
from initiatives.facts import Facts
from reviews import gates, words
from reviews.policy import Criterion, Field, Policy

CONDITIONS = ("conditions_ledger", "pilot_conditions")


@dataclass(frozen=True)
class Answered:
    """One question with what was said: a text, a document, or the rows of a table."""

    question: str
    text: str = ""
    cited: Cited | None = None
    headings: tuple[str, ...] = ()
    rows: tuple[tuple[tuple[str, str], ...], ...] = ()  # heading and cell


def answered(criterion: Criterion, facts: Facts) -> list[Answered]:
    """Every question of a criterion that was answered; people by name."""
    answer = facts.answer(criterion.key)
    if answer is None or not criterion.is_answered:
        return []
    people = {o.role: o.person.name for o in facts.ownerships}
    given = [
        (field, answer.fields.get(field.key) or people.get(f"{criterion.key}.{field.key}"))
        for field in criterion.fields
    ]
    return [_answered(field, value, facts) for field, value in given if value]


def conditions(policy: Policy, facts: Facts) -> list[Answered]:
    """Under which conditions the pilot's result was reached, and what will differ in production;
    until that is written down, what the charter expected. They stand beneath every such result
    (product.md §3, Ship-or-kill)."""
    criteria = {c.key: c for gate in policy.gates.values() for c in gate.criteria}
    for key in CONDITIONS:
        if key in criteria and (found := answered(criteria[key], facts)):
            return found
    return []


def _answered(field: Field, value: Any, facts: Facts) -> Answered:
    if field.type in ("file", "url"):
        return Answered(field.label, cited=documents.cited(value))
    if field.type != "table" or not isinstance(value, list):
        return Answered(field.label, text=words.stored(value, field.type))
    columns = field.columns_for(gates.case_of(facts))
    return Answered(
        field.label,
        headings=tuple(column.label for column in columns),
        rows=tuple(
            tuple((column.label, words.stored(row.get(column.key) or "–")) for column in columns)
            for row in value
        ),
    )

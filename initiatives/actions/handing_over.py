"""What happens to each thing that somebody takes over: what the action of its own would write.

Called by `reviews.actions.take_over`, which knows that it is the giver's still, holds the locks of
people and initiatives, and writes the events.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from accounts.models import Person
from audit.actions import Entry, Value, Words
from initiatives.actions import ownership, writing
from initiatives.models import (
    EvaluationSet,
    HandOver,
    Metric,
    Obligation,
    OpenQuestion,
    Ownership,
)
from initiatives.stages import Role


@dataclass(frozen=True, slots=True)
class Move:
    """A hand-over that is being accepted: when, with how many hours a month for what is run in
    production, by the ownership's number, and whether all of that is among one's objectives."""

    hand_over: HandOver
    at: datetime
    hours: Mapping[int, int]
    in_objectives: bool

    @property
    def to(self) -> Person:
        return self.hand_over.receiver


def _role(held: Ownership, move: Move) -> list[Entry]:
    """One spell ends and another begins, asked by whoever asked for all of it, and accepted."""
    asked_by = move.hand_over.asked_by
    asked, entry = ownership.replace(held.initiative, held, held.role, move.to, asked_by, move.at)
    hours = move.hours.get(held.pk)
    in_objectives = move.in_objectives and held.role == Role.PRODUCTION_OWNER
    return [entry, ownership.take_on(asked, hours, in_objectives, move.to, move.at)]


def _obligation(owed: Obligation, move: Move) -> list[Entry]:
    owed.assignee = move.to
    owed.save(update_fields=["assignee"])
    changed: dict[str, Value] = {"what": Words(owed.what)}
    return [_said("obligation.handed_over", owed, move, changed, material=False)]


def _question(question: OpenQuestion, move: Move) -> list[Entry]:
    changed = _owned(question, move) | {"question": Words(question.question)}
    return [_said("question.changed", question, move, changed)]


def _evaluation_set(described: EvaluationSet, move: Move) -> list[Entry]:
    changed = _owned(described, move) | {"set": Words(described.name)}
    return [_said("evaluation.described", described, move, changed)]


def _metric(metric: Metric, move: Move) -> list[Entry]:
    metric.paged = move.to
    metric.save(update_fields=["paged"])
    return [_said("metric.watched", metric, move, {"metric": Words(metric.name)})]


def _owned(row: OpenQuestion | EvaluationSet, move: Move) -> dict[str, Value]:
    changed = writing.differences(row, {"owner_id": move.to.pk})
    row.owner = move.to
    row.save(update_fields=["owner"])
    return changed


def _said(
    kind: str, row: Any, move: Move, changed: dict[str, Value], *, material: bool = True
) -> Entry:
    """Mark the initiative changed by whoever takes it over, and say so."""
    writing.mark_changed(row.initiative, by=move.to, at=move.at, material=material)
    changed = changed | {"person": move.to.pk}
    subject = f"{row._meta.model_name}:{row.pk}"
    return writing.entry(kind, row.initiative, move.to, changed, subject=subject)


# By kind, as in `belongings.THEIRS`.
MOVES: Mapping[str, Callable[[Any, Move], list[Entry]]] = MappingProxyType({
    "ownership": _role,
    "obligation": _obligation,
    "openquestion": _question,
    "evaluationset": _evaluation_set,
    "metric": _metric,
})  # fmt: skip

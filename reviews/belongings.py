"""All that somebody owns and can hand over, as people read it: what is theirs on initiatives, what
they were asked before others sign, and the units they head."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from types import MappingProxyType
from typing import Any

from django.db.models import QuerySet

from accounts.models import Person, Unit
from initiatives import belongings
from initiatives.models import (
    EvaluationSet,
    HandOver,
    HandOverItem,
    Initiative,
    Metric,
    Obligation,
    OpenQuestion,
    Ownership,
)
from initiatives.stages import Role
from reviews.models import Question


def questions(person: Person) -> QuerySet[Question]:
    """What they were asked about reviews that are open, and have not answered."""
    rows = Question.objects.filter(asked_of=person, answered_at=None, review__closed_at=None)
    return rows.select_related("review__initiative")


def units(person: Person) -> QuerySet[Unit]:
    """Those they are the head of."""
    return Unit.objects.filter(head=person)


THEIRS: Mapping[str, belongings.Owned] = MappingProxyType(
    dict(belongings.THEIRS) | {"question": questions, "unit": units}
)


@dataclass(frozen=True, slots=True)
class Belonging:
    """One thing of somebody's, by the word and number that name it; a unit is of no initiative.

    `asks_hours` is whether whoever takes it over says how many hours a month they have for it.
    """

    subject: str
    says: str
    initiative: Initiative | None
    asks_hours: bool = False

    @property
    def pk(self) -> int:
        return int(self.subject.partition(":")[2])


def of(person: Person, *, seen_by: Person) -> list[Belonging]:
    """All of it that the other may know of, by initiative, roles first; a constant number of
    queries."""
    visible = set(_visible(person, seen_by))
    found = [
        belonging
        for kind, theirs in THEIRS.items()
        for belonging in _described(kind, theirs(person))
        if belonging.initiative is None or belonging.initiative.pk in visible
    ]
    return sorted(found, key=lambda b: b.initiative.pk if b.initiative else 0)


def _visible(person: Person, seen_by: Person) -> QuerySet[Any, int]:
    """Of the initiatives in question, those that this reader may know of."""
    asked = (rows(person).order_by().values("initiative") for rows in belongings.THEIRS.values())
    of_questions = questions(person).order_by().values("review__initiative")
    mine = of_questions.union(*asked)
    visible = Initiative.objects.visible_to(seen_by)
    return visible.filter(pk__in=mine).order_by().values_list("pk", flat=True)


def _described(kind: str, rows: QuerySet[Any]) -> Iterable[Belonging]:
    for row in rows.order_by("pk"):
        initiative = None if kind == "unit" else _initiative(row)
        yield Belonging(f"{kind}:{row.pk}", SAYS[kind](row), initiative, asks_hours(row))


def asks_hours(row: Any) -> bool:
    """Whether taking it over needs hours a month: to run something in production (P16)."""
    return isinstance(row, Ownership) and row.role == Role.PRODUCTION_OWNER


def _initiative(row: Any) -> Initiative:
    found: Initiative = row.review.initiative if isinstance(row, Question) else row.initiative
    return found


def _role(row: Ownership) -> str:
    if row.accepted_at:
        return row.role_name
    asked = "not asked yet" if row.initiative.is_quiet else "asked and not accepted yet"
    return f"{row.role_name}, {asked}"


def _obligation(row: Obligation) -> str:
    return f"See to it by {row.due_date:%-d %b %Y}: {row.what}"


def _open_question(row: OpenQuestion) -> str:
    return f"Find out: {row.question}"


def _set(row: EvaluationSet) -> str:
    return f"Evaluation set “{row.name}”"


def _metric(row: Metric) -> str:
    return f"Paged when “{row.name}” is past its limit"


def _question(row: Question) -> str:
    return f"Answer before somebody signs: {row.text}"


def _unit(row: Unit) -> str:
    return f"Head of {row.name}"


SAYS: Mapping[str, Callable[[Any], str]] = MappingProxyType({
    "ownership": _role,
    "obligation": _obligation,
    "openquestion": _open_question,
    "evaluationset": _set,
    "metric": _metric,
    "question": _question,
    "unit": _unit,
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Part:
    """What belongs together on a page: all that is of one initiative, or of none."""

    initiative: Initiative | None
    belongings: list[Belonging]


def parts(belongings: Iterable[Belonging]) -> list[Part]:
    """As `of` has ordered them."""
    grouped = groupby(belongings, key=lambda b: b.initiative.pk if b.initiative else 0)
    return [Part(rows[0].initiative, rows) for rows in (list(group) for _, group in grouped)]


def offered_by(person: Person) -> set[str]:
    """What they, or somebody for them, have asked others to take over who have not answered."""
    items = HandOverItem.objects.filter(hand_over__giver=person, hand_over__answered_at=None)
    return set(items.values_list("subject", flat=True))


def still_offered(hand_over: HandOver, *, seen_by: Person) -> list[Belonging]:
    """What a hand-over is about and is the giver's still, as this reader may know of it."""
    offered = set(hand_over.items.values_list("subject", flat=True))
    return [b for b in of(hand_over.giver, seen_by=seen_by) if b.subject in offered]

"""Reads about what one person is said to own, answered or not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db.models import F

from accounts.models import Person
from initiatives.models import Initiative, Ownership
from notifications.queries.asked import Asked, as_asked, unanswered
from reviews import first_dates
from reviews import queries as reviews
from reviews.models import RetirementRequest


@dataclass(slots=True)
class Entry:
    """One initiative with all the roles in which it is said to be somebody's."""

    initiative: Initiative
    questions: list[Asked] = field(default_factory=list)

    @property
    def roles(self) -> str:
        """`business owner, sponsor`."""
        return ", ".join(q.ownership.role_name.lower() for q in self.questions)

    @property
    def asked_by(self) -> str:
        by = self.questions[0].ownership.asked_by
        return by.name if by else "the inventory"

    @property
    def what(self) -> str:
        """What it is, in the first words that somebody wrote about it."""
        row = self.initiative
        return next(filter(None, (row.problem, row.outcome, row.users, row.scope)), "")


@dataclass(frozen=True, slots=True)
class Dated:
    """A pilot of theirs, and until when they may agree to decide on it."""

    initiative: Initiative
    latest: date


@dataclass(frozen=True, slots=True)
class Mine:
    """What is said to be somebody's own: what waits, how much of it is answered, what was said to
    be dead, and by when their pilots are decided."""

    waiting: list[Entry]
    answered: int
    dead: list[RetirementRequest]
    pilots: list[Dated]

    @property
    def total(self) -> int:
        return self.answered + len(self.waiting)


def entries(person: Person, initiatives: Iterable[int] | None = None) -> list[Entry]:
    """What waits for this person's answer, or those of it that are among these."""
    rows = unanswered().filter(person=person)
    if initiatives is not None:
        rows = rows.filter(initiative__in=list(initiatives))
    found: dict[int, Entry] = {}
    for question in sorted(as_asked(rows.select_related("initiative__unit")), key=_by_number):
        row = question.ownership.initiative
        found.setdefault(row.pk, Entry(row)).questions.append(question)
    return list(found.values())


def mine(person: Person, today: date) -> Mine:
    """All of it, in a constant number of queries."""
    waiting = entries(person)
    began = min((q.since for entry in waiting for q in entry.questions), default=None)
    dead = RetirementRequest.objects.open().filter(initiative__in=_said_to_be(person))
    return Mine(
        waiting=waiting,
        answered=_answered_since(person, began, waiting),
        dead=list(dead.select_related("initiative", "asked_by")),
        pilots=pilots(person, today),
    )


def pilots(person: Person, today: date) -> list[Dated]:
    """Imported pilots that they have taken over and whose date they may still agree on."""
    held = Ownership.objects.counting().filter(person=person).order_by()
    rows = Initiative.objects.filter(
        pk__in=held.values("initiative"), stage="pilot", declared_at__lt=F("counting_since")
    )
    limits = reviews.current_policy().limits
    found = ((row, first_dates.latest(row, today, limits)) for row in rows.order_by("pk"))
    return [Dated(row, latest) for row, latest in found if latest is not None]


def _said_to_be(person: Person) -> Iterable[int]:
    rows = Ownership.objects.unheld().filter(person=person).order_by()
    return rows.values_list("initiative", flat=True)


def _answered_since(person: Person, began: datetime | None, waiting: list[Entry]) -> int:
    """How many initiatives they have answered for since the oldest of what waits was asked."""
    if began is None:
        return 0
    rows = Ownership.objects.of_others().filter(
        person=person, ended_at=None, initiative__counting_since__isnull=False
    )
    still = {entry.initiative.pk for entry in waiting}
    since = {
        question.ownership.initiative_id for question in as_asked(rows) if question.since >= began
    }
    return len(since - still)


def _by_number(question: Asked) -> tuple[int, int]:
    return question.ownership.initiative_id, question.ownership.pk

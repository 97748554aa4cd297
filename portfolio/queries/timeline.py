"""When decisions are due: what is late, what is due soon, and week by week what comes next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Case, SmallIntegerField, Value, When
from django.urls import reverse

from initiatives.models.registry import InitiativeQuerySet
from initiatives.stages import UNDECIDED
from portfolio.templatetags.words import MONTHS, day, plural_word

SOON = timedelta(days=14)
WEEK = timedelta(days=7)
WEEKS = 12
LATE = -1
TALLEST = 48  # of a bar, in the units of its drawing


@dataclass(frozen=True)
class Bar:
    """A week, or what is late, with how many decisions fall into it."""

    label: str
    month: str  # where one begins, else empty
    says: str
    count: int
    height: int
    url: str
    is_late: bool = False

    @property
    def top(self) -> int:
        return TALLEST - self.height


def due(initiatives: InitiativeQuerySet, today: date) -> InitiativeQuerySet:
    """Those to be decided within two weeks, or already late."""
    return _undecided(initiatives).filter(decision_date__lte=today + SOON)


def overdue(initiatives: InitiativeQuerySet, today: date) -> InitiativeQuerySet:
    """Those that should have been decided before today."""
    return _undecided(initiatives).filter(decision_date__lt=today)


def of_week(initiatives: InitiativeQuerySet, within: date, today: date) -> InitiativeQuerySet:
    """Those to be decided in the week of this day; what is late by now is not among them."""
    first = monday(within)
    return _undecided(initiatives).filter(
        decision_date__gte=max(first, today), decision_date__lt=first + WEEK
    )


def _undecided(initiatives: InitiativeQuerySet) -> InitiativeQuerySet:
    return initiatives.counting().filter(stage__in=UNDECIDED)


def monday(within: date) -> date:
    """The first day of a week."""
    return within - timedelta(days=within.weekday())


def number_of_week(today: date) -> Case:
    """The week of a decision date as a number: this one is 0, `LATE` is before today, and what
    comes later, or has no date, has none."""
    first = monday(today)
    weeks = (
        When(decision_date__lt=first + WEEK * (number + 1), then=Value(number))
        for number in range(WEEKS)
    )
    late = When(decision_date__lt=today, then=Value(LATE))
    return Case(late, *weeks, output_field=SmallIntegerField())


def bars(counts: Mapping[int, int], today: date) -> list[Bar]:
    """What is late, then twelve weeks, from how many decisions each number of a week has."""
    most = max([1, *counts.values()])
    return [_bar(number, counts.get(number, 0), most, today) for number in (LATE, *range(WEEKS))]


def _bar(number: int, count: int, most: int, today: date) -> Bar:
    height = max(round(count / most * TALLEST), 2) if count else 0
    decisions = plural_word(count, "decision,decisions")
    if number == LATE:
        url = _url("show=overdue")
        return Bar("Late", "", f"{decisions} late", count, height, url, is_late=True)
    first = monday(today) + WEEK * number
    when = "this week" if number == 0 else f"in the week of {day(first)}"
    return Bar(
        str(first.day),
        MONTHS[first.month - 1] if number == 0 or first.day <= WEEK.days else "",
        f"{decisions} {when}",
        count,
        height,
        _url(f"week={first}"),
    )


def _url(query: str) -> str:
    return f"{reverse('initiatives:list')}?{query}&sort=decision"

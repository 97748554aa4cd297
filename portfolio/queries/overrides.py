"""Overrides that are not regularised yet: until then they stay on the dashboard (P31)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import QuerySet

from initiatives.models.registry import InitiativeQuerySet
from reviews.models import Override

ROWS = 6


@dataclass(frozen=True)
class Line:
    """One override: whose, until when, and the review in which two people signed it."""

    reference: str
    name: str
    expires_on: date
    is_over: bool
    url: str


@dataclass(frozen=True)
class Overridden:
    """The first to end, and how many there are."""

    lines: list[Line]
    total: int

    @property
    def more(self) -> int:
        return self.total - len(self.lines)


def load(visible: InitiativeQuerySet, today: date) -> Overridden:
    """Those of initiatives that somebody may see, in one query."""
    mine = Override.objects.open().filter(review__initiative__in=visible.order_by())
    rows = list(mine.select_related("review__initiative").order_by("expires_on", "pk"))
    return Overridden([_line(override, today) for override in rows[:ROWS]], len(rows))


def _line(override: Override, today: date) -> Line:
    initiative = override.review.initiative
    return Line(
        initiative.reference,
        initiative.name,
        override.expires_on,
        override.expires_on < today,
        override.review.get_absolute_url(),
    )


def initiatives() -> QuerySet[Override, Any]:
    """Which initiatives they are of, for a list."""
    return Override.objects.open().order_by().values("review__initiative")

"""What the owners of imported and declared initiatives have said (product.md §2, Catch-up)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.db.models import (
    Case,
    CharField,
    Count,
    Exists,
    OuterRef,
    QuerySet,
    TextChoices,
    Value,
    When,
)
from django.urls import reverse

from initiatives.models import Ownership
from initiatives.models.registry import InitiativeQuerySet
from initiatives.stages import Role, Stage
from reviews import catching_up
from reviews import queries as reviews


class Answer(TextChoices):
    """What became of asking for a business owner; one of these for each initiative."""

    ACCEPTED = "accepted", "Owner accepted"
    DECLINED = "declined", "Owner declined"
    SILENT = "silent", "Owner silent"
    NOBODY = "nobody", "Nobody asked"


ASKED = "asked"
OWING, LATE = "owing", "late"
CHOICES = [
    (ASKED, "Owner asked"), *Answer.choices, (OWING, "Still to catch up"),
    (LATE, "Late to catch up"),
]  # fmt: skip


@dataclass(frozen=True)
class CatchUp:
    """How many initiatives have which answer; quiet ones were not asked yet and are left out.

    `owing` are those that have not caught up on their gates yet, and `late` those of them that had
    to already.
    """

    accepted: int = 0
    declined: int = 0
    silent: int = 0
    nobody: int = 0
    owing: int = 0
    late: int = 0

    @property
    def total(self) -> int:
        return self.asked + self.nobody

    @property
    def asked(self) -> int:
        return self.accepted + self.declined + self.silent


def declared(initiatives: InitiativeQuerySet) -> InitiativeQuerySet:
    """Imported or declared, not over, and no longer quiet."""
    return initiatives.counting().filter(declared_at__isnull=False).exclude(stage=Stage.RETIRED)


def with_answers(initiatives: InitiativeQuerySet) -> QuerySet[Any]:
    """Say by `answer` what the business owner of each said: whoever holds the role now, or else
    that somebody declined it."""
    owners = Ownership.objects.filter(
        initiative=OuterRef("pk"), role=Role.BUSINESS_OWNER, ended_at=None
    )
    held = owners.filter(declined_at=None)
    answer = Case(
        When(Exists(held.filter(accepted_at__isnull=False)), then=Value(Answer.ACCEPTED)),
        When(Exists(held), then=Value(Answer.SILENT)),
        When(Exists(owners), then=Value(Answer.DECLINED)),
        default=Value(Answer.NOBODY),
        output_field=CharField(),
    )
    return declared(initiatives).annotate(answer=answer)


def answered(initiatives: InitiativeQuerySet, answer: str, today: date) -> QuerySet[Any]:
    """Those with this answer, or all whose owner was asked; or those that have to catch up."""
    if answer == OWING:
        return initiatives.owing()
    if answer == LATE:
        return catching_up.overdue(initiatives, today, reviews.current_policy().limits)
    found = with_answers(initiatives)
    if answer == ASKED:
        return found.exclude(answer=Answer.NOBODY)
    return found.filter(answer=answer)


def answers(visible: InitiativeQuerySet) -> QuerySet[Any, Any]:
    """How many have which answer, counted from the side of the owners: half the time. Whoever
    declined and was replaced has none; nobody asked is the rest of `declared`."""
    asked = Ownership.objects.filter(
        role=Role.BUSINESS_OWNER, ended_at=None, initiative__in=declared(visible).order_by()
    )
    held = Ownership.objects.open().filter(
        initiative=OuterRef("initiative"), role=Role.BUSINESS_OWNER
    )
    answer = Case(
        When(accepted_at__isnull=False, then=Value(Answer.ACCEPTED)),
        When(declined_at=None, then=Value(Answer.SILENT)),
        When(Exists(held), then=Value("")),
        default=Value(Answer.DECLINED),
        output_field=CharField(),
    )
    counted = asked.order_by().annotate(key=answer).values("key")
    return counted.annotate(number=Count("initiative", distinct=True))


def url(answer: str) -> str:
    """The list of those with this answer."""
    return f"{reverse('initiatives:list')}?{urlencode({'catch_up': answer})}"

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
from reviews.models import RetirementRequest


class Answer(TextChoices):
    """What became of asking for a business owner; one of these for each initiative."""

    ACCEPTED = "accepted", "Owner accepted"
    DECLINED = "declined", "Owner declined"
    SILENT = "silent", "Owner silent"
    DEAD = "dead", "Said to be dead"
    NOBODY = "nobody", "Nobody asked"


ASKED = "asked"
HANDED_ON, RETIRED = "handed_on", "retired"
OWING, LATE = "owing", "late"
CHOICES = [
    (ASKED, "Owner asked"), *Answer.choices, (HANDED_ON, "Handed on to somebody else"),
    (RETIRED, "Retired since"), (OWING, "Still to catch up"),
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
    dead: int = 0
    nobody: int = 0
    owing: int = 0
    late: int = 0

    @property
    def total(self) -> int:
        return self.asked + self.nobody

    @property
    def asked(self) -> int:
        return self.accepted + self.declined + self.silent + self.dead


def declared(initiatives: InitiativeQuerySet) -> InitiativeQuerySet:
    """Imported or declared, not over, and no longer quiet."""
    return initiatives.counting().filter(declared_at__isnull=False).exclude(stage=Stage.RETIRED)


def retired(initiatives: InitiativeQuerySet) -> InitiativeQuerySet:
    """Imported or declared as something else, and retired since its owners were asked."""
    over = initiatives.counting().filter(declared_at__isnull=False, stage=Stage.RETIRED)
    return over.exclude(declared_stage=Stage.RETIRED)


def handed_on(initiatives: InitiativeQuerySet) -> InitiativeQuerySet:
    """Those that whoever was asked gave to somebody else, who holds the role now or is asked."""
    before = Ownership.objects.filter(
        initiative=OuterRef("initiative"),
        role=OuterRef("role"),
        person=OuterRef("asked_by"),
        declined_at=OuterRef("asked_at"),
    )
    given = Ownership.objects.open().filter(Exists(before), initiative=OuterRef("pk"))
    return declared(initiatives).filter(Exists(given))


def _said_to_be_dead(initiative: str) -> Exists:
    return Exists(RetirementRequest.objects.filter(initiative=OuterRef(initiative), closed_at=None))


def with_answers(initiatives: InitiativeQuerySet) -> QuerySet[Any]:
    """Say by `answer` what the business owner of each said: whoever holds the role now, or else
    that somebody declined it; before that, that it is dead."""
    owners = Ownership.objects.filter(
        initiative=OuterRef("pk"), role=Role.BUSINESS_OWNER, ended_at=None
    )
    held = owners.filter(declined_at=None)
    answer = Case(
        When(~Exists(owners), then=Value(Answer.NOBODY)),
        When(_said_to_be_dead("pk"), then=Value(Answer.DEAD)),
        When(Exists(held.filter(accepted_at__isnull=False)), then=Value(Answer.ACCEPTED)),
        When(Exists(held), then=Value(Answer.SILENT)),
        default=Value(Answer.DECLINED),
        output_field=CharField(),
    )
    return declared(initiatives).annotate(answer=answer)


def answered(initiatives: InitiativeQuerySet, answer: str, today: date) -> QuerySet[Any]:
    """Those with this answer, or all whose owner was asked; or those that have to catch up."""
    if answer == OWING:
        return initiatives.owing()
    if answer == LATE:
        return catching_up.overdue(initiatives, today, reviews.current_policy().limits)
    if answer == RETIRED:
        return retired(initiatives)
    if answer == HANDED_ON:
        return handed_on(initiatives)
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
        When(_said_to_be_dead("initiative"), then=Value(Answer.DEAD)),
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

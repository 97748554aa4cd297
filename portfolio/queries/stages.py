"""How initiatives pass through the stages: how many went on, after how long, who was stopped."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Sum,
    Value,
    When,
)

from initiatives.models import StageSpell
from initiatives.models.registry import InitiativeQuerySet
from initiatives.spans import WholeDays, median
from initiatives.stages import ORDER, Stage


@dataclass
class Passage:
    """Who came into a stage here, and what became of them; declared stays are left out.

    `days` is how many completed stays lasted so many whole days.
    """

    entered: int = 0
    went_on: int = 0
    days: dict[int, int] = field(default_factory=dict)

    @property
    def median(self) -> int | None:
        """Median of the whole days that completed stays lasted, rounded down."""
        return median(self.days)


def spells(visible: InitiativeQuerySet) -> QuerySet[StageSpell, Any]:
    """Stays by stage and whole days (none while they last): how many, and how many went on to the
    next stage. An initiative stays in a stage once, since no decision leads back."""
    following = [When(stage=stage, then=Value(after)) for stage, after in pairwise(ORDER)]
    later = StageSpell.objects.filter(
        initiative=OuterRef("initiative"), stage=OuterRef("following"), is_declared=False
    )
    return (
        StageSpell.objects.order_by()
        .filter(initiative__in=visible.order_by(), is_declared=False)
        .exclude(stage=Stage.RETIRED)
        .annotate(following=Case(*following), lasted=WholeDays(F("entered_at"), F("left_at")))
        .annotate(went_on=Exists(later))
        .values("stage", "lasted")
        .annotate(number=Count("pk"), other=Count("pk", filter=Q(went_on=True)))
    )


def passages(rows: Iterable[tuple[str, int | None, int, int]]) -> dict[str, Passage]:
    """Each stage's passage, from rows of stage, days, number and how many of them went on."""
    found: dict[str, Passage] = {stage: Passage() for stage in Stage}
    for stage, days, number, went_on in rows:
        passage = found[stage]
        passage.entered += number
        passage.went_on += went_on
        if days is not None:
            passage.days[days] = passage.days.get(days, 0) + number
    return found


@dataclass(frozen=True)
class Stopped:
    """What was ended here, not declared as over: killed before production, or decommissioned
    after; and what it would cost a month, by estimate."""

    killed: int = 0
    decommissioned: int = 0
    released: int = 0

    @property
    def total(self) -> int:
        return self.killed + self.decommissioned


def stopped(initiatives: InitiativeQuerySet) -> InitiativeQuerySet:
    """Those that were killed or decommissioned here."""
    ended = StageSpell.objects.filter(
        initiative=OuterRef("pk"), stage=Stage.RETIRED, is_declared=False
    )
    return initiatives.filter(Exists(ended), stage=Stage.RETIRED)


def killed(initiatives: InitiativeQuerySet) -> InitiativeQuerySet:
    """Those that were stopped before they got into production."""
    ran = StageSpell.objects.filter(initiative=OuterRef("pk"), stage=Stage.PRODUCTION)
    return stopped(initiatives).exclude(Exists(ran))


def stops(visible: InitiativeQuerySet) -> QuerySet[Any, Any]:
    """Stopped ones by whether they had been in production: how many, and what they cost."""
    ran = StageSpell.objects.filter(initiative=OuterRef("pk"), stage=Stage.PRODUCTION)
    return (
        stopped(visible)
        .order_by()
        .annotate(
            key=Case(When(Exists(ran), then=Value("decommissioned")), default=Value("killed"))
        )
        .values("key")
        .annotate(number=Count("pk"), other=Sum("monthly_cost", default=0))
    )

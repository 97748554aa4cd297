"""How often a decision date was moved: twice in one stage, never a third time (product.md P5)."""

from __future__ import annotations

from typing import Any

from django.db.models import F, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from initiatives.models import Initiative, StageSpell
from initiatives.models.registry import InitiativeQuerySet

MOST = 2  # of one stage: the first by the sponsor, the second by a lead


def used(initiative: Initiative) -> int:
    """How often this one was extended in the stage it is in, however often it came back to it."""
    mine = counted(Initiative.objects.filter(pk=initiative.pk))
    return int(mine.values_list("extensions_here", flat=True).get())


def counted(initiatives: InitiativeQuerySet) -> QuerySet[Any]:
    """Annotate each with `extensions_here`: in the stage it is in."""
    stays = StageSpell.objects.filter(initiative=OuterRef("pk"), stage=OuterRef("stage"))
    sums = stays.order_by().values("initiative").annotate(sum=Sum(F("extensions")))
    return initiatives.annotate(extensions_here=Coalesce(Subquery(sums.values("sum")), 0))

"""What was learned from initiatives that ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery, Sum

from accounts.models import Person
from initiatives import search
from initiatives.models import Initiative, Spend
from initiatives.models.registry import InitiativeQuerySet
from initiatives.stages import Stage
from reviews.models import Decision
from reviews.transitions import TABLE

ENDS = [kind for kind, move in TABLE.items() if move.needs_outcome]


@dataclass(frozen=True)
class Lesson:
    """One that ended: how, when, why, after what time and money, and what the next should know."""

    initiative: Initiative
    outcome: str
    ended_at: datetime
    days: int
    spent: int | None


def ended(person: Person, question: str = "") -> InitiativeQuerySet:
    """Those with a lesson that this person may see, the latest first, or those that are asked for:
    words of name, problem, reason and lesson are found."""
    visible = Initiative.objects.visible_to(person)
    rows = visible.filter(stage=Stage.RETIRED).exclude(lesson="")
    return search.search(rows, question).order_by("-stage_entered_at", "-pk")


def with_what_it_took(rows: InitiativeQuerySet) -> QuerySet[Any]:
    """With the decision that ended each, and what was spent on it for life."""
    said = Decision.objects.filter(initiative=OuterRef("pk"), kind__in=ENDS)
    spend = Spend.objects.filter(initiative=OuterRef("pk")).order_by().values("initiative")
    return rows.select_related("unit").annotate(
        outcome_key=Subquery(said.order_by("-decided_at").values("outcome")[:1]),
        spent=Subquery(spend.annotate(sum=Sum("amount")).values("sum")),
    )


def lines(rows: list[Any]) -> list[Lesson]:
    """A page of them."""
    return [
        Lesson(
            initiative=row,
            outcome=str(Decision.Outcome(row.outcome_key).label) if row.outcome_key else "Ended",
            ended_at=row.stage_entered_at,
            days=(row.stage_entered_at - row.registered_at).days,
            spent=row.spent,
        )
        for row in rows
    ]

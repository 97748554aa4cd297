"""What the dashboard counts by stage and week."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from django.db.models import Count, Q, QuerySet, Subquery, Sum, Value

from initiatives.models import Spend
from initiatives.models.registry import OWING, InitiativeQuerySet
from initiatives.stages import UNDECIDED
from portfolio.queries import timeline
from reviews import catching_up
from reviews.policy import Limits


@dataclass(frozen=True)
class Counts:
    """All that is counted by stage and week, as rows of one query."""

    rows: list[Mapping[str, Any]]

    @property
    def spent(self) -> int:
        return next((row["spent"] or 0 for row in self.rows), 0)

    def sum(self, what: str, stages: Iterable[str]) -> int:
        wanted = set(stages)
        return sum(row[what] for row in self.rows if row["stage"] in wanted)

    @cached_property
    def weeks(self) -> Counter[int]:
        """How many decisions fall into each week."""
        found: Counter[int] = Counter()
        for row in self.rows:
            if row["week"] is not None and row["stage"] in UNDECIDED:
                found[row["week"]] += row["counting"]
        return found


def compute(visible: InitiativeQuerySet, today: date, limits: Limits) -> Counts:
    """Count it, in one query; the policy's limits say when it is late."""
    return Counts(list(_counted(visible, today, limits)))


def _counted(visible: InitiativeQuerySet, today: date, limits: Limits) -> QuerySet[Any, Any]:
    """Everything that is counted, by stage and week, in one pass over the portfolio."""
    counting = Q(counting_since__isnull=False)
    owing = counting & OWING
    yesterday = today - timedelta(days=1)
    return (
        visible.order_by()
        .annotate(week=timeline.number_of_week(today))
        .values("stage", "week")
        .annotate(
            total=Count("pk"),
            declared=Count("declared_at"),
            counting=Count("counting_since"),
            quiet=Count("pk", filter=~counting),
            imported=Count("declared_at", filter=counting),
            owing=Count("pk", filter=owing),
            late_to_catch_up=Count("pk", filter=owing & catching_up.due_by(yesterday, limits)),
            due=Count("counting_since", filter=Q(decision_date__lte=today + timeline.SOON)),
            spent=Subquery(_spent(visible, today)),
        )
    )


def _spent(visible: InitiativeQuerySet, today: date) -> QuerySet[Any, Any]:
    """What has been spent on initiatives whose decision is late (product.md P27)."""
    late = timeline.overdue(visible, today).order_by()
    of_late = Spend.objects.order_by().filter(initiative__in=late)
    return of_late.annotate(all=Value(1)).values("all").annotate(s=Sum("amount")).values("s")

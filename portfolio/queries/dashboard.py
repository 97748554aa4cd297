"""The one page a CTO opens: three figures, the decisions due, the stages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Exists, OuterRef, Q, Sum
from django.urls import reverse

from accounts.models import Person
from initiatives.models import Initiative, KillCondition, Spend
from initiatives.models.registry import InitiativeQuerySet
from initiatives.stages import DECISION_DATE_NAME, UNDECIDED, Stage
from notifications import queries as notifications
from portfolio.queries import evidence, keeping
from reviews.models import Review

SOON = timedelta(days=14)
ROWS = 8


@dataclass(frozen=True)
class Row:
    """One decision that is due: ready strings, and the addresses behind them."""

    reference: str
    name: str
    url: str
    stage: str
    days: int
    decision_name: str
    decision_date: date
    per_week: int | None
    waiting_for: str
    evidence: str
    reached: bool
    has_tripped: bool
    decide_url: str

    @property
    def tone(self) -> str:
        if self.days < 0 or self.has_tripped:
            return "critical"
        return "fine" if self.reached else "warning" if self.days <= 7 else "calm"

    @property
    def lateness(self) -> str:
        """How late, or how soon; a threshold that is reached early says so."""
        if self.days < 0:
            return f"+{-self.days}\u00a0d"
        when = "today" if self.days == 0 else f"in {self.days}\u00a0d"
        return f"reached, {when}" if self.reached else when


@dataclass(frozen=True)
class StageCount:
    stage: str
    label: str
    count: int
    declared: int
    url: str


@dataclass(frozen=True)
class Dashboard:
    """What one person may see of the portfolio today."""

    due: int
    overdue: int
    spent_past_date: int
    unowned: int
    quiet: int
    total: int
    rows: list[Row]
    stages: list[StageCount]

    @property
    def late_note(self) -> str:
        return f"{self.overdue} of them late" if self.overdue else ""

    @property
    def more_due(self) -> int:
        return self.due - len(self.rows)


def load(person: Person, today: date) -> Dashboard:
    """The dashboard of what this person may see, computed when anything has happened since."""
    swept = notifications.last_sweep()
    key = f"dashboard:{keeping.moment()}:{swept and swept.pk}:{today}:{keeping.sight(person)}"
    return keeping.kept(key, lambda: compute(person, today))


def compute(person: Person, today: date) -> Dashboard:
    """Compute the dashboard, in five queries and what it takes to count the unowned."""
    visible = Initiative.objects.visible_to(person)
    stages = _counts(visible, today)
    return Dashboard(
        due=sum(row["due"] for row in stages.values()),
        overdue=sum(row["overdue"] for row in stages.values()),
        spent_past_date=_spent(visible, today),
        unowned=keeping.unowned_count(person),
        quiet=sum(row["quiet"] for stage, row in stages.items() if stage != Stage.RETIRED),
        total=sum(row["total"] for row in stages.values()),
        rows=_rows(visible, today),
        stages=_stages(stages),
    )


def due(initiatives: InitiativeQuerySet, today: date) -> InitiativeQuerySet:
    """Those to be decided within two weeks, or already late."""
    return initiatives.counting().filter(stage__in=UNDECIDED, decision_date__lte=today + SOON)


def overdue(initiatives: InitiativeQuerySet, today: date) -> InitiativeQuerySet:
    return initiatives.counting().filter(stage__in=UNDECIDED, decision_date__lt=today)


def _counts(visible: InitiativeQuerySet, today: date) -> dict[str, Mapping[str, Any]]:
    """Everything that is counted, by stage, in one pass over the portfolio."""
    counting = Q(counting_since__isnull=False)
    undecided = counting & Q(stage__in=UNDECIDED)
    found = (
        visible.order_by()
        .values("stage")
        .annotate(
            total=Count("pk"),
            declared=Count("declared_at"),
            quiet=Count("pk", filter=~counting),
            due=Count("pk", filter=undecided & Q(decision_date__lte=today + SOON)),
            overdue=Count("pk", filter=undecided & Q(decision_date__lt=today)),
        )
    )
    return {row["stage"]: row for row in found}


def _spent(visible: InitiativeQuerySet, today: date) -> int:
    """What has been spent on initiatives whose decision is late (product.md P27)."""
    late = overdue(visible, today)
    total = Spend.objects.order_by().filter(initiative__in=late).aggregate(sum=Sum("amount"))
    return total["sum"] or 0


def _rows(visible: InitiativeQuerySet, today: date) -> list[Row]:
    in_review = Review.objects.open().filter(initiative=OuterRef("pk"))
    tripped = KillCondition.objects.filter(
        initiative=OuterRef("pk"), state=KillCondition.State.TRIPPED
    )
    first = due(visible, today).order_by("decision_date", "pk")[:ROWS]
    found = list(  # chosen by keys alone, so that only those few are read with their long texts
        visible.filter(pk__in=first.values("pk"))
        .annotate(in_review=Exists(in_review), has_tripped=Exists(tripped))
        .order_by("decision_date", "pk")
    )
    shown = evidence.of(row.pk for row in found)
    return [_row(initiative, shown.get(initiative.pk), today) for initiative in found]


def _row(initiative: Initiative, shown: evidence.Shown | None, today: date) -> Row:
    assert initiative.decision_date is not None
    monthly = initiative.monthly_cost
    return Row(
        reference=initiative.reference,
        name=initiative.name,
        url=initiative.get_absolute_url(),
        stage=initiative.stage,
        days=(initiative.decision_date - today).days,
        decision_name=DECISION_DATE_NAME[initiative.stage],
        decision_date=initiative.decision_date,
        per_week=None if monthly is None else round(monthly * 12 / 52),
        waiting_for=_waiting_for(initiative),
        has_tripped=initiative.has_tripped,  # type: ignore[attr-defined]
        evidence=shown.says if shown else "no primary metric",
        reached=bool(shown and shown.reached),
        decide_url=initiative.get_absolute_url() + "#decide",
    )


def _waiting_for(initiative: Initiative) -> str:
    if initiative.has_tripped:  # type: ignore[attr-defined]
        return "a decision: its kill condition tripped"
    in_review = initiative.in_review  # type: ignore[attr-defined]
    return "signatures and decision" if in_review else "evidence and review"


def _stages(counts: dict[str, Mapping[str, Any]]) -> list[StageCount]:
    return [
        StageCount(
            stage=stage,
            label=str(stage.label),
            count=counts[stage]["total"] if stage in counts else 0,
            declared=counts[stage]["declared"] if stage in counts else 0,
            url=f"{reverse('initiatives:list')}?{urlencode({'stage': stage})}",
        )
        for stage in Stage
    ]

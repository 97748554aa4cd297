"""The one page a CTO opens: three figures, the decisions due, the stages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

from django.db.models import Count, Exists, OuterRef, Q, Sum
from django.urls import reverse

from accounts.models import Person
from initiatives.models import Initiative, Spend
from initiatives.models.registry import InitiativeQuerySet
from initiatives.queries import unowned
from initiatives.stages import DECISION_DATE_NAME, UNDECIDED, Stage
from portfolio.queries import evidence
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
    decide_url: str

    @property
    def tone(self) -> str:
        if self.days < 0:
            return "critical"
        return "fine" if self.reached else "warning" if self.days <= 7 else "calm"

    @property
    def lateness(self) -> str:
        """How late, or how soon; a threshold that is reached early says so."""
        if self.days < 0:
            return f"+{-self.days} d"
        when = "today" if self.days == 0 else f"in {self.days} d"
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
    """Compute the dashboard of what this person may see, in six queries."""
    visible = Initiative.objects.visible_to(person)
    counts = _counts(visible, today)
    return Dashboard(
        due=counts["due"],
        overdue=counts["overdue"],
        spent_past_date=_spent(visible, today),
        unowned=unowned(visible.counting()).count(),
        quiet=counts["quiet"],
        total=counts["total"],
        rows=_rows(visible, today),
        stages=_stages(counts),
    )


def due(initiatives: InitiativeQuerySet, today: date) -> InitiativeQuerySet:
    """Those to be decided within two weeks, or already late."""
    return initiatives.counting().filter(stage__in=UNDECIDED, decision_date__lte=today + SOON)


def overdue(initiatives: InitiativeQuerySet, today: date) -> InitiativeQuerySet:
    return initiatives.counting().filter(stage__in=UNDECIDED, decision_date__lt=today)


def _counts(visible: InitiativeQuerySet, today: date) -> dict[str, int]:
    """Everything that is counted, in one pass over the portfolio."""
    counting = Q(counting_since__isnull=False)
    undecided = counting & Q(stage__in=UNDECIDED)
    return visible.order_by().aggregate(
        total=Count("pk"),
        quiet=Count("pk", filter=~counting & ~Q(stage=Stage.RETIRED)),
        due=Count("pk", filter=undecided & Q(decision_date__lte=today + SOON)),
        overdue=Count("pk", filter=undecided & Q(decision_date__lt=today)),
        **{f"in_{stage}": Count("pk", filter=Q(stage=stage)) for stage in Stage},
        **{
            f"declared_{stage}": Count("pk", filter=Q(stage=stage, declared_at__isnull=False))
            for stage in Stage
        },
    )


def _spent(visible: InitiativeQuerySet, today: date) -> int:
    """What has been spent on initiatives whose decision is late (product.md P27)."""
    late = overdue(visible, today)
    total = Spend.objects.order_by().filter(initiative__in=late).aggregate(sum=Sum("amount"))
    return total["sum"] or 0


def _rows(visible: InitiativeQuerySet, today: date) -> list[Row]:
    in_review = Review.objects.open().filter(initiative=OuterRef("pk"))
    found = list(
        due(visible, today)
        .annotate(in_review=Exists(in_review))
        .order_by("decision_date", "pk")[:ROWS]
    )
    shown = evidence.of(row.pk for row in found)
    return [_row(initiative, shown.get(initiative.pk), today) for initiative in found]


def _row(initiative: Initiative, shown: evidence.Shown | None, today: date) -> Row:
    assert initiative.decision_date is not None
    in_review = initiative.in_review  # type: ignore[attr-defined]
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
        waiting_for="signatures and decision" if in_review else "evidence and review",
        evidence=shown.says if shown else "no primary metric",
        reached=bool(shown and shown.reached),
        decide_url=initiative.get_absolute_url() + "#decide",
    )


def _stages(counts: dict[str, int]) -> list[StageCount]:
    return [
        StageCount(
            stage=stage,
            label=str(stage.label),
            count=counts[f"in_{stage}"],
            declared=counts[f"declared_{stage}"],
            url=f"{reverse('initiatives:list')}?{urlencode({'stage': stage})}",
        )
        for stage in Stage
    ]

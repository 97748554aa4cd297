"""The one page a CTO opens: three figures, the decisions due, and how the portfolio moves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Q, QuerySet, Subquery, Sum, Value
from django.urls import reverse

from accounts.models import Person
from initiatives.models import Initiative, Spend
from initiatives.models.registry import InitiativeQuerySet
from initiatives.stages import UNDECIDED, Stage
from portfolio.queries import decisions, health, keeping, settled, timeline
from portfolio.queries.catch_up import CatchUp
from portfolio.queries.keeping import Moment
from portfolio.queries.settled import Settled
from portfolio.queries.stages import Stopped

LIVING = tuple(stage for stage in Stage if stage != Stage.RETIRED)


@dataclass(frozen=True)
class StageLine:
    """A stage: how many stand there, how many ever went on from it, and after how long."""

    stage: str
    label: str
    count: int
    declared: int
    url: str
    entered: int
    went_on: int
    median: int | None

    @property
    def is_last(self) -> bool:
        """From production nothing goes on: what leaves it is decommissioned."""
        return self.stage == Stage.PRODUCTION


@dataclass(frozen=True)
class Dashboard:
    """What one person may see of the portfolio today."""

    due: int
    overdue: int
    spent_past_date: int
    unowned: int
    quiet: int
    total: int
    rows: list[decisions.Row]
    catch_up: CatchUp
    stages: list[StageLine]
    stopped: Stopped
    weeks: list[timeline.Bar]
    systems: int
    quiet_systems: int
    health: list[health.Line]

    @property
    def late_note(self) -> str:
        return f"{self.overdue} of them late" if self.overdue else ""

    @property
    def more_due(self) -> int:
        return self.due - len(self.rows)

    @property
    def in_weeks(self) -> int:
        return sum(bar.count for bar in self.weeks)


def load(person: Person, today: date) -> Dashboard:
    """The dashboard as this person sees it, computed when anything has happened since."""
    now = keeping.moment()
    key = f"dashboard:{now.key}:{today}:{person.pk}/{keeping.sight(person)}"
    return keeping.kept(key, lambda: compute(person, today, now))


def compute(person: Person, today: date, now: Moment) -> Dashboard:
    """Compute the dashboard, in four queries and what has to be settled anew."""
    visible = Initiative.objects.visible_to(person)
    counts = Counts(list(_counts(visible, today)))
    known = settled.load(person, visible, today, now)
    systems = counts.sum("counting", [Stage.PRODUCTION])
    return Dashboard(
        due=counts.sum("due", UNDECIDED),
        overdue=counts.weeks[timeline.LATE],
        spent_past_date=counts.spent,
        unowned=known.unowned,
        quiet=counts.sum("quiet", LIVING),
        total=counts.sum("total", Stage),
        rows=decisions.rows(visible, person, today),
        catch_up=known.catch_up(counts.sum("imported", LIVING)),
        stages=[_line(stage, counts, known) for stage in Stage],
        stopped=known.stopped,
        weeks=timeline.bars(counts.weeks, today),
        systems=systems,
        quiet_systems=counts.sum("quiet", [Stage.PRODUCTION]),
        health=health.lines(known.health, systems),
    )


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


def _counts(visible: InitiativeQuerySet, today: date) -> QuerySet[Any, Any]:
    """Everything that is counted, by stage and week, in one pass over the portfolio."""
    counting = Q(counting_since__isnull=False)
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
            due=Count("counting_since", filter=Q(decision_date__lte=today + timeline.SOON)),
            spent=Subquery(_spent(visible, today)),
        )
    )


def _spent(visible: InitiativeQuerySet, today: date) -> QuerySet[Any, Any]:
    """What has been spent on initiatives whose decision is late (product.md P27)."""
    late = timeline.overdue(visible, today).order_by()
    of_late = Spend.objects.order_by().filter(initiative__in=late)
    return of_late.annotate(all=Value(1)).values("all").annotate(s=Sum("amount")).values("s")


def _line(stage: Stage, counts: Counts, known: Settled) -> StageLine:
    passage = known.passages[stage]
    return StageLine(
        stage=stage,
        label=str(stage.label),
        count=counts.sum("total", [stage]),
        declared=counts.sum("declared", [stage]),
        url=f"{reverse('initiatives:list')}?{urlencode({'stage': stage})}",
        entered=passage.entered,
        went_on=passage.went_on,
        median=passage.median,
    )

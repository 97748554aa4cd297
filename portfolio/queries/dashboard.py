"""The one page a CTO opens: three figures, the decisions due, and how the portfolio moves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from django.urls import reverse

from accounts.models import Person
from initiatives.models import Initiative
from initiatives.stages import UNDECIDED, Stage
from portfolio.queries import (
    blockers,
    decisions,
    health,
    keeping,
    overrides,
    settled,
    timeline,
)
from portfolio.queries.blockers import Blocker
from portfolio.queries.catch_up import CatchUp
from portfolio.queries.keeping import Moment
from portfolio.queries.overrides import Overridden
from portfolio.queries.settled import LIVING, Settled
from portfolio.queries.stages import Stopped
from reviews import queries as reviews


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
    overrides: Overridden
    catch_up: CatchUp
    stages: list[StageLine]
    stopped: Stopped
    weeks: list[timeline.Bar]
    systems: int
    quiet_systems: int
    health: list[health.Line]
    blockers: list[Blocker]

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
    """Compute the dashboard, in five queries and what has to be settled or counted anew."""
    visible = Initiative.objects.visible_to(person)
    policy = reviews.current_policy()
    known = settled.load(person, visible, today, now, policy.limits)
    counts = known.counts
    systems = counts.sum("counting", [Stage.PRODUCTION])
    return Dashboard(
        due=counts.sum("due", UNDECIDED),
        overdue=counts.weeks[timeline.LATE],
        spent_past_date=counts.spent,
        unowned=known.unowned,
        quiet=counts.sum("quiet", LIVING),
        total=counts.sum("total", Stage),
        rows=decisions.rows(visible, person, today),
        overrides=overrides.load(visible, today),
        catch_up=known.catch_up,
        stages=[_line(stage, known) for stage in Stage],
        stopped=known.stopped,
        weeks=timeline.bars(counts.weeks, today),
        systems=systems,
        quiet_systems=counts.sum("quiet", [Stage.PRODUCTION]),
        health=health.lines(known.health, systems),
        blockers=blockers.top(person, visible, now, policy),
    )


def _line(stage: Stage, known: Settled) -> StageLine:
    passage = known.passages[stage]
    return StageLine(
        stage=stage,
        label=str(stage.label),
        count=known.counts.sum("total", [stage]),
        declared=known.counts.sum("declared", [stage]),
        url=f"{reverse('initiatives:list')}?{urlencode({'stage': stage})}",
        entered=passage.entered,
        went_on=passage.went_on,
        median=passage.median,
    )

"""What was promised and what came of it: metrics, measurements, kill conditions, answers, spend."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from initiatives.models import Evidence, Initiative, KillCondition, Measurement, Metric, Spend
from initiatives.models.charter import Comparator, KillConditionKind, MetricKind
from initiatives.stages import REQUIRED_ROLES, UNDECIDED, Gate, Role, Stage
from initiatives.units import Direction, UnitKind
from portfolio.generator import owners
from portfolio.generator.world import Life, World
from reviews import gates
from reviews.policy import Case, Column, Field


class Kind(NamedTuple):
    """A metric as it is often agreed: from where, to where, and in what."""

    name: str
    unit_kind: UnitKind
    unit: str
    direction: Direction
    baseline: int
    threshold: int
    target: int


KINDS = (
    Kind("time until an answer", UnitKind.DURATION, "", Direction.LOWER, 14_400, 7_200, 5_400),
    Kind("cases closed a week", UnitKind.COUNT, "cases", Direction.HIGHER, 400, 520, 600),
    Kind("share answered at once", UnitKind.PERCENT, "", Direction.HIGHER, 30, 45, 55),
    Kind("cost of a case", UnitKind.MONEY, "", Direction.LOWER, 38, 28, 24),
    Kind("days of backlog", UnitKind.COUNT, "days", Direction.LOWER, 12, 6, 4),
    Kind("share with an error", UnitKind.PERCENT, "", Direction.LOWER, 18, 9, 6),
)


def measure(world: World, life: Life) -> None:
    """Metrics, and what was measured since the pilot, or production, began."""
    share = {"registered": 1.0, "declared": 0.8, "campaign": 0.4, "quiet": 0.0}[life.origin]
    if not world.happens(share * (0.7 if life.row.stage == Stage.PROPOSAL else 1)):
        return
    for place in range(2 if world.happens(0.35) else 1):
        metric = _metric(world, life.row, is_primary=place == 0)
        life.metrics.append(metric)
        life.measurements += _measured(world, life, metric)


def _metric(world: World, row: Initiative, *, is_primary: bool) -> Metric:
    kind = world.rng.choice(KINDS)
    factor = Decimal(world.rng.randint(70, 130)) / 100
    scaled = {
        bound: round(getattr(kind, bound) * factor, 1)
        for bound in ("baseline", "threshold", "target")
    }
    return Metric(
        initiative=row,
        name=kind.name,
        kind=MetricKind.BUSINESS if is_primary else MetricKind.QUALITY,
        is_primary=is_primary,
        unit_kind=kind.unit_kind,
        unit=kind.unit,
        direction=kind.direction,
        method="From the work system, over all cases of the week.",
        source="Work system, nightly",
        window_days=7,
        cadence_days=_cadence(row),
        **scaled,
    )


def _measured(world: World, life: Life, metric: Metric) -> Iterator[Measurement]:
    """Weekly in a pilot, monthly in production, from the baseline towards what was promised."""
    first, last = _running(life)
    if first is None:
        return
    moments = list(range(first, last - 1, -_cadence(life.row)))[-14:]
    assert metric.baseline is not None
    assert metric.threshold is not None
    fails = 0.05 if life.row.stage == Stage.PRODUCTION else 0.35
    reach = Decimal(world.rng.randint(0, 40) if world.happens(fails) else 110) / 100
    for place, days in enumerate(moments, start=1):
        way = reach * Decimal(place) / len(moments) * world.rng.randint(92, 108) / 100
        yield Measurement(
            metric=metric,
            value=round(metric.baseline + (metric.threshold - metric.baseline) * way, 1),
            measured_at=world.ago(days),
            sample_size=world.rng.randint(30, 900),
            is_automatic=world.rng.random() < 0.8,
            recorded_at=world.ago(days),
        )


def _cadence(row: Initiative) -> int:
    """Days from one measurement to the next."""
    return 30 if row.stage in (Stage.PRODUCTION, Stage.RETIRED) else 7


def _running(life: Life) -> tuple[int | None, int]:
    """From when until when it ran, as days ago; from None where it never has."""
    ran = [days for stage, days in life.path if REQUIRED_ROLES.get(stage)]
    retired = life.row.stage == Stage.RETIRED
    return (ran[0] if ran else None), (life.since if retired else 0)


def agree(world: World, life: Life) -> None:
    """Kill conditions on the primary metric and on spend; answers, where a charter was signed."""
    agreed = world.ago(life.begun)
    for metric in life.metrics[:1]:
        if world.happens(0.95):
            life.kill_conditions.append(_limit(life.row, metric, agreed))
            _trip(world, life)
    if life.row.pilot_budget and world.happens(0.15):
        cap = life.row.pilot_budget * 6 // 5
        spend = KillConditionKind.SPEND
        life.kill_conditions.append(
            KillCondition(initiative=life.row, kind=spend, spend_cap=cap, agreed_at=agreed)
        )
    if life.passed_charter is not None:
        _answer(world, life, life.passed_charter)


def _limit(row: Initiative, metric: Metric, agreed: datetime) -> KillCondition:
    """Half of what was promised is not enough."""
    assert metric.baseline is not None
    assert metric.threshold is not None
    is_running = row.stage == Stage.PRODUCTION
    return KillCondition(
        initiative=row,
        metric=metric,
        comparator=Comparator.ABOVE if metric.direction == Direction.LOWER else Comparator.BELOW,
        threshold=round((metric.baseline + metric.threshold) / 2, 1),
        by_decision_date=not is_running,
        in_a_row=3 if is_running else None,
        agreed_at=agreed,
    )


def _trip(world: World, life: Life) -> None:
    """Let one in fifty have tripped, a few days ago, undecided since."""
    if life.row.stage not in UNDECIDED or not life.measurements or not world.happens(0.02):
        return
    tripped = life.kill_conditions[-1]
    tripped.state = KillCondition.State.TRIPPED
    tripped.tripped_at = world.ago(world.rng.randint(0, min(life.since, 12)))
    tripped.tripped_because = "the last value was past the limit that had been agreed"


def _answer(world: World, life: Life, signed: int) -> None:
    """Answer what the charter asked of it."""
    case = gates.case_of(life.facts)
    for criterion in world.policy.gates[Gate.CHARTER].criteria_for(case):
        if not criterion.is_answered:
            continue
        fields = criterion.fields_for(case)
        for asked in (f for f in fields if f.type == "person"):
            owners.ask(world, life, f"{criterion.key}.{asked.key}", signed + 4, accepts=True)
        life.evidence.append(
            Evidence(
                initiative=life.row,
                criterion=criterion.key,
                fields={f.key: _says(world, f, case) for f in fields if f.type != "person"},
                recorded_at=world.ago(signed + 4),
                recorded_by=life.owner(Role.BUSINESS_OWNER),
            )
        )


def _says(world: World, asked: Field | Column, case: Case) -> Any:
    if isinstance(asked, Field) and asked.type == "table":
        return [{column.key: _says(world, column, case) for column in asked.columns_for(case)}]
    if asked.type == "choice":
        return world.rng.choice(asked.choices)
    if asked.type in ("money", "number"):
        return world.rng.randint(100, 9_000)
    if asked.type == "date":
        return world.day(world.rng.randint(0, 90)).isoformat()
    return "Looked at by hand with two colleagues; 12 of 200 cases were wrong, none badly."


def spend(world: World, life: Life) -> None:
    """A sum for each month that it ran, eight at most; a few went past their cap."""
    first, last = _running(life)
    if first is None or life.origin == "quiet" or world.happens(0.15):
        return
    usual = (life.row.pilot_budget or 60_000) // (5 if world.happens(0.03) else 12)
    life.spend += [
        Spend(
            initiative=life.row,
            amount=max(usual * world.rng.randint(60, 130) // 100, 1),
            spent_on=world.day(days),
            is_estimate=world.happens(0.2),
            recorded_at=world.ago(days),
            recorded_by=life.owner(Role.BUSINESS_OWNER),
        )
        for days in list(range(first, last - 1, -30))[-8:]
    ]

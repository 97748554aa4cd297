"""How systems do in production: against their threshold and baseline, and whether anybody looks
(product.md P24)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from urllib.parse import urlencode

from django.db.models import (
    Case,
    CharField,
    DateTimeField,
    DecimalField,
    Exists,
    ExpressionWrapper,
    F,
    Field,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextChoices,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.db.models.lookups import GreaterThan
from django.urls import reverse
from django.utils import timezone

from initiatives.models import Initiative, Measurement, Metric
from initiatives.models.registry import InitiativeQuerySet
from initiatives.stages import Stage
from initiatives.units import Direction
from portfolio.queries.spans import WholeDays

DEFAULT_CADENCE = 30  # days, where none is agreed


class Health(TextChoices):
    """One of these for each system in production, the worst first; what is suspended is not
    judged by what it measured before."""

    SUSPENDED = "suspended", "Suspended"
    BELOW_BASELINE = "below_baseline", "Below baseline"
    BELOW_THRESHOLD = "below_threshold", "Below threshold"
    STALE = "stale", "Not measured lately"
    UNMEASURED = "unmeasured", "No metric with a threshold"
    GOOD = "good", "Holds its threshold"


TONES = {
    Health.SUSPENDED: "critical",
    Health.BELOW_BASELINE: "critical",
    Health.BELOW_THRESHOLD: "warning",
    Health.STALE: "warning",
    Health.UNMEASURED: "info",
    Health.GOOD: "fine",
}


@dataclass(frozen=True)
class Line:
    """So many systems that do like this, with their list."""

    label: str
    tone: str
    count: int
    share: int  # of all systems, in fiftieths
    url: str


def running(initiatives: InitiativeQuerySet) -> InitiativeQuerySet:
    """Systems in production; imported ones that are still quiet owe no measurements yet."""
    return initiatives.counting().filter(stage=Stage.PRODUCTION)


def judged(systems: InitiativeQuerySet, today: date) -> QuerySet[Any]:
    """The primary metrics of these systems, each saying by `health` how its system does."""
    return (
        Metric.objects.order_by()
        .filter(initiative__in=systems.order_by(), is_primary=True, threshold__isnull=False)
        .annotate(health=Coalesce(Subquery(_verdict(today)), Value(Health.STALE)))
    )


def _verdict(today: date) -> QuerySet[Measurement, Any]:
    """What the last measurement says, judged beside it so that it is looked up once."""
    of_metric: dict[str, Field[Any, Any]] = {
        "baseline": DecimalField(),
        "threshold": DecimalField(),
        "direction": CharField(),
        "cadence_days": IntegerField(),
    }
    beside = {name: ExpressionWrapper(OuterRef(name), field) for name, field in of_metric.items()}
    evening = timezone.make_aware(datetime.combine(today, time(23, 59)))  # so calendar days count
    old = WholeDays(F("measured_at"), Value(evening, output_field=DateTimeField()))
    patience = Coalesce(F("cadence_days"), DEFAULT_CADENCE) * 3 / 2  # one and a half cadences
    verdict = Case(
        When(GreaterThan(old, patience), then=Value(Health.STALE)),
        When(_worse_than("baseline"), then=Value(Health.BELOW_BASELINE)),
        When(_worse_than("threshold"), then=Value(Health.BELOW_THRESHOLD)),
        default=Value(Health.GOOD),
    )
    last = Measurement.objects.filter(metric=OuterRef("pk"), corrected_by=None)
    judged = last.annotate(**beside).annotate(verdict=verdict)
    return judged.order_by("-measured_at", "-pk").values("verdict")[:1]


def _worse_than(bound: str) -> Q:
    lower, higher = Q(direction=Direction.LOWER), Q(direction=Direction.HIGHER)
    return lower & Q(value__gt=F(bound)) | higher & Q(value__lt=F(bound))


def of(
    visible: InitiativeQuerySet, today: date, ids: Iterable[int] | None = None
) -> dict[int, str]:
    """The health of each system that has a metric with a threshold or is suspended, of all or of
    these; in one query."""
    systems = running(visible) if ids is None else running(visible).filter(pk__in=list(ids))
    off = systems.suspended().order_by().annotate(health=Value(Health.SUSPENDED))
    measured = judged(systems, today).values_list("initiative", "health")
    found = list(measured.union(off.values_list("pk", "health"), all=True))
    return dict(found) | {pk: said for pk, said in found if said == Health.SUSPENDED}


def doing(initiatives: InitiativeQuerySet, health: str, today: date) -> InitiativeQuerySet:
    """Systems in production that do like this."""
    systems = running(initiatives)
    if health == Health.SUSPENDED:
        return systems.suspended()
    systems = systems.filter(suspended_at=None)
    if health == Health.UNMEASURED:
        metrics = Metric.objects.filter(
            initiative=OuterRef("pk"), is_primary=True, threshold__isnull=False
        )
        return systems.exclude(Exists(metrics))
    alike = judged(running(Initiative.objects.all()), today).filter(health=health)
    return systems.filter(pk__in=alike.values("initiative"))


def lines(found: Mapping[int, str], systems: int) -> list[Line]:
    """How many do how, the worst first; those without a metric are the rest of all systems."""
    counts = dict.fromkeys(Health, 0)
    for health in found.values():
        counts[Health(health)] += 1
    counts[Health.UNMEASURED] = systems - len(found)
    return [_line(health, count, systems) for health, count in counts.items()]


def _line(health: Health, count: int, systems: int) -> Line:
    share = max(round(count / systems * 50), 1) if count else 0
    url = f"{reverse('initiatives:list')}?{urlencode({'health': health})}"
    return Line(str(health.label), TONES[health], count, share, url)

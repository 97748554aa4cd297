"""How systems in production do by their primary metric: against its threshold and its baseline, and
whether anybody measures it (product.md P24). The dashboard counts what the rules flag."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

from django.db.models import (
    Case,
    CharField,
    DateTimeField,
    DecimalField,
    ExpressionWrapper,
    F,
    Field,
    FloatField,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextChoices,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce
from django.db.models.lookups import GreaterThan
from django.utils import timezone

from initiatives.models import Measurement, Metric
from initiatives.models.registry import InitiativeQuerySet
from initiatives.spans import WholeDays
from initiatives.stages import Stage
from initiatives.units import Direction
from reviews.policy import Limits

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


def running(initiatives: InitiativeQuerySet) -> InitiativeQuerySet:
    """Systems in production; imported ones that are still quiet owe no measurements yet."""
    return initiatives.counting().filter(stage=Stage.PRODUCTION)


def judged(systems: InitiativeQuerySet, today: date, limits: Limits) -> QuerySet[Any]:
    """The primary metrics of these systems, each saying by `health` how its system does."""
    return (
        Metric.objects.order_by()
        .filter(initiative__in=systems.order_by(), is_primary=True, threshold__isnull=False)
        .annotate(health=Coalesce(Subquery(_verdict(today, limits)), Value(Health.STALE)))
    )


def days_of_patience(cadence_days: int | None, limits: Limits) -> int:
    """For how many days a value counts, by how often it was promised."""
    return int((cadence_days or DEFAULT_CADENCE) * limits.measurement_stale_factor)


def _verdict(today: date, limits: Limits) -> QuerySet[Measurement, Any]:
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
    cadence = Cast(Coalesce(F("cadence_days"), DEFAULT_CADENCE), FloatField())
    patience = cadence * Value(float(limits.measurement_stale_factor))
    verdict = Case(
        When(GreaterThan(old, patience), then=Value(Health.STALE)),
        When(worse_than("baseline"), then=Value(Health.BELOW_BASELINE)),
        When(worse_than("threshold"), then=Value(Health.BELOW_THRESHOLD)),
        default=Value(Health.GOOD),
    )
    verdicts: QuerySet[Any, Any] = last_measured(**beside).annotate(verdict=verdict)
    return verdicts.values("verdict")[:1]


def last_measured(**beside: Any) -> QuerySet[Any, Any]:
    """The measurements of a metric, the one that counts now first, with what stands beside it."""
    last = Measurement.objects.filter(metric=OuterRef("pk"), corrected_by=None)
    return last.annotate(**beside).order_by("-measured_at", "-pk")


def worse_than(bound: str, value: str = "value") -> Q:
    """Whether the value is past the bound, in the direction that is not better."""
    lower, higher = Q(direction=Direction.LOWER), Q(direction=Direction.HIGHER)
    return lower & Q(**{f"{value}__gt": F(bound)}) | higher & Q(**{f"{value}__lt": F(bound)})


def with_last(metrics: QuerySet[Any]) -> QuerySet[Any]:
    """Each metric with what it showed last: `last_value`, `last_sample` and `last_at`."""
    columns: Mapping[str, str] = {
        "last_value": "value",
        "last_sample": "sample_size",
        "last_at": "measured_at",
    }
    found = {name: Subquery(last_measured().values(of)[:1]) for name, of in columns.items()}
    with_these: QuerySet[Any] = metrics.annotate(**found)
    return with_these

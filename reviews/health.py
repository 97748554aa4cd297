"""How systems in production do by their primary metric: against its threshold and its baseline, and
whether anybody measures it (product.md P24). The dashboard counts each system once, by the worst
that the rules flag; a value that fell short does so until a better one comes, however old it is."""

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
    verdict = Case(
        When(worse_than("baseline"), then=Value(Health.BELOW_BASELINE)),
        When(worse_than("threshold"), then=Value(Health.BELOW_THRESHOLD)),
        When(_is_old(today, limits), then=Value(Health.STALE)),
        default=Value(Health.GOOD),
    )
    said = Subquery(_last_beside_its_metric().annotate(said=verdict).values("said")[:1])
    found: QuerySet[Any] = _primary(systems).annotate(health=Coalesce(said, Value(Health.STALE)))
    return found


def silent(systems: InitiativeQuerySet, today: date, limits: Limits) -> QuerySet[Any]:
    """The primary metrics of these systems whose last value counts no longer, whatever it showed,
    and those that were never measured."""
    said = Case(When(_is_old(today, limits), then=Value(Health.STALE)), default=Value(""))
    last = Subquery(_last_beside_its_metric().annotate(said=said).values("said")[:1])
    found: QuerySet[Any] = _primary(systems).annotate(said=Coalesce(last, Value(Health.STALE)))
    return found.filter(said=Health.STALE)


def _primary(systems: InitiativeQuerySet) -> QuerySet[Any]:
    return Metric.objects.order_by().filter(
        initiative__in=systems.order_by(), is_primary=True, threshold__isnull=False
    )


def days_of_patience(cadence_days: int | None, limits: Limits) -> int:
    """For how many days a value counts, by how often it was promised."""
    return int((cadence_days or DEFAULT_CADENCE) * limits.measurement_stale_factor)


def _last_beside_its_metric() -> QuerySet[Any, Any]:
    """What was measured last, judged beside its metric so that it is looked up once."""
    of_metric: dict[str, Field[Any, Any]] = {
        "baseline": DecimalField(),
        "threshold": DecimalField(),
        "direction": CharField(),
        "cadence_days": IntegerField(),
    }
    return last_measured(
        **{name: ExpressionWrapper(OuterRef(name), field) for name, field in of_metric.items()}
    )


def _is_old(today: date, limits: Limits) -> GreaterThan:
    """Whether it was measured so long ago that it counts no longer."""
    evening = timezone.make_aware(datetime.combine(today, time(23, 59)))  # so calendar days count
    old = WholeDays(F("measured_at"), Value(evening, output_field=DateTimeField()))
    cadence = Cast(Coalesce(F("cadence_days"), DEFAULT_CADENCE), FloatField())
    return GreaterThan(old, cadence * Value(float(limits.measurement_stale_factor)))


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

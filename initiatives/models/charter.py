"""What an initiative promised and has shown: metrics, measurements, kill conditions, baselines."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Person
from initiatives.models.registry import Initiative
from initiatives.stages import ON_TRIAL, RUNNING
from initiatives.units import Direction, UnitKind, in_words


class MetricKind(models.TextChoices):
    BUSINESS = "business", "Business"
    QUALITY = "quality", "Quality"
    LATENCY = "latency", "Latency"
    COST = "cost", "Cost"
    ADOPTION = "adoption", "Adoption"
    RISK = "risk", "Risk"


class Metric(models.Model):
    """What is measured, from where (baseline) to where (target), and what is good enough to ship
    (threshold). Durations are in seconds, percentages in points of 100, money in whole units."""

    initiative = models.ForeignKey(Initiative, on_delete=models.PROTECT, related_name="metrics")
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=10, choices=MetricKind.choices, default=MetricKind.BUSINESS)
    is_primary = models.BooleanField(default=False)
    unit_kind = models.CharField(max_length=10, choices=UnitKind.choices, default=UnitKind.COUNT)
    unit = models.CharField(max_length=40, blank=True)
    direction = models.CharField(max_length=6, choices=Direction.choices, default=Direction.LOWER)
    baseline = models.DecimalField(max_digits=20, decimal_places=6, null=True, blank=True)
    target = models.DecimalField(max_digits=20, decimal_places=6, null=True, blank=True)
    threshold = models.DecimalField(max_digits=20, decimal_places=6, null=True, blank=True)
    method = models.TextField("how it is measured", blank=True)
    source = models.CharField(max_length=200, blank=True)
    window_days = models.PositiveSmallIntegerField(null=True, blank=True)
    minimum_sample = models.PositiveIntegerField(null=True, blank=True)
    cadence_days = models.PositiveSmallIntegerField(null=True, blank=True)
    worth = models.TextField("what one unit is worth to the business", blank=True)
    paged = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    value_per_unit = models.BigIntegerField(null=True, blank=True)
    monthly_volume = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        ordering = ("-is_primary", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=["initiative"],
                condition=Q(is_primary=True),
                name="an_initiative_has_one_primary_metric",
            ),
            models.CheckConstraint(
                condition=Q(is_primary=False) | Q(kind=MetricKind.BUSINESS),
                name="a_primary_metric_is_a_business_one",
            ),
        )

    def __str__(self) -> str:
        return self.name

    def words(self, value: Decimal | None) -> str:
        """A value of this metric as people say it: `52 min`, `4.5 %`, `1,200 tickets`."""
        return in_words(value, UnitKind(self.unit_kind), self.unit)

    def reaches(self, value: Decimal, bound: Decimal) -> bool:
        """Whether `value` is at or past `bound`, in the direction that is better."""
        return value <= bound if self.direction == Direction.LOWER else value >= bound


class Measurement(models.Model):
    """A value of a metric at a moment; corrected by a new one, never edited.

    `is_automatic` is one that a machine delivered, `from_production` one whose source is the
    system as it runs in production, however it came here.
    """

    metric = models.ForeignKey(Metric, on_delete=models.PROTECT, related_name="measurements")
    value = models.DecimalField(max_digits=20, decimal_places=6)
    measured_at = models.DateTimeField()
    sample_size = models.PositiveIntegerField(null=True, blank=True)
    is_automatic = models.BooleanField(default=False)
    from_production = models.BooleanField(default=False)
    comment = models.TextField(blank=True)
    corrects = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="corrected_by"
    )
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("measured_at", "pk")
        indexes = (models.Index(fields=["metric", "-measured_at"], name="measurement_latest"),)

    def __str__(self) -> str:
        return f"{self.value} at {self.measured_at:%Y-%m-%d}"


class KillConditionKind(models.TextChoices):
    METRIC = "metric", "A metric does not reach its limit in time"
    SPEND = "spend", "Spend passes a cap"


class Comparator(models.TextChoices):
    """When the condition trips."""

    ABOVE = "above", "above"
    BELOW = "below", "below"


class KillCondition(models.Model):
    """An agreed condition under which the initiative stops (product.md P8).

    metric: trips when the last value is past `threshold`, on the `comparator` side, once its due
    date is over, or `in_a_row` measurements running. spend: when the sum passes `spend_cap`.
    """

    class State(models.TextChoices):
        ARMED = "armed", "Armed"
        TRIPPED = "tripped", "Tripped"
        WAIVED = "waived", "Waived"

    initiative = models.ForeignKey(
        Initiative, on_delete=models.PROTECT, related_name="kill_conditions"
    )
    kind = models.CharField(
        max_length=10, choices=KillConditionKind.choices, default=KillConditionKind.METRIC
    )
    metric = models.ForeignKey(
        Metric, null=True, blank=True, on_delete=models.PROTECT, related_name="kill_conditions"
    )
    comparator = models.CharField(max_length=5, choices=Comparator.choices, blank=True)
    threshold = models.DecimalField(max_digits=20, decimal_places=6, null=True, blank=True)
    by_decision_date = models.BooleanField(default=False)
    due_date = models.DateField(null=True, blank=True)
    in_a_row = models.PositiveSmallIntegerField(null=True, blank=True)
    spend_cap = models.BigIntegerField(null=True, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.ARMED)
    agreed_at = models.DateTimeField(default=timezone.now, editable=False)
    tripped_at = models.DateTimeField(null=True, blank=True)
    tripped_because = models.TextField(blank=True)

    class Meta:
        ordering = ("pk",)
        indexes = (models.Index(fields=["state", "initiative"], name="kill_condition_state"),)
        constraints = (
            models.CheckConstraint(
                condition=Q(kind="metric", metric__isnull=False, threshold__isnull=False)
                & ~Q(comparator="")
                & (Q(by_decision_date=True) | Q(due_date__isnull=False) | Q(in_a_row__isnull=False))
                | Q(kind="spend", spend_cap__isnull=False),
                name="a_kill_condition_can_be_evaluated",
            ),
            models.CheckConstraint(
                condition=~Q(state="tripped") | Q(tripped_at__isnull=False),
                name="a_tripped_condition_says_since_when",
            ),
        )

    def __str__(self) -> str:
        return self.sentence()

    def due_on(self, initiative: Initiative) -> date | None:
        """The day it falls due; a condition due by the decision date follows extensions.

        In a proposal nothing is due yet: it promises what the pilot will have to show. What is in
        production was decided; only a date of its own falls due there.
        """
        if self.by_decision_date:
            return initiative.decision_date if initiative.stage in ON_TRIAL else None
        return self.due_date if initiative.stage in RUNNING else None

    def sentence(self) -> str:
        """The condition as it was agreed: `Stop if resolution time is above 2 h by the …`."""
        if self.kind == KillConditionKind.SPEND:
            return f"Stop if spend passes {settings.CURRENCY} {self.spend_cap:,}"
        assert self.metric is not None
        limit = self.metric.words(self.threshold)
        return f"Stop if {self.metric.name} is {self.comparator} {limit} {self._when()}"

    def _when(self) -> str:
        """Its moments, any of which trips it: `in 3 measurements running or by the …`."""
        running = f"in {self.in_a_row} measurements running" if self.in_a_row else ""
        by_date = f"by {self.due_date:%-d %b %Y}" if self.due_date else ""
        due = "by the decision date" if self.by_decision_date else by_date
        return " or ".join(when for when in (running, due) if when)


class BaselineQuerySet(models.QuerySet["Baseline"]):
    def in_force(self) -> BaselineQuerySet:
        """The signed charters that count now."""
        return self.filter(in_force_since__isnull=False, in_force_until=None)

    def proposed(self) -> BaselineQuerySet:
        """Those that wait for their review to be decided."""
        return self.filter(in_force_since=None, discarded_at=None)


class Baseline(models.Model):
    """The frozen charter fields as version 1, 2 …; the one in force is what was signed.

    A proposed one (product.md P29) has no number yet: it gets the next when it comes into force,
    or is discarded with its review.
    """

    initiative = models.ForeignKey(Initiative, on_delete=models.PROTECT, related_name="baselines")
    version = models.PositiveSmallIntegerField(null=True, blank=True)
    charter = models.JSONField()
    reason = models.TextField(blank=True)
    proposed_at = models.DateTimeField(null=True, blank=True)
    proposed_by = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    discarded_at = models.DateTimeField(null=True, blank=True)
    in_force_since = models.DateTimeField(null=True, blank=True)
    in_force_until = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[BaselineQuerySet] = BaselineQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ("version", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=["initiative", "version"], name="a_baseline_version_is_used_once"
            ),
            models.UniqueConstraint(
                fields=["initiative"],
                condition=Q(in_force_since__isnull=False, in_force_until=None),
                name="one_baseline_is_in_force",
            ),
            models.UniqueConstraint(
                fields=["initiative"],
                condition=Q(in_force_since=None, discarded_at=None),
                name="one_baseline_is_proposed",
            ),
            models.CheckConstraint(
                condition=Q(version=None, in_force_since=None)
                | Q(version__isnull=False, in_force_since__isnull=False, discarded_at=None),
                name="a_baseline_that_came_into_force_has_a_number",
            ),
        )

    def __str__(self) -> str:
        return f"Baseline {self.version or '(proposed)'} of {self.initiative_id}"

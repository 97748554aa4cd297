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
from initiatives.stages import ON_TRIAL, RUNNING, Role
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
    OWNER = "owner", "Nobody answers for it"


class Comparator(models.TextChoices):
    """When the condition trips."""

    ABOVE = "above", "above"
    BELOW = "below", "below"


class KillCondition(models.Model):
    """An agreed condition under which the initiative stops (product.md P8).

    metric: trips when the last value is past `threshold`, on the `comparator` side, once its due
    date is over, or `in_a_row` measurements running. spend: when the sum passes `spend_cap`. owner:
    when `owner_role`, or without one any role that its stage needs, is held by nobody for
    `missing_days`. One that is waived is armed again once the day `waived_until` is over.
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
    owner_role = models.CharField(max_length=20, choices=Role.choices, blank=True)
    missing_days = models.PositiveSmallIntegerField(null=True, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.ARMED)
    agreed_at = models.DateTimeField(default=timezone.now, editable=False)
    tripped_at = models.DateTimeField(null=True, blank=True)
    tripped_because = models.TextField(blank=True)
    waived_until = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ("pk",)
        indexes = (models.Index(fields=["state", "initiative"], name="kill_condition_state"),)
        constraints = (
            models.CheckConstraint(
                condition=Q(kind="metric", metric__isnull=False, threshold__isnull=False)
                & ~Q(comparator="")
                & (Q(by_decision_date=True) | Q(due_date__isnull=False) | Q(in_a_row__isnull=False))
                | Q(kind="spend", spend_cap__isnull=False)
                | Q(kind="owner", missing_days__isnull=False),
                name="a_kill_condition_can_be_evaluated",
            ),
            models.CheckConstraint(
                condition=~Q(state="tripped") | Q(tripped_at__isnull=False),
                name="a_tripped_condition_says_since_when",
            ),
            models.CheckConstraint(
                condition=Q(state="waived", waived_until__isnull=False)
                | ~Q(state="waived") & Q(waived_until=None),
                name="a_waived_condition_says_until_when",
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
        if self.kind == KillConditionKind.OWNER:
            return f"Stop if nobody is {self._whom()} for {self.missing_days} days"
        assert self.metric is not None
        limit = self.metric.words(self.threshold)
        return f"Stop if {self.metric.name} is {self.comparator} {limit} {self._when()}"

    def sentence_now(self) -> str:
        """As it was agreed, and until when it stops nothing, where somebody waived it."""
        if self.waived_until is None:
            return self.sentence()
        return f"{self.sentence()} (waived until {self.waived_until:%-d %b %Y})"

    def _whom(self) -> str:
        """The role that has to be held: one of them, or whichever its stage needs."""
        if not self.owner_role:
            return "in a role that its stage needs"
        return f"its {str(Role(self.owner_role).label).lower()}"

    def is_waiver_over(self, today: date) -> bool:
        """It was waived, until a day that has passed."""
        return self.waived_until is not None and self.waived_until < today

    def arm(self) -> None:
        """Stand as it was agreed; what it tripped by, and who waived that, is in its history."""
        self.state = self.State.ARMED
        self.tripped_at, self.tripped_because, self.waived_until = None, "", None

    def _when(self) -> str:
        """Its moments, any of which trips it: `in 3 measurements running or by the …`."""
        running = f"in {self.in_a_row} measurements running" if self.in_a_row else ""
        by_date = f"by {self.due_date:%-d %b %Y}" if self.due_date else ""
        due = "by the decision date" if self.by_decision_date else by_date
        return " or ".join(when for when in (running, due) if when)


class Waiver(models.Model):
    """A signature by which a tripped condition stops nothing until the end of `expires_on`.

    Signed by whom the condition binds, with the trip that it answers; never changed, but for
    `ended_at`: when the condition was armed again, or something else was decided.
    """

    condition = models.ForeignKey(KillCondition, on_delete=models.PROTECT, related_name="waivers")
    tripped_at = models.DateTimeField()
    tripped_because = models.TextField()
    reason = models.TextField()
    meaning = models.TextField()
    waived_at = models.DateTimeField()
    waived_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    printed_name = models.CharField(max_length=200)
    expires_on = models.DateField()
    authentication_method = models.CharField(max_length=40)
    authenticated_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("waived_at", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=["condition"],
                condition=Q(ended_at=None),
                name="a_condition_is_waived_once_at_a_time",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="a_waiver_says_why"),
        )

    def __str__(self) -> str:
        return f"{self.printed_name} until {self.expires_on}"

    @property
    def initiative_id(self) -> int:
        return self.condition.initiative_id


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

"""Which criteria hold whom back, and since when."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from initiatives.models import Initiative
from initiatives.stages import Gate


class UnmetCriterionQuerySet(models.QuerySet["UnmetCriterion"]):
    def open(self) -> UnmetCriterionQuerySet:
        return self.filter(until=None)


class UnmetCriterion(models.Model):
    """A time in which a blocking criterion of a gate ahead held an initiative back; without an end
    while it does (product.md P25). Kept by `actions.judge`, never by hand."""

    initiative = models.ForeignKey(Initiative, on_delete=models.PROTECT, related_name="+")
    gate = models.CharField(max_length=20, choices=Gate.choices)
    key = models.CharField(max_length=80)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    objects = UnmetCriterionQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["initiative", "gate", "key"],
                condition=Q(until=None),
                name="a_criterion_holds_an_initiative_once_at_a_time",
            ),
        )
        indexes = (
            models.Index(
                fields=["gate", "key"],
                include=["initiative", "since"],
                condition=Q(until=None),
                name="unmet_criterion_open",
            ),
        )

    def __str__(self) -> str:
        return f"{self.gate}.{self.key} of {self.initiative_id}"


class Judgement(models.Model):
    """When an initiative was last held against the criteria ahead of it, and under which policy;
    `is_due` once something has happened to it since."""

    initiative = models.OneToOneField(
        Initiative, primary_key=True, on_delete=models.PROTECT, related_name="+"
    )
    judged_at = models.DateTimeField()
    policy_version = models.PositiveIntegerField()
    is_due = models.BooleanField(default=False)

    class Meta:
        indexes = (
            models.Index(fields=["initiative"], condition=Q(is_due=True), name="judgement_due"),
        )

    def __str__(self) -> str:
        return f"{self.initiative_id} at {self.judged_at}"


class JudgedUpTo(models.Model):
    """Up to which event `actions.judge` has read: one row, whose lock lets one tick judge at a
    time."""

    ONLY = 1

    id = models.SmallIntegerField(primary_key=True, default=ONLY)
    seq = models.BigIntegerField(default=0)

    class Meta:
        constraints = (models.CheckConstraint(condition=Q(id=1), name="judged_up_to_is_one_row"),)

    def __str__(self) -> str:
        return str(self.seq)

"""What a pilot found out: how it was evaluated, and which questions it left open."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.models import Person
from initiatives.models.charter import Metric
from initiatives.models.registry import Initiative


class OpenQuestion(models.Model):
    """What the pilot did not answer: engineering work that is known (product.md P14).

    The estimate is in working days and in whole units of the organisation's currency.
    """

    initiative = models.ForeignKey(
        Initiative, on_delete=models.PROTECT, related_name="open_questions"
    )
    question = models.TextField()
    owner = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    estimate_days = models.PositiveSmallIntegerField(null=True, blank=True)
    estimate_cost = models.BigIntegerField(null=True, blank=True)
    due_date = models.DateField(null=True, blank=True)
    is_blocking = models.BooleanField(default=False)
    raised_at = models.DateTimeField()
    raised_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    answer = models.TextField(blank=True)

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.CheckConstraint(condition=~Q(question=""), name="an_open_question_asks"),
            models.CheckConstraint(
                condition=Q(closed_at=None) | ~Q(answer=""),
                name="a_closed_question_has_an_answer",
            ),
        )

    def __str__(self) -> str:
        return self.question[:80]

    @property
    def is_open(self) -> bool:
        return self.closed_at is None


class EvaluationSet(models.Model):
    """Cases with answers known to be right, by which each version is measured (product.md P11).

    A messy one was not curated: it is what the data is like on a bad day (product.md P12). What a
    run of it yields is a value of `metric`, and holds where it is at or past its threshold.
    `last_run` is the newest by the day it ran.
    """

    initiative = models.ForeignKey(
        Initiative, on_delete=models.PROTECT, related_name="evaluation_sets"
    )
    name = models.CharField(max_length=200)
    metric = models.ForeignKey(Metric, on_delete=models.PROTECT, related_name="+")
    is_messy = models.BooleanField(default=False)
    size = models.PositiveIntegerField(null=True, blank=True)
    verified_by = models.CharField(max_length=300, blank=True)
    location = models.CharField(max_length=2000, blank=True)
    owner = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    last_run = models.ForeignKey(
        "EvaluationRun", null=True, editable=False, on_delete=models.PROTECT, related_name="+"
    )
    described_at = models.DateTimeField()
    described_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.CheckConstraint(condition=~Q(name=""), name="an_evaluation_set_has_a_name"),
        )

    def __str__(self) -> str:
        return self.name


class EvaluationRun(models.Model):
    """One evaluation of one version on one set; never edited."""

    evaluation_set = models.ForeignKey(EvaluationSet, on_delete=models.PROTECT, related_name="runs")
    ran_on = models.DateField()
    version = models.CharField(max_length=200)
    value = models.DecimalField(max_digits=20, decimal_places=6)
    cases = models.PositiveIntegerField(null=True, blank=True)
    comment = models.TextField(blank=True)
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("-ran_on", "-pk")

    def __str__(self) -> str:
        return f"{self.version} on {self.ran_on}"

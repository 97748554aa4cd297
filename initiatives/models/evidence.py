"""What was recorded for a gate: answers to criteria, and money spent."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.models import Person
from initiatives.models.registry import Initiative


class Evidence(models.Model):
    """The answer to one criterion. The key is opaque here: the policy knows what it asks.

    A person named in an answer is an `Ownership` with the role `<criterion>.<field>`; `fields`
    never holds one.
    """

    initiative = models.ForeignKey(Initiative, on_delete=models.PROTECT, related_name="evidence")
    criterion = models.SlugField(max_length=60)
    fields = models.JSONField(default=dict)
    not_applicable_because = models.TextField(blank=True)
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(
                fields=["initiative", "criterion"], name="a_criterion_is_answered_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.criterion} of {self.initiative_id}"


class Spend(models.Model):
    """Money spent, in whole units of the organisation's currency, or an estimate of it."""

    initiative = models.ForeignKey(Initiative, on_delete=models.PROTECT, related_name="spend")
    amount = models.BigIntegerField()
    spent_on = models.DateField()
    is_estimate = models.BooleanField(default=False)
    comment = models.CharField(max_length=300, blank=True)
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("spent_on", "pk")
        constraints = (models.CheckConstraint(condition=~Q(amount=0), name="spend_is_not_zero"),)

    def __str__(self) -> str:
        return f"{self.amount:,} on {self.spent_on}"

"""What was said to be dead, and waits for somebody who may retire it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from accounts.models import Person
from initiatives.models import Initiative
from initiatives.stages import Stage


class RetirementRequestQuerySet(models.QuerySet["RetirementRequest"]):
    def open(self) -> RetirementRequestQuerySet:
        """Neither retired since, by whatever way, nor kept."""
        return self.filter(closed_at=None).exclude(initiative__stage=Stage.RETIRED)


class RetirementRequest(models.Model):
    """Somebody who is said to own it says that it is dead; the sponsor or a lead decides.

    `closed_at` is when one of those kept it, and `because` why; what is retired says so itself.
    """

    initiative = models.ForeignKey(Initiative, on_delete=models.PROTECT, related_name="+")
    asked_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    reason = models.TextField()
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    because = models.TextField(blank=True)

    objects: ClassVar[RetirementRequestQuerySet] = RetirementRequestQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(
                fields=["initiative"],
                condition=Q(closed_at=None),
                name="an_initiative_is_said_to_be_dead_once_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(closed_at=None, closed_by=None)
                | Q(closed_at__isnull=False, closed_by__isnull=False) & ~Q(because=""),
                name="what_is_kept_says_by_whom_and_why",
            ),
        )

    def __str__(self) -> str:
        return f"{self.initiative_id} said to be dead by {self.asked_by_id}"

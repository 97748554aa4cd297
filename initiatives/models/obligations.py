"""What somebody has to see to by a day: conditions of an approval, and what stopping leaves."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from django.db import models
from django.db.models import Q

from accounts.models import Person
from initiatives.models.registry import Initiative
from initiatives.stages import REVIEWED


class ObligationKind(models.TextChoices):
    CONDITION = "condition", "Condition of an approval"
    ACCESS = "access", "Access revoked"
    DELETION = "deletion", "Data deleted, or kept until"
    SPEND = "spend", "Spend stopped"


class ObligationQuerySet(models.QuerySet["Obligation"]):
    def open(self) -> ObligationQuerySet:
        """Not confirmed yet, and still wanted."""
        return self.filter(confirmed_at=None, released_at=None)

    def missed(self, today: date) -> ObligationQuerySet:
        """Those that were not confirmed by their day, as `is_missed` says."""
        late = Q(confirmed_at=None, released_at=None, due_date__lt=today)
        return self.filter(Q(missed_at__isnull=False) | late)


class Obligation(models.Model):
    """Something that one person sees to by a day, and then confirms (product.md §4).

    A condition belongs to the approval that it was agreed with, in a review of `gate`; once it is
    missed, that approval holds no more. What stopping leaves is confirmed and moves no stage.
    `released_at` is when it was wanted no longer: its approval was given anew without it.
    """

    initiative = models.ForeignKey(Initiative, on_delete=models.PROTECT, related_name="obligations")
    kind = models.CharField(max_length=10, choices=ObligationKind.choices)
    gate = models.CharField(max_length=20, choices=REVIEWED, blank=True)
    what = models.TextField()
    assignee = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    due_date = models.DateField()
    agreed_at = models.DateTimeField()
    agreed_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField(null=True, blank=True)
    confirmed_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    comment = models.TextField(blank=True)
    missed_at = models.DateTimeField(null=True, blank=True)
    released_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[ObligationQuerySet] = ObligationQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ("due_date", "pk")
        indexes = (
            models.Index(
                fields=["due_date"],
                condition=Q(confirmed_at=None, released_at=None),
                name="obligation_open",
            ),
            models.Index(fields=["assignee", "confirmed_at"], name="obligation_assignee"),
        )
        constraints = (
            models.CheckConstraint(condition=~Q(what=""), name="an_obligation_says_what"),
            models.CheckConstraint(
                condition=Q(confirmed_at=None, confirmed_by=None)
                | Q(confirmed_at__isnull=False, confirmed_by__isnull=False),
                name="somebody_confirmed_an_obligation",
            ),
            models.CheckConstraint(
                condition=Q(kind="condition") & ~Q(gate="") | ~Q(kind="condition") & Q(gate=""),
                name="a_condition_belongs_to_a_gate",
            ),
        )

    def __str__(self) -> str:
        return self.what[:80]

    @property
    def is_open(self) -> bool:
        return self.confirmed_at is None and self.released_at is None

    def is_missed(self, today: date) -> bool:
        """Its day is over and nobody had confirmed it by then; stored once somebody noticed."""
        return self.missed_at is not None or (self.is_open and self.due_date < today)

"""The eight answers that say how much each gate asks."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.models import Person
from initiatives.models.registry import Initiative
from initiatives.triage import LegalClass, Level


class Triage(models.Model):
    """Eight yes/no answers that say how much each gate asks (product.md §3, Proportion).

    `legal_class` is the proposed one until compliance has confirmed it; `confirmed_level` is the
    control level they confirmed or lowered it to, and then stands above the computed one.
    """

    initiative = models.OneToOneField(Initiative, on_delete=models.PROTECT, related_name="triage")
    decides_about_people = models.BooleanField(null=True)
    talks_to_public = models.BooleanField(null=True)
    personal_data = models.BooleanField(null=True)
    confidential_data_leaves = models.BooleanField(null=True)
    acts_without_approval = models.BooleanField(null=True)
    affects_employees = models.BooleanField(null=True)
    safety_or_regulated = models.BooleanField(null=True)
    bought = models.BooleanField(null=True)
    legal_class = models.CharField(
        max_length=10, choices=LegalClass.choices, default=LegalClass.MINIMAL
    )
    answered_at = models.DateTimeField()
    answered_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField(null=True)
    confirmed_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    confirmed_level = models.CharField(max_length=10, choices=Level.choices, blank=True)
    confirmed_because = models.TextField(blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(confirmed_level="") | Q(confirmed_at__isnull=False),
                name="a_confirmed_level_was_confirmed",
            ),
        )

    def __str__(self) -> str:
        return f"Triage of {self.initiative_id}"

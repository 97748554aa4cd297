"""The spells that initiatives spend in stages."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q

from initiatives.stages import Stage


class StageSpell(models.Model):
    """One stay in one stage. Declared ones, from an import, are left out of durations."""

    initiative = models.ForeignKey("Initiative", on_delete=models.PROTECT, related_name="spells")
    stage = models.CharField(max_length=20, choices=Stage.choices)
    entered_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True, blank=True)
    decision_date = models.DateField(null=True, blank=True)
    extensions = models.PositiveSmallIntegerField(default=0)
    is_declared = models.BooleanField(default=False)

    class Meta:
        ordering = ("entered_at", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=["initiative"],
                condition=Q(left_at=None),
                name="an_initiative_is_in_one_stage_at_a_time",
            ),
        )

    def __str__(self) -> str:
        return f"{self.initiative_id} in {self.stage} from {self.entered_at:%Y-%m-%d}"

    def days(self, until: datetime) -> int:
        """Whole days spent in the stage, up to `until` where it has not ended."""
        return ((self.left_at or until) - self.entered_at).days

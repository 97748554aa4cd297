"""Flags that somebody has set aside for some days, with a reason that everybody reads."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from django.db import models
from django.db.models import Q

from accounts.models import Person
from notifications.models.flags import Flag
from notifications.rules.finding import Severity


class SnoozeQuerySet(models.QuerySet["Snooze"]):
    def open(self) -> SnoozeQuerySet:
        """Neither taken back nor ended, of a flag that is open and not critical: asked of the flag
        as it is, so that nothing waits for a sweep."""
        living = self.filter(ended_at=None, flag__closed_at=None)
        return living.exclude(flag__severity=Severity.CRITICAL)

    def in_force(self, today: date) -> SnoozeQuerySet:
        """Those by which a flag is quiet on this day, the last one included."""
        return self.open().filter(until__gte=today)


class Snooze(models.Model):
    """Nobody is reminded of a flag until the end of the day `until`; it stays where it is shown.

    Its due date does not move. `ended_at` is when it was taken back, by `ended_by`, or when the
    sweep found that it was over.
    """

    flag = models.ForeignKey(Flag, on_delete=models.PROTECT, related_name="snoozes")
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    until = models.DateField()
    reason = models.TextField()
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects: ClassVar[SnoozeQuerySet] = SnoozeQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(
                fields=["flag"],
                condition=Q(ended_at=None),
                name="a_flag_is_snoozed_once_at_a_time",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="a_snooze_says_why"),
            models.CheckConstraint(
                condition=Q(ended_by=None) | Q(ended_at__isnull=False),
                name="a_snooze_that_was_taken_back_has_ended",
            ),
        )

    def __str__(self) -> str:
        return f"until {self.until} by {self.by_id}"

    @property
    def initiative_id(self) -> int:
        return self.flag.initiative_id

"""How far each part of the machinery has come."""

from __future__ import annotations

from django.db import models

from accounts.models import Person


class Cursor(models.Model):
    """Up to which event a reader of the log has heard; its lock lets one at a time read or
    compose."""

    name = models.CharField(max_length=40, unique=True)
    seq = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.name} at {self.seq}"


class Sweep(models.Model):
    """One run over the whole portfolio: for which moment, when it really ended, how long each rule
    took. Kept for seven days."""

    at = models.DateTimeField()
    finished_at = models.DateTimeField(db_index=True)
    by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    seconds = models.JSONField(default=dict)

    class Meta:
        ordering = ("-pk",)

    def __str__(self) -> str:
        return f"sweep at {self.at:%Y-%m-%d %H:%M}"


class Trouble(models.Model):
    """A part of the machinery that fails since some moment, and with what; gone once it works."""

    part = models.CharField(max_length=60, unique=True)
    since = models.DateTimeField()
    error = models.CharField(max_length=500)

    class Meta:
        ordering = ("since", "pk")

    def __str__(self) -> str:
        return f"{self.part} since {self.since:%Y-%m-%d %H:%M}: {self.error}"

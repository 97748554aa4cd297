"""Where a person hears of what is mailed to them besides."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from accounts.models import Person


class ChannelQuerySet(models.QuerySet["Channel"]):
    def on(self) -> ChannelQuerySet:
        """Those that are used now."""
        return self.filter(is_on=True, person__is_active=True)


class Channel(models.Model):
    """A webhook of Slack, Teams or the like. Its address is a secret: it is kept sealed and never
    shown again, but for the service and how it ends."""

    person = models.OneToOneField(Person, on_delete=models.PROTECT, related_name="+")
    sealed = models.TextField()
    service = models.CharField(max_length=80)
    ending = models.CharField(max_length=8)
    is_on = models.BooleanField(default=True)
    made_at = models.DateTimeField()

    objects: ClassVar[ChannelQuerySet] = ChannelQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.service}, …{self.ending}"

"""What was flagged, owed and sent, for administrators: to be read, never written."""

from __future__ import annotations

from django.contrib import admin

from audit.admin import ReadOnly
from notifications.models import Message, Sweep


@admin.register(Message)
class MessageAdmin(ReadOnly):
    """Mails, and why one failed; not what they say, which may be about a restricted initiative."""

    fields = (
        "channel",
        "recipient",
        "is_urgent",
        "state",
        "attempts",
        "created_at",
        "next_attempt_at",
        "sent_at",
        "last_error",
    )

    list_display = ("pk", "recipient", "state", "attempts", "sent_at", "last_error")
    list_filter = ("state", "channel", "is_urgent")
    list_select_related = ("recipient",)
    ordering = ("-pk",)


@admin.register(Sweep)
class SweepAdmin(ReadOnly):
    """Runs of the sweep, and how long each rule took."""

    list_display = ("at", "finished_at", "by", "seconds")
    list_select_related = ("by",)

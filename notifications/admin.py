"""What was flagged, owed and sent, for administrators: to be read, never written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from notifications.models import Message, Sweep

if TYPE_CHECKING:
    ReadOnlyBase = admin.ModelAdmin[Any]
else:
    ReadOnlyBase = admin.ModelAdmin


class ReadOnly(ReadOnlyBase):
    """Rows that only the sweep and the delivery write."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


@admin.register(Message)
class MessageAdmin(ReadOnly):
    """Mails, and why one failed."""

    list_display = ("pk", "recipient", "subject", "state", "attempts", "sent_at", "last_error")
    list_filter = ("state", "is_urgent")
    list_select_related = ("recipient",)
    ordering = ("-pk",)


@admin.register(Sweep)
class SweepAdmin(ReadOnly):
    """Runs of the sweep, and how long each rule took."""

    list_display = ("at", "finished_at", "by", "seconds")
    list_select_related = ("by",)

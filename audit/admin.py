from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from audit.models import Event

if TYPE_CHECKING:
    EventAdminBase = admin.ModelAdmin[Event]
else:
    EventAdminBase = admin.ModelAdmin


@admin.register(Event)
class EventAdmin(EventAdminBase):
    """The log as it is stored: to be read, never written."""

    list_display = ("seq", "at", "kind", "subject", "actor_id", "initiative_id")
    ordering = ("-seq",)
    search_fields = ("=kind", "=subject")
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

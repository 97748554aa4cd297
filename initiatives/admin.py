"""Units for administrators: here, because what an initiative is found by names its unit."""

from __future__ import annotations

from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone

from accounts.admin import WrittenByActions
from accounts.authentication import person_of
from accounts.models import Unit
from initiatives import actions


@admin.register(Unit)
class UnitAdmin(WrittenByActions):
    """Business units and their heads."""

    list_display = ("name", "parent", "head")
    list_select_related = ("parent", "head")
    search_fields = ("name",)

    def save_model(
        self, request: HttpRequest, obj: Unit, form: ModelForm[Unit], change: bool
    ) -> None:
        made = actions.save_unit(
            unit=obj if change else None,
            name=obj.name,
            parent=obj.parent,
            head=obj.head,
            by=person_of(request),
            at=timezone.now(),
        )
        obj.pk = made.pk

"""Setting a flag aside for some days, and taking that back."""

from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from initiatives.models import Initiative
from initiatives.views.base import OfInitiative, OnInitiative, visible_initiative
from notifications import actions
from notifications.forms.snoozing import SnoozeForm
from notifications.models import Flag, Snooze


class SnoozeFlag(OfInitiative):
    form_class = SnoozeForm
    flag: Flag

    def find(self, request: HttpRequest, **kwargs: Any) -> Initiative:
        self.flag = get_object_or_404(Flag, pk=kwargs["pk"])
        return visible_initiative(request, self.flag.initiative_id)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(quoted=self.flag.says, **kwargs)

    def act(self, form: forms.Form, at: datetime) -> None:
        actions.snooze(flag=self.flag, by=self.person, at=at, **form.cleaned_data)
        self.done = "Snoozed. Everybody sees until when, and why."


class WakeFlag(OnInitiative):
    """Take a snooze back, from wherever it is shown."""

    done = "Taken back: from the next sweep on people are reminded."
    snooze: Snooze

    def find(self, request: HttpRequest, **kwargs: Any) -> Initiative:
        snoozes = Snooze.objects.select_related("flag")
        self.snooze = get_object_or_404(snoozes, pk=kwargs["pk"])
        return visible_initiative(request, self.snooze.initiative_id)

    def act(self, at: datetime) -> None:
        actions.wake(snooze=self.snooze, by=self.person, at=at)

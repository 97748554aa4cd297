"""Setting a flag aside for some days, and taking that back."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.utils import timezone

from audit.refusals import Refused
from initiatives.models import Initiative
from initiatives.views.base import OfInitiative, SignedIn, visible_initiative
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


class WakeFlag(SignedIn):
    """Take a snooze back, from wherever it is shown."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        snooze = get_object_or_404(Snooze.objects.select_related("flag"), pk=pk)
        initiative = visible_initiative(request, snooze.initiative_id)
        try:
            actions.wake(snooze=snooze, by=self.person, at=timezone.now())
        except Refused as refusal:
            messages.error(request, refusal.message)
        else:
            messages.success(request, "Taken back: from the next sweep on people are reminded.")
        return HttpResponseRedirect(initiative.get_absolute_url())

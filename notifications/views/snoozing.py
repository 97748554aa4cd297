"""Setting a flag aside for some days, and taking that back."""

from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from initiatives.models import Initiative
from initiatives.views.base import AboutInitiative, OfInitiative, OnInitiative, visible_initiative
from notifications import actions
from notifications.forms.snoozing import SnoozeForm
from notifications.models import Flag, Snooze


class FromWhere(AboutInitiative):
    """Goes back to the page where somebody was, or else to the initiative."""

    @property
    def came_from(self) -> str:
        """The path that was given along; only one of ours."""
        path = self.request.POST.get("next") or self.request.GET.get("next", "")
        is_ours = path.startswith("/") and url_has_allowed_host_and_scheme(path, allowed_hosts=None)
        return path if is_ours else ""

    def get_success_url(self) -> str:
        return self.came_from or super().get_success_url()


class SnoozeFlag(FromWhere, OfInitiative):
    form_class = SnoozeForm
    flag: Flag

    def find(self, request: HttpRequest, **kwargs: Any) -> Initiative:
        self.flag = get_object_or_404(Flag, pk=kwargs["pk"])
        return visible_initiative(request, self.flag.initiative_id)

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"today": timezone.localdate()}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(quoted=self.flag.says, came_from=self.came_from, **kwargs)

    def act(self, form: forms.Form, at: datetime) -> None:
        actions.snooze(flag=self.flag, by=self.person, at=at, **form.cleaned_data)
        self.done = "Snoozed. Everybody sees until when, and why."


class WakeFlag(FromWhere, OnInitiative):
    """Take a snooze back, from wherever it is shown."""

    done = "Taken back: from the next sweep on people are reminded."
    snooze: Snooze

    def find(self, request: HttpRequest, **kwargs: Any) -> Initiative:
        snoozes = Snooze.objects.select_related("flag")
        self.snooze = get_object_or_404(snoozes, pk=kwargs["pk"])
        return visible_initiative(request, self.snooze.initiative_id)

    def act(self, at: datetime) -> None:
        actions.wake(snooze=self.snooze, by=self.person, at=at)

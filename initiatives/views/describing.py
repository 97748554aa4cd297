"""Doors to registering an initiative, to its description, and to who may see it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from initiatives import actions, permissions, search
from initiatives.forms.describing import PARTS, RegisterForm
from initiatives.models import Initiative
from initiatives.stages import Stage
from initiatives.views.base import ActionView, OfInitiative, OnInitiative, SignedIn

DESCRIBES = ("problem", "outcome", "name")  # which fields say what it is about
MOST_SIMILAR = 3


class Register(ActionView):
    form_class = RegisterForm

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not permissions.may_register(self.person):
            raise PermissionDenied("Auditors read and verify; ask a colleague to register it.")
        response: HttpResponse = super().get(request, *args, **kwargs)
        return response

    def act(self, form: forms.Form, at: datetime) -> None:
        self.initiative = actions.register(**form.cleaned_data, by=self.person, at=at)

    def get_success_url(self) -> str:
        messages.success(
            self.request,
            f"{self.initiative.reference} is registered. Next: answer the eight questions.",
        )
        return self.initiative.get_absolute_url()


class Similar(SignedIn):
    """What has been tried already, and what there is, for whoever describes a problem: a piece
    of the form, asked for as they type. Posted, since a problem belongs in no address."""

    def post(self, request: HttpRequest) -> HttpResponse:
        if not permissions.may_register(self.person):
            raise PermissionDenied("Auditors read and verify; ask a colleague to register it.")
        described = " ".join(request.POST.get(name, "") for name in DESCRIBES)
        visible = Initiative.objects.visible_to(self.person)
        ended = visible.filter(stage=Stage.RETIRED).exclude(lesson="")
        there = visible.exclude(stage=Stage.RETIRED)
        found = {
            "ended": search.similar(ended, described, MOST_SIMILAR),
            "there": search.similar(there, described, MOST_SIMILAR),
        }
        return render(request, "initiatives/_similar.html", found)


class Edit(OfInitiative):
    """One part of the description: the one-field forms that unmet criteria link to."""

    done = "Saved."

    def get_form_class(self) -> type[forms.Form]:
        try:
            return PARTS[self.kwargs["part"]]
        except KeyError as error:
            raise Http404 from error

    def get_initial(self) -> dict[str, Any]:
        names = self.get_form_class().base_fields
        return {name: getattr(self.initiative, name) for name in names}

    def act(self, form: forms.Form, at: datetime) -> None:
        actions.edit(initiative=self.initiative, by=self.person, at=at, **form.cleaned_data)


class Restrict(OnInitiative):
    """Hide an initiative, or show it again; the button says which."""

    def act(self, at: datetime) -> None:
        hide = self.request.POST.get("restricted") == "yes"
        actions.restrict(initiative=self.initiative, is_restricted=hide, by=self.person, at=at)
        self.done = "It is restricted now." if hide else "Everybody sees it now."

"""What every door here does: parse, call one action, go back to the initiative."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.generic import FormView, View

from accounts.authentication import person_of
from accounts.models import Person
from audit.refusals import Refused
from initiatives.models import Initiative


def visible_initiative(request: HttpRequest, pk: int) -> Initiative:
    """The initiative, or 404 for what this person may not know of."""
    visible = Initiative.objects.visible_to(person_of(request))
    return get_object_or_404(visible.select_related("unit"), pk=pk)


def is_id(text: str) -> bool:
    """Whether what was sent can be the id of a row."""
    return text.isascii() and text.isdecimal() and len(text) < 19


def ids(texts: Iterable[str]) -> list[int]:
    """Those of what was sent that can be ids."""
    return [int(text) for text in texts if is_id(text)]


class SignedIn(View):
    """For whoever has signed in, as all is that does not say otherwise."""

    @property
    def person(self) -> Person:
        return person_of(self.request)


if TYPE_CHECKING:
    BaseFormView = FormView[forms.Form]
else:  # not subscriptable when it runs
    BaseFormView = FormView


class ActionView(SignedIn, BaseFormView):
    """A form in front of one action: what it refuses stands at the field, what was typed stays."""

    template_name = "initiatives/form.html"
    done = ""

    @abstractmethod
    def act(self, form: forms.Form, at: datetime) -> None:
        """Call the action; leave with `Refused` where a rule says no."""

    def form_valid(self, form: forms.Form) -> HttpResponse:
        try:
            self.act(form, timezone.now())
        except Refused as refusal:
            return self.refused(form, refusal)
        if self.done:
            messages.success(self.request, self.done)
        return HttpResponseRedirect(self.get_success_url())

    def refused(self, form: forms.Form, refusal: Refused) -> HttpResponse:
        field = refusal.field if refusal.field in form.fields else None
        form.add_error(field, refusal.message)
        return self.form_invalid(form)

    def form_invalid(self, form: forms.Form) -> HttpResponse:
        response: HttpResponse = super().form_invalid(form)
        response.status_code = 422
        return response


class Button(SignedIn):
    """A button in front of one action: what came of it is said where it leads."""

    http_method_names = ("post",)
    done = ""

    @abstractmethod
    def act(self, at: datetime) -> None:
        """Call the action; leave with `Refused` where a rule says no."""

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        try:
            self.act(timezone.now())
        except Refused as refusal:
            return self.refused(refusal)
        if self.done:
            messages.success(request, self.done)
        return HttpResponseRedirect(self.get_success_url())

    def refused(self, refusal: Refused) -> HttpResponse:
        messages.error(self.request, refusal.message)
        return HttpResponseRedirect(self.get_refused_url())

    @abstractmethod
    def get_success_url(self) -> str:
        """Where it leads."""

    def get_refused_url(self) -> str:
        """Where it leads when a rule said no."""
        return self.get_success_url()


class AboutInitiative(SignedIn):
    """What is about one initiative, and goes back to its page."""

    initiative: Initiative

    def find(self, request: HttpRequest, **kwargs: Any) -> Initiative:
        return visible_initiative(request, kwargs["pk"])

    def get_success_url(self) -> str:
        return self.initiative.get_absolute_url()


class OfInitiative(AboutInitiative, ActionView):
    """A form about one initiative."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.initiative = self.find(request, **kwargs)
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(initiative=self.initiative, **kwargs)


class OnInitiative(AboutInitiative, Button):
    """A button about one initiative."""

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        self.initiative = self.find(request, **kwargs)
        return super().post(request, **kwargs)

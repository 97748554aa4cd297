"""What one settles for oneself: a deputy, and the calendars that show one's deadlines."""

from datetime import datetime
from typing import Any
from urllib.parse import urljoin

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.generic import View

from accounts import actions
from audit.refusals import Refused
from initiatives.views.base import ActionView
from notifications import actions as notifications
from notifications import queries
from notifications.models import Calendar
from portfolio.forms import DeputyForm
from portfolio.views.work import Part


class MySettings(Part):
    """Who signs when I am away, and where my deadlines are shown besides."""

    template_name = "portfolio/my_settings.html"
    view = "portfolio:my_settings"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        has_deputy = self.person.has_deputy_on(timezone.localdate())
        return super().get_context_data(
            deputy=self.person.deputy if has_deputy else None,
            calendars=queries.calendars_of(self.person),
            **kwargs,
        )


class MakeCalendar(MySettings):
    """Make an address, in place of the one before, and show it once: it is kept nowhere."""

    http_method_names = ("post",)

    def post(self, request: HttpRequest, kind: str) -> HttpResponse:
        _require_kind(kind)
        token = notifications.make_calendar(kind=kind, by=self.person, at=timezone.now())
        made = urljoin(settings.BASE_URL, reverse("calendar:feed", args=[token]))
        return self.render_to_response(self.get_context_data(made=made, made_kind=kind))


class RevokeCalendar(View):
    """Let nobody read a calendar any more."""

    def post(self, request: HttpRequest, kind: str) -> HttpResponse:
        _require_kind(kind)
        person: Any = request.user
        try:
            notifications.revoke_calendar(kind=kind, by=person, at=timezone.now())
        except Refused as refusal:
            messages.error(request, refusal.message)
        else:
            messages.success(request, "Revoked: its address shows nothing any more.")
        return HttpResponseRedirect(reverse("portfolio:my_settings"))


def _require_kind(kind: str) -> None:
    if kind not in Calendar.Kind.values:
        raise Http404


class Deputy(ActionView):
    """Name who signs in one's place, or nobody."""

    form_class = DeputyForm
    done = "Saved."

    def get_initial(self) -> dict[str, Any]:
        return {"deputy": self.person.deputy_id, "until": self.person.deputy_until}

    def act(self, form: forms.Form, at: datetime) -> None:
        actions.name_deputy(person=self.person, by=self.person, at=at, **form.cleaned_data)

    def get_success_url(self) -> str:
        return reverse("portfolio:my_settings")

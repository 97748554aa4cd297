"""What one settles for oneself: a deputy, calendars that show one's deadlines, and a chat."""

from datetime import datetime
from typing import Any
from urllib.parse import urljoin

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from accounts import actions
from initiatives.views.base import ActionView, Button
from notifications import actions as notifications
from notifications import chat, queries
from notifications.forms.channels import ChannelForm
from notifications.models import Calendar, Channel
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
            channel=Channel.objects.filter(person=self.person).first(),
            has_chat=chat.is_installed(),
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


class Setting(Button):
    """A button among the settings, which goes back to them."""

    def get_success_url(self) -> str:
        return reverse("portfolio:my_settings")


class RevokeCalendar(Setting):
    """Let nobody read a calendar any more."""

    done = "Revoked: its address shows nothing any more."

    def act(self, at: datetime) -> None:
        kind = self.kwargs["kind"]
        _require_kind(kind)
        notifications.revoke_calendar(kind=kind, by=self.person, at=at)


class SwitchChannel(Setting):
    """Hear in chat no more, or again."""

    done = "Saved."

    def act(self, at: datetime) -> None:
        notifications.switch_channel(is_on=self.kwargs["is_on"], by=self.person, at=at)


class RemoveChannel(Setting):
    """Forget the address of one's chat."""

    done = "Removed: its address is forgotten."

    def act(self, at: datetime) -> None:
        notifications.remove_channel(by=self.person, at=at)


class EnterChannel(ActionView):
    """Hear in chat as well of what is sent by mail."""

    form_class = ChannelForm
    done = "What is sent to you at once comes there as well from now on."

    def act(self, form: forms.Form, at: datetime) -> None:
        notifications.enter_channel(by=self.person, at=at, **form.cleaned_data)

    def get_success_url(self) -> str:
        return reverse("portfolio:my_settings")


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

"""What comes by mail and in chat, and how often: chosen on pages, or stopped by a mail's link."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import View

from initiatives.views.base import ActionView, Button
from notifications import actions, queries, unsubscribing
from notifications.forms.mails import ChatForm, MailsForm, PacesForm
from notifications.models import Channel


class Paces(ActionView):
    """A pace for each topic that comes by one way."""

    form_class: type[PacesForm]
    done = "Saved. It holds from the next mail on."
    url: ClassVar[str]

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"person": self.person}

    def get_initial(self) -> dict[str, Any]:
        return dict(queries.paces_of(self.person, self.form_class.channel))

    def act(self, form: forms.Form, at: datetime) -> None:
        actions.choose_paces(
            person=self.person,
            paces=form.cleaned_data,
            by=self.person,
            at=at,
            channel=self.form_class.channel,
        )

    def get_success_url(self) -> str:
        return reverse(self.url)


class MailSettings(Paces):
    """How often mails come, and what was not sent because of that."""

    form_class = MailsForm
    template_name = "notifications/mail_settings.html"
    url = "mails:settings"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            not_sent=queries.not_sent_to(self.person),
            mail_hour=time(settings.DAILY_MAIL_HOUR),
            **kwargs,
        )


class ChatSettings(Paces):
    """What of the mails comes in chat as well."""

    form_class = ChatForm
    template_name = "notifications/chat_settings.html"
    url = "mails:chat"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        known = Channel.objects.filter(person=self.person).first()
        return super().get_context_data(channel=known, **kwargs)


class Reset(Button):
    """Go back to what holds without a choice."""

    of: type[Paces] = MailSettings
    done = "All is as it was before you chose."

    def act(self, at: datetime) -> None:
        channel = self.of.form_class.channel
        paces = queries.default_paces(self.person, channel)
        actions.choose_paces(
            person=self.person, paces=paces, by=self.person, at=at, channel=channel
        )

    def get_success_url(self) -> str:
        return reverse(self.of.url)


# Without signing in, and without the token against forgery: a mail program posts on behalf of its
# reader and has neither (RFC 8058). The signed address is the permission; nobody else's site knows
# it, and it stops nothing but mails.
@method_decorator([login_not_required, csrf_exempt, never_cache], name="dispatch")
class Unsubscribe(View):
    """Asks whether mails about some topics shall stop; nothing changes until it is confirmed."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        return self._page(request, unsubscribing.read(token))

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        asked = unsubscribing.read(token)
        if asked is not None:
            actions.stop_mails(person=asked.person, topics=asked.topics, at=timezone.now())
        return self._page(request, asked, is_done=True)

    def _page(
        self, request: HttpRequest, asked: unsubscribing.Asked | None, *, is_done: bool = False
    ) -> HttpResponse:
        return render(
            request,
            "notifications/unsubscribe.html",
            {"topics": asked.told if asked else [], "is_done": is_done},
            status=200 if asked else 404,
        )

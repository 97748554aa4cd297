"""How often mails come: chosen on a page, or stopped by the link in one of them."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

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

from accounts import permissions as people
from initiatives.views.base import ActionView
from notifications import actions, queries, unsubscribing
from notifications.forms.mails import MailsForm
from notifications.preferences import TOPICS, default_of


class MailSettings(ActionView):
    """A pace for each topic, and what was not sent because of one."""

    form_class = MailsForm
    template_name = "notifications/mail_settings.html"
    done = "Saved. It holds from the next mail on."

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"person": self.person}

    def get_initial(self) -> dict[str, Any]:
        return dict(queries.paces_of(self.person))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            not_sent=queries.not_sent_to(self.person),
            mail_hour=time(settings.DAILY_MAIL_HOUR),
            **kwargs,
        )

    def act(self, form: forms.Form, at: datetime) -> None:
        actions.choose_mails(person=self.person, paces=form.cleaned_data, by=self.person, at=at)

    def get_success_url(self) -> str:
        return reverse("mails:settings")


class ResetMails(MailSettings):
    """Go back to what holds without a choice."""

    http_method_names = ("post",)
    form_class = forms.Form  # type: ignore[assignment]
    done = "All is as it was before you chose."

    def get_form_kwargs(self) -> dict[str, Any]:
        return {"data": self.request.POST}

    def act(self, form: forms.Form, at: datetime) -> None:
        is_lead = people.is_lead(self.person)
        paces = {key: str(default_of(key, is_lead=is_lead)) for key in TOPICS}
        actions.choose_mails(person=self.person, paces=paces, by=self.person, at=at)


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

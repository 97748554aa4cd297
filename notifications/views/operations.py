"""How the machinery runs."""

from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.generic import TemplateView

from audit.refusals import Refused
from initiatives.views.base import Button, SignedIn
from notifications import actions, operations, permissions
from notifications.models import Message

LINES = 50


class Operations(SignedIn, TemplateView):
    """Whether the clock runs and mails go out, for administrators and portfolio leads."""

    template_name = "notifications/operations.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not permissions.may_operate(self.person):
            raise PermissionDenied
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        sweeps = operations.sweeps()
        failed = Paginator(operations.failed(), LINES).get_page(self.request.GET.get("page"))
        return super().get_context_data(
            queue=operations.queue(),
            sweeps=[(sweep, sum(sweep.seconds.values())) for sweep in sweeps],
            parts=operations.slowest_first(sweeps[0]) if sweeps else [],
            stands_still=operations.stands_still_since(),
            troubles=[(operations.in_words(t.part), t) for t in operations.troubles()],
            failed=list(failed),
            page=failed,
            **kwargs,
        )


class Retry(Button):
    """Send a mail again that was given up."""

    done = "Queued. It goes out within a minute, if it is still due."

    def act(self, at: datetime) -> None:
        message = get_object_or_404(Message, pk=self.kwargs["pk"])
        actions.retry(message=message, by=self.person, at=at)

    def refused(self, refusal: Refused) -> HttpResponse:
        if refusal.rule == "may_not_operate":
            raise PermissionDenied(refusal.message) from refusal
        return super().refused(refusal)

    def get_success_url(self) -> str:
        return reverse("notifications:operations")

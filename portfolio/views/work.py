"""My work: what waits for me, what I own, when it is due, and what I was told."""

from datetime import datetime
from typing import Any

from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.generic import TemplateView

from initiatives.views.base import Button, SignedIn
from notifications import actions as notifications
from notifications import queries
from notifications.models import Reminder
from portfolio.queries import work

LINES = 25
# The parts of My work: so that a phone is not one endless page, each is a page of its own.
PARTS = (
    ("portfolio:my_work", "To do"),
    ("portfolio:owned", "What I own"),
    ("portfolio:deadlines", "Deadlines"),
    ("portfolio:reminders", "Reminders"),
    ("portfolio:my_settings", "Settings"),
)


class Part(SignedIn, TemplateView):
    """One part of My work, under the tabs that lead to the others."""

    view = ""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        parts = [(reverse(view), title, view == self.view) for view, title in PARTS]
        return super().get_context_data(parts=parts, today=timezone.localdate(), **kwargs)


class MyWork(Part):
    """What waits for me: signatures, decisions, questions, obligations, ownerships."""

    template_name = "portfolio/my_work.html"
    view = "portfolio:my_work"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        loaded = work.load(self.person, timezone.localdate())
        return super().get_context_data(work=loaded, **kwargs)


class Owned(Part):
    """Where I hold a role."""

    template_name = "portfolio/owned.html"
    view = "portfolio:owned"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        page = Paginator(work.owned_by(self.person), LINES).get_page(self.request.GET.get("page"))
        return super().get_context_data(page=page, **kwargs)


class Deadlines(Part):
    """One list in the order of days, over everything that I see to."""

    template_name = "portfolio/deadlines.html"
    view = "portfolio:deadlines"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found = queries.deadlines(self.person, timezone.localdate())
        page = Paginator(found, LINES * 2).get_page(self.request.GET.get("page"))
        return super().get_context_data(page=page, **kwargs)


class Reminders(Part):
    """What I was told, what I have not seen of it, and what comes next."""

    template_name = "portfolio/reminders.html"
    view = "portfolio:reminders"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        sent = Paginator(queries.sent_to(self.person), LINES)
        return super().get_context_data(
            told=work.told(self.person, timezone.localdate()),
            page=sent.get_page(self.request.GET.get("page")),
            **kwargs,
        )


class Read(Button):
    """Say that I have seen one reminder, or, without one, all."""

    def act(self, at: datetime) -> None:
        if "pk" not in self.kwargs:
            notifications.read_all(by=self.person, at=at)
            return
        reminder = get_object_or_404(Reminder, pk=self.kwargs["pk"], recipient=self.person)
        notifications.read(reminder=reminder, by=self.person, at=at)

    def get_success_url(self) -> str:
        return reverse("portfolio:reminders")

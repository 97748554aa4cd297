"""The dashboard, and what its rows open."""

from typing import Any

from django.conf import settings
from django.http import Http404
from django.utils import timezone
from django.views.generic import TemplateView

from initiatives.permissions import may_declare
from initiatives.views.base import SignedIn
from portfolio.queries import brief, dashboard, debt


class Dashboard(SignedIn, TemplateView):
    """Which decisions are due, what is spent past its date, which systems nobody owns."""

    template_name = "portfolio/dashboard.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        loaded = dashboard.load(self.person, timezone.localdate())
        return super().get_context_data(
            dashboard=loaded,
            currency=settings.CURRENCY,
            may_import=may_declare(self.person),
            **kwargs,
        )


class Debt(SignedIn, TemplateView):
    """How many criteria the dashboard's catch-up line adds up to; a piece of it, asked for once the
    page is there."""

    template_name = "portfolio/_debt.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found = debt.load(self.person, timezone.localdate())
        return super().get_context_data(debt=found, **kwargs)


class Brief(SignedIn, TemplateView):
    """What a row of the dashboard opens: a piece of it, or a page where there is no JavaScript."""

    def get_template_names(self) -> list[str]:
        htmx: Any = self.request.htmx  # type: ignore[attr-defined]
        return ["portfolio/_brief.html" if htmx else "portfolio/brief.html"]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found = brief.load(self.person, self.kwargs["pk"], timezone.localdate())
        if found is None:
            raise Http404
        return super().get_context_data(brief=found, initiative=found.facts.initiative, **kwargs)

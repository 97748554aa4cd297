"""Attention: initiatives with their flags, the worst first."""

from typing import Any

from django.core.paginator import Paginator
from django.views.generic import TemplateView

from accounts.models import Person
from notifications import queries
from notifications.rules import RULES

LINES = 50


class Attention(TemplateView):
    """Counts initiatives, not flags: twelve missing items are one line."""

    template_name = "notifications/attention.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        assert isinstance(self.request.user, Person)
        rule = self.request.GET.get("rule", "")
        rule = rule if rule in RULES else ""
        lines = queries.attention(self.request.user, rule)
        page = Paginator(lines, LINES).get_page(self.request.GET.get("page"))
        counts = queries.counts(self.request.user)
        return super().get_context_data(
            lines=list(page),
            page=page,
            rule=rule,
            rules=[(key, found.title, counts.get(key, 0)) for key, found in RULES.items()],
            query=f"rule={rule}" if rule else "",
            **kwargs,
        )

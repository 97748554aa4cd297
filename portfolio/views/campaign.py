"""How the campaign stands, for those who run it."""

from typing import Any

from django.utils import timezone
from django.views.generic import TemplateView

from notifications.views.campaign import ForLeads
from portfolio.queries import campaign


class Counts(ForLeads, TemplateView):
    """Asked, accepted, declined, silent, handed on, said to be dead, retired: in all and by unit,
    each figure with its list."""

    template_name = "portfolio/campaign.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found = campaign.load(self.person, timezone.localdate())
        return super().get_context_data(campaign=found, **kwargs)

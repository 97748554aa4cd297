"""How the campaign stands, for those who run it."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.generic import TemplateView

from accounts.models import Person
from notifications.permissions import may_start_campaign
from portfolio.queries import campaign


class Counts(TemplateView):
    """Asked, accepted, declined, silent, handed on, said to be dead, retired: in all and by unit,
    each figure with its list."""

    template_name = "portfolio/campaign.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        assert isinstance(request.user, Person)
        if not may_start_campaign(request.user):
            raise PermissionDenied
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        assert isinstance(self.request.user, Person)
        found = campaign.load(self.request.user, timezone.localdate())
        return super().get_context_data(campaign=found, **kwargs)

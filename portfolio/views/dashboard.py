"""The dashboard."""

from typing import Any

from django.conf import settings
from django.utils import timezone
from django.views.generic import TemplateView

from accounts.models import Person
from initiatives.permissions import may_declare
from portfolio.queries import dashboard


class Dashboard(TemplateView):
    """Which decisions are due, what is spent past its date, which systems nobody owns."""

    template_name = "portfolio/dashboard.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        assert isinstance(self.request.user, Person)
        loaded = dashboard.load(self.request.user, timezone.localdate())
        return super().get_context_data(
            dashboard=loaded,
            currency=settings.CURRENCY,
            may_import=may_declare(self.request.user),
            **kwargs,
        )

"""My work."""

from typing import Any

from django.utils import timezone
from django.views.generic import TemplateView

from accounts.models import Person
from portfolio.queries import work


class MyWork(TemplateView):
    """Signatures asked of me, questions to me, what I own, what was sent to me."""

    template_name = "portfolio/my_work.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        assert isinstance(self.request.user, Person)
        loaded = work.load(self.request.user, timezone.localdate())
        return super().get_context_data(work=loaded, **kwargs)

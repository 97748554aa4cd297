"""What was learned."""

from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.views.generic import TemplateView

from initiatives.views.base import SignedIn
from portfolio.queries import lessons

LINES = 25


class Lessons(SignedIn, TemplateView):
    """Everything that ended, with its outcome and what the next team should know; searchable."""

    template_name = "portfolio/lessons.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        question = self.request.GET.get("q", "")[:200]
        rows = lessons.with_what_it_took(lessons.ended(self.person, question))
        page = Paginator(rows, LINES).get_page(self.request.GET.get("page"))
        return super().get_context_data(
            lines=lessons.lines(list(page)),
            page=page,
            question=question,
            query=urlencode({"q": question}) if question else "",
            **kwargs,
        )

"""The list of initiatives, and the page of one."""

import re
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.generic import TemplateView, View

from initiatives import actions
from initiatives.permissions import may_declare
from initiatives.views.base import SignedIn, is_id, visible_initiative
from portfolio import filters
from portfolio.queries import export, history, listing, page, tabs

_SEQ = re.compile(r"[0-9]{1,18}")
PAGE_SIZES = (50, 100)
FACETS = ("stage", "unit", "show", "flag", "owner")
ON_DEMAND = (
    "health",
    "catch_up",
    "week",
    "blocked_by",
)  # facets that show once a link has chosen them


class InitiativeList(SignedIn, TemplateView):
    """Search, facets, sorting and pages; htmx replaces the results alone."""

    def get_template_names(self) -> list[str]:
        htmx: Any = self.request.htmx  # type: ignore[attr-defined]
        partial = htmx and not htmx.history_restore_request
        return ["initiatives/_results.html" if partial else "initiatives/initiative_list.html"]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        narrowed = filters.narrowed(self.person, self.request.GET)
        shown = narrowed.qs.select_related("unit").only(*listing.COLUMNS)
        found = Paginator(shown, self._size()).get_page(self.request.GET.get("page"))
        query = self.request.GET.copy()
        query.pop("page", None)
        sort = query.pop("sort", ["number"])[0]
        return super().get_context_data(
            filter=narrowed,
            page=found,
            rows=listing.rows(list(found), timezone.localdate()),
            query=self._without("page"),
            export_query=self._without("page", "size"),
            columns=listing.columns(query.urlencode(), sort),
            facets=[narrowed.form[name] for name in self._facets()],
            sort=sort if sort in filters.SORTS else "number",
            may_import=may_declare(self.person),
            is_narrowed=any(value for key, value in query.items() if key != "size"),
            **kwargs,
        )

    def _facets(self) -> list[str]:
        return [*FACETS, *(name for name in ON_DEMAND if self.request.GET.get(name))]

    def _without(self, *dropped: str) -> str:
        """The query of this page but for these."""
        query = self.request.GET.copy()
        for name in dropped:
            query.pop(name, None)
        return query.urlencode()

    def _size(self) -> int:
        asked = self.request.GET.get("size", "")
        return int(asked) if asked.isdecimal() and int(asked) in PAGE_SIZES else PAGE_SIZES[0]


class ExportInitiatives(SignedIn):
    """The list as a file for a spreadsheet: all that it shows, over all its pages."""

    http_method_names = ("get",)  # whoever asks for the head alone takes nothing with them

    def get(self, request: HttpRequest) -> StreamingHttpResponse:
        narrowed = filters.narrowed(self.person, request.GET)
        shown = narrowed.qs
        by = {key: said for key, said in request.GET.items() if said and key in narrowed.filters}
        actions.record_export(
            count=shown.count(), narrowed_by=urlencode(by), by=self.person, at=timezone.now()
        )
        today = timezone.localdate()
        lines = export.lines(shown, today)
        response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="initiatives-{today}.csv"'
        return response


class InitiativeDetail(SignedIn, TemplateView):
    """One initiative: where it stands, what it promised, what is missing, who answers for it."""

    template_name = "initiatives/initiative_detail.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found = page.load(self.person, self.kwargs["pk"], timezone.localdate())
        if found is None:
            raise Http404
        initiative = found.facts.initiative
        return super().get_context_data(
            page=found, initiative=initiative, tabs=tabs.TITLES, **kwargs
        )


class Tab(SignedIn):
    """One tab of an initiative's page: alone for htmx, else as a page of its own."""

    def get(self, request: HttpRequest, pk: int, tab: str) -> HttpResponse:
        if tab not in dict(tabs.TITLES):
            raise Http404
        found = tabs.load(self.person, pk, tab)
        if found is None:
            raise Http404
        htmx: Any = request.htmx  # type: ignore[attr-defined]
        template = "initiatives/_tab.html" if htmx else "initiatives/tab.html"
        titles = {"tabs": tabs.TITLES, "title": dict(tabs.TITLES)[tab]}
        return render(request, template, found | titles)


class KillHistory(View):
    """What became of its kill conditions: a piece of its page, or a page of its own."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        initiative = visible_initiative(request, pk)
        htmx: Any = request.htmx  # type: ignore[attr-defined]
        piece = "initiatives/_kill_history.html"
        template = piece if htmx else "initiatives/kill_history.html"
        context = {"initiative": initiative, "lines": history.of_kill_conditions(pk)}
        return render(request, template, context)


class History(View):
    """Earlier lines of the history, asked for from its end."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        initiative = visible_initiative(request, pk)
        before = request.GET.get("before", "")
        lines = history.of_initiative(pk, int(before) if is_id(before) else None)
        context = {"initiative": initiative, "lines": lines, "size": history.PAGE}
        return render(request, "initiatives/_history.html", context)

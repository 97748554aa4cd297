"""The list of initiatives, and the page of one."""

import re
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.generic import TemplateView, View

from accounts.models import Person
from initiatives.models import Initiative
from initiatives.permissions import may_declare
from initiatives.views.base import visible_initiative
from portfolio.filters import SORTS, InitiativeFilter
from portfolio.queries import history, listing, page, tabs

_SEQ = re.compile(r"[0-9]{1,18}")
PAGE_SIZES = (50, 100)
FACETS = ("stage", "unit", "show", "flag", "owner")
ON_DEMAND = ("health", "catch_up", "week")  # facets that show once a link has chosen them


class InitiativeList(TemplateView):
    """Search, facets, sorting and pages; htmx replaces the results alone."""

    def get_template_names(self) -> list[str]:
        htmx: Any = self.request.htmx  # type: ignore[attr-defined]
        partial = htmx and not htmx.history_restore_request
        return ["initiatives/_results.html" if partial else "initiatives/initiative_list.html"]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        assert isinstance(self.request.user, Person)
        visible = Initiative.objects.visible_to(self.request.user)
        visible = visible.select_related("unit").only(*listing.COLUMNS)
        narrowed = InitiativeFilter(self.request.GET, queryset=visible.order_by(*SORTS["number"]))
        found = Paginator(narrowed.qs, self._size()).get_page(self.request.GET.get("page"))
        query = self.request.GET.copy()
        query.pop("page", None)
        sort = query.pop("sort", ["number"])[0]
        return super().get_context_data(
            filter=narrowed,
            page=found,
            rows=listing.rows(list(found), timezone.localdate()),
            query=self._kept("page"),
            columns=listing.columns(query.urlencode(), sort),
            facets=[narrowed.form[name] for name in self._facets()],
            sort=sort if sort in SORTS else "number",
            may_import=may_declare(self.request.user),
            is_narrowed=any(value for key, value in query.items() if key != "size"),
            **kwargs,
        )

    def _facets(self) -> list[str]:
        return [*FACETS, *(name for name in ON_DEMAND if self.request.GET.get(name))]

    def _kept(self, dropped: str) -> str:
        query = self.request.GET.copy()
        query.pop(dropped, None)
        return query.urlencode()

    def _size(self) -> int:
        asked = self.request.GET.get("size", "")
        return int(asked) if asked.isdecimal() and int(asked) in PAGE_SIZES else PAGE_SIZES[0]


class InitiativeDetail(TemplateView):
    """One initiative: where it stands, what it promised, what is missing, who answers for it."""

    template_name = "initiatives/initiative_detail.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        assert isinstance(self.request.user, Person)
        found = page.load(self.request.user, self.kwargs["pk"], timezone.localdate())
        if found is None:
            raise Http404
        initiative = found.facts.initiative
        return super().get_context_data(
            page=found, initiative=initiative, tabs=tabs.TITLES, **kwargs
        )


class Tab(View):
    """One tab of an initiative's page: alone for htmx, else as a page of its own."""

    def get(self, request: HttpRequest, pk: int, tab: str) -> HttpResponse:
        assert isinstance(request.user, Person)
        if tab not in dict(tabs.TITLES):
            raise Http404
        found = tabs.load(request.user, pk, tab)
        if found is None:
            raise Http404
        htmx: Any = request.htmx  # type: ignore[attr-defined]
        template = "initiatives/_tab.html" if htmx else "initiatives/tab.html"
        titles = {"tabs": tabs.TITLES, "title": dict(tabs.TITLES)[tab]}
        return render(request, template, found | titles)


class History(View):
    """Earlier lines of the history, asked for from its end."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        initiative = visible_initiative(request, pk)
        before = request.GET.get("before", "")
        lines = history.of_initiative(
            pk, int(before) if before.isdecimal() and len(before) < 19 else None
        )
        context = {"initiative": initiative, "lines": lines, "size": history.PAGE}
        return render(request, "initiatives/_history.html", context)

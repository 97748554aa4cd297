"""Doors to the dry run of a draft: its figures, the lists behind them, and the open reviews."""

from __future__ import annotations

from typing import Any

from django.core import signing
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.views.generic import TemplateView

from initiatives.stages import GATES_BEFORE
from initiatives.views.base import is_id
from reviews import dry_run, queries
from reviews.dry_run import DryRun, Tally
from reviews.views.policy import OfDraft

SALT = "policy.dry_run"
MOST_SHOWN = 20
REVIEWS_ON_A_PAGE = 25
TITLES = {
    dry_run.BLOCKED: "Newly blocked at their next gate",
    dry_run.FREED: "No longer blocked at their next gate",
    dry_run.OWES_MORE: "More to catch up on",
    dry_run.OWES_LESS: "Less to catch up on",
}
OF_BEFORE = (dry_run.FREED, dry_run.OWES_LESS)
OWED = (dry_run.OWES_MORE, dry_run.OWES_LESS)


class OfDryRun(OfDraft):
    """A page about what the draft would change; one that cannot be read has none."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """What is sent here is no act that is refused by itself: it only reads on."""
        if not self.may_open(self.person):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    @cached_property
    def run(self) -> DryRun:
        assert self.looked.policy is not None
        in_force = queries.parsed(self.looked.in_force)
        return DryRun(self.person, in_force, self.looked.policy, timezone.localdate())

    def cannot_run(self) -> HttpResponse | None:
        """To the draft's page, which says what is wrong with it."""
        return HttpResponseRedirect(reverse("policy:draft")) if not self.looked.policy else None


class DryRunPage(OfDryRun):
    """The figures. What takes longer than some seconds goes on where it was left, in the form
    that the answer carries; htmx sends it by itself."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.cannot_run() or self.answer(Tally())

    def post(self, request: HttpRequest) -> HttpResponse:
        return self.cannot_run() or self.answer(self._so_far(request.POST.get("so_far", "")))

    def answer(self, so_far: Tally) -> HttpResponse:
        tally = self.run.go_on(so_far)
        htmx: Any = self.request.htmx  # type: ignore[attr-defined]
        name = "_dry_run" if htmx else "dry_run"
        return render(self.request, f"reviews/policy/{name}.html", self._context(tally))

    def _context(self, tally: Tally) -> dict[str, Any]:
        return {
            "looked": self.looked,
            "draft": self.looked.draft,
            "tally": tally,
            "holds": dry_run.lines(tally.holds, self.run.draft)[:MOST_SHOWN],
            "releases": dry_run.lines(tally.releases, self.run.in_force)[:MOST_SHOWN],
            "more_holds": max(len(tally.holds) - MOST_SHOWN, 0),
            "reviews": self.run.reviews().count() if tally.is_done else 0,
            "so_far": ""
            if tally.is_done
            else signing.dumps([self._names(), tally.as_json()], salt=SALT),
        }

    def _names(self) -> list[Any]:
        """What the figures are about; of anything else they would say nothing true."""
        draft = self.looked.draft
        return [self.person.pk, draft.pk, draft.revision, self.looked.in_force.version]

    def _so_far(self, signed: str) -> Tally:
        """What was counted before, unless the draft has changed since."""
        try:
            names, counted = signing.loads(signed, salt=SALT, max_age=3600)
        except signing.BadSignature:
            return Tally()
        return Tally(**counted) if names == self._names() else Tally()


class DryRunList(OfDryRun, TemplateView):
    """The initiatives that one figure counts, with what would hold each of them."""

    template_name = "reviews/policy/dry_run_list.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.cannot_run() or super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        what = self.kwargs["what"]
        given = self.request.GET.get("after", "")
        after = int(given) if is_id(given) else 0
        title = self._title(what)
        found, further = self.run.listed(what, after)
        rows = [(compared, self._reasons(compared, what)) for compared in found]
        return super().get_context_data(
            title=title, rows=rows, further=further, is_first=not after, **kwargs
        )

    def _title(self, what: str) -> str:
        if what in TITLES:
            return TITLES[what]
        gate, _, key = what.partition(".")
        criteria = self.run.draft.gates[gate].criteria if gate in self.run.draft.gates else ()
        title = next((c.title for c in criteria if c.key == key), None)
        if title is None:
            raise Http404
        return f"Newly held by “{title}”"

    def _reasons(self, compared: dry_run.Compared, what: str) -> list[tuple[str, str]]:
        """Which criteria, and why: of those that held it before, or would from now on."""
        policy = self.run.in_force if what in OF_BEFORE else self.run.draft
        behind = GATES_BEFORE[compared.initiative.declared_stage] if what in OWED else ()
        found = behind or (compared.gate,)
        titles = {c.key: c.title for gate in found for c in policy.gates[gate].criteria}
        return [(titles[key], said) for key, said in compared.because(what).items()]


class DryRunReviews(OfDryRun, TemplateView):
    """The open reviews: each keeps its version, and what it would need under the draft."""

    template_name = "reviews/policy/dry_run_reviews.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.cannot_run() or super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        pages = Paginator(self.run.reviews(), REVIEWS_ON_A_PAGE)
        page = pages.get_page(self.request.GET.get("page"))
        needs = self.run.would_need(list(page))
        return super().get_context_data(page=page, needs=needs, **kwargs)

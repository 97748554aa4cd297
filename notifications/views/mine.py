"""What is said to be mine: one page for all of it, answered in a few taps from a phone."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.views.generic import TemplateView

from accounts.models import Person
from audit.refusals import Refused
from initiatives import actions as initiatives
from initiatives.models import Ownership
from initiatives.views.base import ActionView, SignedIn, ids
from notifications import queries
from notifications.forms.campaign import DatesForm, DeadForm, NotMineForm
from notifications.queries.answering import Entry
from reviews import actions as reviews

PAGE_SIZE = 50
ALL, TICKED = "all", "ticked"
# The answers that ask something back, and the page that does.
FOLLOWED_UP = {"not_mine": "campaign:not_mine", "dead": "campaign:dead"}


class Mine(SignedIn, TemplateView):
    """Each initiative that is said to be theirs, with three answers: mine, not mine, dead."""

    template_name = "notifications/mine.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Whoever has just set a password comes here first, and goes on where nothing waits."""
        if request.GET.get("else") == "dashboard" and not queries.entries(self.person):
            return HttpResponseRedirect(reverse("portfolio:dashboard"))
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found = queries.mine(self.person, timezone.localdate())
        page = Paginator(found.waiting, PAGE_SIZE).get_page(self.request.GET.get("page"))
        kwargs.setdefault("dates", DatesForm(pilots=found.pilots))
        return super().get_context_data(mine=found, page=page, entries=list(page), **kwargs)

    def post(self, request: HttpRequest) -> HttpResponse:
        """`mine`, `not_mine` or `dead` says of which: one, those that are ticked, or all."""
        answer = next((name for name in ("mine", *FOLLOWED_UP) if name in request.POST), "")
        chosen = self._chosen(request.POST.get(answer, ""))
        if not answer or not chosen:
            messages.info(request, "Tick those that you mean, then press again.")
        elif answer in FOLLOWED_UP:
            of = ",".join(str(entry.initiative.pk) for entry in chosen)
            return HttpResponseRedirect(f"{reverse(FOLLOWED_UP[answer])}?of={of}")
        else:
            _say(request, _accepted(chosen, self.person))
        return HttpResponseRedirect(reverse("campaign:mine"))

    def _chosen(self, which: str) -> list[Entry]:
        if which == ALL:
            return queries.entries(self.person)
        named = self.request.POST.getlist("initiative") if which == TICKED else [which]
        return queries.entries(self.person, ids(named))


def _asked(entries: list[Entry]) -> list[Ownership]:
    return [question.ownership for entry in entries for question in entry.questions]


def _accepted(entries: list[Entry], person: Person) -> initiatives.Claimed:
    return initiatives.accept_all(ownerships=_asked(entries), by=person, at=timezone.now())


def _say(request: HttpRequest, claimed: initiatives.Claimed, what: str = "yours") -> None:
    found = list(claimed.initiatives.values())
    if len(found) == 1:
        messages.success(request, f"Noted: {found[0]} is {what}.")
    elif found:
        messages.success(request, f"Noted: {len(found)} initiatives are {what}.")
    if claimed.left:
        left = ", ".join(sorted({row.initiative.reference for row in claimed.left}))
        messages.warning(request, f"Left as they were, answered or retired since: {left}.")


class OfMine(ActionView):
    """A form about some of what is said to be theirs; `of` in the address says which."""

    template_name = "notifications/of_mine.html"

    @cached_property
    def entries(self) -> list[Entry]:
        return queries.entries(self.person, ids(self.request.GET.get("of", "").split(",")))

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if not self.entries:
            messages.info(request, "Nothing of this waits for your answer any more.")
            return HttpResponseRedirect(reverse("campaign:mine"))
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(entries=self.entries, **kwargs)

    def get_success_url(self) -> str:
        return reverse("campaign:mine")

    def called(self) -> str:
        """The one it is about, or how many."""
        many = len(self.entries) != 1
        return f"{len(self.entries)} initiatives" if many else str(self.entries[0].initiative)


class NotMine(OfMine):
    """Somebody else's: who is named is asked, who is unknown is invited."""

    form_class = NotMineForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        lead = (
            "Whoever you name is asked instead. If you know nobody, leave it empty: it then shows "
            "as without an owner."
        )
        return super().get_context_data(title=f"Not mine: {self.called()}", lead=lead, **kwargs)

    def act(self, form: forms.Form, at: datetime) -> None:
        given = dict(form.cleaned_data)
        claimed = initiatives.disown(
            ownerships=_asked(self.entries),
            instead=given.pop("person"),
            by=self.person,
            at=at,
            **given,
        )
        _say(self.request, claimed, what="not yours")


class Dead(OfMine):
    """It is dead: the sponsor or a portfolio lead retires it, or keeps it."""

    form_class = DeadForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        lead = (
            "The portfolio leads hear of it; they or its sponsor decide. Until then nobody is "
            "asked to own it."
        )
        return super().get_context_data(title=f"Dead: {self.called()}", lead=lead, **kwargs)

    def act(self, form: forms.Form, at: datetime) -> None:
        for entry in self.entries:
            reviews.ask_to_retire(
                initiative=entry.initiative,
                reason=form.cleaned_data["reason"],
                by=self.person,
                at=at,
            )
        messages.success(self.request, "Noted. The portfolio leads decide on it.")


class Dates(Mine):
    """By when one's pilots are decided; what is out of the limits stays in the form, with why."""

    http_method_names = ("post", "options")

    def post(self, request: HttpRequest) -> HttpResponse:
        pilots = queries.pilots(self.person, timezone.localdate())
        form = DatesForm(request.POST, pilots=pilots)
        if form.is_valid() and self._agree(form):
            messages.success(request, "Saved: your pilots are decided by these days.")
            return HttpResponseRedirect(reverse("campaign:mine"))
        return self.render_to_response(self.get_context_data(dates=form), status=422)

    def _agree(self, form: DatesForm) -> bool:
        """Each by itself: what was refused says so, and the others are saved."""
        at = timezone.now()
        for name, initiative, day in form.chosen():
            try:
                reviews.agree_on_date(initiative=initiative, day=day, by=self.person, at=at)
            except Refused as refusal:
                form.add_error(name, refusal.message)
        return not form.errors

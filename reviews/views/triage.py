"""Doors to the triage: answering it, confirming it, and the list of what waits for compliance.

They live here and not with the initiative, because they say what the policy makes of the answers.
"""

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

from audit.refusals import Refused
from initiatives import actions, permissions, triage
from initiatives.actions.writing import charter_in_force
from initiatives.forms.triage import ConfirmForm, TriageForm
from initiatives.models import Initiative, Triage
from initiatives.queries import Queue, basis_of, standing_of
from initiatives.views.base import OfInitiative, SignedIn, ids
from reviews import queries

PAGE_SIZE = 50
ALL_NO = triage.Basis(dict.fromkeys(triage.QUESTIONS, False), pilot_budget=0, monthly_cost=0)


class OfTriage(OfInitiative):
    """A form about one initiative's triage; one that was never answered counts as all open."""

    @cached_property
    def stored(self) -> Triage:
        found = Triage.objects.select_related("confirmed_by").filter(initiative=self.initiative)
        return found.first() or Triage(initiative=self.initiative)

    @cached_property
    def basis(self) -> triage.Basis:
        return basis_of(self.initiative, self.stored)


class AnswerTriage(OfTriage):
    """Eight questions in one pass, and then what follows from the answers."""

    form_class = TriageForm
    template_name = "initiatives/triage.html"

    def get_form_kwargs(self) -> dict[str, Any]:
        frozen = charter_in_force(self.initiative) is not None
        return super().get_form_kwargs() | {"frozen": frozen}

    def get_initial(self) -> dict[str, Any]:
        amounts = {name: getattr(self.initiative, name) for name in triage.AMOUNTS}
        return {**self.basis.answers, **amounts}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        all_no = queries.what_it_asks(self.initiative, ALL_NO, triage.Level.LIGHT)
        means = triage.LIGHT_MEANS
        return super().get_context_data(no_to_all=all_no, light_means=means, **kwargs)

    def act(self, form: forms.Form, at: datetime) -> None:
        assert isinstance(form, TriageForm)
        stored = actions.answer_triage(
            initiative=self.initiative, by=self.person, at=at, **form.given()
        )
        messages.success(self.request, what_follows(stored))


def what_follows(stored: Triage) -> str:
    """Level, proposed class and what the next gate asks, once the questions are answered."""
    row = stored.initiative
    basis = basis_of(row, stored)
    open_ones = sum(answer is None for answer in basis.answers.values())
    if open_ones:
        return f"Saved. {open_ones} of the eight questions {_are(open_ones)} still open."
    asks = queries.what_it_asks(row, basis, row.level)
    after = f" {asks[0].upper()}{asks[1:]}." if asks else ""
    return f"{_in_force(row, stored, basis)}{after}"


def _in_force(row: Initiative, stored: Triage, basis: triage.Basis) -> str:
    level, legal_class = row.get_level_display(), stored.get_legal_class_display().lower()
    now = basis.outcome
    stands = standing_of(row, stored, None)
    if not stands.is_confirmed and stands.outcome != now:
        return (
            f"{level} level and {legal_class} stay in force until compliance confirms; the answers "
            f"now lead to {now.level.label.lower()} level and {now.legal_class.label.lower()}."
        )
    if stands.is_confirmed:
        return f"{level} level, {legal_class}, as compliance confirmed."
    why = triage.why_level(basis), triage.why_class(basis)
    return f"{level} level, {why[0]}; {legal_class} proposed, {why[1]}."


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


class ConfirmTriage(OfTriage):
    """What was answered and what follows, with compliance's form; for everybody else, to read."""

    form_class = ConfirmForm
    template_name = "initiatives/confirm_triage.html"
    done = "Confirmed. It is in force from now on."

    def get_form_kwargs(self) -> dict[str, Any]:
        says = {
            level: queries.what_it_asks(self.initiative, self.basis, level)
            for level in triage.Level.values
        }
        return super().get_form_kwargs() | {"says": says}

    def get_initial(self) -> dict[str, Any]:
        return {
            "level": self.initiative.level,
            "legal_class": self.stored.legal_class,
            "because": self.stored.confirmed_because if self.stored.confirmed_at else "",
        }

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        basis = self.basis
        return super().get_context_data(
            answers=[(text, basis.answers[key]) for key, text in triage.QUESTIONS.items()],
            basis=basis,
            computed=basis.outcome,
            why_level=triage.why_level(basis),
            why_class=triage.why_class(basis),
            is_kept=standing_of(self.initiative, self.stored, None).outcome != basis.outcome,
            triage=self.stored,
            may_confirm=permissions.may_confirm_triage(self.person),
            may_edit=permissions.may_edit(self.person, self.initiative),
            **kwargs,
        )

    def act(self, form: forms.Form, at: datetime) -> None:
        actions.confirm_triage(
            initiative=self.initiative, by=self.person, at=at, **form.cleaned_data
        )

    def get_success_url(self) -> str:
        if self.request.GET.get("from") == "queue":
            return reverse("initiatives:triage_queue")
        return super().get_success_url()


class TriageQueue(SignedIn, TemplateView):
    """All that compliance has yet to confirm: light ones in bulk, the others one by one."""

    template_name = "initiatives/triage_queue.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        queue = Queue(Initiative.objects.visible_to(self.person))
        page = Paginator(queue, PAGE_SIZE).get_page(self.request.GET.get("page"))
        rows = list(page)
        return super().get_context_data(
            page=page,
            light_means=triage.LIGHT_MEANS,
            light=[row for row in rows if row.is_light],
            others=[row for row in rows if not row.is_light],
            may_confirm=permissions.may_confirm_triage(self.person),
            **kwargs,
        )

    def post(self, request: HttpRequest) -> HttpResponse:
        chosen = ids(request.POST.getlist("initiative"))
        visible = Initiative.objects.visible_to(self.person).filter(pk__in=chosen)
        try:
            done = actions.confirm_light(initiatives=visible, by=self.person, at=timezone.now())
        except Refused as refusal:
            messages.error(request, refusal.message)
        else:
            _report(request, done)
        return HttpResponseRedirect(reverse("initiatives:triage_queue"))


def _report(request: HttpRequest, done: actions.Confirmed) -> None:
    """Say how many were confirmed, and which were not, so that nobody takes them for confirmed."""
    if done.count:
        word = "initiative is" if done.count == 1 else "initiatives are"
        messages.success(request, f"{done.count} light {word} confirmed.")
    if done.left:
        named = ", ".join(row.reference for row in done.left)
        messages.warning(
            request, f"Left as they were, no longer light or confirmed since: {named}."
        )
    if not (done.count or done.left):
        messages.info(request, "Nothing was selected.")

"""Doors to deciding."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone

from audit.refusals import Refused
from initiatives import facts as initiative_facts
from initiatives import statement
from initiatives.facts import Facts
from initiatives.stages import Stage
from initiatives.views.base import OfInitiative, is_id
from reviews import (
    actions,
    gates,
    permissions,
    queries,
    transitions,
)
from reviews.actions import postponing
from reviews.forms import DecideForm
from reviews.models import Decision, Review
from reviews.transitions import TABLE

DECISION_WORDS = {
    Decision.Kind.PROCEED: ("Proceed", "The gate opens and the next stage begins."),
    Decision.Kind.SHIP: ("Ship", "It goes to production."),
    Decision.Kind.SEND_BACK: ("Send back", "The review closes; the stage stays as it is."),
    Decision.Kind.EXTEND: (
        "Extend",
        "Its decision date moves, once by up to 28 days; a second extension is a lead's to give, "
        "and there is no third.",
    ),
    Decision.Kind.PAUSE: (
        "Pause",
        "Nothing is expected for up to 30 days, and its decision date moves by as much. Once only.",
    ),
    Decision.Kind.RECERTIFY: ("Recertify", "It stays in production until the next date."),
    Decision.Kind.REBASELINE: (
        "Re-baseline",
        "The proposed charter comes into force, and the one before it stays beside it in every "
        "later review. What was signed on other reviews has to be signed again.",
    ),
    Decision.Kind.CATCH_UP: (
        "Caught up",
        "It owes nothing any more of the gates that it never passed. Its stage stays as it is.",
    ),
    Decision.Kind.SUSPEND: (
        "Suspend",
        "It is to be switched off now. It keeps its stage and its dates, its days go on counting, "
        "and no gate opens to it. One of its owners confirms that it is off; the sponsor or a "
        "portfolio lead resumes or retires it within five working days.",
    ),
    Decision.Kind.RESUME: (
        "Resume",
        "It may be used again, in the stage and with the dates it has. Say what was mended.",
    ),
    Decision.Kind.KILL: ("Kill", "It stops and is retired. This cannot be undone."),
    Decision.Kind.DECOMMISSION: (
        "Decommission",
        "It is taken out of production and retired. This cannot be undone.",
    ),
}


# Refusals that mean: somebody else was faster.
OVERTAKEN = (
    "wrong_stage", "no_open_review", "overtaken", "suspended", "already_suspended", "not_suspended",
)  # fmt: skip


class Decide(OfInitiative):
    """A decision: what, why, and, where it ends, what was learned."""

    form_class = DecideForm
    template_name = "reviews/decide.html"

    @property
    def kind(self) -> str:
        kind = self.kwargs["kind"]
        if kind not in TABLE:
            raise Http404
        return str(kind)

    def get_form_kwargs(self) -> dict[str, Any]:
        goes_back = self.kind == Decision.Kind.SEND_BACK
        in_readiness = self.initiative.stage == Stage.READINESS_REVIEW
        return super().get_form_kwargs() | {
            "move": TABLE[self.kind],
            "may_go_to_pilot": goes_back and in_readiness,
        }

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        title, why = DECISION_WORDS[Decision.Kind(self.kind)]
        known = initiative_facts.load_one(self.initiative.pk)
        return super().get_context_data(
            title=f"{title}: {self.initiative.name}",
            verb=title,
            why=why,
            kind=self.kind,
            statement=statement.of(known),
            bar=self._bar(known),
            checklist=self._checklist(known),
            **kwargs,
        )

    def _review(self) -> Review | None:
        """Which review is meant, where somebody comes from one that is of no gate."""
        pk = self.request.GET.get("review", "")
        mine = Review.objects.open().filter(initiative=self.initiative)
        return mine.filter(pk=int(pk)).first() if is_id(pk) else None

    def _bar(self, known: Facts) -> str | None:
        """Why it cannot be decided like this, or not by this person."""
        barred = transitions.bar(self.kind, known)
        whose = permissions.bar_to_deciding(self.person, known, self.kind)
        if barred:
            return barred.says
        return whose or self._bar_to_ending(known) or self._limit()

    def _bar_to_ending(self, known: Facts) -> str | None:
        """Why this person may not decide on the review that it needs, if it needs one."""
        move = TABLE[self.kind]
        review = self._review() if move.needs_review else None
        gate = review.gate if review else move.decides_on
        limits = queries.current_policy().limits
        return permissions.bar_to_ending(self.person, known, gate, timezone.localdate(), limits)

    def _limit(self) -> str | None:
        """Why its date cannot be moved once more, or None."""
        if not TABLE[self.kind].needs_days:
            return None
        try:
            postponing.require_possible(self.initiative, self.kind, by=self.person)
        except Refused as refusal:
            return refusal.message
        return None

    def _checklist(self, known: Facts) -> list[tuple[gates.Judged, str]]:
        """What the decision's gate asks beside the form, each with the page that answers it."""
        gate = TABLE[self.kind].needs_gate
        if gate is None:
            return []
        judged = gates.evaluate(known, gate, queries.current_policy(), timezone.localdate())
        return [
            (j, reverse("reviews:answer", args=[self.initiative.pk, j.criterion.key]))
            for j in judged
            if j.criterion.is_answered and j.criterion.key != actions.WHY_IT_STOPS
        ]

    def act(self, form: forms.Form, at: datetime) -> None:
        decision = actions.decide(
            initiative=self.initiative,
            kind=self.kind,
            by=self.person,
            at=at,
            review=self._review(),
            **form.cleaned_data,
        )
        messages.success(
            self.request, f"Decided: {decision.get_kind_display().lower()}. It is on record."
        )

    def refused(self, form: forms.Form, refusal: Refused) -> HttpResponse:
        for line in refusal.detail.get("lacking", [])[1:]:
            form.add_error(None, line)
        response = super().refused(form, refusal)
        if refusal.rule in OVERTAKEN:
            response.status_code = 409
        return response

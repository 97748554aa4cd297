"""The page of a review: asking for it, reading it, signing it, taking it back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from allauth.core.exceptions import ReauthenticationRequired
from django import forms
from django.contrib import messages
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.generic import View

from accounts import permissions as people
from accounts.authentication import latest, person_of
from accounts.models import Person
from audit.refusals import Refused
from initiatives.models import Initiative
from initiatives.stages import Gate, SpecialReview
from initiatives.views.base import AboutInitiative, OfInitiative, OnInitiative, SignedIn
from reviews import (
    actions,
    catching_up,
    overrides,
    permissions,
    queries,
    rebaselines,
    since,
    transitions,
)
from reviews.forms import SignForm, WithdrawForm
from reviews.models import Decision, Question, Review, SignOff, Slot
from reviews.policy import Limits
from reviews.signing import SlotState
from reviews.transitions import TABLE


class RequestReview(OnInitiative):
    """Freeze the evidence and ask the signers."""

    done = "The signers are asked by mail."
    review: Review

    def act(self, at: datetime) -> None:
        gate = self.request.POST.get("gate") or None
        self.review = actions.request_review(
            initiative=self.initiative, gate=gate, by=self.person, at=at
        )

    def get_success_url(self) -> str:
        return self.review.get_absolute_url()

    def get_refused_url(self) -> str:
        return self.initiative.get_absolute_url()


def visible_review(request: HttpRequest, pk: int) -> Review:
    """The review, or 404 where its initiative may not be seen."""
    visible = Initiative.objects.visible_to(person_of(request))
    reviews = Review.objects.select_related(
        "initiative__unit", "policy", "snapshot", "requested_snapshot", "opened_by", "baseline"
    )
    beside = reviews.filter(initiative__in=visible).annotate(
        has_questions=Exists(Question.objects.filter(review=OuterRef("pk"))),
        has_overrides=queries.has_overrides(),
        beside_policy=queries.policy_in_force(),
        **queries.version_in_force(),
    )
    return get_object_or_404(beside, pk=pk)


class AboutReview(AboutInitiative):
    """What is about one review, and goes back to its page."""

    review: Review

    def find(self, request: HttpRequest, **kwargs: Any) -> Initiative:
        self.review = visible_review(request, kwargs["pk"])
        return self.review.initiative

    def get_success_url(self) -> str:
        return self.review.get_absolute_url()


def review_page(
    request: HttpRequest,
    review: Review,
    *,
    form: SignForm | None = None,
    refusal: Refused | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page a stakeholder reads and signs in two minutes (product.md §6.5)."""
    person = person_of(request)
    standing = queries.standing(review, timezone.localdate())
    mine = standing.slots_waiting_for(person) if review.is_open else []
    questions = asked_about(review, standing, person)
    context = {
        "review": review,
        "initiative": review.initiative,
        "standing": standing,
        "mine": (together := _signed_together(mine, person)),
        "others": [state for state in standing.slots if state not in together],
        "my_points": standing.points_of(together),
        "standing_in": together[0].stand_ins.get(person.pk) if together else None,
        "my_lapsed": _lapsed_of(person, together),
        "overridden": [judged for judged, _ in standing.overridden],
        "advisory": [j for j in standing.judged if not j.is_met and not j.criterion.blocking],
        "waiting_questions": len([asked for asked in questions if asked.question.is_open]),
        "results": standing.results if review.gate != Gate.CHARTER else [],
        "stale_changes": _stale_changes(standing, person) if review.is_open else [],
        "changed_since_request": queries.in_words(
            review.requested_snapshot.material, standing.material, standing.facts
        )
        if review.requested_snapshot_id != standing.digest
        else [],
        "proposed_charter": rebaselines.proposed_in(standing.material, standing.facts)
        if review.baseline
        else [],
        "since": since.last_review(standing),
        "lacking": standing.lacking_in_short() if review.is_open else [],
        "lapsed": _lapsed(standing) if review.is_open else "",
        "decisions": _decisions(person, standing) if review.is_open else [],
        "bar_to_advancing": _bar_to_advancing(person, standing),
        "may_withdraw": permissions.may_withdraw(person, review),
        "mine_rejected": _rejected_by(person, standing),
        "bars": _bars(person, standing),
        "questions": questions,
        "may_ask": review.is_open and not people.is_auditor(person),
        "may_appoint": review.is_open and people.is_lead(person),
        **_override(person, standing),
        "set_aside": ", ".join(j.criterion.title for j in standing.judged if j.not_applicable),
        "decision": standing.decision,
        "form": form or SignForm(initial={"digest": standing.digest}),
        "refusal": refusal,
    }
    return render(request, "reviews/review_detail.html", context, status=status)


def _override(person: Person, standing: queries.Standing) -> dict[str, Any]:
    """What is set aside or asked to be, and what this person may do about it."""
    proposed = standing.proposed_override if standing.review.is_open else None
    return {
        "overrides": [(o, standing.titles_of(o)) for o in standing.overrides if o.is_signed],
        "proposed": proposed,
        "proposed_titles": standing.titles_of(proposed) if proposed else "",
        "who_signs_override": overrides.WHO_SIGNS_SECOND[overrides.second_group(standing)],
        "may_override": people.is_lead(person) and overrides.bar_to_any(standing) is None,
        "may_countersign": proposed is not None
        and overrides.bar_to_countersigning(person, proposed, standing) is None,
        "may_decline": proposed is not None
        and overrides.bar_to_declining(person, proposed, standing) is None,
    }


def _signed_together(mine: list[SlotState], person: Person) -> list[SlotState]:
    """What one signature fills: every role of the signer, or of one in whose place they sign, or
    else one group's."""
    roles = [state for state in mine if state.slot.role]
    own = [state for state in roles if state.holder_for(person) is None]
    first = (own or roles)[:1]
    together = [s for s in roles if first and s.holder_for(person) == first[0].holder_for(person)]
    return together or mine[:1]


def _lapsed(standing: queries.Standing) -> str:
    """That nobody decided in time, and the leads do now; nothing before."""
    if standing.review.gate == SpecialReview.CATCH_UP:
        initiative, limits = standing.facts.initiative, _limits(standing.review)
        return catching_up.lapsed(initiative, standing.today, limits)
    return permissions.lapsed(standing.facts) if standing.facts.initiative.has_lapsed else ""


def _limits(review: Review) -> Limits:
    """Those in force, whichever version the review goes by: days are counted by them."""
    row: Any = review
    return queries.policy_named(row.beside_policy).limits


def _decisions(person: Person, standing: queries.Standing) -> list[tuple[str, str, bool]]:
    """Label, address, and whether it is the one that lies ahead now. What is open to many more
    than decide, to suspend it, has its place on the initiative's page."""
    ready = not standing.lacking()
    review, limits = standing.review, _limits(standing.review)
    late = permissions.bar_to_ending(person, standing.facts, review.gate, standing.today, limits)
    which = f"?review={review.pk}" if review.gate in SpecialReview.values else ""
    return [
        (
            str(kind.label),
            reverse("reviews:decide", args=[review.initiative_id, kind]) + which,
            ready and kind in permissions.ADVANCING,
        )
        for kind in queries.possible_decisions(person, standing.facts)
        if kind != Decision.Kind.SUSPEND
        and transitions.ends(kind, review.gate)
        and not (late and transitions.TABLE[kind].needs_review)
    ]


def _bar_to_advancing(person: Person, standing: queries.Standing) -> str | None:
    """Why the decision that this review is about is not theirs, or not possible now, or None."""
    known, gate = standing.facts, standing.review.gate
    kinds = [
        kind
        for kind in permissions.ADVANCING
        if transitions.ends(kind, gate) and known.initiative.stage in TABLE[kind].origins
    ]
    if not standing.review.is_open or not kinds:
        return None
    barred = transitions.bar(kinds[0], known)
    return barred.says if barred else permissions.bar_to_deciding(person, known, kinds[0])


def _rejected_by(person: Person, standing: queries.Standing) -> SlotState | None:
    """The slot of a rejection that this person could take back."""
    if not standing.review.is_open:
        return None
    found = (s for s in standing.slots if any(r.signer_id == person.pk for r in s.rejections))
    return next(found, None)


def _lapsed_of(person: Person, mine: list[SlotState]) -> SignOff | None:
    """Their approval that counts no more, because what it depended on was not done."""
    return next((s for state in mine for s in state.lapsed if s.signer_id == person.pk), None)


def _bars(person: Person, standing: queries.Standing) -> list[tuple[str, str]]:
    """The signatures that would be this person's to give, were it not for the rule beside each."""
    if not standing.review.is_open:
        return []
    mine = (state for state in standing.slots if person.pk in state.barred and not state.is_filled)
    return [(state.slot.title, state.barred[person.pk]) for state in mine]


@dataclass(frozen=True)
class Asked:
    """A question with the point it is about, and whether the viewer may answer it."""

    question: Question
    about: str
    may_answer: bool


def asked_about(review: Review, standing: queries.Standing, person: Person) -> list[Asked]:
    """What was asked before signing, open ones first."""
    titles = {criterion.key: criterion.title for criterion in standing.gate.criteria}
    row: Any = review
    if not row.has_questions:
        return []
    rows = review.questions.select_related("asked_by", "asked_of", "answered_by")
    return [
        Asked(
            question,
            titles.get(question.criterion, ""),
            review.is_open
            and question.is_open
            and permissions.may_answer(person, question, standing.facts),
        )
        for question in sorted(rows, key=lambda q: (not q.is_open, q.pk))
    ]


def _stale_changes(standing: queries.Standing, person: Person) -> list[tuple[str, str, str]]:
    """What changed since this person signed, where that made their signature stale."""
    stale = [s for state in standing.slots for s in state.stale if s.signer_id == person.pk]
    return standing.changes_since(stale[-1]) if stale else []


class ReviewDetail(View):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return review_page(request, visible_review(request, pk))


SIGNED: dict[str, str] = {
    SignOff.Verdict.APPROVE: "You approved this.",
    SignOff.Verdict.CONDITIONAL: "You approved this under a condition.",
    SignOff.Verdict.REJECT: "You rejected this.",
}


class Sign(SignedIn):
    """Sign one slot; whoever has to confirm who they are comes back here with what they typed."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        slot = get_object_or_404(Slot, pk=pk)
        return HttpResponseRedirect(visible_review(request, slot.review_id).get_absolute_url())

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        slot = get_object_or_404(Slot.objects.select_related("review"), pk=pk)
        review = visible_review(request, slot.review_id)
        form = SignForm(request.POST)
        if not form.is_valid():
            return review_page(request, review, form=form, status=422)
        try:
            event = actions.sign(
                slot=slot,
                by=self.person,
                at=timezone.now(),
                authentication=latest(request, self.person),
                digest=form.cleaned_data["digest"],
                verdict=form.cleaned_data["verdict"],
                comment=form.cleaned_data["comment"],
                conditions=form.conditions(),
            )
        except Refused as refusal:
            return self._refused(request, review, form, refusal)
        said = SIGNED[form.cleaned_data["verdict"]]
        messages.success(request, f"{said} Receipt no. {event.seq}.")
        return HttpResponseRedirect(review.get_absolute_url())

    def _refused(
        self, request: HttpRequest, review: Review, form: SignForm, refusal: Refused
    ) -> HttpResponse:
        if refusal.rule == "authentication_too_old":
            raise ReauthenticationRequired
        form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
        status = 409 if refusal.rule == "evidence_changed" else 422
        form.data = {
            **form.data.dict(),  # type: ignore[attr-defined]
            "digest": queries.standing(review, timezone.localdate()).digest,
        }
        return review_page(request, review, form=form, refusal=refusal, status=status)


class Withdraw(AboutReview, OfInitiative):
    """Take a request for signatures back."""

    form_class = WithdrawForm
    done = "Withdrawn. Nobody is asked to sign it any more."

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        gate = self.review.get_gate_display().lower()
        return super().get_context_data(title=f"Withdraw the {gate} review", **kwargs)

    def act(self, form: forms.Form, at: datetime) -> None:
        actions.withdraw(review=self.review, by=self.person, at=at, **form.cleaned_data)

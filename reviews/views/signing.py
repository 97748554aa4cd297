"""Doors beside the signature: taking a rejection back, handing on, asking, and the receipt."""

from __future__ import annotations

from abc import abstractmethod
from datetime import datetime
from typing import Any

from allauth.core.exceptions import ReauthenticationRequired
from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.functional import cached_property
from django.views.generic import View

from accounts.authentication import Authentication, latest
from audit import queries as audit
from audit.refusals import Refused
from initiatives import facts as initiative_facts
from initiatives import statement
from initiatives.models import Initiative
from initiatives.stages import Role
from initiatives.views.base import OfInitiative, OnInitiative
from reviews import actions, permissions, queries
from reviews.actions import endorsing
from reviews.forms import AnswerQuestionForm, AppointForm, AskForm, EndorseForm, HandOnForm
from reviews.models import Delegation, Question, SignOff, Slot
from reviews.policy import Criterion
from reviews.views.review import AboutReview, visible_review


class SignedForm(OfInitiative):
    """A form that is signed: whoever has to confirm who they are comes back to it as it was."""

    template_name = "reviews/signed_form.html"
    meaning = ""

    @property
    def proof(self) -> Authentication | None:
        return latest(self.request, self.person)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        back = self.get_success_url()
        return super().get_context_data(meaning=self.meaning, bar=self.bar(), back=back, **kwargs)

    @abstractmethod
    def bar(self) -> str | None:
        """Why this person may not sign it, or None."""

    def refused(self, form: forms.Form, refusal: Refused) -> HttpResponse:
        if refusal.rule == "authentication_too_old":
            raise ReauthenticationRequired
        return super().refused(form, refusal)


class AboutSlot(AboutReview):
    """What is about one signature of a review."""

    slot: Slot

    def find(self, request: HttpRequest, **kwargs: Any) -> Initiative:
        self.slot = get_object_or_404(Slot.objects.select_related("review"), pk=kwargs["pk"])
        return super().find(request, pk=self.slot.review_id)


class TakeBack(AboutSlot, OnInitiative):
    """Take one's own rejection back; whoever has to confirm who they are comes back here."""

    done = "Your rejection is taken back. You can sign again."

    def act(self, at: datetime) -> None:
        proof = latest(self.request, self.person)
        actions.take_back(slot=self.slot, authentication=proof, by=self.person, at=at)

    def refused(self, refusal: Refused) -> HttpResponse:
        if refusal.rule == "authentication_too_old":
            raise ReauthenticationRequired from refusal
        return super().refused(refusal)


class HandOn(AboutSlot, OfInitiative):
    """Let somebody else sign in one's place."""

    form_class = HandOnForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        title = f"Hand on your signature as {self.slot.title.lower()}"
        return super().get_context_data(title=title, **kwargs)

    def act(self, form: forms.Form, at: datetime) -> None:
        given = actions.hand_on(slot=self.slot, by=self.person, at=at, **form.cleaned_data)
        messages.success(self.request, f"{given.person} is asked to sign on your behalf.")


class Appoint(AboutSlot, OfInitiative):
    """Name an acting holder of a signature."""

    form_class = AppointForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        title = f"Who signs as {self.slot.title.lower()}?"
        return super().get_context_data(title=title, **kwargs)

    def act(self, form: forms.Form, at: datetime) -> None:
        given = actions.appoint(slot=self.slot, by=self.person, at=at, **form.cleaned_data)
        messages.success(self.request, f"{given.person} is asked to sign.")


class EndDelegation(AboutReview, OnInitiative):
    """End what was handed on, or an appointment."""

    delegation: Delegation

    def find(self, request: HttpRequest, **kwargs: Any) -> Initiative:
        delegations = Delegation.objects.select_related("slot__review")
        self.delegation = get_object_or_404(delegations, pk=kwargs["pk"])
        return super().find(request, pk=self.delegation.slot.review_id)

    def act(self, at: datetime) -> None:
        actions.end_delegation(delegation=self.delegation, by=self.person, at=at)
        self.done = f"{self.delegation.person} does not sign it any more."


class Ask(AboutReview, OfInitiative):
    """Ask somebody before signing."""

    form_class = AskForm

    @cached_property
    def criteria(self) -> tuple[Criterion, ...]:
        """What the gate asks of this initiative."""
        standing = queries.standing(self.review, timezone.localdate())
        return tuple(judged.criterion for judged in standing.judged)

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"criteria": self.criteria}

    def get_initial(self) -> dict[str, Any]:
        """About the point that was read, of whoever wants the initiative most."""
        known = initiative_facts.load_one(self.initiative.pk)
        owner = known.counted_owner(Role.BUSINESS_OWNER)
        asked_of = owner.person_id if owner else self.review.opened_by_id
        return {"criterion": self.request.GET.get("about", ""), "asked_of": asked_of}

    def act(self, form: forms.Form, at: datetime) -> None:
        asked = actions.ask(review=self.review, by=self.person, at=at, **form.cleaned_data)
        messages.success(self.request, f"{asked.asked_of} is asked, and you hear of the answer.")


class AnswerQuestion(AboutReview, OfInitiative):
    """Answer what somebody asked before signing."""

    form_class = AnswerQuestionForm
    done = "Answered. Whoever asked gets a mail."

    def find(self, request: HttpRequest, **kwargs: Any) -> Initiative:
        rows = Question.objects.select_related("review", "asked_by")
        self.question = get_object_or_404(rows, pk=kwargs["pk"])
        return super().find(request, pk=self.question.review_id)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        asked = self.question
        title = f"Answer {asked.asked_by}"
        return super().get_context_data(title=title, quoted=asked.text, **kwargs)

    def act(self, form: forms.Form, at: datetime) -> None:
        actions.answer_question(question=self.question, by=self.person, at=at, **form.cleaned_data)


class Endorse(SignedForm):
    """A new sponsor signs what was promised before they came."""

    form_class = EndorseForm
    meaning = endorsing.MEANING

    @cached_property
    def statement(self) -> str:
        return statement.of(initiative_facts.load_one(self.initiative.pk))

    def bar(self) -> str | None:
        known = initiative_facts.load_one(self.initiative.pk)
        return permissions.bar_to_endorsing(self.person, known)

    def get_initial(self) -> dict[str, Any]:
        return {"statement": self.statement}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            title="Sign what was promised",
            lead="You became its sponsor after its charter was signed. If you don’t want it as it "
            "stands, stop it or ask for a re-baseline instead.",
            points=[(self.statement, "")],
            **kwargs,
        )

    def act(self, form: forms.Form, at: datetime) -> None:
        event = actions.endorse(
            initiative=self.initiative,
            authentication=self.proof,
            by=self.person,
            at=at,
            **form.cleaned_data,
        )
        messages.success(self.request, f"You have signed. Receipt no. {event.seq}.")


class Receipt(View):
    """What one signature says, and where the log holds it: whoever signed is its witness."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        rows = SignOff.objects.select_related("slot", "snapshot", "on_behalf_of", "signer")
        signature = get_object_or_404(rows, pk=pk)
        review = visible_review(request, signature.review_id)
        context = {
            "signature": signature,
            "review": review,
            "initiative": review.initiative,
            "together": queries.signed_together(signature),
            "position": audit.position_of(**queries.signing_event(signature)),
        }
        return render(request, "reviews/receipt.html", context)

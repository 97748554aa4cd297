"""Doors to what goes on against the rules for a while: waiving a kill condition, overriding."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.functional import cached_property

from initiatives import facts as initiative_facts
from initiatives.models import Initiative, KillCondition
from initiatives.stages import Stage
from initiatives.views.base import visible_initiative
from reviews import actions, overrides, permissions, queries
from reviews.actions import overriding, waiving
from reviews.forms import CountersignForm, DeclineForm, OverrideForm, WaiveForm
from reviews.models import Override
from reviews.queries import Standing
from reviews.views.review import AboutReview
from reviews.views.signing import SignedForm


class Waive(SignedForm):
    """Answer a tripped kill condition by going on until a day."""

    form_class = WaiveForm
    done = "Waived. It is armed again when the day is over."
    meaning = waiving.MEANING

    def find(self, request: HttpRequest, **kwargs: Any) -> Initiative:
        conditions = KillCondition.objects.select_related("metric")
        self.condition = get_object_or_404(conditions, pk=kwargs["pk"])
        return visible_initiative(request, self.condition.initiative_id)

    def bar(self) -> str | None:
        if self.initiative.stage == Stage.RETIRED:
            return waiving.RETIRED
        if self.condition.state != KillCondition.State.TRIPPED:
            return "It is not tripped any more: there is nothing to waive."
        known = initiative_facts.load_one(self.initiative.pk)
        return permissions.bar_to_waiving(self.person, known)

    def get_initial(self) -> dict[str, Any]:
        return {"expires_on": waiving.longest(queries.current_policy(), timezone.localdate())}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        last = waiving.longest(queries.current_policy(), timezone.localdate())
        because = self.condition.tripped_because
        return super().get_context_data(
            title="Waive a kill condition",
            lead=f"It stops nothing until a day, {last:%-d %b %Y} at most. It shows everywhere "
            "with that day.",
            points=[(f"{self.condition.sentence()}.", f"{because}." if because else "")],
            **kwargs,
        )

    def act(self, form: forms.Form, at: datetime) -> None:
        actions.waive(
            kill_condition=self.condition,
            authentication=self.proof,
            by=self.person,
            at=at,
            **form.cleaned_data,
        )


class OfStanding(AboutReview, SignedForm):
    """A form about setting criteria of a review aside; it goes back to the review's page."""

    @cached_property
    def standing(self) -> Standing:
        return queries.standing(self.review, timezone.localdate())


class AskForOverride(OfStanding):
    """A lead asks for criteria to be set aside."""

    form_class = OverrideForm
    done = "Asked. It is in force once a second person has signed it."

    def bar(self) -> str | None:
        return overrides.bar_to_asking(self.person, self.standing)

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"unmet": self.standing.overridable}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        last = overrides.longest(self.standing.policy, self.standing.today)
        second = overrides.WHO_SIGNS_SECOND[overrides.second_group(self.standing)]
        return super().get_context_data(
            title=f"Override: {self.review.get_gate_display().lower()}",
            lead=f"Let the gate open without something until a day, {last:%-d %b %Y} at most. "
            f"{second} It stays on the dashboard until what is set aside is met; signatures are "
            "never set aside.",
            **kwargs,
        )

    def act(self, form: forms.Form, at: datetime) -> None:
        actions.ask_for_override(review=self.review, by=self.person, at=at, **form.cleaned_data)


class OfOverride(OfStanding):
    """A form about one override that was asked for."""

    def find(self, request: HttpRequest, **kwargs: Any) -> Initiative:
        asked = Override.objects.select_related("asked_by", "review")
        self.override = get_object_or_404(asked, pk=kwargs["pk"])
        return super().find(request, pk=self.override.review_id)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        reasons = {j.criterion.key: j for j in self.standing.judged}
        asked = [reasons[key] for key in self.override.criteria if key in reasons]
        return super().get_context_data(
            points=[(f"{j.criterion.title}:", j.verdict.reason) for j in asked],
            lead=f"{self.override.asked_by.name} asks for the gate to open without this until "
            f"{self.override.expires_on:%-d %b %Y}, because: {self.override.reason}",
            **kwargs,
        )


class Countersign(OfOverride):
    """Sign it as the second person."""

    form_class = CountersignForm
    done = "Signed. The override is in force."
    meaning = overriding.MEANING

    def bar(self) -> str | None:
        return overrides.bar_to_countersigning(self.person, self.override, self.standing)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(title="Sign an override", **kwargs)

    def act(self, form: forms.Form, at: datetime) -> None:
        actions.countersign_override(
            override=self.override, authentication=self.proof, by=self.person, at=at
        )


class Decline(OfOverride):
    """Refuse to sign it, or take it back."""

    form_class = DeclineForm
    done = "The gate stays shut until what is missing is there."

    def bar(self) -> str | None:
        return overrides.bar_to_declining(self.person, self.override, self.standing)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(title=DeclineForm.title, **kwargs)

    def act(self, form: forms.Form, at: datetime) -> None:
        actions.decline_override(override=self.override, by=self.person, at=at, **form.cleaned_data)

"""The door to another charter: what it would change is shown before it is proposed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpResponse
from django.utils import timezone
from django.utils.functional import cached_property

from audit.refusals import Refused
from initiatives import baselines
from initiatives import facts as initiative_facts
from initiatives.actions.rebaselining import checked
from initiatives.facts import Facts
from initiatives.forms.rebaselining import RebaselineForm
from initiatives.views.base import OfInitiative
from reviews import actions, rebaselines


class ProposeBaseline(OfInitiative):
    """First what would change and whose signatures it would make stale, then the proposal."""

    form_class = RebaselineForm
    template_name = "reviews/rebaseline.html"
    done = "Proposed. The charter's signers are asked by mail."

    @cached_property
    def facts(self) -> Facts:
        return initiative_facts.load_one(self.initiative.pk)

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"known": self.facts}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        at_stake = rebaselines.at_stake(self.facts, timezone.localdate())
        has_charter = self.facts.charter is not None
        return super().get_context_data(at_stake=at_stake, has_charter=has_charter, **kwargs)

    def form_valid(self, form: forms.Form) -> HttpResponse:
        if "propose" in self.request.POST or self.facts.charter is None:
            return super().form_valid(form)
        assert isinstance(form, RebaselineForm)
        in_force = self.facts.charter
        try:
            charter = checked(self.facts, in_force, form.changes, at=timezone.now())
        except Refused as refusal:
            return self.refused(form, refusal)
        known = baselines.as_proposed(self.facts, charter)
        changes = rebaselines.in_words(in_force, charter, known)
        return self.render_to_response(self.get_context_data(form=form, changes=changes))

    def act(self, form: forms.Form, at: datetime) -> None:
        assert isinstance(form, RebaselineForm)
        self.review = actions.propose_baseline(
            initiative=self.initiative,
            changes=form.changes,
            reason=form.cleaned_data["reason"],
            by=self.person,
            at=at,
        )

    def get_success_url(self) -> str:
        return self.review.get_absolute_url()

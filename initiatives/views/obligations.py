"""The door to confirming what one was asked to see to."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from initiatives import actions
from initiatives.forms.obligations import ConfirmObligationForm
from initiatives.models import Initiative, Obligation
from initiatives.views.base import OfInitiative, visible_initiative


class ConfirmObligation(OfInitiative):
    form_class = ConfirmObligationForm
    done = "Thank you: it is on record that it is done."
    too_late = (
        "It is on record that it is done, after its day: where an approval still depends on it, "
        "that has lapsed and has to be given again."
    )
    obligation: Obligation

    def find(self, request: HttpRequest, **kwargs: Any) -> Initiative:
        rows = Obligation.objects.select_related("initiative", "assignee")
        self.obligation = get_object_or_404(rows, pk=kwargs["pk"])
        return visible_initiative(request, self.obligation.initiative_id)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        owed = self.obligation
        title = f"Is it done? {owed.get_kind_display()}"
        return super().get_context_data(title=title, quoted=owed.what, **kwargs)

    def act(self, form: forms.Form, at: datetime) -> None:
        confirmed = actions.confirm_obligation(
            obligation=self.obligation, by=self.person, at=at, **form.cleaned_data
        )
        self.done = self.too_late if confirmed.missed_at else self.done

"""Doors to asking people into roles, and to their answers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404

from audit.refusals import Refused
from initiatives import actions
from initiatives.forms.owners import AnswerOwnershipForm, OwnerForm
from initiatives.models import Initiative, Ownership
from initiatives.stages import Role
from initiatives.views.base import OfInitiative, OnInitiative, visible_initiative

HOURS = AnswerOwnershipForm.base_fields["hours_a_month"]


class AskOwner(OfInitiative):
    form_class = OwnerForm

    @property
    def role(self) -> str:
        role = self.kwargs["role"].replace("-", "_")
        if role not in Role.values:
            raise Http404
        return str(role)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(title=f"Ask a {Role(self.role).label.lower()}", **kwargs)

    def get_initial(self) -> dict[str, Any]:
        current = Ownership.objects.open().filter(initiative=self.initiative, role=self.role)
        return {"person": current.values_list("person", flat=True).first()}

    def act(self, form: forms.Form, at: datetime) -> None:
        person = form.cleaned_data["person"]
        ownership = actions.ask(
            initiative=self.initiative, role=self.role, person=person, by=self.person, at=at
        )
        if person.pk == self.person.pk:
            actions.accept(ownership=ownership, by=self.person, at=at)
        messages.success(self.request, self._said(ownership, is_new=ownership.asked_at == at))

    def _said(self, ownership: Ownership, *, is_new: bool) -> str:
        """What came of it: somebody who holds the role, or was asked, is not asked again."""
        if ownership.person_id == self.person.pk:
            return "You have taken it on."
        if is_new:
            return f"{ownership.person} was asked."
        if ownership.accepted_at is None:
            return f"{ownership.person} was asked already."
        return f"{ownership.person} holds this role already."


class AnswerOwnership(OfInitiative):
    """Mine, or not mine: the answer of the person who was asked."""

    form_class = AnswerOwnershipForm
    ownership: Ownership

    def find(self, request: HttpRequest, **kwargs: Any) -> Initiative:
        mine = Ownership.objects.open().filter(person=self.person)
        self.ownership = get_object_or_404(mine, pk=kwargs["pk"])
        return visible_initiative(request, self.ownership.initiative_id)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        role = self.ownership.role_name.lower()
        return super().get_context_data(title=f"Are you the {role}?", **kwargs)

    def act(self, form: forms.Form, at: datetime) -> None:
        answer = form.cleaned_data
        if answer["answer"] == "accept":
            actions.accept(
                ownership=self.ownership,
                by=self.person,
                at=at,
                hours_a_month=answer["hours_a_month"],
                in_objectives=answer["in_objectives"],
            )
            messages.success(self.request, "Thank you: it is yours.")
        else:
            actions.decline(
                ownership=self.ownership, by=self.person, at=at, comment=answer["comment"]
            )
            messages.success(self.request, "Noted: it is not yours.")


class ConfirmOwnership(OnInitiative):
    """Still mine: one press of its holder."""

    done = "Thank you: it is still yours."
    ownership: Ownership

    def find(self, request: HttpRequest, **kwargs: Any) -> Initiative:
        mine = Ownership.objects.open().filter(person=self.person)
        self.ownership = get_object_or_404(mine, pk=kwargs["pk"])
        return visible_initiative(request, self.ownership.initiative_id)

    def act(self, at: datetime) -> None:
        actions.confirm(
            ownership=self.ownership,
            hours_a_month=self._hours_a_month(),
            in_objectives="in_objectives" in self.request.POST,
            by=self.person,
            at=at,
        )

    def _hours_a_month(self) -> int | None:
        try:
            hours: int | None = HOURS.clean(self.request.POST.get("hours_a_month", ""))
        except ValidationError as error:
            said = f"Hours a month: {error.messages[0]}"
            raise Refused(said, rule="invalid", field="hours_a_month") from error
        return hours

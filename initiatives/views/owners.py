"""Doors to asking people into roles, and to their answers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.utils import timezone

from audit.refusals import Refused
from initiatives import actions
from initiatives.forms.owners import AnswerOwnershipForm, OwnerForm
from initiatives.models import Initiative, Ownership
from initiatives.stages import Role
from initiatives.views.base import OfInitiative, SignedIn, visible_initiative

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
            )
            messages.success(self.request, "Thank you: it is yours.")
        else:
            actions.decline(
                ownership=self.ownership, by=self.person, at=at, comment=answer["comment"]
            )
            messages.success(self.request, "Noted: it is not yours.")


class ConfirmOwnership(SignedIn):
    """Still mine: one press of its holder."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        mine = Ownership.objects.open().filter(person=self.person)
        ownership = get_object_or_404(mine, pk=pk)
        initiative = visible_initiative(request, ownership.initiative_id)
        try:
            actions.confirm(
                ownership=ownership,
                hours_a_month=HOURS.clean(request.POST.get("hours_a_month", "")),
                by=self.person,
                at=timezone.now(),
            )
        except ValidationError as error:
            messages.error(request, f"Hours a month: {error.messages[0]}")
        except Refused as refusal:
            messages.error(request, refusal.message)
        else:
            messages.success(request, "Thank you: it is still yours.")
        return HttpResponseRedirect(initiative.get_absolute_url())

"""Doors to answering what a gate asks, and to the documents that answers cite."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404
from django.urls import reverse
from django.utils.functional import cached_property

from initiatives import actions as initiatives
from initiatives import facts as initiative_facts
from initiatives import permissions as initiative_permissions
from initiatives.facts import Facts
from initiatives.forms.documents import DocumentForm
from initiatives.stages import Stage
from initiatives.views.base import OfInitiative
from reviews import (
    actions,
    citations,
    queries,
)
from reviews.forms import AnswerForm
from reviews.policy import Criterion


class Answer(OfInitiative):
    """The generated form of one criterion; one that is worked out can only be set aside."""

    form_class = AnswerForm
    done = "Recorded."

    def criterion(self) -> Criterion:
        found = queries.criterion(self.kwargs["criterion"], self.initiative)
        if found is None or not found.takes_an_answer:
            raise Http404
        return found

    @cached_property
    def facts(self) -> Facts:
        return initiative_facts.load_one(self.initiative.pk)

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"criterion": self.criterion(), "facts": self.facts}

    def get_initial(self) -> dict[str, Any]:
        key = self.kwargs["criterion"]
        answer = self.facts.answer(key)
        named = (o for o in self.facts.ownerships if o.role.startswith(f"{key}."))
        initial: dict[str, Any] = {o.role.partition(".")[2]: o.person_id for o in named}
        if answer is None:
            return self._to_start_from() | initial
        initial |= answer.fields
        return {**initial, "not_applicable_because": answer.not_applicable_because}

    def _to_start_from(self) -> dict[str, Any]:
        """Rows that were listed at an earlier gate, for tables that go on from them."""
        found = {}
        for field in self.criterion().fields:
            criterion, _, key = field.starts_from.partition(".")
            if earlier := self.facts.answer(criterion):
                found[field.key] = earlier.fields.get(key)
        return found

    def act(self, form: forms.Form, at: datetime) -> None:
        values = dict(form.cleaned_data)
        actions.answer(
            initiative=self.initiative,
            criterion=self.kwargs["criterion"],
            not_applicable_because=values.pop("not_applicable_because", ""),
            values=values,
            by=self.person,
            at=at,
        )


class Documents(OfInitiative):
    """The documents of an initiative with the answers that cite them, and adding one."""

    form_class = DocumentForm
    template_name = "initiatives/documents.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        may_edit = initiative_permissions.may_edit(self.person, self.initiative)
        return super().get_context_data(
            lines=citations.of_initiative(self.initiative),
            may_add=may_edit and self.initiative.stage != Stage.RETIRED,
            **kwargs,
        )

    def act(self, form: forms.Form, at: datetime) -> None:
        document = initiatives.add_document(
            initiative=self.initiative, by=self.person, at=at, **form.cleaned_data
        )
        is_new = document.added_at == at
        said = "is added" if is_new else "is here already; nothing was added"
        messages.success(self.request, f"“{document.name}” {said}.")

    def get_success_url(self) -> str:
        return reverse("initiatives:add_document", args=[self.initiative.pk])

"""Doors to the common changes of the draft: forms that write into its text."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.views.generic import TemplateView

from accounts.models import Person
from audit.refusals import Refused
from initiatives.stages import Gate
from reviews import permissions
from reviews.policy import InvalidPolicy, editing, wording
from reviews.policy.editing import CRITERIA, SLOTS, Place
from reviews.policy_fields import (
    CriterionForm,
    DraftForm,
    GateForm,
    LimitsForm,
    NewCriterionForm,
    QuestionForm,
    SlotForm,
)
from reviews.views.policy import EditDraft, OfDraft, say_saved


@dataclass(frozen=True)
class Row:
    """A criterion, a question or a slot of the draft's text, as the list of forms shows it."""

    place: Place
    title: str
    note: str
    url: str
    questions: tuple[Row, ...] = ()
    add_url: str = ""


@dataclass(frozen=True)
class GateRows:
    """One gate of the draft's text."""

    key: str
    title: str
    criteria: list[Row]
    slots: list[Row]


def gates_of(text: str) -> list[GateRows]:
    """The gates as they stand in the text, whatever else is wrong with it."""
    gates = editing.gates_of(text)
    return [
        GateRows(
            key=gate.value,
            title=str(gate.label),
            criteria=[_criterion(gate, row) for row in _rows(gates[gate].get(CRITERIA))],
            slots=[_slot(gate, row) for row in _rows(gates[gate].get(SLOTS))],
        )
        for gate in Gate
        if isinstance(gates.get(gate), Mapping)
    ]


def at_gate(gate: str) -> str:
    """The list of forms, with this gate's open."""
    return f"{reverse('policy:forms')}?gate={gate}#{gate}"


def _rows(rows: Any) -> Iterator[Mapping[str, Any]]:
    """Those that can be named: forms find a row by its key."""
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, Mapping) and isinstance(row.get("key"), str):
            yield row


def _criterion(gate: str, row: Mapping[str, Any]) -> Row:
    key, check = str(row["key"]), row.get("check")
    return Row(
        place=Place(gate, CRITERIA, key),
        title=str(row.get("title", key)),
        note="worked out" if check else "answered",
        url=reverse("policy:criterion", args=[gate, key]),
        questions=tuple(_question(gate, key, field) for field in _rows(row.get("fields"))),
        add_url="" if check else reverse("policy:add_question", args=[gate, key]),
    )


def _question(gate: str, criterion: str, row: Mapping[str, Any]) -> Row:
    key = str(row["key"])
    return Row(
        place=Place(gate, CRITERIA, criterion, key),
        title=str(row.get("label", key)),
        note=wording.TYPES.get(str(row.get("type")), "of an unknown type"),
        url=reverse("policy:question", args=[gate, criterion, key]),
    )


def _slot(gate: str, row: Mapping[str, Any]) -> Row:
    key = str(row["key"])
    return Row(
        place=Place(gate, SLOTS, key),
        title=str(row.get("title", key)),
        note="a group" if row.get("group") else "a role",
        url=reverse("policy:slot", args=[gate, key]),
    )


class OfText(OfDraft):
    """A page that needs text that is TOML, and rows that are there."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return super().dispatch(request, *args, **kwargs)
        except InvalidPolicy as invalid:
            messages.error(request, f"{invalid} Mend the text first; then the forms can read it.")
            return HttpResponseRedirect(reverse("policy:edit_text"))
        except editing.NotThere as missing:
            raise Http404 from missing


class Forms(OfText, TemplateView):
    """All that can be changed by forms, in the order of the text."""

    template_name = "reviews/policy/forms.html"

    def may_open(self, person: Person) -> bool:
        return permissions.may_change_policy(person)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        draft = self.looked.draft
        return super().get_context_data(
            draft=draft,
            problems=self.looked.problems,
            gates=gates_of(draft.text),
            opened=self.request.GET.get("gate", Gate.CHARTER.value),
            **kwargs,
        )


class ChangeText(OfText, EditDraft):
    """A form whose values are written into the text; everything else of it stays as it is."""

    template_name = "reviews/policy/edit_form.html"
    title = ""

    @property
    def gate(self) -> str:
        gate = self.kwargs["gate"]
        if gate not in Gate.values:
            raise Http404
        return str(gate)

    def stands(self) -> Mapping[str, Any]:
        """What the text says now, for a form that changes it."""
        return {}

    @abstractmethod
    def written(self, form: Any) -> str:
        """The text with what was typed."""

    def get_initial(self) -> dict[str, Any]:
        read = getattr(self.form_class, "initial_of", None)
        said = read(self.stands()) if read and self.stands() else {}
        return super().get_initial() | said

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(title=self.title, **kwargs)

    def act(self, form: forms.Form, at: datetime) -> None:
        self.save(form, self.written(form), at)
        say_saved(self.request)

    def get_success_url(self) -> str:
        gate = self.kwargs.get("gate")
        return at_gate(gate) if gate else reverse("policy:forms")


class ChangeLimits(ChangeText):
    form_class = LimitsForm

    def get_initial(self) -> dict[str, Any]:
        text = self.draft.text
        limits, reminders = editing.table(text, "limits"), editing.table(text, "reminders")
        return {"revision": self.draft.revision} | LimitsForm.initial_of(limits, reminders)

    def written(self, form: LimitsForm) -> str:
        text = editing.set_values(self.draft.text, ["limits"], form.limits())
        return editing.set_values(text, ["reminders"], form.reminders())


class OfGate(ChangeText):
    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"gate": self.gate}


class ChangePeople(OfGate):
    form_class = GateForm

    def get_initial(self) -> dict[str, Any]:
        stands = editing.table(self.draft.text, "gates", self.gate)
        people = stands.get("people_needed")
        said = dict(people) if isinstance(people, Mapping) else {}
        return {
            "revision": self.draft.revision,
            "outsider_from": stands.get("outsider_from", ()),
        } | said

    def written(self, form: GateForm) -> str:
        return editing.set_values(self.draft.text, ["gates", self.gate], form.values())


class OfRow(OfGate):
    """A form about a row that stands in the text."""

    kind = CRITERIA

    @property
    def place(self) -> Place:
        return Place(self.gate, self.kind, self.kwargs["key"], self.kwargs.get("field", ""))

    def stands(self) -> Mapping[str, Any]:
        return editing.row(self.draft.text, self.place)

    def written(self, form: Any) -> str:
        return editing.change_row(self.draft.text, self.place, form.values())


class ChangeCriterion(OfRow):
    form_class = CriterionForm
    title = "Change a criterion"


class ChangeQuestion(OfRow):
    form_class = QuestionForm
    title = "Change a question"


def named_in_answers(text: str) -> dict[str, str]:
    """The people whom answers name, by the role that a signature may have."""
    return {
        f"{row.place.key}.{question.place.field}": f"{question.title} ({row.title})"
        for gate in gates_of(text)
        for row in gate.criteria
        for question in row.questions
        if question.note == wording.TYPES["person"]
    }


class OfSlot(OfGate):
    form_class = SlotForm
    kind = SLOTS

    def get_form_kwargs(self) -> dict[str, Any]:
        text = self.draft.text
        asked = next(gate.criteria for gate in gates_of(text) if gate.key == self.gate)
        points = {row.place.key: row.title for row in asked}
        named = named_in_answers(text)
        return super().get_form_kwargs() | {"named": named, "points": points}


class ChangeSlot(OfSlot, OfRow):
    title = "Change a signature"
    kind = SLOTS


class AddSlot(OfSlot):
    title = "Add a signature"

    def written(self, form: Any) -> str:
        text, values = self.draft.text, form.values()
        taken = {row.place.key for gate in gates_of(text) for row in gate.slots}
        key = editing.key_for(values["title"], taken)
        return editing.add_row(text, Place(self.gate, SLOTS), {"key": key} | values)

    def get_initial(self) -> dict[str, Any]:
        return super().get_initial() | {"quorum": 1}


class AddCriterion(ChangeText):
    form_class = NewCriterionForm
    title = "Add a criterion that people answer"

    def written(self, form: NewCriterionForm) -> str:
        text, values = self.draft.text, form.values()
        if self.gate not in {gate.key for gate in gates_of(text)}:
            raise Http404
        taken = {row.place.key for gate in gates_of(text) for row in gate.criteria}
        key = editing.key_for(values["title"], taken)
        question = {"key": "answer"} | form.question()
        row = {"key": key} | values | {"fields": [question]}
        return editing.add_row(text, Place(self.gate, CRITERIA), row)


class AddQuestion(OfGate):
    form_class = QuestionForm
    title = "Add a question"

    def written(self, form: QuestionForm) -> str:
        text = self.draft.text
        place = Place(self.gate, CRITERIA, self.kwargs["key"])
        fields = _rows(editing.row(text, place).get("fields"))
        key = editing.key_for(form.cleaned_data["label"], {str(row["key"]) for row in fields})
        return editing.add_row(text, place, {"key": key} | form.values())

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        editing.row(self.draft.text, Place(self.gate, CRITERIA, self.kwargs["key"]))
        return super().get(request, *args, **kwargs)


class ArrangeForm(DraftForm):
    """Which row is moved up or down, or taken out."""

    act = forms.ChoiceField(choices=[(act, act) for act in ("up", "down", "remove")])
    gate = forms.ChoiceField(choices=Gate.choices)
    kind = forms.ChoiceField(choices=[(CRITERIA, CRITERIA), (SLOTS, SLOTS)])
    key = forms.CharField(max_length=200)
    field = forms.CharField(max_length=200, required=False)


class Arrange(ChangeText):
    """Move a row, or take it out; the list is where that is seen."""

    form_class = ArrangeForm
    http_method_names = ("post",)

    def written(self, form: ArrangeForm) -> str:
        said = form.cleaned_data
        place = Place(said["gate"], said["kind"], said["key"], said["field"])
        self.done_at = said["gate"]
        if said["act"] == "remove":
            return editing.remove_row(self.draft.text, place)
        return editing.move_row(self.draft.text, place, -1 if said["act"] == "up" else 1)

    def refused(self, form: forms.Form, refusal: Refused) -> HttpResponse:
        super().refused(form, refusal)  # a stranger ends here
        messages.error(self.request, refusal.message)
        return HttpResponseRedirect(reverse("policy:forms"))

    def form_invalid(self, form: forms.Form) -> HttpResponse:
        self.require_lead()
        return HttpResponseRedirect(reverse("policy:forms"))

    def get_success_url(self) -> str:
        return at_gate(self.done_at)

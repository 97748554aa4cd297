"""Forms of the campaign: starting it, and answering for what is said to be one's own."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms

from accounts.models import Unit
from initiatives.fields import Day, PersonChoice, QuickSelect, Text
from initiatives.forms.base import ActionForm
from initiatives.models import Initiative
from notifications.queries.answering import Dated
from reviews.models import Decision


class StartForm(ActionForm):
    """Says how many mails go out, and is asked again when that is no longer true."""

    mails = forms.IntegerField(widget=forms.HiddenInput)
    unit = forms.ModelChoiceField(
        queryset=Unit.objects.all(), required=False, widget=forms.HiddenInput
    )
    sure = forms.BooleanField(
        label="I have looked at it. Starting cannot be undone.",
        error_messages={"required": "Tick this to start."},
    )


class ScopeForm(forms.Form):
    """Which part of what is quiet is looked at, and whose mail."""

    unit = forms.ModelChoiceField(
        queryset=Unit.objects.all(),
        required=False,
        empty_label="Every unit",
        widget=QuickSelect(attrs={"class": "form-select"}),
    )


class NotMineForm(ActionForm):
    button = "Not mine"
    person = PersonChoice(
        required=False, label="Whose is it?", empty_label="Not known, or not listed"
    )
    email = forms.EmailField(
        required=False,
        label="Somebody who is not listed: their e-mail address",
        help_text="They are invited and asked.",
    )
    name = forms.CharField(max_length=200, required=False, label="Their name")
    comment = Text(required=False, rows=2, max_length=1000, label="Anything that helps")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("person") and cleaned.get("email"):
            self.add_error("email", "Choose a person or write an address, not both.")
        return cleaned


class DeadForm(ActionForm):
    button = "It is dead"
    reason = Text(
        rows=2,
        max_length=2000,
        label="How do you know?",
        help_text="For example: replaced by the new portal in March, nobody has used it since.",
    )


class KeepForm(ActionForm):
    title = "Keep it"
    why = "It is not dead. Whoever is said to own it and has not answered is asked again."
    button = "Keep it"
    because = Text(rows=2, max_length=2000, label="Why is it kept?")


class RetireForm(ActionForm):
    """One outcome and one lesson for all that are ticked; each keeps its own reason."""

    outcome = forms.ChoiceField(
        choices=[("", "Choose …"), *Decision.Outcome.choices], label="Which way did they end?"
    )
    lesson = Text(rows=2, max_length=4000, label="What should the next team know?")
    unused_because = Text(
        required=False,
        rows=2,
        max_length=2000,
        label="Of those in production: why does nobody rely on them?",
        help_text="Then nobody has to be told. Left empty they are refused, until their own pages "
        "say who was told.",
    )


class DatesForm(ActionForm):
    """By when each of one's pilots is decided."""

    def __init__(self, *args: Any, pilots: Iterable[Dated], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.pilots = {f"day_{pilot.initiative.pk}": pilot for pilot in pilots}
        for name, pilot in self.pilots.items():
            self.fields[name] = Day(
                label=f"Decide by: {pilot.initiative.name}", initial=pilot.initiative.decision_date
            )
            self.fields[name].widget.attrs["class"] = "form-control"

    def rows(self) -> list[tuple[Dated, forms.BoundField]]:
        return [(pilot, self[name]) for name, pilot in self.pilots.items()]

    def chosen(self) -> list[tuple[str, Initiative, date]]:
        """What was changed: the field, whose date it is, and the day."""
        return [
            (name, self.pilots[name].initiative, self.cleaned_data[name])
            for name in self.changed_data
        ]

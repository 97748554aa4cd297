"""Forms of the triage: the eight questions, and compliance's word on what follows from them."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings

from initiatives import triage
from initiatives.fields import Money, Text, YesNo
from initiatives.forms.base import ActionForm


class TriageForm(ActionForm):
    """Eight times yes or no, and the two amounts that the level rests on as well."""

    title = "Eight questions"
    why = (
        "Yes or no. The answers decide how much each gate asks, and whether security, compliance "
        "or employees' representatives have a say."
    )
    button = "Save the answers"

    pilot_budget = Money(
        minimum=0,
        required=False,
        label=f"Spend cap of the pilot ({settings.CURRENCY})",
        help_text="Whole units, like 20,000.",
    )
    monthly_cost = Money(
        minimum=0, required=False, label=f"Estimated running cost a month ({settings.CURRENCY})"
    )

    def __init__(self, *args: Any, frozen: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for key, question in triage.QUESTIONS.items():
            field = YesNo(label=question, widget=forms.RadioSelect)
            field.widget.choices = field.CHOICES[1:]  # left alone is not answered
            self.fields[key] = field
        if frozen:
            del self.fields["pilot_budget"]

    @property
    def questions(self) -> list[forms.BoundField]:
        return [self[key] for key in triage.QUESTIONS]

    @property
    def amounts(self) -> list[forms.BoundField]:
        return [self[name] for name in triage.AMOUNTS if name in self.fields]

    def given(self) -> dict[str, Mapping[str, Any]]:
        """What the action takes; an amount that wasn't asked for stays as it is."""
        return {
            "answers": {key: self.cleaned_data[key] for key in triage.QUESTIONS},
            "amounts": {
                field.name: self.cleaned_data[field.name]
                for field in self.amounts
                if field.html_name in self.data
            },
        }


class ConfirmForm(ActionForm):
    """Compliance's level and legal class; each level says what it asks."""

    title = "Confirm level and legal class"
    button = "Confirm"

    level = forms.ChoiceField(
        choices=triage.Level.choices, label="Control level", widget=forms.RadioSelect
    )
    legal_class = forms.ChoiceField(
        choices=triage.LegalClass.choices,
        help_text="Prohibited closes every gate except retirement, and suspends at once what runs.",
    )
    because = Text(
        required=False,
        label="Why, if it is another than computed",
        help_text="It is kept in the history.",
    )

    def __init__(self, *args: Any, says: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["level"].choices = [  # type: ignore[attr-defined]
            (value, f"{label}: {says[value]}" if says.get(value) else label)
            for value, label in triage.Level.choices
        ]

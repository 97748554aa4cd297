"""Registering an initiative, and changing one part of its description."""

from collections.abc import Iterable
from typing import Any

from crispy_forms.layout import HTML, Fieldset
from django import forms
from django.conf import settings
from django.urls import reverse

from accounts.models import Unit
from initiatives.fields import Money, Text
from initiatives.forms.base import ActionForm, row

# Filled with what resembles the problem while somebody describes it.
SIMILAR = HTML('<div class="gh-similar" id="similar" aria-live="polite"></div>')


class RegisterForm(ActionForm):
    """Problem first: what hurts, who has it, and what would be better, before any solution."""

    title = "Register an initiative"
    why = (
        "Start with the problem. Only a name is needed to save; everything else can follow, "
        "and the initiative's page shows what is still missing."
    )
    button = "Save as a proposal"

    problem = Text(
        required=False,
        label="What is the problem?",
        help_text="What happens today, how often, and what it costs. “Claims wait four hours …”",
    )
    users = Text(
        required=False, rows=2, label="Who has it?", help_text="The people, and how many they are."
    )
    outcome = Text(
        required=False,
        rows=2,
        label="What would be better?",
        help_text="The outcome you want, not the technology.",
    )
    process = Text(
        required=False,
        rows=2,
        label="Which process is it part of?",
        help_text="The business process, and the decision or step in it that changes.",
    )
    name = forms.CharField(
        max_length=300, label="What shall it be called?", help_text="Short: “Claims triage”."
    )
    unit = forms.ModelChoiceField(
        Unit.objects.all(), required=False, label="Business unit", empty_label="Not yet known"
    )
    vendor = forms.CharField(
        max_length=300, required=False, help_text="If it is bought, from whom?"
    )
    pilot_days = forms.IntegerField(
        min_value=1,
        max_value=366,
        initial=42,
        label="Days from the pilot's start to ship or kill",
        help_text="Four to six weeks; the policy allows 42 days.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("problem", "outcome", "name"):
            self.fields[name].widget.attrs |= {
                "hx-post": reverse("initiatives:similar"),
                "hx-trigger": "change, input changed delay:800ms",
                "hx-include": "closest form",
                "hx-target": "#similar",
                "hx-sync": "closest form:replace",
            }

    def layout(self) -> Iterable[Any]:
        return (
            Fieldset("1 · The problem", "problem", SIMILAR, "users", "outcome", "process"),
            Fieldset("2 · The initiative", "name", row("unit", "vendor"), "pilot_days"),
        )


class DescriptionForm(ActionForm):
    title = "Problem, users, outcome"
    why = "Signers read this first. Describe the problem, not the solution."
    problem = RegisterForm.base_fields["problem"]
    users = RegisterForm.base_fields["users"]
    outcome = RegisterForm.base_fields["outcome"]


class ProcessForm(ActionForm):
    title = "Process and decision point"
    why = "An AI outside the workflow is not used: say where in it this one sits."
    process = RegisterForm.base_fields["process"]


class PilotLengthForm(ActionForm):
    title = "Length of the pilot"
    why = (
        "The ship-or-kill date is the pilot's start plus these days. Pilots without one never end."
    )
    pilot_days = RegisterForm.base_fields["pilot_days"]


class BudgetForm(ActionForm):
    title = "Pilot budget and running cost"
    why = "A pilot stops when its money is spent, not when somebody notices."
    pilot_budget = Money(
        minimum=0,
        required=False,
        label=f"Spend cap of the pilot ({settings.CURRENCY})",
        help_text="Whole units, like 25,000.",
    )
    monthly_cost = Money(
        minimum=0,
        required=False,
        label=f"Estimated running cost a month ({settings.CURRENCY})",
    )


class DetailsForm(ActionForm):
    title = "Name, unit, vendor, scope"
    name = RegisterForm.base_fields["name"]
    unit = RegisterForm.base_fields["unit"]
    vendor = RegisterForm.base_fields["vendor"]
    system_name = forms.CharField(max_length=300, required=False, label="System it runs on")
    scope = Text(required=False, help_text="What is in, and what is out.")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "unit" in cleaned:
            unit = cleaned.pop("unit")
            cleaned["unit_id"] = unit.pk if unit else None
        return cleaned


PARTS: dict[str, type[ActionForm]] = {
    "description": DescriptionForm,
    "process": ProcessForm,
    "pilot-length": PilotLengthForm,
    "budget": BudgetForm,
    "details": DetailsForm,
}

"""Forms for the common changes of a policy: limits, people, criteria, questions, signatures.

Each says its values as `reviews.policy.editing` writes them into the text.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.models import Group
from initiatives.fields import Money, Text
from initiatives.forms.base import ActionForm
from initiatives.stages import Gate, Role, Stage
from initiatives.triage import QUESTIONS, SAYS
from reviews.policy import (
    ALWAYS,
    DAYS_BEFORE,
    LONGEST_TITLE,
    STATEMENT_DAYS,
    counting,
    wording,
)

MOST = 3_650
PER_LEVEL = ("reauthentication_minutes", "recertification_days", "catch_up_days")
LISTS = ("owner_days_before", "signer_days_after", "recertification_days_before", *DAYS_BEFORE)
MAY_BE_NONE = ("override_days",)  # no day: none is allowed
FACTOR = "measurement_stale_factor"
LONGEST = 2_000


class DraftForm(ActionForm):
    """A form about one revision of the draft."""

    revision = forms.IntegerField(widget=forms.HiddenInput)


def whole(label: str, unit: str, minimum: int = 1) -> forms.IntegerField:
    return forms.IntegerField(
        label=label,
        help_text=f"In {unit}." if unit else "",
        min_value=minimum,
        max_value=MOST,
    )


def several(label: str, choices: Any, help_text: str = "") -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label,
        choices=choices,
        required=False,
        help_text=help_text,
        widget=forms.CheckboxSelectMultiple,
    )


class LimitsForm(DraftForm):
    """All limits and both ladders of reminders."""

    title = "Limits and reminders"
    why = "Days, minutes and factors that hold for every gate."

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, (label, unit) in wording.LIMITS.items():
            if name in PER_LEVEL:
                for level, title in wording.LEVELS.items():
                    self.fields[f"{name}.{level}"] = whole(f"{label}: {title.lower()}", unit)
            elif name == FACTOR:
                self.fields[name] = forms.DecimalField(
                    label=label, min_value=1, max_value=100, help_text=f"Number of {unit}."
                )
            else:
                minimum = 0 if name in MAY_BE_NONE else 1
                self.fields[name] = whole(label, unit, minimum)
        for name, (label, unit) in wording.LADDER.items():
            if name in LISTS:
                help_text = f"In {unit}, with commas: 14, 3, 0."
                self.fields[name] = forms.CharField(
                    label=label, help_text=help_text, max_length=200, required=False
                )
            else:
                self.fields[name] = whole(label, unit, minimum=0)

    @staticmethod
    def initial_of(limits: Mapping[str, Any], reminders: Mapping[str, Any]) -> dict[str, Any]:
        """What the text says now, as the fields are called."""
        said: dict[str, Any] = {"statement_days": STATEMENT_DAYS, **limits, **reminders}
        for name in PER_LEVEL:
            values = limits.get(name)
            if isinstance(values, Mapping):
                said |= {f"{name}.{level}": value for level, value in values.items()}
        for name in LISTS:
            values = reminders.get(name, DAYS_BEFORE.get(name))
            said[name] = ", ".join(map(str, values)) if isinstance(values, list | tuple) else ""
        return said

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for name in LISTS:
            try:
                cleaned[name] = _days(cleaned.get(name, ""))
            except ValueError:
                self.add_error(name, "Write whole numbers with commas, like 14, 3, 0.")
        return cleaned

    def limits(self) -> dict[str, Any]:
        said: dict[str, Any] = {}
        for name in wording.LIMITS:
            if name in PER_LEVEL:
                levels = {level: self.cleaned_data[f"{name}.{level}"] for level in wording.LEVELS}
                said[name] = levels
            else:
                said[name] = _number(self.cleaned_data[name])
        return said

    def reminders(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in wording.LADDER}


def _days(text: str) -> list[int]:
    days = [int(part) for part in text.split(",") if part.strip()]
    if any(not 0 <= day <= MOST for day in days):
        raise ValueError
    return days


def _number(value: Any) -> Any:
    """A whole number, or one with a fraction as TOML writes it."""
    if not isinstance(value, Decimal):
        return value
    return int(value) if value == value.to_integral_value() else float(value)


class GateForm(DraftForm):
    """How many different people sign, and where one has to come from outside."""

    why = "At most as many as its signatures are sure to ask for."
    outsider_from = several("Somebody from outside the delivery team signs at", ())

    def __init__(self, *args: Any, gate: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = f"{Gate(gate).label}: who has to sign"
        for level, label in wording.LEVELS.items():
            self.fields[level] = whole(f"People who sign: {label.lower()}", "", minimum=0)
        outsider = self.fields.pop("outsider_from")
        assert isinstance(outsider, forms.MultipleChoiceField)
        outsider.choices = list(wording.LEVELS.items())
        self.fields["outsider_from"] = outsider

    def values(self) -> dict[str, Any]:
        people = {level: self.cleaned_data[level] for level in wording.LEVELS}
        return {"people_needed": people, "outsider_from": self.cleaned_data["outsider_from"]}


class AppliesForm(DraftForm):
    """When something is wanted; all that is stated has to hold, nothing stated means always."""

    def __init__(self, *args: Any, gate: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        questions = [(key, f"It {SAYS[key]}") for key in QUESTIONS]
        before = [(str(stage), str(stage.label)) for stage in counting.stages(gate)]
        more: dict[str, forms.Field] = {
            "levels": several(
                "Only at these levels",
                list(wording.LEVELS.items()),
                "Tick none where the level does not matter.",
            ),
            "when": several("Only where at least one of these is so", questions),
            "unless": several("Not where one of these is so", questions),
        }
        if len(before) > 1 or self.initial.get("stages"):
            stages = before if len(before) > 1 else list(Stage.choices)
            more["stages"] = several("Only while it is in", stages)
        more["pilot_budget_from"] = Money(
            required=False, minimum=0, label="Only from a pilot budget of"
        )
        more["monthly_cost_from"] = Money(
            required=False, minimum=0, label="Only from a monthly cost of"
        )
        self.fields |= more

    @staticmethod
    def initial_of(stands: Mapping[str, Any]) -> dict[str, Any]:
        applies = stands.get("applies")
        return dict(applies) if isinstance(applies, Mapping) else {}

    def applies(self) -> dict[str, Any] | None:
        """What is stated; None where nothing is."""
        names = ("levels", "stages", "when", "unless", "pilot_budget_from", "monthly_cost_from")
        said = {name: self.cleaned_data.get(name) for name in names}
        return {n: value for n, value in said.items() if value not in (None, [], "")} or None


class CriterionForm(AppliesForm):
    """What a criterion is called and why it is asked, how strictly, and when."""

    heading = forms.CharField(label="Title", max_length=LONGEST_TITLE)
    reason = Text(rows=2, max_length=LONGEST, label="Why is it asked?")
    source = forms.CharField(label="Source", max_length=300, required=False)
    blocking = forms.BooleanField(
        label="Blocking: the gate stays shut without it", required=False, initial=True
    )
    mandatory = forms.BooleanField(
        label="Mandatory: it cannot be set aside as not applicable", required=False
    )
    anew = forms.BooleanField(
        label="Asked anew: only what was said since the last certification counts", required=False
    )
    catch_up = forms.ChoiceField(
        label="Asked of what already ran when it came here",
        choices=[(key, said.capitalize()) for key, said in wording.CATCH_UP.items()],
        initial=ALWAYS,
    )

    @staticmethod
    def initial_of(stands: Mapping[str, Any]) -> dict[str, Any]:
        flags = {"blocking": True} | {
            k: stands[k] for k in ("blocking", "mandatory", "anew", "catch_up") if k in stands
        }
        words = {"heading": stands.get("title"), "reason": stands.get("why")}
        return AppliesForm.initial_of(stands) | words | flags | {"source": stands.get("source", "")}

    def values(self) -> dict[str, Any]:
        said = self.cleaned_data
        return {
            "title": said["heading"],
            "blocking": said["blocking"],
            "mandatory": said["mandatory"],
            "anew": said["anew"],
            "catch_up": said["catch_up"],
            "applies": self.applies(),
            "why": said["reason"],
            "source": said["source"],
        }


TYPES = [(key, label.capitalize()) for key, label in wording.TYPES.items() if key != "table"]


class QuestionFields(DraftForm):
    """What one question asks, and what kind of answer it takes."""

    label = forms.CharField(label="Question", max_length=300)
    type = forms.ChoiceField(label="Kind of answer", choices=TYPES)
    choices = Text(
        rows=3,
        required=False,
        max_length=LONGEST,
        label="Choices, one in each line",
        help_text="For the kind of answer “choice” only.",
    )
    help = Text(rows=2, required=False, max_length=LONGEST, label="Help, with an example")
    required = forms.BooleanField(label="It has to be answered", required=False, initial=True)

    @staticmethod
    def initial_of(stands: Mapping[str, Any]) -> dict[str, Any]:
        said = {k: stands[k] for k in ("label", "type", "help", "required") if k in stands}
        choices = stands.get("choices")
        lines = "\n".join(map(str, choices)) if isinstance(choices, list) else ""
        return {"required": True} | said | {"choices": lines}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        listed = [line.strip() for line in cleaned.get("choices", "").splitlines() if line.strip()]
        is_choice = cleaned.get("type") == "choice"
        if is_choice and not listed:
            self.add_error("choices", ValidationError("Write at least one choice."))
        cleaned["choices"] = listed if is_choice else None
        return cleaned

    def question(self) -> dict[str, Any]:
        names = ("label", "type", "required", "choices", "help")
        return {name: self.cleaned_data[name] for name in names}


class QuestionForm(QuestionFields, AppliesForm):
    """A question of an answered criterion, and when it is asked."""

    @staticmethod
    def initial_of(stands: Mapping[str, Any]) -> dict[str, Any]:
        return AppliesForm.initial_of(stands) | QuestionFields.initial_of(stands)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.initial.get("type") == "table":  # its columns are changed in the text
            self.fields["type"].choices = [("table", "Table")]  # type: ignore[attr-defined]
            del self.fields["choices"]

    def values(self) -> dict[str, Any]:
        if "choices" not in self.fields:
            self.cleaned_data["choices"] = None
        return self.question() | {"applies": self.applies()}


class NewCriterionForm(QuestionFields):
    """A criterion that people answer, with its first question; the rest is changed afterwards."""

    heading = forms.CharField(label="Title of the criterion", max_length=LONGEST_TITLE)
    reason = Text(rows=2, max_length=LONGEST, label="Why is it asked?")
    field_order = ("revision", "heading", "reason", "label", "type", "choices", "help", "required")

    def values(self) -> dict[str, Any]:
        said = self.cleaned_data
        return {"title": said["heading"], "why": said["reason"]}


class SlotForm(AppliesForm):
    """A signature: whose it is, what it means, and when it is asked for."""

    heading = forms.CharField(label="Title", max_length=LONGEST_TITLE)
    who = forms.ChoiceField(label="Whose signature?")
    quorum = forms.IntegerField(
        label="How many of the group?", min_value=1, max_value=100, help_text="Of a role it is one."
    )
    meaning = Text(rows=3, max_length=LONGEST, label="What does the signature mean?")
    points = forms.MultipleChoiceField(
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label="What does its signer look at first?",
        help_text="These points stand open on the page that is signed, the others one tap away.",
    )

    def __init__(
        self, *args: Any, named: Mapping[str, str], points: Mapping[str, str], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["points"].choices = list(points.items())  # type: ignore[attr-defined]
        groups = Group.objects.values_list("key", "name")
        self.fields["who"].choices = [  # type: ignore[attr-defined]
            ("Whoever holds a role", [(f"role:{role}", str(role.label)) for role in Role]),
            ("Of a group", [(f"group:{key}", name) for key, name in groups]),
            ("Named in an answer", [(f"role:{key}", label) for key, label in named.items()]),
        ]

    @staticmethod
    def initial_of(stands: Mapping[str, Any]) -> dict[str, Any]:
        kind = "group" if "group" in stands else "role"
        return AppliesForm.initial_of(stands) | {
            "heading": stands.get("title"),
            "who": f"{kind}:{stands.get(kind, '')}",
            "quorum": stands.get("quorum", 1),
            "meaning": stands.get("meaning"),
            "points": list(stands.get("points", ())),
        }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("who", "").startswith("role:") and cleaned.get("quorum", 1) != 1:
            self.add_error("quorum", "A role is held by one person: write 1.")
        return cleaned

    def values(self) -> dict[str, Any]:
        said = self.cleaned_data
        kind, _, key = said["who"].partition(":")
        return {
            "title": said["heading"],
            "role": key if kind == "role" else None,
            "group": key if kind == "group" else None,
            "quorum": said["quorum"],
            "meaning": said["meaning"],
            "points": said["points"] or None,
            "applies": self.applies(),
        }

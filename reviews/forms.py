"""Forms of gates: one generated from each answered criterion; those for signing and deciding."""

from collections.abc import Callable, Iterable
from typing import Any

from django import forms

from initiatives.facts import Facts
from initiatives.fields import Day, Money, PersonChoice, Text
from initiatives.forms.base import ActionForm, plain_helper
from initiatives.forms.documents import DocumentChoice
from reviews import gates
from reviews.models import Decision, SignOff
from reviews.policy import Case, Column, Criterion, Field
from reviews.rows import Rows
from reviews.transitions import Move

LONGEST_CELL = 2_000


def _text(field: Field) -> forms.Field:
    return Text(rows=2)


def _choice(field: Field) -> forms.Field:
    return forms.ChoiceField(choices=[("", "Choose …"), *((c, c) for c in field.choices)])


def _column(column: Column) -> forms.Field:
    """A cell: blank is allowed, since half an answer may be saved."""
    if column.type == "date":
        return Day(required=False, label=column.label)
    if column.type == "choice":
        choices = [("", "Choose …"), *((c, c) for c in column.choices)]
        return forms.ChoiceField(choices=choices, required=False, label=column.label)
    return Text(required=False, rows=2, label=column.label, max_length=LONGEST_CELL)


FORM_FIELDS: dict[str, Callable[[Field], forms.Field]] = {
    "text": _text,
    "choice": _choice,
    "yes_no": lambda field: forms.ChoiceField(
        choices=[("", "Choose …"), ("yes", "Yes"), ("no", "No")]
    ),
    "number": lambda field: forms.DecimalField(max_digits=20, decimal_places=6),
    "money": lambda field: Money(),
    "date": lambda field: Day(),
    "person": lambda field: PersonChoice(),
    "url": lambda field: forms.URLField(max_length=2000, assume_scheme="https"),
    "file": lambda field: DocumentChoice(),
}


class AnswerForm(forms.Form):
    """The form of one criterion, as the policy declares its fields; what is worked out has none,
    and can be set aside."""

    def __init__(self, *args: Any, criterion: Criterion, facts: Facts, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.criterion = criterion
        case = gates.case_of(facts)
        for field in criterion.fields_for(case):
            self.fields[field.key] = _form_field(field, case)
        for key, made in self.fields.items():
            if isinstance(made, DocumentChoice):
                made.offer(facts.initiative, self.initial.get(key))
        if not criterion.mandatory:
            self.fields["not_applicable_because"] = Text(
                required=False,
                rows=2,
                label=f"{'Or: not' if criterion.is_answered else 'Not'} applicable, because …",
                help_text=self._what_a_reason_does(),
            )
        self.helper = plain_helper()

    def _what_a_reason_does(self) -> str:
        if self.criterion.is_answered:
            return "Signers see this reason."
        back = " Leave it empty to take it back." if self._was_set_aside else ""
        return f"Signers see this reason, unless what is recorded meets the criterion.{back}"

    @property
    def _was_set_aside(self) -> bool:
        return bool(self.initial.get("not_applicable_because"))

    @property
    def title(self) -> str:
        return self.criterion.title

    @property
    def why(self) -> str:
        return self.criterion.why

    @property
    def has_rows(self) -> bool:
        return any(field.type == "table" for field in self.criterion.fields)

    def clean(self) -> dict[str, Any]:
        """Half an answer may be saved; an empty one says what to do."""
        cleaned = super().clean() or {}
        if self.errors or any(cleaned.values()):
            return cleaned
        if self.criterion.is_answered:
            raise forms.ValidationError("Nothing is filled in. Answer at least one question.")
        if not self._was_set_aside:
            raise forms.ValidationError("Nothing is filled in. Say why it does not apply.")
        return cleaned


def _form_field(field: Field, case: Case) -> forms.Field:
    if field.type == "table":
        columns = {column.key: _column(column) for column in field.columns_for(case)}
        made: forms.Field = Rows(columns)
    else:
        made = FORM_FIELDS[field.type](field)
    made.label, made.required = field.label, False
    made.help_text = field.help or made.help_text
    return made


class SignForm(forms.Form):
    digest = forms.CharField(widget=forms.HiddenInput, max_length=64)
    verdict = forms.ChoiceField(choices=SignOff.Verdict.choices)
    comment = Text(
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 1, "class": "form-control"}),
    )


class WithdrawForm(ActionForm):
    """Why a request for signatures is taken back."""

    why = "Nobody is asked to sign it any more. What was signed stays on record."
    button = "Withdraw"

    reason = Text(rows=2, required=False, label="Why?", help_text="Those who were asked read it.")


class DecideForm(ActionForm):
    """Why, and, where it ends, which way and what was learned."""

    button = "Decide"
    reason = Text(rows=2, required=False, label="Why?", help_text="One or two sentences.")
    outcome = forms.ChoiceField(
        choices=[("", "Choose …"), *Decision.Outcome.choices], required=False, label="How it ended"
    )
    lesson = Text(rows=2, required=False, label="What should the next team know?")
    days = forms.IntegerField(min_value=1, max_value=366, label="By how many days?")
    to_pilot = forms.BooleanField(
        required=False, label="Back to the pilot, which then has 28 days to decide"
    )

    def __init__(self, *args: Any, move: Move, may_go_to_pilot: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not move.needs_outcome:
            del self.fields["outcome"], self.fields["lesson"]
        if not move.needs_days:
            del self.fields["days"]
        if not may_go_to_pilot:
            del self.fields["to_pilot"]


class WaiveForm(ActionForm):
    """Until when a tripped kill condition stops nothing, and why."""

    button = "Sign and waive"

    reason = Text(rows=2, required=False, label="Why go on all the same?")
    expires_on = Day(label="Until")


class OverrideForm(ActionForm):
    """What is to be set aside, until when, and why it cannot wait."""

    button = "Ask for the second signature"

    criteria = forms.MultipleChoiceField(
        label="Set aside", required=False, widget=forms.CheckboxSelectMultiple
    )
    reason = Text(rows=2, required=False, label="Why can it not wait?")
    expires_on = Day(label="Until", help_text="By then it is to be met.")

    def __init__(self, *args: Any, unmet: Iterable[gates.Judged], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(j.criterion.key, f"{j.criterion.title}: {j.verdict.reason}") for j in unmet]
        self.fields["criteria"].choices = choices  # type: ignore[attr-defined]


class CountersignForm(ActionForm):
    """Nothing is typed: what is signed stands above it."""

    button = "Sign the override"


class DeclineForm(ActionForm):
    """Why an override is not signed, or is taken back."""

    title = "Do not override"
    why = "The gate stays shut until what is missing is there. Whoever asked reads your reason."
    button = "Do not override"

    reason = Text(rows=2, required=False, label="Why?")

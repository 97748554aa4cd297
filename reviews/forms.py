"""Forms of gates: one generated from each answered criterion; those for signing and deciding."""

from collections.abc import Callable, Iterable
from typing import Any

from django import forms

from initiatives.facts import Facts
from initiatives.fields import Day, Money, PersonChoice, QuickSelect, Text
from initiatives.forms.base import ActionForm, plain_helper
from initiatives.forms.documents import DocumentChoice
from reviews import gates
from reviews.actions import Condition
from reviews.models import Decision, SignOff
from reviews.policy import Case, Column, Criterion, Field
from reviews.rows import Rows
from reviews.transitions import Move

LONGEST_CELL = 2_000
CHOOSE = "Choose Approve, Approve if … or Reject."
SIGNING = [
    (verdict, verdict.label)
    for verdict in (SignOff.Verdict.APPROVE, SignOff.Verdict.CONDITIONAL, SignOff.Verdict.REJECT)
]
MISSING = {
    "what": "Say what has to be done.",
    "assignee": "Choose who sees to it.",
    "due_date": "Say by when.",
}


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
    """A verdict on the evidence that was read; conditional, with what it depends on."""

    digest = forms.CharField(widget=forms.HiddenInput, max_length=64)
    verdict = forms.ChoiceField(
        choices=SIGNING, error_messages={"required": CHOOSE, "invalid_choice": CHOOSE}
    )
    comment = Text(
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 1, "class": "form-control"}),
    )
    what = Text(
        required=False,
        max_length=2000,
        label="I approve if …",
        widget=forms.Textarea(attrs={"rows": 2, "class": "form-control"}),
        help_text="For example: the off-switch was tried with the night shift.",
    )
    assignee = PersonChoice(
        required=False,
        label="Who sees to it?",
        widget=QuickSelect(attrs={"class": "form-select"}),
    )
    due_date = Day(
        required=False,
        label="By when?",
        widget=forms.DateInput(attrs={"type": "date", "class": "form-control"}, format="%Y-%m-%d"),
    )

    def clean(self) -> dict[str, Any]:
        """What a conditional approval depends on is said in full."""
        cleaned = super().clean() or {}
        if cleaned.get("verdict") == SignOff.Verdict.CONDITIONAL:
            for name, says in MISSING.items():
                if name not in self.errors and not cleaned.get(name):
                    self.add_error(name, says)
        return cleaned

    @property
    def condition_fields(self) -> list[forms.BoundField]:
        """What is shown once somebody opens the part about conditions."""
        return [self[name] for name in MISSING]

    @property
    def is_conditional(self) -> bool:
        """Whether the part about conditions is to be open."""
        said = self.data.get("verdict") if self.is_bound else ""
        return said == SignOff.Verdict.CONDITIONAL or bool(set(MISSING) & set(self.errors))

    def conditions(self) -> list[Condition]:
        """What the signature depends on; nothing unless it is a conditional one."""
        said = self.cleaned_data
        if said["verdict"] != SignOff.Verdict.CONDITIONAL:
            return []
        return [Condition(said["what"], said["assignee"], said["due_date"])]


class HandOnForm(ActionForm):
    """Who signs in one's place, why, and until when."""

    why = (
        "They sign on your behalf, and the record says so. You can take it back, and sign "
        "yourself meanwhile."
    )
    button = "Hand it on"

    person = PersonChoice(label="Who signs for you?")
    until_date = Day(label="Until when?", help_text="That day included.")
    reason = Text(rows=2, required=False, label="Why?", help_text="For example: away until 14 May.")


class AppointForm(HandOnForm):
    """Whom a lead lets sign where nobody can, or whoever could is away."""

    why = (
        "For a signature that nobody can give, or whose holder is away: somebody signs as acting "
        "holder, for 30 days at most. Never who asked for the review or last changed its evidence."
    )
    button = "Appoint"

    person = PersonChoice(label="Who signs?")


class EndorseForm(ActionForm):
    """The success statement that a new sponsor signs, as they read it."""

    button = "Sign"

    statement = forms.CharField(widget=forms.HiddenInput, max_length=2_000)


class AskForm(ActionForm):
    """A question before signing: about what, and to whom."""

    title = "Ask before you sign"
    why = (
        "Your question stands on the review for everybody who signs. Whoever you ask gets a mail, "
        "and so does everybody you mention, like @Maria Keller."
    )
    button = "Ask"

    text = Text(rows=3, required=False, max_length=4000, label="What do you want to know?")
    criterion = forms.ChoiceField(required=False, label="About which point?")
    asked_of = PersonChoice(label="Whom do you ask?")

    def __init__(self, *args: Any, criteria: Iterable[Criterion], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        about = self.fields["criterion"]
        assert isinstance(about, forms.ChoiceField)
        about.choices = [("", "All of it"), *((c.key, c.title) for c in criteria)]


class AnswerQuestionForm(ActionForm):
    """The answer to a question that was asked before signing."""

    button = "Answer"

    answer = Text(rows=3, required=False, max_length=4000, label="Your answer")


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
    days = forms.IntegerField(
        min_value=1,
        max_value=366,
        label="By how many days?",
        error_messages={"required": "Say by how many days."},
    )
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

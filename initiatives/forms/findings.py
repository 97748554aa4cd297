"""Forms about what a pilot found out, and about who watches what runs."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone

from initiatives.fields import Day, Money, PersonChoice, Text, Value
from initiatives.forms.base import ActionForm, row
from initiatives.forms.charter import without_unit
from initiatives.models import EvaluationSet, Initiative, Metric


class QuestionForm(ActionForm):
    title = "Open question"
    why = (
        "What the pilot did not answer is work that is known. With an owner and an estimate it "
        "belongs to the decision; without, it comes back after go-live."
    )

    question = Text(rows=2, label="What is not answered yet?")
    owner = PersonChoice(required=False, label="Who finds out?")
    estimate_days = forms.IntegerField(
        required=False, min_value=0, max_value=2_000, label="Estimate: working days"
    )
    estimate_cost = Money(
        required=False, minimum=0, label=f"Estimate: money beside that ({settings.CURRENCY})"
    )
    due_date = Day(required=False, label="By when?")
    is_blocking = forms.BooleanField(required=False, label="It has to be closed before go-live")

    def layout(self) -> Iterable[Any]:
        return (
            "question",
            row("owner", "due_date"),
            row("estimate_days", "estimate_cost"),
            "is_blocking",
        )


class CloseQuestionForm(ActionForm):
    title = "Close the question"
    why = "The answer stays with it, for those who decide and for the next team."
    button = "Close it"

    answer = Text(rows=3, label="What came out?")


class EvaluationSetForm(ActionForm):
    title = "Evaluation set"
    why = "Cases whose right answers are known: the yardstick for this version and for the next."

    name = forms.CharField(max_length=200, help_text="Short: “400 letters of May”.")
    metric = forms.ModelChoiceField(
        Metric.objects.none(),
        label="In which metric is its result counted?",
        empty_label="Choose a metric …",
        help_text="It holds where the result is at or past this metric's threshold.",
    )
    size = forms.IntegerField(required=False, min_value=1, max_value=10**9, label="How many cases?")
    verified_by = forms.CharField(required=False, max_length=300, label="Who verified the answers?")
    location = forms.CharField(required=False, max_length=2000, label="Where is it kept?")
    owner = PersonChoice(required=False, label="Who keeps it up to date?")

    def __init__(self, *args: Any, initiative: Initiative, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        metrics = Metric.objects.filter(initiative=initiative)
        self.fields["metric"].queryset = metrics  # type: ignore[attr-defined]
        self.initial.setdefault("metric", metrics.filter(is_primary=True).first())

    def layout(self) -> Iterable[Any]:
        return (row("name", "size"), "metric", row("verified_by", "owner"), "location")


class RunForm(ActionForm):
    title = "Record an evaluation"
    why = "A run is never edited; a new version is a new run."
    button = "Record"

    version = forms.CharField(
        max_length=200, label="What was evaluated?", help_text="Model and version: “triage 1.4”."
    )
    ran_on = Day(label="When?")
    value = Value(label="Result")
    cases = forms.IntegerField(
        required=False, min_value=1, max_value=10**9, label="From how many cases (n)"
    )
    comment = Text(required=False, rows=2)

    def __init__(self, *args: Any, evaluation_set: EvaluationSet, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.metric = evaluation_set.metric
        self.initial.setdefault("ran_on", timezone.localdate())
        self.initial.setdefault("cases", evaluation_set.size)
        threshold = self.metric.words(self.metric.threshold)
        self.fields["value"].label = f"Result: {self.metric.name}"
        self.fields["value"].help_text = f"The threshold is {threshold}."

    def layout(self) -> Iterable[Any]:
        return (row("version", "ran_on"), row("value", "cases"), "comment")

    def clean_value(self) -> Any:
        text = without_unit(self.cleaned_data["value"], self.metric.unit)
        value = Value.read(text, self.metric.unit_kind)
        if value is None:
            raise ValidationError("Write the result.")
        return value


class WatchForm(ActionForm):
    title = "Who is paged?"
    why = "One person hears when this metric is past its limit, at any hour."

    metric = forms.ModelChoiceField(
        Metric.objects.none(), label="Which metric is watched?", empty_label="Choose a metric …"
    )
    paged = PersonChoice(label="Who is paged?")

    def __init__(self, *args: Any, initiative: Initiative, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        limited = Metric.objects.filter(initiative=initiative, threshold__isnull=False)
        self.fields["metric"].queryset = limited  # type: ignore[attr-defined]
        if not limited.exists():
            self.fields["metric"].help_text = "Define a metric with a threshold first."

"""What was promised and what was measured: metrics, kill conditions, money."""

from collections.abc import Iterable
from datetime import datetime, time
from types import MappingProxyType
from typing import Any

from crispy_forms.layout import Fieldset
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone

from initiatives.fields import Day, Money, Text, Value
from initiatives.forms.base import ActionForm, row
from initiatives.models import Initiative, Metric
from initiatives.models.charter import Comparator, KillConditionKind, MetricKind
from initiatives.rules import looks_like_a_model_score, metric_faults
from initiatives.stages import Role, Stage
from initiatives.units import Direction, UnitKind, singular


def without_unit(text: str, unit: str | None) -> str:
    """Let people write the unit behind a count: `1,200 tickets a day`, `1 ticket a day`."""
    unit = (unit or "").strip()
    for written in (unit, singular(unit)):
        if written and text.endswith(written):
            return text.removesuffix(written).strip() or text
    return text


class MetricForm(ActionForm):
    """A metric; its values are written with their units and stored in the unit of their kind."""

    title = "Metric"
    why = "One number that the business would miss, from where to where, and what is good enough."
    shown_when = MappingProxyType({"unit": f"unit_kind={UnitKind.COUNT}"})

    name = forms.CharField(
        max_length=200,
        label="What is measured?",
        help_text="In business words: “average ticket resolution time”.",
    )
    is_primary = forms.BooleanField(
        required=False, initial=True, label="This is the primary metric: the one that decides"
    )
    kind = forms.ChoiceField(choices=MetricKind.choices)
    unit_kind = forms.ChoiceField(choices=UnitKind.choices, label="Kind of value")
    unit = forms.CharField(
        max_length=40, required=False, label="Unit", help_text="What is counted: “tickets a day”."
    )
    direction = forms.ChoiceField(choices=Direction.choices)
    baseline = Value(required=False, label="Today (baseline)", help_text="“4 h”, “12.5”, “1,200”")
    threshold = Value(required=False, label="Good enough (threshold)")
    target = Value(required=False, label="Hoped for (target)")
    method = Text(required=False, rows=2, label="How is it measured?")
    source = forms.CharField(max_length=200, required=False, label="From which system?")
    minimum_sample = forms.IntegerField(
        min_value=1, max_value=10**9, required=False, label="Smallest sample that counts"
    )
    window_days = forms.IntegerField(
        min_value=1,
        max_value=366,
        required=False,
        label="Measured over (days)",
        help_text="Of the pilot, before the value counts.",
    )
    cadence_days = forms.IntegerField(
        min_value=1, max_value=366, required=False, label="Measured every (days)"
    )
    worth = Text(
        required=False,
        rows=2,
        label="What is one unit worth to the business?",
        help_text="Needed where the name is a model's score, such as accuracy or F1.",
    )

    def layout(self) -> Iterable[Any]:
        return (
            "name",
            "is_primary",
            row("kind", "direction"),
            row("unit_kind", "unit"),
            row("baseline", "threshold", "target"),
            "method",
            row("source", "minimum_sample"),
            row("window_days", "cadence_days"),
            "worth",
        )

    @staticmethod
    def initial_of(metric: Metric) -> dict[str, Any]:
        """The stored metric as a person would type it."""
        values = {name: getattr(metric, name) for name in MetricForm.base_fields}
        for bound in ("baseline", "threshold", "target"):
            stored = values[bound]
            values[bound] = "" if stored is None else metric.words(stored)
        return values

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        kind = cleaned.get("unit_kind", UnitKind.COUNT)
        for bound in ("baseline", "threshold", "target"):
            if bound in cleaned:
                self._read(cleaned, bound, kind)
        for field, fault in metric_faults(cleaned).items():
            self.add_error(field, fault)
        if cleaned.get("is_primary") and cleaned.get("kind") != MetricKind.BUSINESS:
            self.add_error("kind", "The primary metric is a business one.")
        if looks_like_a_model_score(cleaned.get("name", "")) and not cleaned.get("worth"):
            self.add_error(
                "worth",
                "This is a model's score. Say what one unit of it is worth to the business.",
            )
        return cleaned

    def _read(self, cleaned: dict[str, Any], bound: str, kind: str) -> None:
        try:
            cleaned[bound] = Value.read(without_unit(cleaned[bound], cleaned.get("unit")), kind)
        except ValidationError as error:
            self.add_error(bound, error)


class MeasurementForm(ActionForm):
    title = "Record a measurement"
    why = "A measurement is never edited. Yours will say “by hand”."
    button = "Record"

    value = Value(label="Value")
    measured_on = Day(label="Measured on")
    sample_size = forms.IntegerField(
        min_value=1, max_value=10**9, required=False, label="From how many cases (n)"
    )
    from_production = forms.BooleanField(
        required=False, label="It comes from the system as it runs in production"
    )
    comment = Text(required=False, rows=2)

    def __init__(self, *args: Any, metric: Metric, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.metric = metric
        self.fields["value"].help_text = f"Baseline {metric.words(metric.baseline)}."

    def clean_value(self) -> Any:
        text = without_unit(self.cleaned_data["value"], self.metric.unit)
        return Value.read(text, self.metric.unit_kind)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if day := cleaned.pop("measured_on", None):
            today = timezone.localdate()
            if day > today:
                self.add_error("measured_on", "This day has not come yet.")
            start = timezone.make_aware(datetime.combine(day, time()))
            cleaned["measured_at"] = timezone.now() if day == today else start
        return cleaned


class KillConditionForm(ActionForm):
    title = "Kill condition"
    why = (
        "Agree now on what would make you stop, while nobody has fallen in love with it. "
        "The condition is watched every five minutes."
    )
    button = "Agree on it"
    shown_when = MappingProxyType(
        dict.fromkeys(("metric", "comparator", "threshold", "due"), "kind=metric")
        | {"due_date": "due=date", "in_a_row": "due=row", "spend_cap": "kind=spend"}
        | dict.fromkeys(("owner_role", "missing_days"), "kind=owner")
    )

    kind = forms.ChoiceField(choices=KillConditionKind.choices, label="Stop when")
    metric = forms.ModelChoiceField(
        Metric.objects.none(), required=False, empty_label="Choose a metric …"
    )
    comparator = forms.ChoiceField(
        choices=(("", "…"), *Comparator.choices), required=False, label="is"
    )
    threshold = Value(required=False, label="the limit")
    DUE = (
        ("decision", "by the decision date (it follows extensions)"),
        ("date", "by a date"),
        ("row", "by several measurements running"),
    )
    due = forms.ChoiceField(
        choices=DUE,
        required=False,
        initial="decision",
        label="When is it judged?",
    )
    due_date = Day(required=False, label="Date")
    in_a_row = forms.IntegerField(
        required=False, min_value=2, max_value=12, label="Measurements in a row"
    )
    spend_cap = Money(required=False, label=f"Spend cap ({settings.CURRENCY})")
    owner_role = forms.ChoiceField(
        choices=[("", "whoever its stage needs"), *Role.choices], required=False, label="Who"
    )
    missing_days = forms.IntegerField(
        required=False, min_value=1, max_value=90, label="is missing for how many days?"
    )

    def __init__(self, *args: Any, initiative: Initiative, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        metrics = Metric.objects.filter(initiative=initiative)
        self.fields["metric"].queryset = metrics  # type: ignore[attr-defined]
        if initiative.stage == Stage.PRODUCTION:  # decided already: no decision date is ahead
            self.fields["due"].choices = self.DUE[1:]  # type: ignore[attr-defined]
            self.initial["due"] = "row"
        primary = metrics.filter(is_primary=True).first()
        if primary is not None:
            worse = "above" if primary.direction == Direction.LOWER else "below"
            self.initial = {**self.initial, "metric": primary, "comparator": worse}
            if primary.threshold is not None:
                self.initial["threshold"] = primary.words(primary.threshold)

    def layout(self) -> Iterable[Any]:
        return (
            "kind",
            Fieldset(
                "A metric misses its limit",
                row("metric", "comparator", "threshold"),
                "due",
                row("due_date", "in_a_row"),
            ),
            Fieldset("Spend passes a cap", "spend_cap"),
            Fieldset("Nobody answers for it", row("owner_role", "missing_days")),
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("kind") == KillConditionKind.SPEND:
            return self._clean_spend(cleaned)
        if cleaned.get("kind") == KillConditionKind.OWNER:
            return self._clean_owner(cleaned)
        return self._clean_metric(cleaned)

    def _clean_spend(self, cleaned: dict[str, Any]) -> dict[str, Any]:
        cap = cleaned.get("spend_cap")
        if cap is None or cap <= 0:
            self.add_error("spend_cap", "Write the amount at which it stops.")
        return {"kind": KillConditionKind.SPEND, "spend_cap": cap}

    def _clean_owner(self, cleaned: dict[str, Any]) -> dict[str, Any]:
        if not cleaned.get("missing_days") and "missing_days" not in self.errors:
            self.add_error("missing_days", "After how many days does it stop?")
        return {
            "kind": KillConditionKind.OWNER,
            "owner_role": cleaned.get("owner_role", ""),
            "missing_days": cleaned.get("missing_days"),
        }

    def _clean_metric(self, cleaned: dict[str, Any]) -> dict[str, Any]:
        for name in ("metric", "comparator", "threshold"):
            if not cleaned.get(name) and name not in self.errors:
                self.add_error(name, "This is needed for a condition on a metric.")
        due = cleaned.get("due") or "decision"
        if due == "date" and not cleaned.get("due_date"):
            self.add_error("due_date", "Choose the date.")
        if due == "row" and not cleaned.get("in_a_row"):
            self.add_error("in_a_row", "How many measurements?")
        if self.errors:
            return cleaned
        metric = cleaned["metric"]
        try:
            text = without_unit(cleaned["threshold"], metric.unit)
            limit = Value.read(text, metric.unit_kind)
        except ValidationError as error:
            self.add_error("threshold", error)
            return cleaned
        return {
            "kind": KillConditionKind.METRIC,
            "metric_id": metric.pk,
            "comparator": cleaned["comparator"],
            "threshold": limit,
            "by_decision_date": due == "decision",
            "due_date": cleaned["due_date"] if due == "date" else None,
            "in_a_row": cleaned["in_a_row"] if due == "row" else None,
        }


class SpendForm(ActionForm):
    title = "Record spend"
    why = "Actual money, as invoiced or booked. A negative amount corrects an earlier one."
    button = "Record"

    amount = Money(label=f"Amount ({settings.CURRENCY})")
    spent_on = Day(label="On")
    is_estimate = forms.BooleanField(required=False, label="This is an estimate")
    comment = forms.CharField(max_length=300, required=False)

"""The form of a proposed charter: what was signed, to be changed field by field."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from typing import Any

from crispy_forms.layout import Fieldset
from django import forms
from django.core.exceptions import ValidationError

from initiatives.baselines import CONDITION, METRIC
from initiatives.facts import Facts
from initiatives.fields import Day, Money, Text, Value
from initiatives.forms.base import ActionForm, plain_helper, row
from initiatives.forms.charter import MetricForm, without_unit
from initiatives.forms.describing import BudgetForm, DetailsForm, RegisterForm
from initiatives.models import KillCondition, Metric
from initiatives.models.charter import KillConditionKind
from initiatives.units import UnitKind

DESCRIBED = {
    **{name: RegisterForm.base_fields[name] for name in ("problem", "users", "outcome", "process")},
    "scope": DetailsForm.base_fields["scope"],
    "pilot_budget": BudgetForm.base_fields["pilot_budget"],
}
BOUNDS = ("baseline", "threshold", "target")
MEASURED = (
    "name", "unit", "direction", *BOUNDS, "method", "source", "minimum_sample", "window_days",
    "cadence_days", "worth",
)  # fmt: skip


class RebaselineForm(ActionForm):
    """Each field is called by its key in the charter: what is typed says what it changes."""

    title = "Propose a re-baseline"
    why = (
        "The charter was signed. Another one needs a reason and the same signatures; until it is "
        "decided, the one in force counts."
    )
    button = "Show what would change"

    reason = Text(
        rows=2,
        required=False,
        label="Why does the charter have to change?",
        help_text="Those who sign it read this first, and every later review shows it.",
    )

    def __init__(self, *args: Any, known: Facts, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known = known
        self.metric = known.primary_metric if known.charter else None
        self.conditions = [
            condition
            for condition in known.kill_conditions
            if condition.pk in known.frozen_conditions
            and condition.state != KillCondition.State.TRIPPED
        ]
        for key, field, initial in (*self._described(), *self._measured(), *self._agreed()):
            self.fields[key] = made = copy.deepcopy(field)
            made.label = made.label or key.rpartition(".")[2].replace("_", " ").capitalize()
            self.initial.setdefault(key, initial)
        self.helper = plain_helper(*self._sections())

    def _described(self) -> Iterator[tuple[str, forms.Field, Any]]:
        for name, field in DESCRIBED.items():
            yield name, field, getattr(self.known.initiative, name)

    def _measured(self) -> Iterator[tuple[str, forms.Field, Any]]:
        if self.metric is None or self.metric.pk not in self.known.frozen_metrics:
            return
        initial = MetricForm.initial_of(self.metric)
        for name in MEASURED:
            if name != "unit" or self.metric.unit_kind == UnitKind.COUNT:
                yield self._of_metric(name), MetricForm.base_fields[name], initial[name]

    def _of_metric(self, name: str) -> str:
        assert self.metric is not None
        return f"{METRIC}.{self.metric.pk}.{name}"

    def _agreed(self) -> Iterator[tuple[str, forms.Field, Any]]:
        for condition in self.conditions:
            for name, field in _limits(condition):
                value = getattr(condition, name)
                if name == "threshold":
                    assert condition.metric is not None
                    value = condition.metric.words(value)
                yield f"{CONDITION}.{condition.pk}.{name}", field, value

    def _sections(self) -> Iterable[Any]:
        yield "reason"
        yield Fieldset("What is promised, and to whom", *DESCRIBED)
        of_metric = [key for key in self.fields if key.startswith(f"{METRIC}.")]
        if of_metric and self.metric is not None:
            bounds = [self._of_metric(name) for name in BOUNDS]
            others = [key for key in of_metric if key not in bounds]
            first = [key for key in others if key.endswith((".name", ".unit", ".direction"))]
            rest = [key for key in others if key not in first]
            yield Fieldset("How it is measured", *first, row(*bounds), *rest)
        for condition in self.conditions:
            keys = [k for k in self.fields if k.startswith(f"{CONDITION}.{condition.pk}.")]
            yield Fieldset(f"{condition.sentence()}", row(*keys))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.metric is not None:
            for name in BOUNDS:
                self._read(self._of_metric(name), self.metric)
        for condition in self.conditions:
            if condition.metric is not None:
                self._read(f"{CONDITION}.{condition.pk}.threshold", condition.metric)
        return cleaned

    def _read(self, key: str, metric: Metric) -> None:
        """A value with its unit, in the unit of the metric's kind."""
        if key not in self.cleaned_data:
            return
        unit = self.cleaned_data.get(f"{METRIC}.{metric.pk}.unit", metric.unit)
        try:
            text = without_unit(self.cleaned_data[key], unit)
            self.cleaned_data[key] = Value.read(text, metric.unit_kind)
        except ValidationError as error:
            self.add_error(key, error)

    @property
    def changes(self) -> dict[str, Any]:
        """What the charter is to say, by its keys."""
        return {key: value for key, value in self.cleaned_data.items() if key != "reason"}


def _limits(condition: KillCondition) -> Iterator[tuple[str, forms.Field]]:
    """What of a condition can be agreed otherwise: its limit, and when it is judged."""
    if condition.kind == KillConditionKind.SPEND:
        yield "spend_cap", Money(required=False, label="Stop when spend passes")
    if condition.metric is None:
        return
    yield "threshold", Value(required=False, label="Stop at this limit")
    if condition.due_date is not None:
        yield "due_date", Day(required=False, label="Judged on")
    if condition.in_a_row is not None:
        yield (
            "in_a_row",
            forms.IntegerField(
                required=False, min_value=2, max_value=12, label="Measurements in a row"
            ),
        )

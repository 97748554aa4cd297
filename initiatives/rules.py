"""Rules about what is recorded, as small pure functions that forms and actions share."""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from initiatives.models import Initiative, KillCondition, Measurement, Metric
from initiatives.models.charter import Comparator, KillConditionKind
from initiatives.stages import Stage
from initiatives.units import Direction

if TYPE_CHECKING:
    from initiatives.facts import Facts

# The fields that a charter freezes (product.md P29), metrics and kill conditions beside them.
CHARTER_FIELDS = ("problem", "users", "outcome", "process", "scope", "pilot_days", "pilot_budget")
METRIC_FIELDS = (
    "name", "kind", "is_primary", "unit_kind", "unit", "direction", "baseline", "target",
    "threshold", "method", "source", "window_days", "minimum_sample", "cadence_days", "worth",
)  # fmt: skip
KILL_CONDITION_FIELDS = (
    "kind", "metric_id", "comparator", "threshold", "by_decision_date", "due_date", "in_a_row",
    "spend_cap",
)  # fmt: skip
QUESTION_FIELDS = (
    "question", "owner_id", "estimate_days", "estimate_cost", "due_date", "is_blocking",
)  # fmt: skip
EVALUATION_SET_FIELDS = ("name", "metric_id", "size", "verified_by", "location", "owner_id")
MODEL_SCORES = (
    "f1",
    "auc",
    "accuracy",
    "precision",
    "recall",
    "bleu",
    "rouge",
    "perplexity",
    "mse",
    "rmse",
    "mae",
    "mape",
    "roc",
    "ndcg",
    "iou",
)
EARLIEST = date(1950, 1, 1)


def looks_like_a_model_score(name: str) -> bool:
    """Whether a metric's name is one of the model's and not of the business (product.md P1)."""
    return any(word in MODEL_SCORES for word in re.findall(r"[a-z0-9]+", name.lower()))


def metric_faults(values: Mapping[str, Any]) -> dict[str, str]:
    """Say which bounds of a metric contradict its direction, by field."""
    lower = values.get("direction") == Direction.LOWER
    baseline, target, threshold = (values.get(k) for k in ("baseline", "target", "threshold"))
    side, word = ("below", "lower") if lower else ("above", "higher")
    faults = {}
    if not _is_better(threshold, baseline, lower):
        faults["threshold"] = (
            f"The threshold has to be {side} the baseline, because {word} is better. "
            "Change one of the two, or the direction."
        )
    if not _is_better(target, threshold, lower, or_equal=True):
        faults["target"] = f"The target has to be at the threshold or {side} it."
    return faults


def _is_better(
    value: Decimal | None, other: Decimal | None, lower: bool, *, or_equal: bool = False
) -> bool:
    if value is None or other is None:
        return True
    return (value < other if lower else value > other) or (or_equal and value == other)


def kill_condition_faults(values: Mapping[str, Any], metric: Metric, today: date) -> dict[str, str]:
    """Say why a condition on this metric could only trip by mistake, by field."""
    worse = "above" if metric.direction == Direction.LOWER else "below"
    faults = {}
    if values.get("comparator") not in (worse, None, ""):
        word = metric.get_direction_display().lower()
        faults["comparator"] = f"For {metric.name} {word}: stop when it is {worse} the limit."
    due = values.get("due_date")
    if due is not None and due < today:
        faults["due_date"] = "This day has passed. Choose one that lies ahead."
    return faults


def is_its_time(condition: KillCondition, initiative: Initiative, today: date) -> bool:
    """Whether a condition of this initiative may trip today, whatever was measured and spent.

    A quiet one and a retired one never do; in a proposal only money counts.
    """
    if initiative.is_quiet or initiative.stage == Stage.RETIRED:
        return False
    is_running = condition.in_a_row is not None and initiative.stage != Stage.PROPOSAL
    due = condition.due_on(initiative)
    is_due = due is not None and due < today
    return condition.kind == KillConditionKind.SPEND or is_running or is_due


def trip_reason(
    condition: KillCondition, measurements: list[Measurement], *, spent: int, due: date | None,
    today: date,
) -> str | None:  # fmt: skip
    """Say why an armed condition has tripped, or None while it has not.

    `measurements` are those of its metric, newest first; `due` is its date, decision date or own.
    """
    if condition.kind == KillConditionKind.SPEND:
        past = is_past_cap(condition, spent)
        return f"{spent:,} spent; the cap is {condition.spend_cap:,}" if past else None
    assert condition.metric is not None
    since = [m for m in measurements if m.measured_at >= condition.agreed_at]
    if condition.in_a_row and (
        running := _in_a_row(condition, condition.metric, since[: condition.in_a_row])
    ):
        return running
    if due is None or today <= due:
        return None
    return _past_due(condition, condition.metric, measurements, due)


def _in_a_row(condition: KillCondition, metric: Metric, last: list[Measurement]) -> str | None:
    if len(last) < (condition.in_a_row or 0) or not all(fails(condition, m) for m in last):
        return None
    values = ", ".join(metric.words(m.value) for m in reversed(last))
    limit = metric.words(condition.threshold)
    return f"{len(last)} measurements running {condition.comparator} {limit}: {values}"


def _past_due(
    condition: KillCondition, metric: Metric, measurements: list[Measurement], due: date
) -> str | None:
    day = f"{due:%-d %b %Y}"
    if not measurements:
        return f"nothing was measured by {day}"
    if not fails(condition, measurements[0]):
        return None
    last = measurements[0]
    limit = metric.words(condition.threshold)
    return (
        f"measured {metric.words(last.value)} on {timezone.localdate(last.measured_at):%-d %b %Y}; "
        f"the limit by {day} was {limit}"
    )


def is_past_cap(condition: KillCondition, spent: int) -> bool:
    """Whether more was spent than a condition on money allows."""
    return spent > (condition.spend_cap or 0)


def fails(condition: KillCondition, measurement: Measurement) -> bool:
    """Whether a value is on the wrong side of the limit of a condition on its metric."""
    assert condition.threshold is not None
    if condition.comparator == Comparator.ABOVE:
        return measurement.value > condition.threshold
    return measurement.value < condition.threshold


def distance_to_tripping(condition: KillCondition, facts: "Facts", today: date) -> str:
    """How far an armed condition is from tripping, as a person would say it; empty where nothing
    is known yet."""
    if condition.state != KillCondition.State.ARMED:
        return ""
    if condition.kind == KillConditionKind.SPEND:
        left = (condition.spend_cap or 0) - facts.spent
        return f"{left:,} left"
    assert condition.metric is not None
    last = facts.latest(condition.metric)
    if last is None:
        return "nothing measured yet"
    side = "past the limit" if fails(condition, last) else "within the limit"
    said = f"{condition.metric.words(last.value)} now, {side}"
    due = condition.due_on(facts.initiative)
    if due is not None and due >= today:
        days = (due - today).days
        return f"{said}; judged {'today' if not days else f'in {days} days'}"
    return said

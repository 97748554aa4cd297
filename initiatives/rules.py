"""Rules about what is recorded, as small pure functions that forms and actions share."""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from initiatives.models import Initiative, KillCondition, Measurement, Metric, Ownership
from initiatives.models.charter import Comparator, KillConditionKind
from initiatives.stages import REQUIRED_ROLES, RUNNING, Role, Stage
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
OWNER_FIELDS = ("owner_role", "missing_days")
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
NOTHING_VACANT: Mapping[str, date] = MappingProxyType({})


def agreed_fields(condition: KillCondition) -> tuple[str, ...]:
    """What is agreed in a kill condition. Columns that came later are part of it where they say
    anything: what was frozen or signed before them stays as it was."""
    is_about_owners = condition.kind == KillConditionKind.OWNER
    return (*KILL_CONDITION_FIELDS, *(OWNER_FIELDS if is_about_owners else ()))


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
    if condition.kind == KillConditionKind.OWNER:
        return initiative.stage in RUNNING
    is_running = condition.in_a_row is not None and initiative.stage != Stage.PROPOSAL
    due = condition.due_on(initiative)
    is_due = due is not None and due < today
    return condition.kind == KillConditionKind.SPEND or is_running or is_due


def trip_reason(
    condition: KillCondition, measurements: list[Measurement], *, spent: int, due: date | None,
    today: date, vacant: Mapping[str, date] = NOTHING_VACANT,
) -> str | None:  # fmt: skip
    """Say why an armed condition has tripped, or None while it has not.

    `measurements` are those of its metric, newest first; `due` is its date, decision date or own;
    `vacant` are the roles it is about that nobody holds, each with the day since when.
    """
    if condition.kind == KillConditionKind.OWNER:
        return _missing(condition, vacant, today)
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


def _missing(condition: KillCondition, vacant: Mapping[str, date], today: date) -> str | None:
    """By the role that has been held by nobody for longest."""
    if not vacant:
        return None
    role, since = min(vacant.items(), key=lambda found: found[1])
    days = (today - since).days
    if days < (condition.missing_days or 0):
        return None
    name = str(Role(role).label).lower()
    return f"nobody has been its {name} since {since:%-d %b %Y}, for {days} days"


def roles_of(condition: KillCondition, stage: str) -> tuple[str, ...]:
    """The roles that have to be held by somebody: one that is named, or those of the stage."""
    return (condition.owner_role,) if condition.owner_role else REQUIRED_ROLES[stage]


def vacant_since(
    condition: KillCondition, initiative: Initiative, held: Iterable[Ownership], at: datetime
) -> dict[str, date]:
    """Since which day each role of a condition is held by nobody; those that are held are left out.

    `held` are all ownerships that were ever accepted. Days before the condition was agreed, and
    before the stage that needs the role, do not count.
    """
    begun = max(condition.agreed_at, initiative.stage_entered_at, initiative.counting_since or at)
    found = {}
    for role in roles_of(condition, initiative.stage):
        ends = [held_until(ownership, at) for ownership in held if ownership.role == role]
        if None not in ends:
            found[role] = timezone.localdate(max([begun, *(end for end in ends if end)]))
    return found


def held_until(ownership: Ownership, at: datetime) -> datetime | None:
    """When an accepted ownership stopped to count, or None while it does.

    Whose deactivation nobody has dated yet, because raw SQL says nothing, was here until now.
    """
    if ownership.counts:
        return None
    left, ended = ownership.person.inactive_since, ownership.ended_at
    if left is None or (ownership.accepted_at and left < ownership.accepted_at):
        left = at if ended is None else None
    return min(moment for moment in (left, ended) if moment is not None)


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


def reached(facts: "Facts") -> Measurement | None:
    """The last value of the primary metric, where it is at or past the threshold with the sample
    that was agreed; else None (product.md P5, a threshold reached early)."""
    metric = facts.primary_metric
    last = facts.latest(metric) if metric else None
    if metric is None or last is None or metric.threshold is None:
        return None
    is_enough = (last.sample_size or 0) >= (metric.minimum_sample or 0)
    return last if is_enough and metric.reaches(last.value, metric.threshold) else None


def answered_by_extension(facts: "Facts", today: date) -> list[KillCondition]:
    """The tripped conditions that a later decision date answers: those due by that date that have
    not tripped by measurements running as well."""
    return [
        k
        for k in facts.tripped
        if k.by_decision_date
        and k.metric is not None
        and trip_reason(k, facts.recent(k.metric), spent=0, due=None, today=today) is None
    ]


def distance_to_tripping(condition: KillCondition, facts: "Facts", today: date) -> str:
    """How far an armed condition is from tripping, as a person would say it; empty where nothing
    is known yet."""
    if condition.state != KillCondition.State.ARMED:
        return ""
    if condition.kind == KillConditionKind.OWNER:
        return _who_is_missing(condition, facts)
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


def _who_is_missing(condition: KillCondition, facts: "Facts") -> str:
    roles = roles_of(condition, facts.initiative.stage)
    missing = [role for role in roles if facts.counted_owner(role) is None]
    if not missing:
        return "everybody is there" if roles else "its stage needs nobody yet"
    names = " or ".join(str(Role(role).label).lower() for role in missing)
    return f"nobody is its {names} now"

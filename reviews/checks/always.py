"""The four that every gate into a running stage asks, always (product.md §3)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils.text import capfirst

from initiatives.facts import Facts
from initiatives.models import KillCondition, Metric
from initiatives.models.charter import KillConditionKind
from initiatives.rules import looks_like_a_model_score
from initiatives.stages import DECISION_DATE_NAME, Role, Stage
from reviews.checks.verdicts import (
    Asked,
    Verdict,
    excerpt,
    met,
    people,
    person_missing,
    unmet,
)
from reviews.policy.wording import listed


def owners_accepted(asked: Asked) -> Verdict:
    """P4, P16: the owners that the stage needs are named, active and have accepted."""
    roles = asked.parameters["roles"]
    missing = [(role, fault) for role in roles if (fault := owner_fault(asked.facts, role))]
    hours = [fault for role in _with_hours(asked) if (fault := _hours_fault(asked, role))]
    said = " ".join([fault for _, fault in missing] + hours)
    if missing:
        return unmet(said, "ask", missing[0][0])
    if hours:
        return unmet(said)
    held = [asked.facts.counted_owner(role) for role in roles]
    return met(f"Accepted by {people(owner.person for owner in held if owner)}.")


def _with_hours(asked: Asked) -> list[str]:
    return list(asked.parameters.get("hours_a_month_of", ()))


def _hours_fault(asked: Asked, role: str) -> str | None:
    """P16: whoever runs it says how many hours a month they have for it, and that it is among
    their objectives."""
    owner = asked.facts.counted_owner(role)
    if owner is None or (owner.hours_a_month is not None and owner.in_objectives):
        return None
    has = f"{Role(role).label}: {owner.person} has not said"
    if owner.hours_a_month is None:
        return f"{has} how many hours a month they have."
    return f"{has} that it is among their objectives."


def owner_fault(facts: Facts, role: str) -> str | None:
    return person_missing(facts, role, str(Role(role).label))


def primary_metric_complete(asked: Asked) -> Verdict:
    """P1: a primary business metric with baseline, target, threshold, unit and way of measuring."""
    metric = asked.facts.primary_metric
    if metric is None:
        return unmet("No primary business metric yet.")
    missing = [name for name, value in _metric_parts(metric).items() if value in (None, "")]
    if missing:
        said = f"{capfirst(metric.name)} has no {listed(missing, last='and no')}."
        return unmet(said, "change_metric", metric.pk)
    if looks_like_a_model_score(metric.name) and not metric.worth:
        return unmet(
            f"{capfirst(metric.name)} is a model's score: say what one unit of it is worth to the "
            "business.",
            "change_metric",
            metric.pk,
        )
    worth = f" One unit is worth: {excerpt(metric.worth)}" if metric.worth else ""
    bounds = f"from {metric.words(metric.baseline)} to {metric.words(metric.threshold)}"
    return met(f"{capfirst(metric.name)}: {bounds}.{worth}")


def _metric_parts(metric: Metric) -> dict[str, Any]:
    return {
        "baseline": metric.baseline,
        "target": metric.target,
        "threshold": metric.threshold,
        "way of measuring": metric.method,
        "unit": metric.unit if metric.unit_kind == "count" else "given by its kind",
    }


def kill_condition_armed(asked: Asked) -> Verdict:
    """P8: an armed kill condition that a machine can evaluate; in a charter on the primary metric
    and due by the ship-or-kill date."""
    armed = [k for k in asked.facts.kill_conditions if k.state == KillCondition.State.ARMED]
    if not armed:
        return unmet(_why_none_is_armed(asked.facts))
    if asked.parameters.get("on_primary_metric"):
        primary = asked.facts.primary_metric
        armed = [k for k in armed if primary is not None and k.metric_id == primary.pk]
        if not armed:
            return unmet("No armed kill condition is on the primary metric: agree on one that is.")
    if asked.parameters.get("by_decision_date"):
        armed = [k for k in armed if _due_in_time(k, asked)]
    if armed:
        return met(f"{armed[0].sentence()}.")
    name = DECISION_DATE_NAME[_decided_in(asked)]
    return unmet(f"No armed kill condition is judged by the {name}: agree on one that is.")


def _why_none_is_armed(facts: Facts) -> str:
    waived = (
        k.waived_until for k in facts.kill_conditions if k.state == KillCondition.State.WAIVED
    )
    if until := max(filter(None, waived), default=None):
        return f"The kill condition is waived until {until:%-d %b %Y}: agree on another until then."
    return "No kill condition is armed: agree on when to stop."


def _decided_in(asked: Asked) -> str:
    """The stage whose decision date counts: of a proposal, the pilot's that it asks for."""
    stage = asked.facts.initiative.stage
    return Stage.PILOT if stage == Stage.PROPOSAL else stage


def _due_in_time(condition: KillCondition, asked: Asked) -> bool:
    if condition.by_decision_date:
        return True
    last = asked.facts.initiative.decision_date
    if asked.facts.initiative.stage == Stage.PROPOSAL:
        last = asked.today + timedelta(days=asked.facts.initiative.pilot_days)
    due = condition.due_date
    return due is not None and last is not None and asked.today <= due <= last


def production_kill_condition(asked: Asked) -> Verdict:
    """P8, P24: an armed condition that goes on in daily use, beyond the decision date."""
    armed = [k for k in asked.facts.kill_conditions if k.state == KillCondition.State.ARMED]
    lasting = [k for k in armed if k.in_a_row or k.kind != KillConditionKind.METRIC]
    if lasting:
        return met(f"{lasting[0].sentence()}.")
    return unmet("No kill condition goes on in production: agree on one that counts measurements.")


def nothing_tripped(asked: Asked) -> Verdict:
    """P8: no kill condition has tripped without a decision on it."""
    for condition in asked.facts.kill_conditions:
        if condition.state == KillCondition.State.TRIPPED:
            return unmet(f"{condition.sentence()}: {condition.tripped_because}.")
    return met("No kill condition has tripped.")

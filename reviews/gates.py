"""Criteria: pure functions from facts to verdicts. The same for one page, for enforcement, for
the blockers of a portfolio and for a dry run, so that what is shown is what is enforced."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from initiatives.facts import Facts
from initiatives.models import KillCondition, Metric
from initiatives.models.charter import MetricKind
from initiatives.rules import looks_like_a_model_score
from initiatives.stages import Role, Stage
from initiatives.triage import QUESTIONS, LegalClass
from reviews.policy import Case, Criterion, Field, Limits, Policy


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a criterion is met, and why, as a person would say it."""

    is_met: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Judged:
    """A criterion of a gate with its verdict; `mend` names the form that answers it."""

    criterion: Criterion
    verdict: Verdict
    mend: str
    not_applicable: bool = False

    @property
    def is_met(self) -> bool:
        return self.verdict.is_met

    @property
    def blocks(self) -> bool:
        return self.criterion.blocking and not self.verdict.is_met


@dataclass(frozen=True, slots=True)
class Asked:
    """What a check is given: the facts, its parameters, the policy's limits and the day."""

    facts: Facts
    parameters: Mapping[str, Any]
    limits: Limits
    today: date


@dataclass(frozen=True, slots=True)
class Check:
    function: Callable[[Asked], Verdict]
    mend: str


def met(reason: str) -> Verdict:
    return Verdict(True, reason)


def unmet(reason: str) -> Verdict:
    return Verdict(False, reason)


def case_of(facts: Facts) -> Case:
    """What the policy's applicability looks at."""
    return Case(
        stage=facts.initiative.stage,
        level=facts.initiative.level,
        answers={q: facts.answered_yes(q) for q in QUESTIONS},
        pilot_budget=facts.initiative.pilot_budget,
        monthly_cost=facts.initiative.monthly_cost,
    )


def prohibition(facts: Facts) -> str | None:
    """Why no gate but retirement is open to this, or None (product.md §3)."""
    if facts.triage is not None and facts.triage.legal_class == LegalClass.PROHIBITED:
        return "It is classed as prohibited: no gate but retirement is open to it."
    return None


def evaluate(facts: Facts, gate: str, policy: Policy, today: date) -> list[Judged]:
    """Judge every criterion of a gate that applies to these facts."""
    criteria = policy.gates[gate].criteria_for(case_of(facts))
    return [judge(facts, criterion, policy, today) for criterion in criteria]


def judge(facts: Facts, criterion: Criterion, policy: Policy, today: date) -> Judged:
    """Judge one criterion: computed from the facts, or answered."""
    if criterion.check is None:
        return _judge_answer(facts, criterion)
    check = CHECKS[criterion.check]
    asked = Asked(facts, criterion.parameters, policy.limits, today)
    return Judged(criterion, check.function(asked), check.mend)


def _judge_answer(facts: Facts, criterion: Criterion) -> Judged:
    answer = facts.answer(criterion.key)
    if answer is None:
        return Judged(criterion, unmet("Not answered yet."), "answer")
    if because := answer.not_applicable_because:
        if criterion.mandatory:
            return Judged(criterion, unmet("This one has to be answered."), "answer")
        return Judged(criterion, met(f"Not applicable: {because}"), "answer", not_applicable=True)
    return Judged(criterion, _complete(facts, criterion, answer.fields), "answer")


def _complete(facts: Facts, criterion: Criterion, fields: Mapping[str, Any]) -> Verdict:
    case = case_of(facts)
    for field in criterion.fields_for(case):
        if not field.required:
            continue
        if field.type == "person":
            missing = _person_missing(facts, f"{criterion.key}.{field.key}", field.label)
        elif field.type == "table":
            missing = _rows_missing(field, rows_of(fields.get(field.key)), case)
        else:
            missing = f"{field.label} is missing." if fields.get(field.key) in (None, "") else None
        if missing:
            return unmet(missing)
    return met("Answered.")


def rows_of(value: Any) -> list[dict[str, Any]]:
    """The rows of a table; what an earlier policy asked as a text has none."""
    return value if isinstance(value, list) else []


def _rows_missing(field: Field, rows: list[dict[str, Any]], case: Case) -> str | None:
    """At least one row, and none of its cells blank (product.md P9)."""
    if not rows:
        return f"{field.label} Nothing is listed yet."
    for number, row in enumerate(rows, start=1):
        for column in field.columns_for(case):
            if not row.get(column.key):
                return f"{column.label.rstrip('?')}: not said yet in row {number}."
    return None


def _person_missing(facts: Facts, role: str, label: str) -> str | None:
    owner = facts.owner(role)
    if owner is None:
        return f"{label.rstrip('?')}: nobody is named."
    if owner.counts:
        return None
    if owner.state == "left":
        return f"{label}: {owner.person} is no longer here."
    return f"{label}: {owner.person} was asked and has not accepted yet."


# --- the four that every gate into a running stage asks, always (product.md §3) ---------------


def owners_accepted(asked: Asked) -> Verdict:
    """P4, P16: the owners that the stage needs are named, active and have accepted."""
    missing = [_owner_fault(asked.facts, role) for role in asked.parameters["roles"]]
    faults = [fault for fault in missing if fault]
    return unmet(" ".join(faults)) if faults else met("All have accepted.")


def _owner_fault(facts: Facts, role: str) -> str | None:
    return _person_missing(facts, role, str(Role(role).label))


def primary_metric_complete(asked: Asked) -> Verdict:
    """P1: a primary business metric with baseline, target, threshold, unit and way of measuring."""
    metric = asked.facts.primary_metric
    if metric is None:
        return unmet("No primary business metric yet.")
    missing = [name for name, value in _metric_parts(metric).items() if value in (None, "")]
    if missing:
        return unmet(f"{metric.name} has no {', no '.join(missing)}.")
    if looks_like_a_model_score(metric.name) and not metric.worth:
        return unmet(f"{metric.name} is a model's score: say what one unit is worth.")
    return met(
        f"{metric.name}: {metric.words(metric.baseline)} to {metric.words(metric.threshold)}."
    )


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
    if asked.parameters.get("on_primary_metric"):
        primary = asked.facts.primary_metric
        armed = [k for k in armed if primary is not None and k.metric_id == primary.pk]
    if asked.parameters.get("by_decision_date"):
        armed = [k for k in armed if _due_in_time(k, asked)]
    if armed:
        return met(f"{armed[0].sentence()}.")
    return unmet("No armed kill condition here says when to stop in time.")


def _due_in_time(condition: KillCondition, asked: Asked) -> bool:
    if condition.by_decision_date:
        return True
    last = asked.facts.initiative.decision_date
    if asked.facts.initiative.stage == Stage.PROPOSAL:
        last = asked.today + timedelta(days=asked.facts.initiative.pilot_days)
    due = condition.due_date
    return due is not None and last is not None and asked.today <= due <= last


def nothing_tripped(asked: Asked) -> Verdict:
    """P8: no kill condition has tripped without a decision on it."""
    for condition in asked.facts.kill_conditions:
        if condition.state == KillCondition.State.TRIPPED:
            return unmet(f"{condition.sentence()}: {condition.tripped_because}.")
    return met("No kill condition has tripped.")


# --- charter ----------------------------------------------------------------------------------


def described(asked: Asked) -> Verdict:
    """P3: the problem, who has it and what would be better, before any approach."""
    missing = [f for f in asked.parameters["fields"] if not getattr(asked.facts.initiative, f)]
    names = {"users": "who has it", "outcome": "the outcome wanted", "problem": "the problem"}
    if missing:
        return unmet(f"Still to write: {', '.join(names.get(f, f) for f in missing)}.")
    return met("Written down.")


def process_described(asked: Asked) -> Verdict:
    """P3: the business process, and the decision point in it that changes."""
    if asked.facts.initiative.process:
        return met("Written down.")
    return unmet("Say which process it is part of, and which decision or step changes.")


def pilot_length(asked: Asked) -> Verdict:
    """P5: the ship-or-kill date lies four to six weeks after the pilot starts."""
    days, most = asked.facts.initiative.pilot_days, asked.limits.pilot_days
    if days <= most:
        return met(f"Ship or kill {days} days after the pilot starts.")
    return unmet(f"{days} days are too long: decide within {most} days of the pilot's start.")


def pilot_budget_set(asked: Asked) -> Verdict:
    """P22, P27: a spend cap for the pilot, and somebody who answers for it."""
    budget = asked.facts.initiative.pilot_budget
    if budget is None:
        return unmet("No spend cap for the pilot yet.")
    if fault := _owner_fault(asked.facts, Role.BUDGET_OWNER):
        return unmet(fault)
    return met(f"At most {budget:,}.")


def triaged(asked: Asked) -> Verdict:
    """§3, Proportion: the eight questions that say how much each gate asks."""
    open_ones = [q for q in QUESTIONS if asked.facts.answered_yes(q) is None]
    if open_ones:
        count = len(open_ones)
        return unmet(f"{count} of the eight questions {'is' if count == 1 else 'are'} open.")
    if forbidden := prohibition(asked.facts):
        return unmet(forbidden)
    return met(f"{asked.facts.initiative.get_level_display()} level.")


# --- later gates ------------------------------------------------------------------------------


def measured_past_threshold(asked: Asked) -> Verdict:
    """P1, P8: the primary metric, measured, at or past its threshold."""
    metric = asked.facts.primary_metric
    if metric is None or metric.threshold is None:
        return unmet("No primary metric with a threshold.")
    last = asked.facts.latest(metric)
    if last is None:
        return unmet("Nothing has been measured yet.")
    sample = f", n = {last.sample_size:,}" if last.sample_size else ""
    said = f"measured {metric.words(last.value)} on {last.measured_at:%-d %b %Y}{sample}"
    if metric.minimum_sample and (last.sample_size or 0) < metric.minimum_sample:
        return unmet(f"{said}; the minimum sample is {metric.minimum_sample:,}.")
    reached = metric.reaches(last.value, metric.threshold)
    return Verdict(reached, f"{said}; threshold is {metric.words(metric.threshold)}.")


def spend_recorded(asked: Asked) -> Verdict:
    """P27: what the pilot has cost so far."""
    spent = asked.facts.spent
    return met(f"{spent:,} spent.") if spent else unmet("No spend has been recorded.")


def guardrails_hold(asked: Asked) -> Verdict:
    """P30: quality, unit cost and latency stay within their limits."""
    kinds = (MetricKind.QUALITY, MetricKind.COST, MetricKind.LATENCY)
    guards = [m for m in asked.facts.metrics if m.kind in kinds and m.threshold is not None]
    if not guards:
        return unmet("No guardrail: name a limit for quality, unit cost or latency.")
    failing = [said for metric in guards if (said := _misses(asked.facts, metric))]
    count = len(guards)
    return unmet(" ".join(failing)) if failing else met(f"{count} of {count} guardrails hold.")


def _misses(facts: Facts, metric: Metric) -> str | None:
    """Say how a metric misses its threshold, or None where it is at or past it."""
    last = facts.latest(metric)
    if last is None or metric.threshold is None:
        return f"{metric.name} has not been measured."
    if metric.reaches(last.value, metric.threshold):
        return None
    return f"{metric.name} is {metric.words(last.value)}; limit {metric.words(metric.threshold)}."


def operating_cost_estimated(asked: Asked) -> Verdict:
    """P22: what it costs a month."""
    cost = asked.facts.initiative.monthly_cost
    return unmet("No monthly cost yet.") if cost is None else met(f"{cost:,} a month.")


def adoption_metric_set(asked: Asked) -> Verdict:
    """P13: a metric of adoption, with a floor."""
    return _adoption(asked.facts, lambda metric: None)


def adoption_above_floor(asked: Asked) -> Verdict:
    """P24: it is used at least as much as was agreed."""
    return _adoption(asked.facts, lambda metric: _misses(asked.facts, metric))


def _adoption(facts: Facts, fault: Callable[[Metric], str | None]) -> Verdict:
    adoption = [m for m in facts.metrics if m.kind == MetricKind.ADOPTION and m.threshold]
    if not adoption:
        return unmet("No adoption metric with a floor.")
    said = fault(adoption[0])
    return unmet(said) if said else met(f"{adoption[0].name}.")


def measured_against_baseline(asked: Asked) -> Verdict:
    """P28: the primary metric is better than before it all began."""
    metric = asked.facts.primary_metric
    last = asked.facts.latest(metric) if metric is not None else None
    if metric is None or last is None or metric.baseline is None:
        return unmet("The primary metric has not been measured against its baseline.")
    better = metric.reaches(last.value, metric.baseline) and last.value != metric.baseline
    said = f"{metric.words(last.value)}; the baseline is {metric.words(metric.baseline)}."
    return Verdict(better, said)


def cost_within_budget(asked: Asked) -> Verdict:
    """P22: what was spent stays within the cap."""
    budget, spent = asked.facts.initiative.pilot_budget, asked.facts.spent
    if budget is None:
        return unmet("No budget to compare with.")
    return Verdict(spent <= budget, f"{spent:,} spent of {budget:,}.")


def not_recorded_here(asked: Asked) -> Verdict:
    """A check whose facts cannot be recorded yet fails closed: the gate stays shut."""
    return unmet("Gatehouse cannot record this yet, so the gate stays shut.")


# Every name that a policy may use; an unknown one is refused when a policy is read.
CHECKS: dict[str, Check] = {
    "adoption_above_floor": Check(adoption_above_floor, "metric"),
    "adoption_metric_set": Check(adoption_metric_set, "metric"),
    "blocking_questions_closed": Check(not_recorded_here, ""),
    "conditions_met": Check(not_recorded_here, ""),
    "cost_within_budget": Check(cost_within_budget, "budget"),
    "described": Check(described, "description"),
    "evaluation_run": Check(not_recorded_here, ""),
    "guardrails_hold": Check(guardrails_hold, "metric"),
    "kill_condition_armed": Check(kill_condition_armed, "kill_condition"),
    "measured_against_baseline": Check(measured_against_baseline, ""),
    "measured_past_threshold": Check(measured_past_threshold, ""),
    "messy_data_meets_threshold": Check(not_recorded_here, ""),
    "monitoring_delivering": Check(not_recorded_here, ""),
    "nothing_tripped": Check(nothing_tripped, ""),
    "open_questions_estimated": Check(not_recorded_here, ""),
    "operating_cost_estimated": Check(operating_cost_estimated, "budget"),
    "owners_accepted": Check(owners_accepted, "owners"),
    "owners_reaccepted": Check(owners_accepted, "owners"),
    "pilot_budget_set": Check(pilot_budget_set, "budget"),
    "pilot_length": Check(pilot_length, "pilot_length"),
    "primary_metric_complete": Check(primary_metric_complete, "metric"),
    "process_described": Check(process_described, "process"),
    "production_kill_condition": Check(kill_condition_armed, "kill_condition"),
    "spend_recorded": Check(spend_recorded, "spend"),
    "triaged": Check(triaged, "triage"),
}

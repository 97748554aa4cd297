"""Checks: pure functions from facts to verdicts, by the name a policy uses.

An unknown name is refused when a policy is read. `mend` names the form that answers a check,
unless its verdict names a nearer one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reviews.checks import always, charter, findings, measured, running
from reviews.checks.verdicts import Asked, Mend, Verdict


@dataclass(frozen=True, slots=True)
class Check:
    function: Callable[[Asked], Verdict]
    mend: str


CHECKS: dict[str, Check] = {
    "adoption_above_floor": Check(measured.adoption_above_floor, "metric"),
    "adoption_metric_set": Check(measured.adoption_metric_set, "metric"),
    "blocking_questions_closed": Check(findings.blocking_questions_closed, "questions"),
    "conditions_met": Check(running.conditions_met, ""),
    "cost_within_budget": Check(running.cost_within_budget, "spend"),
    "described": Check(charter.described, "description"),
    "evaluation_run": Check(findings.evaluation_run, "evaluation"),
    "evaluation_set_described": Check(findings.evaluation_set_described, "evaluation_set"),
    "evaluation_set_owned": Check(findings.evaluation_set_owned, "evaluation_set"),
    "guardrails_hold": Check(measured.guardrails_hold, "metric"),
    "kill_condition_armed": Check(always.kill_condition_armed, "kill_condition"),
    "measured_against_baseline": Check(measured.measured_against_baseline, "metric"),
    "measured_past_threshold": Check(measured.measured_past_threshold, "metric"),
    "messy_data_meets_threshold": Check(findings.messy_data_meets_threshold, "messy"),
    "monitoring_delivering": Check(measured.monitoring_delivering, "watch"),
    "nothing_tripped": Check(always.nothing_tripped, ""),
    "open_questions_estimated": Check(findings.open_questions_estimated, "questions"),
    "operating_cost_estimated": Check(running.operating_cost_estimated, "budget"),
    "owners_accepted": Check(always.owners_accepted, "owners"),
    "owners_reaccepted": Check(running.owners_reaccepted, "owners"),
    "pilot_budget_set": Check(charter.pilot_budget_set, "budget"),
    "pilot_length": Check(charter.pilot_length, "pilot_length"),
    "primary_metric_complete": Check(always.primary_metric_complete, "metric"),
    "process_described": Check(charter.process_described, "process"),
    "production_kill_condition": Check(always.production_kill_condition, "kill_condition"),
    "spend_recorded": Check(running.spend_recorded, "spend"),
    "triaged": Check(charter.triaged, "triage"),
}

__all__ = ["CHECKS", "Asked", "Check", "Mend", "Verdict"]

"""What deserves attention: each rule is one set-based query over the whole portfolio.

Imported initiatives that are still quiet produce nothing. Sentences name days, never "in 3 days",
so that a flag changes only when what it says does.
"""

from __future__ import annotations

from notifications.rules import (
    catch_up,
    decisions,
    obligations,
    owners,
    production,
    progress,
    recertifying,
    signatures,
)
from notifications.rules.finding import Rule

# The worst first, as pages list them.
RULES: dict[str, Rule] = {
    rule.name: rule
    for rule in (
        decisions.kill_condition_tripped,
        decisions.decision_lapsed,
        obligations.override_expired,
        decisions.decision_overdue,
        decisions.suspended,
        owners.unowned,
        owners.sponsor_gone,
        production.below_baseline,
        owners.leaving,
        owners.statement_unsigned,
        obligations.condition_overdue,
        obligations.obligation_unconfirmed,
        recertifying.recertification_overdue,
        catch_up.catch_up_overdue,
        signatures.slot_unfillable,
        signatures.sign_off_overdue,
        production.below_threshold,
        production.adoption_below_floor,
        production.measurement_stale,
        production.over_budget,
        obligations.override_expiring,
        progress.ahead_of_its_gate,
        decisions.decision_ready,
        decisions.threshold_reached,
        catch_up.catch_up_near,
        decisions.decision_near,
        recertifying.recertification_near,
        progress.extension_cap_reached,
        progress.stalled,
        signatures.sign_off_stale,
        production.evaluation_stale,
    )
}

"""What a review is about: a gate as the policy has it, the change of a charter that somebody
proposes, or what something that already ran owes (product.md P29, and §2, Catch-up)."""

from __future__ import annotations

from dataclasses import replace

from initiatives import baselines
from initiatives.facts import Facts
from initiatives.stages import Gate, SpecialReview
from reviews import gates
from reviews.models import Review
from reviews.policy import Criterion, GatePolicy, Policy

# Which criteria of the charter look at which of its fields; whatever is proposed, what has tripped
# waits for its decision.
LOOKS_AT = {
    "described": ("problem", "users", "outcome"),
    "process_described": ("process",),
    "pilot_budget_set": ("pilot_budget",),
    "primary_metric_complete": ("metric.",),
    "kill_condition_armed": ("metric.", "kill_condition."),
    "nothing_tripped": ("",),
}


def facts_of(review: Review, known: Facts) -> Facts:
    """The facts that it is about: as they are, or as they would be with what is proposed."""
    if review.baseline is None:
        return known
    return baselines.as_proposed(known, review.baseline.charter)


def gate_of(review: Review, known: Facts, policy: Policy) -> GatePolicy:
    """What it asks and who signs."""
    if review.gate == SpecialReview.REBASELINE:
        return _touched(review, known, policy.gates[Gate.CHARTER])
    if review.gate == SpecialReview.CATCH_UP:
        return gates.never_passed(known, policy)
    return policy.gates[review.gate]


def gate_set_aside(review: Review, known: Facts, policy: Policy) -> GatePolicy:
    """What it asks, for what was set aside of it: once a charter is in force nothing touches its
    fields any more, and the charter's gate says what they lack."""
    if review.gate == SpecialReview.REBASELINE:
        return policy.gates[Gate.CHARTER]
    return gate_of(review, known, policy)


def _touched(review: Review, known: Facts, charter: GatePolicy) -> GatePolicy:
    """The charter's gate with what the proposed fields touch, and all of its signatures."""
    assert review.baseline is not None  # a constraint says so
    keys = baselines.differences(known.charter or {}, review.baseline.charter)
    asked = tuple(c for c in charter.criteria if _looks_at(c, tuple(keys)))
    title = str(SpecialReview.REBASELINE.label)
    return replace(charter, key=review.gate, title=title, criteria=asked)


def _looks_at(criterion: Criterion, keys: tuple[str, ...]) -> bool:
    fields = LOOKS_AT.get(criterion.check or "", ())
    return any(key.startswith(field) for key in keys for field in fields)


def criteria_of(review: Review, policy: Policy) -> dict[str, Criterion]:
    """By key all that it may have asked, for one that is over: the last gate's word counts."""
    known = [g for g in policy.gates.values() if review.gate in (g.key, *SpecialReview)]
    if review.gate == SpecialReview.REBASELINE:
        known = [policy.gates[Gate.CHARTER]]
    return {criterion.key: criterion for gate in known for criterion in gate.criteria}

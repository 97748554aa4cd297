"""What is worked out from money spent, and from what owners said of running it."""

from __future__ import annotations

from datetime import date, timedelta

from django.utils import timezone

from initiatives.models import Initiative, Obligation, Ownership
from initiatives.models.obligations import ObligationKind
from initiatives.stages import LEADS_TO, ORDER, Role, SpecialReview, Stage
from initiatives.units import money
from reviews.checks.always import owner_fault
from reviews.checks.measured import months_between
from reviews.checks.verdicts import Asked, Verdict, counted, day, met, people, unmet

CONFIRMED_WITHIN = timedelta(days=90)


def spend_recorded(asked: Asked) -> Verdict:
    """P27: what the pilot has cost so far."""
    spent = asked.facts.spent
    return met(f"{money(spent)} spent.") if spent else unmet("No spend has been recorded yet.")


def operating_cost_estimated(asked: Asked) -> Verdict:
    """P22: what it costs a month."""
    cost = asked.facts.initiative.monthly_cost
    if cost is None:
        return unmet("What it will cost a month is not estimated yet.")
    return met(f"{money(cost)} a month, by estimate.")


def cost_within_budget(asked: Asked) -> Verdict:
    """P22: what it really cost in this stage stays within the monthly estimate."""
    estimate, spent = asked.facts.initiative.monthly_cost, asked.facts.spent_in_stage
    if estimate is None:
        return unmet("No monthly cost was estimated to compare with.", "budget")
    if not spent:
        return unmet("No actual cost has been recorded in this stage.")
    entered = timezone.localdate(asked.facts.initiative.stage_entered_at)
    said = against_estimate(spent, estimate, entered, asked.today)
    return Verdict(spent <= estimated(estimate, entered, asked.today), said)


def estimated(monthly_cost: int, entered: date, today: date) -> int:
    """What running it was to cost since this day, by its monthly estimate."""
    return monthly_cost * months_between(entered, today)


def against_estimate(spent: int, monthly_cost: int, entered: date, today: date) -> str:
    """What it has cost beside what was estimated, in words."""
    months = counted(months_between(entered, today), "month")
    estimate = money(estimated(monthly_cost, entered, today))
    return f"{money(spent)} in {months}, since {day(entered)}; {estimate} was estimated."


def owners_reaccepted(asked: Asked) -> Verdict:
    """P24: the owners said within the last 90 days that it is still theirs."""
    faults = [fault for role in asked.parameters["roles"] if (fault := _silent(asked, role))]
    if faults:
        return unmet(" ".join(faults))
    held = [asked.facts.counted_owner(role) for role in asked.parameters["roles"]]
    said = people(f"{o.person} on {day(_said_at(o))}" for o in held if o)
    return met(f"Confirmed by {said}.")


def _silent(asked: Asked, role: str) -> str | None:
    if fault := owner_fault(asked.facts, role):
        return fault
    owner = asked.facts.counted_owner(role)
    assert owner is not None
    if _said_at(owner) >= asked.today - CONFIRMED_WITHIN:
        return None
    last = day(_said_at(owner))
    return f"{Role(role).label}: {owner.person} said yes on {last}, and has to confirm it again."


def _said_at(owner: Ownership) -> date:
    """The day of their last yes; whoever came back has accepted anew, after they confirmed."""
    assert owner.accepted_at is not None
    return timezone.localdate(max(owner.accepted_at, owner.confirmed_at or owner.accepted_at))


def conditions_met(asked: Asked) -> Verdict:
    """§4, Conditions: what approvals at earlier gates depended on has been seen to."""
    row = asked.facts.initiative
    agreed = [o for o in asked.facts.obligations if _is_of_earlier_gate(o, row)]
    open_ones = [obligation for obligation in agreed if obligation.is_open]
    if not agreed:
        return met("No approval was given under conditions.")
    if not open_ones:
        return met(f"All met: {counted(len(agreed), 'condition')}.")
    first = open_ones[0]
    more = f" And {len(open_ones) - 1} more." if len(open_ones) > 1 else ""
    said = f"“{first}” is open: {first.assignee}, by {day(first.due_date)}.{more}"
    return unmet(said, "obligation", first.pk)


def _is_of_earlier_gate(obligation: Obligation, row: Initiative) -> bool:
    """A condition of a gate that has been passed, of the last recertification, or of a review
    that stands beside the gates."""
    if obligation.kind != ObligationKind.CONDITION or obligation.released_at is not None:
        return False
    if obligation.gate in SpecialReview.values:
        return True
    leads_to = LEADS_TO[obligation.gate]
    if leads_to is None:
        return row.recertified_at is not None and obligation.agreed_at <= row.recertified_at
    return ORDER.index(leads_to) <= ORDER.index(Stage(row.stage))

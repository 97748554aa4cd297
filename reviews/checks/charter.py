"""What the charter gate works out for itself."""

from __future__ import annotations

from initiatives.stages import Role
from initiatives.triage import QUESTIONS
from initiatives.units import money
from reviews.checks.always import owner_fault
from reviews.checks.verdicts import Asked, Verdict, excerpt, met, prohibition, unmet
from reviews.policy.wording import listed


def described(asked: Asked) -> Verdict:
    """P3: the problem, who has it and what would be better, before any approach."""
    missing = [f for f in asked.parameters["fields"] if not getattr(asked.facts.initiative, f)]
    names = {"users": "who has it", "outcome": "the outcome wanted", "problem": "the problem"}
    if missing:
        return unmet(f"Still to write: {listed(names.get(f, f) for f in missing)}.")
    return met(excerpt(asked.facts.initiative.problem))


def process_described(asked: Asked) -> Verdict:
    """P3: the business process, and the decision point in it that changes."""
    if asked.facts.initiative.process:
        return met(excerpt(asked.facts.initiative.process))
    return unmet("Say which process it is part of, and which decision or step changes.")


def pilot_length(asked: Asked) -> Verdict:
    """P5: the ship-or-kill date lies four to six weeks after the pilot starts."""
    days, most = asked.facts.initiative.pilot_days, asked.limits.pilot_days
    if days <= most:
        return met(f"Ship or kill {days} days after the pilot starts.")
    return unmet(f"{days} days are too long: ship or kill within {most} days of the pilot's start.")


def pilot_budget_set(asked: Asked) -> Verdict:
    """P22, P27: a spend cap for the pilot, and somebody who answers for it."""
    budget = asked.facts.initiative.pilot_budget
    if budget is None:
        return unmet("No spend cap for the pilot yet.")
    if fault := owner_fault(asked.facts, Role.BUDGET_OWNER):
        return unmet(fault, "ask", Role.BUDGET_OWNER)
    owner = asked.facts.counted_owner(Role.BUDGET_OWNER)
    assert owner is not None
    return met(f"At most {money(budget)}; {owner.person} answers for it.")


def triaged(asked: Asked) -> Verdict:
    """§3, Proportion: the eight questions that say how much each gate asks."""
    open_ones = [q for q in QUESTIONS if asked.facts.answered_yes(q) is None]
    if len(open_ones) == len(QUESTIONS):
        return unmet("The eight questions are not answered yet.")
    if open_ones:
        count = len(open_ones)
        are = "is" if count == 1 else "are"
        return unmet(f"{count} of the eight questions {are} not answered yet.")
    if forbidden := prohibition(asked.facts):
        return unmet(forbidden)
    level = asked.facts.initiative.get_level_display().lower()
    return met(f"All eight are answered: {level} control level.")

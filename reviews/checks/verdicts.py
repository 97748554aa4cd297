"""What a check is given and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from initiatives.facts import Facts
from initiatives.triage import LegalClass
from reviews.policy import Limits


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a criterion is met, and why, as a person would say it."""

    is_met: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What a check is given: the facts, its parameters, the policy's limits and the day."""

    facts: Facts
    parameters: Mapping[str, Any]
    limits: Limits
    today: date


def met(reason: str) -> Verdict:
    return Verdict(True, reason)


def unmet(reason: str) -> Verdict:
    return Verdict(False, reason)


def counted(number: int, what: str) -> str:
    """A number of things: `1 day`, `28 days`."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def prohibition(facts: Facts) -> str | None:
    """Why no gate but retirement is open to this, or None (product.md §3)."""
    if facts.triage is not None and facts.triage.legal_class == LegalClass.PROHIBITED:
        return "It is classed as prohibited: no gate but retirement is open to it."
    return None


def person_missing(facts: Facts, role: str, label: str) -> str | None:
    owner = facts.owner(role)
    if owner is None:
        return f"{label.rstrip('?')}: nobody is named."
    if owner.counts:
        return None
    if owner.state == "left":
        return f"{label}: {owner.person} is no longer here."
    return f"{label}: {owner.person} was asked and has not accepted yet."

"""What a check is given and what it answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from initiatives.facts import Facts
from initiatives.triage import LegalClass
from reviews.policy import Limits
from reviews.policy.wording import listed

SUSPENDED = "It is suspended: resume or retire it first."


@dataclass(frozen=True, slots=True)
class Mend:
    """The form that answers a check, and which metric, question or role it is about."""

    form: str
    about: int | str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a criterion is met, and why, as a person would say it.

    `mend` says which form would change it, where that is another than the check's own.
    """

    is_met: bool
    reason: str
    mend: Mend | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a check is given: the facts, its parameters, the policy's limits and the day.

    `since` is the moment before which nothing counts, for what is asked anew.
    """

    facts: Facts
    parameters: Mapping[str, Any]
    limits: Limits
    today: date
    since: datetime | None = None


def met(reason: str) -> Verdict:
    return Verdict(True, reason)


def unmet(reason: str, mend: str = "", about: int | str | None = None) -> Verdict:
    return Verdict(False, reason, Mend(mend, about) if mend else None)


def excerpt(text: str, most: int = 90) -> str:
    """The first words of what somebody wrote, at most this many characters."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[:most].rsplit(' ', 1)[0].rstrip(',;:.')} …"


def day(moment: date) -> str:
    """`3 Nov 2026`, of a day or, by the organisation's clock, of a moment."""
    local = timezone.localdate(moment) if isinstance(moment, datetime) else moment
    return f"{local:%-d %b %Y}"


def people(names: Iterable[object]) -> str:
    """Each of them once: `Ada Berg, Bea Business and Eli Engineer`."""
    return listed(dict.fromkeys(str(name) for name in names))


def counted(number: int, what: str) -> str:
    """A number of things: `1 day`, `28 days`."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def prohibition(facts: Facts) -> str | None:
    """Why no gate but retirement is open to this, or None (product.md §3)."""
    if facts.triage is not None and facts.triage.legal_class == LegalClass.PROHIBITED:
        return "It is classed as prohibited: no gate but retirement is open to it."
    return None


def shut(facts: Facts) -> str | None:
    """Why every gate ahead is shut to this, whatever it meets, or None (product.md §3 and §4)."""
    return prohibition(facts) or (SUSPENDED if facts.initiative.is_suspended else None)


def person_missing(facts: Facts, role: str, label: str) -> str | None:
    owner = facts.owner(role)
    if owner is None:
        return f"{label.rstrip('?')}: nobody is named."
    if owner.counts:
        return None
    if owner.state == "left":
        return f"{label}: {owner.person} is no longer here."
    if owner.state == "returned":
        return f"{label}: {owner.person} was away and has not accepted again."
    return f"{label}: {owner.person} was asked on {day(owner.asked_at)} and has not accepted yet."

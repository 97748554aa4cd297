"""What it has yet to pass: the gates ahead, those that it owes, and a charter under review."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.urls import reverse

from initiatives.facts import Facts
from initiatives.stages import Gate, SpecialReview
from portfolio.queries.beside import listed, moment
from portfolio.queries.page.checklist import Item, item, overridden
from portfolio.templatetags.words import day
from reviews import catching_up, gates, rebaselines
from reviews import queries as reviews
from reviews.policy import Policy
from reviews.rebaselines import Rebaseline, Version


@dataclass(frozen=True)
class AskedFor:
    """An open review: where it is, since when, who asked for it, and the policy it goes by."""

    url: str
    at: datetime
    by: str
    policy: Policy


@dataclass(frozen=True)
class GateAhead:
    """A gate with everything it asks, and its open review, if one was asked for."""

    key: str
    title: str
    items: list[Item]
    review: AskedFor | None
    version: int
    in_force: int

    @property
    def unmet(self) -> int:
        return sum(item.blocks for item in self.items)

    @property
    def overridden(self) -> int:
        return sum(item.is_overridden and not item.is_met for item in self.items)

    @property
    def missing(self) -> list[Item]:
        return [item for item in self.items if not item.is_met]

    @property
    def met(self) -> list[Item]:
        return [item for item in self.items if item.is_met]


@dataclass(frozen=True)
class CatchUp:
    """What it owes of the gates that it never passed, by when it has caught up, and, once that is
    long over, that the leads decide on it."""

    gate: GateAhead
    due: date | None
    days: int | None
    lapsed: str


@dataclass(frozen=True)
class SignedCharter:
    """The charter in force, what was changed on the way there, and the open review of another."""

    number: int
    since: datetime
    rebaselines: list[Rebaseline]
    review: AskedFor | None


def next_gates(known: Facts, today: date, *, may_edit: bool) -> list[GateAhead]:
    """The gates ahead, each by the policy that its open review pinned, else by the one in force."""
    in_force, open_at = _in_force(known), _open_at(known)
    pinned = {gate: review.policy for gate, review in open_at.items()}
    asides = _asides(known, today)
    return [
        _ahead(known, gate, judged, asides, may_edit=may_edit)
        for gate, judged in reviews.readiness(known, today, in_force, pinned)
    ]


def _asides(known: Facts, today: date) -> dict[tuple[str, str], str]:
    """What overrides in force set aside, by gate and criterion: until when, by whom and why."""
    row: Any = known.initiative
    return {
        (said["gate"], key): f"Overridden until {day(until)} by {said['asked']} and "
        f"{said['signed']}, because: {said['reason']}"
        for said in row.beside_overrides or ()
        if (until := date.fromisoformat(said["until"])) >= today
        for key in listed(said["criteria"])
    }


def _ahead(
    known: Facts,
    gate: Gate | SpecialReview,
    judged: list[gates.Judged],
    asides: Mapping[tuple[str, str], str],
    *,
    may_edit: bool,
) -> GateAhead:
    in_force, review = _in_force(known), _open_at(known).get(gate)
    return GateAhead(
        key=gate,
        title=str(gate.label),
        items=[
            overridden(
                item(j, known.initiative.pk, may_edit=may_edit),
                asides.get((gate, j.criterion.key)),
            )
            for j in judged
        ],
        review=review,
        version=(review.policy if review else in_force).version,
        in_force=in_force.version,
    )


def _in_force(known: Facts) -> Policy:
    row: Any = known.initiative
    return reviews.policy_named(row.beside_policy)


def _open_at(known: Facts) -> dict[str, AskedFor]:
    """The open reviews, by what they review."""
    row: Any = known.initiative
    return {review["gate"]: _asked_for(review) for review in row.beside_reviews or ()}


def _asked_for(review: Mapping[str, Any]) -> AskedFor:
    return AskedFor(
        reverse("reviews:detail", args=[review["pk"]]),
        moment(review["at"]),
        review["by"],
        reviews.policy_named(review),
    )


def catch_up(known: Facts, today: date, *, may_edit: bool) -> CatchUp | None:
    """What it owes, by the policy that its open review pinned, else by the one in force."""
    review = _open_at(known).get(SpecialReview.CATCH_UP)
    policy = review.policy if review else _in_force(known)
    if (owed := gates.owed(known, policy)) is None:
        return None
    judged = gates.evaluate_all(known, owed, policy, today)
    limits = _in_force(known).limits
    due = catching_up.due_date(known.initiative, limits)
    asides = _asides(known, today)
    gate = _ahead(known, SpecialReview.CATCH_UP, judged, asides, may_edit=may_edit)
    lapsed = catching_up.lapsed(known.initiative, today, limits)
    return CatchUp(gate, due, (due - today).days if due else None, lapsed)


def charter(known: Facts) -> SignedCharter | None:
    """The charter in force, or None where none was signed yet."""
    row: Any = known.initiative
    came = sorted((_version(said) for said in row.beside_baselines or ()), key=lambda v: v.number)
    if not came:
        return None
    review = _open_at(known).get(SpecialReview.REBASELINE)
    changed = rebaselines.compared(came, known)
    return SignedCharter(came[-1].number, came[-1].since, changed, review)


def _version(said: Mapping[str, Any]) -> Version:
    """A baseline as it came along; SQLite hands JSON within JSON over as text."""
    charter = said["charter"]
    read = json.loads(charter) if isinstance(charter, str) else charter
    return Version(said["number"], moment(said["since"]), said["reason"], said["by"] or "", read)

"""Old beside new: what each re-baseline changed, what a proposed one would, and whose signatures
that makes stale (product.md P29)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from typing import Any

from django.db.models import F, OuterRef, QuerySet, Subquery

from initiatives import baselines
from initiatives.baselines import Charter
from initiatives.facts import Facts
from initiatives.models import Baseline
from initiatives.stages import SpecialReview
from reviews import queries, snapshots
from reviews.models import Decision, Review, SignOff
from reviews.snapshots import PROPOSED, Change

InWords = tuple[str, str, str]


@dataclass(frozen=True)
class Version:
    """A charter that came into force: when, why, and by whose decision."""

    number: int
    since: datetime
    reason: str
    decided_by: str
    charter: Charter


@dataclass(frozen=True)
class Rebaseline:
    """A version beside the one before it: what changed, from what to what."""

    version: Version
    keys: frozenset[str]
    changes: list[InWords]


def versions() -> QuerySet[Baseline, Any]:
    """The charters that came into force, each with who decided so."""
    decided = Decision.objects.filter(
        kind=Decision.Kind.REBASELINE, review__baseline=OuterRef("pk")
    ).order_by()
    came = Baseline.objects.filter(version__isnull=False)
    return came.annotate(
        number=F("version"), decided_by=Subquery(decided.values("decided_by__name")[:1])
    )


def rebaselines(known: Facts, before: datetime | None = None) -> list[Rebaseline]:
    """The re-baselines of one initiative up to a moment, the first of them first; one query where
    there are any."""
    if known.baseline in (None, 1):
        return []
    rows = versions().filter(initiative=known.initiative.pk).order_by("version")
    if before is not None:
        rows = rows.filter(in_force_since__lt=before)
    return compared(
        [
            Version(row.number, row.in_force_since, row.reason, row.decided_by or "", row.charter)
            for row in rows
        ],
        known,
    )


def compared(found: Iterable[Version], known: Facts) -> list[Rebaseline]:
    """Each version but the first beside the one before it, in words."""
    in_order = sorted(found, key=lambda version: version.number)
    return [
        Rebaseline(
            after,
            frozenset(baselines.differences(before.charter, after.charter)),
            in_words(before.charter, after.charter, known),
        )
        for before, after in pairwise(in_order)
    ]


def in_words(before: Charter, after: Charter, known: Facts) -> list[InWords]:
    """What differs between two charters: label, before, after."""
    differing = baselines.differences(before, after)
    changes = [Change(key, old, new) for key, (old, new) in differing.items()]
    return [snapshots.label(change, known, {}) for change in changes]


def proposed_in(material: str, known: Facts) -> list[InWords]:
    """What the signers of a re-baseline sign, beside what was in force then."""
    content = json.loads(material)
    prefix = f"{PROPOSED}."
    changes = [
        Change(key.removeprefix(prefix), content.get(key.removeprefix(prefix)), value)
        for key, value in content.items()
        if key.startswith(prefix) and key != f"{PROPOSED}.reason"
    ]
    return [snapshots.label(change, known, {}) for change in changes]


def at_stake(known: Facts, today: date) -> list[tuple[Review, list[SignOff]]]:
    """The live signatures on reviews that are open: with another charter in force they are on
    earlier evidence, and asked for again."""
    reviews = Review.objects.open().filter(initiative=known.initiative.pk).order_by("pk")
    others = reviews.exclude(gate=SpecialReview.REBASELINE)
    found = []
    for review in others.select_related("policy", "snapshot", "initiative"):
        slots = queries.standing(review, today, known).slots
        if live := [signature for state in slots for signature in state.live]:
            found.append((review, live))
    return found

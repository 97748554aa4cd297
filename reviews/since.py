"""What is different from what was decided last time, for whoever reads a review (product.md §6.5):
only what both had, and every re-baseline with its day."""

from __future__ import annotations

import json
from dataclasses import dataclass

from django.utils import timezone

from accounts.models import Person
from initiatives.rules import CHARTER_FIELDS
from initiatives.stages import Role
from reviews import queries, rebaselines, snapshots
from reviews.models import Review
from reviews.snapshots import Change, Material

ROW = ("name", "monthly_cost", "level", "legal_class", *CHARTER_FIELDS)
ROWS = ("metric.", "kill_condition.")
MOST_SHOWN = 5


@dataclass(frozen=True)
class Changed:
    """One thing that differs, and how it came to: `re-baselined 3 Nov 2026`."""

    what: str
    before: str
    after: str
    note: str = ""


@dataclass(frozen=True)
class Since:
    """What differs from the review that was decided last."""

    last: Review | None
    changes: list[Changed]

    @property
    def is_long(self) -> bool:
        return len(self.changes) > MOST_SHOWN


def last_review(standing: queries.Standing) -> Since:
    """Compare with the review of this initiative that was decided before, and add what was
    re-baselined since the charter."""
    review, known = standing.review, standing.facts
    if known.charter is None and not known.initiative.is_declared:
        return Since(None, [])  # nothing was decided on it yet
    moment = review.closed_at or timezone.now()
    agreed = rebaselines.rebaselines(known, before=moment)
    rebaselined = [
        Changed(*change, note=f"re-baselined {timezone.localdate(r.version.since):%-d %b %Y}")
        for r in agreed
        for change in r.changes
    ]
    decided = Review.objects.filter(
        initiative=review.initiative_id, closing=Review.Closing.DECIDED, closed_at__lt=moment
    )
    last = decided.select_related("snapshot").order_by("-closed_at", "-pk").first()
    if last is None:
        return Since(None, rebaselined)
    told = frozenset[str]().union(*(r.keys for r in agreed))
    before, after = json.loads(last.snapshot.material), json.loads(standing.material)
    changes = [c for c in _comparable(before, after) if c.key not in told]
    return Since(last, [*rebaselined, *_in_words(changes, standing)])


def _comparable(before: Material, after: Material) -> list[Change]:
    """What both said of the charter, its metrics and conditions, and of who answers for it."""
    keys = [*ROW, *(key for key in before if key.startswith(ROWS) and key in after)]
    owners = [f"owner.{role}" for role in Role.values if before.get(f"owner.{role}") is not None]
    return [
        Change(key, before.get(key), after.get(key))
        for key in (*keys, *owners)
        if before.get(key) != after.get(key)
    ]


def _in_words(changes: list[Change], standing: queries.Standing) -> list[Changed]:
    ids = snapshots.people_in(changes)
    people = dict(Person.objects.filter(pk__in=ids).values_list("pk", "name")) if ids else {}
    return [Changed(*snapshots.label(change, standing.facts, people)) for change in changes]

"""Asking for another charter: the proposal, and the review with the charter's signatures."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from accounts.models import Person
from audit.actions import append
from audit.refusals import records_refusals
from initiatives import actions as initiatives
from initiatives import facts as initiative_facts
from initiatives.models import Initiative
from initiatives.stages import SpecialReview
from reviews.actions.reviewing import locked_initiative, open_review, review_entry
from reviews.models import Review


@records_refusals("baseline.propose")
def propose_baseline(
    *, initiative: Initiative, changes: Mapping[str, Any], reason: str, by: Person, at: datetime
) -> Review:
    """Propose the charter in force with these changes, and ask for the charter's signatures on it
    (product.md P29). Nothing else changes until that is decided."""
    baseline = initiatives.propose_baseline(
        initiative=initiative, changes=changes, reason=reason, by=by, at=at
    )
    row = locked_initiative(initiative.pk)
    known = initiative_facts.load_one(row.pk)
    review = open_review(row, known, SpecialReview.REBASELINE, by=by, at=at, baseline=baseline)
    append([review_entry("review.requested", review, by, {"digest": review.snapshot_id})], at=at)
    return review

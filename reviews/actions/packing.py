"""Taking a decision pack away."""

from __future__ import annotations

import hashlib
from datetime import datetime

from django.db import transaction

from accounts.models import Person
from audit.actions import Value, append
from audit.models import Event
from reviews.actions.reviewing import locked_initiative, notice, review_entry
from reviews.models import Review
from reviews.packs import contents
from reviews.packs.contents import Pack


@transaction.atomic
def prepare_pack(*, review: Review, at: datetime) -> Pack:
    """Read a review for its pack, under the initiative's lock, so that all its parts are of one
    moment; an open one is brought up to its evidence first, as the log will say."""
    row = locked_initiative(review.initiative_id)
    related = (
        "initiative__unit", "policy", "snapshot", "requested_snapshot", "opened_by", "baseline",
    )  # fmt: skip
    held = Review.objects.select_related(*related).get(pk=review.pk)
    if held.is_open:
        notice(held, row, at)
    return contents.load(held, at)


@transaction.atomic
def record_pack(*, review: Review, form: str, content: bytes, by: Person, at: datetime) -> Event:
    """Say who took a pack away, before it has left, and the SHA-256 of the file: whoever holds it
    can ask the log whether it is the one that was taken."""
    changed: dict[str, Value] = {"form": form, "sha256": hashlib.sha256(content).hexdigest()}
    return append([review_entry("review.exported", review, by, changed)], at=at)[0]

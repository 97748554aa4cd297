"""Taking lists away."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.models import Person
from audit.actions import Entry, Value, Words, append


@transaction.atomic
def record_export(*, count: int, narrowed_by: str, by: Person, at: datetime) -> None:
    """Say who took so many initiatives away in a file, before its first line has left.

    `narrowed_by` is the query of the list, in which people may be named.
    """
    changed: dict[str, Value] = {"count": count}
    if narrowed_by:
        changed["narrowed_by"] = Words(narrowed_by)
    append([Entry("initiatives.exported", "initiatives", actor_id=by.pk, changed=changed)], at=at)

"""The defects that proofs a, b, k and o have to find, each patched in from outside."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any
from unittest.mock import patch

from django.db import connection
from django.db.models import F
from django.utils import timezone
from django.utils.timezone import now

from initiatives.models import Ownership
from initiatives.models.ownership import OwnershipQuerySet
from notifications.actions import delivering
from notifications.models import Reminder

UNIQUE = "a_person_is_reminded_once_of_a_step"


@contextlib.contextmanager
def mark_then_send() -> Iterator[None]:
    """A mail is marked as sent before it goes out: who is killed in between loses it."""
    send, mark = delivering._send, delivering._mark_sent

    def marked_first(message: Any, batch: Any, *rest: Any) -> None:
        mark(message, batch, timezone.now())
        send(message, batch, *rest)

    with patch.object(delivering, "_send", marked_first):
        yield


@contextlib.contextmanager
def no_unique_key() -> Iterator[None]:
    """Nothing but the code keeps a reminder from being there twice; the database goes with it."""
    key = next(c for c in Reminder._meta.constraints if c.name == UNIQUE)
    with connection.schema_editor() as editor:
        editor.remove_constraint(Reminder, key)
    yield


@contextlib.contextmanager
def days_of_utc() -> Iterator[None]:
    """Deadlines go by the days of London, as `date.today()` on most servers says."""

    def today(value: datetime | None = None, timezone: Any = None) -> date:
        return (value or now()).astimezone(UTC).date()

    with patch.object(timezone, "localdate", today):
        yield


@contextlib.contextmanager
def without_is_active() -> Iterator[None]:
    """An ownership counts although its person has left."""

    def counting(rows: OwnershipQuerySet) -> OwnershipQuerySet:
        return rows.open().filter(accepted_at__gte=F("person__active_since"))

    with patch.object(OwnershipQuerySet, "counting", counting):
        yield


@contextlib.contextmanager
def without_active_since() -> Iterator[None]:
    """What somebody had before they left is theirs again once they are back."""

    def counting(rows: OwnershipQuerySet) -> OwnershipQuerySet:
        return rows.open().filter(accepted_at__isnull=False, person__is_active=True)

    def counts(row: Ownership) -> bool:
        return row.is_open and row.accepted_at is not None and row.person.is_active

    with (
        patch.object(OwnershipQuerySet, "counting", counting),
        patch.object(Ownership, "counts", property(counts)),
    ):
        yield

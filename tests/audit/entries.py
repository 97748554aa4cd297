from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.db import transaction

from audit.actions import Entry, Words, append
from audit.models import Event

NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


def make_entry(kind: str = "initiative.edited", **changes: Any) -> Entry:
    wanted: dict[str, Any] = {"subject": "initiative:42", "initiative_id": 42, "actor_id": 3}
    return Entry(kind, **(wanted | changes))


def make_events(count: int, **changes: Any) -> list[Event]:
    entries = [
        make_entry(**({"changed": {"name": Words(f"Name {n}"), "step": n}} | changes))
        for n in range(1, count + 1)
    ]
    with transaction.atomic():
        return append(entries, at=NOON)

"""Keeping what was learned with what has ended, where search and the next team find it."""

from __future__ import annotations

from initiatives import search
from initiatives.models import Initiative


def remember(row: Initiative, *, because: str, lesson: str) -> None:
    """Write down why it ends and what the next team should know. The caller holds the row's lock
    and says it in the event of its decision."""
    row.ended_because, row.lesson = because, lesson
    row.search_text = search.text_of(row)
    row.save(update_fields=["ended_because", "lesson", "search_text"])

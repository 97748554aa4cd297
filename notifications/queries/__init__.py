"""Reads about what deserves attention, and about who was told, and will be."""

from notifications.queries.attention import (
    Line,
    Lines,
    Said,
    attention,
    counts,
    flags_of,
    last_sweep,
    open_flags,
)
from notifications.queries.preferred import digest_readers, not_sent_to, paces_of
from notifications.queries.told import (
    NextStep,
    messages_to,
    next_steps,
    others_told,
    reminders_ahead,
)
from notifications.queries.weekly import Weekly, weekly

__all__ = [
    "Line",
    "Lines",
    "NextStep",
    "Said",
    "Weekly",
    "attention",
    "counts",
    "digest_readers",
    "flags_of",
    "last_sweep",
    "messages_to",
    "next_steps",
    "not_sent_to",
    "open_flags",
    "others_told",
    "paces_of",
    "reminders_ahead",
    "weekly",
]

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
from notifications.queries.told import (
    NextStep,
    messages_to,
    next_steps,
    others_told,
    reminders_ahead,
)

__all__ = [
    "Line",
    "Lines",
    "NextStep",
    "Said",
    "attention",
    "counts",
    "flags_of",
    "last_sweep",
    "messages_to",
    "next_steps",
    "open_flags",
    "others_told",
    "reminders_ahead",
]

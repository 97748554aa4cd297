"""Reads about what deserves attention, and about who was told, and will be."""

from notifications.queries.answering import Entry, Mine, entries, mine, pilots
from notifications.queries.asked import (
    Asked,
    Heads,
    Silence,
    as_asked,
    asked,
    heads,
    last_told,
    leads,
    silent,
    told_on,
    unanswered,
)
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
    "Asked",
    "Entry",
    "Heads",
    "Line",
    "Lines",
    "Mine",
    "NextStep",
    "Said",
    "Silence",
    "Weekly",
    "as_asked",
    "asked",
    "attention",
    "counts",
    "digest_readers",
    "entries",
    "flags_of",
    "heads",
    "last_sweep",
    "last_told",
    "leads",
    "messages_to",
    "mine",
    "next_steps",
    "not_sent_to",
    "open_flags",
    "others_told",
    "paces_of",
    "pilots",
    "reminders_ahead",
    "silent",
    "told_on",
    "unanswered",
    "weekly",
]

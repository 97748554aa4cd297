"""Reads about what deserves attention, and about who was told, and will be."""

from notifications.queries.ahead import NextStep, next_steps
from notifications.queries.attention import (
    Line,
    Lines,
    OfRule,
    Said,
    by_rule,
    closed_lately,
    counts,
    flags_of,
    last_sweep,
    open_flags,
    open_for,
)
from notifications.queries.deadlines import (
    Address,
    Deadline,
    calendars_of,
    deadlines,
    decision_dates,
    of_calendar,
)
from notifications.queries.told import others_told, reminders_ahead, sent_to, unread_by

__all__ = [
    "Address",
    "Deadline",
    "Line",
    "Lines",
    "NextStep",
    "OfRule",
    "Said",
    "by_rule",
    "calendars_of",
    "closed_lately",
    "counts",
    "deadlines",
    "decision_dates",
    "flags_of",
    "last_sweep",
    "next_steps",
    "of_calendar",
    "open_flags",
    "open_for",
    "others_told",
    "reminders_ahead",
    "sent_to",
    "unread_by",
]

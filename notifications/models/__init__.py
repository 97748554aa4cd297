"""Who hears: what deserves attention, what is owed to whom, and the mails that carry it."""

from notifications.models.calendars import Calendar
from notifications.models.channels import Channel
from notifications.models.clock import Cursor, Sweep, Trouble
from notifications.models.flags import (
    WORST_FIRST,
    Flag,
    FlagQuerySet,
    snoozed,
    subject_of,
    times_snoozed,
)
from notifications.models.mails import Message, Reminder, ReminderQuerySet
from notifications.models.preferences import Preference
from notifications.models.snoozes import Snooze

__all__ = [
    "WORST_FIRST",
    "Calendar",
    "Channel",
    "Cursor",
    "Flag",
    "FlagQuerySet",
    "Message",
    "Preference",
    "Reminder",
    "ReminderQuerySet",
    "Snooze",
    "Sweep",
    "Trouble",
    "snoozed",
    "subject_of",
    "times_snoozed",
]

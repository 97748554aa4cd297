"""Who hears: what deserves attention, what is owed to whom, and the mails that carry it."""

from notifications.models.clock import Cursor, Sweep
from notifications.models.flags import WORST_FIRST, Flag, FlagQuerySet
from notifications.models.mails import Message, Reminder, ReminderQuerySet
from notifications.models.preferences import Preference

__all__ = [
    "WORST_FIRST",
    "Cursor",
    "Flag",
    "FlagQuerySet",
    "Message",
    "Preference",
    "Reminder",
    "ReminderQuerySet",
    "Sweep",
]

"""Mails that were given up: whoever can mend an address hears of it, in one mail a day."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from accounts.models import Group, Person
from notifications.actions import planning
from notifications.actions.planning import Planned
from notifications.models import Message, Reminder

KIND = "mail_refused"
LISTED = 10


def tell(*, at: datetime) -> Planned:
    """Owe administrators, and leads where there is none, a word of what was given up by now."""
    rows = list(given_up().select_related("recipient").order_by("-pk"))
    return planning.owe(_reminder(person, rows, at) for person in _who_mends(rows))


def given_up() -> QuerySet[Message]:
    """Mails that nobody has sent again."""
    return Message.objects.filter(channel=Message.Channel.EMAIL, state=Message.State.FAILED)


def _who_mends(rows: list[Message]) -> list[Person]:
    """Nobody whose own mails are refused: they would be the next to be told of."""
    reachable = Person.objects.filter(is_active=True).exclude(
        pk__in={row.recipient_id for row in rows}
    )
    for key in (Group.ADMINISTRATORS, Group.LEADS):
        here = reachable.filter(memberships__group__key=key, memberships__left_at=None)
        if found := list(here.order_by("pk").distinct()):
            return found
    return []


def _reminder(person: Person, rows: list[Message], at: datetime) -> Reminder:
    count = "one mail" if len(rows) == 1 else f"{len(rows)} mails"
    return Reminder(
        kind=KIND,
        subject="mails",
        due_date=timezone.localdate(at),
        step=0,
        recipient=person,
        says=f"Mend an address: {count} could not be delivered",
        detail="\n".join(_lines(rows)),
        why="You look after Gatehouse, and whoever they were for knows nothing of it.",
        path=reverse("notifications:operations"),
        planned_at=at,
    )


def _lines(rows: list[Message]) -> list[str]:
    lines = [f"· {row.reader.name}: {row.last_error}" for row in rows[:LISTED]]
    more = len(rows) - LISTED
    return [*lines, f"· and {more} more"] if more > 0 else lines

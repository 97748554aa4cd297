"""Putting what is owed into messages: urgent things at once, the rest once a day."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from notifications.actions import posting
from notifications.models import Cursor, Message, Reminder


def compose(*, at: datetime) -> int:
    """Give every owed reminder whose time it is a message; return how many messages there are.

    One composer at a time, by the cursor's lock: two would split what belongs in one mail. What
    becomes owed after a person's mail of the day waits for tomorrow's.
    """
    ready = _ready(at)
    if not ready.exists():  # asked outside a transaction: on SQLite each one is a writer
        return 0
    cursor, _ = Cursor.objects.get_or_create(name="compose")
    with transaction.atomic():
        Cursor.objects.select_for_update().get(pk=cursor.pk)
        people = ready.order_by().values_list("recipient_id", "is_urgent").distinct()
        messages = Message.objects.bulk_create(
            _message(recipient_id, is_urgent, at) for recipient_id, is_urgent in people
        )
        _hand_over(messages)
        posting.copy(messages, at)
    return len(messages)


def _ready(at: datetime) -> QuerySet[Reminder]:
    had_one = Message.objects.filter(
        recipient=OuterRef("recipient"), is_urgent=False, day=timezone.localdate(at)
    ).exclude(state=Message.State.CANCELLED)
    return _unwritten().filter(Q(is_urgent=True) | ~Exists(had_one))


def _unwritten() -> QuerySet[Reminder]:
    return Reminder.objects.owed().filter(message=None)


def _message(recipient_id: int, is_urgent: bool, at: datetime) -> Message:
    return Message(
        recipient_id=recipient_id,
        is_urgent=is_urgent,
        day=None if is_urgent else timezone.localdate(at),
        created_at=at,
        next_attempt_at=at,
    )


def _hand_over(messages: list[Message]) -> None:
    """Attach the reminders, in one statement; what was cancelled meanwhile stays out."""
    if not messages:  # another composer was faster
        return
    own = Message.objects.filter(
        pk__in=[message.pk for message in messages],
        recipient=OuterRef("recipient"),
        is_urgent=OuterRef("is_urgent"),
    )
    _unwritten().update(message=Subquery(own.values("pk")[:1]))

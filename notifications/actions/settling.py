"""What the bell counts no more: what was read, and what nobody needs to hear any longer."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Case, CharField, Exists, OuterRef, Q, Value, When

from accounts.models import Person
from audit.queries import events_after, head
from notifications.actions import checking, queueing
from notifications.ladders import LADDERS
from notifications.models import Cursor, Flag, Reminder, ReminderQuerySet
from notifications.rules import RULES

BATCH = 500
DAY = timedelta(days=1)
LASTS = timedelta(days=30)  # so long something that only is to be read is news


def read(*, reminder: Reminder, by: Person, at: datetime) -> bool:
    """Note that its recipient has seen it; once, and nobody else does it for them."""
    return _unseen(by).filter(pk=reminder.pk).update(seen_at=at) == 1


def read_all(*, by: Person, at: datetime) -> int:
    """Note that somebody has seen everything that was sent or is owed to them."""
    return _unseen(by).update(seen_at=at)


def _unseen(person: Person) -> ReminderQuerySet:
    return Reminder.objects.filter(recipient=person, seen_at=None)


def settle(*, at: datetime) -> int:
    """Read what happened since the last time, and note what is over by it: what was asked about
    these initiatives, or of whoever was to take them over, and is answered, signed, confirmed. The
    same is asked before a mail is sent.
    """
    cursor, _ = Cursor.objects.get_or_create(name="settle")
    if head().seq <= cursor.seq:  # asked outside a transaction: on SQLite each one is a writer
        return 0
    return sum(iter(lambda: _settle_batch(cursor.pk, at), -1))


@transaction.atomic
def _settle_batch(cursor_id: int, at: datetime) -> int:
    """How many are over by the next events; -1 where there are no more of these."""
    cursor = Cursor.objects.select_for_update().get(pk=cursor_id)
    batch = events_after(cursor.seq, BATCH)
    if not batch:
        return -1
    happened_to = Q(initiative__in={event.initiative_id for event in batch} - {None})
    offered = {event.subject for event in batch if event.kind.startswith("hand_over.")}
    happened_to |= Q(kind__in=checking.OFFERED, subject__in=offered) | Q(kind__in=queueing.KINDS)
    unread = Reminder.objects.unread().exclude(kind__in=LADDERS)
    rows = list(unread.filter(happened_to).select_related("recipient"))
    over = checking.undue(rows, at)
    cursor.seq = batch[-1].seq
    cursor.save(update_fields=["seq"])
    return Reminder.objects.filter(pk__in=over).update(over_at=at) if over else 0


def settle_flags(*, at: datetime) -> int:
    """Note what was sent about flags that have closed since, what a newer step of the ladder says
    instead, and news that nobody read in a month. Called by the sweep."""
    kinds = (When(rule=name, then=Value(rule.reminds)) for name, rule in RULES.items())
    flags = Flag.objects.open().annotate(kind=Case(*kinds, output_field=CharField()))
    spoken_of = flags.filter(
        Q(subject=OuterRef("subject")) | Q(subject=""),
        initiative=OuterRef("initiative"),
        due_date=OuterRef("due_date"),
        kind=OuterRef("kind"),
    )
    of_flags = Q(~Exists(spoken_of), kind__in=LADDERS)
    same = {name: OuterRef(name) for name in ("kind", "subject", "recipient")}
    lately = Reminder.objects.filter(planned_at__gte=at - DAY)  # by this sweep, or one before
    newer = lately.exclude(state=Reminder.State.CANCELLED).filter(
        Q(due_date=OuterRef("due_date"), step__gt=OuterRef("step"))
        | Q(kind__in=queueing.KINDS, due_date__gt=OuterRef("due_date")),
        **same,
    )
    overtaken = Q(Exists(newer))
    old = Q(kind__in=checking.NEWS, planned_at__lt=at - LASTS)
    # Each by itself: joined by OR, what is looked for elsewhere would be for every row anew.
    each = (of_flags, overtaken, old)
    return sum(Reminder.objects.unread().filter(which).update(over_at=at) for which in each)

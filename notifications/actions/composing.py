"""Putting what is owed into mails: what cannot wait at once, the rest in one mail a day.

What can wait goes out on working days, from the hour that the organisation has set; what somebody
wants once a week with the first mail of the week. What has a deadline that would be over before the
next mail of the day does not wait for it.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from initiatives.workdays import add_working_days, first_working_day, works_on
from notifications.actions import posting
from notifications.mail import HAS_DEADLINE
from notifications.models import Cursor, Message, Reminder, ReminderQuerySet
from notifications.preferences import DIGEST, KEPT, Pace

NOTHING = Q(pk__in=())
OFF = Q(pace=Pace.OFF)
OF_THE_WEEK = Q(kind=DIGEST) & ~OFF
# What asks for nothing opens no mail of the day by itself, but for the first of a week.
RIDES_ALONG = Q(kind__in=KEPT, pace=Pace.WEEKLY)
OF_THE_DAY = Q(channel=Message.Channel.EMAIL, is_urgent=False, is_digest=False)


def compose(*, at: datetime) -> int:
    """Give every owed reminder whose time it is a message; return how many messages there are.

    One composer at a time, by the cursor's lock: two would split what belongs in one mail. What
    becomes owed after a person's mail of the day waits for the next.
    """
    at_once, of_the_day = _at_once(at), _of_the_day(at)
    ready = at_once | of_the_day & Q(has_mail=False) | OF_THE_WEEK | OFF
    # Asked outside a transaction: on SQLite each one is a writer.
    if not _left_over(at).exists() and not _waiting(at).filter(ready).exists():
        return 0
    cursor, _ = Cursor.objects.get_or_create(name="compose")
    today = timezone.localdate(at)
    with transaction.atomic():
        Cursor.objects.select_for_update().get(pk=cursor.pk)
        _take_back(_left_over(at))
        _waiting(at).filter(OFF).update(state=Reminder.State.MUTED)
        digests = _write(OF_THE_WEEK, OF_THE_WEEK, at, is_urgent=False, is_digest=True, day=today)
        urgent = _write(at_once, at_once, at, is_urgent=True)
        first = of_the_day & Q(has_mail=False)
        daily = _write(first, of_the_day | RIDES_ALONG, at, is_urgent=False, day=today)
        written = [*digests, *urgent, *daily]
        posting.copy(written, at)
        return len(written)


def _waiting(at: datetime) -> ReminderQuerySet:
    """Owed, in no mail yet; each says its pace and whether its recipient had the mail of today."""
    had_one = Message.objects.filter(
        OF_THE_DAY, recipient=OuterRef("recipient"), day=timezone.localdate(at)
    ).exclude(state=Message.State.CANCELLED)
    waiting: ReminderQuerySet = (
        Reminder.objects.owed().filter(message=None).paced().annotate(has_mail=Exists(had_one))
    )
    return waiting


def _left_over(at: datetime) -> QuerySet[Message]:
    """Mails of former days that could not be sent and that nobody is sending, to whoever gets the
    mail of today now: it tells what they would have, so that after an outage nobody gets one for
    each of its days."""
    if not _goes_out(at):
        return Message.objects.none()
    mails = Message.objects.filter(OF_THE_DAY)
    of_today = mails.filter(recipient=OuterRef("recipient"), day=timezone.localdate(at))
    went_out = Reminder.objects.filter(message=OuterRef("pk"), state=Reminder.State.SENT)
    return mails.filter(
        Q(lease_until=None) | Q(lease_until__lte=at),
        ~Exists(of_today.exclude(state=Message.State.CANCELLED)),
        ~Exists(went_out),
        state=Message.State.QUEUED,
        day__lt=timezone.localdate(at),
    )


def _take_back(mails: QuerySet[Message]) -> None:
    """Let what they carry be carried by others."""
    ids = list(mails.select_for_update(of=("self",), skip_locked=True).values_list("pk", flat=True))
    Reminder.objects.owed().filter(message__in=ids).update(message=None)
    Message.objects.filter(pk__in=ids).update(state=Message.State.CANCELLED)


def _at_once(at: datetime) -> Q:
    """What cannot wait at any hour; what somebody wants at once, or has too near a deadline, from
    the hour of the mails."""
    at_once = Q(pace=Pace.AT_ONCE) & ~Q(kind=DIGEST)
    if not _is_morning(at):
        return at_once & Q(is_urgent=True)
    return at_once | _too_near(timezone.localdate(at))


def _too_near(today: date) -> Q:
    """Deadlines that are over before the next mail of the day."""
    near = Q(
        pace=Pace.DAILY,
        kind__in=HAS_DEADLINE,
        step__lte=0,
        due_date__gte=today,
        due_date__lt=add_working_days(today, 1),
    )
    return near & Q(has_mail=True) if works_on(today) else near


def _of_the_day(at: datetime) -> Q:
    """What is for today's mail, if there is one by now."""
    if not _goes_out(at):
        return NOTHING
    today = timezone.localdate(at)
    monday = today - timedelta(days=today.weekday())
    of_last_week = Q(pace=Pace.WEEKLY, planned_at__lt=mail_time(monday))
    return (Q(pace=Pace.DAILY) | of_last_week) & ~Q(kind=DIGEST)


def _goes_out(at: datetime) -> bool:
    """Whether what can wait is sent by now: on working days, from the hour of the mails."""
    return works_on(timezone.localdate(at)) and _is_morning(at)


def _is_morning(at: datetime) -> bool:
    """By the clock on the wall, which may be put back: a day's mail is sent once in any case."""
    return timezone.localtime(at).hour >= int(settings.DAILY_MAIL_HOUR)


def mail_time(day: date) -> datetime:
    """When mails of what can wait go out on this day."""
    return timezone.make_aware(datetime.combine(day, time(settings.DAILY_MAIL_HOUR)))


def next_mails(at: datetime) -> datetime:
    """From when on the mail of the day goes out next: `at` itself where today's does by now."""
    return at if _goes_out(at) else mail_time(first_working_day(timezone.localdate(at)))


def _write(which: Q, theirs: Q, at: datetime, **kind: bool | date) -> list[Message]:
    """A message of this kind for each recipient, and the reminders attached to it in one statement;
    what was cancelled meanwhile stays out."""
    people = _waiting(at).filter(which).order_by().values_list("recipient_id", flat=True)
    messages = Message.objects.bulk_create(
        Message(recipient_id=person, created_at=at, next_attempt_at=at, **kind)
        for person in people.distinct()
    )
    if messages:
        own = Message.objects.filter(
            pk__in=[message.pk for message in messages], recipient=OuterRef("recipient")
        )
        _waiting(at).filter(theirs).update(message=Subquery(own.values("pk")[:1]))
    return messages

"""Sending: claim, check again, send outside any transaction, mark.

None is lost; a sender killed between the server's "accepted" and our mark causes one extra copy,
with the same Message-ID. Exactly once is impossible over SMTP. The mark is on what a mail tells, at
once after each; the messages themselves follow many at a time.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain
from smtplib import SMTPException
from typing import Any
from uuid import UUID, uuid4

from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import (
    Case,
    CharField,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Left
from django.utils import timezone

from notifications import failures, mail, queries, weekly_mail
from notifications.actions import checking, posting, refused
from notifications.actions.composing import compose
from notifications.models import Message, Reminder

BATCH = 50
FIRST = ("-is_urgent", "next_attempt_at", "pk")  # an alarm waits for no campaign
LEASE = timedelta(seconds=120)
# A mail whose server takes ten seconds for each answer takes some hundred: it is ours until then.
RENEWED_AFTER = timedelta(seconds=10)
BACK_OFF = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120))

Clock = Callable[[], datetime]
log = logging.getLogger(__name__)


@dataclass(slots=True)
class Delivered:
    """How many messages were sent, are to be tried again, failed for good, or were not due."""

    sent: int = 0
    deferred: int = 0
    failed: int = 0
    cancelled: int = 0


@dataclass(slots=True)
class _Batch:
    """Messages that this process may send, while it holds the token."""

    token: UUID
    channel: str
    messages: list[Message]
    leased_at: datetime
    lost: set[int] = field(default_factory=set)  # to somebody else, who sends them now
    sent: list[Message] = field(default_factory=list)  # and not marked yet
    texts: dict[int, posting.Text] = field(default_factory=dict)  # of what goes to chat
    reminders: dict[int, list[Reminder]] = field(default_factory=dict)
    others: dict[int, list[str]] = field(default_factory=dict)  # asked the same, by reminder


def deliver(*, clock: Clock = timezone.now, slice_: timedelta | None = None) -> Delivered:
    """Send what is owed, until nothing is left, or the time slice of a task is used up.

    Takes a clock instead of a moment, because leases and back-offs run while it works.
    """
    done = Delivered()
    end = clock() + slice_ if slice_ is not None else None
    at = clock()
    compose(at=at)
    posting.tell_the_portfolio(at=at)
    for channel in _waiting(clock()):  # by now: somebody else may have composed meanwhile
        while (end is None or clock() < end) and (batch := _claim(clock(), channel)):
            _check(batch, clock(), done)
            _send_batch(batch, done, clock, end)
    if done.failed:
        refused.tell(at=clock())
    return done


def _waiting(at: datetime) -> list[str]:
    """The channels that have something to be sent, mails first: a chat that hangs keeps none of
    them waiting. Asked outside a transaction: on SQLite each one is a writer."""
    found = set(_claimable(at).order_by().values_list("channel", flat=True).distinct())
    return [channel for channel in Message.Channel if channel in found]


def _claim(at: datetime, channel: str) -> _Batch | None:
    """Lease the next messages with a fresh token; rows that somebody else is claiming are skipped.

    On SQLite, where rows cannot be locked, the transaction is the only writer.
    """
    token = uuid4()
    with transaction.atomic():
        rows = _claimable(at).filter(channel=channel).order_by(*FIRST)
        ids = list(rows.select_for_update(skip_locked=True).values_list("pk", flat=True)[:BATCH])
        _claimable(at).filter(pk__in=ids).update(token=token, lease_until=at + LEASE)
    messages = list(_held(token).select_related("recipient").order_by(*FIRST))
    return _Batch(token, channel, messages, at) if messages else None


def _claimable(at: datetime) -> QuerySet[Message]:
    free = Q(lease_until=None) | Q(lease_until__lte=at)
    return Message.objects.filter(free, state=Message.State.QUEUED, next_attempt_at__lte=at)


def _held(token: UUID) -> QuerySet[Message]:
    return Message.objects.filter(token=token, state=Message.State.QUEUED)


def _check(batch: _Batch, at: datetime, done: Delivered) -> None:
    """Cancel what is no longer due, and messages of which nothing is left."""
    if batch.channel == Message.Channel.EMAIL:
        _check_reminders(batch, at)
    else:
        batch.texts = posting.texts(batch.messages, at)
    left = batch.reminders.keys() | batch.texts.keys()
    empty = _held(batch.token).filter(pk__in=[m.pk for m in batch.messages if m.pk not in left])
    _mark_sent_before(empty, at)
    done.cancelled += empty.update(state=Message.State.CANCELLED, lease_until=None)
    batch.messages = [m for m in batch.messages if m.pk in left]


def _mark_sent_before(messages: QuerySet[Message], at: datetime) -> None:
    """Those that somebody sent who was killed before they could mark more than what was told."""
    told = Reminder.objects.filter(message=OuterRef("pk"), state=Reminder.State.SENT)
    _mark(messages.filter(Exists(told)), at, subject=Left(Subquery(told.values("says")[:1]), 300))


def _check_reminders(batch: _Batch, at: datetime) -> None:
    owed = Reminder.objects.owed().filter(message__in=batch.messages)
    rows = list(owed.select_related("recipient"))
    over = checking.undue(rows, at)
    Reminder.objects.owed().filter(pk__in=over).update(state=Reminder.State.CANCELLED)
    for row in rows:
        if row.pk not in over and row.message_id is not None:
            batch.reminders.setdefault(row.message_id, []).append(row)
    in_full = (rows[: mail.TOLD_IN_FULL] for rows in batch.reminders.values())
    batch.others = queries.others_told(list(chain.from_iterable(in_full)))


def _send_batch(batch: _Batch, done: Delivered, clock: Clock, end: datetime | None) -> None:
    """Send over one connection, reopened after an error; what is not reached becomes free."""
    connection = get_connection()
    try:
        for index, message in enumerate(batch.messages):
            if end is not None and clock() >= end:
                break
            if not _is_still_held(message, batch, clock()):
                continue
            try:
                if batch.channel == Message.Channel.EMAIL:
                    connection.open()
            except OSError as error:  # smtplib's errors are among them
                for unreached in batch.messages[index:]:
                    _defer(unreached, batch.token, error, clock(), done)
                break
            _send(message, batch, connection, done, clock)
    finally:
        _close(connection)
        _mark_messages(batch, clock())
        _held(batch.token).update(token=None, lease_until=None)


def _is_still_held(message: Message, batch: _Batch, at: datetime) -> bool:
    """Whether nobody else has taken it: asked again, and the lease renewed, when that is some
    seconds old."""
    if at >= batch.leased_at + RENEWED_AFTER:
        _mark_messages(batch, at)
        _held(batch.token).update(lease_until=at + LEASE)
        held = set(_held(batch.token).values_list("pk", flat=True))
        batch.lost = {m.pk for m in batch.messages} - held
        batch.leased_at = at
    return message.pk not in batch.lost


def _close(connection: BaseEmailBackend) -> None:
    try:
        connection.close()
    except OSError:
        log.info("The mail server had closed the connection.")


def _send(
    message: Message,
    batch: _Batch,
    connection: BaseEmailBackend,
    done: Delivered,
    clock: Clock,
) -> None:
    try:
        if batch.channel == Message.Channel.EMAIL:
            written = _written(message, batch.reminders[message.pk], batch.others, clock())
            if connection.send_messages([written]) != 1:
                raise SMTPException("The mail was not taken, and the server did not say why.")
        else:
            posting.post(message, batch.texts[message.pk])
    # Whatever is wrong with one message must not keep the others from being sent.
    except Exception as error:
        _close(connection)
        _not_sent(message, batch.token, error, clock(), done)
        return
    _mark_sent(message, batch, clock())
    done.sent += 1


def _written(
    message: Message, reminders: list[Reminder], others: dict[int, list[str]], at: datetime
) -> EmailMultiAlternatives:
    if message.is_digest:
        return weekly_mail.written(message, reminders[0], at)
    return mail.written(message, reminders, others, timezone.localdate(at))


def _mark_sent(message: Message, batch: _Batch, at: datetime) -> None:
    """Of a mail say so at what it told, whoever has it by now: where that fails it is not marked at
    all, and goes out once more. A chat's message says so itself."""
    if batch.channel == Message.Channel.EMAIL:
        told = [reminder.pk for reminder in batch.reminders[message.pk]]
        Reminder.objects.filter(pk__in=told).update(state=Reminder.State.SENT, message=message)
    batch.sent.append(message)
    if batch.channel != Message.Channel.EMAIL:
        _mark_messages(batch, at)


def _mark_messages(batch: _Batch, at: datetime) -> None:
    """Say of messages that they were sent, where the token still matches."""
    if not batch.sent:
        return
    subjects = (When(pk=message.pk, then=Value(message.subject)) for message in batch.sent)
    sent = _held(batch.token).filter(pk__in=[message.pk for message in batch.sent])
    _mark(sent, at, subject=Case(*subjects, output_field=CharField()))
    batch.sent.clear()


def _mark(messages: QuerySet[Message], at: datetime, **more: Any) -> None:
    messages.update(
        state=Message.State.SENT,
        sent_at=at,
        lease_until=None,
        last_error="",
        attempts=F("attempts") + 1,
        **more,
    )


def _not_sent(
    message: Message, token: UUID, error: Exception, at: datetime, done: Delivered
) -> None:
    """Fail for good what the server refused for good; try everything else again later."""
    if failures.is_ours(error):
        log.error("Message %s could not be sent.", message.pk, exc_info=error)
    if failures.is_final(error) or message.attempts >= len(BACK_OFF):
        _held(token).filter(pk=message.pk).update(
            state=Message.State.FAILED,
            attempts=message.attempts + 1,
            lease_until=None,
            last_error=failures.told(error),
            subject=message.subject,
        )
        done.failed += 1
    else:
        _defer(message, token, error, at, done)


def _defer(message: Message, token: UUID, error: Exception, at: datetime, done: Delivered) -> None:
    tried = message.attempts + 1
    if failures.is_server_trouble(error):
        tried = min(tried, len(BACK_OFF) - 1)
    later = _held(token).filter(pk=message.pk)
    done.deferred += later.update(
        attempts=tried,
        next_attempt_at=at + BACK_OFF[min(message.attempts, len(BACK_OFF) - 1)],
        token=None,
        lease_until=None,
        last_error=failures.told(error),
    )

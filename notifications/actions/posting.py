"""What goes to chat: copies of mails to people's own channels, and to the portfolio's flags that
cannot wait and once a week the digest. It is claimed, tried again and given up as mails are
(`delivering`)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from notifications import chat, mail, queries, weekly_mail
from notifications.actions import checking
from notifications.models import (
    Channel,
    Cursor,
    Flag,
    FlagQuerySet,
    Message,
    Reminder,
    snoozed,
)
from notifications.rules.finding import Severity
from notifications.rules.words import called
from notifications.sealing import opened

LATELY = timedelta(days=1)  # what was flagged before there was a channel stands on Attention
DECISIONS = 5  # of the week, named in its digest
SHOWN = 10  # of what one message tells; the rest is on its page


class Text(NamedTuple):
    """A message as chat shows it."""

    title: str
    body: str


def copy(mails: Sequence[Message], at: datetime) -> None:
    """Let what their recipients want in chat go there as well. Called by the composer, in its
    transaction."""
    listening = set(Channel.objects.on().values_list("person", flat=True)) if mails else set()
    copied = [mail.pk for mail in mails if mail.recipient_id in listening]
    if not copied:
        return
    wanted = Reminder.objects.filter(message__in=copied).told_in_chat().order_by()
    told = set(wanted.values_list("message", flat=True))
    Message.objects.bulk_create(_copy(mail, at) for mail in mails if mail.pk in told)


def _copy(mail: Message, at: datetime) -> Message:
    kind = {"is_urgent": mail.is_urgent, "is_digest": mail.is_digest, "day": mail.day}
    return _message(Message.Channel.CHAT, at, recipient_id=mail.recipient_id, copy_of=mail, **kind)


def tell_the_portfolio(*, at: datetime) -> int:
    """Put the urgent flags that its channel was not told of yet into one message; return how many
    there are. Of a restricted initiative it is never told: nobody knows who reads along."""
    if not settings.PORTFOLIO_CHANNEL_URL or not _untold(at).exists():
        return 0
    cursor, _ = Cursor.objects.get_or_create(name="compose")
    with transaction.atomic():
        Cursor.objects.select_for_update().get(pk=cursor.pk)
        ids = list(_untold(at).values_list("pk", flat=True))
        if not ids:  # another composer was faster
            return 0
        message = _message(Message.Channel.PORTFOLIO, at)
        message.save()
        return Flag.objects.filter(pk__in=ids).update(told_in=message)


def tell_of_the_week(monday: date, *, at: datetime) -> bool:
    """Let its channel have the digest of this week, once; whether it is owed by this. One worker at
    a time looks, by the lock of the composer, and a constraint holds beside it."""
    if not settings.PORTFOLIO_CHANNEL_URL or _of_week(monday).exists():
        return False
    cursor, _ = Cursor.objects.get_or_create(name="compose")
    with transaction.atomic():
        Cursor.objects.select_for_update().get(pk=cursor.pk)
        if _of_week(monday).exists():  # another worker was faster
            return False
        said = {"is_urgent": False, "is_digest": True, "day": monday}
        _message(Message.Channel.PORTFOLIO, at, **said).save()
    return True


def _of_week(monday: date) -> QuerySet[Message]:
    """Whatever became of it: a week without news is not looked at again."""
    return Message.objects.filter(
        channel=Message.Channel.PORTFOLIO, is_digest=True, day=monday
    ).order_by()


def _untold(at: datetime) -> FlagQuerySet:
    """What cannot wait (product.md §5). Of a campaign's initiatives people have time to answer."""
    unowned = Q(rule="unowned", severity=Severity.CRITICAL, due_date__lte=timezone.localdate(at))
    urgent = Q(rule__in=("kill_condition_tripped", "suspended")) | unowned
    untold = _tellable().filter(urgent, told_in=None, opened_at__gte=at - LATELY)
    return untold.order_by("pk")


def _tellable() -> FlagQuerySet:
    return Flag.objects.open().filter(initiative__is_restricted=False).exclude(snoozed())


def _message(channel: str, at: datetime, **more: object) -> Message:
    said = {"is_urgent": True, "created_at": at, "next_attempt_at": at} | more
    return Message(channel=channel, **said)


def texts(messages: Sequence[Message], at: datetime) -> dict[int, Text]:
    """What each of these says now; one of which nothing is left, or whose channel is off, is not
    among them."""
    copies = {m.copy_of_id: m for m in messages if m.channel == Message.Channel.CHAT}
    of_all = [m for m in messages if m.channel == Message.Channel.PORTFOLIO]
    flagged = _of_flags([m for m in of_all if not m.is_digest])
    return _of_copies(copies, at) | flagged | _of_weeks([m for m in of_all if m.is_digest], at)


def _of_copies(copies: dict[int | None, Message], at: datetime) -> dict[int, Text]:
    on = set(Channel.objects.on().values_list("person", flat=True)) if copies else set()
    rows = Reminder.objects.filter(message__in=copies).exclude(state=Reminder.State.CANCELLED)
    wanted = rows.told_in_chat().select_related("recipient")
    carried = sorted(wanted, key=mail.comes_after)
    over = checking.undue(carried, at)
    said: dict[Message, list[Reminder]] = {}
    for row in carried:
        if row.pk not in over and row.recipient_id in on:
            said.setdefault(copies[row.message_id], []).append(row)
    return {message.pk: _of_reminders(message, rows, at) for message, rows in said.items()}


def _of_reminders(message: Message, rows: Sequence[Reminder], at: datetime) -> Text:
    if message.is_digest:
        return _digest(queries.weekly(rows[0].recipient, rows[0].due_date, at))
    lines = [f"{' '.join(row.says.split())}\n{row.url}" for row in rows]
    asking = sum(row.asks for row in rows)
    many = f"{asking} things {'cannot wait' if message.is_urgent else 'to do'}"
    return _text(lines, "portfolio:my_work", many if asking > 1 else "")


def _of_flags(messages: Sequence[Message]) -> dict[int, Text]:
    said: dict[int, list[str]] = {}
    flags = _tellable().filter(told_in__in=messages).select_related("initiative").worst_first()
    for flag in flags if messages else ():
        url = f"{settings.BASE_URL}{flag.initiative.get_absolute_url()}"
        line = f"{called(flag.initiative)}: {flag.says}\n{url}"
        said.setdefault(flag.told_in_id or 0, []).append(line)
    return {
        pk: _text(lines, "notifications:attention", f"{len(lines)} things cannot wait")
        for pk, lines in said.items()
    }


def _of_weeks(messages: Sequence[Message], at: datetime) -> dict[int, Text]:
    """The digest in short, as anybody may read it; a week without news has none."""
    found = {m.pk: queries.weekly(None, m.day, at) for m in messages if m.day is not None}
    return {pk: _digest(weekly) for pk, weekly in found.items() if weekly.sections}


def _digest(found: queries.Weekly) -> Text:
    """How it stands, what is to be decided first, and where to read on."""
    title = weekly_mail.subject_of(found)
    parts = ["\n".join(trend.says for trend in found.trends)]
    if decide := found.to_decide.lines[:DECISIONS]:
        lines = (f"· {line.says}: {line.note}\n{settings.BASE_URL}{line.url}" for line in decide)
        parts.append("\n".join([f"{found.to_decide.title}:", *lines]))
    if more := found.to_decide.count - len(decide):
        parts.append(f"And {more} more: {settings.BASE_URL}{found.to_decide.url}")
    parts.append(f"The dashboard: {settings.BASE_URL}{reverse('portfolio:dashboard')}")
    return Text(title[:150], "\n\n".join(parts))


def _text(lines: list[str], rest: str, many: str) -> Text:
    """The first of these, after how many there are; the page has those that are not shown."""
    title = lines[0].partition("\n")[0]
    if len(lines) > 1:
        title = f"{many}: {title} …" if many else f"{title} …"
    more = len(lines) - SHOWN
    shown = [*lines[:SHOWN]]
    if more > 0:
        shown.append(f"And {more} more: {settings.BASE_URL}{reverse(rest)}")
    return Text(title[:150], "\n\n".join(shown))


def post(message: Message, text: Text) -> None:
    """Send it; raises what `chat` and `sealing` raise."""
    message.subject = text.title
    url = settings.PORTFOLIO_CHANNEL_URL
    if message.channel == Message.Channel.CHAT:
        url = opened(Channel.objects.get(person=message.recipient_id).sealed)
    chat.post(url, text.title, text.body)

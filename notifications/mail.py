"""How a message reads: subject, plain text and HTML, from the reminders it carries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from notifications.models import Message, Reminder
from notifications.rules import in_words

TOLD_IN_FULL = 20  # a lead of a large portfolio may be owed thousands; the rest is listed
SUBJECT_LENGTH = 150
HAS_DEADLINE = frozenset({"decision_date", "sign_off_asked", "sign_off_stale"})


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that waits for the reader."""

    says: str
    detail: str
    why: str
    until: str
    url: str
    action: str


# What the link does, by kind of reminder; a kind that is missing raises.
ACTIONS = {
    "decision_date": "Open and decide",
    "unowned": "Name the owners",
    "kill_condition_tripped": "Open and decide",
    "sign_off_asked": "Read and sign",
    "sign_off_stale": "Read and sign again",
    "ownership_asked": "Answer",
}


def written(message: Message, reminders: list[Reminder], today: date) -> EmailMultiAlternatives:
    """Write the mail; `message.subject` is set on the way. The same message has the same
    Message-ID each time it is tried, so that mail programs show an extra copy once."""
    items = [_item(reminder, today) for reminder in reminders]
    message.subject = subject_of(items)
    context = {
        "name": message.recipient.name,
        "is_invited": message.recipient.is_invited,
        "count": len(items),
        "items": items[:TOLD_IN_FULL],
        "more": items[TOLD_IN_FULL:],
        "is_urgent": message.is_urgent,
        "organisation": settings.ORGANISATION,
        "base_url": settings.BASE_URL,
    }
    mail = EmailMultiAlternatives(
        subject=message.subject,
        body=render_to_string("notifications/mail/message.txt", context),
        to=[message.recipient.email],
        headers={
            "Message-ID": f"<message-{message.pk}@{urlsplit(settings.BASE_URL).hostname}>",
            "Auto-Submitted": "auto-generated",
        },
    )
    html = render_to_string("notifications/mail/message.html", context)
    mail.attach_alternative(html, "text/html")
    return mail


def subject_of(items: list[Item]) -> str:
    """Say what to do, on one line: names come from files and may hold line breaks."""
    first = items[0].says
    words = first if len(items) == 1 else f"{len(items)} things wait for you: {first} …"
    line = " ".join(words.split())
    return line if len(line) <= SUBJECT_LENGTH else f"{line[: SUBJECT_LENGTH - 1]}…"


def _item(reminder: Reminder, today: date) -> Item:
    return Item(
        says=" ".join(reminder.says.split()),
        detail=reminder.detail,
        why=reminder.why,
        until=_until(reminder, today),
        url=reminder.url,
        action=ACTIONS[reminder.kind],
    )


def _until(reminder: Reminder, today: date) -> str:
    if reminder.kind not in HAS_DEADLINE:
        return ""
    day = in_words(reminder.due_date)
    days = (reminder.due_date - today).days
    if days < 0:
        return f"Was due {day}, {_days(-days)} ago"
    return f"Until {day}, today" if days == 0 else f"Until {day}, in {_days(days)}"


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"

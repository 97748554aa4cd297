"""How a message reads: subject, plain text and HTML, from the reminders it carries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from notifications.models import Message, Reminder
from notifications.rules.words import in_words

TOLD_IN_FULL = 20  # a lead of a large portfolio may be owed thousands; the rest is listed
SUBJECT_LENGTH = 150
NAMED = 4  # of the others who were told
HAS_DEADLINE = frozenset(
    {"decision_date", "suspended", "sign_off_asked", "sign_off_stale", "sign_off_lapsed"}
    | {"obligation", "obligation_owed", "statement_unsigned", "override", "catch_up"}
    | {"recertification", "sign_off_overdue"}
)
# Further ahead than this the name of a weekday says less than the date.
THIS_WEEK = 6


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that waits for the reader."""

    says: str
    detail: str
    why: str
    others: str
    until: str
    url: str
    action: str
    asks: bool


DECIDE = "Open and decide"
# What the button does, by kind of reminder; a kind that is missing raises.
ACTIONS = {
    "catch_up": DECIDE,
    "decision_date": DECIDE,
    "decision_lapsed": DECIDE,
    "threshold_reached": DECIDE,
    "override": "See what is missing",
    "unowned": "Name the owners",
    "kill_condition_tripped": DECIDE,
    "suspended": DECIDE,
    "statement_unsigned": "Open and sign",
    "recertification": DECIDE,
    "falls_short": "See what was measured",
    "measurement_stale": "Open and measure",
    "evaluation_stale": "See the evaluations",
    "over_budget": "See what was spent",
    "stalled": "Open and say how it stands",
    "sign_off_overdue": "See who has not signed",
    "slot_unfillable": "Open and appoint somebody",
    "obligation": "Confirm it",
    "obligation_owed": "Confirm it once it is done",
    "question_asked": "Read and answer",
    "question_answered": "Read the answer",
    "mentioned": "Read what was said",
    "sign_off_receipt": "See the receipt",
    "sign_off_lapsed": "Read and sign again",
    "sign_off_asked": "Read and sign",
    "sign_off_stale": "Read and sign again",
    "ownership_asked": "Accept or decline",
    "override_asked": "Read and sign",
}
KEPT = frozenset({"sign_off_receipt"})  # asks for nothing: it is there to be kept
PREPARE = "See what is missing"  # of those who do not decide themselves
PREPARES = {"suspended": "Open and confirm that it is off"}  # where it is something else
PLACES = {"unowned": "#owners"}  # on the page it opens


def written(
    message: Message,
    reminders: list[Reminder],
    others: Mapping[int, list[str]],
    today: date,
) -> EmailMultiAlternatives:
    """Write the mail; `message.subject` is set on the way. The same message has the same
    Message-ID each time it is tried, so that mail programs show an extra copy once.

    `others` is who else is asked the same, by reminder (`queries.others_told`).
    """
    assert message.recipient is not None  # a constraint says so of mails
    asking_first = sorted(reminders, key=lambda reminder: reminder.kind in KEPT)
    items = [_item(reminder, others.get(reminder.pk, []), today) for reminder in asking_first]
    message.subject = subject_of(items)
    context = {
        "subject": message.subject,
        "preview": preview_of(items),
        "name": message.recipient.name,
        "is_invited": message.recipient.is_invited,
        "count": len(items),
        "opening": opening_of(items),
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
            "Content-Language": "en-GB",
        },
    )
    html = render_to_string("notifications/mail/message.html", context)
    mail.attach_alternative(html, "text/html")
    return mail


def subject_of(items: list[Item]) -> str:
    """Say what to do, on one line: names come from files and may hold line breaks."""
    first, asking = items[0].says, sum(item.asks for item in items)
    line = first if len(items) == 1 else f"{first} …"
    if asking > 1:
        line = f"{asking} things wait for you: {first} …"
    return line if len(line) <= SUBJECT_LENGTH else f"{line[: SUBJECT_LENGTH - 1]}…"


def opening_of(items: list[Item]) -> str:
    """How much waits for the reader, and how much is there to be kept alone."""
    asking = sum(item.asks for item in items)
    waits = "one thing waits for you" if asking == 1 else f"{asking} things wait for you"
    if not asking:
        return "nothing waits for you; this is for your records"
    kept = len(items) - asking
    return waits if not kept else f"{waits}, and {kept} more {_are(kept)} for your records"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def preview_of(items: list[Item]) -> str:
    """What a list of mails shows after the subject."""
    if len(items) > 1:
        return "; ".join(item.says for item in items[1:4])
    only = items[0]
    return " ".join(said for said in (only.detail, only.why) if said)


def _item(reminder: Reminder, others: list[str], today: date) -> Item:
    says, written_day = " ".join(reminder.says.split()), in_words(reminder.due_date)
    has_deadline = reminder.kind in HAS_DEADLINE
    names_it = has_deadline and written_day in reminder.detail
    full = _full(reminder.due_date, today)
    return Item(
        says=says.replace(written_day, spoken(reminder.due_date, today), 1),
        detail=reminder.detail.replace(written_day, full, 1) if names_it else reminder.detail,
        why=reminder.why,
        others=_listed(others),
        until=_until(reminder, today) if has_deadline and not names_it else "",
        url=reminder.url + PLACES.get(reminder.kind, ""),
        action=_action(reminder),
        asks=reminder.kind not in KEPT,
    )


def _action(reminder: Reminder) -> str:
    action = ACTIONS[reminder.kind]
    is_to_decide = reminder.says.startswith("Decide")
    return action if action != DECIDE or is_to_decide else PREPARES.get(reminder.kind, PREPARE)


def spoken(day: date, today: date) -> str:
    """A day as people say it to each other: `today`, `Thursday`, `Thu 3 Dec`."""
    days = (day - today).days
    if days == 0:
        return "today"
    if 0 < days <= THIS_WEEK:
        return f"{day:%A}"
    return f"{day:%a %-d %b}" if day.year == today.year else in_words(day)


def _until(reminder: Reminder, today: date) -> str:
    begins = "Was due" if reminder.due_date < today else "Until"
    return f"{begins} {_full(reminder.due_date, today)}"


def _full(day: date, today: date) -> str:
    """`Thursday 26 Nov 2026, in 8 days`."""
    days = (day - today).days
    away = "today" if days == 0 else f"in {_days(days)}" if days > 0 else f"{_days(-days)} ago"
    return f"{day:%A} {in_words(day)}, {away}"


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"


def _listed(names: list[str]) -> str:
    """`Ana Berg, Tom Third and 3 others`."""
    shown = names if len(names) <= NAMED else [*names[: NAMED - 1], _others(names)]
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


def _others(names: list[str]) -> str:
    return f"{len(names) - NAMED + 1} others"

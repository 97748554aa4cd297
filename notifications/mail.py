"""How a message reads: subject, plain text and HTML, from the reminders it carries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from notifications import unsubscribing
from notifications.models import Message, Reminder
from notifications.preferences import TOPICS
from notifications.rules.words import in_words

TOLD_IN_FULL = 20  # a lead of a large portfolio may be owed thousands; the rest is listed
SUBJECT_LENGTH = 150
NAMED = 4  # of the others who were told
HAS_DEADLINE = frozenset(
    {"decision_date", "suspended", "sign_off_asked", "sign_off_stale", "sign_off_lapsed"}
    | {"obligation", "obligation_owed", "statement_unsigned", "override", "catch_up"}
    | {"recertification", "sign_off_overdue", "leaving"}
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
    is_kept: bool


DECIDE = "Open and decide"
CONFIRM = "Confirm it"
# What the button does, by kind of reminder; a kind that is missing raises.
ACTIONS = {
    "catch_up": DECIDE,
    "decision_date": DECIDE,
    "decision_lapsed": DECIDE,
    "decision_ready": DECIDE,
    "threshold_reached": DECIDE,
    "override": "See what is missing",
    "unowned": "Name the owners",
    "leaving": "Name who takes over",
    "leaving_recorded": "See your page",
    "hand_over_asked": "Look, and accept or decline",
    "hand_over_answered": "Ask somebody else",
    "hand_over_silent": "See what waits",
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
    "obligation": CONFIRM,
    "obligation_owed": "Confirm it once it is done",
    "question_asked": "Read and answer",
    "question_answered": "Read the answer",
    "mentioned": "Read what was said",
    "sign_off_receipt": "See the receipt",
    "sign_off_lapsed": "Read and sign again",
    "sign_off_asked": "Read and sign",
    "sign_off_stale": "Read and sign again",
    "ownership_asked": "Answer",
    "ownership_chased": "Answer",
    "ownership_silent": "See who is silent",
    "retirement_asked": "Look at them",
    "triage_asked": "Look at them",
    "override_asked": "Read and sign",
    "mail_refused": "See them, and send them again",
}
# Why somebody gets mails of a kind, after "In Gatehouse at … "; of all others the last is true.
BECAUSE = {
    "sign_off_receipt": "you have signed",
    "mentioned": "somebody wrote your name",
    "question_answered": "you asked a question",
    "leaving_recorded": "your last day was recorded",
    "mail_refused": "you are an administrator, or a portfolio lead where there is none",
}
ACTS = "you are named as somebody who acts on this, or who hears of it when nobody does"
ASK = "Ask for the review"
PREPARE = "See what is missing"  # of those who do not decide themselves
SEE_TO = "See what is open"  # of those to whom it was not given: not all of them may confirm it
PREPARES = {"suspended": "Open and confirm that it is off"}  # where it is something else


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
    ordered = sorted(reminders, key=comes_after)
    items = _together([_item(r, others.get(r.pk, []), today) for r in ordered])
    message.subject = subject_of(items)
    return posted(
        message,
        "notifications/mail/message",
        {
            "preview": preview_of(items),
            "count": len(items),
            "opening": opening_of(items),
            "items": items[:TOLD_IN_FULL],
            "more": items[TOLD_IN_FULL:],
            "came": _came(message, reminders),
            "because": _because(ordered),
        },
        kinds=(reminder.kind for reminder in reminders if reminder.may_be_off),
    )


def comes_after(reminder: Reminder) -> int:
    """What asks for something comes first, then what only is news, then what is to be kept."""
    return 0 if reminder.asks else 2 if reminder.is_kept else 1


def posted(
    message: Message, template: str, context: Mapping[str, Any], *, kinds: Iterable[str]
) -> EmailMultiAlternatives:
    """Put it into the frame that all mails share, as text and as HTML; what one may get no mails
    of can be stopped from it, also by one press of a button of the mail program (RFC 8058)."""
    topics = unsubscribing.topics_of(kinds)
    stop_url = unsubscribing.link(message.reader.pk, topics) if topics else ""
    told = {
        "subject": message.subject,
        "name": message.reader.name,
        "is_invited": message.reader.is_invited,
        "organisation": settings.ORGANISATION,
        "base_url": settings.BASE_URL,
        "stop_url": stop_url,
        "stops": listed([_lowered(TOPICS[key].title) for key in topics]),
        **context,
    }
    mail = EmailMultiAlternatives(
        subject=message.subject,
        body=render_to_string(f"{template}.txt", told),
        to=[message.reader.email],
        headers={**_identity(message), **_stopping(stop_url)},
    )
    mail.attach_alternative(render_to_string(f"{template}.html", told), "text/html")
    return mail


def _identity(message: Message) -> dict[str, str]:
    return {
        "Message-ID": f"<message-{message.pk}@{urlsplit(settings.BASE_URL).hostname}>",
        "Auto-Submitted": "auto-generated",
        "Content-Language": "en-GB",
    }


def _stopping(url: str) -> dict[str, str]:
    if not url:
        return {}
    return {
        "List-Unsubscribe": f"<{url}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def _lowered(title: str) -> str:
    return title[:1].lower() + title[1:]


def _because(reminders: Iterable[Reminder]) -> str:
    """Why somebody gets this mail, of everything that is in it."""
    said = dict.fromkeys(BECAUSE.get(reminder.kind, ACTS) for reminder in reminders)
    return f"In Gatehouse at {settings.ORGANISATION} {listed(list(said))}."


def _came(message: Message, reminders: list[Reminder]) -> str:
    """Why it comes now."""
    if not message.is_urgent:
        return "What can wait comes in one mail a day, on working days."
    if any(reminder.is_urgent for reminder in reminders):
        return "This could not wait, so it came at once."
    return "It came at once, because you chose so or because its day is near."


def subject_of(items: list[Item]) -> str:
    """Say what to do, on one line: names come from files and may hold line breaks."""
    first, asking = items[0].says, sum(item.asks for item in items)
    line = first if len(items) == 1 else f"{first} …"
    if asking > 1:
        line = f"{asking} things wait for you: {first} …"
    return line if len(line) <= SUBJECT_LENGTH else f"{line[: SUBJECT_LENGTH - 1]}…"


def opening_of(items: list[Item]) -> str:
    """How much waits for the reader, how much is to be read, and how much is there to be kept
    alone."""
    asking, kept = sum(item.asks for item in items), sum(item.is_kept for item in items)
    news = len(items) - asking - kept
    waits = "one thing waits for you" if asking == 1 else f"{asking} things wait for you"
    if not asking:
        only = "this is to be read" if news else "this is for your records"
        return f"nothing waits for you; {only}"
    more = [f"{news} more {_are(news)} to be read"] if news else []
    more += [f"{kept} more {_are(kept)} for your records"] if kept else []
    return ", and ".join([waits, *more])


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
        others=listed(_some(others)),
        until=_until(reminder, today) if has_deadline and not names_it else "",
        url=reminder.url,
        action=_action(reminder),
        asks=reminder.asks,
        is_kept=reminder.is_kept,
    )


def _together(items: list[Item]) -> list[Item]:
    """What asks the same on the same page is one thing, with all that is going on: two signatures
    that nobody can give, or two conditions that have tripped."""
    found: dict[tuple[str, ...], Item] = {}
    for item in items:
        key = (item.says, item.url, item.why, item.until)
        first = found.get(key)
        if first is not None:
            item = replace(first, detail="\n".join(dict.fromkeys((first.detail, item.detail))))
        found[key] = item
    return list(found.values())


def _action(reminder: Reminder) -> str:
    action = ACTIONS[reminder.kind]
    if action == CONFIRM and not reminder.says.startswith("Confirm"):
        return SEE_TO
    if reminder.says.startswith("Ask for"):
        return ASK
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


def listed(names: list[str]) -> str:
    """`Ana Berg, Tom Third and 3 others`."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _some(names: list[str]) -> list[str]:
    others = f"{len(names) - NAMED + 1} others"
    return names if len(names) <= NAMED else [*names[: NAMED - 1], others]

"""How the weekly digest reads."""

from __future__ import annotations

from datetime import datetime

from django.core.mail import EmailMultiAlternatives

from accounts import permissions as people
from notifications import mail, queries
from notifications.models import Message, Reminder
from notifications.queries import Weekly
from notifications.rules.words import in_words

COVERED = {True: "You are a portfolio lead.", False: "You asked for this mail."}


def written(message: Message, reminder: Reminder, at: datetime) -> EmailMultiAlternatives:
    """Write the digest as its reader may see the portfolio now; `message.subject` is set on the
    way."""
    found = queries.weekly(message.reader, reminder.due_date, at)
    message.subject = subject_of(found)
    return mail.posted(
        message,
        "notifications/mail/weekly",
        {
            "preview": "; ".join(trend.says for trend in found.trends),
            "opening": f"this is the portfolio in the week of {in_words(found.monday)}",
            "sections": found.sections,
            "trends": found.trends,
            "why": COVERED[people.is_lead(message.reader)],
            "came": "It comes once a week.",
        },
        kinds=[reminder.kind],
    )


def subject_of(found: Weekly) -> str:
    """What is to be decided this week."""
    week = f"the portfolio in the week of {in_words(found.monday)}"
    if not found.to_decide.count:
        return f"Nothing to decide: {week}"
    counts = {"late": found.late, "due": found.due}
    said = mail.listed([f"{count} {what}" for what, count in counts.items() if count])
    return f"Decide {said}: {week}"

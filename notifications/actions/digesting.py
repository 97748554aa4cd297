"""The weekly digest: owed once to each reader, and to the portfolio's channel, from the first
morning of the week on."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.urls import reverse
from django.utils import timezone

from notifications import queries
from notifications.actions import posting
from notifications.actions.composing import mail_time
from notifications.actions.planning import Planned, owe
from notifications.models import Reminder
from notifications.preferences import DIGEST


def plan_digests(*, at: datetime) -> Planned:
    """Owe this week's digest to those who get it; once, be it later in the week because nothing ran
    on its first day. Whoever wants it later gets the next; a channel that is new gets this one.
    What it says is read when it is sent."""
    today = timezone.localdate(at)
    monday = today - timedelta(days=today.weekday())
    begins = mail_time(monday)
    if at < begins:
        return Planned()
    posting.tell_of_the_week(monday, at=at)
    subject = week_of(monday)
    if Reminder.objects.filter(kind=DIGEST, subject=subject).exists():
        return Planned()
    return owe(_digest(person, subject, monday, at) for person in queries.digest_readers(begins))


def week_of(monday: date) -> str:
    """`week:2026-W47`."""
    year, week, _ = monday.isocalendar()
    return f"week:{year}-W{week:02}"


def _digest(person: int, subject: str, monday: date, at: datetime) -> Reminder:
    return Reminder(
        kind=DIGEST,
        subject=subject,
        due_date=monday,
        step=0,
        recipient_id=person,
        says="The portfolio this week",
        path=reverse("notifications:attention"),
        planned_at=at,
    )

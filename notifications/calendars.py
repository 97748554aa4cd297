"""Deadlines as a calendar that programs subscribe to (RFC 5545)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from urllib.parse import urljoin, urlsplit

from django.conf import settings
from icalendar import Calendar, Event

from notifications.models import Calendar as Subscription
from notifications.queries import Deadline
from notifications.rules.words import called

CONTENT_TYPE = "text/calendar; charset=utf-8"
REFRESH = timedelta(hours=1)
DAY = timedelta(days=1)


def written(kind: str, deadlines: Iterable[Deadline]) -> bytes:
    """Write the feed. Each time it is all there is: what is missing from it has been cancelled.

    Without a METHOD, so that DTSTAMP says when an event last changed; the same deadlines are the
    same bytes.
    """
    feed = Calendar()
    feed.add("prodid", "-//Gatehouse//Deadlines//EN")
    feed.add("version", "2.0")
    name = f"Gatehouse: {str(Subscription.Kind(kind).label).lower()}"
    feed.add("name", name)
    feed.add("x-wr-calname", name)
    feed.add("x-wr-timezone", settings.TIME_ZONE)
    feed.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    feed.add("x-published-ttl", "PT1H")
    for deadline in deadlines:
        feed.add_component(_event(deadline))
    content: bytes = feed.to_ical()
    return content


def _event(deadline: Deadline) -> Event:
    """A whole day of the organisation, which is that day wherever it is read and keeps nobody
    busy. Its UID stays when it moves, and its sequence rises."""
    url = urljoin(f"{settings.BASE_URL}/", deadline.path.lstrip("/"))
    event = Event()
    event.add("uid", f"{deadline.key}@{urlsplit(settings.BASE_URL).hostname}")
    event.add("dtstamp", deadline.changed_at)
    event.add("last-modified", deadline.changed_at)
    event.add("sequence", deadline.sequence)
    event.add("dtstart", deadline.day)
    event.add("dtend", deadline.day + DAY)
    event.add("transp", "TRANSPARENT")
    event.add("summary", _summary(deadline))
    event.add("description", "\n".join(filter(None, (deadline.says, deadline.note, url))))
    event.add("url", url)
    return event


def _summary(deadline: Deadline) -> str:
    """`Claims triage (AI-0001): Ship-or-kill date`."""
    if deadline.initiative is None:
        return deadline.says
    return f"{called(deadline.initiative)}: {deadline.says}"

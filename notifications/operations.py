"""How the machinery runs, for those who look after it: the clock, the queue, what was refused."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.cache import cache
from django.db.models import Count, Min, Q, QuerySet, Subquery
from django.utils import timezone

from notifications.models import Message, Reminder, Sweep, Trouble
from notifications.rules import RULES

OLDEST_SWEEP = timedelta(minutes=15)  # three were missed
KEPT = 60  # seconds for which a process knows when the last sweep was
SWEEPS = 12  # of an hour
PARTS = {
    "kill_conditions": "Kill conditions, lapses and conditions of approvals",
    "evidence": "Evidence of open reviews",
    "reminders": "Reminders",
}
# What can fail by itself besides these and the rules.
SMALLER_PARTS = {
    "leavers": "People whose last day is over",
    "inactivity": "People who were deactivated elsewhere",
    "lapses": "Decisions that lapse",
    "conditions": "Conditions that are missed",
    "overrides": "Overrides that are over",
    "snoozes": "Snoozes that are over",
    "signers": "Reminders of signers",
    "chasing": "Reminders of people who are silent",
    "hand_overs": "Reminders of hand-overs",
    "bell": "What the bell counts",
    "hearing": "Reading what people did",
    "settling": "Noting what is answered",
    "mails": "Sending mails",
}


@dataclass(frozen=True, slots=True)
class Queue:
    """What is still to be sent: reminders that no mail carries yet, mails that wait, and since when
    the oldest does, mails that are tried again, and mails that were given up."""

    reminders: int
    mails: int
    oldest: datetime | None
    deferred: int
    failed: int


def queue() -> Queue:
    """Counted in two queries."""
    waits = Q(state=Message.State.QUEUED)
    mails = Message.objects.aggregate(
        mails=Count("pk", filter=waits),
        oldest=Min("created_at", filter=waits),
        deferred=Count("pk", filter=waits & Q(attempts__gt=0)),
        failed=Count("pk", filter=Q(state=Message.State.FAILED)),
    )
    return Queue(reminders=Reminder.objects.owed().filter(message=None).count(), **mails)


def failed() -> QuerySet[Message]:
    """Mails that were given up, the newest first. What they say is left out: whoever looks after
    the machinery need not know of every initiative."""
    rows = Message.objects.filter(state=Message.State.FAILED).select_related("recipient")
    return rows.defer("subject").annotate(carries=Count("reminders")).order_by("-pk")


def sweeps() -> list[Sweep]:
    """The last ones, the newest first."""
    return list(Sweep.objects.select_related("by").order_by("-pk")[:SWEEPS])


def slowest_first(sweep: Sweep) -> list[tuple[str, float]]:
    """What its time went into, in words and in seconds."""
    spent: Iterable[tuple[str, float]] = sweep.seconds.items()
    return sorted(((in_words(n), s) for n, s in spent), key=lambda p: (-p[1], p[0]))


def in_words(part: str) -> str:
    """A part of the machinery as people call it."""
    named = {name: rule.title for name, rule in RULES.items()} | PARTS | SMALLER_PARTS
    return named.get(part, part)


def troubles() -> list[Trouble]:
    """What fails now, the longest first."""
    return list(Trouble.objects.all())


def stands_still_since() -> datetime | None:
    """Since when nothing has been swept, if three sweeps were missed. A new installation that has
    not swept yet does not stand still."""
    last, _ = _health()
    return last if last is not None and timezone.now() - last > OLDEST_SWEEP else None


def fails_since() -> datetime | None:
    """Since when a part of the machinery fails, if one does."""
    return _health()[1]


def _health() -> tuple[datetime | None, datetime | None]:
    """When the last sweep was, and since when something fails; for a line on every page, so it is
    asked once a minute, in one query."""
    return cache.get_or_set("machinery", _asked, KEPT) or (None, None)


def _asked() -> tuple[datetime | None, datetime | None]:
    fails = Subquery(Trouble.objects.values("since")[:1])
    last = Sweep.objects.order_by("-pk").values_list("finished_at", fails).first()
    return last or (None, None)

"""What is kept between two requests, and until when it may be: never longer than it is true.

Kept per process. Within a transaction nothing is kept: what it changed may yet be taken back.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from django.core.cache import cache
from django.db import connection
from django.db.models import Max, Subquery, Sum

from accounts import permissions as people
from accounts.models import Person
from audit import queries as audit
from notifications.models import Sweep

T = TypeVar("T")
KEPT = timedelta(minutes=10).total_seconds()  # longer than two sweeps are apart, which renew it
MOST_NEWS = 500  # beyond that many events to compute anew costs less than to look at each
ALL = "all"


@dataclass(frozen=True)
class Moment:
    """What has happened so far: the last event, the last sweep, and who is active, since a
    deactivation by raw SQL writes no event and counts at once."""

    head: audit.Head
    swept: int | None
    active: str

    @property
    def key(self) -> str:
        return f"{self.head.seq}:{self.head.hash}:{self.swept}:{self.active}"


def kept(key: str, compute: Callable[[], T]) -> T:
    """What is kept under this key, which says all that it depends on; else compute and keep it."""
    if connection.in_atomic_block:
        return compute()
    found: T | None = cache.get(key)
    if found is None:
        found = compute()
        cache.set(key, found, KEPT)
    return found


def held(
    key: str,
    moment: Moment,
    compute: Callable[[], T],
    renew: Callable[[T, list[audit.News]], T],
) -> T:
    """What was kept under this key, renewed by what has happened since; else compute and keep it.

    It is kept with the event up to which it holds: what happens from there on is looked at the
    next time. A deactivation by raw SQL has no event, so that who is active is part of the key.
    """
    if connection.in_atomic_block:
        return compute()
    key = f"{key}:{moment.active}"
    upto, value = cache.get(key) or (None, None)
    news = audit.since(upto, MOST_NEWS) if upto is not None else None
    value = compute() if value is None or news is None else renew(value, news)
    cache.set(key, (moment.head, value), KEPT)
    return value


def moment() -> Moment:
    """What has happened so far, in two queries."""
    last_sweep = Subquery(Sweep.objects.order_by("-pk").values("pk")[:1])
    active = Person.objects.filter(is_active=True).aggregate(
        who=Sum("pk"), last=Max("active_since"), swept=Max(last_sweep)
    )
    last = active["last"].timestamp() if active["last"] else ""
    return Moment(audit.head(), active["swept"], f"{active['who']}:{last}")


def sight(person: Person) -> str:
    """What a person may see, as a key: leads and auditors see the same."""
    if people.sees_everything(person):
        return ALL
    return f"{person.pk}/{'+'.join(sorted(person.group_keys))}"

"""What is kept between two requests, and until when it may be: never longer than it is true.

Kept per process. Within a transaction nothing is kept: what it changed may yet be taken back.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from django.core.cache import cache
from django.db import connection
from django.db.models import Max, Sum

from accounts import permissions as people
from accounts.models import Person
from audit import queries as audit
from initiatives.models import Initiative
from initiatives.queries import unowned

T = TypeVar("T")
KEPT = timedelta(minutes=10).total_seconds()  # longer than two sweeps are apart, which renew it
# What is said most often and makes nobody an owner, moves no stage and hides nothing. Kinds that
# are not listed count as changes, so that a new one can only cost time.
CHANGES_NO_OWNER = frozenset({
    "evidence.recorded",
    "initiative.confirmation_withdrawn",
    "initiative.level_kept",
    "initiative.triage_confirmed",
    "initiative.triage_decided",
    "initiative.triaged",
    "kill_condition.added",
    "kill_condition.removed",
    "kill_condition.tripped",
    "measurement.corrected",
    "measurement.recorded",
    "metric.changed",
    "metric.defined",
    "person.signed_in",
    "spend.recorded",
})  # fmt: skip


def kept(key: str, compute: Callable[[], T]) -> T:
    """What is kept under this key, which says all that it depends on; else compute and keep it."""
    if connection.in_atomic_block:
        return compute()
    found: T | None = cache.get(key)
    if found is None:
        found = compute()
        cache.set(key, found, KEPT)
    return found


def moment() -> str:
    """What has happened so far, as a key: the last event, and who is active, since a deactivation
    by raw SQL writes no event and counts at once."""
    head = audit.head()
    return f"{head.seq}:{head.hash}:{_active()}"


def sight(person: Person) -> str:
    """What a person may see, as a key: leads and auditors see the same."""
    if people.is_lead(person) or people.is_auditor(person):
        return "all"
    return f"{person.pk}/{'+'.join(sorted(person.group_keys))}"


def unowned_count(person: Person) -> int:
    """How many of those a person sees are unowned, as of now.

    To count them takes a pass over every ownership (docs/performance.md), so the count is kept
    with the event up to which it holds, and holds on while only measurements and the like follow.
    """
    found = unowned(Initiative.objects.visible_to(person).counting())
    if connection.in_atomic_block:
        return found.count()
    key = f"unowned:{_active()}:{sight(person)}"
    upto = audit.head()  # read first: what happens from here on is looked at the next time
    head, number = cache.get(key) or (None, 0)
    if head is None or not audit.unchanged_since(head, but_for=CHANGES_NO_OWNER):
        number = found.count()
    cache.set(key, (upto, number), KEPT)
    return number


def _active() -> str:
    active = Person.objects.filter(is_active=True)
    found = active.aggregate(who=Sum("pk"), last=Max("active_since"))
    return f"{found['who']}:{found['last'].timestamp() if found['last'] else ''}"

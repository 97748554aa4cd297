"""The debt of the portfolio: how many criteria those still owe that ran before anybody asked
(product.md §2, Catch-up)."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from accounts.models import Person
from audit.queries import News
from initiatives import facts as initiative_facts
from initiatives.models import Initiative
from portfolio.queries import keeping
from reviews import gates
from reviews import queries as reviews
from reviews.policy import Policy

BLOCK = 500
SECONDS = 4.0  # of one answer; whoever waits sees how far it is
CHANGES_ALL = ("policy.published", "person.")


@dataclass(frozen=True)
class Debt:
    """How many initiatives owe how many criteria, of those that were looked at so far."""

    initiatives: int
    looked_at: int
    criteria: int

    @property
    def is_done(self) -> bool:
        return self.looked_at == self.initiatives


def load(person: Person, today: date) -> Debt:
    """What is owed of all that this person may see; what was looked at is kept until something
    happens to it, and a large portfolio is looked at a few seconds at a time."""
    owing = set(
        Initiative.objects.visible_to(person).owing().order_by().values_list("pk", flat=True)
    )

    def renewed(known: dict[int, int], news: list[News]) -> dict[int, int]:
        return _filled(_unchanged(known, news), owing, today)

    key = f"debt:{today}:{keeping.sight(person)}"
    found = keeping.held(key, keeping.moment(), lambda: _filled({}, owing, today), renewed)
    counted = [found[pk] for pk in owing if pk in found]
    return Debt(len(owing), len(counted), sum(counted))


def _unchanged(known: dict[int, int], news: Iterable[News]) -> dict[int, int]:
    """What nothing has happened to since; of another policy, or people, it is all counted anew."""
    happened = list(news)
    if any(kind.startswith(CHANGES_ALL) for kind, _ in happened):
        return {}
    changed = {pk for _, pk in happened}
    return {pk: count for pk, count in known.items() if pk not in changed}


def _filled(known: dict[int, int], owing: set[int], today: date) -> dict[int, int]:
    """Count those that are missing, in blocks of a constant number of queries, until it has taken
    long enough."""
    started, policy = time.monotonic(), reviews.current_policy()
    missing = sorted(owing - known.keys())
    for first in range(0, len(missing), BLOCK):
        if first and time.monotonic() - started > SECONDS:
            break
        known = known | _counted(missing[first : first + BLOCK], policy, today)
    return known


def _counted(ids: list[int], policy: Policy, today: date) -> dict[int, int]:
    """How many blocking criteria each of these has open of what it owes."""
    counts = {}
    for pk, known in initiative_facts.load(ids).items():
        owed = gates.owed(known, policy)
        judged = gates.evaluate_all(known, owed, policy, today) if owed else []
        counts[pk] = sum(j.blocks for j in judged)
    return counts

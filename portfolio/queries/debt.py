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
from initiatives.facts import Facts
from initiatives.models import Initiative
from portfolio.queries import keeping
from reviews import gates
from reviews import queries as reviews
from reviews.policy import Policy

BLOCK = 500
SECONDS = 4.0  # of one answer; whoever waits sees how far it is
CHANGES_ALL = frozenset({"policy.published", "person.deactivated", "person.reactivated"})


@dataclass(frozen=True)
class Debt:
    """How many initiatives owe how many criteria, of those that were looked at so far."""

    initiatives: int
    looked_at: int
    criteria: int

    @property
    def is_done(self) -> bool:
        return self.looked_at == self.initiatives


def load(person: Person, today: date, *, block: int = BLOCK, seconds: float = SECONDS) -> Debt:
    """What is owed of all that this person may see; what was looked at is kept until something
    happens to it, and a large portfolio is looked at block by block, a few seconds at a time."""
    owing = set(
        Initiative.objects.visible_to(person).owing().order_by().values_list("pk", flat=True)
    )

    def renewed(known: dict[int, int], news: list[News]) -> dict[int, int]:
        return filled(_unchanged(known, news))

    def filled(known: dict[int, int]) -> dict[int, int]:
        return known | _counted(sorted(owing - known.keys()), today, block, seconds)

    key = f"debt:{today}:{keeping.sight(person)}"
    found = keeping.held(key, keeping.moment(), lambda: filled({}), renewed)
    counted = [found[pk] for pk in owing if pk in found]
    return Debt(len(owing), len(counted), sum(counted))


def _unchanged(known: dict[int, int], news: Iterable[News]) -> dict[int, int]:
    """What nothing has happened to since; of another policy, or people, it is all counted anew."""
    happened = list(news)
    if any(kind in CHANGES_ALL for kind, _ in happened):
        return {}
    changed = {pk for _, pk in happened}
    return {pk: count for pk, count in known.items() if pk not in changed}


def _counted(missing: list[int], today: date, block: int, seconds: float) -> dict[int, int]:
    """How much each of these owes, in blocks of a constant number of queries, until it has taken
    long enough."""
    started, policy = time.monotonic(), reviews.current_policy()
    counts: dict[int, int] = {}
    for first in range(0, len(missing), block):
        if first and time.monotonic() - started > seconds:
            break
        known = initiative_facts.load(missing[first : first + block])
        counts |= {pk: _owed(facts, policy, today) for pk, facts in known.items()}
    return counts


def _owed(known: Facts, policy: Policy, today: date) -> int:
    """How many blocking criteria are open of what it owes."""
    owed = gates.owed(known, policy)
    return sum(j.blocks for j in gates.evaluate_all(known, owed, policy, today)) if owed else 0

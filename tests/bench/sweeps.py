"""Sweeps, measured inside the product: the first of a portfolio, one that finds nothing new, and
one for which the date of every twentieth initiative has just passed."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from time import perf_counter
from typing import Any

from django.utils import timezone

from initiatives.models import Initiative
from initiatives.models.registry import InitiativeQuerySet
from initiatives.stages import UNDECIDED
from notifications.actions import sweeping
from notifications.models import Flag, Sweep
from notifications.rules import RULES
from reviews.policy import Policy
from tests.bench import references
from tests.bench.pages import counted

DUE_ONE_IN = 20
MIB_OF_KIB = 1024


def sweep() -> dict[str, Any]:
    """Each with its seconds and queries; of the third those of each rule as well, how long it takes
    to claim a thousand rows, and how many MiB the process grew from the first to the last. The
    portfolio is then as it was after the first."""
    queries: dict[str, int] = {}
    before = _peak()
    with _queries_of_rules(queries):
        runs = [_run(), _run()]
        chosen = _whose_date_passes()
        _date(chosen, timezone.localdate() - timedelta(days=1))
        runs.append(_run())
    found = {
        "runs": runs,
        "due": len(chosen),
        "rules": queries,
        "seconds_of_rules": _seconds_of_rules(),
        "claim": references.claim(),
        "memory": _peak() - before,
        "flags": Flag.objects.open().count(),
    }
    Initiative.objects.bulk_update(chosen, ["decision_date"], batch_size=1_000)
    sweeping.sweep(at=timezone.now())
    return found


def _run() -> dict[str, Any]:
    began = perf_counter()
    with counted() as statements:
        sweeping.sweep(at=timezone.now())
    return {"seconds": perf_counter() - began, "queries": len(statements)}


def _whose_date_passes() -> list[Initiative]:
    """One in twenty of all, from among those whose date is still ahead, far and wide."""
    ahead = Initiative.objects.counting().filter(
        stage__in=UNDECIDED, decision_date__gte=timezone.localdate()
    )
    most = Initiative.objects.count() // DUE_ONE_IN
    chosen = list(ahead.order_by("pk").only("decision_date"))
    return chosen[:: max(len(chosen) // most, 1)][:most]


def _date(rows: list[Initiative], day: date) -> None:
    """In the database alone: the rows keep the day that they had."""
    Initiative.objects.filter(pk__in=[row.pk for row in rows]).update(decision_date=day)


@contextmanager
def _queries_of_rules(most: dict[str, int]) -> Iterator[None]:
    """Count the queries of each rule while this lasts: the most for a part of the portfolio."""
    apply = sweeping.apply

    def counting(
        name: str, part: InitiativeQuerySet, policy: Policy, at: datetime
    ) -> sweeping.Counted:
        with counted() as statements:
            result = apply(name, part, policy, at)
        most[name] = max(len(statements), most.get(name, 0))
        return result

    sweeping.apply = counting
    try:
        yield
    finally:
        sweeping.apply = apply


def _seconds_of_rules() -> dict[str, float]:
    seconds = Sweep.objects.latest("pk").seconds
    return {name: seconds[name] for name in RULES}


def _peak() -> float:
    """MiB that this process has held at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MIB_OF_KIB

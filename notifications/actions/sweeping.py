"""The sweep: trips what is due to trip, then opens, updates and closes flags, rule by rule."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial
from time import perf_counter
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts import actions as people
from accounts.models import Person
from initiatives import actions as initiatives
from initiatives.counts import Counts
from initiatives.memory import collect_rings, without_collector
from initiatives.models import Initiative
from initiatives.models.registry import InitiativeQuerySet
from notifications.actions import awaiting, chasing, offering, planning, settling, snoozing
from notifications.actions.planning import Planned
from notifications.actions.trying import Attempts
from notifications.models import Flag, Sweep
from notifications.rules import RULES
from notifications.rules.finding import Finding
from reviews import actions as reviews
from reviews import queries as policies
from reviews.policy import Policy

KEPT = timedelta(days=7)
# Initiatives in which a rule looks at once: it finds few, but goes through all ownerships, values
# and signatures for each part.
FOUND_AT_ONCE = 100_000
SAID = ("due_date", "severity", "says", "acts", "since")


@dataclass(frozen=True)
class Counted(Counts):
    """What a rule's run did to its flags, and how many are open now."""

    opened: int = 0
    updated: int = 0
    closed: int = 0
    open: int = 0


@dataclass(frozen=True, slots=True)
class Swept:
    """What one run changed; the same run again changes nothing."""

    at: datetime
    tripped: int
    lapsed: int
    missed: int
    noticed: int
    rules: dict[str, Counted]
    reminders: Planned
    seconds: float


@without_collector()
def sweep(*, at: datetime, by: Person | None = None, trips: bool = True) -> Swept:
    """Compute every rule over the whole portfolio, and plan what is owed; `by` asked for it.

    Each part commits by itself: what fails is noted, keeps no other from being done, and is raised
    at the end; what is killed is left to the next run. Two at once are harmless: constraints let
    one of them open a flag or owe a reminder. Memory is the same for any number of initiatives, of
    which rules see a part at a time. `trips=False` spares what is a fact from then on, unlike a
    flag: people whose last day is over, conditions that trip or are missed, dates that lapse.
    """
    took, attempt = _Stopwatch(), Attempts(at)
    tripped, lapsed, missed = _settle(at, attempt) if trips else (0, 0, 0)
    took.lap("kill_conditions")
    noticed = attempt("evidence", lambda: reviews.notice_changes(at=at), 0)
    attempt("overrides", lambda: reviews.settle_overrides(at=at), 0)
    took.lap("evidence")
    counted = _apply_all(at, attempt, took)
    planned = _plan(at, attempt)
    took.lap("reminders")
    _record(at, by, took.laps)
    attempt.end()
    return Swept(
        at, tripped, lapsed, missed, noticed, counted, planned, round(sum(took.laps.values()), 3)
    )


def _settle(at: datetime, attempt: Attempts) -> tuple[int, int, int]:
    """Write down what is a fact by now, whose last day is over first; how many kill conditions
    tripped, how many initiatives lapsed, how many conditions of approvals were missed."""
    attempt("leavers", lambda: people.deactivate_leavers(at=at), 0)
    attempt("inactivity", lambda: people.date_inactivity(at=at), 0)
    return (
        attempt("kill_conditions", lambda: initiatives.trip_kill_conditions(at=at), 0),
        attempt("lapses", lambda: reviews.lapse_undecided(at=at), 0),
        attempt("conditions", lambda: initiatives.miss_conditions(at=at), 0),
    )


def _apply_all(at: datetime, attempt: Attempts, took: _Stopwatch) -> dict[str, Counted]:
    policy = policies.current_policy()
    parts = list(Initiative.objects.in_parts(FOUND_AT_ONCE))
    counted = {}
    for name in RULES:
        counted[name] = attempt(name, partial(_apply_to, name, parts, policy, at), Counted())
        took.lap(name)
        collect_rings()
    # Of a rule that there is no more nobody could say what it means.
    Flag.objects.open().exclude(rule__in=RULES).update(closed_at=at)
    return counted


def _apply_to(name: str, parts: list[InitiativeQuerySet], policy: Policy, at: datetime) -> Counted:
    return sum((apply(name, part, policy, at) for part in parts), Counted())


def _plan(at: datetime, attempt: Attempts) -> Planned:
    attempt("snoozes", lambda: snoozing.end_snoozes(at=at), 0)
    planned = attempt("reminders", lambda: planning.plan(at=at), Planned())
    planned += attempt("signers", lambda: awaiting.remind(at=at), Planned())
    planned += attempt("chasing", lambda: chasing.plan(at=at), Planned())
    planned += attempt("hand_overs", lambda: offering.plan(at=at), Planned())
    attempt("bell", lambda: settling.settle_flags(at=at), 0)
    return planned


class _Stopwatch:
    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = perf_counter()

    def lap(self, name: str) -> None:
        now = perf_counter()
        self.laps[name] = round(now - self._last, 3)
        self._last = now


def apply(name: str, part: InitiativeQuerySet, policy: Policy, at: datetime) -> Counted:
    """Bring a rule's flags of these initiatives in line with what it finds; in five queries at
    most."""
    rule, today = RULES[name], timezone.localdate(at)
    with transaction.atomic():
        found = {(f.initiative_id, f.subject): f for f in rule.function(part, today, policy)}
        flags = _open_flags(name, part)
        opened = [_flag(name, f, at) for key, f in found.items() if key not in flags]
        changed = [
            Flag(pk=pk, **says)
            for key, (pk, opened_at, *said) in flags.items()
            if key in found and (says := _news(found[key], opened_at, said))
        ]
        gone = [pk for key, (pk, *_) in flags.items() if key not in found]
        # In one order, so that two sweeps that open the same flags never wait in a ring.
        opened.sort(key=lambda flag: (flag.initiative_id, flag.subject))
        Flag.objects.bulk_create(opened, ignore_conflicts=True)
        Flag.objects.bulk_update(changed, SAID)
        closed = Flag.objects.open().filter(pk__in=gone).update(closed_at=at) if gone else 0
    return Counted(len(opened), len(changed), closed, len(found))


def _open_flags(name: str, part: InitiativeQuerySet) -> dict[tuple[int, str], list[Any]]:
    """By initiative and subject the number of each, when it was opened, and what it says."""
    flags = Flag.objects.open().filter(rule=name, initiative__in=part).order_by()
    rows = flags.values_list("initiative_id", "subject", "pk", "opened_at", *SAID)
    return {(initiative_id, subject): said for initiative_id, subject, *said in rows}


def _flag(name: str, finding: Finding, at: datetime) -> Flag:
    return Flag(
        initiative_id=finding.initiative_id,
        rule=name,
        subject=finding.subject,
        due_date=finding.due_date or timezone.localdate(at),
        severity=finding.severity,
        says=finding.says,
        acts=finding.acts,
        since=finding.since or at,
        opened_at=at,
    )


def _news(finding: Finding, opened_at: datetime, said: list[Any]) -> dict[str, Any]:
    """All that the rule says now; nothing where the flag says so already.

    A finding without a beginning keeps the flag's: it began when it was first seen.
    """
    if finding.worse_at is not None and finding.worse_at > opened_at:
        finding = replace(finding, due_date=_anew(finding.worse_at, opened_at))
    now = [getattr(finding, field) for field in SAID]
    says = [old if new is None else new for new, old in zip(now, said, strict=True)]
    return dict(zip(SAID, says, strict=True)) if says != said else {}


def _anew(worse_at: datetime, opened_at: datetime) -> date:
    """The day from which reminders count again: not the one on which people heard of the first, or
    it would be the same reminder."""
    return max(timezone.localdate(worse_at), timezone.localdate(opened_at) + timedelta(days=1))


def _record(at: datetime, by: Person | None, laps: dict[str, float]) -> None:
    # The real clock: `at` may be a day that somebody tries out, and readiness asks how long ago.
    now = timezone.now()
    Sweep.objects.filter(finished_at__lt=now - KEPT).delete()
    Sweep.objects.create(at=at, finished_at=now, by=by, seconds=laps)

"""Reads about what deserves attention."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple, overload

from django.db.models import Count, Prefetch, Window
from django.db.models.functions import RowNumber

from accounts.models import Person
from initiatives.models import Initiative
from notifications.models import (
    WORST_FIRST,
    Flag,
    FlagQuerySet,
    Snooze,
    Sweep,
    snoozed,
    times_snoozed,
)
from notifications.rules import RULES
from notifications.rules.finding import Rule


def open_flags(person: Person) -> FlagQuerySet:
    """Flags of initiatives that this person may see, with the initiative, the worst first."""
    return Flag.objects.open().visible_to(person).select_related("initiative").worst_first()


class Said(NamedTuple):
    """An open flag as lists of initiatives show it."""

    severity: str
    says: str


def flags_of(initiative_ids: Iterable[int]) -> dict[int, list[Said]]:
    """The open flags of these initiatives, each one's worst first; ids the caller may show."""
    found: dict[int, list[Said]] = {}
    rows = _open_flags_of(initiative_ids).values_list("initiative", "severity", "says")
    for pk, severity, says in rows:
        found.setdefault(pk, []).append(Said(severity, says))
    return found


def _open_flags_of(initiative_ids: Iterable[int]) -> FlagQuerySet:
    return Flag.objects.open().filter(initiative__in=list(initiative_ids)).worst_first()


# All that Attention shows of a flag and its initiative, whose long texts are left out.
SHOWN = ("rule", "severity", "says", "acts", "since", "initiative__name", "initiative__stage")
CLOSED_LATELY = timedelta(days=30)
OF_A_RULE = 5  # initiatives shown beneath each
ASLEEP_LAST = ("asleep", WORST_FIRST, "since", "pk")


@dataclass(frozen=True, slots=True)
class Line:
    """An initiative that deserves attention, with its open flags: the worst first, what is snoozed
    last."""

    initiative: Initiative
    flags: list[Flag]


class Lines(Sequence[Line]):
    """All initiatives with one of these flags, counted and cut into pages by the database; what is
    snoozed counts as everything else does, and sorts below it."""

    def __init__(self, flags: FlagQuerySet, today: date) -> None:
        self._flags = flags.annotate(asleep=snoozed(today))
        self._today = today

    def __len__(self) -> int:
        return self._flags.order_by().values("initiative").distinct().count()

    @overload
    def __getitem__(self, part: int) -> Line: ...
    @overload
    def __getitem__(self, part: slice) -> list[Line]: ...
    def __getitem__(self, part: int | slice) -> Line | list[Line]:
        if isinstance(part, int):
            return self[part : part + 1][0]
        ids = list(self._worst().values_list("initiative", flat=True)[part])
        flags = _grouped(_shown(_open_flags_of(ids), self._today))
        return [Line(flags[pk][0].initiative, flags[pk]) for pk in ids if pk in flags]

    def _worst(self) -> FlagQuerySet:
        """The worst of each initiative, the worst first. Ranked in one pass over the flags alone:
        to carry the initiatives along takes longer than to read the page's afterwards."""
        rank = Window(RowNumber(), partition_by="initiative", order_by=ASLEEP_LAST)
        worst = self._flags.annotate(rank=rank).filter(rank=1)
        return worst.order_by("asleep", WORST_FIRST, "since", "initiative_id")


def _shown(flags: FlagQuerySet, today: date) -> list[Flag]:
    """These with what pages show of them, in two queries: by whom each is snoozed, until
    when and why, and how often it was, comes along."""
    snoozes = Prefetch("snoozes", Snooze.objects.in_force(today).select_related("by"), "in_force")
    rows = flags.annotate(times=times_snoozed()).select_related("initiative").only(*SHOWN)
    found = rows.prefetch_related(snoozes)
    return sorted(found, key=lambda flag: flag.snooze is not None)  # keeps their order otherwise


def _grouped(flags: Iterable[Flag]) -> dict[int, list[Flag]]:
    found: dict[int, list[Flag]] = {}
    for flag in flags:
        found.setdefault(flag.initiative_id, []).append(flag)
    return found


@dataclass(frozen=True, slots=True)
class OfRule:
    """A rule with how many initiatives it has flagged, and the first of them."""

    rule: Rule
    count: int
    flags: list[Flag]


def by_rule(flags: FlagQuerySet, today: date) -> list[OfRule]:
    """The rules that have flagged something, the worst first as the rules are listed; in three
    queries."""
    counted = _counts(flags)
    rank = Window(RowNumber(), partition_by="rule", order_by=ASLEEP_LAST)
    ranked = flags.annotate(asleep=snoozed(today)).annotate(rank=rank)
    first = ranked.filter(rank__lte=OF_A_RULE).values_list("pk", flat=True)
    found: dict[str, list[Flag]] = {}
    for flag in _shown(Flag.objects.filter(pk__in=list(first)).worst_first(), today):
        found.setdefault(flag.rule, []).append(flag)
    return [
        OfRule(rule, counted[key], found.get(key, []))
        for key, rule in RULES.items()
        if key in counted
    ]


def open_for(person: Person) -> FlagQuerySet:
    """What deserves attention, of initiatives that this person may see."""
    return Flag.objects.open().visible_to(person)


def closed_lately(person: Person, at: datetime) -> FlagQuerySet:
    """What needed attention and does no more, since a month, the last first."""
    closed = Flag.objects.filter(closed_at__gte=at - CLOSED_LATELY).visible_to(person)
    return (
        closed.order_by("-closed_at", "-pk").select_related("initiative").only(*SHOWN, "closed_at")
    )


def counts(person: Person) -> dict[str, int]:
    """How many initiatives that this person may see each rule has flagged: Attention counts
    initiatives, not flags (product.md §5)."""
    return _counts(open_for(person))


def _counts(flags: FlagQuerySet) -> dict[str, int]:
    rules = flags.order_by().values_list("rule")
    return dict(rules.annotate(initiatives=Count("initiative", distinct=True)))


def last_sweep() -> Sweep | None:
    """The last sweep: `finished_at` by the real clock, `at` the moment it was run for."""
    return Sweep.objects.order_by("-pk").first()

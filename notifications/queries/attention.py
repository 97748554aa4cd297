"""Reads about what deserves attention."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, overload

from django.db.models import Count, Window
from django.db.models.functions import RowNumber

from accounts.models import Person
from initiatives.models import Initiative
from notifications.models import WORST_FIRST, Flag, FlagQuerySet, Sweep


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


def _grouped(flags: Iterable[Flag]) -> dict[int, list[Flag]]:
    found: dict[int, list[Flag]] = {}
    for flag in flags:
        found.setdefault(flag.initiative_id, []).append(flag)
    return found


# All that Attention shows of a flag and its initiative, whose long texts are left out.
SHOWN = ("rule", "severity", "says", "acts", "since", "initiative__name")


@dataclass(frozen=True, slots=True)
class Line:
    """An initiative that deserves attention, with its open flags, the worst first."""

    initiative: Initiative
    flags: list[Flag]


class Lines(Sequence[Line]):
    """All initiatives with one of these flags, counted and cut into pages by the database."""

    def __init__(self, flags: FlagQuerySet) -> None:
        self._flags = flags

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
        flags = _grouped(_open_flags_of(ids).select_related("initiative").only(*SHOWN))
        return [Line(flags[pk][0].initiative, flags[pk]) for pk in ids if pk in flags]

    def _worst(self) -> FlagQuerySet:
        """The worst of each initiative, the worst first. Ranked in one pass over the flags alone:
        to carry the initiatives along takes longer than to read the page's afterwards."""
        order = (WORST_FIRST, "since", "pk")
        rank = Window(RowNumber(), partition_by="initiative", order_by=order)
        worst = self._flags.annotate(rank=rank).filter(rank=1)
        return worst.order_by(WORST_FIRST, "since", "initiative_id")


def attention(person: Person, rule: str = "") -> Lines:
    """Initiatives with an open flag, of one rule or of any, that this person may see; the worst
    and longest first. Attention counts initiatives, not flags (product.md §5)."""
    flags = Flag.objects.open().visible_to(person)
    return Lines(flags.filter(rule=rule) if rule else flags)


def counts(person: Person) -> dict[str, int]:
    """How many initiatives that this person may see each rule has flagged."""
    rules = Flag.objects.open().visible_to(person).order_by().values_list("rule")
    return dict(rules.annotate(initiatives=Count("initiative", distinct=True)))


def last_sweep() -> Sweep | None:
    """The last sweep: `finished_at` by the real clock, `at` the moment it was run for."""
    return Sweep.objects.order_by("-pk").first()

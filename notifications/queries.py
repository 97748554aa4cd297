"""Reads about what deserves attention, and about who was told, and will be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple, overload

from django.db.models import Count, Prefetch, Window
from django.db.models.functions import RowNumber

from accounts.models import Person
from initiatives.models import Initiative, Ownership
from initiatives.stages import UNDECIDED
from notifications.ladders import OWNERS
from notifications.models import WORST_FIRST, Flag, FlagQuerySet, Message, Reminder, Sweep
from reviews import queries as reviews


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


def messages_to(person: Person, limit: int = 20) -> list[Message]:
    """The last mails that were sent to this person, with what they carried."""
    sent = Message.objects.filter(recipient=person, state=Message.State.SENT)
    reminders = Reminder.objects.filter(state=Reminder.State.SENT).select_related("initiative")
    newest = sent.order_by("-sent_at", "-pk").prefetch_related(Prefetch("reminders", reminders))
    return list(newest[:limit])


def reminders_ahead(person: Person) -> list[Reminder]:
    """What is owed to this person and goes out with the next mail."""
    owed = Reminder.objects.owed().filter(recipient=person).select_related("initiative")
    return list(owed.exclude(message__state=Message.State.FAILED))


# Kinds that ask several people for one and the same thing.
SHARED = {
    "decision_date": "decision",
    "decision_lapsed": "decision",
    "override": "override",
    "threshold_reached": "decision",
    "unowned": "owners",
    "kill_condition_tripped": "stop",
    "suspended": "suspension",
    "override_asked": "second signature",
    "catch_up": "catch-up",
    "recertification": "recertification",
    "falls_short": "health",
    "measurement_stale": "measurement",
    "evaluation_stale": "evaluation",
    "over_budget": "budget",
    "stalled": "progress",
    "sign_off_overdue": "missing signatures",
    "slot_unfillable": "missing signatures",
    "sign_off_asked": "signatures",
    "sign_off_stale": "signatures",
}


def others_told(reminders: Sequence[Reminder]) -> dict[int, list[str]]:
    """Who else is asked for what each of these asks, whether before, now or next, by name."""
    shared = [reminder for reminder in reminders if reminder.kind in SHARED]
    if not shared:
        return {}
    rows = (
        Reminder.objects.filter(
            initiative__in={reminder.initiative_id for reminder in shared},
            kind__in=SHARED,
            recipient__is_active=True,
        )
        .exclude(state=Reminder.State.CANCELLED)
        .order_by("recipient__name", "recipient")
        .values_list("kind", "path", "due_date", "recipient", "recipient__name")
        .distinct()
    )
    told: dict[tuple[str, str, date], dict[int, str]] = {}
    for kind, path, due, recipient, name in rows:
        told.setdefault((SHARED[kind], path, due), {})[recipient] = name
    return {
        reminder.pk: [
            name
            for pk, name in told.get(
                (SHARED[reminder.kind], reminder.path, reminder.due_date), {}
            ).items()
            if pk != reminder.recipient_id
        ]
        for reminder in shared
    }


@dataclass(frozen=True, slots=True)
class NextStep:
    """The day on which the next reminder of a decision date will be owed."""

    day: date
    initiative: Initiative


def next_steps(person: Person, today: date) -> list[NextStep]:
    """When this person will next be reminded to decide what they own, the earliest first."""
    roles = Ownership.objects.counting().filter(person=person, role__in=OWNERS)
    owned = Initiative.objects.counting().filter(
        pk__in=roles.values("initiative"), stage__in=UNDECIDED, decision_date__gt=today
    )
    ladder = sorted(reviews.current_policy().reminders.owner_days_before, reverse=True)
    steps = [
        NextStep(next(day for day in days if day > today), initiative)
        for initiative in owned
        if (due := initiative.decision_date) is not None
        and (days := [due - timedelta(days=before) for before in ladder])[-1] > today
    ]
    return sorted(steps, key=lambda step: (step.day, step.initiative.pk))

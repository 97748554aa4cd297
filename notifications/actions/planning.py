"""Turning what deserves attention into what is owed to whom."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Case, CharField, Exists, OuterRef, Q, QuerySet, Value, When
from django.utils import timezone

from accounts.models import Group, Membership
from initiatives.counts import Counts
from initiatives.models import Initiative, Obligation, Ownership
from initiatives.models.registry import InitiativeQuerySet
from initiatives.stages import Gate, Role, SpecialReview
from notifications import asking, ladders
from notifications.asking import Asked
from notifications.models import Flag, FlagQuerySet, Reminder, subject_of
from notifications.rules import RULES
from notifications.rules.finding import Severity, start_of
from notifications.rules.owners import asked_until, of_leaver
from reviews import queries as reviews
from reviews.models import Review

KINDS = tuple(ladders.LADDERS)
OF_NEWCOMER = ("initiative", "role", "person", "accepted_at")
LATELY = timedelta(days=7)  # so long somebody who comes into a role hears of what they missed


class Key(NamedTuple):
    """What makes a reminder one and the same."""

    kind: str
    subject: str
    due_date: date
    step: int
    recipient_id: int


# Decisions that need a review; others are taken without one as well.
GATES = {"catch_up": SpecialReview.CATCH_UP, "recertification": Gate.RECERTIFICATION}
KEY = ("kind", "subject", "due_date", "step", "recipient_id")
WORDS = ("says", "detail", "why", "initiative_id")


@dataclass(frozen=True)
class Planned(Counts):
    """How what is owed has changed."""

    planned: int = 0
    revived: int = 0
    cancelled: int = 0


class Existing(NamedTuple):
    """A reminder that is there already."""

    pk: int
    state: str


class Heard(NamedTuple):
    """Of which flag somebody hears, and in which roles."""

    flag_id: int
    roles: list[str]


class Newcomer(NamedTuple):
    """Somebody who has come into a role lately, and on which day."""

    role: Role
    person_id: int
    day: date


def plan(*, at: datetime) -> Planned:
    """Owe each open flag's newest step to those it reaches, and nothing else; eleven queries for
    each part of the portfolio. What is snoozed owes nobody anything until that is over.

    Unsent ones that are no longer wanted are cancelled: the flag has closed, the date moved, a
    newer step has come, or the person is not who they were.
    """
    return sum((_plan(part, at) for part in Initiative.objects.in_parts()), Planned())


def _plan(part: InitiativeQuerySet, at: datetime) -> Planned:
    with transaction.atomic():
        wanted = _wanted(part, timezone.localdate(at))
        existing = _existing(Q(_of_open_flags(), initiative__in=part))
        flags = _flags(wanted[key].flag_id for key in wanted.keys() - existing.keys())

        def make(key: Key) -> Reminder:
            flag_id, roles = wanted[key]
            return _reminder(key, flags[flag_id], roles, at)

        return write(wanted, existing, make, _unwanted(wanted, existing))


def owe(reminders: Iterable[Reminder]) -> Planned:
    """Owe these unless they are, or were sent: hearing of the same thing twice is harmless."""
    wanted = {key_of(reminder): reminder for reminder in reminders}
    if not wanted:
        return Planned()
    subjects = {key.subject for key in wanted}
    existing = _existing(Q(kind__in={key.kind for key in wanted}, subject__in=subjects))
    return write(wanted, existing, wanted.__getitem__)


def owe_only(wanted: Mapping[Key, Reminder], which: Q) -> Planned:
    """Owe these and, of all that `which` speaks of, nothing else; what is owed already says from
    now on what it says here."""
    existing = _existing(which)
    planned = write(wanted, existing, wanted.__getitem__, _unwanted(wanted, existing))
    _reword({row.pk: wanted[key] for key, row in existing.items() if key in wanted})
    return planned


def write(
    wanted: Collection[Key],
    existing: Mapping[Key, Existing],
    make: Callable[[Key], Reminder],
    gone: Collection[int] = (),
) -> Planned:
    """Owe what is wanted: what is missing is made, what was cancelled is owed again. What is gone
    is owed no more, unless it was sent."""
    # One order for all: two that insert the same never lock in a ring.
    missing = [make(key) for key in sorted(wanted) if key not in existing]
    # Another process may have inserted some of it in the meantime.
    Reminder.objects.bulk_create(missing, ignore_conflicts=True)
    revived = _revive([row for key, row in existing.items() if key in wanted])
    return Planned(len(missing), revived, _cancel(gone))


def _unwanted(wanted: Collection[Key], existing: Mapping[Key, Existing]) -> list[int]:
    owed = {key: row for key, row in existing.items() if row.state == Reminder.State.OWED}
    return [row.pk for key, row in owed.items() if key not in wanted]


def _revive(wanted: Iterable[Existing]) -> int:
    """Owe again what was cancelled unsent; its mail, if it had one, was never sent."""
    cancelled = [row.pk for row in wanted if row.state == Reminder.State.CANCELLED]
    if not cancelled:
        return 0
    unsent = Reminder.objects.filter(pk__in=cancelled, state=Reminder.State.CANCELLED)
    return unsent.update(state=Reminder.State.OWED, message=None, over_at=None)


def _cancel(gone: Collection[int]) -> int:
    """Take back those that nobody was sent yet."""
    if not gone:
        return 0
    return Reminder.objects.owed().filter(pk__in=gone).update(state=Reminder.State.CANCELLED)


def _reword(wanted: Mapping[int, Reminder]) -> None:
    changed = []
    for row in Reminder.objects.owed().filter(pk__in=wanted):
        now = wanted[row.pk]
        if any(getattr(row, name) != getattr(now, name) for name in WORDS):
            for name in WORDS:
                setattr(row, name, getattr(now, name))
            changed.append(row)
    Reminder.objects.bulk_update(changed, WORDS)


def key_of(reminder: Reminder) -> Key:
    return Key(*(getattr(reminder, field) for field in KEY))


def _existing(which: Q) -> dict[Key, Existing]:
    """The reminders that are there, in whatever state."""
    rows = Reminder.objects.filter(which).order_by().values_list(*KEY, "pk", "state")
    return {Key._make(row[: len(KEY)]): Existing._make(row[len(KEY) :]) for row in rows}


def _of_open_flags() -> Q:
    """Reminders of the ladders that are owed, or of which an open flag may still speak."""
    flags = Flag.objects.open().filter(
        initiative=OuterRef("initiative"), due_date=OuterRef("due_date")
    )
    return Q(Q(state=Reminder.State.OWED) | Q(Exists(flags)), kind__in=KINDS)


def _wanted(part: InitiativeQuerySet, today: date) -> dict[Key, Heard]:
    """What each open flag of these owes today, with the roles in which each person hears it."""
    policy = reviews.current_policy()
    steps = {kind: ladder(policy.reminders) for kind, ladder in ladders.LADDERS.items()}
    newest = cache(lambda kind, due: ladders.newest(steps[kind], due, today))
    open_flags = Flag.objects.open().filter(initiative__in=part)
    owners = _owners(open_flags)
    lately = newcomers(open_flags.values("initiative"), today)
    leads = _leads()
    assignees = _assignees(open_flags) | _leavers(open_flags)
    rows = open_flags.awake(today).values_list("pk", "rule", "subject", "due_date", "initiative_id")
    wanted: dict[Key, Heard] = {}
    for pk, rule, subject, due, initiative_id in rows:
        kind = RULES[rule].reminds
        step = newest(kind, due)
        if step is None:
            continue
        of_it, assignee = owners.get(initiative_id, {}), assignees.get(subject)
        about = subject_of(subject, initiative_id)
        for recipient, roles in ladders.recipients(step, of_it, leads, assignee).items():
            wanted[Key(kind, about, due, step.days, recipient)] = Heard(pk, roles)
        for role, person, day in lately.get(initiative_id, ()):
            missed = ladders.missed(steps[kind], due, step, role, day)
            if missed is not None and Key(kind, about, due, step.days, person) not in wanted:
                key = Key(kind, about, due, missed.days, person)
                wanted[key] = Heard(pk, [str(role.label).lower()])
    return wanted


def _flags(pks: Iterable[int]) -> dict[int, Flag]:
    """Each with what its reminders say."""
    said = Flag.objects.select_related("initiative").only(
        "rule",
        "subject",
        "due_date",
        "severity",
        "says",
        "initiative__name",
        "initiative__declared_at",
        "initiative__counting_since",
    )
    kinds = {name: rule.reminds for name, rule in RULES.items() if rule.reminds in GATES}
    gate = Case(
        *(When(rule=name, then=Value(GATES[kind])) for name, kind in kinds.items()),
        output_field=CharField(),
    )
    of_its_gate = Review.objects.open().filter(
        initiative=OuterRef("initiative"), gate=OuterRef("gate")
    )
    under_review = said.annotate(gate=gate).annotate(is_under_review=Exists(of_its_gate))
    return under_review.in_bulk(set(pks))


def _owners(flags: FlagQuerySet) -> dict[int, dict[Role, int]]:
    """The owners who count, of flagged initiatives; who counts is active and may see it."""
    rows = (
        Ownership.objects.counting()
        .filter(role__in=Role.values, initiative__in=flags.values("initiative"))
        .order_by()
        .values_list("initiative_id", "role", "person_id")
    )
    owners: dict[int, dict[Role, int]] = {}
    for initiative_id, role, person_id in rows:
        owners.setdefault(initiative_id, {})[Role(role)] = person_id
    return owners


def newcomers(flagged: QuerySet[Any] | Collection[int], today: date) -> dict[int, list[Newcomer]]:
    """Who has come into a role of these initiatives lately, by initiative."""
    rows = Ownership.objects.counting().filter(
        role__in=Role.values,
        accepted_at__gte=start_of(today - LATELY),
        initiative__in=flagged,
    )
    found: dict[int, list[Newcomer]] = {}
    for pk, role, person, at in rows.order_by("pk").values_list(*OF_NEWCOMER):
        found.setdefault(pk, []).append(Newcomer(Role(role), person, timezone.localdate(at)))
    return found


def _assignees(flags: FlagQuerySet) -> dict[str, int]:
    """Who was to see to what is flagged as late, and is still here: they may see it, as `checking`
    asks before it sends (`InitiativeQuerySet.visible_to`)."""
    late = Obligation.objects.open().filter(
        initiative__in=flags.filter(subject__startswith="obligation:").values("initiative"),
        assignee__is_active=True,
    )
    rows = late.order_by().values_list("pk", "assignee_id")
    return {f"obligation:{pk}": person for pk, person in rows}


def _leavers(flags: FlagQuerySet) -> dict[str, int]:
    """Who leaves what is flagged for it."""
    flagged = flags.filter(rule="leaving").values("initiative")
    held = Ownership.objects.counting().filter(
        initiative__in=flagged, person__leaves_on__isnull=False
    )
    rows = held.order_by().values_list("initiative_id", "person_id")
    return {of_leaver(pk, person): person for pk, person in rows}


def _leads() -> list[int]:
    members = Membership.objects.filter(
        group__key=Group.LEADS, left_at=None, person__is_active=True
    )
    return list(members.order_by("person_id").values_list("person_id", flat=True))


def _reminder(key: Key, flag: Flag, roles: list[str], at: datetime) -> Reminder:
    kind, subject, due_date, step, person_id = key
    asked = Asked(
        kind,
        flag.initiative,
        subject,
        due_date,
        step,
        person_id,
        roles,
        timezone.localdate(at),
        is_under_review=flag.is_under_review,  # type: ignore[attr-defined]  # annotated
    )
    return Reminder(
        **key._asdict(),
        initiative_id=flag.initiative_id,
        says=asking.says(asked),
        detail=asking.detail(asked, flag.says),
        why=asking.why(asked),
        path=asking.path(asked),
        is_urgent=_is_urgent(key, flag),
        planned_at=at,
    )


def _is_urgent(key: Key, flag: Flag) -> bool:
    """A tripped kill condition, what was just suspended, and an unowned system that is in use
    (product.md §5)."""
    if key.kind == "kill_condition_tripped":
        return key.step == 0
    if key.kind == "suspended":
        return key.step < 0
    # What people had time to answer for can wait for the mail of the day as well.
    could_wait = flag.due_date == asked_until(
        flag.initiative.declared_at, flag.initiative.counting_since
    )
    return key.kind == "unowned" and flag.severity == Severity.CRITICAL and not could_wait

"""What comes next: on which day a person will be reminded of what, as things stand now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery

from accounts import permissions
from accounts.models import Person
from initiatives.models import Initiative, Obligation, Ownership
from initiatives.stages import UNDECIDED, Role, Stage
from initiatives.workdays import first_working_day
from notifications import ladders
from notifications.ladders import LADDERS, Step
from notifications.models import Flag, Snooze, subject_of
from notifications.preferences import ALARMS, TOPIC_OF, Pace, is_named
from notifications.queries.deadlines import COLUMNS
from notifications.queries.preferred import paces_of
from notifications.rules import RULES
from notifications.rules.owners import of_leaver
from reviews import catching_up
from reviews import queries as reviews
from reviews.models import Override, Review
from reviews.policy import Policy

Owners = Mapping[int, Mapping[Role, int]]
Ladders = Mapping[str, Sequence[Step]]
MOST = 200  # flags whose reminders are looked ahead at; a lead of a large portfolio has thousands
SOMEBODY = 0  # else was given it, and hears of it: no person has this number
DAY = timedelta(days=1)
SHOWN = ("rule", "subject", "due_date", "initiative__name")
# What a reminder of this kind is about.
ABOUT = {
    "catch_up": "its catch-up",
    "decision_date": "its decision",
    "decision_lapsed": "its decision, which has lapsed",
    "decision_ready": "its decision: a review is complete and signed",
    "override": "what was set aside",
    "threshold_reached": "its decision: the threshold is reached",
    "unowned": "who answers for it",
    "leaving": "who takes over from somebody who leaves",
    "kill_condition_tripped": "a kill condition that has tripped",
    "suspended": "its suspension",
    "obligation": "what was to be seen to",
    "statement_unsigned": "the success statement",
    "recertification": "its recertification",
    "falls_short": "how it does in production",
    "measurement_stale": "its measurements",
    "evaluation_stale": "its evaluations",
    "over_budget": "what it costs",
    "stalled": "how it stands",
    "sign_off_overdue": "signatures that are missing",
    "slot_unfillable": "a signature that nobody can give",
    "shown_only": "",
}


@dataclass(frozen=True, slots=True)
class NextStep:
    """The day on which the next reminder about something will be owed, if it stays as it is, and
    the one whose mail carries it."""

    day: date
    mailed_on: date
    about: str
    due_date: date
    initiative: Initiative


@dataclass(frozen=True, slots=True)
class _Due:
    """What reminders of a kind count from."""

    kind: str
    subject: str
    due_date: date
    initiative: Initiative
    assignee: int | None = None
    quiet_until: date | None = None  # the last day of its snooze
    of_flag: bool = False


def next_steps(person: Person, today: date) -> list[NextStep]:
    """When this person will next be reminded of what, the earliest first: by the ladders, from the
    flags that are open and the dates ahead of what is theirs, in a constant number of queries.

    Leads hear of what nobody sees to: of that, what is flagged already.
    """
    policy = reviews.current_policy()
    steps = {kind: ladder(policy.reminders) for kind, ladder in LADDERS.items()}
    found = {(due.kind, due.subject): due for due in _ahead(person, policy, today)}
    found |= {(due.kind, due.subject): due for due in _flagged(person, steps, today)}
    owners = _owners({due.initiative.pk for due in found.values()})
    paces = paces_of(person)
    next_ones = [
        NextStep(
            day=day,
            mailed_on=_mailed_on(day, due.kind, step, paces),
            about=ABOUT[due.kind],
            due_date=due.due_date,
            initiative=due.initiative,
        )
        for due in found.values()
        for day, step in _next_day(person, due, steps[due.kind], owners, today)
    ]
    return sorted(next_ones, key=lambda step: (step.mailed_on, step.initiative.pk, step.about))


def _mailed_on(day: date, kind: str, step: Step, paces: Mapping[str, str]) -> date:
    """On which day its mail goes out, by the pace of its reader: what can wait goes out on working
    days, or in the first mail of the next week."""
    pace = paces[TOPIC_OF[kind]]
    if pace == Pace.AT_ONCE or (kind in ALARMS and step.days < 0):
        return day
    if pace == Pace.WEEKLY and not is_named(kind, step.days):
        return first_working_day(day + timedelta(days=7 - day.weekday()))
    return first_working_day(day)


def _next_day(
    person: Person, due: _Due, steps: Sequence[Step], owners: Owners, today: date
) -> list[tuple[date, Step]]:
    """The next day on which a step reaches this person, and the step; none where none does. What
    came while it was snoozed is told of on the first day after, and only the newest of it."""
    leads = [person.pk] if due.of_flag and permissions.is_lead(person) else []
    of_it = owners.get(due.initiative.pk, {})
    mine = [s for s in steps if person.pk in ladders.recipients(s, of_it, leads, due.assignee)]
    first = today + DAY
    if due.quiet_until is not None:
        first = due.quiet_until + DAY
        missed = ladders.newest(steps, due.due_date, first)
        if (
            missed is not None
            and missed in mine
            and missed != ladders.newest(steps, due.due_date, today)
        ):
            return [(first, missed)]
    reached = [(ladders.reached_on(step.days, due.due_date), step) for step in mine]
    ahead = [found for found in reached if found[0] >= first]
    return [min(ahead, key=lambda found: (found[0], found[1].days))] if ahead else []


def _owners(initiatives: set[int]) -> Owners:
    """Who counts in which role, as planning has it."""
    rows = Ownership.objects.counting().filter(initiative__in=initiatives, role__in=Role.values)
    found: dict[int, dict[Role, int]] = {}
    for pk, role, person in rows.order_by().values_list("initiative", "role", "person"):
        found.setdefault(pk, {})[Role(role)] = person
    return found


def _flagged(person: Person, steps: Ladders, today: date) -> Iterator[_Due]:
    """Open flags that may remind this person again: those of what is theirs, or of all where they
    lead."""
    owed = Obligation.objects.open().filter(assignee=person)
    subjects = [f"obligation:{pk}" for pk in owed.order_by().values_list("pk", flat=True)]
    flags = Flag.objects.open().visible_to(person).filter(_may_remind_again(steps, today))
    if not permissions.is_lead(person):
        flags = flags.filter(Q(initiative__in=_mine(person)) | Q(subject__in=subjects))
    snoozed = Snooze.objects.in_force(today).filter(flag=OuterRef("pk")).values("until")
    rows = flags.annotate(quiet_until=Subquery(snoozed)).select_related("initiative")
    for flag in rows.order_by("-due_date", "pk").only(*SHOWN)[:MOST]:
        yield _Due(
            kind=RULES[flag.rule].reminds,
            subject=subject_of(flag.subject, flag.initiative_id),
            due_date=flag.due_date,
            initiative=flag.initiative,
            assignee=person.pk if flag.subject in subjects or _is_about(person, flag) else SOMEBODY,
            quiet_until=flag.quiet_until,  # type: ignore[attr-defined]
            of_flag=True,
        )


def _is_about(person: Person, flag: Flag) -> bool:
    """Whether it is they who leave."""
    return flag.subject == of_leaver(flag.initiative_id, person.pk)


def _may_remind_again(steps: Ladders, today: date) -> Q:
    """Whether a step of its ladder lies ahead; what is snoozed may have one to make up for."""
    found = Q(pk__in=Snooze.objects.in_force(today).values("flag"))
    for name, rule in RULES.items():
        if days := [step.days for step in steps[rule.reminds]]:
            found |= Q(rule=name, due_date__gt=today - timedelta(days=max(days)))
    return found


def _mine(person: Person) -> QuerySet[Ownership, Any]:
    roles = Ownership.objects.counting().filter(person=person, role__in=Role.values)
    return roles.order_by().values("initiative")


def _ahead(person: Person, policy: Policy, today: date) -> Iterator[_Due]:
    """Dates of what is theirs from which reminders will count, whether flagged by now or not."""
    owned = Initiative.objects.counting().filter(pk__in=_mine(person))
    for row in owned.exclude(stage=Stage.RETIRED).only(*COLUMNS):
        yield from _of_initiative(row, policy, today)
    overrides = Override.objects.open().filter(
        review__initiative__in=_mine(person), expires_on__gte=today
    )
    overrides = overrides.only("expires_on", "review__initiative__name")
    for override in overrides.select_related("review__initiative"):
        subject = f"override:{override.pk}"
        yield _Due("override", subject, override.expires_on, override.review.initiative)
    owed = Obligation.objects.open().filter(due_date__gte=today)
    theirs = owed.filter(Q(assignee=person) | Q(initiative__in=_mine(person)))
    theirs = theirs.only("due_date", "assignee__is_active", "initiative__name")
    for due in theirs.select_related("initiative", "assignee"):
        subject, hears = f"obligation:{due.pk}", due.assignee_id if due.assignee.is_active else None
        yield _Due("obligation", subject, due.due_date, due.initiative, hears)
    asked = Review.objects.open().filter(initiative__in=_mine(person), due_date__gte=today)
    for review in asked.select_related("initiative").only("due_date", "initiative__name"):
        yield _Due("sign_off_overdue", f"review:{review.pk}", review.due_date, review.initiative)


def _of_initiative(row: Initiative, policy: Policy, today: date) -> Iterator[_Due]:
    subject = f"initiative:{row.pk}"
    if row.decision_date is not None and row.decision_date >= today:
        if row.stage in UNDECIDED:
            yield _Due("decision_date", subject, row.decision_date, row)
        elif not row.is_suspended:
            yield _Due("recertification", subject, row.decision_date, row)
    catch_up = catching_up.due_date(row, policy.limits)
    if catch_up is not None and catch_up >= today:
        yield _Due("catch_up", subject, catch_up, row)

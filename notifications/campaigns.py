"""What a campaign would do, before it does it: who is asked about what, and which dates begin."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX as UNUSABLE
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from accounts.models import Person, Unit
from initiatives.actions.counting import DAYS_FOR_IMPORTED_PILOTS
from initiatives.models import Initiative, Ownership
from initiatives.models.ownership import OwnershipQuerySet
from initiatives.models.registry import InitiativeQuerySet
from initiatives.stages import DAYS_TO_DECIDE, RECERTIFY_FULL, RUNNING, Stage
from initiatives.triage import Level
from initiatives.workdays import add_working_days
from notifications import mail, queries
from notifications.actions import chasing
from notifications.actions.composing import next_mails
from notifications.models import Message
from notifications.queries import Asked
from notifications.rules.words import in_words
from reviews import queries as reviews

NAMED = 50  # of those that nobody is said to own
MENTIONED = 5  # of those who were left out for the same reason


def quiet(unit: Unit | None = None) -> InitiativeQuerySet:
    """What waits for a campaign: all of it, or what is of this unit and of those below it."""
    rows = Initiative.objects.quiet()
    return rows if unit is None else rows.filter(unit__in=_within(unit))


def _within(unit: Unit) -> set[int]:
    below: dict[int | None, list[int]] = {}
    for pk, parent in Unit.objects.values_list("pk", "parent"):
        below.setdefault(parent, []).append(pk)
    found, next_ones = {unit.pk}, [unit.pk]
    while next_ones:
        next_ones = [pk for above in next_ones for pk in below.get(above, ()) if pk not in found]
        found |= set(next_ones)
    return found


def asked_about(rows: InitiativeQuerySet) -> OwnershipQuerySet:
    """The questions that wait while these are quiet."""
    return Ownership.objects.waiting().filter(initiative__in=rows.order_by())


def count_asked(rows: InitiativeQuerySet) -> int:
    """How many people get a mail when the quiet of these ends."""
    return asked_about(rows).order_by().values("person").distinct().count()


@dataclass(frozen=True, slots=True)
class Dates:
    """What begins to count for those of one stage, or of one level of what has to catch up."""

    what: str
    count: int
    by: date


@dataclass(frozen=True, slots=True)
class Preview:
    """All that would happen, were it started now."""

    initiatives: int
    asked: int  # people, each of whom gets one mail
    invited: int  # of them: known by e-mail alone
    roles: int
    people: QuerySet[Any]  # each with `roles`, in how many they are asked about theirs
    dates: list[Dates]
    catching_up: list[Dates]
    unsaid: list[Initiative]
    unsaid_count: int

    @property
    def unsaid_more(self) -> int:
        return self.unsaid_count - len(self.unsaid)


def preview(unit: Unit | None, today: date) -> Preview:
    """Whom it would ask, and what it would date; in a constant number of queries."""
    rows = quiet(unit)
    asked = asked_about(rows).order_by()
    people = Person.objects.filter(pk__in=asked.values("person"))
    counts = people.aggregate(
        asked=Count("pk"), invited=Count("pk", filter=Q(password__startswith=UNUSABLE))
    )
    kinds = Counter(rows.order_by().values_list("stage", "level"))
    unsaid = rows.exclude(pk__in=asked.values("initiative")).select_related("unit")
    return Preview(
        initiatives=sum(kinds.values()),
        **counts,
        roles=asked.count(),
        people=_with_roles(people, asked).order_by("name", "pk"),
        dates=list(_first_dates(kinds, today)),
        catching_up=list(_catching_up(kinds, today)),
        unsaid=list(unsaid.order_by("pk")[:NAMED]),
        unsaid_count=unsaid.count(),
    )


def _with_roles(people: QuerySet[Person], asked: OwnershipQuerySet) -> QuerySet[Any]:
    theirs = asked.filter(person=OuterRef("pk")).values("person")
    return people.annotate(roles=Subquery(theirs.annotate(count=Count("pk")).values("count")))


def _first_dates(kinds: Counter[tuple[str, str]], today: date) -> Iterable[Dates]:
    """The dates that `start_counting` sets, stage by stage."""
    given = dict(DAYS_TO_DECIDE) | {Stage.PILOT: DAYS_FOR_IMPORTED_PILOTS}
    for stage in Stage:
        days = given[stage]
        of_stage = {level: count for (s, level), count in kinds.items() if s == stage}
        if days is None or not of_stage:
            continue
        full = of_stage.pop(Level.FULL, 0) if stage == Stage.PRODUCTION else 0
        if full:
            yield Dates("systems at full level, to recertify", full, today + RECERTIFY_FULL)
        if rest := sum(of_stage.values()):
            yield Dates(WHAT_IS_DUE[stage], rest, today + days)


WHAT_IS_DUE = {
    Stage.PROPOSAL: "proposals, to be decided",
    Stage.PILOT: "pilots, to be decided",
    Stage.READINESS_REVIEW: "in readiness review, to be decided",
    Stage.PRODUCTION: "systems, to recertify",
}


def _catching_up(kinds: Counter[tuple[str, str]], today: date) -> Iterable[Dates]:
    """What has passed no gate catches up by its level."""
    limits = reviews.current_policy().limits
    for level in Level:
        count = sum(n for (stage, of), n in kinds.items() if of == level and stage in RUNNING)
        if count:
            by = today + timedelta(days=limits.catch_up_days[level])
            yield Dates(f"at {level.label.lower()} level", count, by)


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail as it would go out."""

    to: Person
    subject: str
    text: str
    html: str


def letter(person: Person, unit: Unit | None, at: datetime) -> Letter | None:
    """The mail this person would get when it is started, rendered and not sent; None where they
    would get none. No link in it is a secret: an invited person's goes to the page that asks for
    their address."""
    rows = asked_about(quiet(unit)).filter(person=person)
    waiting = queries.unanswered().filter(person=person)
    questions = sorted(queries.as_asked(rows | waiting), key=_by_number)
    if not questions:
        return None
    today = timezone.localdate(at)
    said = chasing.reminder(questions, kind="ownership_asked", day=today, step=0, at=at)
    message = Message(recipient=person, is_urgent=False, day=today, created_at=at)
    written = mail.written(message, [said], {}, today)
    ((html, _),) = written.alternatives
    return Letter(person, str(written.subject), str(written.body), str(html))


def _by_number(question: Asked) -> tuple[int, int]:
    return question.ownership.initiative_id, question.ownership.pk


def going_out(at: datetime) -> str:
    """When the mails of a campaign started now go out: each in its reader's mail of the day."""
    today, begins = timezone.localdate(at), timezone.localtime(next_mails(at))
    if begins <= at:
        after = _weekday(add_working_days(today, 1))
        return f"at once; whoever has had a mail today already hears of it on {after}"
    day = "today" if begins.date() == today else f"on {_weekday(begins.date())}"
    return f"{day}, from {begins:%H:%M}"


def _weekday(day: date) -> str:
    return f"{day:%A} {in_words(day)}"


def started(initiatives: int, mails: int, at: datetime) -> str:
    """What has begun, and when those who are asked hear of it."""
    begun = "one initiative" if initiatives == 1 else f"{initiatives} initiatives"
    if not mails:
        return f"Started for {begun}. Nobody gets a mail."
    count = "One mail goes" if mails == 1 else f"{mails} mails go"
    return f"Started for {begun}. {count} out {going_out(at)}."


def chased(count: int, left: Mapping[str, Sequence[str]]) -> str:
    """Whom a press has asked again, and whom not and why: `Left out: Ana Able (…).`"""
    people = "One person is" if count == 1 else f"{count} people are"
    said = (
        f"{people} asked again, by a mail that goes out now." if count else "Nobody is asked again."
    )
    who = "; ".join(f"{_some(names)} ({why})" for why, names in left.items())
    return f"{said} Left out: {who}." if who else said


def _some(names: Sequence[str]) -> str:
    more = len(names) - MENTIONED
    return mail.listed([*names[:MENTIONED], f"{more} others"] if more > 1 else list(names))

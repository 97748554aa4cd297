"""Reads about what people are said to own and have not answered for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Exists, F, Max, OuterRef, Q, Subquery
from django.utils import timezone

from accounts.models import Group, Membership, Person, Unit
from initiatives.models import Initiative, Ownership
from initiatives.models.ownership import OwnershipQuerySet
from initiatives.workdays import first_working_day
from notifications.models import Reminder
from notifications.rules.finding import start_of
from notifications.rules.owners import DAYS_TO_ANSWER
from reviews.models import RetirementRequest

ASKING = ("ownership_asked", "ownership_chased")
STEPS = (0, 3, 7, 14)  # days after which the silent are asked again
# All that a mail or a list says of a question, of thousands at once: long texts are left out.
SHOWN = (
    "role", "asked_at", "accepted_at", "asked_by__name",
    *(f"person__{name}" for name in ("name", "email", "password", "unit")),
    *(f"person__{name}" for name in ("is_active", "active_since")),
    *(f"initiative__{name}" for name in ("name", "unit", "is_restricted", "stage")),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """A role that somebody is said to hold, and since when the question stands: since they were
    named, or came back, or quiet ended, or that was kept of which somebody said that it is dead."""

    ownership: Ownership
    since: datetime
    day: date  # of `since`

    @property
    def said(self) -> str:
        """`AI-0042 Claims triage (business owner)`."""
        row = self.ownership.initiative
        return f"{row.reference} {row.name} ({self.ownership.role_name.lower()})"


def unanswered() -> OwnershipQuerySet:
    """Questions that stand: nobody has to own what somebody said is dead, until that is decided."""
    dead = RetirementRequest.objects.filter(initiative=OuterRef("initiative"), closed_at=None)
    return Ownership.objects.unanswered().exclude(Exists(dead))


def asked(people: Collection[int] | None = None) -> dict[int, list[Asked]]:
    """What each person, or each of these, has not answered, the longest first; in one query."""
    rows = unanswered() if people is None else unanswered().filter(person__in=people)
    found: dict[int, list[Asked]] = defaultdict(list)
    for question in as_asked(rows.select_related("initiative", "asked_by", "person").only(*SHOWN)):
        found[question.ownership.person_id].append(question)
    return {pk: sorted(mine, key=_by_age) for pk, mine in found.items()}


def is_silent(questions: Sequence[Asked], today: date) -> bool:
    """Whether the first day on which they are asked again has come; until then somebody was asked
    and may well still answer."""
    return any(question.day + timedelta(days=STEPS[1]) <= today for question in questions)


def asked_long_enough(today: date) -> dict[int, list[Asked]]:
    """What each silent person has not answered."""
    return {pk: mine for pk, mine in asked().items() if is_silent(mine, today)}


def as_asked(rows: OwnershipQuerySet) -> list[Asked]:
    """These questions, each with since when it stands; for a quiet one since it was named."""
    kept = RetirementRequest.objects.filter(
        initiative=OuterRef("initiative"), closed_at__isnull=False
    )
    read = rows.order_by().select_related("initiative", "asked_by", "person")
    read = read.annotate(
        kept_at=Subquery(kept.order_by("-closed_at").values("closed_at")[:1]),
        counting_since=F("initiative__counting_since"),
    )
    return [_question(row) for row in read]


def _question(row: Ownership) -> Asked:
    since = _since(row)
    return Asked(row, since, timezone.localdate(since))


def _since(row: Ownership) -> datetime:
    moments = (
        *(row.asked_at, row.person.active_since),
        *(row.counting_since, row.kept_at),  # type: ignore[attr-defined]
    )
    return max(moment for moment in moments if moment is not None)


def _by_age(question: Asked) -> tuple[datetime, int, int]:
    row = question.ownership
    return question.since, row.initiative_id, row.pk


# --- who hears of silence ---


def members(group: str) -> list[Person]:
    """Those of this group who are here."""
    rows = Membership.objects.filter(group__key=group, left_at=None, person__is_active=True)
    return [row.person for row in rows.select_related("person").order_by("person_id")]


def leads() -> list[Person]:
    """The portfolio leads who are here."""
    return members(Group.LEADS)


@dataclass(frozen=True, slots=True)
class Heads:
    """Who hears what somebody leaves unsaid: the head of their unit or of one above it, else the
    portfolio leads (product.md §2)."""

    units: Mapping[int, Unit]
    leads: list[Person]

    def of(self, question: Asked) -> list[Person]:
        """Somebody without a unit belongs to that of the initiative; of what is restricted the
        leads alone hear."""
        row = question.ownership
        unit = row.person.unit_id or row.initiative.unit_id
        head = None if row.initiative.is_restricted else self._head(unit, row.person_id)
        return [head] if head else [lead for lead in self.leads if lead.pk != row.person_id]

    def _head(self, unit: int | None, silent: int) -> Person | None:
        """A unit that is above itself, which raw SQL can make, ends the walk."""
        seen: set[int] = set()
        while unit is not None and unit not in seen:
            seen.add(unit)
            head = self.units[unit].head
            if head is not None and head.is_active and head.pk != silent:
                return head
            unit = self.units[unit].parent_id
        return None


def heads() -> Heads:
    """Read in two queries for everybody."""
    return Heads({unit.pk: unit for unit in Unit.objects.select_related("head")}, leads())


def told_on(day: date, people: Collection[int]) -> set[int]:
    """Which of these are asked by a mail of this day, sent or still to be."""
    rows = Reminder.objects.filter(
        Q(state=Reminder.State.OWED)
        | Q(state=Reminder.State.SENT, message__sent_at__gte=start_of(day)),
        kind__in=ASKING,
        recipient__in=people,
    )
    return set(rows.order_by().values_list("recipient_id", flat=True))


def last_told(people: Collection[int]) -> dict[int, datetime]:
    """When each of these was last asked by mail."""
    sent = Reminder.objects.filter(
        kind__in=ASKING, state=Reminder.State.SENT, recipient__in=people
    ).order_by()
    rows = sent.values_list("recipient_id").annotate(last=Max("message__sent_at"))
    return {pk: last for pk, last in rows if last is not None}


# Why somebody is not asked again.
HEARD, ANSWERED, GONE = "asked today, or by their next mail", "answered meanwhile", "no longer here"


def left_out(
    people: Collection[int] | None, chased: Collection[int], seen_at: datetime
) -> dict[str, list[str]]:
    """The names of those who were meant and not `chased`, by why: of these `people`, or, where
    all were meant, of all who are silent, or were when they were looked at."""
    still = asked(people) if people is not None else asked_long_enough(timezone.localdate(seen_at))
    meant = {*still, *_heard_from(seen_at)} if people is None else set(people)
    found: dict[str, list[str]] = defaultdict(list)
    for person in Person.objects.filter(pk__in=meant - set(chased)).order_by("name", "pk"):
        why = HEARD if person.pk in still else ANSWERED
        found[why if person.is_active else GONE].append(person.name)
    return found


def _heard_from(since: datetime) -> set[int]:
    """Who has answered since, for what others asked, or has left without."""
    rows = Ownership.objects.of_others().filter(initiative__counting_since__isnull=False)
    answered = Q(accepted_at__gte=since) | Q(declined_at__gte=since)
    left = Q(accepted_at=None, person__is_active=False, person__inactive_since__gte=since)
    dead = RetirementRequest.objects.filter(asked_at__gte=since).order_by()
    found = rows.filter(answered | left).order_by().values_list("person_id", flat=True)
    return {*found, *dead.values_list("asked_by_id", flat=True)}


@dataclass(frozen=True, slots=True)
class Silence:
    """Somebody who has not answered: for what, since when, when they last had a mail about it, and
    on which day the next one goes out."""

    person: Person
    questions: list[Asked]
    told_at: datetime | None
    next_on: date | None
    is_silent: bool  # they were asked, and asked again or ought to be
    is_over: bool  # the head of their unit has heard of it

    @property
    def since(self) -> datetime:
        return self.questions[0].since

    @property
    def initiatives(self) -> list[Initiative]:
        found = {q.ownership.initiative_id: q.ownership.initiative for q in self.questions}
        return list(found.values())


def silent(head: Person | None, today: date) -> list[Silence]:
    """Who has not answered, the longest first; of a head's units, those who have none left out
    are all others. In a constant number of queries."""
    found = asked()
    if head is not None:
        found = _heard_by(head, found)
    told = last_told(found)
    silences = [_silence(mine, told.get(pk), today) for pk, mine in found.items()]
    return sorted(silences, key=lambda s: (s.since, s.person.name, s.person.pk))


def _heard_by(head: Person, found: Mapping[int, list[Asked]]) -> dict[int, list[Asked]]:
    known = heads()
    theirs = {
        pk: [question for question in mine if head in known.of(question)]
        for pk, mine in found.items()
    }
    return {pk: mine for pk, mine in theirs.items() if mine}


def _silence(mine: list[Asked], told_at: datetime | None, today: date) -> Silence:
    day = mine[0].day
    over = day + timedelta(days=DAYS_TO_ANSWER)
    steps = (day + timedelta(days=step) for step in (*STEPS, DAYS_TO_ANSWER))
    mail_days = (first_working_day(step) for step in steps)
    return Silence(
        person=mine[0].ownership.person,
        questions=mine,
        told_at=told_at,
        next_on=next((mail_day for mail_day in mail_days if mail_day > today), None),
        is_silent=is_silent(mine, today),
        is_over=over <= today,
    )

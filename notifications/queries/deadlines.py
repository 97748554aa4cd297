"""What is due on a day: what one person sees to, and the decisions of the portfolio."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst

from accounts.models import Person
from initiatives.models import Initiative, KillCondition, Obligation, OpenQuestion, Ownership
from initiatives.models.registry import InitiativeQuerySet
from initiatives.stages import Stage
from notifications.models import Calendar
from reviews import catching_up
from reviews import queries as reviews
from reviews.models import Override
from reviews.policy import Limits

# All that is read of an initiative: long texts are left out.
COLUMNS = (
    "name", "stage", "decision_date", "counting_since", "suspended_at", "suspended_until", "level",
    "declared_stage", "caught_up_at", "version", "evidence_version", "touched_at",
)  # fmt: skip
OF_INITIATIVE = tuple(f"initiative__{column}" for column in COLUMNS)
# How much the feed of the portfolio holds: programs fetch all of it again, each of its own accord.
MOST_AHEAD, MOST_LATE = 400, 100
PAST, AHEAD = timedelta(days=92), timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Deadline:
    """Something that is due on a day, about an initiative or, where that is None, about oneself.

    `key` names it for as long as it is the same thing, on whatever day it is due; `sequence` rises
    whenever it may have moved, and `changed_at` is when it last may have.
    """

    day: date
    says: str
    initiative: Initiative | None
    path: str
    key: str
    sequence: int
    changed_at: datetime
    note: str = ""  # what to know of it: of a decision, what would stop it


def deadlines(person: Person, today: date) -> list[Deadline]:
    """Everything that this person has to see to by a day, the next first, in a constant number of
    queries; what is late comes before it."""
    owned = _owned_by(person)
    conditions = _armed(owned)
    limits = reviews.current_policy().limits
    found = (
        *_of_initiatives(owned.only(*COLUMNS), limits, conditions),
        *_kill_conditions(conditions, today),
        *_overrides(owned),
        *_signatures(person, today),
        *_obligations(person),
        *_open_questions(person),
        *_statements(person, limits),
        *_deputy(person),
    )
    return _in_order(found)


def decision_dates(person: Person, today: date) -> list[Deadline]:
    """When decisions are due over all that this person may see: what is late since three months
    at most, and what comes within a year; of a large portfolio what is nearest to today."""
    rows = Initiative.objects.visible_to(person).counting().exclude(stage=Stage.RETIRED)
    ahead = rows.filter(decision_date__gte=today, decision_date__lte=today + AHEAD)
    late = rows.filter(decision_date__lt=today, decision_date__gte=today - PAST)
    nearest = (
        *ahead.order_by("decision_date", "pk").only(*COLUMNS)[:MOST_AHEAD],
        *late.order_by("-decision_date", "pk").only(*COLUMNS)[:MOST_LATE],
    )
    return _in_order(deadline for row in nearest if (deadline := _decision(row)))


def of_calendar(calendar: Calendar, today: date) -> list[Deadline]:
    """What a subscribed calendar shows, by what its person may see now."""
    of = deadlines if calendar.kind == Calendar.Kind.OWN else decision_dates
    return of(calendar.person, today)


@dataclass(frozen=True, slots=True)
class Address:
    """A calendar that this person may subscribe to, and since when there is an address."""

    kind: str
    title: str
    made_at: datetime | None


def calendars_of(person: Person) -> list[Address]:
    """Both, in one query."""
    made = Calendar.objects.living().filter(person=person).values_list("kind", "made_at")
    since = dict(made)
    return [Address(kind, str(kind.label), since.get(kind)) for kind in Calendar.Kind]


def _in_order(found: Iterable[Deadline]) -> list[Deadline]:
    return sorted(found, key=lambda deadline: (deadline.day, deadline.key))


def _owned_by(person: Person) -> InitiativeQuerySet:
    """Where they hold a role, by now and not by what once was accepted; nothing quiet is due."""
    roles = Ownership.objects.counting().filter(person=person).order_by()
    owned = Initiative.objects.counting().filter(pk__in=roles.values("initiative"))
    return owned.exclude(stage=Stage.RETIRED)


def _of(
    row: Initiative, day: date, says: str, what: str, path: str = "", note: str = ""
) -> Deadline:
    """One that follows an initiative: its versions rise whenever any day of it moves."""
    return Deadline(
        day=day,
        says=says,
        initiative=row,
        path=path or row.get_absolute_url(),
        key=what,
        sequence=row.version + row.evidence_version,
        changed_at=row.touched_at,
        note=note,
    )


def _of_initiatives(
    rows: Iterable[Initiative], limits: Limits, conditions: Iterable[KillCondition]
) -> Iterator[Deadline]:
    stops: dict[int, list[str]] = {}
    for condition in conditions:
        if condition.by_decision_date and condition.due_on(condition.initiative):
            stops.setdefault(condition.initiative_id, []).append(f"{condition.sentence()}.")
    for row in rows:
        if decision := _decision(row, " ".join(stops.get(row.pk, ()))):
            yield decision
        if row.suspended_until is not None:
            yield _of(row, row.suspended_until, "Resume or retire it", f"suspension-{row.pk}")
        if (day := catching_up.due_date(row, limits)) is not None:
            yield _of(row, day, "Catch up on the gates it never passed", f"catch-up-{row.pk}")


def _decision(row: Initiative, note: str = "") -> Deadline | None:
    """The day by which it is decided; what is suspended is not recertified before it is resumed."""
    if row.decision_date is None or (row.is_suspended and row.stage == Stage.PRODUCTION):
        return None
    says = capfirst(row.decision_date_name)
    return _of(row, row.decision_date, says, f"decision-{row.pk}", note=note)


def _armed(owned: InitiativeQuerySet) -> list[KillCondition]:
    armed = KillCondition.objects.filter(
        initiative__in=owned.order_by().values("pk"), state=KillCondition.State.ARMED
    )
    return list(armed.select_related("metric", "initiative").order_by("pk"))


def _kill_conditions(conditions: Iterable[KillCondition], today: date) -> Iterator[Deadline]:
    """Those that are evaluated on a day of their own, until it is over: then there is nothing to
    see to. Those by the decision date stand with it; others trip whenever they come true."""
    for condition in conditions:
        day = condition.due_on(condition.initiative)
        if day is not None and day >= today and not condition.by_decision_date:
            key = f"kill-condition-{condition.pk}"
            yield _of(condition.initiative, day, condition.sentence(), key)


def _overrides(owned: InitiativeQuerySet) -> Iterator[Deadline]:
    of_mine = Override.objects.open().filter(review__initiative__in=owned.order_by().values("pk"))
    for override in of_mine.select_related("review__initiative").order_by("pk"):
        gate = override.review.get_gate_display().lower()
        yield _of(
            override.review.initiative,
            override.expires_on,
            f"Meet what was set aside at its {gate} gate",
            f"override-{override.pk}",
            override.review.get_absolute_url(),
        )


def _signatures(person: Person, today: date) -> Iterator[Deadline]:
    for request in reviews.requests_for(person, today):
        review = request.review
        slots = ", ".join(str(state.slot.title) for state in request.slots)
        yield _of(
            review.initiative,
            review.due_date,
            f"Sign the {review.get_gate_display().lower()} review as {slots}",
            f"review-{review.pk}",
            review.get_absolute_url(),
        )


def _visible(person: Person) -> QuerySet[Initiative]:
    return Initiative.objects.visible_to(person).order_by().values("pk")  # type: ignore[return-value]


def _obligations(person: Person) -> Iterator[Deadline]:
    mine = Obligation.objects.open().filter(assignee=person, initiative__in=_visible(person))
    for owed in mine.select_related("initiative").only("what", "due_date", *OF_INITIATIVE):
        path = reverse("initiatives:confirm_obligation", args=[owed.pk])
        yield _of(owed.initiative, owed.due_date, owed.what, f"obligation-{owed.pk}", path)


def _open_questions(person: Person) -> Iterator[Deadline]:
    mine = OpenQuestion.objects.filter(
        owner=person, closed_at=None, due_date__isnull=False, initiative__in=_visible(person)
    ).exclude(initiative__stage=Stage.RETIRED)
    for row in mine.select_related("initiative").only("question", "due_date", *OF_INITIATIVE):
        assert row.due_date is not None
        path = reverse("initiatives:close_question", args=[row.pk])
        says = f"Close the question: {row.question}"
        yield _of(row.initiative, row.due_date, says, f"question-{row.pk}", path)


def _statements(person: Person, limits: Limits) -> Iterator[Deadline]:
    """A new sponsor signs what they took over (product.md §4, Absence)."""
    unsigned = reviews.unsigned_sponsorships(Initiative.objects.all()).filter(person=person)
    for row in unsigned.select_related("initiative").order_by("pk"):
        assert row.accepted_at is not None
        day = timezone.localdate(row.accepted_at) + timedelta(days=limits.statement_days)
        path = reverse("reviews:endorse", args=[row.initiative_id])
        says = "Sign the success statement that you took over"
        yield _of(row.initiative, day, says, f"statement-{row.pk}", path)


def _deputy(person: Person) -> Iterator[Deadline]:
    """The last day on which somebody signs for them. Of another day it is another deadline: a
    person's row has no version that would rise."""
    if person.deputy_id is None or person.deputy_until is None:
        return
    yield Deadline(
        day=person.deputy_until,
        says="Last day on which your deputy signs for you",
        initiative=None,
        path=reverse("portfolio:deputy"),
        key=f"deputy-{person.deputy_until:%Y%m%d}",
        sequence=0,
        changed_at=timezone.make_aware(datetime.combine(person.deputy_until, time.min)),
    )

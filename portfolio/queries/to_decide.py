"""The decisions that are one person's to take: those that are due, and reviews that wait for
nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Window
from django.urls import reverse
from django.utils.text import capfirst

from accounts import permissions as people
from accounts.models import Person
from initiatives.facts import Facts
from initiatives.models import Initiative, Ownership
from initiatives.stages import DECISION_DATE_NAME, UNDECIDED, Role
from notifications.rules.words import in_words
from portfolio.queries import timeline
from portfolio.queries.beside import listed, moment, rows_of_initiative
from reviews import permissions
from reviews import queries as reviews
from reviews.models import Decision

MOST = 8  # shown; a lead of a large portfolio may decide hundreds, which the list has
COLUMNS = (
    "name", "stage", "decision_date", "lapsed_at", "is_restricted", "evidence_changed_by",
)  # fmt: skip


@dataclass(frozen=True)
class ToDecide:
    """A decision that waits for this person, as ready strings."""

    reference: str
    name: str
    what: str
    as_what: str
    lateness: str
    is_late: bool
    is_ready: bool
    url: str


@dataclass(frozen=True)
class Decisions:
    """The first of them, and where all that are due stand, where there are more."""

    rows: list[ToDecide]
    is_lead: bool
    all_url: str

    def __bool__(self) -> bool:
        return bool(self.rows)


def load(person: Person, today: date) -> Decisions:
    """The latest first; in one query. Who may decide is asked of those who enforce it."""
    found = list(_candidates(person, today)[:MOST])
    rows = [said for row in found if (said := _row(row, person, today))]
    has_more = bool(found) and found[0].total > len(found)
    return Decisions(rows, people.is_lead(person), _list(person) if has_more else "")


def _candidates(person: Person, today: date) -> QuerySet[Any]:
    """What is due, or ready, where this person is the sponsor; to leads everywhere."""
    rows = Initiative.objects.visible_to(person).counting()
    if not people.is_lead(person):
        held = Ownership.objects.counting().filter(role=Role.SPONSOR, person=person).order_by()
        rows = rows.filter(pk__in=held.values("initiative"))
    ready = reviews.ready(today)
    due = timeline.due(rows, today).order_by().values("pk")
    rows = rows.filter(Q(pk__in=due) | Q(pk__in=ready.order_by().values("initiative")))
    of_it = ready.filter(initiative=OuterRef("pk")).order_by("pk")
    return (
        rows.annotate(
            is_due=Exists(timeline.due(Initiative.objects.filter(pk=OuterRef("pk")), today)),
            ready=Subquery(of_it.values("pk")[:1]),
            owners=rows_of_initiative(
                Ownership.objects.counting(),
                role="role",
                person="person",
                name="person__name",
                since="accepted_at",
            ),
            total=Window(Count("pk")),
        )
        .only(*COLUMNS)
        .order_by(F("decision_date").asc(nulls_last=True), "pk")
    )


def _owner(row: Initiative, said: dict[str, Any]) -> Ownership:
    """One by whom it is owned, as far as is asked of them here."""
    since = moment(said["since"])
    person = Person(pk=said["person"], name=said["name"], is_active=True, active_since=since)
    return Ownership(initiative=row, role=said["role"], person=person, accepted_at=since)


def _row(row: Any, person: Person, today: date) -> ToDecide | None:
    """What of it they may decide, or None: an owner who leads does not advance their own, and of
    what has lapsed the sponsor decides no more."""
    owners = tuple(_owner(row, said) for said in listed(row.owners or []))
    known = Facts(initiative=row, ownerships=owners)
    is_ready = row.ready is not None and _may(person, known, Decision.Kind.PROCEED)
    if not is_ready and not (row.is_due and _may(person, known, Decision.Kind.EXTEND)):
        return None
    decide = f"{row.get_absolute_url()}#decide"
    return ToDecide(
        reference=row.reference,
        name=row.name,
        what=_what(row),
        as_what=_as_what(row, known, person),
        lateness=_lateness(row, today),
        is_late=row.stage in UNDECIDED and row.is_overdue(today),
        is_ready=is_ready,
        url=reverse("reviews:detail", args=[row.ready]) if is_ready else decide,
    )


def _may(person: Person, known: Facts, kind: str) -> bool:
    return permissions.bar_to_deciding(person, known, kind) is None


def _what(row: Initiative) -> str:
    """`Ship-or-kill date 3 Nov 2026`."""
    if row.decision_date is None:
        return str(row.get_stage_display())
    return f"{capfirst(DECISION_DATE_NAME[row.stage])} {in_words(row.decision_date)}"


def _as_what(row: Initiative, known: Facts, person: Person) -> str:
    sponsor = known.counted_owner(Role.SPONSOR)
    if row.has_lapsed:
        return "as a portfolio lead: it has lapsed"
    if sponsor is None:
        return "as a portfolio lead: it has no sponsor"
    if sponsor.person_id == person.pk:
        return "as its sponsor"
    return f"as a portfolio lead; its sponsor is {sponsor.person.name}"


def _lateness(row: Initiative, today: date) -> str:
    """`23 days late`, `today`, `in 3 days`."""
    if row.decision_date is None:
        return ""
    days = (row.decision_date - today).days
    count = "1 day" if abs(days) == 1 else f"{abs(days)} days"
    return "today" if days == 0 else f"in {count}" if days > 0 else f"{count} late"


def _list(person: Person) -> str:
    """All that are due; to somebody who does not lead, of what is theirs."""
    asked = {"show": "due", "sort": "decision"}
    asked |= {} if people.is_lead(person) else {"owner": person.name}
    return f"{reverse('initiatives:list')}?{urlencode(asked)}"

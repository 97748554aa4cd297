"""The page of one person: what they own, what waits for them, who may do what with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Q

from accounts import permissions as people
from accounts.models import Group, Person, Unit
from initiatives import belongings
from initiatives.models import HandOver, Initiative, Obligation, OpenQuestion, Ownership
from notifications.queries import with_chased
from portfolio.queries.people import State, state_of
from reviews import belongings as all_of_theirs
from reviews import permissions
from reviews import queries as reviews
from reviews.models import Question

MOST = 100  # initiatives that the page lists; whoever owns more is looked up in the list


@dataclass(frozen=True, slots=True)
class Owned:
    """An initiative in which they hold roles, each with how it stands."""

    initiative: Initiative
    roles: list[Ownership]

    @property
    def says(self) -> str:
        return ", ".join(_role(role) for role in self.roles)


def _role(held: Ownership) -> str:
    asked = "not asked yet" if held.initiative.is_quiet else "asked, no answer yet"
    how = {"asked": f" ({asked})", "accepted": ""}
    return f"{held.role_name}{how.get(held.state, ' (held by nobody now)')}"


@dataclass(frozen=True)
class Page:
    """All that one person's page shows to its reader."""

    person: Person
    state: State
    today: date
    groups: list[str]
    owned: list[Owned]
    owned_count: int
    requests: list[reviews.Request]
    obligations: list[Obligation]
    questions: list[Question]
    open_questions: list[OpenQuestion]
    units: list[Unit]
    deputy: Person | None
    deputy_of: list[Person]
    hand_overs: list[HandOver]
    may_hand_over: bool
    may_record_leaving: bool
    may_manage: bool

    @property
    def has_something(self) -> bool:
        """Whether there is anything that somebody else could take over."""
        mine = (self.owned, self.obligations, self.questions, self.open_questions, self.units)
        return any(mine)

    @property
    def more(self) -> int:
        return self.owned_count - len(self.owned)


def load(person: Person, reader: Person, today: date) -> Page:
    """What this reader may see of it; restricted initiatives are not there for those who may not
    know of them."""
    seen = Seen(reader)
    owned = _owned(seen.of(belongings.ownerships(person).select_related("person")))
    return Page(
        person=person,
        state=state_of(person),
        today=today,
        groups=_groups(person),
        owned=owned[:MOST],
        owned_count=len(owned),
        requests=seen.requests(person, today),
        obligations=seen.of(belongings.obligations(person)),
        questions=seen.of(all_of_theirs.questions(person), "review__initiative"),
        open_questions=seen.of(belongings.open_questions(person)),
        units=list(all_of_theirs.units(person)),
        deputy=person.deputy if person.has_deputy_on(today) else None,
        deputy_of=_deputy_of(person, today),
        hand_overs=_hand_overs(person, reader),
        may_hand_over=permissions.may_hand_over(reader, person),
        may_record_leaving=people.may_record_leaving(reader, person),
        may_manage=people.may_manage_people(reader),
    )


@dataclass(frozen=True, slots=True)
class Seen:
    """What a reader may see of what is somebody's."""

    reader: Person

    def of(self, rows: Any, path: str = "initiative") -> list[Any]:
        visible = Initiative.objects.visible_to(self.reader).order_by()
        return list(rows.filter(**{f"{path}__in": visible}).order_by("pk"))

    def requests(self, person: Person, today: date) -> list[reviews.Request]:
        """Signatures that wait for them."""
        found = reviews.requests_for(person, today) if person.is_active else []
        ids = {request.review.initiative_id for request in found}
        visible = Initiative.objects.visible_to(self.reader).filter(pk__in=ids)
        seen = set(visible.order_by().values_list("pk", flat=True)) if ids else set()
        return [request for request in found if request.review.initiative_id in seen]


def _owned(held: Iterable[Ownership]) -> list[Owned]:
    roles: dict[int, list[Ownership]] = {}
    for ownership in held:
        roles.setdefault(ownership.initiative_id, []).append(ownership)
    return [Owned(roles[pk][0].initiative, roles[pk]) for pk in sorted(roles)]


def _groups(person: Person) -> list[str]:
    mine = Group.objects.filter(memberships__person=person, memberships__left_at=None)
    return list(mine.values_list("name", flat=True))


def _deputy_of(person: Person, today: date) -> list[Person]:
    lasting = Q(deputy_until=None) | Q(deputy_until__gte=today)
    return list(Person.objects.filter(lasting, deputy=person, is_active=True))


def _hand_overs(person: Person, reader: Person) -> list[HandOver]:
    """Open ones from them and to them, for those concerned."""
    rows = HandOver.objects.open().filter(Q(giver=person) | Q(receiver=person))
    named = with_chased(rows).select_related("giver", "receiver", "asked_by")
    return [row for row in named if permissions.may_read_hand_over(reader, row)]


def hand_overs_to(person: Person) -> list[HandOver]:
    """What this person is asked to take over, and has not answered."""
    rows = HandOver.objects.open().filter(receiver=person).annotate(count=Count("items"))
    return list(with_chased(rows).select_related("giver", "asked_by"))


@dataclass(frozen=True, slots=True)
class Departure:
    """What becomes of what somebody owns on the moment they are deactivated."""

    unowned: list[Owned]
    others: int


def departure(person: Person, reader: Person) -> Departure:
    """Which initiatives become unowned by it, and how much else is left without somebody."""
    counting = Ownership.objects.counting().filter(
        person=person, initiative__counting_since__isnull=False
    )
    needed = Seen(reader).of(counting.required().select_related("initiative", "person"))
    theirs = all_of_theirs.of(person, seen_by=reader)
    return Departure(_owned(needed), len(theirs) - len(needed))


@dataclass(frozen=True, slots=True)
class Counted:
    """How many things a hand-over was about, and how many of them were taken over; of what the
    reader may not know of none is counted."""

    all: int
    moved: int


def counted(hand_over: HandOver, reader: Person) -> Counted:
    """In one query."""
    visible = Initiative.objects.visible_to(reader).order_by()
    items = hand_over.items.filter(Q(initiative=None) | Q(initiative__in=visible))
    moved = Count("pk", filter=Q(moved_at__isnull=False))
    return Counted(**items.aggregate(all=Count("pk"), moved=moved))

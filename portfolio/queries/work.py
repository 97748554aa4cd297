"""What is one person's: what waits for them, what they own, when it is due, what they were told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models.functions import Greatest
from django.urls import reverse

from accounts.models import Person
from initiatives import permissions
from initiatives.models import HandOver, Initiative, Obligation, Ownership
from initiatives.queries import awaiting_confirmation
from initiatives.stages import Stage
from notifications import queries as notifications
from notifications.models import Reminder
from notifications.queries import NextStep, Said
from notifications.rules.words import in_words
from portfolio.queries import to_decide
from portfolio.queries.person import hand_overs_to
from portfolio.queries.to_decide import Decisions
from reviews import overrides
from reviews import queries as reviews
from reviews.models import Override, Question

STAGE_LABELS: dict[str, str] = dict(Stage.choices)
COLUMNS = (
    "person_id", "role", "asked_at", "accepted_at", "declined_at", "ended_at",
    "initiative__name", "initiative__stage", "initiative__decision_date",
)  # fmt: skip
FLAGS = 2  # said of an initiative that they own
UNREAD, AHEAD = 50, 30  # shown at once


@dataclass(frozen=True, slots=True)
class Owned:
    """An initiative in which this person holds roles, as ready strings: some own a hundred."""

    reference: str
    url: str
    name: str
    says: str
    flags: list[Said]

    def __getitem__(self, name: str) -> Any:
        """As `listing.Row` has it: templates ask for an item first."""
        return getattr(self, name)


@dataclass(frozen=True)
class Work:
    """What waits for somebody."""

    today: date
    requests: list[reviews.Request]
    decisions: Decisions
    overrides: list[Override]
    questions: list[Question]
    hand_overs: list[HandOver]
    obligations: list[Obligation]
    asked: list[Ownership]
    to_confirm: int

    @property
    def is_empty(self) -> bool:
        by_name = (self.requests, self.decisions, self.overrides, self.questions, self.hand_overs)
        return not any((*by_name, self.obligations, self.asked)) and not self.to_confirm


def load(person: Person, today: date) -> Work:
    """Everything that waits for this person."""
    return Work(
        today=today,
        requests=reviews.requests_for(person, today),
        decisions=to_decide.load(person, today),
        overrides=overrides.asked_of(person),
        questions=reviews.questions_to(person),
        hand_overs=hand_overs_to(person),
        obligations=_obligations(person),
        asked=_asked(person),
        to_confirm=_to_confirm(person),
    )


def _obligations(person: Person) -> list[Obligation]:
    """What they have to see to, of what they may know of."""
    rows = Obligation.objects.open().filter(
        assignee=person, initiative__in=Initiative.objects.visible_to(person).order_by()
    )
    return list(rows.select_related("initiative"))


def owned_by(person: Person) -> list[Owned]:
    """Where they hold a role, with what was flagged about it."""
    return _owned([ownership for ownership in _ownerships(person) if ownership.counts])


@dataclass(frozen=True)
class Told:
    """What somebody was told and has not seen, and what they will be told next."""

    unread: list[Reminder]
    ahead: list[NextStep]
    further: int  # there are of these


def told(person: Person, today: date) -> Told:
    """What is unread, the worst first, and the first of what comes next."""
    unread = notifications.unread_by(person).select_related("initiative", "message")
    ahead = notifications.next_steps(person, today)
    return Told(list(unread[:UNREAD]), ahead[:AHEAD], len(ahead[AHEAD:]))


def _ownerships(person: Person) -> list[Ownership]:
    """Their roles that are open, each knowing them and the few columns that are shown."""
    rows = person.ownerships.filter(ended_at=None, declined_at=None)
    rows = rows.exclude(initiative__stage=Stage.RETIRED).select_related("initiative").only(*COLUMNS)
    return list(rows.order_by("initiative__decision_date", "initiative", "pk"))


def _asked(person: Person) -> list[Ownership]:
    """What waits for their answer, as the page of the campaign has it: nothing that is quiet, or
    said to be dead. Of what was quiet nobody was asked before it began to count."""
    rows = notifications.unanswered().filter(person=person).select_related("initiative")
    rows = rows.annotate(since=Greatest("asked_at", "initiative__counting_since"))
    return list(rows.only(*COLUMNS).order_by("initiative__decision_date", "initiative", "pk"))


def _to_confirm(person: Person) -> int:
    """How many triages wait for compliance; nobody else has any to confirm."""
    if not permissions.may_confirm_triage(person):
        return 0
    return awaiting_confirmation(Initiative.objects.visible_to(person)).count()


def _owned(held: list[Ownership]) -> list[Owned]:
    flags = notifications.flags_of([o.initiative_id for o in held])
    roles: dict[int, list[str]] = {}
    initiatives: dict[int, Initiative] = {}
    for ownership in held:
        initiatives[ownership.initiative_id] = ownership.initiative
        roles.setdefault(ownership.initiative_id, []).append(ownership.role_name)
    before, after = reverse("initiatives:detail", args=[0]).rsplit("0", 1)  # once, not for each row
    return [
        Owned(
            reference=row.reference,
            url=f"{before}{pk}{after}",
            name=row.name,
            says=_says(row, roles[pk]),
            flags=flags.get(pk, [])[:FLAGS],
        )
        for pk, row in initiatives.items()
    ]


def _says(row: Initiative, roles: list[str]) -> str:
    """`Sponsor, Business owner · Pilot · ship-or-kill date 3 Nov 2026`."""
    until = f"{row.decision_date_name} {in_words(row.decision_date)}" if row.decision_date else ""
    return " · ".join(filter(None, (", ".join(roles), STAGE_LABELS[row.stage], until)))

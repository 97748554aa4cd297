"""What is one person's to do: signatures, questions, what they own, their mails."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from accounts.models import Person
from initiatives import permissions
from initiatives.models import Initiative, Ownership
from initiatives.queries import awaiting_confirmation
from initiatives.stages import Stage
from notifications import queries as notifications
from notifications.models import Flag
from reviews import queries as reviews


@dataclass(frozen=True)
class Owned:
    """An initiative in which this person holds roles."""

    initiative: Initiative
    roles: str
    days: int | None
    flags: list[Flag]


@dataclass(frozen=True)
class Work:
    requests: list[reviews.Request]
    asked: list[Ownership]
    owned: list[Owned]
    messages: Any
    ahead: Any
    to_confirm: int

    @property
    def is_empty(self) -> bool:
        return not (self.requests or self.asked or self.owned or self.to_confirm)


def load(person: Person, today: date) -> Work:
    """Everything that waits for this person."""
    mine = list(
        Ownership.objects.open()
        .filter(person=person)
        .exclude(initiative__stage=Stage.RETIRED)
        .select_related("initiative__unit", "person")
        .order_by("initiative__decision_date", "initiative", "pk")
    )
    held = [ownership for ownership in mine if ownership.counts]
    return Work(
        requests=reviews.requests_for(person),
        asked=[o for o in mine if o.state == "asked"],
        owned=_owned(held, today),
        messages=notifications.messages_to(person, 10),
        ahead=notifications.reminders_ahead(person),
        to_confirm=_to_confirm(person),
    )


def _to_confirm(person: Person) -> int:
    """How many triages wait for compliance; nobody else has any to confirm."""
    if not permissions.may_confirm_triage(person):
        return 0
    return awaiting_confirmation(Initiative.objects.visible_to(person)).count()


def _owned(held: list[Ownership], today: date) -> list[Owned]:
    flags = notifications.flags_of([o.initiative_id for o in held])
    roles: dict[int, list[str]] = {}
    initiatives: dict[int, Initiative] = {}
    for ownership in held:
        initiatives[ownership.initiative_id] = ownership.initiative
        roles.setdefault(ownership.initiative_id, []).append(ownership.role_name)
    return [
        Owned(row, ", ".join(roles[pk]), _days(row, today), flags.get(pk, []))
        for pk, row in initiatives.items()
    ]


def _days(initiative: Initiative, today: date) -> int | None:
    left = initiative.days_to_decision(today)
    return None if left is None else left.days

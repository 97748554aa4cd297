"""What somebody answers for: its roles, its kill conditions, and what is still to be seen to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.urls import reverse

from accounts.models import Person
from initiatives import permissions, rules
from initiatives.facts import Facts
from initiatives.models import KillCondition, Obligation, Ownership
from initiatives.stages import REQUIRED_ROLES, Role
from reviews import permissions as deciding


@dataclass(frozen=True)
class RoleLine:
    """A role with whoever was asked into it."""

    role: str
    label: str
    ownership: Ownership | None
    is_required: bool
    url: str


def roles(known: Facts) -> list[RoleLine]:
    """Every role, with whoever was asked into it."""
    required = REQUIRED_ROLES[known.initiative.stage]
    return [
        RoleLine(
            role=role,
            label=str(role.label),
            ownership=known.owner(role),
            is_required=role in required,
            url=reverse("initiatives:ask", args=[known.initiative.pk, role.replace("_", "-")]),
        )
        for role in Role
    ]


@dataclass(frozen=True)
class KillLine:
    """A kill condition with how far it is from tripping, who waived it and why, or where this
    person may."""

    condition: KillCondition
    distance: str
    waived_by: str = ""
    waived_because: str = ""
    waive_url: str = ""

    @property
    def has_tripped(self) -> bool:
        return self.condition.state == KillCondition.State.TRIPPED


def kill_conditions(person: Person, known: Facts, today: date) -> list[KillLine]:
    """Its kill conditions, each with how far it is from tripping."""
    row: Any = known.initiative
    in_force = {w["condition"]: w for w in row.beside_waivers or ()}
    may_waive = deciding.bar_to_waiving(person, known) is None
    return [
        KillLine(
            k,
            rules.distance_to_tripping(k, known, today),
            waived_by=in_force[k.pk]["by"] if k.pk in in_force else "",
            waived_because=in_force[k.pk]["reason"] if k.pk in in_force else "",
            waive_url=reverse("reviews:waive", args=[k.pk]) if may_waive else "",
        )
        for k in known.kill_conditions
    ]


@dataclass(frozen=True)
class ObligationLine:
    """What somebody sees to, and whether the viewer may confirm it."""

    obligation: Obligation
    is_late: bool
    may_confirm: bool


def obligations(person: Person, known: Facts, today: date) -> list[ObligationLine]:
    """What is still to be seen to, the next due first."""
    return [
        ObligationLine(o, o.is_missed(today), permissions.may_confirm_obligation(person, o))
        for o in sorted(known.obligations, key=lambda o: (o.due_date, o.pk))
        if o.is_open
    ]

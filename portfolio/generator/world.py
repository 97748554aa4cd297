"""What every room shares: the clock, the dice and the cast; one initiative with all its rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from random import Random
from typing import Any, TypeVar

from django.db.models import Model
from django.utils import timezone

from accounts.models import Group, Person, Unit
from audit.actions import Entry
from initiatives.facts import Facts
from initiatives.models import (
    Evidence,
    Initiative,
    KillCondition,
    Measurement,
    Metric,
    Ownership,
    Spend,
    Triage,
)
from initiatives.stages import Stage
from reviews import queries
from reviews.models import Decision, PolicyVersion
from reviews.policy import Policy

LONG_AGO = 900  # days
GROUPS = {
    Group.LEADS: 3,
    Group.SECURITY: 3,
    Group.COMPLIANCE: 3,
    Group.FINANCE: 3,
    Group.OPERATIONS: 3,
    Group.AUDITORS: 1,
    Group.ADMINISTRATORS: 1,
}
Row = TypeVar("Row", bound=Model)


@dataclass
class World:
    """The clock, the dice and the cast, and what is said at the end in the audit log."""

    rng: Random
    at: datetime
    version: PolicyVersion
    units: list[Unit] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    groups: dict[str, Group] = field(default_factory=dict)
    members: dict[str, list[Person]] = field(default_factory=dict)
    said: list[tuple[int, Entry]] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)

    @cached_property
    def policy(self) -> Policy:
        return queries.parsed(self.version)

    def ago(self, days: int) -> datetime:
        return self.at - timedelta(days=max(days, 0))

    def day(self, days: int) -> date:
        """The calendar day so many days ago, or, below zero, ahead."""
        return timezone.localdate(self.at) - timedelta(days=days)

    def happens(self, share: float) -> bool:
        return self.rng.random() < share

    def say(self, days: int, kind: str, life: Life, by: Person | None, **more: Any) -> None:
        """Note an event of so many days ago."""
        subject = more.pop("subject", None) or f"initiative:{life.row.pk}"
        actor = by.pk if by else None
        self.said.append((max(days, 0), Entry(kind, subject, life.row.pk, actor, more)))


@dataclass
class Life:
    """One initiative with the rows that belong to it; days count back from today."""

    row: Initiative
    origin: str
    path: list[tuple[Stage, int]]  # stages with the day each was entered
    begun: int  # when it was registered, declared or imported here
    triage: Triage | None = None
    ownerships: list[Ownership] = field(default_factory=list)
    metrics: list[Metric] = field(default_factory=list)
    measurements: list[Measurement] = field(default_factory=list)
    kill_conditions: list[KillCondition] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)
    spend: list[Spend] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)

    @property
    def since(self) -> int:
        return self.path[-1][1]

    @property
    def passed_charter(self) -> int | None:
        """When the charter was signed, where it was."""
        entered = [days for stage, days in self.path[1:] if stage == Stage.PILOT]
        return entered[0] if entered else None

    @property
    def facts(self) -> Facts:
        return Facts(
            initiative=self.row,
            triage=self.triage,
            ownerships=tuple(o for o in self.ownerships if o.is_open),
            metrics=tuple(self.metrics),
            measurements=tuple(reversed(self.measurements)),
            kill_conditions=tuple(self.kill_conditions),
            evidence=tuple(self.evidence),
            spent=sum(spend.amount for spend in self.spend),
        )

    def owner(self, role: str) -> Person | None:
        """Whoever holds the role, or was asked into it."""
        return next((o.person for o in self.ownerships if o.role == role and o.is_open), None)


def store(world: World, rows: Iterable[Row]) -> list[Row]:
    """Write rows of one model, and count them."""
    given = list(rows)
    if given:
        type(given[0])._default_manager.bulk_create(given)
        name = given[0]._meta.model_name or ""
        world.rows[name] = world.rows.get(name, 0) + len(given)
    return given

"""The form of a demo story: one initiative, what it promised and what happened to it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from accounts.models import Person
from initiatives.models import Initiative, Metric
from initiatives.models.charter import MetricKind
from initiatives.stages import Role
from initiatives.triage import QUESTIONS, Level, level
from initiatives.units import Direction, UnitKind, parse
from portfolio.stories.people import Cast
from reviews.models import Slot
from reviews.policy import Case

Measured = tuple[tuple[int, str, int | None], ...]
_WRITTEN = re.compile(r"(?P<money>EUR )?(?P<number>[\d.,]+) ?(?P<unit>\D*)")


@dataclass(frozen=True)
class Metrics:
    """A metric and its measurements as (days ago, value, sample).

    What kind of unit it has, and which way is better, is told by how its bounds are written.
    `kill` is the limit due by the decision date.
    """

    name: str
    baseline: str
    threshold: str
    target: str
    method: str
    kind: str = MetricKind.BUSINESS
    source: str = ""
    kill: str | None = None
    in_a_row: int | None = None
    is_automatic: bool = True
    measured: Measured = ()

    @property
    def is_primary(self) -> bool:
        return self.kind == MetricKind.BUSINESS

    @property
    def unit(self) -> str:
        return _WRITTEN.fullmatch(self.threshold)["unit"] if self._is_counted else ""  # type: ignore[index]

    @property
    def unit_kind(self) -> UnitKind:
        if self.threshold.startswith("EUR "):
            return UnitKind.MONEY
        if self.threshold.endswith("%"):
            return UnitKind.PERCENT
        return UnitKind.COUNT if self._is_counted else UnitKind.DURATION

    @property
    def direction(self) -> Direction:
        is_lower = self.value(self.baseline) > self.value(self.threshold)
        return Direction.LOWER if is_lower else Direction.HIGHER

    @property
    def _is_counted(self) -> bool:
        written = _WRITTEN.fullmatch(self.threshold)
        assert written is not None, self.threshold
        return not written["money"] and written["unit"] not in ("%", "s", "min", "h", "d")

    def value(self, written: str) -> Decimal:
        """What is written, in the unit it is kept in; without a unit it has the threshold's."""
        found = _WRITTEN.fullmatch(written)
        assert found is not None, written
        unit = found["unit"] or _WRITTEN.fullmatch(self.threshold)["unit"]  # type: ignore[index]
        kind = self.unit_kind
        return parse(found["number"] + (unit if kind is UnitKind.DURATION else ""), kind)


def over(first: int, every: int, values: str, sample: int | None = None) -> Measured:
    """One value each so many days, the first so many days ago; samples vary a little."""
    found = []
    for place, value in enumerate(values.split()):
        size = None if sample is None else sample + sample * ((place * 37) % 23 - 11) // 100
        found.append((first - place * every, value, size))
    assert all(days > 0 for days, _, _ in found), values
    return tuple(found)


def quality(name: str, baseline: str, threshold: str, target: str, measured: Measured) -> Metrics:
    """A guardrail: how often it is wrong."""
    method = "A sample of each week is checked by hand, and what users report is added."
    return Metrics(name, baseline, threshold, target, method, MetricKind.QUALITY, measured=measured)


def unit_cost(name: str, baseline: str, threshold: str, measured: Measured) -> Metrics:
    """A guardrail: what one of them costs."""
    method = "The month's invoices divided by what was worked on."
    return Metrics(name, baseline, threshold, threshold, method, MetricKind.COST, measured=measured)


def adoption(name: str, floor: str, target: str, measured: Measured) -> Metrics:
    """Whether it is used; its threshold is the floor."""
    method = "Counted by the application each week, over everybody who has been trained."
    baseline = "0 %" if floor.endswith("%") else "0"
    return Metrics(name, baseline, floor, target, method, MetricKind.ADOPTION, measured=measured)


@dataclass(frozen=True)
class Charter:
    """What its owners found out before the pilot; the rest of a charter follows from the story."""

    source: str
    quality: str
    contract: str
    tried: str
    came_out: str
    in_pilot: str
    in_production: str
    closes: str
    gap: str = ""
    privacy: str = ""
    employees: str = ""


@dataclass(frozen=True)
class Story:
    """One initiative and how far it got; days count back from today.

    `tool`, `people`, `screen` and `fallback` are what its papers call it, those who work with it,
    where they meet it, and how work goes on without it.
    """

    name: str
    unit: str
    registered: int
    description: dict[str, str]
    owners: dict[str, str] = field(default_factory=dict)
    silent: tuple[str, ...] = ()
    declined: dict[str, str] = field(default_factory=dict)
    yes: tuple[str, ...] | None = None
    is_confirmed: bool = True
    vendor: str = ""
    pilot_budget: int | None = None
    monthly_cost: int | None = None
    metrics: tuple[Metrics, ...] = ()
    charter: Charter | None = None
    tool: str = "it"
    people: str = "its users"
    screen: str = ""
    fallback: str = ""
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    happened: tuple[Deed, ...] = ()
    declared: str | None = None
    running_since: int = 0

    @property
    def triage(self) -> dict[str, bool | None]:
        return {question: question in (self.yes or ()) for question in QUESTIONS}

    @property
    def level(self) -> Level:
        return level(self.triage, pilot_budget=self.pilot_budget, monthly_cost=self.monthly_cost)

    def case(self, stage: str) -> Case:
        return Case(
            stage=stage, level=self.level, answers=self.triage, pilot_budget=self.pilot_budget,
            monthly_cost=self.monthly_cost,
        )  # fmt: skip


@dataclass
class Scene:
    """An initiative at the moment when somebody does something."""

    cast: Cast
    story: Story
    initiative: Initiative
    at: datetime
    metrics: dict[str, Metric] = field(default_factory=dict)
    to_sign: dict[str, list[Slot]] = field(default_factory=dict)

    @property
    def today(self) -> date:
        return timezone.localdate(self.at)

    def who(self, part: str) -> Person:
        """A person by their key, or by the role that the story gives them."""
        return self.cast.people[self.story.owners.get(part, part)]

    @property
    def owner(self) -> Person:
        """Whoever writes things down: the business owner, or a lead where there is none."""
        is_named = Role.BUSINESS_OWNER in self.story.owners
        is_there = is_named and Role.BUSINESS_OWNER not in self.story.silent
        return self.who(Role.BUSINESS_OWNER) if is_there else self.cast.lead

    def later(self, **passed: float) -> datetime:
        return self.at + timedelta(**passed)


Act = Callable[[Scene], object]


@dataclass(frozen=True)
class Deed:
    """What somebody did so many days ago, at this hour where one is told."""

    days_ago: float
    act: Act
    clock: time | None = None

    def moment(self, cast: Cast) -> datetime:
        if self.clock is None:
            return cast.moment(self.days_ago)
        return cast.on(int(self.days_ago), self.clock)

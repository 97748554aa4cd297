"""The form of a demo story: one initiative and how far it got."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from initiatives.models.charter import MetricKind


@dataclass(frozen=True)
class Metrics:
    """A metric, its kill condition, and its measurements as (days ago, value, sample)."""

    name: str
    unit_kind: str
    direction: str
    baseline: str
    threshold: str
    target: str
    method: str
    unit: str = ""
    kind: str = MetricKind.BUSINESS
    is_primary: bool = True
    source: str = ""
    kill: str | None = None
    in_a_row: int | None = None
    is_automatic: bool = True
    measured: tuple[tuple[int, str, int | None], ...] = ()


@dataclass(frozen=True)
class Story:
    """One initiative and how far it got; days count back from today."""

    name: str
    unit: str
    registered_days_ago: int
    description: dict[str, str]
    owners: dict[str, str] = field(default_factory=dict)
    silent: tuple[str, ...] = ()
    yes: tuple[str, ...] | None = None
    vendor: str = ""
    pilot_budget: int | None = None
    monthly_cost: int | None = None
    metrics: tuple[Metrics, ...] = ()
    charter_answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    signers: tuple[str, ...] = ()
    charter_days_ago: int | None = None
    charter_reason: str = ""
    spend: tuple[tuple[int, int], ...] = ()
    declared: str | None = None
    running_since_days_ago: int = 0
    review_days_ago: int | None = None
    moved_threshold: str | None = None
    killed_days_ago: int | None = None
    killed_because: str = ""
    lesson: str = ""

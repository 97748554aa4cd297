"""Facts made by hand, for checks: nothing of it is stored."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from accounts.models import Person
from initiatives.facts import Facts
from initiatives.models import (
    EvaluationRun,
    EvaluationSet,
    Initiative,
    Measurement,
    Metric,
    OpenQuestion,
    Ownership,
)
from initiatives.stages import Stage
from reviews.checks import CHECKS, Asked, Verdict
from reviews.policy import default_text, parse
from tests import factories
from tests.factories import HIRED, LONG_AGO, NOON, TODAY

POLICY = parse(default_text(), version=1, checks=CHECKS)

QUALITY: dict[str, Any] = {"name": "Wrong queues", "kind": "quality", "is_primary": False}
COST: dict[str, Any] = {"name": "Cost of a letter", "kind": "cost", "is_primary": False}
FLOOR: dict[str, Any] = {
    "name": "Weekly users", "kind": "adoption", "is_primary": False, "direction": "higher",
    "unit_kind": "count", "unit": "people", "baseline": None, "target": None,
    "threshold": Decimal(20),
}  # fmt: skip


def known(**changes: Any) -> Facts:
    """Facts about a pilot that began long ago; `initiative` changes columns of its row."""
    row: dict[str, Any] = {
        "pk": 1, "name": "Claims", "stage": Stage.PILOT, "stage_entered_at": LONG_AGO,
        "touched_at": NOON, "pilot_days": 42,
    }  # fmt: skip
    return replace(Facts(Initiative(**(row | changes.pop("initiative", {})))), **changes)


def check(
    name: str,
    facts_: Facts,
    *,
    today: date = TODAY,
    since: datetime | None = None,
    **parameters: Any,
) -> Verdict:
    return CHECKS[name].function(Asked(facts_, parameters, POLICY.limits, today, since))


def person(name: str = "Ada Berg", *, is_active: bool = True) -> Person:
    return Person(name=name, is_active=is_active, active_since=HIRED)


def owned(role: str, by: Person | None = None, **more: Any) -> Ownership:
    """A role that somebody accepted long ago."""
    more = {"asked_at": LONG_AGO, "accepted_at": LONG_AGO} | more
    return Ownership(role=role, person=by or person(), **more)


def metric_of(pk: int = 1, **changes: Any) -> Metric:
    return Metric(pk=pk, **factories.metric_values(**changes))


def measured(
    value: int, sample: int | None = None, metric: int = 1, at: datetime = NOON, **more: Any
) -> Measurement:
    return Measurement(
        metric_id=metric, value=Decimal(value), measured_at=at, sample_size=sample, **more
    )


def set_of(run: EvaluationRun | None = None, **changes: Any) -> EvaluationSet:
    """A set as it should be described, with its last run."""
    about: dict[str, Any] = {
        "name": "Letters of May", "metric": metric_of(), "size": 1_400,
        "verified_by": "two senior handlers", "location": "https://example.com/set",
    }  # fmt: skip
    return EvaluationSet(last_run=run, **(about | changes))


def run_of(value: int = 2_400, ran_on: date = TODAY, cases: int | None = None) -> EvaluationRun:
    return EvaluationRun(version="1.4", value=Decimal(value), ran_on=ran_on, cases=cases)


def question_of(question: str = "Do motor claims work as well?", **more: Any) -> OpenQuestion:
    return OpenQuestion(question=question, **more)


def days(count: int) -> timedelta:
    return timedelta(days=count)

"""What a rule is, and what it finds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo
from functools import lru_cache

from django.db import models
from django.utils import timezone

from initiatives.models.registry import InitiativeQuerySet
from reviews.policy import Policy


class Severity(models.TextChoices):
    """How much attention a flag deserves, the most first."""

    CRITICAL = "critical", "Critical"
    WARNING = "warning", "Warning"
    NOTICE = "notice", "Notice"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found. Without `due_date` and `since` it began when the sweep first saw it; where
    it got worse after that, at `worse_at`, reminders count anew from that day."""

    initiative_id: int
    severity: Severity
    says: str
    acts: str
    subject: str = ""
    due_date: date | None = None
    since: datetime | None = None
    worse_at: datetime | None = None


# Which of these initiatives deserve it on a day, under a policy.
Finder = Callable[[InitiativeQuerySet, date, Policy], list[Finding]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule with what people read about it; its function's docstring is its description."""

    function: Finder
    title: str
    severity: Severity
    closes_when: str
    reminds: str  # the ladder of its reminders; two rules may climb the same one

    @property
    def name(self) -> str:
        return self.function.__name__


def rule(
    title: str, severity: Severity, *, closes_when: str, reminds: str
) -> Callable[[Finder], Rule]:
    """Say what people read about a rule at the function that finds it."""
    return lambda function: Rule(function, title, severity, closes_when, reminds)


def start_of(day: date) -> datetime:
    """The first moment of a day in the organisation's time zone."""
    return _start_of(day, timezone.get_current_timezone())


@lru_cache(maxsize=1_000)  # a portfolio has few days and many rows
def _start_of(day: date, zone: tzinfo) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min), zone)

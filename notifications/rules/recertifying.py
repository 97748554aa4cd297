"""What runs is certified again each year, or each half year where more depends on it."""

from __future__ import annotations

from datetime import date, timedelta

from initiatives.models.registry import InitiativeQuerySet
from initiatives.stages import Stage
from notifications.rules.finding import Finding, Severity, rule, start_of
from notifications.rules.words import DECIDERS, in_words
from reviews.policy import Policy, first_of


@rule(
    "Recertification near",
    Severity.NOTICE,
    closes_when="it is recertified",
    reminds="recertification",
)
def recertification_near(
    initiatives: InitiativeQuerySet, today: date, policy: Policy
) -> list[Finding]:
    """A system in production is to be recertified within the days of the first reminder (60)."""
    last = today + timedelta(days=first_of(policy.reminders.recertification_days_before))
    near = _in_use(initiatives).filter(decision_date__gte=today, decision_date__lte=last)
    return [
        Finding(
            pk,
            Severity.NOTICE,
            f"It is to be recertified by {in_words(day)}.",
            DECIDERS,
            due_date=day,
        )
        for pk, day in near.values_list("pk", "decision_date")
        if day is not None
    ]


@rule(
    "Recertification overdue",
    Severity.WARNING,
    closes_when="it is recertified, or decommissioned",
    reminds="recertification",
)
def recertification_overdue(
    initiatives: InitiativeQuerySet, today: date, policy: Policy
) -> list[Finding]:
    """A system in production was not recertified in time; it does not lapse, but as long after its
    date as others do (14 days) it is critical (product.md §3, Recertification)."""
    critical = today - timedelta(days=policy.limits.lapse_days)
    late = _in_use(initiatives).filter(decision_date__lt=today)
    return [
        Finding(
            pk,
            Severity.CRITICAL if day < critical else Severity.WARNING,
            f"It was to be recertified by {in_words(day)}.",
            DECIDERS,
            due_date=day,
            since=start_of(day + timedelta(days=1)),
        )
        for pk, day in late.values_list("pk", "decision_date")
        if day is not None
    ]


def _in_use(initiatives: InitiativeQuerySet) -> InitiativeQuerySet:
    """What is suspended cannot be recertified before it is resumed."""
    return initiatives.counting().filter(stage=Stage.PRODUCTION, suspended_at=None)

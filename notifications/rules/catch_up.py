"""What already ran and has to catch up on the gates that it never passed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from initiatives.models.registry import InitiativeQuerySet
from notifications.rules.finding import Finding, Severity, rule, start_of
from notifications.rules.words import DECIDERS, LEADS, in_words
from reviews import catching_up
from reviews.policy import Policy, first_of


@rule(
    "Catch-up near",
    Severity.NOTICE,
    closes_when="its catch-up review is decided",
    reminds="catch_up",
)
def catch_up_near(initiatives: InitiativeQuerySet, today: date, policy: Policy) -> list[Finding]:
    """What already ran has to catch up on its gates within the days of the first reminder (14)."""
    last = today + timedelta(days=first_of(policy.reminders.owner_days_before))
    near = initiatives.owing().filter(catching_up.due_by(last, policy.limits))
    return [
        Finding(
            pk,
            Severity.NOTICE,
            f"Its catch-up on the gates that it never passed is due on {in_words(day)}.",
            DECIDERS,
            due_date=day,
        )
        for pk, day in _catching_up(near, policy)
        if day >= today
    ]


@rule(
    "Catch-up overdue",
    Severity.WARNING,
    closes_when="its catch-up review is decided",
    reminds="catch_up",
)
def catch_up_overdue(initiatives: InitiativeQuerySet, today: date, policy: Policy) -> list[Finding]:
    """What already ran has not caught up on its gates in time; like a missed decision it passes to
    the leads 14 days later (product.md §2, Catch-up)."""
    late = catching_up.overdue(initiatives, today, policy.limits)
    lapsed = today - timedelta(days=policy.limits.lapse_days)
    return [
        Finding(
            pk,
            Severity.CRITICAL if day < lapsed else Severity.WARNING,
            f"Its catch-up on the gates that it never passed was due on {in_words(day)}.",
            LEADS if day < lapsed else DECIDERS,
            due_date=day,
            since=start_of(day + timedelta(days=1)),
        )
        for pk, day in _catching_up(late, policy)
    ]


def _catching_up(rows: InitiativeQuerySet, policy: Policy) -> Iterator[tuple[int, date]]:
    """Each with the day by which it has to have caught up."""
    for pk, level, since in rows.values_list("pk", "level", "counting_since"):
        assert since is not None  # a quiet one owes nothing yet
        yield pk, catching_up.due_on(level, since, policy.limits)

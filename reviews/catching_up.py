"""Until when something that already ran catches up on the gates it never passed (product.md §2)."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from django.db.models import Q
from django.utils import timezone

from initiatives.models import Initiative
from initiatives.models.registry import InitiativeQuerySet
from reviews.policy import Limits


def due_on(level: str, counting_since: datetime, limits: Limits) -> date:
    """The day by which something of this level has caught up, counted from when it counts."""
    return timezone.localdate(counting_since) + timedelta(days=limits.catch_up_days[level])


def due_date(initiative: Initiative, limits: Limits) -> date | None:
    """The day by which this one has caught up; None where it owes nothing, or is still quiet."""
    if not initiative.owes_gates or initiative.counting_since is None:
        return None
    return due_on(initiative.level, initiative.counting_since, limits)


def lapsed(initiative: Initiative, today: date, limits: Limits) -> str:
    """That nobody decided on its catch-up in time, and who does now; nothing before.

    Like what misses its date it passes to the leads once its day is more than the policy's days
    back (product.md §2, Catch-up, and P5): by the day alone, whether a sweep came by or not.
    """
    due = due_date(initiative, limits)
    since = due + timedelta(days=limits.lapse_days + 1) if due else None
    if since is None or today < since:
        return ""
    return (
        f"Its catch-up lapsed on {since:%-d %b %Y}: the portfolio leads decide on it now, not the "
        "sponsor."
    )


def due_by(day: date, limits: Limits) -> Q:
    """Which have to have caught up by this day or before it, by what the database knows."""
    found = Q()
    for level, days in limits.catch_up_days.items():
        begun = datetime.combine(day - timedelta(days=days - 1), time.min)
        found |= Q(level=level, counting_since__lt=timezone.make_aware(begun))
    return found


def overdue(initiatives: InitiativeQuerySet, today: date, limits: Limits) -> InitiativeQuerySet:
    """Those that owe still, after their day."""
    return initiatives.owing().filter(due_by(today - timedelta(days=1), limits))

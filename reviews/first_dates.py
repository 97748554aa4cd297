"""By when an imported pilot is decided (product.md §2, "Day one is quiet: … decide by when?")."""

from __future__ import annotations

from datetime import date, timedelta

from django.utils import timezone

from initiatives.models import Initiative
from initiatives.stages import Stage
from reviews.policy import Limits


def latest(initiative: Initiative, today: date, limits: Limits) -> date | None:
    """The last day on which its owners may agree to decide on it, earlier ones included; None
    where the date stands.

    The campaign proposes 30 days. Like every pilot it gets no more than the policy's days without
    a portfolio lead: beyond them it is extended, which counts for life.
    """
    if not _is_open(initiative, today):
        return None
    assert initiative.counting_since is not None
    last = timezone.localdate(initiative.counting_since) + timedelta(days=limits.pilot_days)
    return last if last >= today else None


def _is_open(row: Initiative, today: date) -> bool:
    """An imported pilot whose date is the one that was proposed to its owners, and ahead."""
    began = row.stage == Stage.PILOT and row.was_quiet and row.decision_date is not None
    untouched = not (row.extensions or row.pauses or row.has_lapsed or row.caught_up_at)
    return began and untouched and not row.is_overdue(today)

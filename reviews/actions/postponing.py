"""Moving a decision date: extensions and the one pause, within limits that count for life."""

from datetime import date, datetime, timedelta

from django.utils import timezone

from accounts import permissions as people
from accounts.models import Person
from audit.refusals import Refused
from initiatives.models import Initiative
from reviews import extensions
from reviews.models import Decision
from reviews.policy import Policy


def require_within_limits(
    row: Initiative, kind: str, days: int | None, *, by: Person, at: datetime, policy: Policy
) -> None:
    """Refuse what is too long, too often, or already over."""
    require_possible(row, kind, by=by)
    assert row.decision_date is not None
    pauses = kind == Decision.Kind.PAUSE
    most = policy.limits.pause_days if pauses else policy.limits.extension_days
    if days is None or not 1 <= days <= most:
        raise Refused(f"Choose between 1 and {most} days.", rule="too_many_days", field="days")
    _require_ahead(row.decision_date + timedelta(days=days), timezone.localdate(at))


def require_possible(row: Initiative, kind: str, *, by: Person) -> None:
    """Refuse what this person cannot do any more, by however many days; the page asks as well."""
    if row.decision_date is None:
        raise Refused("It has no decision date yet that could be moved.", rule="no_decision_date")
    if kind == Decision.Kind.PAUSE:
        _require_first_pause(row)
    else:
        _require_extension_left(row, by)


def _require_first_pause(row: Initiative) -> None:
    if row.pauses:
        raise Refused("It was paused once already: extend it, or decide.", rule="paused_already")


def _require_extension_left(row: Initiative, by: Person) -> None:
    used = extensions.used(row)
    if used >= extensions.MOST:
        raise Refused(
            "It was extended twice: there is no third extension. Let it pass its gate, send it "
            "back or kill it.",
            rule="no_third_extension",
        )
    if used and not people.is_lead(by):
        raise Refused(
            "It was extended once already. A second extension is a portfolio lead's to give.",
            rule="second_extension",
        )


def _require_ahead(moved: date, today: date) -> None:
    if moved < today:
        raise Refused(
            f"The new date, {moved:%-d %b %Y}, would be over already. Decide instead.",
            rule="already_over",
            field="days",
        )


def postpone(row: Initiative, kind: str, days: int, *, at: datetime) -> None:
    """Move the date; a pause says until when nothing is expected."""
    today = timezone.localdate(at)
    until = today + timedelta(days=days) if kind == Decision.Kind.PAUSE else None
    row.postpone(days, paused_until=until)

"""Proof of who signs: recent enough for the control level (product.md §4, Signing)."""

from datetime import datetime, timedelta

from accounts.authentication import Authentication
from audit.refusals import Refused
from reviews.policy import Policy


def require_fresh(
    authentication: Authentication | None, policy: Policy, level: str, at: datetime
) -> Authentication:
    """Refuse what nobody proved recently enough to be theirs; return the proof."""
    limit = timedelta(minutes=policy.limits.reauthentication_minutes[level])
    if authentication is None or not authentication.is_fresh(at=at, limit=limit):
        raise Refused("Confirm that it is you before you sign.", rule="authentication_too_old")
    return authentication

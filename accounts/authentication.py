"""How, and when, the person at the other end last proved who they are."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from allauth.account.authentication import get_authentication_records
from django.http import HttpRequest

from accounts.models import Person


@dataclass(frozen=True, slots=True)
class Authentication:
    """One proof of identity in this session: by which method, at which moment."""

    method: str
    authenticated_at: datetime

    def is_fresh(self, *, at: datetime, limit: timedelta) -> bool:
        """Whether this proof is recent enough to sign with (21 CFR 11.200)."""
        return timedelta(0) <= at - self.authenticated_at <= limit


def person_of(request: HttpRequest) -> Person:
    """Return who asks; an address that is served without signing in may not."""
    assert isinstance(request.user, Person)
    return request.user


def latest(request: HttpRequest, person: Person) -> Authentication | None:
    """Return the last proof in this session, or None where there is none."""
    records = get_authentication_records(request, person)
    if not records:
        return None
    moment = datetime.fromtimestamp(records[-1]["at"], tz=UTC)
    return Authentication(records[-1]["method"], moment)

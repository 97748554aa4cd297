"""Which flags wait for a person: read from what they say about who has to act."""

from __future__ import annotations

from datetime import date

from django.db.models import Q

from accounts import permissions
from accounts.models import Person
from initiatives.models import Ownership
from initiatives.stages import Role
from notifications import ladders
from reviews import queries as reviews

# As the rules say it (`rules`): a test compares this with what each of them may say.
ITS_OWNERS = "its owners"
SIGNERS = ("whoever has not signed", "those who signed it")


def acted_on_by(person: Person, today: date) -> Q:
    """Flags on which this person has to act: as a portfolio lead, in the role that is named, by
    name, or as somebody for whose signature a review waits."""
    found = Q(acts=person.name) | Q(acts__startswith=f"{person.name}, ")
    if permissions.is_lead(person):
        found |= Q(acts__contains=ladders.LEAD)
    held = Ownership.objects.counting().filter(person=person, role__in=Role.values).order_by()
    for role in set(held.values_list("role", flat=True)):
        found |= Q(_names(Role(role)), initiative__in=held.filter(role=role).values("initiative"))
    signed = [f"review:{request.review.pk}" for request in reviews.requests_for(person, today)]
    return found | Q(acts__in=SIGNERS, subject__in=signed)


def _names(role: Role) -> Q:
    named = Q(acts__contains=f"the {str(role.label).lower()}")
    return named | Q(acts__startswith=ITS_OWNERS) if role in ladders.OWNERS else named

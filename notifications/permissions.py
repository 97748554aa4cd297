"""Who may end the quiet after an import, set a flag aside, and look after the machinery."""

from collections.abc import Iterable

from accounts import permissions as people
from accounts.models import Person
from initiatives.facts import Facts
from initiatives.models import Initiative, Ownership
from initiatives.models.ownership import OwnershipQuerySet
from initiatives.stages import Role


def may_start_campaign(person: Person) -> bool:
    """From then on mails go to everybody who is said to own something; only leads."""
    return people.is_lead(person)


def may_operate(person: Person) -> bool:
    """See whether the clock runs and mails go out, and send again what was given up."""
    return people.is_administrator(person) or people.is_lead(person)


def may_snooze(person: Person, initiative: Initiative) -> bool:
    """Say that a flag can wait: whoever holds one of its roles, and leads."""
    return people.is_lead(person) or _roles(person).filter(initiative=initiative).exists()


def may_snooze_facts(person: Person, facts: Facts) -> bool:
    """`may_snooze` for facts at hand, without a query."""
    roles = (o for o in facts.ownerships if o.counts and o.role in Role.values)
    return people.is_lead(person) or any(o.person_id == person.pk for o in roles)


def may_snooze_any(person: Person, initiatives: Iterable[int]) -> set[int]:
    """Of which of these initiatives `may_snooze` holds, in one query."""
    wanted = set(initiatives)
    if people.is_lead(person):
        return wanted
    return set(_roles(person).filter(initiative__in=wanted).values_list("initiative", flat=True))


# So often those who answer for it say that it can wait.
OWN_SNOOZES = 2


def may_snooze_again(person: Person, times: int) -> bool:
    """Say once more that a flag can wait, which was snoozed so often before; from the third time on
    only leads, so that nothing waits for ever by the word of its owners alone."""
    return times < OWN_SNOOZES or people.is_lead(person)


def _roles(person: Person) -> OwnershipQuerySet:
    return Ownership.objects.counting().filter(person=person, role__in=Role.values)

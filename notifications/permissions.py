"""Who may end the quiet after an import, and who looks after the machinery."""

from accounts import permissions as people
from accounts.models import Person


def may_start_campaign(person: Person) -> bool:
    """From then on mails go to everybody who is said to own something; only leads."""
    return people.is_lead(person)


def may_operate(person: Person) -> bool:
    """See whether the clock runs and mails go out, and send again what was given up."""
    return people.is_administrator(person) or people.is_lead(person)

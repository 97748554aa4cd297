"""Who may end the quiet after an import."""

from accounts import permissions as people
from accounts.models import Person


def may_start_campaign(person: Person) -> bool:
    """From then on mails go to everybody who is said to own something; only leads."""
    return people.is_lead(person)

"""Who may change the policy, ask for a review, and decide (product.md §4 and §7)."""

from accounts import permissions as people
from accounts.models import Person
from initiatives import permissions as initiatives
from initiatives.facts import Facts
from initiatives.stages import Role
from reviews.models import Decision

ADVANCING = (Decision.Kind.PROCEED, Decision.Kind.SHIP, Decision.Kind.RECERTIFY)


def may_change_policy(person: Person) -> bool:
    """Portfolio leads draft policies, and publish what another of them drafted."""
    return people.is_lead(person)


def may_read_draft(person: Person) -> bool:
    """What may yet change is for those who change it, and for those who check."""
    return people.is_lead(person) or people.is_auditor(person)


def may_request_review(person: Person, facts: Facts) -> bool:
    return initiatives.may_edit_facts(person, facts)


def may_decide(person: Person, facts: Facts) -> bool:
    """The sponsor, or a portfolio lead."""
    return _is_sponsor(person, facts) or people.is_lead(person)


def bar_to_deciding(person: Person, facts: Facts, kind: str) -> str | None:
    """Why this person may not decide so, or None.

    Whoever owns or last edited it does not advance it, the sponsor excepted. Stopping is always
    easy: that bar is not there for a kill.
    """
    if not may_decide(person, facts):
        return "Only the sponsor or a portfolio lead decides."
    if kind not in ADVANCING or _is_sponsor(person, facts):
        return None
    if any(o.counts and o.person_id == person.pk for o in facts.ownerships):
        return "You own this initiative; the sponsor or another lead decides."
    if facts.initiative.evidence_changed_by_id == person.pk:
        return "You last changed its evidence; the sponsor or another lead decides."
    return None


def _is_sponsor(person: Person, facts: Facts) -> bool:
    sponsor = facts.counted_owner(Role.SPONSOR)
    return sponsor is not None and sponsor.person_id == person.pk

"""Who may change the policy, ask for a review, and decide (product.md §4 and §7)."""

from accounts import permissions as people
from accounts.models import Person
from initiatives import permissions as initiatives
from initiatives.facts import Facts
from initiatives.stages import Role
from reviews.models import Decision, Review

# Who runs it or answers for it, and may switch it off (product.md §4, Suspend).
MAY_SWITCH_OFF = (Role.PRODUCTION_OWNER, Role.ON_CALL, Role.SPONSOR)
ADVANCING = (
    Decision.Kind.PROCEED, Decision.Kind.SHIP, Decision.Kind.RECERTIFY, Decision.Kind.REBASELINE,
    Decision.Kind.CATCH_UP,
)  # fmt: skip
WHO_SUSPENDS = (
    "Only its production owner, on-call contact or sponsor, members of security or compliance, "
    "and portfolio leads suspend it."
)


def may_change_policy(person: Person) -> bool:
    """Portfolio leads draft policies, and publish what another of them drafted."""
    return people.is_lead(person)


def may_read_draft(person: Person) -> bool:
    """What may yet change is for those who change it, and for those who check."""
    return people.is_lead(person) or people.is_auditor(person)


def may_request_review(person: Person, facts: Facts) -> bool:
    return initiatives.may_edit_facts(person, facts)


def may_withdraw(person: Person, review: Review) -> bool:
    """Whoever asked for it, or a portfolio lead."""
    asked = person.is_active and review.opened_by_id == person.pk
    return review.is_open and (asked or people.is_lead(person))


def may_decide(person: Person, facts: Facts) -> bool:
    """The sponsor, or a portfolio lead."""
    return _is_sponsor(person, facts) or people.is_lead(person)


def may_suspend(person: Person, facts: Facts) -> bool:
    """Its production owner, on-call contact or sponsor, security, compliance, or a lead."""
    if people.is_lead(person) or people.is_security(person) or people.is_compliance(person):
        return True
    held = (facts.counted_owner(role) for role in MAY_SWITCH_OFF)
    return any(owner is not None and owner.person_id == person.pk for owner in held)


def bar_to_deciding(person: Person, facts: Facts, kind: str) -> str | None:
    """Why this person may not decide so, or None.

    Whoever owns or last edited it does not advance it, the sponsor excepted. Stopping is always
    easy: that bar is not there for a kill, and to suspend takes one of many.
    """
    if kind == Decision.Kind.SUSPEND:
        return None if may_suspend(person, facts) else WHO_SUSPENDS
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

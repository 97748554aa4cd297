"""Who may change the policy, ask for a review, and decide (product.md §4 and §7)."""

from datetime import date

from django.utils import timezone

from accounts import permissions as people
from accounts.models import Person
from initiatives import permissions as initiatives
from initiatives.facts import Facts
from initiatives.models import HandOver
from initiatives.stages import Role, SpecialReview
from reviews import catching_up
from reviews.models import Decision, Question, Review
from reviews.policy import Limits

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


def may_answer(person: Person, question: Question, facts: Facts) -> bool:
    """Whoever was asked, or anybody who may change the initiative."""
    was_asked = person.is_active and question.asked_of_id == person.pk
    return was_asked or initiatives.may_edit_facts(person, facts)


def may_hand_over(by: Person, giver: Person) -> bool:
    """Everybody what is their own; portfolio leads and administrators for anybody, of what they
    may see: so not even by its name does an administrator come to know of a restricted one."""
    is_theirs = by.is_active and by.pk == giver.pk
    return is_theirs or people.is_lead(by) or people.is_administrator(by)


def may_take_over(person: Person, hand_over: HandOver) -> bool:
    """Only the person who was asked accepts or declines."""
    return person.is_active and hand_over.receiver_id == person.pk


def may_withdraw_hand_over(person: Person, hand_over: HandOver) -> bool:
    """Whoever asked, the person it is about, or a portfolio lead."""
    concerned = person.pk in (hand_over.asked_by_id, hand_over.giver_id)
    return (person.is_active and concerned) or people.is_lead(person)


def may_read_hand_over(person: Person, hand_over: HandOver) -> bool:
    """Those concerned, and whoever might have asked themselves."""
    concerned = may_take_over(person, hand_over) or may_withdraw_hand_over(person, hand_over)
    return concerned or may_hand_over(person, hand_over.giver)


def may_decide(person: Person, facts: Facts) -> bool:
    """The sponsor, or a portfolio lead."""
    return _is_sponsor(person, facts) or people.is_lead(person)


def may_ask_to_retire(person: Person, facts: Facts) -> bool:
    """Whoever holds a role on it, or is asked into one, or a lead: they would know that it is
    dead."""
    asked = any(o.person_id == person.pk for o in facts.ownerships)
    return (person.is_active and asked) or people.is_lead(person)


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
    if facts.initiative.has_lapsed and kind != Decision.Kind.KILL and not people.is_lead(person):
        return f"{lapsed(facts)} You may still kill it."
    if kind not in ADVANCING or _is_sponsor(person, facts):
        return None
    if any(o.counts and o.person_id == person.pk for o in facts.ownerships):
        return "You own this initiative; the sponsor or another lead decides."
    if facts.initiative.evidence_changed_by_id == person.pk:
        return "You last changed its evidence; the sponsor or another lead decides."
    return None


def bar_to_ending(
    person: Person, facts: Facts, gate: str | None, today: date, limits: Limits
) -> str | None:
    """Why this person may not decide on the review of this gate, whatever else they may, or None:
    a catch-up that has lapsed is for the portfolio leads, to send back as well."""
    if gate != SpecialReview.CATCH_UP or people.is_lead(person):
        return None
    return catching_up.lapsed(facts.initiative, today, limits) or None


def lapsed(facts: Facts) -> str:
    """That nobody decided in time, and who does now."""
    row = facts.initiative
    assert row.lapsed_at is not None
    day = timezone.localdate(row.lapsed_at)
    return f"It lapsed on {day:%-d %b %Y}: the portfolio leads decide now, not the sponsor."


def bar_to_waiving(person: Person, facts: Facts) -> str | None:
    """Why this person may not waive a tripped kill condition, or None.

    It is the sponsor's signature; a lead's where nobody is sponsor, or it has lapsed.
    """
    if facts.counted_owner(Role.SPONSOR) is None or facts.initiative.has_lapsed:
        return None if people.is_lead(person) else "Only a portfolio lead waives it now."
    return None if _is_sponsor(person, facts) else "Only its sponsor waives a kill condition."


def bar_to_endorsing(person: Person, facts: Facts) -> str | None:
    """Why this person may not sign the success statement of what was chartered, or None."""
    if not _is_sponsor(person, facts):
        return "Only its sponsor signs the success statement."
    return None if facts.charter else "No charter is in force: nothing was promised yet."


def _is_sponsor(person: Person, facts: Facts) -> bool:
    sponsor = facts.counted_owner(Role.SPONSOR)
    return sponsor is not None and sponsor.person_id == person.pk

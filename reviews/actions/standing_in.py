"""Who signs in another's place: handed on by whose signature it is, or appointed by a lead."""

from datetime import date, datetime, timedelta

from django.utils import timezone

from accounts import permissions as people
from accounts.models import Membership, Person
from audit.actions import Value, Words, append
from audit.refusals import Refused, records_refusals
from initiatives import facts as initiative_facts
from initiatives.models import OpenToPerson
from reviews import queries, signing
from reviews.actions.reviewing import locked_initiative, review_entry
from reviews.models import Delegation, Review, Slot
from reviews.signing import Candidate, StandIn

LONGEST_HANDED_ON = timedelta(days=90)
LONGEST_ACTING = timedelta(days=30)  # product.md §4, Absence


@records_refusals("review.hand_on")
def hand_on(
    *, slot: Slot, person: Person, reason: str, until_date: date, by: Person, at: datetime
) -> Delegation:
    """Let somebody else sign in one's place until a day; oneself may still sign meanwhile."""
    review, state = _locked(slot, at)
    stands_in = state.stand_ins.get(by.pk)
    if stands_in is not None or not any(p.pk == by.pk for p in state.eligible):
        raise Refused(
            f"The signature “{slot.title}” is not yours to hand on. Its holder can, or a "
            "portfolio lead appoints somebody.",
            rule="not_your_slot",
        )
    _require_period(until_date, timezone.localdate(at), LONGEST_HANDED_ON)
    return _delegate(review, state, person, by, reason, until_date, by, at)


@records_refusals("review.appoint")
def appoint(
    *, slot: Slot, person: Person, reason: str, until_date: date, by: Person, at: datetime
) -> Delegation:
    """Name somebody who signs where nobody can, or whoever could is away: a lead, for at most 30
    days, and never themselves."""
    if not people.is_lead(by):
        raise Refused("Portfolio leads appoint an acting holder.", rule="not_a_lead")
    review, state = _locked(slot, at)
    if person.pk == by.pk:
        raise Refused("Nobody appoints themselves.", rule="oneself", field="person")
    _require_period(until_date, timezone.localdate(at), LONGEST_ACTING)
    return _delegate(review, state, person, None, reason, until_date, by, at)


def _locked(slot: Slot, at: datetime) -> tuple[Review, signing.SlotState]:
    row = locked_initiative(slot.review.initiative_id)
    review = Review.objects.select_related("policy", "snapshot").get(pk=slot.review_id)
    review.initiative = row
    if not review.is_open:
        raise Refused("This review is closed; nothing is left to sign.", rule="review_closed")
    known = initiative_facts.load_one(row.pk)
    standing = queries.standing(review, timezone.localdate(at), known)
    state = next(state for state in standing.slots if state.slot.pk == slot.pk)
    if state.is_filled:
        raise Refused("Enough people have signed here already.", rule="slot_filled")
    return review, state


def _require_period(until: date, today: date, longest: timedelta) -> None:
    if not today <= until <= today + longest:
        raise Refused(
            f"Choose a day from today on, within {longest.days} days.",
            rule="until_date",
            field="until_date",
        )


def _delegate(
    review: Review,
    state: signing.SlotState,
    person: Person,
    holder: Person | None,
    reason: str,
    until: date,
    by: Person,
    at: datetime,
) -> Delegation:
    if not reason.strip():
        raise Refused("Say why, for the record.", rule="reason_missing", field="reason")
    _require_possible(review, state, person)
    # Who cannot sign may have been named before, until a day, or by somebody who has left since.
    Delegation.objects.filter(slot=state.slot, person=person, ended_at=None).update(ended_at=at)
    given = Delegation.objects.create(
        slot=state.slot,
        holder=holder,
        person=person,
        reason=reason.strip(),
        until_date=until,
        made_at=at,
        made_by=by,
    )
    OpenToPerson.objects.get_or_create(
        initiative=review.initiative, person=person, defaults={"opened_at": at}
    )
    kind = "review.handed_on" if holder else "review.acting_appointed"
    said: dict[str, Value] = {"reason": Words(given.reason), "until": until}
    append([review_entry(kind, review, by, _about(given) | said)], at=at)
    return given


def _require_possible(review: Review, state: signing.SlotState, person: Person) -> None:
    """Never somebody who is barred, and not whoever can sign it anyway."""
    active = Person.objects.filter(pk=person.pk, is_active=True).exists()
    if not active:
        raise Refused(
            f"{person} is no longer here. Choose somebody who is.", rule="inactive", field="person"
        )
    reason = state.barred.get(person.pk) or signing.bar(_as_stand_in(state.slot, person), review)
    if reason:
        raise Refused(f"{person} may not: {reason}", rule="barred_from_signing", field="person")
    if any(p.pk == person.pk for p in state.eligible):
        raise Refused(f"{person} can sign this already.", rule="can_sign", field="person")


def _as_stand_in(slot: Slot, person: Person) -> Candidate:
    """As somebody who stands in; of a slot's own group it still counts when they joined it."""
    mine = Membership.objects.filter(person=person, group=slot.group_id, left_at=None)
    membership = mine.first() if slot.group_id else None
    return Candidate(person, membership, StandIn(signing.ACTING, None))


@records_refusals("review.end_delegation")
def end_delegation(*, delegation: Delegation, by: Person, at: datetime) -> Delegation:
    """Take back what was handed on, decline it, or end an appointment."""
    locked_initiative(delegation.slot.review.initiative_id)
    stored = Delegation.objects.select_related("slot__review").get(pk=delegation.pk)
    if stored.ended_at is not None:
        raise Refused("This has ended already.", rule="ended")
    if by.pk not in (stored.holder_id, stored.person_id) and not people.is_lead(by):
        raise Refused(
            "Whoever handed it on, whoever got it, or a portfolio lead ends this.",
            rule="not_theirs",
        )
    stored.ended_at = at
    stored.save(update_fields=["ended_at"])
    review = stored.slot.review
    append([review_entry("review.delegation_ended", review, by, _about(stored))], at=at)
    return stored


def _about(given: Delegation) -> dict[str, Value]:
    return {"slot": given.slot.key, "person": given.person_id, "delegation": given.pk}

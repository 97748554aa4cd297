"""Signing a review, under conditions or not, and taking a rejection back."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from django.utils import timezone

from accounts.authentication import Authentication
from accounts.models import Person
from audit.actions import Entry, Value, Words, append
from audit.models import Event
from audit.refusals import Refused, records_refusals
from initiatives import actions as initiatives
from initiatives import facts as initiative_facts
from initiatives.models import Initiative, Obligation
from initiatives.models.obligations import ObligationKind
from initiatives.permissions import may_know_of
from reviews import queries
from reviews.actions.proving import require_fresh
from reviews.actions.reviewing import locked_initiative, notice, release_conditions, review_entry
from reviews.models import Review, SignOff, Slot, Snapshot
from reviews.signing import SlotState

LONGEST_CONDITION = timedelta(days=180)


@dataclass(frozen=True, slots=True)
class Condition:
    """What an approval depends on: who sees to it, by when."""

    what: str
    assignee: Person
    due_date: date


@dataclass(frozen=True)
class Signed:
    """What somebody signs, as they said it."""

    verdict: str
    comment: str
    conditions: tuple[Condition, ...]
    proof: Authentication
    by: Person
    at: datetime
    owed: tuple[Obligation, ...] = field(default=())


@records_refusals("review.sign")
def sign(
    *,
    slot: Slot,
    verdict: str,
    digest: str,
    authentication: Authentication | None,
    by: Person,
    at: datetime,
    comment: str = "",
    conditions: Iterable[Condition] = (),
) -> Event:
    """Sign the evidence named by `digest`, and return the event, whose number is the receipt.

    Everything is checked again under the initiative's lock: that this is still the evidence,
    that the signer may, and that they proved who they are recently enough. One signature fills
    every role slot that its signer holds. What an earlier one of theirs depended on is not asked
    for any more.
    """
    row, standing = _open_standing(slot, at)
    _require_same_evidence(standing, digest)
    level = standing.facts.initiative.level
    proof = require_fresh(authentication, standing.policy, level, at)
    said = Signed(verdict, comment.strip(), tuple(conditions), proof, by, at)
    _require_words(said)
    for condition in said.conditions:
        _require_possible(condition, row, timezone.localdate(at))
    mine = _slots_signed(standing, slot, by)
    earlier = SignOff.objects.filter(signer=by, slot__in=[state.slot for state in mine])
    release_conditions(earlier, at)
    said, entries = _owe(said, row, standing.review)
    _store(mine, standing.review, said)
    Initiative.objects.filter(pk=row.pk).update(touched_at=at)
    return append([_entry(standing.review, mine, said), *entries], at=at)[0]


@records_refusals("review.take_back")
def take_back(
    *, slot: Slot, authentication: Authentication | None, by: Person, at: datetime
) -> Event:
    """Take one's own rejection back, and with it those given at the same time: the slots are
    empty again, and ask to be signed."""
    row, standing = _open_standing(slot, at)
    level = standing.facts.initiative.level
    proof = require_fresh(authentication, standing.policy, level, at)
    mine = [s for s in standing.slots if any(r.signer_id == by.pk for r in s.rejections)]
    if slot.pk not in {state.slot.pk for state in mine}:
        raise Refused("There is no rejection of yours to take back.", rule="nothing_rejected")
    said = Signed(SignOff.Verdict.TAKEN_BACK, "", (), proof, by, at)
    _store(mine, standing.review, said)
    Initiative.objects.filter(pk=row.pk).update(touched_at=at)
    return append([_entry(standing.review, mine, said)], at=at)[0]


def _open_standing(slot: Slot, at: datetime) -> tuple[Initiative, queries.Standing]:
    """Lock the initiative, and evaluate the open review against what is true under the lock."""
    row = locked_initiative(slot.review.initiative_id)
    review = Review.objects.select_related("policy", "snapshot").get(pk=slot.review_id)
    review.initiative = row
    if not review.is_open:
        raise Refused("This review is closed; nothing is left to sign.", rule="review_closed")
    known = initiative_facts.load_one(row.pk)
    notice(review, row, at, known)
    return row, queries.standing(review, timezone.localdate(at), known)


def _require_same_evidence(standing: queries.Standing, digest: str) -> None:
    if standing.digest == digest:
        return
    read = Snapshot.objects.filter(digest=digest).first()
    changes = queries.in_words(read.material, standing.material, standing.facts) if read else []
    raise Refused(
        "The evidence has changed since you opened this page. Read what is different, then sign.",
        rule="evidence_changed",
        detail={"changes": changes},
    )


def _require_words(said: Signed) -> None:
    """A rejection says why; a conditional approval says what, who and by when."""
    verdicts = SignOff.Verdict
    if said.verdict not in (verdicts.APPROVE, verdicts.CONDITIONAL, verdicts.REJECT):
        raise Refused("Choose Approve, Approve if … or Reject.", rule="verdict", field="verdict")
    if said.verdict == verdicts.REJECT and not said.comment:
        raise Refused("Say why you reject, so that it can be mended.", rule="why", field="comment")
    if (said.verdict == verdicts.CONDITIONAL) != bool(said.conditions):
        raise Refused(
            "Say what has to be done, by whom and by when.", rule="no_condition", field="what"
        )


def _require_possible(condition: Condition, row: Initiative, today: date) -> None:
    if not condition.what.strip():
        raise Refused("Say what has to be done.", rule="condition_empty", field="what")
    if not may_know_of(condition.assignee, row):
        raise Refused(
            f"{condition.assignee} cannot see this initiative. Choose one of its owners.",
            rule="cannot_see",
            field="assignee",
        )
    if not today <= condition.due_date <= today + LONGEST_CONDITION:
        raise Refused(
            f"Choose a day from today on, within {LONGEST_CONDITION.days} days.",
            rule="condition_date",
            field="due_date",
        )


def _slots_signed(standing: queries.Standing, slot: Slot, by: Person) -> list[SlotState]:
    """The slots this signature fills: the one asked for, and every other role of the signer, or
    of the same person in whose place they sign."""
    asked = next(state for state in standing.slots if state.slot.pk == slot.pk)
    _require_eligible(asked, by)
    if slot.group_id:
        return [asked]
    holder = asked.holder_for(by)
    roles = [s for s in standing.slots if s.slot.role and s.waits_for(by)]
    same = [s for s in roles if s.holder_for(by) == holder]
    return [s for s in standing.slots if s is asked or s in same]


def _require_eligible(state: SlotState, by: Person) -> None:
    if any(signature.signer_id == by.pk for signature in (*state.live, *state.rejections)):
        raise Refused("You have already signed this on the same evidence.", rule="already_signed")
    if reason := state.barred.get(by.pk):
        raise Refused(
            f"You cannot sign as {state.slot.title}: {reason}", rule="barred_from_signing"
        )
    if not any(person.pk == by.pk for person in state.eligible):
        raise Refused(
            f"The signature “{state.slot.title}” is not yours to give. Whose it is can hand it on, "
            "or a portfolio lead appoints somebody.",
            rule="not_your_slot",
        )
    if state.is_filled:
        raise Refused("Enough people have signed here already.", rule="slot_filled")


def _owe(said: Signed, row: Initiative, review: Review) -> tuple[Signed, list[Entry]]:
    """Turn the conditions into what somebody has to see to."""
    owed = [
        initiatives.owe(
            row,
            kind=ObligationKind.CONDITION,
            gate=review.gate,
            what=condition.what,
            assignee=condition.assignee,
            due_date=condition.due_date,
            by=said.by,
            at=said.at,
        )
        for condition in said.conditions
    ]
    return replace(said, owed=tuple(o for o, _ in owed)), [entry for _, entry in owed]


def _store(mine: list[SlotState], review: Review, said: Signed) -> None:
    signatures = SignOff.objects.bulk_create(_signature(s, review, said) for s in mine)
    through = SignOff.conditions.through
    through.objects.bulk_create(
        through(signoff=signature, obligation=owed)
        for signature in signatures
        for owed in said.owed
    )


def _signature(state: SlotState, review: Review, said: Signed) -> SignOff:
    before = SignOff.objects.filter(
        review=review, slot=state.slot, signer=said.by, snapshot=review.snapshot
    )
    return SignOff(
        slot=state.slot,
        review=review,
        signer=said.by,
        printed_name=said.by.name,
        on_behalf_of=state.holder_for(said.by),
        role=state.slot.role,
        group=state.slot.group.key if state.slot.group else "",
        meaning=state.slot.meaning,
        verdict=said.verdict,
        comment=said.comment,
        round=before.count() + 1,
        signed_at=said.at,
        authentication_method=said.proof.method,
        authenticated_at=said.proof.authenticated_at,
        snapshot=review.snapshot,
        policy_version=review.policy.version,
    )


def _entry(review: Review, signed: list[SlotState], said: Signed) -> Entry:
    """All that a signature's row says, so that the log bears witness to each field of it."""
    slots = [state.slot for state in signed]
    changed: dict[str, Value] = {
        "verdict": said.verdict,
        "slots": [slot.key for slot in slots],
        "as": [slot.role or (slot.group.key if slot.group else "") for slot in slots],
        "meanings": [Words(slot.meaning) for slot in slots],
        "printed_name": Words(said.by.name),
        "method": said.proof.method,
        "authenticated_at": said.proof.authenticated_at,
        "digest": review.snapshot_id,
        "policy": review.policy.version,
    }
    holder = signed[0].holder_for(said.by)
    changed |= {"on_behalf_of": holder.pk} if holder else {}
    changed |= {"conditions": [owed.pk for owed in said.owed]} if said.owed else {}
    changed |= {"comment": Words(said.comment)} if said.comment else {}
    return review_entry("review.signed", review, said.by, changed)

"""Who may sign what, and which signatures are live: derived, never stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, F, OuterRef, QuerySet, Subquery

from accounts.models import Membership, Person
from initiatives.facts import Facts
from initiatives.models import Ownership
from reviews.models import Review, SignOff, Slot
from reviews.policy import GatePolicy


@dataclass(frozen=True)
class SlotState:
    """A slot with who could sign it and what has been signed in it.

    `live` are approvals of the evidence as it stands; `stale` were given on other evidence.
    """

    slot: Slot
    eligible: tuple[Person, ...]
    barred: Mapping[int, str]
    live: tuple[SignOff, ...]
    rejections: tuple[SignOff, ...]
    stale: tuple[SignOff, ...]

    @property
    def is_filled(self) -> bool:
        """An empty slot never passes, and a rejection leaves it empty."""
        return not self.rejections and len({s.signer_id for s in self.live}) >= self.slot.quorum

    @property
    def is_fillable(self) -> bool:
        """Whether enough people could sign; shown at once, not found out later."""
        signed = {s.signer_id for s in self.live}
        return len(signed | {p.pk for p in self.eligible}) >= self.slot.quorum

    def waits_for(self, person: Person) -> bool:
        """Whether this slot asks for this person's signature now."""
        answered = {s.signer_id for s in (*self.live, *self.rejections)}
        may = any(p.pk == person.pk for p in self.eligible)
        return may and not self.is_filled and person.pk not in answered


def states(review: Review, facts: Facts, digest: str) -> list[SlotState]:
    """The slots of a review on the evidence named by `digest`, in three queries."""
    slots = list(review.slots.select_related("group"))
    groups = [s.group_id for s in slots if s.group_id]
    members = _members(groups) if groups and review.is_open else {}
    signatures = list(review.sign_offs.select_related("signer", "snapshot"))
    candidates = _candidates if review.is_open else _nobody
    return [
        _state(slot, candidates(slot, facts, members), review, signatures, digest) for slot in slots
    ]


def waiting_for(
    person: Person, reviews: Iterable[Review], digests: Mapping[int, str]
) -> dict[int, list[SlotState]]:
    """The slots of these reviews that ask for this person's signature now, in three queries.

    `digests` names each review's current evidence. States know of this person's eligibility only.
    """
    of = {review.pk: review for review in reviews}
    mine = {m.group_id: m for m in Membership.objects.filter(person=person, left_at=None)}
    signatures = list(SignOff.objects.filter(review__in=of))
    waiting: dict[int, list[SlotState]] = {}
    for slot in slots_with_holder(person).filter(review__in=of).select_related("group"):
        may = slot.group_id in mine if slot.group_id else slot.is_held
        candidates = [(person, mine.get(slot.group_id or 0))] if may else []
        digest = digests[slot.review_id]
        state = _state(slot, candidates, of[slot.review_id], signatures, digest)
        if state.waits_for(person):
            waiting.setdefault(slot.review_id, []).append(state)
    return waiting


def asked_of(person: Person, initiatives: Iterable[int]) -> set[int]:
    """Those of these initiatives whose open review asks for this person's signature, in one query.

    For lists: where evidence has moved on since it was last looked at, whoever signed counts as
    asked again, without comparing; `waiting_for` compares.
    """
    mine = Membership.objects.filter(person=person, group=OuterRef("group"), left_at=None)
    rows = (
        slots_with_holder(person)
        .filter(review__initiative__in=list(initiatives), review__closed_at=None)
        .annotate(
            joined_at=Subquery(mine.values("joined_at")[:1]),
            signer=F("sign_offs__signer"),
            verdict=F("sign_offs__verdict"),
            signed=F("sign_offs__snapshot"),
        )
        .select_related("review__initiative")
    )
    slots: dict[int, list[Any]] = {}
    for row in rows:
        slots.setdefault(row.pk, []).append(row)
    return {rows[0].review.initiative_id for rows in slots.values() if _asks(rows, person)}


def _asks(rows: list[Any], person: Person) -> bool:
    """Whether a slot asks for this person's signature; a row for each signature it was given."""
    slot, review = rows[0], rows[0].review
    if slot.joined_at is None if slot.group_id else not slot.is_held:
        return False
    membership = Membership(joined_at=slot.joined_at) if slot.group_id else None
    is_noticed = review.seen_version == review.initiative.evidence_version
    current = [row for row in rows if is_noticed and row.signed == review.snapshot_id]
    verdicts = {row.signer: row.verdict for row in current}
    rejected = SignOff.Verdict.REJECT in verdicts.values()
    is_filled = len(verdicts) >= slot.quorum and not rejected
    return person.pk not in verdicts and not is_filled and bar(person, membership, review) is None


def slots_with_holder(person: Person) -> QuerySet[Any]:
    """Slots that say by `is_held` whether this person truly holds the role they ask for."""
    held = Ownership.objects.counting().filter(
        person=person, role=OuterRef("role"), initiative=OuterRef("review__initiative")
    )
    return Slot.objects.annotate(is_held=Exists(held))


def _members(groups: Iterable[int]) -> dict[int, list[Membership]]:
    rows = Membership.objects.filter(group__in=list(groups), left_at=None, person__is_active=True)
    found: dict[int, list[Membership]] = {}
    for row in rows.select_related("person").order_by("person__name", "pk"):
        found.setdefault(row.group_id, []).append(row)
    return found


def _latest(signatures: Iterable[SignOff], digest: str) -> list[SignOff]:
    """The signature of each person in a slot that counts: the one on this very evidence, which
    lives again when a change is undone, else the last."""
    ordered = sorted(signatures, key=lambda s: s.snapshot_id == digest)
    return list({s.signer_id: s for s in ordered}.values())


def _nobody(*_: object) -> list[tuple[Person, Membership | None]]:
    """Of a closed review nobody is asked any more."""
    return []


def _candidates(
    slot: Slot, facts: Facts, members: Mapping[int, list[Membership]]
) -> list[tuple[Person, Membership | None]]:
    if slot.group_id:
        return [(m.person, m) for m in members.get(slot.group_id, [])]
    owner = facts.counted_owner(slot.role)
    return [(owner.person, None)] if owner else []


def _state(
    slot: Slot,
    candidates: list[tuple[Person, Membership | None]],
    review: Review,
    signatures: list[SignOff],
    digest: str,
) -> SlotState:
    why = {person.pk: bar(person, membership, review) for person, membership in candidates}
    mine = _latest((s for s in signatures if s.slot_id == slot.pk), digest)
    current = [s for s in mine if s.snapshot_id == digest]
    return SlotState(
        slot=slot,
        eligible=tuple(person for person, _ in candidates if why[person.pk] is None),
        barred={pk: reason for pk, reason in why.items() if reason is not None},
        live=tuple(s for s in current if s.verdict == SignOff.Verdict.APPROVE),
        rejections=tuple(s for s in current if s.verdict == SignOff.Verdict.REJECT),
        stale=tuple(s for s in mine if s.snapshot_id != digest),
    )


def bar(person: Person, membership: Membership | None, review: Review) -> str | None:
    """Why this person may not sign this slot, or None (product.md §4, Who may not sign).

    In a role of their own the requester and the last editor may sign; for a group they may not.
    """
    if not person.is_active:
        return "whoever signs has to be active."
    if membership is None:
        return None
    if membership.joined_at > review.opened_at:
        return "whoever joined the group after the review was opened may not."
    if person.pk == review.opened_by_id:
        return "whoever asks for a review does not sign it for a group."
    if person.pk == review.initiative.evidence_changed_by_id:
        return "whoever last changed the evidence does not sign it for a group."
    return None


def people_missing(slots: Iterable[SlotState], gate: GatePolicy, facts: Facts) -> str | None:
    """Say which of the rules about distinct people the signatures do not satisfy yet."""
    level = facts.initiative.level
    signers = {s.signer_id for state in slots for s in state.live}
    needed = gate.people_needed[level]
    if len(signers) < needed:
        return f"{needed} different people have to sign; {len(signers)} have."
    if level in gate.outsider_from and not signers - facts.delivery_team:
        return "Somebody from outside the delivery team has to sign."
    return None

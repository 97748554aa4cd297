"""Who may sign what, and which signatures are live: derived, never stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery, prefetch_related_objects
from django.utils import timezone

from accounts.models import Membership, Person
from initiatives.facts import Facts
from initiatives.models import Obligation, Ownership
from reviews.models import Delegation, Review, SignOff, Slot
from reviews.policy import GatePolicy

DEPUTY, HANDED_ON, ACTING = "deputy of", "in the place of", "acting"
APPROVING = (SignOff.Verdict.APPROVE, SignOff.Verdict.CONDITIONAL)


@dataclass(frozen=True, slots=True)
class StandIn:
    """In which way somebody signs in another's place; nobody's where a lead appointed them."""

    how: str
    holder: Person | None
    until: date | None = None
    delegation: Delegation | None = None

    def __str__(self) -> str:
        until = f" until {self.until:%-d %b %Y}" if self.until else ""
        return f"{self.how} {self.holder}{until}" if self.holder else f"{self.how}{until}"


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who could sign a slot: in their own role, for their group, or in another's place."""

    person: Person
    membership: Membership | None = None
    stands_in: StandIn | None = None


@dataclass(frozen=True)
class SlotState:
    """A slot with who could sign it and what has been signed in it.

    `live` are approvals of the evidence as it stands; `stale` were given on other evidence, and
    `lapsed` under a condition that was missed. `stand_ins` says in whose place somebody signs,
    `handed_on` who has given it to somebody else.
    """

    slot: Slot
    eligible: tuple[Person, ...]
    barred: Mapping[int, str]
    live: tuple[SignOff, ...]
    rejections: tuple[SignOff, ...]
    stale: tuple[SignOff, ...]
    lapsed: tuple[SignOff, ...] = ()
    stand_ins: Mapping[int, StandIn] = field(default_factory=dict)
    handed_on: frozenset[int] = frozenset()

    @property
    def delegations(self) -> list[Delegation]:
        """By which somebody signs here in another's place."""
        return [s.delegation for s in self.stand_ins.values() if s.delegation]

    @property
    def who_can_sign(self) -> list[tuple[str, str]]:
        """Each by name, and in whose place; `(Sia Security, acting until 3 Dec 2026)`."""
        return [(p.name, str(self.stand_ins.get(p.pk) or "")) for p in self.eligible]

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
        may = any(p.pk == person.pk for p in self.eligible) and person.pk not in self.handed_on
        return may and not self.is_filled and person.pk not in answered

    def holder_for(self, person: Person) -> Person | None:
        """In whose place this person would sign, or None where it is their own."""
        stands_in = self.stand_ins.get(person.pk)
        return stands_in.holder if stands_in else None


def states(review: Review, facts: Facts, digest: str, today: date | None = None) -> list[SlotState]:
    """The slots of a review on the evidence named by `digest`, in three queries; more only where
    there are deputies, delegations or conditions."""
    day = today or timezone.localdate()
    slots: list[Any] = list(with_delegation(review.slots.select_related("group"), day))
    signatures = list(review.sign_offs.select_related("signer", "snapshot", "on_behalf_of"))
    with_conditions(signatures)
    candidates = _candidates_of(review, slots, facts, day) if review.is_open else {}
    return [
        _state(slot, candidates.get(slot.pk, []), review, signatures, digest, day) for slot in slots
    ]


def with_delegation(slots: QuerySet[Any], today: date) -> QuerySet[Any]:
    """Slots that say whether somebody signs in another's place there: `is_delegated`."""
    delegated = in_force(Delegation.objects.filter(slot=OuterRef("pk")), today)
    said: QuerySet[Any] = slots.annotate(is_delegated=Exists(delegated))
    return said


def with_conditions(signatures: Iterable[SignOff]) -> None:
    """Load the conditions of those that have some; most signatures have none."""
    conditional = [s for s in signatures if s.verdict == SignOff.Verdict.CONDITIONAL]
    if conditional:
        prefetch_related_objects(conditional, "conditions__assignee")


def _candidates_of(
    review: Review, slots: list[Any], facts: Facts, today: date
) -> dict[int, list[Candidate]]:
    groups = [s.group_id for s in slots if s.group_id]
    members = members_of(groups) if groups else {}
    return candidates(slots, {slot.pk: _own(slot, facts, members) for slot in slots}, today)


def candidates(
    slots: list[Any], own: Mapping[int, list[Candidate]], today: date
) -> dict[int, list[Candidate]]:
    """Who could sign each of these slots, of any reviews: those whose `own` it is first, then
    those who stand in for them. The slots say whether they are delegated."""
    deputies = _deputies([c.person for slot in slots if slot.role for c in own[slot.pk]], today)
    delegated = _delegated(slots, today) if any(slot.is_delegated for slot in slots) else {}
    return {
        slot.pk: _each_once(
            *own[slot.pk],
            *_delegates(delegated.get(slot.pk, []), own[slot.pk]),
            *(_deputies_of(own[slot.pk], deputies) if slot.role else ()),
        )
        for slot in slots
    }


def _own(slot: Slot, facts: Facts, members: Mapping[int, list[Membership]]) -> list[Candidate]:
    if slot.group_id:
        return [Candidate(m.person, m) for m in members.get(slot.group_id, [])]
    owner = facts.counted_owner(slot.role)
    return [Candidate(owner.person)] if owner else []


def _deputies(holders: Iterable[Person], today: date) -> dict[int, Person]:
    """Who signs for these people while they are away; a group signs by its members instead."""
    ids = {p.deputy_id for p in holders if p.deputy_id and p.has_deputy_on(today)}
    return Person.objects.filter(is_active=True).in_bulk(ids) if ids else {}


def _deputies_of(own: Iterable[Candidate], deputies: Mapping[int, Person]) -> Iterable[Candidate]:
    for holder in (candidate.person for candidate in own):
        if deputy := deputies.get(holder.deputy_id or 0):
            stands_in = StandIn(DEPUTY, holder, holder.deputy_until)
            yield Candidate(deputy, stands_in=stands_in)


def _delegated(slots: list[Any], today: date) -> dict[int, list[Delegation]]:
    found: dict[int, list[Delegation]] = {}
    rows = in_force(Delegation.objects.filter(slot__in=slots), today)
    for row in rows.select_related("person", "holder"):
        found.setdefault(row.slot_id, []).append(row)
    return found


def in_force(delegations: QuerySet[Delegation], today: date) -> QuerySet[Delegation]:
    """Those that have neither ended nor run out, to people who are active."""
    return delegations.filter(ended_at=None, until_date__gte=today, person__is_active=True)


def _delegates(found: Iterable[Delegation], own: Iterable[Candidate]) -> Iterable[Candidate]:
    """Those to whom it was handed on, while it is still its giver's to give, or appointed."""
    holders = {candidate.person.pk for candidate in own}
    for row in found:
        if row.holder is None or row.holder_id in holders:
            how = HANDED_ON if row.holder else ACTING
            yield Candidate(
                row.person, stands_in=StandIn(how, row.holder, row.until_date, delegation=row)
            )


def _each_once(*candidates: Candidate) -> list[Candidate]:
    """Whoever could sign in several ways signs in the first of them."""
    return list({c.person.pk: c for c in reversed(candidates)}.values())[::-1]


def waiting_for(
    person: Person, reviews: Iterable[Review], digests: Mapping[int, str], today: date
) -> dict[int, list[SlotState]]:
    """The slots of these reviews that ask for this person's signature now, in four queries.

    `digests` names each review's current evidence. States know of this person's eligibility only.
    """
    of = {review.pk: review for review in reviews}
    mine = {m.group_id: m for m in Membership.objects.filter(person=person, left_at=None)}
    signatures = list(SignOff.objects.filter(review__in=of).order_by("signed_at", "pk"))
    with_conditions(signatures)
    waiting: dict[int, list[SlotState]] = {}
    slots = slots_with_holder(person, today).filter(review__in=of).select_related("group")
    for slot in slots:
        candidates = _as_candidate(person, slot, mine)
        digest = digests[slot.review_id]
        state = _state(slot, candidates, of[slot.review_id], signatures, digest, today)
        if state.waits_for(person) and not slot.is_handed_on:
            waiting.setdefault(slot.review_id, []).append(state)
    return waiting


def _as_candidate(person: Person, slot: Any, mine: Mapping[int, Membership]) -> list[Candidate]:
    """This person in a slot of `slots_with_holder`, in their own name or in another's place."""
    if slot.group_id in mine:
        return [Candidate(person, mine[slot.group_id])]
    if slot.is_held:
        return [Candidate(person)]
    if slot.deputy_of is not None:
        return [Candidate(person, stands_in=StandIn(DEPUTY, Person(name=slot.deputy_of)))]
    return [Candidate(person, stands_in=StandIn(ACTING, None))] if slot.is_delegated else []


def asked_of(person: Person, initiatives: Iterable[int], today: date) -> set[int]:
    """Those of these initiatives whose open review asks for this person's signature, in one query.

    For lists: where evidence has moved on since it was last looked at, whoever signed counts as
    asked again, without comparing; `waiting_for` compares.
    """
    mine = Membership.objects.filter(person=person, group=OuterRef("group"), left_at=None)
    missed = Obligation.objects.missed(today).filter(pk__in=_conditions_of_signature())
    rows = (
        slots_with_holder(person, today)
        .filter(review__initiative__in=list(initiatives), review__closed_at=None)
        .annotate(
            joined_at=Subquery(mine.values("joined_at")[:1]),
            signer=F("sign_offs__signer"),
            verdict=F("sign_offs__verdict"),
            signed=F("sign_offs__snapshot"),
            lapsed=Exists(missed),
        )
        .select_related("review__initiative")
        .order_by("pk", "sign_offs__signed_at", "sign_offs__pk")
    )
    slots: dict[int, list[Any]] = {}
    for row in rows:
        slots.setdefault(row.pk, []).append(row)
    return {rows[0].review.initiative_id for rows in slots.values() if _asks(rows, person)}


def _conditions_of_signature() -> QuerySet[Any, Any]:
    conditions = SignOff.conditions.through.objects.filter(signoff=OuterRef(OuterRef("sign_offs")))
    return conditions.values("obligation")


def _asks(rows: list[Any], person: Person) -> bool:
    """Whether a slot asks for this person's signature; a row for each signature it was given, the
    newest of each person last."""
    slot, review = rows[0], rows[0].review
    mine = {slot.group_id: Membership(joined_at=slot.joined_at)} if slot.joined_at else {}
    candidates = _as_candidate(person, slot, mine)
    if not candidates or slot.is_handed_on:
        return False
    is_noticed = review.seen_version == review.initiative.evidence_version
    current = {row.signer: row for row in rows if is_noticed and row.signed == review.snapshot_id}
    rejected = any(row.verdict == SignOff.Verdict.REJECT for row in current.values())
    live = {row.signer for row in current.values() if row.verdict in APPROVING and not row.lapsed}
    is_filled = len(live) >= slot.quorum and not rejected
    has_answered = person.pk in live or (
        person.pk in current and current[person.pk].verdict == SignOff.Verdict.REJECT
    )
    return not has_answered and not is_filled and bar(candidates[0], review) is None


def slots_with_holder(person: Person, today: date) -> QuerySet[Any]:
    """Slots that say whose they are as far as this person goes: `is_held` in a role they truly
    hold, `deputy_of` by name whose deputy holds it, `is_delegated` to them, `is_handed_on` by
    them."""
    held = Ownership.objects.counting().filter(
        role=OuterRef("role"), initiative=OuterRef("review__initiative")
    )
    as_deputy = held.filter(person__deputy=person).filter(
        Q(person__deputy_until=None) | Q(person__deputy_until__gte=today)
    )
    given = in_force(Delegation.objects.filter(slot=OuterRef("pk")), today)
    return Slot.objects.annotate(
        is_held=Exists(held.filter(person=person)),
        deputy_of=Subquery(as_deputy.values("person__name")[:1]),
        is_delegated=Exists(given.filter(still_theirs(), person=person)),
        is_handed_on=Exists(given.filter(holder=person)),
    )


def still_theirs() -> Q:
    """A delegation that a lead made, or whose giver could still sign."""
    owns = Ownership.objects.counting().filter(
        person=OuterRef("holder"),
        role=OuterRef("slot__role"),
        initiative=OuterRef("slot__review__initiative"),
    )
    belongs = Membership.objects.filter(
        person=OuterRef("holder"),
        group=OuterRef("slot__group"),
        left_at=None,
        person__is_active=True,
    )
    return Q(holder=None) | Q(Exists(owns)) | Q(Exists(belongs))


def members_of(groups: Iterable[int]) -> dict[int, list[Membership]]:
    rows = Membership.objects.filter(group__in=list(groups), left_at=None, person__is_active=True)
    found: dict[int, list[Membership]] = {}
    for row in rows.select_related("person").order_by("person__name", "pk"):
        found.setdefault(row.group_id, []).append(row)
    return found


def _latest(signatures: Iterable[SignOff], digest: str) -> list[SignOff]:
    """The signature of each person in a slot that counts: the last on this very evidence, which
    lives again when a change is undone, else the last of all."""
    ordered = sorted(signatures, key=lambda s: s.snapshot_id == digest)
    return list({s.signer_id: s for s in ordered}.values())


def _state(
    slot: Slot,
    candidates: list[Candidate],
    review: Review,
    signatures: list[SignOff],
    digest: str,
    today: date,
) -> SlotState:
    why = {c.person.pk: bar(c, review) for c in candidates}
    mine = _latest((s for s in signatures if s.slot_id == slot.pk), digest)
    current = [s for s in mine if s.snapshot_id == digest]
    lapsed = {s.pk for s in current if review.is_open and s.has_lapsed(today)}
    stand_ins = {c.person.pk: c.stands_in for c in candidates if c.stands_in is not None}
    return SlotState(
        slot=slot,
        eligible=tuple(c.person for c in candidates if why[c.person.pk] is None),
        barred={pk: reason for pk, reason in why.items() if reason is not None},
        live=tuple(s for s in current if s.approves and s.pk not in lapsed),
        rejections=tuple(s for s in current if s.verdict == SignOff.Verdict.REJECT),
        stale=tuple(s for s in mine if s.snapshot_id != digest),
        lapsed=tuple(s for s in current if s.pk in lapsed),
        stand_ins=stand_ins,
        handed_on=frozenset(
            s.holder.pk for s in stand_ins.values() if s.how == HANDED_ON and s.holder
        ),
    )


def bar(candidate: Candidate, review: Review) -> str | None:
    """Why this person may not sign this slot, or None (product.md §4, Who may not sign).

    In a role of their own the requester and the last editor may sign; for a group, or in another's
    place, they may not.
    """
    person, membership = candidate.person, candidate.membership
    if not person.is_active:
        return "whoever signs has to be active."
    if membership is None and candidate.stands_in is None:
        return None
    if membership is not None and membership.joined_at > review.opened_at:
        return "whoever joined the group after the review was opened may not."
    where = "for a group" if membership is not None else "in another's place"
    if person.pk == review.opened_by_id:
        return f"whoever asks for a review does not sign it {where}."
    if person.pk == review.initiative.evidence_changed_by_id:
        return f"whoever last changed the evidence does not sign it {where}."
    return None


def people_missing(slots: Iterable[SlotState], gate: GatePolicy, facts: Facts) -> str | None:
    """Say which of the rules about distinct people the signatures do not satisfy yet.

    Whoever signs in the place of somebody of the delivery team is not from outside it.
    """
    level = facts.initiative.level
    signatures = [s for state in slots for s in state.live]
    signers = {s.signer_id for s in signatures}
    needed = gate.people_needed[level]
    if len(signers) < needed:
        return f"{needed} different people have to sign; {len(signers)} have."
    team = facts.delivery_team
    inside = {s.signer_id for s in signatures if s.on_behalf_of_id in team} | team
    if level in gate.outsider_from and not signers - inside:
        return "Somebody from outside the delivery team has to sign."
    return None

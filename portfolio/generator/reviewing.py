"""Reviews that are open, with their frozen evidence and some of their signatures."""

from __future__ import annotations

from collections.abc import Iterator

from accounts.models import Group
from initiatives.models import OpenToGroup
from initiatives.stages import UNDECIDED, Role
from initiatives.workdays import add_working_days
from portfolio.generator import events
from portfolio.generator.world import Life, World, store
from reviews import gates, snapshots
from reviews.models import Review, SignOff, Slot, Snapshot


def is_due(world: World, life: Life) -> bool:
    """Whether a review of the next gate is open."""
    row = life.row
    ready = row.stage in UNDECIDED and row.counting_since is not None and bool(life.metrics)
    return ready and life.since > 0 and world.happens(0.1)


def open_all(world: World, lives: list[Life]) -> None:
    """Open reviews with their frozen evidence, some signatures given."""
    opened = [_review(world, life, world.rng.randint(0, min(life.since, 9))) for life in lives]
    store(world, [review.snapshot for review, *_ in opened])
    store(world, [review for review, *_ in opened])
    slots = [_slots(world, review, life) for review, life, _ in opened]
    store(world, [slot for row in slots for slot in row])
    signed = [
        list(_sign_offs(world, life, row, days))
        for row, (_, life, days) in zip(slots, opened, strict=True)
    ]
    store(world, [sign_off for row in signed for sign_off in row])
    store(world, [o for row in slots for o in _opened_to(world, row)])
    for (review, life, days), given in zip(opened, signed, strict=True):
        events.tell_review(world, life, review, days, given)


def _review(world: World, life: Life, days: int) -> tuple[Review, Life, int]:
    facts = life.facts
    text = snapshots.canonical(snapshots.material(facts, world.policy.version))
    at = world.ago(days)
    snapshot = Snapshot(digest=snapshots.digest(text), material=text, taken_at=at)
    limits = world.policy.limits
    review = Review(
        initiative=life.row,
        gate=str(life.row.next_gate),
        policy=world.version,
        snapshot=snapshot,
        requested_snapshot=snapshot,
        observed=snapshots.observed(facts),
        seen_version=life.row.evidence_version,
        opened_at=at,
        opened_by=life.owner(Role.BUSINESS_OWNER) or world.members[Group.LEADS][0],
        due_date=add_working_days(world.day(days), limits.request_working_days),
    )
    return review, life, days


def _slots(world: World, review: Review, life: Life) -> list[Slot]:
    gate = world.policy.gates[review.gate]
    return [
        Slot(
            review=review,
            key=slot.key,
            title=slot.title,
            role=slot.role or "",
            group=world.groups[slot.group] if slot.group else None,
            quorum=slot.quorum,
            meaning=slot.meaning,
        )
        for slot in gate.slots_for(gates.case_of(life.facts))
    ]


def _sign_offs(world: World, life: Life, slots: list[Slot], days: int) -> Iterator[SignOff]:
    for slot in slots:
        owner = life.facts.counted_owner(slot.role)
        holder = owner.person if owner else None
        by = world.members[slot.group.key][0] if slot.group else holder
        if by is None or (slot.group and by.pk == slot.review.opened_by_id):
            continue
        if not world.happens(0.3 if slot.group else 0.5):
            continue
        at = world.ago(max(days - 1, 0))
        yield SignOff(
            slot=slot,
            review=slot.review,
            signer=by,
            printed_name=by.name,
            role=slot.role,
            group=slot.group.key if slot.group else "",
            meaning=slot.meaning,
            verdict=SignOff.Verdict.APPROVE,
            signed_at=at,
            authentication_method="password",
            authenticated_at=at,
            snapshot=slot.review.snapshot,
            policy_version=world.version.version,
        )


def _opened_to(world: World, slots: list[Slot]) -> Iterator[OpenToGroup]:
    """A restricted initiative is open to the groups that are asked to sign."""
    asked = {slot.group.key: slot for slot in slots if slot.group}
    for slot in asked.values():
        row = slot.review.initiative
        if row.is_restricted and slot.group:
            yield OpenToGroup(initiative=row, group=slot.group, opened_at=slot.review.opened_at)

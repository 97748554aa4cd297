"""Signatures and answers that are asked of people, and what they signed together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import Membership, Person
from initiatives import facts as initiative_facts
from initiatives.models import Baseline, Initiative, Ownership
from initiatives.models.registry import InitiativeQuerySet
from initiatives.stages import RUNNING, Role
from reviews import signing, snapshots
from reviews.models import Endorsement, Question, Review, SignOff, Slot


def open_reviews_for(person: Person, today: date) -> list[Review]:
    """Open reviews in which this person holds a slot's role, is in a slot's group, or stands in.

    Both are looked for apart: as one condition it would be tried on each review that is open.
    """
    groups = Membership.objects.filter(person=person, left_at=None).values("group")
    in_group = Slot.objects.filter(group__in=groups).order_by().values("review")
    of_mine = Q(is_held=True) | Q(deputy_of__isnull=False) | Q(is_delegated=True)
    as_owner = signing.slots_with_holder(person, today).filter(of_mine, review__closed_at=None)
    asked = in_group.union(as_owner.order_by().values("review"))
    reviews = Review.objects.open().filter(pk__in=asked).order_by("due_date", "pk")
    return list(reviews.select_related("initiative", "policy", "baseline"))


@dataclass(frozen=True)
class Request:
    """A signature asked of somebody."""

    review: Review
    slots: list[signing.SlotState]

    @property
    def stands_in(self) -> str:
        """In whose place they sign, or `acting`; empty where it is their own."""
        return str(next(iter(self.slots[0].stand_ins.values()), ""))


def requests_for(person: Person, today: date) -> list[Request]:
    """What waits for this person's signature now, the most urgent first."""
    reviews = open_reviews_for(person, today)
    waiting = signing.waiting_for(person, reviews, _digests(reviews), today)
    return [Request(review, waiting[review.pk]) for review in reviews if review.pk in waiting]


def _digests(reviews: list[Review]) -> dict[int, str]:
    """The current evidence of each review; computed only where it has moved on unnoticed."""
    behind = [r for r in reviews if r.seen_version != r.initiative.evidence_version]
    known = initiative_facts.load(r.initiative_id for r in behind) if behind else {}
    live = {
        r.pk: snapshots.digest(
            snapshots.canonical(snapshots.of_review(r, known[r.initiative_id], r.policy.version))
        )
        for r in behind
    }
    return {r.pk: live.get(r.pk, r.snapshot_id) for r in reviews}


def questions_to(person: Person) -> list[Question]:
    """What this person was asked about reviews that are open, has not answered, and may see."""
    seen = Initiative.objects.visible_to(person).order_by()
    rows = Question.objects.filter(
        asked_of=person, answered_at=None, review__closed_at=None, review__initiative__in=seen
    )
    return list(rows.select_related("review__initiative", "asked_by"))


def unsigned_sponsorships(initiatives: InitiativeQuerySet) -> QuerySet[Ownership]:
    """New sponsors of what runs under a charter who have signed neither its success statement nor
    a review since they accepted (product.md §4, Absence)."""
    mine = {"signer": OuterRef("person"), "signed_at__gte": OuterRef("accepted_at")}
    of_it = OuterRef("initiative")
    reviewed = SignOff.objects.filter(role=Role.SPONSOR, review__initiative=of_it, **mine)
    chartered = Baseline.objects.filter(
        initiative=of_it, in_force_since__lt=OuterRef("accepted_at")
    )
    return Ownership.objects.counting().filter(
        Exists(chartered),
        ~Exists(reviewed),
        ~Exists(Endorsement.objects.filter(initiative=of_it, **mine)),
        role=Role.SPONSOR,
        initiative__in=initiatives.counting().filter(stage__in=RUNNING),
    )


def signed_together(signature: SignOff) -> list[SignOff]:
    """All slots that this signature filled, in one act of its signer."""
    rows = SignOff.objects.filter(
        review=signature.review_id, signer=signature.signer_id, signed_at=signature.signed_at
    )
    found = list(rows.select_related("slot").prefetch_related("conditions__assignee"))
    return sorted(found, key=lambda s: s.slot_id)


def signing_event(signature: SignOff) -> dict[str, Any]:
    """What names the event of this signature in the log."""
    return {
        "kind": "review.signed",
        "subject": f"review:{signature.review_id}",
        "actor_id": signature.signer_id,
        "at": signature.signed_at,
    }

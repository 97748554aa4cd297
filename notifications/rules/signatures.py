"""What open reviews wait for: signatures that are late, given on other evidence, or nobody's."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Any

from initiatives.models.registry import InitiativeQuerySet
from notifications.rules.finding import Finding, Severity, rule, start_of
from notifications.rules.words import LEADS, in_words
from reviews import waiting
from reviews.models import Review, SignOff
from reviews.policy import Policy
from reviews.policy.wording import listed


@rule(
    "Sign-off overdue",
    Severity.WARNING,
    closes_when="everybody has signed, or the review ends",
    reminds="sign_off_overdue",
)
def sign_off_overdue(initiatives: InitiativeQuerySet, today: date, policy: Policy) -> list[Finding]:
    """A review waits for signatures after the day by which they were asked for; what was rejected
    waits for nobody (product.md §3, Limits)."""
    slots = waiting.unfilled(today, initiatives).filter(
        review__due_date__lt=today, is_rejected=False
    )
    named = waiting.with_signer(slots, today).select_related("review").order_by("review", "pk")
    return [_overdue(list(rows)) for _, rows in groupby(named, key=attrgetter("review_id"))]


def _overdue(slots: list[Any]) -> Finding:
    review = slots[0].review
    waited_for = listed([_named(slot) for slot in slots])
    return Finding(
        review.initiative_id,
        Severity.WARNING,
        f"Its {_gate(review)} review was to be signed by {in_words(review.due_date)}, and waits "
        f"for {waited_for}.",
        "whoever has not signed",
        subject=f"review:{review.pk}",
        due_date=review.due_date,
        since=start_of(review.due_date + timedelta(days=1)),
    )


def _named(slot: Any) -> str:
    """`Sponsor (Sam Sponsor)`, and of a group its title alone."""
    return f"{slot.title} ({slot.signer})" if slot.signer else str(slot.title)


def _gate(review: Review) -> str:
    return str(review.get_gate_display()).lower()


@rule(
    "Sign-off stale",
    Severity.NOTICE,
    closes_when="they sign again, or the review ends",
    reminds="shown_only",
)
def sign_off_stale(initiatives: InitiativeQuerySet, today: date, policy: Policy) -> list[Finding]:
    """The evidence of a review has changed since somebody signed it, and their signature is
    missing again (product.md §4, When evidence changes). They heard of it when it changed."""
    rows = (
        waiting.stale(today, initiatives)
        .select_related("review")
        .order_by("review", "signed_at", "pk")
    )
    return [_stale(list(found)) for _, found in groupby(rows, key=attrgetter("review_id"))]


def _stale(signatures: list[SignOff]) -> Finding:
    review = signatures[0].review
    names = _names(signatures)
    return Finding(
        review.initiative_id,
        Severity.NOTICE,
        f"The evidence of its {_gate(review)} review has changed since {names} signed it.",
        "those who signed it",
        subject=f"review:{review.pk}",
    )


def _names(signatures: Iterable[SignOff]) -> str:
    """Each signer once, in the order in which they signed."""
    return listed(dict.fromkeys(signature.printed_name for signature in signatures))


@rule(
    "Signature nobody can give",
    Severity.WARNING,
    closes_when="somebody who may sign is named, or the review ends",
    reminds="slot_unfillable",
)
def slot_unfillable(initiatives: InitiativeQuerySet, today: date, policy: Policy) -> list[Finding]:
    """A review waits for a signature that not enough people can give: nobody active holds the role,
    or the group lacks members who may sign (product.md §4, Requesting a review)."""
    slots = waiting.unfillable(today, initiatives).select_related("review")
    return [
        Finding(
            slot.review.initiative_id,
            Severity.WARNING,
            f"Its {_gate(slot.review)} review: {_can(slot)} sign as {slot.title}.",
            LEADS,
            subject=f"slot:{slot.pk}",
        )
        for slot in slots
    ]


def _can(slot: Any) -> str:
    if slot.able == 0:
        return "nobody can"
    return f"only {slot.able} of the {slot.quorum} needed can"

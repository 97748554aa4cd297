"""Which reviews wait for nothing but their decision, over many initiatives at once."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from initiatives.models import Obligation
from initiatives.stages import SpecialReview
from reviews.models import Judgement, Review, SignOff, Slot, UnmetCriterion
from reviews.signing import APPROVING


def ready(today: date) -> QuerySet[Review]:
    """Open reviews in which all slots are filled, on the evidence as it was last noticed, and no
    criterion was unmet when it was last judged.

    For lists: whoever decides has it judged anew, and what two people have set aside still counts
    as unmet here. Catch-ups are not among them: what they ask is not kept.
    """
    unmet = UnmetCriterion.objects.open().filter(
        initiative=OuterRef("initiative"), gate=OuterRef("gate")
    )
    judged = Judgement.objects.filter(initiative=OuterRef("initiative"))
    noticed = Q(seen_version=F("initiative__evidence_version"))
    complete = noticed & Exists(judged) & ~Exists(unmet) & ~Exists(_unfilled(today))
    return Review.objects.open().filter(complete).exclude(gate=SpecialReview.CATCH_UP)


def _unfilled(today: date) -> QuerySet[Slot]:
    """Slots of a review in which somebody rejects, or too few approve."""
    signed = _current().filter(~Exists(_missed(today)), verdict__in=APPROVING).order_by()
    signers = signed.values("slot").annotate(count=Count("signer", distinct=True)).values("count")
    slots = Slot.objects.filter(review=OuterRef("pk")).annotate(
        signers=Coalesce(Subquery(signers), 0)
    )
    rejects = Exists(_current().filter(verdict=SignOff.Verdict.REJECT))
    return slots.filter(Q(signers__lt=F("quorum")) | rejects)


def _current() -> QuerySet[SignOff]:
    """What each signer of a slot last said on the evidence as it was last noticed."""
    same = {name: OuterRef(name) for name in ("slot", "signer", "snapshot")}
    later = SignOff.objects.filter(**same, round__gt=OuterRef("round"))
    return SignOff.objects.filter(
        ~Exists(later), slot=OuterRef("pk"), snapshot=OuterRef("review__snapshot")
    )


def _missed(today: date) -> QuerySet[Any]:
    """Conditions of an approval that were not met by their day."""
    conditions = SignOff.conditions.through.objects.filter(signoff=OuterRef("pk"))
    return conditions.filter(obligation__in=Obligation.objects.missed(today))

"""What open reviews wait for, over the whole portfolio in one query: the twin of `signing`, which
knows more of one review. Both go by the evidence as it was last noticed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from accounts.models import Membership
from initiatives.models import Obligation, Ownership
from initiatives.models.registry import InitiativeQuerySet
from reviews import signing
from reviews.models import Delegation, Review, SignOff, Slot
from reviews.signing import APPROVING, Candidate, in_force, still_theirs

NOBODY = 0  # no person has this number


def unfilled(today: date, initiatives: InitiativeQuerySet) -> QuerySet[Any]:
    """Slots of open reviews that lack a live signature or were rejected, of those of these
    `initiatives` that count and are not suspended. Each says by `live` how many signatures it has,
    and by `is_rejected` whether somebody refused."""
    slots = Slot.objects.filter(
        review__closed_at=None,
        review__initiative__in=initiatives.counting().filter(suspended_at=None),
    )
    rejections = _current().filter(slot=OuterRef("pk"), verdict=SignOff.Verdict.REJECT)
    live = _number(_live(today).filter(slot=OuterRef("pk")), "slot", "signer")
    counted = slots.annotate(live=live, is_rejected=Exists(rejections))
    return counted.filter(Q(is_rejected=True) | Q(live__lt=F("quorum"))).order_by("pk")


def with_signer(slots: QuerySet[Any], today: date) -> QuerySet[Any]:
    """Each with the name of who is waited for, where that is one person: `signer`."""
    named = _delegates(today).order_by("pk").values("person__name")[:1]
    holder = _holders().values("person__name")[:1]
    signer = Coalesce(Subquery(named), Subquery(holder))
    with_signers: QuerySet[Any] = slots.annotate(signer=signer)
    return with_signers


def signers(
    today: date, asked_before: datetime, initiatives: InitiativeQuerySet
) -> Iterator[tuple[Review, int]]:
    """Open reviews of these `initiatives` that were asked for before this moment, each with
    everybody whose signature it waits for, as `SlotState.waits_for` says it; in six queries for
    any number of them."""
    late = unfilled(today, initiatives).filter(review__opened_at__lt=asked_before)
    slots = list(signing.with_delegation(late, today).select_related("review__initiative"))
    if not slots:
        return
    answered = _answered(slots, today)
    candidates = signing.candidates(slots, _owners_of(slots), today)
    asked: dict[tuple[int, int], Review] = {}
    for slot in slots:
        found = candidates[slot.pk]
        over = _handed_on(found) | answered.get(slot.pk, set())
        for candidate in found:
            if candidate.person.pk not in over and signing.bar(candidate, slot.review) is None:
                asked[slot.review_id, candidate.person.pk] = slot.review
    yield from ((review, person) for (_, person), review in asked.items())


def _handed_on(candidates: Iterable[Candidate]) -> set[int]:
    """Who has given it to somebody else."""
    givers = (c.stands_in for c in candidates if c.stands_in is not None)
    return {s.holder.pk for s in givers if s.how == signing.HANDED_ON and s.holder is not None}


def _owners_of(slots: list[Any]) -> dict[int, list[Candidate]]:
    """Whose own each slot is: whoever holds the role, or the members of the group."""
    held = Ownership.objects.counting().filter(
        initiative__in={slot.review.initiative_id for slot in slots},
        role__in={slot.role for slot in slots},
    )
    holders = {(row.initiative_id, row.role): row.person for row in held.select_related("person")}
    members = signing.members_of({slot.group_id for slot in slots if slot.group_id})
    own: dict[int, list[Candidate]] = {}
    for slot in slots:
        holder = holders.get((slot.review.initiative_id, slot.role))
        of_group = [Candidate(m.person, m) for m in members.get(slot.group_id, [])]
        own[slot.pk] = [Candidate(holder)] if holder else of_group
    return own


def _answered(slots: list[Any], today: date) -> dict[int, set[int]]:
    """Who has signed each slot, or rejected it, on the evidence as it stands."""
    of_these = SignOff.objects.filter(slot__in=slots).values("pk")
    rejected = _current().filter(verdict=SignOff.Verdict.REJECT, pk__in=of_these)
    live = _live(today).filter(pk__in=of_these)
    answered: dict[int, set[int]] = {}
    for slot, signer in (live | rejected).values_list("slot", "signer"):
        answered.setdefault(slot, set()).add(signer)
    return answered


def unfillable(today: date, initiatives: InitiativeQuerySet) -> QuerySet[Any]:
    """Those that not enough people can sign; `able` says how many could, or have.

    A role is one person's and its deputy's, a group its members', and both are a stand-in's.
    """
    could = {
        "holders": _number(_holders(), "role"),
        "members": _number(_members(today), "group"),
        "stand_ins": _number(_delegates(today), "slot"),
    }
    able = F("live") + F("holders") + F("members") + F("stand_ins")
    slots: QuerySet[Any] = unfilled(today, initiatives).filter(is_rejected=False)
    return slots.annotate(**could).annotate(able=able).filter(able__lt=F("quorum"))  # type: ignore[no-any-return]


def stale(today: date, initiatives: InitiativeQuerySet) -> QuerySet[SignOff]:
    """Approvals of other evidence than the current, whose signer has not signed that, in slots that
    miss them."""
    again = SignOff.objects.filter(
        slot=OuterRef("slot"), signer=OuterRef("signer"), snapshot=OuterRef("review__snapshot")
    )
    missed = unfilled(today, initiatives).order_by().values("pk")
    return SignOff.objects.filter(
        ~Exists(again), ~Q(snapshot=F("review__snapshot")), slot__in=missed, verdict__in=APPROVING
    )


def _current() -> QuerySet[SignOff]:
    """Each person's last signature in a slot, on the evidence as it stands."""
    newer = SignOff.objects.filter(
        slot=OuterRef("slot"),
        signer=OuterRef("signer"),
        snapshot=OuterRef("snapshot"),
        round__gt=OuterRef("round"),
    )
    return SignOff.objects.filter(~Exists(newer), snapshot=F("review__snapshot")).order_by()


def _live(today: date) -> QuerySet[SignOff]:
    """Approvals of the evidence as it stands, none of whose conditions was missed."""
    missed = SignOff.conditions.through.objects.filter(
        signoff=OuterRef("pk"), obligation__in=Obligation.objects.missed(today)
    )
    return _current().filter(~Exists(missed), verdict__in=APPROVING)


def _number(rows: QuerySet[Any], by: str, of: str = "pk") -> Coalesce:
    """How many rows there are, in a subquery that is about one `by`."""
    number = rows.order_by().values(by).annotate(number=Count(of, distinct=True)).values("number")
    return Coalesce(Subquery(number), 0)


def _holders() -> QuerySet[Ownership]:
    return Ownership.objects.counting().filter(
        role=OuterRef("role"), initiative=OuterRef("review__initiative")
    )


def _members(today: date) -> QuerySet[Any]:
    """Members of the group who may sign, and have not."""
    members = Membership.objects.filter(
        _is_not_barred(),
        group=OuterRef("group"),
        left_at=None,
        person__is_active=True,
        joined_at__lte=OuterRef("review__opened_at"),
    )
    return members.filter(~Exists(_signed_by_them(today)))


def _delegates(today: date) -> QuerySet[Any]:
    """People who sign in another's place, may, and have not."""
    given = in_force(Delegation.objects.filter(slot=OuterRef("pk")), today)
    allowed = given.filter(still_theirs(), _is_not_barred())
    return allowed.filter(~Exists(_signed_by_them(today)))


def _is_not_barred() -> Q:
    """Neither asked for the review nor last changed the evidence, as `signing.bar` says."""
    editor = Coalesce(OuterRef("review__initiative__evidence_changed_by"), NOBODY)
    return ~Q(person=OuterRef("review__opened_by")) & ~Q(person_id=editor)


def _signed_by_them(today: date) -> QuerySet[SignOff]:
    """Their live signature, so that nobody is counted twice."""
    return _live(today).filter(slot=OuterRef(OuterRef("pk")), signer=OuterRef("person"))

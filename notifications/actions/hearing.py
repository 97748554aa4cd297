"""Hearing: what people did becomes what other people are owed. No signals, no hooks: the reader
of the log remembers how far it has read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from accounts.models import Person
from audit.queries import EventRecord, events_after, head
from initiatives import facts as initiative_facts
from initiatives import statement
from initiatives.facts import Facts
from initiatives.models import Ownership
from initiatives.stages import Gate
from notifications.actions import awaiting, chasing, handing_over, queueing, telling
from notifications.actions.planning import owe
from notifications.models import Cursor, Reminder
from notifications.rules.words import called, in_words
from reviews import overrides, rebaselines, results, reviewed, signing
from reviews import queries as reviews
from reviews.models import Override, Review, SignOff
from reviews.signing import SlotState

BATCH = 500
REVIEW_EVENTS = frozenset(
    {"review.requested", "review.evidence_changed", "review.handed_on"}
    | {"review.acting_appointed", "review.delegation_ended"}
)
OWNERSHIP_EVENTS = frozenset(
    {"ownership.asked", "ownership.accepted", "ownership.declined", "ownership.ended"}
)
ASKING_EVENTS = frozenset(
    {"campaign.counting_started", "retirement.asked", "retirement.declined", "decision.made"}
)
# After which somebody may have to sign who did not have to before.
INITIATIVE_EVENTS = frozenset({"ownership.accepted", "condition.missed"})


@dataclass(frozen=True, slots=True)
class Heard:
    """How many events were read, and what they made owed."""

    events: int = 0
    planned: int = 0
    revived: int = 0


def hear(*, at: datetime) -> Heard:
    """Read what happened since the last time, until the end of the log.

    A batch is one transaction that holds the cursor: two readers share the work, and what a killed
    one had not committed is heard again.
    """
    cursor, _ = Cursor.objects.get_or_create(name="hear")
    if head().seq <= cursor.seq:  # asked outside a transaction: on SQLite each one is a writer
        return Heard()
    batches = list(iter(lambda: _hear_batch(cursor.pk, at), Heard()))
    return Heard(
        events=sum(heard.events for heard in batches),
        planned=sum(heard.planned for heard in batches),
        revived=sum(heard.revived for heard in batches),
    )


@transaction.atomic
def _hear_batch(cursor_id: int, at: datetime) -> Heard:
    cursor = Cursor.objects.select_for_update().get(pk=cursor_id)
    batch = events_after(cursor.seq, BATCH)
    if not batch:
        return Heard()
    owed = owe(reminders_of(batch, at))
    chased = chasing.plan(at=at, people=_said_to_own(batch))
    cursor.seq = batch[-1].seq
    cursor.save(update_fields=["seq"])
    return Heard(len(batch), owed.planned + chased.planned, owed.revived + chased.revived)


def _said_to_own(events: list[EventRecord]) -> set[int]:
    """Who is said to own something about which something was said: they were asked or answered,
    its quiet has ended, or somebody says that it is dead, or that it is not."""
    rows = {_id(e.subject) for e in events if e.kind in OWNERSHIP_EVENTS}
    initiatives = {e.initiative_id for e in events if e.kind in ASKING_EVENTS}
    if not rows and not initiatives:
        return set()
    open_ones = Ownership.objects.unheld().filter(person__is_active=True).order_by()
    found = (
        open_ones.filter(initiative__in=initiatives)
        | Ownership.objects.filter(pk__in=rows).order_by()
    )
    return set(found.values_list("person_id", flat=True))


def reminders_of(events: list[EventRecord], at: datetime) -> list[Reminder]:
    """Say whom these events make us owe what, by how things stand now."""
    return [
        *_asked_to_sign(_reviews_in(events), at),
        *telling.reminders_of(events, at),
        *queueing.reminders_of(events, at),
        *handing_over.reminders_of(events, at),
        *_asked_to_countersign(events, at),
    ]


def _reviews_in(events: list[EventRecord]) -> list[Review]:
    """Open reviews that have begun, whose evidence has changed, or that somebody else is asked to
    sign from now on: a new owner, a deputy, or once more whoever approved under a condition."""
    ids = {_id(e.subject) for e in events if e.kind in REVIEW_EVENTS}
    owned = {e.initiative_id for e in events if e.kind in INITIATIVE_EVENTS}
    away = {_id(e.subject) for e in events if e.kind == "person.deputy_named"}
    if not ids and not owned and not away:
        return []
    owned |= set(_owned_by(away)) if away else set()
    open_ones = Review.objects.open().select_related("initiative", "snapshot", "baseline")
    return list(open_ones.filter(pk__in=ids) | open_ones.filter(initiative__in=owned))


def _owned_by(people: set[int]) -> QuerySet[Any, int]:
    mine = Ownership.objects.counting().filter(person__in=people).order_by()
    return mine.values_list("initiative_id", flat=True)


def _id(subject: str) -> int:
    return int(subject.partition(":")[2])


def _asked_to_sign(found: list[Review], at: datetime) -> Iterator[Reminder]:
    known = initiative_facts.load({review.initiative_id for review in found}) if found else {}
    for review in found:
        facts = known[review.initiative_id]
        states = signing.states(review, facts, review.snapshot_id, timezone.localdate(at))
        for person, mine in waiting(states):
            stale = [s for state in mine for s in state.stale if s.signer_id == person.pk]
            lapsed = [s for state in mine for s in state.lapsed if s.signer_id == person.pk]
            if lapsed:
                yield _sign_anew(review, person, max(lapsed, key=lambda s: s.pk), at)
            elif stale:
                yield _sign_again(review, facts, person, max(stale, key=lambda s: s.pk), at)
            else:
                yield _sign(review, facts, person, mine, at)


def waiting(states: list[SlotState]) -> list[tuple[Person, list[SlotState]]]:
    """Everybody whose signature a review waits for, with where it is asked of them."""
    people = {person.pk: person for state in states for person in state.eligible}
    asked = [(p, [s for s in states if s.waits_for(p)]) for p in people.values()]
    return [(person, mine) for person, mine in asked if mine]


def _asked_to_countersign(events: list[EventRecord], at: datetime) -> Iterator[Reminder]:
    """Whoever may sign an override second, once a lead has asked for it."""
    ids = {_id(e.subject) for e in events if e.kind == "override.asked"}
    asked = Override.objects.proposed().filter(review__in=ids) if ids else Override.objects.none()
    of_review = ("review__initiative", "review__policy", "review__snapshot", "asked_by")
    for override in asked.select_related(*of_review):
        standing = reviews.standing(override.review, timezone.localdate(at))
        for person in overrides.seconds(override, standing):
            yield _countersign(override, standing, person, at)


def _countersign(
    override: Override, standing: reviews.Standing, person: Person, at: datetime
) -> Reminder:
    until = in_words(override.expires_on)
    return Reminder(
        kind="override_asked",
        subject=f"override:{override.pk}",
        initiative_id=override.review.initiative_id,
        due_date=timezone.localdate(override.asked_at),
        step=0,
        recipient=person,
        says=f"Sign or refuse an override: {_what(override.review)}",
        detail=f"{override.asked_by.name} asks to set aside until {until}: "
        f"{standing.titles_of(override)}. {override.reason}",
        why="A second signature is needed, and you may give it.",
        path=reverse("reviews:countersign", args=[override.pk]),
        is_urgent=True,
        planned_at=at,
    )


def _sign(
    review: Review, facts: Facts, person: Person, mine: list[SlotState], at: datetime
) -> Reminder:
    """What was promised stands in the mail, and after the pilot what came out; of another charter
    what it changes."""
    about = reviewed.facts_of(review, facts)
    shown = results.of(facts) if review.gate != Gate.CHARTER else []
    if review.baseline is not None:
        changes = rebaselines.in_words(facts.charter or {}, review.baseline.charter, about)
        shown = [f"{what}: {before} → {after}." for what, before, after in changes]
    return _urgent(
        review,
        person,
        at,
        kind="sign_off_asked",
        subject=f"review:{review.pk}",
        says=awaiting.says(review, timezone.localdate(at)),
        detail=" ".join([statement.of(about), *shown]),
        why=f"Your signature is asked for: {', '.join(_asked_as(s, person) for s in mine)}.",
    )


def _asked_as(state: SlotState, person: Person) -> str:
    """As what somebody is asked: `Sponsor`, or `Sponsor (deputy of Sam Sponsor)`."""
    stands_in = state.stand_ins.get(person.pk)
    return f"{state.slot.title} ({stands_in})" if stands_in else str(state.slot.title)


def _sign_again(
    review: Review, facts: Facts, person: Person, signature: SignOff, at: datetime
) -> Reminder:
    """One for each signature that no longer holds, however often the evidence changes after it."""
    before, after = signature.snapshot.material, review.snapshot.material
    changes = [
        f"{what}: {old} → {new}" for what, old, new in reviews.in_words(before, after, facts)
    ]
    return _urgent(
        review,
        person,
        at,
        kind="sign_off_stale",
        subject=f"signoff:{signature.pk}",
        says=awaiting.says(review, timezone.localdate(at), verb="Sign again"),
        detail=f"The evidence has changed since you signed it. {'; '.join(changes)}.",
        why="You signed the evidence as it was before.",
    )


def _sign_anew(review: Review, person: Person, signature: SignOff, at: datetime) -> Reminder:
    """An approval has lapsed: what it depended on was not done by its day."""
    today = timezone.localdate(at)
    missed = [c.what for c in signature.conditions.all() if c.is_missed(today)]
    return _urgent(
        review,
        person,
        at,
        kind="sign_off_lapsed",
        subject=f"signoff:{signature.pk}",
        says=awaiting.says(review, timezone.localdate(at), verb="Sign again"),
        detail=f"Your approval has lapsed. Not done by its day: {'; '.join(missed)}",
        why="You approved under this condition.",
    )


def _what(review: Review) -> str:
    return f"{called(review.initiative)}, {review.get_gate_display().lower()}"


def _urgent(review: Review, person: Person, at: datetime, **said: str) -> Reminder:
    return Reminder(
        **said,
        initiative_id=review.initiative_id,
        due_date=review.due_date,
        step=0,
        recipient=person,
        path=review.get_absolute_url(),
        is_urgent=True,
        planned_at=at,
    )

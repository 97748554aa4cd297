"""What others hear when somebody leaves, and when what they own is handed over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any

from django.db.models import Count
from django.utils import timezone

from accounts.models import Person
from audit.queries import EventRecord
from initiatives.models import HandOver
from notifications.actions import offering
from notifications.models import Reminder
from notifications.rules.words import in_words
from reviews import belongings

ANSWERED = ("hand_over.declined", "hand_over.accepted")


def reminders_of(events: list[EventRecord], at: datetime) -> Iterator[Reminder]:
    """Say whom these events make us owe what, by how things stand now."""
    for asked in _hand_overs(events, "hand_over.asked"):
        if asked.is_open:
            yield offering.asked(asked, 0, at)
    for answered in _hand_overs(events, *ANSWERED):
        if is_something_left(answered):
            yield from _answered(answered, at)
    yield from _recorded(events, at)


def _hand_overs(events: Iterable[EventRecord], *kinds: str) -> list[Any]:
    """Each with `count`, how many things it is about."""
    ids = {_id(e) for e in events if e.kind in kinds}
    if not ids:
        return []
    rows = HandOver.objects.filter(pk__in=ids).select_related("giver", "receiver", "asked_by")
    return list(rows.annotate(count=Count("items")))


def is_something_left(answered: HandOver) -> bool:
    """Whether any of it is the giver's still, so that somebody else has to be found for it."""
    return bool(belongings.still_offered(answered, seen_by=answered.asked_by))


def _id(event: EventRecord) -> int:
    return int(event.subject.partition(":")[2])


def _answered(answered: HandOver, at: datetime) -> Iterator[Reminder]:
    """Whoever asked, and whose it is, as long as something is left for which nobody is found."""
    declined = answered.answer == HandOver.Answer.DECLINED
    did = "declined what" if declined else "took over a part of what"
    for person in {answered.asked_by, answered.giver} - {answered.receiver}:
        yield Reminder(
            kind="hand_over_answered",
            subject=f"handover:{answered.pk}",
            due_date=_day(answered, at),
            step=0,
            recipient=person,
            says=f"Find somebody else: {answered.receiver.name} {did} {answered.giver.name} owns",
            detail=answered.comment,
            why=_why(person, answered),
            path=answered.giver.get_absolute_url(),
            planned_at=at,
        )


def _day(answered: HandOver, at: datetime) -> date:
    return timezone.localdate(answered.answered_at or at)


def _why(person: Person, answered: HandOver) -> str:
    return "You asked." if person == answered.asked_by else "It is yours."


def _recorded(events: list[EventRecord], at: datetime) -> Iterator[Reminder]:
    """Whoever is said to leave hears it, unless they said so themself: it may be a mistake. Each
    time that it is said is one, also where a day is said for the second time."""
    said = {_id(e): e for e in events if e.kind == "person.leaving"}
    rows = Person.objects.filter(pk__in=said, is_active=True, leaves_on__isnull=False)
    for person in rows if said else ():
        event = said[person.pk]
        if event.actor_id == person.pk or person.leaves_on is None:
            continue
        yield Reminder(
            kind="leaving_recorded",
            subject=f"event:{event.seq}",
            due_date=person.leaves_on,
            step=0,
            recipient=person,
            says=f"Check your last day: {in_words(person.leaves_on)} was recorded",
            detail="From the day after, your account is inactive and what you own has no owner. "
            "Hand it over before, or say that the day is wrong.",
            why="It is your last day.",
            path=person.get_absolute_url(),
            is_urgent=True,
            planned_at=at,
        )

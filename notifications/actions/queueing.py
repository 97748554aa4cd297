"""What waits for a group of people to go through it, of which each of them hears once a day: what
its owners say is dead, for the leads, and triages, for compliance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from django.urls import reverse
from django.utils import timezone

from accounts.models import Group, Person
from audit.queries import EventRecord
from initiatives.models import Initiative
from initiatives.models.registry import InitiativeQuerySet
from initiatives.queries import awaiting_confirmation
from notifications import queries
from notifications.models import Reminder
from notifications.rules.words import called
from reviews.models import RetirementRequest

DEAD, TRIAGES = "retirement_asked", "triage_asked"
KINDS = (DEAD, TRIAGES)
NAMED = 5  # of those that wait; the page has them all


def reminders_of(events: Sequence[EventRecord], at: datetime) -> Iterator[Reminder]:
    """What people said puts something into a queue: say who has to go through it."""
    kinds = {event.kind for event in events}
    if "retirement.asked" in kinds:
        yield from _said_to_be_dead(at)
    if "initiative.triaged" in kinds:
        yield from _triages(at)


def waiting_for(person: Person) -> InitiativeQuerySet:
    """Triages that wait for compliance, of what this person may see and is not quiet."""
    return awaiting_confirmation(Initiative.objects.visible_to(person).counting())


def _said_to_be_dead(at: datetime) -> Iterator[Reminder]:
    """Leads see all of it, restricted or not."""
    rows = RetirementRequest.objects.open().order_by("-pk").select_related("initiative")
    said = [f"· {called(row.initiative)}" for row in rows[:NAMED]]
    more = rows.count() - len(said)
    said += [f"· and {more} more"] if more > 0 else []
    said.append("Nobody is asked to own it until you have decided; many go in one step.")
    for lead in queries.leads():
        yield _reminder(
            lead,
            at,
            kind=DEAD,
            says="Retire or keep what its owners say is dead",
            detail="\n".join(said),
            why="You are a portfolio lead.",
            path=reverse("campaign:retire"),
        )


def _triages(at: datetime) -> Iterator[Reminder]:
    """Without their names: one of them may be restricted by the time that it is read."""
    for person in queries.members(Group.COMPLIANCE):
        if count := waiting_for(person).count():
            waits = "One waits" if count == 1 else f"{count} wait"
            yield _reminder(
                person,
                at,
                kind=TRIAGES,
                says="Confirm the level and legal class of what was triaged",
                detail=f"{waits}. Until then a level stands as its answers say; light ones go in "
                "one step.",
                why="You are in the group compliance.",
                path=reverse("initiatives:triage_queue"),
            )


def _reminder(person: Person, at: datetime, *, kind: str, **said: str) -> Reminder:
    return Reminder(
        **said,
        kind=kind,
        subject=kind,
        due_date=timezone.localdate(at),
        step=0,
        recipient=person,
        planned_at=at,
    )

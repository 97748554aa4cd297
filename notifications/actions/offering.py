"""Hand-overs that nobody answers: the receiver is reminded after the same days as whoever is said
to own something; then whoever asked hears of it, and the leads (product.md §6.13)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone

from accounts.models import Person
from initiatives.models import HandOver
from notifications import queries
from notifications.actions import planning
from notifications.actions.planning import Key, Planned
from notifications.models import Reminder
from notifications.queries.asked import STEPS
from notifications.rules.owners import DAYS_TO_ANSWER
from notifications.rules.words import in_words
from reviews import belongings

ASKED, SILENT = "hand_over_asked", "hand_over_silent"
TOLD = (Reminder.State.SENT, Reminder.State.MUTED)


def plan(*, at: datetime) -> Planned:
    """Owe each silent receiver the newest step, and then those who can ask somebody else; unsent
    ones are cancelled once it is answered, taken back, or nothing of it is left."""
    today = timezone.localdate(at)
    with transaction.atomic():
        owed = {planning.key_of(r): (r, row) for row in _open() for r in _owed(row, today, at)}
        told = _told(owed)
        wanted = _still_offered({key: of for key, of in owed.items() if key not in told})
        days = {key.due_date for key in wanted}
        still = Q(state=Reminder.State.OWED) | Q(due_date__in=days)
        return planning.owe_only(wanted, Q(still, kind__in=(ASKED, SILENT)))


def _open() -> list[Any]:
    """Those that wait, each with `count`, how many things it is about."""
    rows = HandOver.objects.open().select_related("giver", "receiver", "asked_by")
    return list(rows.annotate(count=Count("items")))


def _told(owed: Iterable[Key]) -> set[Key]:
    subjects = {key.subject for key in owed}
    rows = Reminder.objects.filter(kind__in=(ASKED, SILENT), subject__in=subjects, state__in=TOLD)
    return {Key(*row) for row in rows.order_by().values_list(*planning.KEY)} if subjects else set()


def _still_offered(owed: Mapping[Key, tuple[Reminder, HandOver]]) -> dict[Key, Reminder]:
    """Looked at for those alone that are to be told: that is a handful of queries for each."""
    rows = {row.pk: row for _, row in owed.values()}
    left = {pk for pk, row in rows.items() if belongings.still_offered(row, seen_by=row.receiver)}
    return {key: reminder for key, (reminder, row) in owed.items() if row.pk in left}


def _owed(row: Any, today: date, at: datetime) -> Iterator[Reminder]:
    """Nobody who has left is asked; whoever asked them need not wait to hear that."""
    step = newest(timezone.localdate(row.asked_at), today)
    if row.receiver.is_active:
        yield asked(row, step, at)
    if _is_over(row, today) or not row.receiver.is_active:
        yield from _silent(row, at)


def newest(day: date, today: date) -> int:
    """The step whose day came last; a question of tomorrow, by a clock set back, is asked now."""
    return max(step for step in STEPS if step <= max((today - day).days, 0))


def _is_over(row: HandOver, today: date) -> bool:
    return (today - timezone.localdate(row.asked_at)).days >= DAYS_TO_ANSWER


def asked(row: Any, step: int, at: datetime) -> Reminder:
    """What its receiver hears. Where its owner has left, or is about to, the first cannot wait for
    the mail of the day."""
    giver = row.giver
    return Reminder(
        kind=ASKED,
        subject=f"handover:{row.pk}",
        due_date=timezone.localdate(row.asked_at),
        step=step,
        recipient=row.receiver,
        says=f"Accept or decline what {giver.name} hands over: {_things(row.count)}",
        detail=_detail(row, step),
        why="You were named, and only you can answer.",
        path=row.get_absolute_url(),
        is_urgent=step == 0 and (giver.leaves_on is not None or not giver.is_active),
        planned_at=at,
    )


def _detail(row: HandOver, step: int) -> str:
    giver, reason = row.giver, f" {row.reason}" if row.reason else ""
    leaves = f", whose last day is {in_words(giver.leaves_on)}" if giver.leaves_on else ""
    gone = leaves if giver.is_active else ", who is no longer here"
    since = f" on {in_words(timezone.localdate(row.asked_at))}" if step else ""
    asks = "asked" if step else "asks"
    said = (
        f"{row.asked_by.name} {asks} you{since} to take over what belongs to {giver.name}{gone}."
        f"{reason} Until you accept, nothing moves."
    )
    if step == STEPS[-1]:
        said += " If nothing is said in three days, whoever asked and the portfolio leads hear it."
    return said


def _things(count: int) -> str:
    return "one thing" if count == 1 else f"{count} things"


def _silent(row: Any, at: datetime) -> Iterator[Reminder]:
    """Whoever asked, and the leads: they speak to the silent one, or find another."""
    leads = queries.leads()
    people = {person.pk: person for person in (*leads, row.asked_by) if person.is_active}
    people.pop(row.receiver_id, None)
    for person in people.values():
        yield Reminder(
            kind=SILENT,
            subject=f"handover:{row.pk}",
            due_date=timezone.localdate(row.asked_at),
            step=DAYS_TO_ANSWER,
            recipient=person,
            says=_says(row),
            detail=_silence(row),
            why=_why(person, row),
            path=row.get_absolute_url(),
            planned_at=at,
        )


def _says(row: HandOver) -> str:
    if row.receiver.is_active:
        return f"Speak to {row.receiver.name}: no answer about what {row.giver.name} hands over"
    return f"Ask somebody else: {row.receiver.name} left before taking over from {row.giver.name}"


def _silence(row: Any) -> str:
    receiver, day = row.receiver, in_words(timezone.localdate(row.asked_at))
    asks = f"{receiver.name} was asked on {day} to take over {_things(row.count)}"
    if receiver.is_active:
        asks += ", was reminded, and has said nothing"
    return f"{asks}. Nothing has moved. Take it back to ask somebody else."


def _why(person: Person, row: HandOver) -> str:
    return "You asked." if person == row.asked_by else "You are a portfolio lead."

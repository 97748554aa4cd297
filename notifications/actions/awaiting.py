"""Signers who were asked and have not answered: reminded so many working days after the request, as
the policy's ladder says (product.md §5). Who asks them first is `hearing`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from initiatives.models import Initiative
from initiatives.models.registry import InitiativeQuerySet
from initiatives.workdays import add_working_days
from notifications import ladders
from notifications.actions import planning
from notifications.actions.planning import Existing, Key, Planned
from notifications.models import Reminder
from notifications.rules.finding import start_of
from notifications.rules.words import called, in_words
from reviews import queries as reviews
from reviews import waiting
from reviews.models import Review
from reviews.policy import Ladder

ASKED = "sign_off_asked"
ASKS = (ASKED, "sign_off_stale", "sign_off_lapsed")


@dataclass(frozen=True, slots=True)
class Step:
    """A reminder after a request: how many working days later, and which day that was."""

    days: int
    day: date


@dataclass(frozen=True, slots=True)
class Waited:
    """Somebody for whose signature a review waits, with the newest step that is reached."""

    review: Review
    person_id: int
    step: Step

    @property
    def key(self) -> Key:
        review = self.review
        return Key(ASKED, f"review:{review.pk}", review.due_date, self.step.days, self.person_id)


@dataclass(frozen=True, slots=True)
class Asks:
    """The day of each time that signers were asked, by the review's address and the signer."""

    days: dict[tuple[str, int], dict[Key, date]] = field(default_factory=dict)

    def add(self, key: Key, path: str, planned_at: datetime) -> None:
        of_one = self.days.setdefault((path, key.recipient_id), {})
        of_one[key] = timezone.localdate(planned_at)

    def has_other(self, key: Key, path: str, since: date) -> bool:
        """Whether they were asked otherwise since a day, as whoever has to sign again."""
        of_one = self.days.get((path, key.recipient_id), {})
        return any(day >= since for asked, day in of_one.items() if asked != key)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What was asked of signers before: each reminder, and on which days."""

    reminders: dict[Key, Existing]
    asks: Asks


def remind(*, at: datetime) -> Planned:
    """Owe everybody for whom an open review waits its newest step; nine queries for each part of
    the portfolio.

    Whoever was asked since that step's day, as a new owner, a deputy or somebody who has to sign
    again, heard of it then. Unsent ones are cancelled when the person has answered, has handed it
    on, or a newer step has come.
    """
    ladder = reviews.current_policy().reminders
    return sum((_remind(part, ladder, at) for part in Initiative.objects.in_parts()), Planned())


def _remind(part: InitiativeQuerySet, ladder: Ladder, at: datetime) -> Planned:
    with transaction.atomic():
        waits = list(_waits(part, ladder, timezone.localdate(at)))
        asked = _asked(part, {waited.review.initiative_id for waited in waits})
        wanted = {waited.key: waited for waited in waits if _is_wanted(waited, asked)}
        return planning.write(
            wanted, asked.reminders, lambda key: _reminder(wanted[key], at), _over(asked, wanted)
        )


def newest(ladder: Ladder, review: Review, today: date) -> Step | None:
    """The newest step that is reached; None as long as there is but the request."""
    asked_on = timezone.localdate(review.opened_at)
    days = ladders.signer_step(ladder, asked_on, today)
    return Step(days, add_working_days(asked_on, days)) if days else None


def _waits(part: InitiativeQuerySet, ladder: Ladder, today: date) -> Iterable[Waited]:
    first = min((days for days in ladder.signer_days_after if days), default=None)
    if first is None:
        return
    # So many working days are at least as many days.
    since = start_of(today - timedelta(days=first - 1))
    for review, person in waiting.signers(today, since, part):
        if (step := newest(ladder, review, today)) is not None:
            yield Waited(review, person, step)


def _asked(part: InitiativeQuerySet, waited_for: set[int]) -> _Asked:
    asks = Q(kind__in=ASKS, initiative__in=waited_for)
    asks |= Q(kind=ASKED, state=Reminder.State.OWED, initiative__in=part)
    rows = Reminder.objects.filter(asks).order_by()
    found = _Asked({}, Asks())
    for *fields, pk, state, path, planned_at in rows.values_list(
        *planning.KEY, "pk", "state", "path", "planned_at"
    ):
        key = Key(*fields)
        if key.kind == ASKED:
            found.reminders[key] = Existing(pk, state)
        if state != Reminder.State.CANCELLED:
            found.asks.add(key, path, planned_at)
    return found


def _is_wanted(waited: Waited, asked: _Asked) -> bool:
    return not asked.asks.has_other(waited.key, waited.review.get_absolute_url(), waited.step.day)


def _over(asked: _Asked, wanted: Collection[Key]) -> list[int]:
    """Unsent ones that nobody waits for any more. Of the request itself that is asked when it is
    sent, so that here only a newer step overtakes it."""
    newer = {(key.subject, key.recipient_id) for key in wanted}
    return [
        row.pk
        for key, row in asked.reminders.items()
        if row.state == Reminder.State.OWED
        and key not in wanted
        and (key.step > 0 or (key.subject, key.recipient_id) in newer)
    ]


def asked_anew(reminders: list[Reminder], days: Mapping[int, date]) -> set[int]:
    """Reminders after a request, each of whose steps has a day, since which their recipient was
    asked once more: the sweep that finds the evidence changed plans them before that is heard."""
    paths, people = {r.path for r in reminders}, {r.recipient_id for r in reminders}
    rows = Reminder.objects.filter(kind__in=ASKS, path__in=paths, recipient__in=people)
    asks = Asks()
    for row in rows.exclude(state=Reminder.State.CANCELLED) if reminders else ():
        asks.add(planning.key_of(row), row.path, row.planned_at)
    return {r.pk for r in reminders if asks.has_other(planning.key_of(r), r.path, days[r.pk])}


def _reminder(waited: Waited, at: datetime) -> Reminder:
    review = waited.review
    return Reminder(
        **waited.key._asdict(),
        initiative_id=review.initiative_id,
        says=says(review, timezone.localdate(at)),
        detail=f"It was asked for on {in_words(timezone.localdate(review.opened_at))}, and waits "
        "for you.",
        why="Your signature is asked for, and you have not answered.",
        path=review.get_absolute_url(),
        planned_at=at,
    )


def says(review: Review, today: date, *, verb: str = "Sign") -> str:
    """What is asked of a signer, as a subject says it: by its day, or now where that is over."""
    due = in_words(review.due_date)
    what = f"{called(review.initiative)}, {review.get_gate_display().lower()}"
    is_late = review.due_date < today
    return f"{verb} now: {what}, late since {due}" if is_late else f"{verb} by {due}: {what}"

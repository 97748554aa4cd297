"""Reads about who was told what, and will be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Prefetch

from accounts.models import Person
from initiatives.models import Initiative, Ownership
from initiatives.stages import UNDECIDED
from notifications import ladders
from notifications.ladders import OWNERS
from notifications.models import Message, Reminder
from reviews import queries as reviews


def messages_to(person: Person, limit: int = 20) -> list[Message]:
    """The last mails that were sent to this person, with what they carried."""
    sent = Message.objects.filter(recipient=person, state=Message.State.SENT)
    reminders = Reminder.objects.filter(state=Reminder.State.SENT).select_related("initiative")
    newest = sent.order_by("-sent_at", "-pk").prefetch_related(Prefetch("reminders", reminders))
    return list(newest[:limit])


def reminders_ahead(person: Person) -> list[Reminder]:
    """What is owed to this person and goes out with the next mail."""
    owed = Reminder.objects.owed().filter(recipient=person).select_related("initiative")
    return list(owed.exclude(message__state=Message.State.FAILED))


# Kinds that ask several people for one and the same thing.
SHARED = {
    "decision_date": "decision",
    "decision_lapsed": "decision",
    "override": "override",
    "threshold_reached": "decision",
    "unowned": "owners",
    "kill_condition_tripped": "stop",
    "suspended": "suspension",
    "override_asked": "second signature",
    "catch_up": "catch-up",
    "recertification": "recertification",
    "falls_short": "health",
    "measurement_stale": "measurement",
    "evaluation_stale": "evaluation",
    "over_budget": "budget",
    "stalled": "progress",
    "sign_off_overdue": "missing signatures",
    "slot_unfillable": "missing signatures",
    "sign_off_asked": "signatures",
    "sign_off_stale": "signatures",
}


def others_told(reminders: Sequence[Reminder]) -> dict[int, list[str]]:
    """Who else is asked for what each of these asks, whether before, now or next, by name."""
    shared = [reminder for reminder in reminders if reminder.kind in SHARED]
    if not shared:
        return {}
    rows = (
        Reminder.objects.filter(
            initiative__in={reminder.initiative_id for reminder in shared},
            kind__in=SHARED,
            recipient__is_active=True,
        )
        .exclude(state__in=(Reminder.State.CANCELLED, Reminder.State.MUTED))
        .order_by("recipient__name", "recipient")
        .values_list("kind", "path", "due_date", "recipient", "recipient__name")
        .distinct()
    )
    told: dict[tuple[str, str, date], dict[int, str]] = {}
    for kind, path, due, recipient, name in rows:
        told.setdefault((SHARED[kind], path, due), {})[recipient] = name
    return {
        reminder.pk: [
            name
            for pk, name in told.get(
                (SHARED[reminder.kind], reminder.path, reminder.due_date), {}
            ).items()
            if pk != reminder.recipient_id
        ]
        for reminder in shared
    }


@dataclass(frozen=True, slots=True)
class NextStep:
    """The working day on which the next reminder of a decision date comes."""

    day: date
    initiative: Initiative


def next_steps(person: Person, today: date) -> list[NextStep]:
    """When this person will next be reminded to decide what they own, the earliest first."""
    roles = Ownership.objects.counting().filter(person=person, role__in=OWNERS)
    owned = Initiative.objects.counting().filter(
        pk__in=roles.values("initiative"), stage__in=UNDECIDED, decision_date__gt=today
    )
    ladder = sorted(reviews.current_policy().reminders.owner_days_before, reverse=True)
    steps = [
        NextStep(next(day for day in days if day > today), initiative)
        for initiative in owned
        if (due := initiative.decision_date) is not None
        and (days := [ladders.mail_day(-before, due) for before in ladder])[-1] > today
    ]
    return sorted(steps, key=lambda step: (step.day, step.initiative.pk))

"""Reads about who was told what, and will be."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.db.models import (
    Case,
    CharField,
    OuterRef,
    Q,
    SmallIntegerField,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Cast, Concat

from accounts.models import Person
from initiatives.models.handing_over import HandOverQuerySet
from notifications.models import Message, Reminder, ReminderQuerySet
from notifications.preferences import KEPT, NEWS

# Worse than what is due on a day, the worst first; and what is due on none.
WORST = ("kill_condition_tripped", "decision_lapsed", "suspended", "unowned")
LEAST = ("measurement_stale", "over_budget", "stalled", "evaluation_stale")
PLACE = Case(
    When(kind__in=KEPT, then=Value(len(WORST) + 3)),
    When(kind__in=NEWS, then=Value(len(WORST) + 2)),
    When(kind__in=LEAST, then=Value(len(WORST) + 1)),
    *(When(kind=kind, then=Value(place)) for place, kind in enumerate(WORST)),
    default=Value(len(WORST)),
    output_field=SmallIntegerField(),
)
DUE = Case(When(kind__in=NEWS | KEPT, then=None), default="due_date")


def sent_to(person: Person) -> ReminderQuerySet:
    """All that was sent to this person, and what could not be, the newest first; of initiatives
    that they may still see."""
    sent = Q(state=Reminder.State.SENT) | Q(message__state=Message.State.FAILED)
    mine = Reminder.objects.filter(sent, recipient=person).visible_to(person)
    return mine.select_related("message", "initiative").order_by("-message", "pk")


def reminders_ahead(person: Person) -> list[Reminder]:
    """What is owed to this person and goes out with the next mail."""
    owed = Reminder.objects.owed().filter(recipient=person).visible_to(person)
    owed = owed.exclude(message__state=Message.State.FAILED)
    return list(owed.select_related("initiative"))


def unread_by(person: Person) -> ReminderQuerySet:
    """What this person has not seen yet and is still to be seen to: what asks first, of that the
    worst and then what was due first; then news, and what is to be kept, the newest first."""
    mine = Reminder.objects.unread().filter(recipient=person).visible_to(person)
    return mine.order_by(PLACE, DUE, "-pk")


def with_chased(hand_overs: HandOverQuerySet) -> HandOverQuerySet:
    """Each with `chased_at`, when its receiver was last reminded of it after they were asked."""
    subject = Concat(Value("handover:"), Cast(OuterRef("pk"), CharField()))
    sent = Reminder.objects.filter(
        kind="hand_over_asked", subject=subject, state=Reminder.State.SENT, step__gt=0
    )
    last = sent.order_by("-step").values("message__sent_at")[:1]
    return hand_overs.annotate(chased_at=Subquery(last))


# Kinds that ask several people for one and the same thing.
SHARED = {
    "decision_date": "decision",
    "decision_lapsed": "decision",
    "decision_ready": "decision",
    "override": "override",
    "threshold_reached": "decision",
    "unowned": "owners",
    "leaving": "successor",
    "hand_over_silent": "successor who is silent",
    "kill_condition_tripped": "stop",
    "suspended": "suspension",
    "obligation": "what is to be seen to",
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
    "retirement_asked": "what is said to be dead",
    "triage_asked": "triages",
    "mail_refused": "addresses",
}


def others_told(reminders: Sequence[Reminder]) -> dict[int, list[str]]:
    """Who else is asked for what each of these asks, whether before, now or next, by name."""
    shared = [reminder for reminder in reminders if reminder.kind in SHARED]
    if not shared:
        return {}
    of_one = Q(initiative__in={reminder.initiative_id for reminder in shared})
    of_all = Q(initiative=None, path__in={r.path for r in shared if r.initiative_id is None})
    rows = (
        Reminder.objects.filter(of_one | of_all, kind__in=SHARED, recipient__is_active=True)
        .exclude(state__in=(Reminder.State.CANCELLED, Reminder.State.MUTED))
        .order_by("recipient__name", "recipient")
        .values_list("kind", "path", "due_date", "subject", "recipient", "recipient__name")
        .distinct()
    )
    told: dict[tuple[str, str, date], dict[int, str]] = {}
    for kind, path, due, subject, recipient, name in rows:
        told.setdefault(_thing(kind, path, due, subject), {})[recipient] = name
    return {
        r.pk: [
            name
            for pk, name in told.get(_thing(r.kind, r.path, r.due_date, r.subject), {}).items()
            if pk != r.recipient_id
        ]
        for r in shared
    }


def _thing(kind: str, path: str, due: date, subject: str) -> tuple[str, str, date]:
    """What is asked, by its page; what is to be seen to is confirmed on another than it stands."""
    return SHARED[kind], subject if kind == "obligation" else path, due

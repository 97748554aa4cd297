"""What the clock asks for every few seconds."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from notifications.actions.delivering import Clock, Delivered, deliver
from notifications.actions.hearing import Heard, hear
from notifications.actions.settling import settle
from notifications.actions.trying import Attempts


def hear_and_deliver(
    *, clock: Clock = timezone.now, slice_: timedelta | None = None
) -> tuple[Heard, Delivered]:
    """Turn what people did into reminders, note what is over by it, and send what is owed: mails go
    out also where something that happened cannot be understood, and is raised afterwards."""
    attempt = Attempts(clock())
    heard = attempt("hearing", lambda: hear(at=clock()), Heard())
    attempt("settling", lambda: settle(at=clock()), 0)
    done = attempt("mails", lambda: deliver(clock=clock, slice_=slice_), Delivered())
    attempt.end()
    return heard, done

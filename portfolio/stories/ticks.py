"""What the clock did on some mornings of the last two weeks, so that a new demo has a past: mails
that were sent and read, flags that have closed. Nothing leaves: no mail is kept or goes anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from initiatives.workdays import last_working_day
from notifications import actions as notifications
from notifications.actions.composing import mail_time
from portfolio.stories.people import Cast
from portfolio.stories.story import Deed, Scene

DAYS_AGO = (12, 4)
# Takes mails and keeps none; there is no chat either.
NOWHERE = {
    "EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend",
    "PORTFOLIO_CHANNEL_URL": "",
}


def mornings(cast: Cast) -> Iterator[tuple[datetime, Deed]]:
    """Some, each at the hour of the mails of a working day: more would take longer to load than
    they are worth."""
    today = timezone.localdate(cast.now)
    for days in DAYS_AGO:
        yield mail_time(last_working_day(today - timedelta(days=days))), Deed(days, _tick)


def _tick(scene: Scene) -> None:
    """All that the clock does, once everybody has read what came before."""
    at = scene.at
    for person in scene.cast.people.values():
        notifications.read_all(by=person, at=at)
    notifications.hear(at=at)
    notifications.sweep(at=at)
    notifications.plan_digests(at=at)
    notifications.settle(at=at)
    with _going_nowhere():
        notifications.deliver(clock=lambda: at)


@contextmanager
def _going_nowhere() -> Iterator[None]:
    before = {name: getattr(settings, name) for name in NOWHERE}
    try:
        for name, value in NOWHERE.items():
            setattr(settings, name, value)
        yield
    finally:
        for name, value in before.items():
            setattr(settings, name, value)

"""Ticks of the clock (config/settings.py). They take no arguments and carry no work: what is owed
are rows, so a lost tick costs nothing."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from notifications import actions

SLICE = timedelta(seconds=30)  # the embedded worker ignores Celery's own limits


@shared_task
def sweep() -> None:
    """Bring flags and reminders up to date with the portfolio; once a week owe the digest."""
    try:
        actions.sweep(at=timezone.now())
    finally:
        actions.plan_digests(at=timezone.now())


@shared_task
def hear_and_deliver() -> None:
    """Turn what people did into reminders, note what is over by it, and send what is owed."""
    actions.hear_and_deliver(slice_=SLICE)

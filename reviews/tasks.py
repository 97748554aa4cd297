"""Ticks of the clock (config/settings.py): the work is rows, so a lost tick costs nothing."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from reviews import actions

SLICE = timedelta(seconds=10)  # the embedded worker has mails to send as well


@shared_task
def judge() -> None:
    """Say which criteria hold which initiatives back, as far as something has happened."""
    actions.judge(at=timezone.now(), slice_=SLICE)

"""Ticks of the clock (config/settings.py): the work is rows, so a lost tick costs nothing."""

from celery import shared_task
from django.utils import timezone

from initiatives.actions import uploads
from initiatives.models import Upload


@shared_task
def import_waiting() -> None:
    """Import the inventories that leads have started, the oldest first."""
    for upload in Upload.objects.filter(state=Upload.State.WAITING).order_by("pk"):
        uploads.import_uploaded(upload=upload, at=timezone.now())

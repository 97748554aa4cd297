"""The clock: Celery ticks, the database is the queue (docs/architecture.md)."""

import os
from typing import Any

from celery import Celery
from celery.signals import worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("gatehouse")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
def refuse_unprotected_log(**_: Any) -> None:
    """A worker that starts looks for the audit log's triggers, as the web process does."""
    from config import start

    start.require_audit_triggers()

"""The clock: Celery ticks, the database is the queue (docs/architecture.md)."""

import os
from typing import Any

from celery import Celery
from celery.signals import beat_init, worker_init, worker_process_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("gatehouse")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
@beat_init.connect
def prepare(**_: Any) -> None:
    """Look for the audit log's triggers, as the web process does, and for the queue's folders."""
    from config import start

    start.make_queue_folders()
    start.require_audit_triggers()


@worker_process_init.connect
def begin_to_work(**_: Any) -> None:
    """In each process that runs tasks, be it the only one."""
    from config import start

    start.settle_memory()

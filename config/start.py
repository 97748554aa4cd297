"""What has to hold before a process of ours goes on."""

import gc
import logging
from pathlib import Path

from django.conf import settings
from django.db import OperationalError, connection

from audit import triggers

logger = logging.getLogger(__name__)


def make_queue_folders() -> None:
    """Make the folders of the embedded queue, which kombu expects to find."""
    for name, folder in settings.CELERY_BROKER_TRANSPORT_OPTIONS.items():
        if "folder" in name:
            Path(str(folder)).mkdir(parents=True, exist_ok=True)


def settle_memory() -> None:
    """Let the garbage collector leave alone what is loaded by now: it stays as long as the process
    does, and to look through it again and again is a fifth of what a worker computes."""
    gc.collect()
    gc.freeze()


def require_audit_triggers() -> None:
    """Refuse to run on an unprotected log; a database that is away is the readiness check's."""
    try:
        triggers.require()
    except OperationalError:
        logger.warning("The database does not answer yet.")
    finally:
        connection.close()

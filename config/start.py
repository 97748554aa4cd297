"""What has to hold before a process of ours goes on."""

import logging

from django.db import OperationalError, connection

from audit import triggers

logger = logging.getLogger(__name__)


def require_audit_triggers() -> None:
    """Refuse to run on an unprotected log; a database that is away is the readiness check's."""
    try:
        triggers.require()
    except OperationalError:
        logger.warning("The database does not answer yet.")
    finally:
        connection.close()

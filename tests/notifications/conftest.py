"""A mail server on loopback, and settings that send to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from proofs.mailbox import Sink, listening

__all__ = ["Sink"]


@pytest.fixture
def sink(settings: Any) -> Iterator[Sink]:
    """A real SMTP server, and settings that send to it."""
    with listening(Sink()) as found:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", found.port
        settings.EMAIL_TIMEOUT = 5
        yield found

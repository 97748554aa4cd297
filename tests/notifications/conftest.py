"""A mail server on loopback that answers as it is told."""

from __future__ import annotations

import asyncio
import email
import logging
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from email.policy import default
from threading import Lock
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from proofs.servers import free_port

Answer = Callable[[str, bytes], str]


class Sink:
    """Keeps what it accepts; `refuse` names what it says to whom."""

    def __init__(self) -> None:
        self.port = free_port()
        self.mails: list[tuple[str, EmailMessage]] = []
        self.refuse: dict[str, str] = {}
        self.connections = 0
        self.pause = 0.0  # seconds a mail takes
        self.told = Lock()

    async def handle_EHLO(
        self, server: Any, session: Any, envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.connections += 1
        return responses

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        await asyncio.sleep(self.pause)
        mail = email.message_from_bytes(envelope.content, policy=default)
        with self.told:
            self.mails += [(to, mail) for to in envelope.rcpt_tos]
        return "250 OK"

    def to(self, address: str) -> list[EmailMessage]:
        return [mail for to, mail in self.mails if to == address]


@pytest.fixture
def sink(settings: Any) -> Iterator[Sink]:
    """A real SMTP server, and settings that send to it."""
    found = Sink()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", found.port
    settings.EMAIL_TIMEOUT = 5
    logging.getLogger("mail.log").setLevel(logging.WARNING)
    controller = Controller(found, hostname="127.0.0.1", port=found.port)
    controller.start()
    yield found
    controller.stop()

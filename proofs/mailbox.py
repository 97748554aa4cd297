"""A mail server on loopback that answers as it is told, for proofs, tests and benchmarks."""

from __future__ import annotations

import asyncio
import contextlib
import email
import logging
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import default
from threading import Lock
from typing import Any, TypeVar

from aiosmtpd.controller import Controller

from proofs.servers import free_port


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


AnySink = TypeVar("AnySink", bound=Sink)


@contextlib.contextmanager
def listening(sink: AnySink) -> Iterator[AnySink]:
    """Take mails for as long as the block lasts."""
    logging.getLogger("mail.log").setLevel(logging.WARNING)
    controller = Controller(sink, hostname="127.0.0.1", port=sink.port)
    controller.start()
    try:
        yield sink
    finally:
        controller.stop()

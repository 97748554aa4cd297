"""A thousand mails: those of the product beside as many that were ready, to the same server.

`python -m tests.bench.mails PORT` is that server: it takes every mail and keeps none.
"""

from __future__ import annotations

import contextlib
import logging
import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller

from proofs.servers import free_port

START_SECONDS = 30
# As much as one mail of the product says, plainly and in HTML.
PLAIN = "One thing waits for you: decide on the pilot in customer service.\n" * 10
LINE = "<p>One thing waits for you: decide.</p>\n"
HTML = f"<!doctype html><title>Decide</title>{LINE * 130}"


class Sink:
    """Takes every mail and keeps none."""

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        return "250 OK"


@contextlib.contextmanager
def sink() -> Iterator[int]:
    """A mail server in a process of its own; yields its port."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.mails", str(port)], stdin=subprocess.PIPE
    )
    try:
        _wait_for(port)
        yield port
    finally:
        process.communicate(b"")  # the end of its input is when it stops


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.05)
    raise RuntimeError("The mail server did not start.")


def send(host: str, port: int, count: int) -> float:
    """Seconds that so many ready mails take over one connection: the reference `mail`."""
    mails = [_mail(number) for number in range(count)]
    began = time.perf_counter()
    with smtplib.SMTP(host, port) as connection:
        for mail in mails:
            connection.send_message(mail)
    return time.perf_counter() - began


def _mail(number: int) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"] = "gatehouse@localhost", f"person{number}@example.com"
    mail["Subject"] = f"Sign by Thursday: number {number}"
    mail.set_content(PLAIN)
    mail.add_alternative(HTML, subtype="html")
    return mail


if __name__ == "__main__":
    logging.getLogger("mail.log").setLevel(logging.WARNING)
    controller = Controller(Sink(), hostname="127.0.0.1", port=int(sys.argv[1]))
    controller.start()
    sys.stdin.read()
    controller.stop()

"""The mail server refuses, hangs, sends one away or hangs up: nothing is lost, nobody waits for
somebody else's address."""

from __future__ import annotations

import time
from datetime import timedelta
from threading import Thread
from typing import Any

import pytest
from django.db import connection
from django.test import TransactionTestCase

from notifications import actions
from notifications.actions import Delivered
from notifications.models import Message, Reminder
from proofs.mailbox import Sink, listening
from tests.faults.proxy import Proxy, standing_before
from tests.notifications.scenes import make_initiative, make_lead, make_person, owe_one, states
from tests.notifications.test_delivering import Clock

LATER = timedelta(hours=3)
TIMEOUT = 1  # second; ten in production


class Moody(Sink):
    """Also hangs up when it is told a sender (421), or after it has taken a mail."""

    is_closing = False
    hangs_up = False

    async def handle_MAIL(
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if self.is_closing:
            return "421 Closing"
        envelope.mail_from = address
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        answer = await super().handle_DATA(server, session, envelope)
        if self.hangs_up:
            server.transport.close()
        return answer


class TestMailServer(TransactionTestCase):
    sink: Moody
    proxy: Proxy

    @pytest.fixture(autouse=True)
    def servers(self, settings: Any):
        with listening(Moody()) as sink, standing_before("127.0.0.1", sink.port) as proxy:
            self.sink, self.proxy = sink, proxy
            settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
            settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", proxy.port
            settings.EMAIL_TIMEOUT = TIMEOUT
            yield

    def setUp(self):
        self.clock = Clock()
        lead = make_lead()
        initiative = make_initiative(lead)
        self.people = [lead, make_person("Olga Other"), make_person("Bo Brandt")]
        for person in self.people:
            owe_one(person, initiative)

    def deliver(self) -> Delivered:
        return actions.deliver(clock=self.clock)

    def all_are_told_later(self) -> None:
        """Each of them, once it is over, and each once."""
        self.clock.forward(LATER)
        self.deliver()
        assert states(Reminder) == {"sent": 3}
        letters = {(to, mail["Message-ID"]) for to, mail in self.sink.mails}
        assert sorted(to for to, _ in letters) == sorted(p.email for p in self.people)

    def test_that_refuses_connections_delays_all(self):
        self.proxy.down()
        assert self.deliver() == Delivered(deferred=3)
        self.proxy.up()
        self.all_are_told_later()

    def test_that_hangs_delays_all_and_holds_nobody_for_longer_than_the_timeout(self):
        self.proxy.hang()
        began = time.monotonic()
        assert self.deliver() == Delivered(deferred=3)
        assert time.monotonic() - began < 5 * TIMEOUT
        self.proxy.up()
        self.all_are_told_later()

    def test_that_hangs_would_hold_us_for_ever_without_a_timeout(self):
        """What the test before would not pass without: it can fail."""

        def send() -> None:
            with self.settings(EMAIL_TIMEOUT=None):
                self.deliver()
            connection.close()

        self.proxy.hang()
        held = Thread(target=send, daemon=True)
        held.start()
        held.join(3 * TIMEOUT)
        assert held.is_alive()
        self.proxy.down()
        held.join(10)
        assert not held.is_alive()

    def test_that_closes_with_421_delays_all(self):
        self.sink.is_closing = True
        assert self.deliver() == Delivered(deferred=3)
        self.sink.is_closing = False
        self.all_are_told_later()

    def test_that_sends_one_away_for_now_delays_that_one(self):
        self.sink.refuse[self.people[0].email] = "451 Greylisted"
        assert self.deliver() == Delivered(sent=2, deferred=1)
        self.sink.refuse.clear()
        self.all_are_told_later()

    def test_that_knows_no_such_address_fails_that_one_and_says_why(self):
        self.sink.refuse[self.people[0].email] = "550 No such user here"
        assert self.deliver() == Delivered(sent=2, failed=1)
        failed = Message.objects.get(state="failed")
        assert (failed.recipient, failed.last_error) == (
            self.people[0],
            "550 No such user here",
        )

    def test_that_hangs_up_after_it_took_a_mail_is_told_again_under_the_same_name(self):
        """It may have taken it or not: one copy too many, and a mail program shows it once."""
        self.sink.hangs_up = True
        assert self.deliver().sent == 0
        assert len(self.sink.mails) == 3
        self.sink.hangs_up = False
        self.all_are_told_later()

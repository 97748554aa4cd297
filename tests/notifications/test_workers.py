"""Delivering and sweeping by several processes at once, on data that is committed. That they are
killed is in `tests/proofs/test_reminders.py`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.conf import settings
from django.db import connection

from initiatives.models import Initiative
from notifications.actions import posting
from notifications.models import Flag, Message, Reminder
from proofs import racing
from tests.notifications.conftest import Sink
from tests.notifications.scenes import (
    NOON,
    TODAY,
    make_initiative,
    make_lead,
    make_person,
    owe_one,
    states,
)

MAILS = 80

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def postgres_only():
    if connection.vendor != "postgresql":
        pytest.skip("two processes at once are promised on PostgreSQL")


def process(command: str, port: int = 1) -> subprocess.Popen[str]:
    """A process of its own on the test database, whose mails go to this port."""
    url = urlsplit(os.environ["DATABASE_URL"])
    environment: dict[str, Any] = {
        **os.environ,
        "DATABASE_URL": urlunsplit(url._replace(path=f"/{connection.settings_dict['NAME']}")),
        "EMAIL_URL": f"smtp://127.0.0.1:{port}",
        "SECRET_KEY": settings.SECRET_KEY,
        "AUDIT_KEY": settings.AUDIT_KEY,
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    return subprocess.Popen(
        [sys.executable, Path(settings.BASE_DIR) / "manage.py", command, "--json"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def worker(sink: Sink) -> subprocess.Popen[str]:
    return process("deliver", sink.port)


def owe_many() -> Initiative:
    lead = make_lead()
    initiative = make_initiative(lead)
    for n in range(MAILS):
        owe_one(make_person(f"Person {n}"), initiative)
    return initiative


def finish(running: subprocess.Popen[str]) -> dict[str, Any]:
    """Wait for a process, and return what it says it has done."""
    said, errors = running.communicate(timeout=60)
    assert running.returncode == 0, errors
    done: dict[str, Any] = json.loads(said)
    return done


def owe_digest(number: int, given: racing.Given) -> str:
    """What each worker does at the first tick of a week."""
    settings.PORTFOLIO_CHANNEL_URL = "json://127.0.0.1:1/hook"
    monday = TODAY + timedelta(weeks=given["week"])
    return str(posting.tell_of_the_week(monday, at=NOON))


class TestWorkers:
    def test_two_at_once_send_nothing_twice(self, sink: Sink):
        owe_many()
        sink.pause = 0.05  # seconds: as long as all take one of them, the other has started
        sent = [finish(running)["sent"] for running in [worker(sink), worker(sink)]]
        assert min(sent) > 0, "both had something to do"
        assert sum(sent) == MAILS
        assert set(Counter(to for to, _ in sink.mails).values()) == {1}
        assert len(sink.mails) == MAILS
        assert states(Message) == {"sent": MAILS}

    def test_many_at_once_owe_the_portfolios_channel_one_digest(self):
        with racing.runners(f"{__name__}:owe_digest", processes=3, threads=2) as run:
            for week in range(3):
                assert run({"week": week})["True"] == 1
        assert Message.objects.filter(channel="portfolio", is_digest=True).count() == 3

    def test_sweeps_at_once_open_and_owe_nothing_twice(self):
        lead = make_lead()
        for n in range(MAILS):
            make_initiative(lead, name=f"Number {n}", due=TODAY - timedelta(days=9))
        for running in [process("sweep") for _ in range(3)]:
            finish(running)
        assert Flag.objects.count() == 2 * MAILS  # overdue and unowned
        assert states(Reminder) == {"owed": 2 * MAILS}
        again = finish(process("sweep"))
        assert set(again["reminders"].values()) == {0}

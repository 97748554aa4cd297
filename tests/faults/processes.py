"""The application as it runs, in processes of its own: the web, and the clock with its worker."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.db import connection

from proofs.racing import ROOT
from proofs.servers import end, end_with_parent, free_port
from tests.faults.proxy import Proxy, wait_until

STARTS = 60  # seconds


def of_the_test_database(proxy: Proxy | None = None) -> str:
    """Its URL, or that of the proxy before it."""
    url = urlsplit(os.environ["DATABASE_URL"])
    where = url.netloc.rpartition("@")
    host = f"{where[0]}@127.0.0.1:{proxy.port}" if proxy else url.netloc
    return urlunsplit(url._replace(netloc=host, path=f"/{connection.settings_dict['NAME']}"))


@dataclass(frozen=True)
class Given:
    """Where the processes find their database and their broker."""

    database: str
    broker: str

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "DATABASE_URL": self.database,
            "CELERY_BROKER_URL": self.broker,
            "SECRET_KEY": settings.SECRET_KEY,
            "AUDIT_KEY": settings.AUDIT_KEY,
            "DJANGO_SETTINGS_MODULE": "tests.bench.settings",
            "BENCH_MEDIA": str(settings.MEDIA_ROOT),
            "ALLOWED_HOSTS": "127.0.0.1,localhost",
        }


@dataclass(frozen=True)
class Answer:
    status: int
    body: str
    seconds: float
    headers: dict[str, str]


@dataclass(frozen=True)
class Web:
    """A web server that answers."""

    port: int
    cookie: str

    def get(self, path: str, *, is_anonymous: bool = False) -> Answer:
        headers = {} if is_anonymous else {"Cookie": self.cookie}
        began = time.monotonic()
        asked = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        with contextlib.closing(asked):
            asked.request("GET", path, headers=headers)
            answer = asked.getresponse()
            body = answer.read().decode()
        return Answer(answer.status, body, time.monotonic() - began, dict(answer.getheaders()))

    def answers(self) -> bool:
        with contextlib.suppress(OSError):
            return self.get("/livez", is_anonymous=True).status == 200
        return False


@contextlib.contextmanager
def web(given: Given, session: str) -> Iterator[Web]:
    """Serve pages by gunicorn to whoever holds this session."""
    port = free_port()
    command = ["-m", "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{port}", "--workers", "2"]
    with _running([*command, "--log-level", "critical", "--no-control-socket"], given):
        found = Web(port, f"{settings.SESSION_COOKIE_NAME}={session}")
        wait_until(found.answers, STARTS)
        yield found


@contextlib.contextmanager
def clock(given: Given, folder: Path) -> Iterator[None]:
    """A worker with its clock, which ticks once a second (proofs/reminders/clock.py)."""
    command = ["-W", "ignore:You're running the worker with superuser", "-m", "celery", "--quiet"]
    command += ["-A", "proofs.reminders.clock", "worker", "-B", "--pool", "solo"]
    command += ["--schedule", str(folder / "schedule"), "--loglevel", "critical"]
    command += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    with _running(command, given):
        yield


@contextlib.contextmanager
def _running(command: list[str], given: Given) -> Iterator[None]:
    process = subprocess.Popen(
        [sys.executable, *command],
        env=given.environment,
        cwd=ROOT,
        preexec_fn=lambda: end_with_parent(signal.SIGTERM),
    )
    try:
        yield
    finally:
        end(process, signal.SIGTERM)

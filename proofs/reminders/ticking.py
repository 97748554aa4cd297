"""Proof b: more clocks and workers than anybody needs, all at once."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

from django.db.models import Count
from django.utils import timezone

from accounts.models import Person
from initiatives import actions as initiatives
from initiatives.models import Initiative, Ownership
from initiatives.stages import UNDECIDED, Role, Stage
from notifications.actions.planning import KEY
from notifications.models import Message, Reminder, Sweep
from portfolio import generator
from proofs import scratch
from proofs.mailbox import Sink, listening
from proofs.racing import ROOT, named
from proofs.reporting import Findings
from proofs.servers import end

BEATS, WORKERS = 2, 4
PORTFOLIO = 300
MOVED = 5  # decision dates at a time
PAUSE = 0.2  # seconds between what happens
LEAVING = 5  # people who answer for something in production
AWAY = (-8, -4, -1, 0, 3, 14, 40)  # days from today, to which they move
NOON = 12
STARTS = 60  # seconds that six processes may take
SETTLES = 60  # seconds in which all that is queued is sent
IN_TROUBLE = ("Traceback", "CRITICAL", "raised unexpected")


def prove(findings: Findings, *, seconds: int, plant: str = "") -> None:
    """No row twice, no mail twice, none that is not told of, whoever sweeps and sends."""
    findings.say(f"b: {BEATS} clocks and {WORKERS} workers for {seconds} s …")
    generator.generate(initiatives=PORTFOLIO, seed=2, at=timezone.now())
    began = monotonic()
    with (
        named(plant)() if plant else contextlib.nullcontext(),
        TemporaryDirectory() as logs,
        listening(Sink()) as sink,
    ):
        with _running("worker", WORKERS, sink.port, Path(logs)):
            with _running("beat", BEATS, sink.port, Path(logs)):
                _wait_for(BEATS + WORKERS)
                _let_things_happen(seconds)
            _settle()
        said = "".join(file.read_text() for file in Path(logs).glob("*.log"))
    trouble = [line for line in said.splitlines() if any(word in line for word in IN_TROUBLE)]
    findings.require(not trouble, f"b: a process was in trouble: {trouble[:1]}")
    _judge(findings, sink, seconds, began)


def _judge(findings: Findings, sink: Sink, seconds: int, began: float) -> None:
    twice = Reminder.objects.order_by().values(*KEY).annotate(rows=Count("pk")).filter(rows__gt=1)
    sweeps, rows = Sweep.objects.count(), Reminder.objects.count()
    copies = Counter((to, str(mail["Message-ID"])) for to, mail in sink.mails)
    extra = sum(copies.values()) - len(copies)
    sent = Message.objects.filter(state=Message.State.SENT).count()
    findings.require(not twice.exists(), f"b: {twice.count()} reminders are there twice")
    findings.require(extra == 0, f"b: {extra} mails went out twice")
    findings.require(len(copies) == sent, f"b: {sent} marked as sent, {len(copies)} received")
    findings.require(sweeps > seconds // 2, f"b: {sweeps} sweeps only: nothing was raced for")
    findings.figure(
        f"b: {BEATS} beats, {WORKERS} workers, {seconds} s: {sweeps} sweeps, {rows} reminders, "
        f"{sent} mails, none twice",
        began,
    )


# --- processes ---


@contextlib.contextmanager
def _running(kind: str, count: int, port: int, logs: Path) -> Iterator[None]:
    """So many beats or workers, for as long as the block lasts."""
    started = [_start(kind, number, port, logs) for number in range(count)]
    try:
        yield
    finally:
        for process in started:
            process.send_signal(signal.SIGTERM)
        for process in started:
            end(process, signal.SIGTERM)


def _start(kind: str, number: int, port: int, logs: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-W", "ignore:You're running the worker with superuser"]
    command += ["-m", "celery", "--quiet", "-A", "proofs.reminders.clock", kind]
    command += ["--loglevel", "warning"]
    if kind == "beat":
        command += ["--schedule", str(logs / f"schedule{number}"), "--pidfile="]
    else:
        command += ["--pool", "solo", "--hostname", f"proof{number}@localhost"]
        command += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    given = {
        "DATABASE_URL": scratch.address(),
        "EMAIL_URL": f"smtp://127.0.0.1:{port}",
        "CELERY_BROKER_URL": os.environ["REDIS_URL"],
        "TIME_ZONE": _where_it_is_noon(),
    }
    with (logs / f"{kind}{number}.log").open("w") as log:
        return subprocess.Popen(
            command, cwd=ROOT, env=os.environ | given, stdout=log, stderr=subprocess.STDOUT
        )


def _where_it_is_noon() -> str:
    """A zone in which no day ends meanwhile, and with it the mail of the day."""
    east = NOON - timezone.now().hour
    return f"Etc/GMT{-east:+d}" if east else "Etc/GMT"


def _wait_for(sweeps: int) -> None:
    """Until all have started, more or less: so many sweeps are done."""
    stop = monotonic() + STARTS
    while monotonic() < stop and Sweep.objects.count() < sweeps:
        time.sleep(0.2)


# --- what happens meanwhile ---


def _let_things_happen(seconds: int) -> None:
    """Some times a second dates move, people leave and come back, and somebody is asked into a
    role."""
    dice = random.Random(seconds)  # noqa: S311
    pilots = list(
        Initiative.objects.counting().filter(stage__in=UNDECIDED).values_list("pk", flat=True)
    )
    running = Ownership.objects.counting().filter(initiative__stage=Stage.PRODUCTION)
    leaving = dice.sample(sorted(set(running.values_list("person_id", flat=True))), LEAVING)
    staying = list(Person.objects.filter(is_active=True).exclude(pk__in=leaving))
    stop = monotonic() + seconds
    while monotonic() < stop:
        _move_dates(dice, pilots)
        _leave_and_return(dice, leaving)
        _ask_somebody(dice, pilots, staying)
        time.sleep(PAUSE)


def _move_dates(dice: random.Random, pilots: list[int]) -> None:
    today = timezone.localdate()
    for pk in dice.sample(pilots, MOVED):
        day = today + timedelta(days=dice.choice(AWAY))
        Initiative.objects.filter(pk=pk).update(decision_date=day)


def _leave_and_return(dice: random.Random, people: list[int]) -> None:
    """By raw SQL, as a directory would do it."""
    Person.objects.filter(pk=dice.choice(people)).update(is_active=False)
    back = Person.objects.filter(pk=dice.choice(people), is_active=False)
    back.update(is_active=True, active_since=timezone.now())


def _ask_somebody(dice: random.Random, pilots: list[int], people: list[Person]) -> None:
    initiatives.ask(
        initiative=Initiative.objects.get(pk=dice.choice(pilots)),
        role=Role.BUDGET_OWNER,
        person=dice.choice(people),
        by=None,
        at=timezone.now(),
    )


def _settle() -> None:
    stop = monotonic() + SETTLES
    while monotonic() < stop and Message.objects.filter(state=Message.State.QUEUED).exists():
        time.sleep(0.2)

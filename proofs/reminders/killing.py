"""Proof a: thousands of reminders, and workers that are killed amid their mails."""

from __future__ import annotations

import random
import time
from collections import Counter
from datetime import timedelta
from time import monotonic

from django.utils import timezone

from accounts.models import Person
from initiatives.models import Initiative, Obligation
from initiatives.stages import Stage
from notifications.models import Message, Reminder
from proofs.mailbox import Sink, listening
from proofs.reminders.workers import Workers, workers
from proofs.reporting import Findings

AT_ONCE = 2
PATIENCE = 60  # seconds without a mail: then it has failed
LOOK = 0.002  # seconds between two looks at the mailbox
TAKES = 0.003  # seconds of a mail, so that whoever kills can keep up
DOMAIN = "killed.example"


def prove(findings: Findings, *, reminders: int, kills: int, plant: str = "") -> None:
    """None is lost, none goes to somebody else, and a kill costs at most one extra copy."""
    findings.say(f"a: owing {reminders} reminders …")
    due, gone = _owe(reminders)
    began = monotonic()
    sink = Sink()
    sink.pause = TAKES
    with listening(sink), workers(sink.port, plant=plant) as crew:
        done = _send(sink, crew, reminders=len(due), kills=kills)
    copies = Counter(to for to, _ in sink.mails)
    letters = {(to, str(mail["Message-ID"])) for to, mail in sink.mails}
    lost, foreign = due - copies.keys(), copies.keys() - due
    extra = len(sink.mails) - len(letters)
    findings.require(done == kills, f"a: all was sent after {done} of {kills} kills")
    findings.require(not lost, f"a: {len(lost)} of {len(due)} reminders were lost")
    findings.require(not foreign, f"a: {len(foreign)} mails went to people who were owed nothing")
    findings.require(extra <= kills, f"a: {extra} extra copies by {kills} kills")
    findings.require(len(letters) <= len(due), "a: somebody got two different mails")
    _all_marked(findings, len(due), gone)
    findings.figure(
        f"a: {len(due)} reminders, {AT_ONCE} workers, {kills} kills: {len(lost)} lost, "
        f"{len(foreign)} foreign, {extra} extra",
        began,
    )


def _owe(count: int) -> tuple[set[str], int]:
    """Owe so many people a mail each; every fiftieth has left, or has done it, meanwhile. Returns
    the addresses of those who shall hear, and how many shall not."""
    at = timezone.now()
    initiative = Initiative.objects.create(
        name="Sort incoming claims",
        stage=Stage.RETIRED,
        stage_entered_at=at,
        registered_at=at,
        touched_at=at,
    )
    people = [_person(number) for number in range(count)]
    people = Person.objects.bulk_create(people, batch_size=500)
    today = timezone.localdate(at)
    owed = Obligation.objects.bulk_create(
        (
            Obligation(
                initiative=initiative,
                kind="access",
                what="Revoke its access.",
                assignee=person,
                due_date=today + timedelta(days=7),
                agreed_at=at,
                released_at=at if number % 100 == 1 else None,
            )
            for number, person in enumerate(people)
        ),
        batch_size=500,
    )
    Reminder.objects.bulk_create((_reminder(row) for row in owed), batch_size=500)
    due = {row.assignee.email for row in owed if row.is_open and row.assignee.is_active}
    return due, count - len(due)


def _person(number: int) -> Person:
    is_active = number % 100 != 51
    return Person(email=f"person{number}@{DOMAIN}", name=f"Person {number}", is_active=is_active)


def _reminder(row: Obligation) -> Reminder:
    return Reminder(
        kind="obligation_owed",
        subject=f"obligation:{row.pk}",
        initiative_id=row.initiative_id,
        due_date=row.due_date,
        step=0,
        recipient_id=row.assignee_id,
        says="See to it",
        detail=row.what,
        why="It was given to you.",
        path="/my-work/",
        is_urgent=True,
        planned_at=row.agreed_at,
    )


def _send(sink: Sink, crew: Workers, *, reminders: int, kills: int) -> int:
    """Let them send until all is sent, and kill one of them each time some more have gone out;
    returns how many were killed."""
    dice = random.Random(kills)  # noqa: S311
    running = [crew.start() for _ in range(AT_ONCE)]
    each = reminders * 9 // 10 // (kills + 1)
    done, seen, moved = 0, 0, monotonic()
    while monotonic() < moved + PATIENCE and _is_waiting():
        if len(sink.mails) > seen:
            seen, moved = len(sink.mails), monotonic()
        if done < kills and seen >= each * (done + 1):
            time.sleep(dice.random() * 0.02)  # at whatever step of a mail
            crew.kill(running.pop(0))
            running.append(crew.start())
            done += 1
        time.sleep(LOOK if done < kills else 0.2)
    for pid in running:
        crew.kill(pid)
    return done


def _is_waiting() -> bool:
    """Asked in this order, or what is written between the two questions would answer neither."""
    unwritten = Reminder.objects.owed().filter(message=None)
    return unwritten.exists() or Message.objects.filter(state="queued").exists()


def _all_marked(findings: Findings, due: int, gone: int) -> None:
    states = Counter(Reminder.objects.values_list("state", flat=True))
    expected = {"sent": due, "cancelled": gone}
    findings.require(states == expected, f"a: reminders are marked {dict(states)}, not {expected}")

"""Proof o: people leave, come back and are given systems, all at one moment."""

from __future__ import annotations

import contextlib
from collections import Counter
from time import monotonic

from django.utils import timezone

from accounts import actions as accounts
from accounts.models import Person
from audit.models import Event
from initiatives import actions as initiatives
from initiatives.models import Initiative, Ownership
from initiatives.stages import Role
from proofs import racing, visiting
from proofs.reporting import Findings

PROCESSES = 12
ROLES = (Role.BUSINESS_OWNER, Role.PRODUCTION_OWNER)
FAIR = {"done", "owner_inactive", "not_asked", "already_inactive", "already_active"}
SIGNED_OUT = 302


def prove(findings: Findings, *, rounds: int, plant: str = "") -> None:
    """Nobody who has left owns anything, and nobody gets back silently what they had left."""
    people, rows = _crowd()
    sessions = {person.pk: visiting.session(person) for person in people}
    about = {"people": [p.pk for p in people], "initiatives": [row.pk for row in rows]}
    began, ends, left, open_sessions = monotonic(), Counter[str](), 0, 0
    with (
        racing.named(plant)() if plant else contextlib.nullcontext(),
        racing.runners(f"{__name__}:act", processes=PROCESSES, threads=1, plant=plant) as run,
    ):
        for _ in range(rounds):
            ends += run(about)
            _owned_by_who_is_here(findings)
            gone = list(Person.objects.filter(pk__in=sessions, is_active=False))
            left += len(gone)
            open_sessions += sum(_is_signed_in(sessions[person.pk]) for person in gone)
    findings.say(f"o: {', '.join(f'{count} {end}' for end, count in ends.most_common(6))}")
    odd = {end for end in ends if end not in FAIR}
    findings.require(not odd, f"o: ended otherwise: {sorted(odd)[:3]}")
    findings.require(left > 0, "o: nobody had left at the end of any round: nothing was tried")
    findings.require(open_sessions == 0, f"o: {open_sessions} sessions outlived their person")
    findings.figure(
        f"o: {PROCESSES} processes, {rounds} rounds: {left} times somebody had left, none of them "
        "owning, none given back, none signed in",
        began,
    )


def _crowd() -> tuple[list[Person], list[Initiative]]:
    """Two people that everybody is about, and the systems that they are given."""
    at = timezone.now()
    people = [
        accounts.create_person(
            email=f"leaving{n}@proof.example", name=f"Leaving {n}", by=None, at=at
        )
        for n in range(2)
    ]
    rows = [
        initiatives.register(name=f"System {n}", by=people[0], at=at, problem="Letters wait.")
        for n in range(PROCESSES // 3)
    ]
    return people, rows


def act(number: int, given: racing.Given) -> str:
    """A third send people away, a third take them back, a third hand them systems, which they
    accept."""
    place = number // 3
    person = Person.objects.get(pk=given["people"][place % 2])
    who = (accounts.deactivate, accounts.reactivate)
    if number % 3 < len(who):
        return racing.outcome(who[number % 3], person=person, by=None, at=timezone.now())
    row = Initiative.objects.get(pk=given["initiatives"][place])
    return racing.outcome(_give, row=row, person=person)


def _give(row: Initiative, person: Person) -> None:
    for role in ROLES:
        asked = initiatives.ask(
            initiative=row, role=role, person=person, by=None, at=timezone.now()
        )
        initiatives.accept(ownership=asked, by=person, at=timezone.now())


def _owned_by_who_is_here(findings: Findings) -> None:
    """By the log, whose order is that of what happened: whoever counts is active, and has accepted
    after they last came in."""
    for ownership in Ownership.objects.counting().select_related("person"):
        accepted = _last("ownership.accepted", f"ownership:{ownership.pk}")
        gone = _last("person.deactivated", f"person:{ownership.person_id}")
        is_active = Person.objects.values_list("is_active", flat=True).get(pk=ownership.person_id)
        findings.require(is_active, "o: somebody who has left counts as an owner")
        findings.require(
            gone < accepted or not is_active, "o: somebody got back what they had left"
        )


def _last(kind: str, subject: str) -> int:
    events = Event.objects.filter(kind=kind, subject=subject).order_by("-seq")
    return events.values_list("seq", flat=True).first() or 0


def _is_signed_in(session: str) -> bool:
    return bool(visiting.client(session).get("/").status_code != SIGNED_OUT)

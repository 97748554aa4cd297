"""Races of real threads on real connections; SQLite has one writer at a time and none of these."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import TransactionTestCase

from accounts import actions as people
from audit.models import Event
from audit.refusals import Refused
from audit.verification import verify
from initiatives import actions
from initiatives.models import Initiative, Ownership
from initiatives.stages import Role
from tests.factories import (
    NOON,
    fresh,
    make_initiative,
    make_kill_condition,
    make_lead,
    make_parsed,
    make_person,
)

pytestmark = pytest.mark.skipif("connection.vendor != 'postgresql'", reason="needs PostgreSQL")


def in_thread(call: Callable[[], Any]) -> tuple[threading.Thread, list[Any]]:
    """Start it on a connection of its own; what it returned or raised ends up in the list."""
    outcome: list[Any] = []

    def run() -> None:
        try:
            outcome.append(call())
        except Exception as trouble:
            outcome.append(trouble)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread, outcome


def wait_until_somebody_waits_for_a_lock() -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            # pg_stat_activity would stay as it was first seen in this transaction
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
        time.sleep(0.01)
    raise AssertionError("nobody waited for a lock within ten seconds")


def outcomes(calls: list[Callable[[], Any]]) -> list[Any]:
    """Let all of them go at the same moment."""
    barrier = threading.Barrier(len(calls))

    def at_once(call: Callable[[], Any]) -> Callable[[], Any]:
        def wait_and_call() -> Any:
            barrier.wait(30)
            return call()

        return wait_and_call

    started = [in_thread(at_once(call)) for call in calls]
    for thread, _ in started:
        thread.join(60)
    return [outcome[0] for _, outcome in started]


class Race(TransactionTestCase):
    def setUp(self):
        self.lead = make_lead()
        self.bo = make_person(name="Bo Brandt")
        self.initiative = make_initiative(by=self.lead)

    def ask(self, role=Role.SPONSOR):
        return actions.ask(
            initiative=self.initiative, role=role, person=self.bo, by=self.lead, at=NOON
        )

    def deactivate(self):
        people.deactivate(person=fresh(self.bo), by=None, at=NOON)


class TestAskingWhileDeactivating(Race):
    def test_refuses_when_the_deactivation_came_first(self):
        with transaction.atomic():
            self.deactivate()
            thread, outcome = in_thread(self.ask)
            wait_until_somebody_waits_for_a_lock()
        thread.join(30)
        assert isinstance(outcome[0], Refused)
        assert outcome[0].rule == "owner_inactive"
        assert not Ownership.objects.exists()

    def test_lets_the_deactivation_see_what_was_asked_first(self):
        with transaction.atomic():
            asked = self.ask()
            thread, outcome = in_thread(self.deactivate)
            wait_until_somebody_waits_for_a_lock()
        thread.join(30)
        assert outcome == [None]
        assert Ownership.objects.select_related("person").get() == asked
        assert Ownership.objects.select_related("person").get().state == "left"
        kinds = list(Event.objects.order_by("-seq").values_list("kind", flat=True)[:2])
        assert kinds == ["person.deactivated", "ownership.asked"]

    def test_never_asks_after_the_deactivation(self):
        roles = [f"answer.person_{n}" for n in range(20)]
        calls: list[Callable[[], Any]] = [lambda role=role: self.ask(role) for role in roles]
        results = outcomes([*calls[:10], self.deactivate, *calls[10:]])
        refused = [result for result in results if isinstance(result, Refused)]
        asked = [result for result in results if isinstance(result, Ownership)]
        assert len(refused) + len(asked) == 20
        assert {refusal.rule for refusal in refused} <= {"owner_inactive"}
        gone = Event.objects.get(kind="person.deactivated").seq
        later = Event.objects.filter(kind="ownership.asked", seq__gt=gone)
        assert not later.exists()
        assert Ownership.objects.count() == len(asked)
        assert not Ownership.objects.counting().exists()


class TestAskingTwoAtOnce(Race):
    def test_leaves_one_in_the_role(self):
        candidates = [make_person(name=f"Person {letter}") for letter in "abcdefghij"]

        def ask(person):
            return actions.ask(
                initiative=self.initiative, role=Role.SPONSOR, person=person, by=self.lead, at=NOON
            )

        results = outcomes([lambda person=person: ask(person) for person in candidates])
        assert all(isinstance(result, Ownership) for result in results), results
        assert Ownership.objects.open().count() == 1
        assert Ownership.objects.count() == len(candidates)
        row = Initiative.objects.get()
        assert row.evidence_version == 1 + len(candidates)
        assert verify().clean


class TestImportingTwiceAtOnce(Race):
    def test_creates_every_row_once(self):
        parsed = make_parsed(
            rows=[{"Use Case Name": f"Use case {n}", "Business Unit": "Motor"} for n in range(50)]
        )

        def run():
            return actions.import_inventory(parsed=parsed, file_name="f.csv", by=self.lead, at=NOON)

        results = outcomes([run] * 4)
        refused = [result for result in results if isinstance(result, Refused)]
        assert {refusal.rule for refusal in refused} <= {"concurrent_import"}
        imported = [result for result in results if not isinstance(result, Refused)]
        assert not any(isinstance(result, Exception) for result in imported), results
        assert sum(result.created for result in imported) == 50
        assert Initiative.objects.count() == 51


class TestTrippingWhileSomebodyWrites(Race):
    def test_leaves_what_is_locked_to_the_next_sweep(self):
        make_kill_condition(initiative=self.initiative, spend_cap=1)
        self.initiative.spend.create(
            amount=2, spent_on=NOON.date(), recorded_at=NOON, recorded_by=None
        )

        def sweep():
            return actions.trip_kill_conditions(at=NOON)

        with transaction.atomic():
            Initiative.objects.select_for_update().get()
            thread, outcome = in_thread(sweep)
            thread.join(30)
        assert outcome == [0]
        assert sum(outcomes([sweep] * 6)) == 1
        assert Event.objects.filter(kind="kill_condition.tripped").count() == 1

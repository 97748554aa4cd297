"""Hand-overs against what others do at the same moment; SQLite has one writer at a time."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from django.test import TransactionTestCase

from accounts import actions as people
from audit.refusals import Refused
from audit.verification import verify
from initiatives import actions as initiatives
from initiatives.models import HandOver, Ownership
from initiatives.stages import Role
from reviews import actions, belongings
from tests.factories import NOON, fresh, make_declared, make_lead, make_owner, make_person
from tests.initiatives.test_races import (
    in_thread,
    outcomes,
    wait_until_somebody_waits_for_a_lock,
)

pytestmark = pytest.mark.skipif(connection.vendor != "postgresql", reason="needs PostgreSQL")
ROLES = (Role.SPONSOR, Role.BUSINESS_OWNER)


class Race(TransactionTestCase):
    def setUp(self):
        self.lead = make_lead()
        self.ada, self.bo = make_person(), make_person(name="Bo Brandt")
        self.rows = [make_declared(by=self.lead, name=f"Radar {n}") for n in range(3)]
        self.give(self.rows, self.ada)

    def give(self, rows, person):
        for row in rows:
            for role in ROLES:
                make_owner(initiative=row, role=role, person=person, by=self.lead)

    def ask(self, giver, receiver):
        theirs = belongings.of(giver, seen_by=self.lead)
        return actions.ask_to_take_over(
            giver=giver, receiver=receiver, subjects=[b.subject for b in theirs], by=self.lead,
            at=NOON,
        )  # fmt: skip

    def accept(self, asked):
        subjects = list(asked.items.values_list("subject", flat=True))
        return actions.take_over(
            hand_over=HandOver.objects.get(pk=asked.pk), subjects=subjects,
            by=fresh(asked.receiver), at=NOON,
        )  # fmt: skip

    def counting(self, person):
        return Ownership.objects.counting().filter(person=person).count()


class TestTakingOver(Race):
    def test_is_refused_where_the_receiver_was_deactivated_first(self):
        asked = self.ask(self.ada, self.bo)
        with transaction.atomic():
            people.deactivate(person=fresh(self.bo), by=None, at=NOON)
            thread, outcome = in_thread(lambda: self.accept(asked))
            wait_until_somebody_waits_for_a_lock()
        thread.join(30)
        assert isinstance(outcome[0], Refused)
        assert outcome[0].rule == "inactive"
        assert self.counting(self.ada) == 6

    def test_happens_once_however_often_it_is_pressed(self):
        asked = self.ask(self.ada, self.bo)
        results = outcomes([lambda: self.accept(asked)] * 6)
        refused = [result for result in results if isinstance(result, Refused)]
        assert [refusal.rule for refusal in refused] == ["answered"] * 5, results
        assert (self.counting(self.ada), self.counting(self.bo)) == (0, 6)
        assert Ownership.objects.count() == 12
        assert verify().clean

    def test_crosswise_waits_in_no_ring(self):
        others = [make_declared(by=self.lead, name=f"Score {n}") for n in range(3)]
        self.give(others, self.bo)
        both = [self.ask(self.ada, self.bo), self.ask(self.bo, self.ada)]
        results = outcomes([lambda asked=asked: self.accept(asked) for asked in both])
        assert all(isinstance(result, HandOver) for result in results), results
        assert (self.counting(self.ada), self.counting(self.bo)) == (6, 6)

    def test_leaves_one_in_each_role_where_others_are_asked_at_the_same_moment(self):
        asked, cia = self.ask(self.ada, self.bo), make_person(name="Cia Cole")

        def replace(row):
            return initiatives.ask(
                initiative=row, role=Role.SPONSOR, person=cia, by=self.lead, at=NOON
            )

        calls = [lambda row=row: replace(row) for row in reversed(self.rows)]
        results = outcomes([lambda: self.accept(asked), *calls])
        assert not any(isinstance(result, Exception) for result in results), results
        assert Ownership.objects.open().count() == 6
        assert Ownership.objects.open().filter(person=cia).count() == 3
        assert self.counting(self.bo) == 3

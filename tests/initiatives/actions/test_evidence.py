from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import TestCase

from accounts import actions as people
from initiatives import actions
from initiatives.models import Evidence, Ownership, Spend
from tests.accounts.expectations import last_event, refused
from tests.factories import NOON, TODAY, make_initiative, make_person
from tests.initiatives.actions.changes import changes_evidence, leaves_alone, only_touches


class Answered(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.ada = make_person()
        cls.bo = make_person(name="Bo Brandt")
        cls.initiative = make_initiative(by=cls.ada)


class TestRecordEvidence(Answered):
    def record(self, by=None, **changes):
        wanted = {"criterion": "data_audit", "fields": {"sources": "One."}, "people": {}}
        return actions.record_evidence(
            initiative=self.initiative, by=by or self.ada, at=NOON, **(wanted | changes)
        )

    def test_stores_the_answer(self):
        with changes_evidence(self.initiative, by=self.ada):
            self.record()
        stored = Evidence.objects.get()
        assert (stored.criterion, stored.fields) == ("data_audit", {"sources": "One."})
        assert (stored.recorded_at, stored.recorded_by) == (NOON, self.ada)

    def test_puts_a_new_answer_in_place_of_the_old(self):
        self.record()
        self.record(fields={}, not_applicable_because="No data.")
        stored = Evidence.objects.get()
        assert (stored.fields, stored.not_applicable_because) == ({}, "No data.")

    def test_says_what_was_answered(self):
        self.record()
        event = last_event()
        assert (event.kind, event.actor_id) == ("evidence.recorded", self.ada.pk)
        assert event.changed == {
            "criterion": "data_audit", "not_applicable": False, "sources": "One.",
        }  # fmt: skip

    def test_asks_the_person_named(self):
        self.record(criterion="sketch", people={"owner": self.bo})
        asked = Ownership.objects.get()
        assert (asked.role, asked.person, asked.state) == ("sketch.owner", self.bo, "asked")
        assert Evidence.objects.get().fields == {"sources": "One."}

    def test_accepts_for_oneself(self):
        self.record(criterion="sketch", people={"owner": self.ada})
        assert Ownership.objects.get().counts

    def test_ends_it_for_whoever_is_not_named_any_more(self):
        self.record(criterion="sketch", people={"owner": self.bo})
        self.record(criterion="sketch", people={"owner": None})
        assert Ownership.objects.get().ended_at == NOON

    def test_leaves_people_in_other_answers_alone(self):
        self.record(criterion="sketch", people={"owner": self.bo})
        self.record(criterion="other", people={"owner": None})
        assert Ownership.objects.open().count() == 1

    def test_refuses_somebody_inactive_and_stores_nothing(self):
        people.deactivate(person=self.bo, by=None, at=NOON)
        with refused("owner_inactive", field="person"), leaves_alone(self.initiative):
            self.record(people={"owner": self.bo})
        assert not Evidence.objects.exists()

    def test_refuses_whoever_has_no_part_in_it(self):
        with refused("not_an_editor"), leaves_alone(self.initiative):
            self.record(by=self.bo)

    def test_answers_a_criterion_once(self):
        self.record()
        with pytest.raises(IntegrityError), transaction.atomic():
            Evidence.objects.create(
                initiative=self.initiative, criterion="data_audit", recorded_at=NOON
            )


class TestRecordSpend(Answered):
    def record(self, amount=12_000, by=None, spent_on=TODAY, **more):
        return actions.record_spend(
            initiative=self.initiative, amount=amount, spent_on=spent_on, by=by or self.ada,
            at=NOON, **more,
        )  # fmt: skip

    def test_stores_it_and_leaves_the_evidence_alone(self):
        with only_touches(self.initiative):
            self.record(is_estimate=True, comment="Licences")
        stored = Spend.objects.get()
        assert (stored.amount, stored.spent_on, stored.is_estimate) == (12_000, TODAY, True)
        assert (stored.comment, stored.recorded_at, stored.recorded_by) == (
            "Licences", NOON, self.ada,
        )  # fmt: skip

    def test_says_how_much(self):
        self.record()
        event = last_event()
        assert (event.kind, event.initiative_id) == ("spend.recorded", self.initiative.pk)
        assert (event.changed["amount"], event.changed["estimate"]) == (12_000, False)

    def test_takes_a_negative_amount_as_a_correction(self):
        assert self.record(amount=-12_000).amount == -12_000

    def test_refuses_nothing_at_all(self):
        with refused("zero", field="amount"), leaves_alone(self.initiative):
            self.record(amount=0)
        assert not Spend.objects.exists()

    def test_refuses_whoever_has_no_part_in_it(self):
        with refused("not_an_editor"), leaves_alone(self.initiative):
            self.record(by=self.bo)

    def test_refuses_a_day_that_has_not_come_yet(self):
        with refused("future", field="spent_on"), leaves_alone(self.initiative):
            self.record(spent_on=TODAY + timedelta(days=1))
        assert self.record(spent_on=TODAY).spent_on == TODAY

    def test_is_not_zero_in_the_database_either(self):
        self.record()
        with pytest.raises(IntegrityError, match="spend_is_not_zero"), transaction.atomic():
            Spend.objects.update(amount=0)

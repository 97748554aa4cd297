from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.test import TestCase

from accounts.models import Group
from initiatives.models import ImportedRow, Initiative, OpenToGroup, Ownership, StageSpell
from initiatives.stages import NEXT_GATE, Gate, Role, Stage
from tests.factories import (
    LONG_AGO,
    NOON,
    TODAY,
    make_initiative,
    make_owner,
    make_person,
    make_unit,
)


class OfAda(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.ada = make_person()
        cls.initiative = make_initiative(by=cls.ada)


@pytest.mark.embedded
class TestConstraints(OfAda):
    """What no route gets past, raw SQL included."""

    def violates(self, name=None):
        return pytest.raises(IntegrityError, match=name)

    def test_a_stage_is_one_of_the_five(self):
        with self.violates("a_stage_is_one_of_the_five"), transaction.atomic():
            Initiative.objects.update(stage="beta")

    def test_an_initiative_has_a_name(self):
        with self.violates("an_initiative_has_a_name"), transaction.atomic():
            Initiative.objects.update(name="")

    def test_a_pilot_lasts_at_least_a_day(self):
        with self.violates("a_pilot_lasts_at_least_a_day"), transaction.atomic():
            Initiative.objects.update(pilot_days=0)

    def test_an_initiative_is_in_one_stage_at_a_time(self):
        with self.violates(), transaction.atomic():
            StageSpell.objects.create(
                initiative=self.initiative, stage=Stage.PILOT, entered_at=NOON
            )
        StageSpell.objects.update(left_at=NOON)
        StageSpell.objects.create(initiative=self.initiative, stage=Stage.PILOT, entered_at=NOON)

    def test_one_person_at_a_time_holds_a_role(self):
        held = make_owner(initiative=self.initiative, role=Role.SPONSOR, person=self.ada)
        another = {"initiative": self.initiative, "person": self.ada, "asked_at": NOON}
        with self.violates(), transaction.atomic():
            Ownership.objects.create(role=Role.SPONSOR, **another)
        Ownership.objects.create(role=Role.BUDGET_OWNER, **another)
        Ownership.objects.filter(pk=held.pk).update(ended_at=NOON)
        Ownership.objects.create(role=Role.SPONSOR, **another)

    def test_an_ownership_is_accepted_or_declined_not_both(self):
        make_owner(initiative=self.initiative, role=Role.SPONSOR, person=self.ada)
        name = "an_ownership_is_accepted_or_declined_not_both"
        with self.violates(name), transaction.atomic():
            Ownership.objects.update(declined_at=NOON)

    def test_an_initiative_is_open_to_a_group_once(self):
        opened = {"initiative": self.initiative, "group": Group.objects.first(), "opened_at": NOON}
        OpenToGroup.objects.create(**opened)
        with self.violates(), transaction.atomic():
            OpenToGroup.objects.create(**opened)

    def test_a_row_of_a_source_is_imported_once(self):
        second = make_initiative(by=self.ada, name="Second")
        kept = {
            "source": "Halden", "identity": "id:7", "values": {}, "original": {}, "row_number": 2,
            "file_name": "f", "imported_at": NOON,
        }  # fmt: skip
        ImportedRow.objects.create(initiative=self.initiative, **kept)
        with self.violates(), transaction.atomic():
            ImportedRow.objects.create(initiative=second, **kept)

    def test_nothing_that_others_point_to_is_deleted(self):
        unit = make_unit()
        Initiative.objects.update(unit=unit)
        for row in (unit, self.ada, self.initiative):
            with pytest.raises(ProtectedError):
                row.delete()


@pytest.mark.embedded
class TestInitiative(OfAda):
    def test_is_called_by_number_and_name(self):
        self.initiative.pk = 42
        assert (self.initiative.reference, str(self.initiative)) == (
            "AI-0042", "AI-0042 Claims triage",
        )  # fmt: skip
        self.initiative.pk = 12345
        assert self.initiative.reference == "AI-12345"

    def test_is_overdue_from_the_day_after(self):
        self.initiative.decision_date = TODAY
        assert not self.initiative.is_overdue(TODAY)
        assert self.initiative.is_overdue(TODAY + timedelta(days=1))
        assert self.initiative.days_to_decision(TODAY + timedelta(days=1)) == timedelta(days=-1)

    def test_is_never_overdue_without_a_date(self):
        self.initiative.decision_date = None
        assert not self.initiative.is_overdue(TODAY)
        assert self.initiative.days_to_decision(TODAY) is None

    def test_has_the_gate_of_its_stage_before_it(self):
        for stage, gate in NEXT_GATE.items():
            self.initiative.stage = stage
            assert self.initiative.next_gate == gate
        assert set(NEXT_GATE) == set(Stage)
        assert set(NEXT_GATE.values()) == set(Gate) - {Gate.RETIREMENT} | {None}

    def test_counts_whole_days_in_a_stage(self):
        spell = StageSpell.objects.get()
        assert spell.days(NOON) == 90
        spell.left_at = LONG_AGO + timedelta(days=3, hours=23)
        assert spell.days(NOON) == 3


@pytest.mark.embedded
class TestOwnership(OfAda):
    def test_is_said_in_words(self):
        held = make_owner(initiative=self.initiative, role=Role.BUSINESS_OWNER, person=self.ada)
        assert held.role_name == "Business owner"
        for role, words in (
            ("production_sketch.owner", "Prospective production owner"),
            ("stakeholders.users", "Stakeholder"),
            ("wrong_outputs.owner", "Contact for wrong outputs"),
        ):
            held.role = role
            assert held.role_name == words

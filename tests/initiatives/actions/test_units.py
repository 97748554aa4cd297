from __future__ import annotations

import pytest
from django.test import TestCase

from accounts.models import Unit
from initiatives import actions
from initiatives.models import Initiative
from initiatives.search import search
from tests.accounts.expectations import last_event, refused
from tests.factories import (
    NOON,
    make_administrator,
    make_initiative,
    make_lead,
    make_unit,
    reloaded,
)


@pytest.mark.embedded
class TestSaveUnit(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.admin = make_administrator()
        cls.claims, cls.motor = make_unit(name="Claims"), make_unit(name="Motor")
        lead = make_lead()
        cls.ours = make_initiative(by=lead, name="Letter sorter", unit=cls.claims)
        cls.theirs = make_initiative(by=lead, name="Fraud radar", unit=cls.motor)

    def save(self, unit, **changes):
        now = {} if unit is None else {k: getattr(unit, k) for k in ("name", "parent", "head")}
        wanted = {"parent": None, "head": None} | now | changes
        return actions.save_unit(unit=unit, **wanted, by=self.admin, at=NOON)

    def found(self, words):
        return {row.name for row in search(Initiative.objects.all(), words)}

    def test_lets_its_initiatives_be_found_by_the_new_name_only(self):
        self.save(self.claims, name="Household damage")
        assert self.found("household") == {"Letter sorter"}
        assert self.found("letter household") == {"Letter sorter"}
        assert self.found("motor") == {"Fraud radar"}
        assert "claims" not in reloaded(self.ours).search_text.split()[:3]

    def test_does_so_where_the_row_at_hand_has_the_new_name_already(self):
        self.claims.name = "Household damage"
        self.save(self.claims)
        assert self.found("household") == {"Letter sorter"}

    def test_leaves_the_evidence_as_it_is(self):
        before = reloaded(self.ours).evidence_version
        self.save(self.claims, name="Household damage")
        assert reloaded(self.ours).evidence_version == before
        assert last_event().kind == "unit.edited"

    def test_adds_one(self):
        assert Unit.objects.get(pk=self.save(None, name="Life").pk).name == "Life"

    def test_refuses_as_one_act(self):
        with refused("circle", field="parent"):
            self.save(self.claims, name="Household damage", parent=self.claims)
        assert last_event().kind == "unit.save_refused"
        assert self.found("household") == set()

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import TestCase
from django.test.utils import CaptureQueriesContext

from initiatives import actions, facts
from initiatives.models import Initiative
from initiatives.stages import Role
from tests.factories import (
    LONG_AGO,
    NOON,
    TODAY,
    make_initiative,
    make_kill_condition,
    make_measurement,
    make_metric,
    make_owner,
    make_person,
    make_triage,
    make_unit,
)


def full(by, name, unit=None):
    """An initiative with one of everything."""
    made = make_initiative(by=by, name=name, unit=unit)
    make_triage(initiative=made, yes=["personal_data"])
    make_owner(initiative=made, role=Role.SPONSOR, person=by)
    metric = make_metric(initiative=made)
    make_kill_condition(initiative=made, metric=metric)
    make_measurement(metric=metric, value=9000, at=LONG_AGO)
    actions.record_evidence(
        initiative=made, criterion="data_audit", fields={"a": "b"}, people={}, by=by, at=NOON
    )
    actions.record_spend(initiative=made, amount=700, spent_on=TODAY, by=by, at=NOON)
    actions.freeze_baseline(initiative=made, reason="", at=NOON)
    return made


@pytest.mark.embedded
class TestLoad(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.ada = make_person()
        cls.initiative = full(cls.ada, "Claims triage", make_unit())

    def load(self):
        return facts.load_one(self.initiative.pk)

    def test_knows_all_that_was_recorded(self):
        known = self.load()
        assert known.initiative == self.initiative
        assert known.answered_yes("personal_data") is True
        assert (known.spent, known.charter["pilot_days"]) == (700, 42)
        assert known.counted_owner(Role.SPONSOR).person == self.ada
        assert known.latest(known.primary_metric).value == 9000
        assert len(known.kill_conditions) == 1
        assert known.answer("data_audit").fields == {"a": "b"}

    def test_knows_what_is_missing(self):
        made = make_initiative(by=self.ada, name="Empty", complete=False)
        known = facts.load_one(made.pk)
        assert (known.triage, known.spent, known.charter) == (None, 0, None)
        assert known.answered_yes("personal_data") is None
        assert (known.primary_metric, known.owner(Role.SPONSOR)) == (None, None)
        assert known.answer("data_audit") is None

    def test_has_nothing_for_what_is_not_there(self):
        assert facts.load([4711]) == {}
        with pytest.raises(KeyError):
            facts.load_one(4711)

    def test_leaves_out_who_declined_or_was_replaced(self):
        bo = make_person(name="Bo Brandt")
        asked = actions.ask(
            initiative=self.initiative, role=Role.BUDGET_OWNER, person=bo, by=None, at=NOON
        )
        assert self.load().owner(Role.BUDGET_OWNER).person == bo
        assert self.load().counted_owner(Role.BUDGET_OWNER) is None
        actions.decline(ownership=asked, by=bo, at=NOON)
        assert self.load().owner(Role.BUDGET_OWNER) is None

    def test_has_the_newest_measurements_first_and_thirty_at_most(self):
        metric = self.load().primary_metric
        for day in range(1, 35):
            make_measurement(metric=metric, value=day, at=LONG_AGO + timedelta(days=day))
        values = [int(m.value) for m in self.load().recent(metric)]
        assert values == list(range(34, 4, -1))

    def test_leaves_out_what_was_corrected(self):
        metric = self.load().primary_metric
        wrong = self.load().latest(metric)
        right = make_measurement(metric=metric, value=60, at=NOON, corrects=wrong)
        assert self.load().recent(metric) == [right]

    def test_keeps_a_correction_however_old_it_is(self):
        metric = self.load().primary_metric
        right = make_measurement(
            metric=metric,
            value=60,
            at=NOON,
            measured_at=LONG_AGO,
            corrects=self.load().latest(metric),
        )
        for day in range(1, 35):
            make_measurement(metric=metric, value=day, at=LONG_AGO + timedelta(days=day))
        assert self.load().recent(metric)[-1] == right

    def test_mixes_nothing_up(self):
        second = full(make_person(name="Bo Brandt"), "Second")
        for pk, known in facts.load([self.initiative.pk, second.pk]).items():
            rows = (
                *known.ownerships, *known.metrics, *known.kill_conditions, *known.evidence,
            )  # fmt: skip
            assert {row.initiative_id for row in rows} == {pk}
            assert (known.spent, len(rows)) == (700, 4)

    def test_knows_the_delivery_team(self):
        bo = make_person(name="Bo Brandt")
        make_owner(initiative=self.initiative, role=Role.ENGINEERING_OWNER, person=bo)
        assert self.load().delivery_team == {bo.pk}

    def test_asks_six_queries_for_one_and_for_twenty(self):
        counted = []
        for count in (1, 20):
            while Initiative.objects.count() < count:
                full(self.ada, f"Number {Initiative.objects.count()}")
            ids = Initiative.objects.values_list("pk", flat=True)
            with CaptureQueriesContext(connection) as queries:
                known = facts.load(list(ids))
                for of in known.values():  # reading them asks nothing more
                    assert True
                    assert of.ownerships[0].counts
                    assert of.kill_conditions[0].sentence()
            assert len(known) == count
            counted.append(len(queries))
        assert counted == [7, 7]  # the ids, and six

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import TestCase

from audit.models import Event
from initiatives import actions
from initiatives.models import Initiative, StageSpell
from initiatives.stages import Stage
from tests.accounts.expectations import nothing_said
from tests.factories import (
    LONG_AGO,
    NOON,
    TODAY,
    make_initiative,
    make_lead,
    make_parsed,
    make_person,
    reloaded,
)

STAGES = ("proposal", "pilot", "readiness review", "production", "retired")


@pytest.mark.embedded
class TestStartCounting(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.lead = make_lead()
        rows = [{"Use Case Name": stage, "Stage": stage} for stage in STAGES]
        actions.import_inventory(
            parsed=make_parsed(rows=rows), file_name="f.csv", by=cls.lead, at=LONG_AGO
        )

    def start(self):
        return actions.start_counting(by=self.lead, at=NOON)

    def test_finds_them_quiet(self):
        assert {i.is_quiet for i in Initiative.objects.all()} == {True}
        assert set(Initiative.objects.values_list("decision_date", flat=True)) == {None}
        assert not Initiative.objects.counting().exists()

    def test_lets_all_their_deadlines_begin(self):
        assert self.start() == 5
        assert Initiative.objects.counting().count() == 5
        assert set(Initiative.objects.values_list("counting_since", "touched_at")) == {(NOON, NOON)}

    def test_gives_each_what_its_stage_is_given_and_imported_pilots_thirty_days(self):
        self.start()
        due = dict(Initiative.objects.values_list("stage", "decision_date"))
        days = {stage: day and (day - TODAY).days for stage, day in due.items()}
        assert days == {
            Stage.PROPOSAL: 30, Stage.PILOT: 30, Stage.READINESS_REVIEW: 60,
            Stage.PRODUCTION: 365, Stage.RETIRED: None,
        }  # fmt: skip

    def test_writes_the_same_day_into_the_spell(self):
        self.start()
        for spell in StageSpell.objects.select_related("initiative"):
            assert spell.decision_date == spell.initiative.decision_date

    def test_leaves_their_true_age(self):
        before = set(Initiative.objects.values_list("stage_entered_at", flat=True))
        self.start()
        assert set(Initiative.objects.values_list("stage_entered_at", flat=True)) == before

    def test_says_so_for_each(self):
        self.start()
        events = Event.objects.filter(kind="campaign.counting_started")
        assert set(events.values_list("initiative_id", flat=True)) == set(
            Initiative.objects.values_list("pk", flat=True)
        )
        assert set(events.values_list("actor_id", flat=True)) == {self.lead.pk}

    def test_leaves_alone_what_counts_already(self):
        other = make_initiative(by=make_person(), at=NOON - timedelta(days=10))
        self.start()
        row = reloaded(other)
        assert (row.counting_since, row.touched_at, row.decision_date) == (
            NOON - timedelta(days=10), NOON - timedelta(days=10), TODAY + timedelta(days=20),
        )  # fmt: skip
        assert StageSpell.objects.get(initiative=other).decision_date == row.decision_date

    def test_changes_nothing_the_second_time(self):
        self.start()
        with nothing_said():
            assert actions.start_counting(by=self.lead, at=NOON + timedelta(days=5)) == 0
        assert set(Initiative.objects.values_list("counting_since", flat=True)) == {NOON}

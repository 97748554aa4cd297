from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import TestCase

from audit.models import Event
from initiatives import actions
from initiatives.models import Initiative, StageSpell
from initiatives.stages import Stage
from initiatives.triage import Level
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


class Imported(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.lead = make_lead()
        rows = [{"Use Case Name": stage, "Stage": stage} for stage in STAGES]
        actions.import_inventory(
            parsed=make_parsed(rows=rows), file_name="f.csv", by=cls.lead, at=LONG_AGO
        )


@pytest.mark.embedded
class TestStartCounting(Imported):
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

    def test_asks_full_production_again_after_half_a_year(self):
        running = Initiative.objects.filter(stage=Stage.PRODUCTION)
        running.update(level=Level.FULL)
        self.start()
        spell = StageSpell.objects.get(initiative=running.get())
        assert running.get().decision_date == TODAY + timedelta(days=182)
        assert spell.decision_date == running.get().decision_date

    def test_gives_full_pilots_no_other_day(self):
        Initiative.objects.update(level=Level.FULL)
        self.start()
        pilot = Initiative.objects.get(stage=Stage.PILOT)
        assert pilot.decision_date == TODAY + timedelta(days=30)

    def test_makes_another_evidence_of_it(self):
        before = dict(Initiative.objects.values_list("pk", "evidence_version"))
        self.start()
        after = dict(Initiative.objects.values_list("pk", "evidence_version"))
        assert after == {pk: version + 1 for pk, version in before.items()}


class TestStartCountingSome(Imported):
    def start(self, *initiatives):
        return actions.start_counting(
            by=self.lead, at=NOON, initiatives=[i.pk for i in initiatives]
        )

    def test_starts_these_and_leaves_the_others_quiet(self):
        pilot, proposal = (Initiative.objects.get(stage=s) for s in (Stage.PILOT, Stage.PROPOSAL))
        others = Initiative.objects.exclude(pk__in=[pilot.pk, proposal.pk])
        before = list(others.order_by("pk").values())
        assert self.start(pilot, proposal) == 2
        assert set(Initiative.objects.counting()) == {pilot, proposal}
        assert list(others.order_by("pk").values()) == before
        started = Event.objects.filter(kind="campaign.counting_started")
        assert set(started.values_list("initiative_id", flat=True)) == {pilot.pk, proposal.pk}

    def test_writes_the_same_day_into_their_spells_alone(self):
        pilot = Initiative.objects.get(stage=Stage.PILOT)
        self.start(pilot)
        days = dict(StageSpell.objects.values_list("initiative", "decision_date"))
        assert days.pop(pilot.pk) == reloaded(pilot).decision_date == TODAY + timedelta(days=30)
        assert set(days.values()) == {None}

    def test_starts_none_of_none(self):
        with nothing_said():
            assert self.start() == 0
        assert not Initiative.objects.counting().exists()

    def test_leaves_to_the_campaign_what_is_left(self):
        pilot = Initiative.objects.get(stage=Stage.PILOT)
        self.start(pilot)
        assert actions.start_counting(by=self.lead, at=NOON + timedelta(days=5)) == 4
        assert reloaded(pilot).counting_since == NOON

"""By when an imported pilot is decided: proposed by the campaign, agreed by its owners."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import TestCase

from audit.models import Event
from audit.refusals import Refused
from initiatives import actions as initiatives
from initiatives.models import Initiative, StageSpell
from initiatives.stages import Role, Stage
from reviews import actions
from tests.factories import (
    LONG_AGO,
    NOON,
    TODAY,
    make_declared,
    make_lead,
    make_owner,
    make_person,
    reloaded,
    silence,
)

DAY = timedelta(days=1)


@pytest.mark.embedded
class TestAgreeOnDate(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.lead = make_lead()
        cls.owner = make_person(name="Olga Owner")
        cls.pilot = make_declared(by=cls.lead, name="Letters", stage=Stage.PILOT, at=LONG_AGO)
        silence(initiative=cls.pilot)
        initiatives.start_counting(by=cls.lead, at=NOON)
        make_owner(initiative=cls.pilot, role=Role.BUSINESS_OWNER, person=cls.owner, at=NOON)

    def agree(self, days, by=None, at=NOON):
        return actions.agree_on_date(
            initiative=self.pilot, day=TODAY + days * DAY, by=by or self.owner, at=at
        )

    def refused(self, rule, *args, **said):
        before = reloaded(self.pilot).decision_date
        with pytest.raises(Refused) as refusal:
            self.agree(*args, **said)
        assert refusal.value.rule == rule
        assert reloaded(self.pilot).decision_date == before

    def test_proposes_thirty_days(self):
        assert reloaded(self.pilot).decision_date == TODAY + 30 * DAY

    def test_takes_an_earlier_day_and_one_as_late_as_a_pilot_may_last(self):
        for days in (10, 0, 42):
            self.agree(days)
            row = reloaded(self.pilot)
            assert (row.decision_date, row.extensions) == (TODAY + days * DAY, 0)
            spell = StageSpell.objects.get(initiative=row, left_at=None)
            assert (spell.decision_date, spell.extensions) == (row.decision_date, 0)

    def test_is_part_of_what_is_signed_and_on_record(self):
        before = reloaded(self.pilot)
        self.agree(35)
        after = reloaded(self.pilot)
        assert after.evidence_version == before.evidence_version + 1
        assert after.evidence_changed_by == self.owner
        assert Event.objects.get(kind="decision_date.agreed").actor_id == self.owner.pk

    def test_says_nothing_of_a_day_that_stays(self):
        self.agree(30)
        assert not Event.objects.filter(kind="decision_date.agreed").exists()

    def test_counts_its_limit_from_the_campaign_and_not_from_today(self):
        self.refused("out_of_limits", 43, at=NOON + 20 * DAY)
        self.agree(42, at=NOON + 20 * DAY)

    def test_refuses_what_is_too_late_or_over(self):
        self.refused("out_of_limits", 43)
        self.refused("out_of_limits", -1)

    def test_is_for_those_who_took_it_over(self):
        asked = make_person(name="Asa Asked")
        initiatives.ask(
            initiative=self.pilot, role=Role.SPONSOR, person=asked, by=self.lead, at=NOON
        )
        self.refused("not_an_owner", 20, by=asked)

    def test_is_refused_once_the_day_is_over(self):
        self.refused("date_stands", 40, at=NOON + 31 * DAY)

    def test_is_refused_of_what_was_never_quiet(self):
        Initiative.objects.filter(pk=self.pilot.pk).update(counting_since=LONG_AGO)
        self.refused("date_stands", 20)

    def test_is_refused_of_what_was_extended_or_paused_or_lapsed_or_caught_up(self):
        for change in (
            {"extensions": 1}, {"pauses": 1}, {"lapsed_at": NOON}, {"caught_up_at": NOON},
        ):  # fmt: skip
            undo = dict.fromkeys(change, None) | {key: 0 for key, v in change.items() if v == 1}
            Initiative.objects.filter(pk=self.pilot.pk).update(**change)
            self.refused("date_stands", 20)
            Initiative.objects.filter(pk=self.pilot.pk).update(**undo)

    def test_is_refused_in_another_stage(self):
        row = reloaded(self.pilot)
        row.enter(Stage.READINESS_REVIEW, at=NOON, decision_date=TODAY + 60 * DAY)
        self.refused("date_stands", 20)

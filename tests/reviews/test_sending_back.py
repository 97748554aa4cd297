from __future__ import annotations

from datetime import timedelta

from initiatives.models import StageSpell
from initiatives.stages import Gate, Stage
from reviews.models import Review
from tests import factories
from tests.factories import NOON, TODAY
from tests.reviews.scenes import DAY, LaterStages, refusal


class TestSendBackToThePilot(LaterStages):
    """What readiness review finds out is not always a matter of readiness."""

    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        before = cls()
        before.decide("extend", NOON - 40 * DAY, days=7)
        before.decide("pause", NOON - 40 * DAY, days=10)
        before.reach_readiness_review()
        cls.review = factories.make_review(
            initiative=cls.initiative, by=cls.cast.business_owner, at=NOON - DAY
        )

    def test_lands_in_the_pilot_for_as_long_as_one_extension(self):
        before = self.now()
        decision = self.decide("send_back", to_pilot=True)
        after = self.now()
        assert (decision.from_stage, decision.to_stage) == (Stage.READINESS_REVIEW, Stage.PILOT)
        assert (after.stage, after.stage_entered_at) == (Stage.PILOT, NOON)
        assert after.decision_date == TODAY + timedelta(days=28)
        assert after.version == before.version + 1

    def test_keeps_what_is_counted_for_life(self):
        self.decide("send_back", to_pilot=True)
        after = self.now()
        assert (after.extensions, after.pauses) == (1, 1)
        stays = StageSpell.objects.filter(initiative=self.initiative)
        assert [(s.stage, s.extensions, s.left_at is None) for s in stays] == [
            ("proposal", 0, False),
            ("pilot", 1, False),
            ("readiness_review", 0, False),
            ("pilot", 0, True),
        ]
        assert refusal(self.decide, "pause", days=10).rule == "paused_already"
        assert refusal(self.decide, "extend", days=10).rule == "second_extension"

    def test_closes_the_review(self):
        self.decide("send_back", to_pilot=True)
        closed = Review.objects.get(pk=self.review.pk)
        assert (closed.closed_at, closed.closing) == (NOON, "sent_back")

    def test_leads_back_before_ship_or_kill(self):
        self.decide("send_back", to_pilot=True)
        again = factories.make_review(
            initiative=self.initiative, by=self.cast.business_owner, at=NOON
        )
        assert again.gate == Gate.SHIP_OR_KILL

    def test_stays_where_it_is_unless_that_is_said(self):
        before = self.now()
        decision = self.decide("send_back")
        after = self.now()
        assert decision.to_stage == Stage.READINESS_REVIEW
        assert (after.stage, after.version) == (Stage.READINESS_REVIEW, before.version)
        assert after.decision_date == before.decision_date
        assert Review.objects.get(pk=self.review.pk).closing == "sent_back"

    def test_needs_an_open_review(self):
        self.decide("send_back")
        no = refusal(self.decide, "send_back", to_pilot=True)
        assert no.rule == "no_open_review"
        assert self.now().stage == Stage.READINESS_REVIEW

    def test_is_meant_by_no_other_decision(self):
        for kind, more in {
            "extend": {"days": 7},
            "kill": {"outcome": "priorities", "lesson": "Begin smaller."},
        }.items():
            decision = self.decide(kind, to_pilot=True, **more)
            assert decision.to_stage == self.now().stage != Stage.PILOT

    def test_does_nothing_in_the_pilot_itself(self):
        self.decide("send_back", to_pilot=True)
        factories.make_review(initiative=self.initiative, by=self.cast.business_owner, at=NOON)
        before = self.now()
        decision = self.decide("send_back", to_pilot=True)
        assert (decision.from_stage, decision.to_stage) == (Stage.PILOT, Stage.PILOT)
        assert self.now().decision_date == before.decision_date

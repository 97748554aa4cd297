from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.test import TestCase

from audit.refusals import Refused
from initiatives import actions as initiatives
from initiatives import facts
from initiatives.models import Initiative, Ownership, StageSpell
from initiatives.stages import Gate, Role, Stage
from reviews import actions, queries
from reviews.models import Decision, Review
from tests import factories
from tests.accounts.expectations import last_event
from tests.factories import NOON, TODAY
from tests.reviews.scenes import DAY, answer_gate, refusal, sign, standing

YEAR = timedelta(days=365)
LIVE = NOON - YEAR
USE: dict[str, Any] = {
    "name": "Weekly users", "kind": "adoption", "is_primary": False, "unit_kind": "count",
    "unit": "people", "direction": "higher", "baseline": Decimal(0), "threshold": Decimal(20),
    "target": Decimal(30),
}  # fmt: skip


class Running(TestCase):
    """Something at standard level that has been in production for a year."""

    @classmethod
    def setUpTestData(cls):
        cls.cast = factories.make_cast(at=LIVE - DAY)
        cls.initiative = factories.make_declared(
            by=cls.cast.lead, at=LIVE, monthly_cost=2_000, **factories.DESCRIPTION
        )
        factories.make_triage(initiative=cls.initiative, at=LIVE)
        Initiative.objects.filter(pk=cls.initiative.pk).update(level="standard")
        for role, person in {
            Role.SPONSOR: cls.cast.sponsor,
            Role.BUSINESS_OWNER: cls.cast.business_owner,
            Role.PRODUCTION_OWNER: cls.cast.production_owner,
        }.items():
            factories.make_owner(
                initiative=cls.initiative, role=role, person=person, at=LIVE, hours_a_month=12
            )
        cls.metric = factories.make_metric(initiative=cls.initiative, at=LIVE)
        cls.use = factories.make_metric(initiative=cls.initiative, at=LIVE, **USE)
        cls.set = factories.make_evaluation_set(metric=cls.metric, at=LIVE)

    def now(self) -> Initiative:
        return factories.reloaded(self.initiative)

    def request(self, at: datetime = NOON) -> Review:
        return factories.make_review(initiative=self.initiative, by=self.cast.business_owner, at=at)

    def decide(self, kind: str = "recertify", by: Any = None, at: datetime = NOON) -> Decision:
        return actions.decide(
            initiative=self.initiative, kind=kind, reason="It still pays.",
            by=by or self.cast.sponsor, at=at,
        )  # fmt: skip

    def lacking(self, review: Review, at: datetime = NOON) -> list[str]:
        """What the gate itself lacks, beside signatures."""
        return [j.criterion.key for j in standing(review, at).blocking]

    def confirm(self, role: str, at: datetime = NOON) -> None:
        owned = Ownership.objects.open().get(initiative=self.initiative, role=role)
        initiatives.confirm(ownership=owned, by=owned.person, at=at)

    def measure(self, at: datetime = NOON) -> None:
        factories.make_measurement(metric=self.metric, value=2_400, at=at)
        factories.make_measurement(metric=self.use, value=25, at=at)

    def spend(self, at: datetime = NOON) -> None:
        initiatives.record_spend(
            initiative=self.initiative, amount=1_900, spent_on=at.date(), by=None, at=at
        )

    def make_ready(self, at: datetime = NOON) -> None:
        """Let it show all that recertification asks; the lead last changed the evidence."""
        self.measure(at)
        self.spend(at)
        factories.make_run(evaluation_set=self.set, at=at)
        answer_gate(self.initiative, Gate.RECERTIFICATION, self.cast.lead, at)
        self.confirm(Role.BUSINESS_OWNER, at)
        self.confirm(Role.PRODUCTION_OWNER, at)

    def signed(self, at: datetime = NOON) -> Review:
        review = self.request(at)
        for key, signer in {
            "production_owner": self.cast.production_owner,
            "business_owner": self.cast.business_owner,
            "sponsor": self.cast.sponsor,
        }.items():
            sign(review, key, signer, at=at)
        return review


class TestRequestRecertification(Running):
    def test_opens_the_review_of_what_is_in_production(self):
        review = self.request()
        assert review.gate == Gate.RECERTIFICATION
        assert set(review.slots.values_list("key", flat=True)) == {
            "production_owner", "business_owner", "sponsor",
        }  # fmt: skip

    def test_asks_for_what_a_year_has_made_old(self):
        assert self.lacking(self.request()) == [
            "owners_reaccepted",
            "measured_against_baseline",
            "adoption_above_floor",
            "cost_within_budget",
            "evaluation_rerun",
            "still_true",
        ]

    def test_lets_each_be_mended_while_it_is_open(self):
        review = self.request()
        for role in (Role.BUSINESS_OWNER, Role.PRODUCTION_OWNER):
            assert "owners_reaccepted" in self.lacking(review)
            self.confirm(role)
        self.measure()
        assert self.lacking(review) == ["cost_within_budget", "evaluation_rerun", "still_true"]
        self.spend()
        factories.make_run(evaluation_set=self.set)
        assert self.lacking(review) == ["still_true"]
        answer_gate(self.initiative, Gate.RECERTIFICATION, self.cast.lead)
        assert self.lacking(review) == []

    def test_takes_no_evaluation_from_before_it_went_live(self):
        factories.make_run(evaluation_set=self.set, ran_on=(LIVE - DAY).date())
        assert "evaluation_rerun" in self.lacking(self.request())

    def test_asks_sponsor_and_compliance_by_level(self):
        for level, more in {"light": set(), "full": {"sponsor", "compliance"}}.items():
            Initiative.objects.filter(pk=self.initiative.pk).update(level=level)
            review = self.request()
            asked = set(review.slots.values_list("key", flat=True))
            assert asked == {"production_owner", "business_owner"} | more
            self.decide("send_back")


class TestRecertify(Running):
    def test_keeps_it_in_production_for_another_year(self):
        self.make_ready()
        review = self.signed()
        before = self.now()
        decision = self.decide()
        after = self.now()
        assert (decision.from_stage, decision.to_stage) == (Stage.PRODUCTION, Stage.PRODUCTION)
        assert (decision.review, decision.snapshot_id) == (review, review.snapshot_id)
        assert (after.stage, after.stage_entered_at) == (Stage.PRODUCTION, before.stage_entered_at)
        assert (after.recertified_at, after.decision_date) == (NOON, TODAY + YEAR)
        assert after.version == before.version + 1
        assert StageSpell.objects.filter(initiative=self.initiative).count() == 1

    def test_keeps_it_for_half_a_year_at_the_full_level(self):
        Initiative.objects.filter(pk=self.initiative.pk).update(level="full")
        self.make_ready()
        answer_gate(self.initiative, Gate.RECERTIFICATION, self.cast.lead)
        review = self.signed()
        sign(review, "compliance", self.cast.compliance)
        self.decide()
        assert self.now().decision_date == TODAY + timedelta(days=182)

    def test_closes_the_review(self):
        self.make_ready()
        review = self.signed()
        self.decide()
        closed = Review.objects.get(pk=review.pk)
        assert (closed.closed_at, closed.closing) == (NOON, "decided")

    def test_says_so_in_the_log(self):
        self.make_ready()
        review = self.signed()
        self.decide()
        event = last_event()
        assert (event.kind, event.subject) == ("decision.made", f"review:{review.pk}")
        assert event.changed == {
            "gate": "recertification",
            "decision": "recertify",
            "from": "production",
            "to": "production",
            "digest": review.snapshot_id,
            "reason": "It still pays.",
        }

    def test_freezes_no_charter(self):
        self.make_ready()
        self.signed()
        self.decide()
        assert not self.initiative.baselines.exists()

    def test_can_be_done_again_next_year(self):
        self.make_ready()
        self.signed()
        self.decide()
        later = NOON + YEAR - 5 * DAY
        review = self.request(later)
        assert self.lacking(review, later) == [
            "owners_reaccepted",
            "measured_against_baseline",
            "adoption_above_floor",
            "evaluation_rerun",
            "still_true",
        ]
        (plans,) = (j for j in standing(review, later).judged if j.criterion.key == "still_true")
        assert plans.verdict.reason == "Answered last time, on 2 Mar 2026: look at it again."
        self.decide("send_back", at=later)
        self.make_ready(later)
        self.signed(later)
        self.decide(at=later)
        after = self.now()
        assert (after.recertified_at, after.decision_date) == (later, later.date() + YEAR)
        kinds = Decision.objects.order_by("pk").values_list("kind", flat=True)
        assert list(kinds) == ["recertify", "send_back", "recertify"]


class TestRefusesToRecertify(Running):
    def refusal(self, by: Any = None) -> Refused:
        before = self.now()
        found = refusal(self.decide, by=by)
        after = self.now()
        assert (after.version, after.recertified_at) == (before.version, None)
        assert after.decision_date == before.decision_date
        assert not Decision.objects.exists()
        return found

    def test_without_a_review(self):
        self.make_ready()
        assert self.refusal().rule == "no_open_review"

    def test_past_unmet_criteria_which_it_names(self):
        self.make_ready()
        factories.make_measurement(metric=self.use, value=19, at=NOON)
        self.signed()
        no = self.refusal()
        assert no.rule == "gate_unmet"
        assert no.detail["lacking"] == [
            "It is used: Weekly users: measured 19 people on 2 Mar 2026; limit is 20 people."
        ]

    def test_past_a_missing_signature(self):
        self.make_ready()
        review = self.request()
        sign(review, "sponsor", self.cast.sponsor)
        sign(review, "business_owner", self.cast.business_owner)
        assert self.refusal().detail["lacking"] == ["Not signed: Production owner."]

    def test_past_signatures_that_are_stale(self):
        self.make_ready()
        self.signed()
        factories.make_question(initiative=self.initiative, by=self.cast.lead)
        assert "Not signed: Sponsor." in self.refusal().detail["lacking"]

    def test_for_a_lead_who_last_edited_it(self):
        self.make_ready()
        self.signed()
        assert self.refusal(self.cast.lead).rule == "may_not_decide"

    def test_for_its_owners(self):
        self.make_ready()
        self.signed()
        for owner in (self.cast.production_owner, self.cast.business_owner):
            assert self.refusal(owner).rule == "may_not_decide"

    def test_anywhere_but_in_production(self):
        for stage in set(Stage) - {Stage.PRODUCTION}:
            Initiative.objects.filter(pk=self.initiative.pk).update(stage=stage)
            assert self.refusal().rule == "wrong_stage"

    def test_but_another_lead_may(self):
        self.make_ready()
        self.signed()
        assert self.decide(by=factories.make_lead(name="Lou Lead")).pk

    def test_and_is_offered_to_whoever_may_decide(self):
        known = facts.load_one(self.initiative.pk)
        assert "recertify" in queries.possible_decisions(self.cast.sponsor, known)
        assert queries.possible_decisions(self.cast.production_owner, known) == ["suspend"]

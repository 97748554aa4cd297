from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.test import TestCase

from accounts import actions as people
from accounts.models import Person
from audit.models import Event
from audit.refusals import Refused
from initiatives import actions as initiatives
from initiatives import facts
from initiatives.models import Initiative, Metric, StageSpell
from initiatives.stages import Gate, Role, Stage
from reviews import actions, queries
from reviews.models import Decision, Review
from tests import factories
from tests.factories import NOON, TODAY
from tests.reviews.scenes import DAY, answer_gate, find_out, give, refusal, sign, standing, watch

BEGAN = NOON - 30 * DAY
BOTH = (Gate.SHIP_OR_KILL, Gate.GO_LIVE)
SIGNERS = {
    Gate.SHIP_OR_KILL: (
        "sponsor", "business_owner", "engineering_owner", "prospective_production_owner",
    ),
    Gate.GO_LIVE: ("production_owner", "engineering_owner", "business_owner"),
}  # fmt: skip


class LightPilot(TestCase):
    """A small pilot at its end, which has shown what both gates ask."""

    @classmethod
    def setUpTestData(cls):
        cls.cast = factories.make_cast()
        pia, at = cls.cast.production_owner, NOON - 2 * DAY
        cls.initiative = factories.make_pilot(
            cast=cls.cast, at=BEGAN, pilot_budget=5_000, monthly_cost=100
        )
        assert cls.initiative.level == "light"
        cls.metric = Metric.objects.get(initiative=cls.initiative)
        for role in (Role.PRODUCTION_OWNER, Role.ON_CALL):
            give(cls.initiative, role, pia, at, hours=8)
        cls.guard = factories.make_metric(
            initiative=cls.initiative, at=at, name="Wrong queues", kind="quality",
            is_primary=False, unit_kind="percent", baseline=Decimal(9), threshold=Decimal(5),
            target=Decimal(3),
        )  # fmt: skip
        factories.make_metric(
            initiative=cls.initiative, at=at, name="Weekly users", kind="adoption",
            is_primary=False, unit_kind="count", unit="people", direction="higher",
            baseline=Decimal(0), threshold=Decimal(20), target=Decimal(30),
        )  # fmt: skip
        factories.make_kill_condition(
            initiative=cls.initiative, metric=cls.metric, at=at, by_decision_date=False, in_a_row=3
        )
        factories.make_measurement(metric=cls.metric, value=2_400, at=at)
        find_out(cls.initiative, cls.cast.lead, at)
        watch(cls.guard, pia, 4, at)
        initiatives.record_spend(
            initiative=cls.initiative, amount=900, spent_on=at.date(), by=cls.cast.lead, at=at
        )
        for gate in BOTH:
            answer_gate(cls.initiative, gate, cls.cast.lead, at)

    @classmethod
    def request(cls, gate: str) -> Review:
        return actions.request_review(
            initiative=cls.initiative, by=cls.cast.business_owner, at=NOON - DAY, gate=gate
        )

    @classmethod
    def sign_all(cls, review: Review) -> None:
        holders: dict[str, Person] = {
            "sponsor": cls.cast.sponsor,
            "business_owner": cls.cast.business_owner,
            "engineering_owner": cls.cast.engineering_owner,
            "prospective_production_owner": cls.cast.production_owner,
            "production_owner": cls.cast.production_owner,
        }
        keys = list(review.slots.values_list("key", flat=True))
        assert set(keys) == set(SIGNERS[Gate(review.gate)])
        for key in keys:
            sign(review, key, holders[key], at=NOON - DAY)
        assert standing(review).lacking() == []

    @classmethod
    def signed(cls, gate: str) -> Review:
        review = cls.request(gate)
        cls.sign_all(review)
        return review

    def ship(self, by: Person | None = None, at: datetime = NOON, **more: Any) -> Decision:
        return actions.decide(
            initiative=self.initiative, kind="ship", reason="Small, and it works.",
            by=by or self.cast.sponsor, at=at, **more,
        )  # fmt: skip

    def now(self) -> Initiative:
        return factories.reloaded(self.initiative)


class TestAskingForBoth(LightPilot):
    def test_opens_go_live_beside_ship_or_kill(self):
        assert queries.gates_ahead(self.now()) == list(BOTH)
        found = [self.request(gate) for gate in BOTH]
        assert [review.gate for review in found] == list(BOTH)
        assert Review.objects.open().filter(initiative=self.initiative).count() == 2

    def test_opens_the_next_gate_where_none_is_named(self):
        review = factories.make_review(
            initiative=self.initiative, by=self.cast.business_owner, at=NOON
        )
        assert review.gate == Gate.SHIP_OR_KILL

    def test_refuses_the_same_twice(self):
        self.request(Gate.GO_LIVE)
        assert refusal(self.request, Gate.GO_LIVE).rule == "already_open"

    def test_refuses_what_lies_behind_or_too_far_ahead(self):
        for gate in set(Gate) - set(BOTH):
            assert refusal(self.request, gate).rule == "not_ahead"

    def test_refuses_go_live_in_a_pilot_that_is_not_light(self):
        for level in ("standard", "full"):
            Initiative.objects.filter(pk=self.initiative.pk).update(level=level)
            assert queries.gates_ahead(self.now()) == [Gate.SHIP_OR_KILL]
            assert refusal(self.request, Gate.GO_LIVE).rule == "not_ahead"
        assert not Review.objects.open().filter(initiative=self.initiative).exists()

    def test_refuses_go_live_of_a_light_proposal(self):
        Initiative.objects.filter(pk=self.initiative.pk).update(stage=Stage.PROPOSAL)
        assert refusal(self.request, Gate.GO_LIVE).rule == "not_ahead"


class TestSendBackGoLive(LightPilot):
    def test_is_possible_where_it_alone_is_open(self):
        review = self.request(Gate.GO_LIVE)
        decision = actions.decide(
            initiative=self.initiative, kind="send_back", reason="Too early.",
            by=self.cast.sponsor, at=NOON,
        )  # fmt: skip
        assert (decision.review, decision.to_stage) == (review, Stage.PILOT)
        assert Review.objects.get(pk=review.pk).closing == "sent_back"


class TestShipInOneSitting(LightPilot):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.first, cls.second = (cls.signed(gate) for gate in BOTH)

    def test_lands_in_production_until_its_recertification(self):
        before = self.now()
        decision = self.ship()
        after = self.now()
        assert after.stage == Stage.PRODUCTION
        assert after.version == before.version + 2
        assert after.decision_date == TODAY + 365 * DAY
        assert (decision.kind, decision.review) == ("ship", self.second)

    def test_records_two_decisions(self):
        version = self.now().version
        self.ship()
        found = Decision.objects.filter(initiative=self.initiative, decided_at=NOON)
        moves = found.order_by("version").values_list(
            "kind", "from_stage", "to_stage", "review", "version"
        )
        assert list(moves) == [
            ("proceed", "pilot", "readiness_review", self.first.pk, version),
            ("ship", "readiness_review", "production", self.second.pk, version + 1),
        ]
        assert {d.decided_by for d in found} == {self.cast.sponsor}
        assert {d.reason for d in found} == {"Small, and it works."}
        assert [d.snapshot_id for d in found.order_by("version")] == [
            self.first.snapshot_id, self.second.snapshot_id,
        ]  # fmt: skip

    def test_says_both_in_the_log(self):
        self.ship()
        made = Event.objects.filter(kind="decision.made").order_by("-seq")[:2]
        assert [e.subject for e in made] == [
            f"review:{self.second.pk}", f"review:{self.first.pk}",
        ]  # fmt: skip

    def test_closes_both_reviews_as_decided(self):
        self.ship()
        for review in (self.first, self.second):
            closed = Review.objects.get(pk=review.pk)
            assert (closed.closed_at, closed.closing) == (NOON, "decided")

    def test_passes_through_readiness_review(self):
        self.ship()
        stays = StageSpell.objects.filter(initiative=self.initiative).order_by("pk")
        assert [(s.stage, s.left_at) for s in stays][-3:] == [
            ("pilot", NOON), ("readiness_review", NOON), ("production", None),
        ]  # fmt: skip

    def test_is_offered_to_the_sponsor(self):
        known = facts.load_one(self.initiative.pk)
        assert "ship" in queries.possible_decisions(self.cast.sponsor, known)

    def test_is_still_possible_one_after_the_other(self):
        actions.decide(
            initiative=self.initiative, kind="proceed", reason="One by one.",
            by=self.cast.sponsor, at=NOON,
        )  # fmt: skip
        assert self.now().stage == Stage.READINESS_REVIEW
        assert Review.objects.get(pk=self.second.pk).is_open
        # The decision date is another one now, so go-live is signed again.
        assert refusal(self.ship).rule == "gate_unmet"
        for key, signer in {
            "production_owner": self.cast.production_owner,
            "engineering_owner": self.cast.engineering_owner,
            "business_owner": self.cast.business_owner,
        }.items():
            sign(self.second, key, signer)
        assert self.ship().to_stage == Stage.PRODUCTION
        assert self.now().stage == Stage.PRODUCTION

    def test_sends_both_back_together(self):
        actions.decide(
            initiative=self.initiative, kind="send_back", reason="Measure again.",
            by=self.cast.sponsor, at=NOON,
        )  # fmt: skip
        assert self.now().stage == Stage.PILOT
        closings = Review.objects.filter(closed_at=NOON).values_list("closing", flat=True)
        assert list(closings) == ["sent_back", "sent_back"]


class TestRefusesOneSitting(LightPilot):
    def refusal(self, by: Person | None = None, **more: Any) -> Refused:
        """Nothing has moved, and nothing was recorded but who tried."""
        before = Initiative.objects.filter(pk=self.initiative.pk).values().get()
        spells, reviews = StageSpell.objects.count(), Review.objects.open().count()
        found = refusal(self.ship, by, **more)
        assert Initiative.objects.filter(pk=self.initiative.pk).values().get() == before
        assert (StageSpell.objects.count(), Review.objects.open().count()) == (spells, reviews)
        assert not Decision.objects.filter(decided_at=NOON).exists()
        assert not Event.objects.filter(kind="decision.made", at=NOON).exists()
        return found

    def test_where_the_second_gate_is_not_complete(self):
        self.signed(Gate.SHIP_OR_KILL)
        self.request(Gate.GO_LIVE)
        no = self.refusal()
        assert no.rule == "gate_unmet"
        assert "Not signed: Production owner." in no.detail["lacking"]

    def test_where_the_first_gate_is_not_complete(self):
        self.request(Gate.SHIP_OR_KILL)
        self.signed(Gate.GO_LIVE)
        no = self.refusal()
        assert no.rule == "gate_unmet"
        assert "Not signed: Sponsor." in no.detail["lacking"]

    def test_where_only_a_criterion_of_go_live_fails(self):
        watch(self.guard, self.cast.user, 4, NOON - 2 * DAY)
        for gate in BOTH:
            self.signed(gate)
        people.deactivate(person=self.cast.user, by=None, at=NOON)
        assert self.refusal().detail["lacking"] == [
            "Monitoring delivers values from production: "
            "Uma User, who is paged about Wrong queues, is no longer here."
        ]

    def test_where_only_one_review_is_open(self):
        first = self.signed(Gate.SHIP_OR_KILL)
        assert self.refusal().rule == "wrong_stage"
        Review.objects.filter(pk=first.pk).update(closed_at=NOON - DAY, closing="withdrawn")
        self.signed(Gate.GO_LIVE)
        assert self.refusal().rule == "no_open_review"

    def test_where_it_is_not_light_any_more(self):
        for gate in BOTH:
            self.signed(gate)
        initiatives.edit(initiative=self.initiative, by=self.cast.lead, at=NOON, monthly_cost=5_000)
        assert self.now().level == "standard"
        assert self.refusal().rule == "wrong_stage"

    def test_for_those_who_may_not_decide(self):
        for gate in BOTH:
            self.signed(gate)
        assert self.refusal(self.cast.business_owner).rule == "may_not_decide"
        assert self.refusal(self.cast.lead).rule == "may_not_decide"  # last changed the evidence

    def test_without_a_reason(self):
        for gate in BOTH:
            self.signed(gate)
        no = refusal(
            actions.decide, initiative=self.initiative, kind="ship", reason=" ",
            by=self.cast.sponsor, at=NOON,
        )  # fmt: skip
        assert no.rule == "reason_missing"
        assert self.now().stage == Stage.PILOT

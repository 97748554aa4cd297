from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import TestCase

from accounts import actions as people
from audit.models import Event
from audit.refusals import Refused
from initiatives import actions as initiatives
from initiatives import facts
from initiatives.models import Baseline, Initiative, Metric, Overtaken, StageSpell
from initiatives.stages import Gate, Role, Stage
from reviews import actions, permissions, queries
from reviews.models import Decision, Review
from reviews.transitions import TABLE
from tests import factories
from tests.factories import NOON, TODAY
from tests.reviews.scenes import (
    DAY,
    REJECT,
    LaterStages,
    answer_gate,
    give,
    last_event,
    refusal,
    sign,
    standing,
    threshold,
)

KILL: dict[str, Any] = {"outcome": "use_case_wrong", "lesson": "Mend the form first."}


class DecidingTestCase(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.cast = factories.make_cast()
        cls.initiative = factories.make_ready_for_charter(cast=cls.cast)

    def decide(self, kind: str, by=None, *, reason="It is time.", at=NOON, **more) -> Decision:
        return actions.decide(
            initiative=self.initiative,
            kind=kind,
            reason=reason,
            by=by or self.cast.sponsor,
            at=at,
            **more,
        )

    def refusal(self, kind: str, by=None, **more) -> Refused:
        before = self.now()
        found = refusal(self.decide, kind, by, **more)
        after = self.now()
        assert (after.stage, after.version) == (before.stage, before.version)
        assert not Decision.objects.filter(decided_at=NOON).exists()
        return found

    def now(self) -> Initiative:
        return factories.reloaded(self.initiative)

    def request(self, at=NOON - DAY) -> Review:
        return factories.make_review(initiative=self.initiative, by=self.cast.business_owner, at=at)


class SignedCharterTestCase(DecidingTestCase):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.review = factories.make_signed_review(
            initiative=cls.initiative, cast=cls.cast, at=NOON - DAY
        )


@pytest.mark.embedded
class TestProceedFromProposal(SignedCharterTestCase):
    def test_moves_it_into_the_pilot(self):
        decision = self.decide("proceed")
        moved = self.now()
        assert moved.stage == Stage.PILOT
        assert moved.stage_entered_at == NOON
        assert moved.version == 2
        assert moved.touched_at == NOON
        assert (decision.from_stage, decision.to_stage) == (Stage.PROPOSAL, Stage.PILOT)
        assert decision.version == 1

    def test_closes_one_spell_and_opens_the_next(self):
        self.decide("proceed")
        proposal, pilot = StageSpell.objects.filter(initiative=self.initiative)
        assert (proposal.stage, proposal.left_at) == (Stage.PROPOSAL, NOON)
        assert (pilot.stage, pilot.entered_at, pilot.left_at) == (Stage.PILOT, NOON, None)
        assert pilot.decision_date == TODAY + timedelta(days=42)
        assert not pilot.is_declared

    def test_fixes_the_ship_or_kill_date(self):
        initiatives.edit(
            initiative=self.initiative, by=self.cast.lead, at=NOON - DAY, pilot_days=28
        )
        factories.sign_in_turn(
            review=self.review, by=self.cast.signers, at=NOON - timedelta(hours=2)
        )
        self.decide("proceed")
        assert self.now().decision_date == TODAY + timedelta(days=28)

    def test_freezes_the_charter_as_baseline_1(self):
        self.decide("proceed", reason="Small scope.")
        baseline = Baseline.objects.get()
        assert baseline.version == 1
        assert baseline.in_force_since == NOON
        assert baseline.in_force_until is None
        assert baseline.reason == "Small scope."
        assert baseline.charter["problem"] == self.initiative.problem
        (metric,) = baseline.charter["metrics"]
        assert (metric["baseline"], metric["threshold"]) == ("14400", "2700")
        (condition,) = baseline.charter["kill_conditions"]
        assert condition["threshold"] == "7200"

    def test_closes_the_review_as_decided(self):
        self.decide("proceed")
        review = Review.objects.get(pk=self.review.pk)
        assert review.closed_at == NOON
        assert review.closing == Review.Closing.DECIDED

    def test_says_so_in_the_log_with_the_digest(self):
        decision = self.decide("proceed", reason="Small scope.")
        event = last_event(kind="decision.made")
        assert event.actor_id == self.cast.sponsor.pk
        assert event.initiative_id == self.initiative.pk
        assert event.subject == f"review:{self.review.pk}"
        said = json.loads(event.payload)["changed"]
        assert said.pop("reason").keys() == {"text"}
        assert said == {
            "gate": "charter",
            "decision": "proceed",
            "from": "proposal",
            "to": "pilot",
            "digest": self.review.snapshot_id,
        }
        assert decision.snapshot_id == self.review.snapshot_id
        assert decision.review == self.review

    def test_is_for_a_lead_too_who_neither_owns_nor_last_edited_it(self):
        assert self.decide("proceed", factories.make_lead(name="Lou Lead")).pk

    def test_is_for_the_sponsor_although_they_last_edited_it(self):
        threshold(self.initiative, 2_400, self.cast.sponsor, NOON - DAY)
        factories.sign_in_turn(
            review=self.review, by=self.cast.signers, at=NOON - timedelta(hours=2)
        )
        assert self.decide("proceed").pk


class TestRefusesToProceed(SignedCharterTestCase):
    def test_for_those_who_may_not_decide(self):
        for who in (
            self.cast.business_owner,
            self.cast.engineering_owner,
            self.cast.compliance,
            factories.make_person(name="Otto Outsider"),
            factories.make_auditor(),
            factories.make_administrator(),
        ):
            with self.subTest(who.name):
                assert self.refusal("proceed", who).rule == "may_not_decide"

    def test_for_the_lead_who_last_edited_it(self):
        no = self.refusal("proceed", self.cast.lead)
        assert no.rule == "may_not_decide"
        assert no.message == ("You last changed its evidence; the sponsor or another lead decides.")

    def test_for_a_lead_who_owns_it(self):
        owner = factories.make_lead(name="Lou Lead")
        give(self.initiative, Role.ON_CALL, owner, NOON - DAY)
        factories.sign_in_turn(
            review=self.review, by=self.cast.signers, at=NOON - timedelta(hours=2)
        )
        no = self.refusal("proceed", owner)
        assert no.rule == "may_not_decide"
        assert no.message.startswith("You own this initiative")

    def test_for_a_sponsor_who_left(self):
        people.deactivate(person=self.cast.sponsor, by=None, at=NOON)
        assert self.refusal("proceed").rule == "may_not_decide"

    def test_for_a_lead_who_left(self):
        lead = factories.make_lead(name="Lou Lead")
        people.deactivate(person=lead, by=None, at=NOON)
        assert self.refusal("proceed", factories.fresh(lead)).rule == "may_not_decide"

    def test_without_a_reason(self):
        for reason in ("", " \n "):
            no = self.refusal("proceed", reason=reason)
            assert (no.rule, no.field) == ("reason_missing", "reason")

    def test_past_an_unmet_criterion_which_it_names(self):
        initiatives.end_ownership(
            ownership=self.initiative.ownerships.get(role=Role.BUDGET_OWNER), by=None, at=NOON
        )
        no = self.refusal("proceed")
        assert no.rule == "gate_unmet"
        assert no.detail["lacking"] == [
            "The pilot has a spend cap and a budget owner: Budget owner: nobody is named.",
            "Not signed: Sponsor.",
            "Not signed: Business owner.",
            "Not signed: Engineering owner.",
            "Not signed: Legal & compliance.",
            "3 different people have to sign; 0 have.",
        ]
        assert no.message.endswith(" And 5 more.")

    def test_past_a_kill_condition_that_tripped_after_all_had_signed(self):
        factories.make_kill_condition(initiative=self.initiative, at=NOON - DAY)
        factories.sign_in_turn(
            review=self.review, by=self.cast.signers, at=NOON - timedelta(hours=2)
        )
        assert standing(self.review).lacking() == []
        initiatives.record_spend(
            initiative=self.initiative,
            amount=10_500,
            spent_on=TODAY,
            by=self.cast.lead,
            at=NOON,
        )
        barred = self.refusal("proceed")
        assert barred.rule == "tripped"
        assert barred.message == (
            "A kill condition has tripped: 10,500 spent; the cap is 10,000. "
            "Kill or waive it before anything else."
        )
        assert standing(self.review).lacking() == [
            "No kill condition has tripped undecided: Stop if spend passes EUR 10,000: "
            "10,500 spent; the cap is 10,000."
        ]

    def test_past_signatures_that_are_stale(self):
        threshold(self.initiative, 2_400, self.cast.lead)
        assert "Not signed: Sponsor." in self.refusal("proceed").detail["lacking"]
        threshold(self.initiative, 2_700, self.cast.lead)
        assert self.decide("proceed").to_stage == Stage.PILOT

    def test_past_an_owner_who_left_since_they_signed(self):
        people.deactivate(person=self.cast.engineering_owner, by=None, at=NOON)
        assert self.refusal("proceed").detail["lacking"] == [
            "Sponsor, business owner and engineering owner accepted: "
            "Engineering owner: Eli Engineer is no longer here."
        ]

    def test_twice(self):
        self.decide("proceed", at=NOON - timedelta(hours=1))
        no = self.refusal("proceed")
        assert no.rule == "no_open_review"
        assert self.now().stage == Stage.PILOT

    def test_and_records_who_tried_what(self):
        self.refusal("proceed", self.cast.compliance)
        event = last_event(kind="decision_refused")
        assert event.subject == f"initiative:{self.initiative.pk}"
        assert event.actor_id == self.cast.compliance.pk
        assert json.loads(event.payload)["changed"]["rule"] == "may_not_decide"
        assert not Event.objects.filter(kind="decision.made").exists()

    def test_and_leaves_nothing_half_done(self):
        events = Event.objects.count()
        self.refusal("proceed", self.cast.lead)
        assert Event.objects.count() == events + 1
        assert StageSpell.objects.filter(left_at=None).count() == 1
        assert Review.objects.open().count() == 1
        assert not Baseline.objects.exists()


class TestRefusesToProceedUnready(DecidingTestCase):
    def test_without_a_review(self):
        assert self.refusal("proceed").rule == "no_open_review"

    def test_on_a_rejection(self):
        review = self.request()
        for key, who in {
            "sponsor": self.cast.sponsor,
            "business_owner": self.cast.business_owner,
            "engineering_owner": self.cast.engineering_owner,
        }.items():
            sign(review, key, who, at=NOON - timedelta(hours=3))
        sign(
            review,
            "compliance",
            self.cast.compliance,
            at=NOON - timedelta(hours=2),
            verdict=REJECT,
            comment="No.",
        )
        assert self.refusal("proceed").detail["lacking"] == ["Not signed: Legal & compliance."]

    def test_what_is_not_in_the_table(self):
        with pytest.raises(KeyError):
            self.decide("teleport")
        assert self.now().stage == Stage.PROPOSAL


class TestSendBack(DecidingTestCase):
    def test_closes_the_review_and_moves_nothing(self):
        review = self.request()
        before = self.now()
        decision = self.decide("send_back", reason="The baseline is a guess.")
        after = self.now()
        assert (after.stage, after.version) == (before.stage, before.version)
        assert after.decision_date == before.decision_date
        assert (decision.from_stage, decision.to_stage) == (Stage.PROPOSAL, Stage.PROPOSAL)
        closed = Review.objects.get(pk=review.pk)
        assert (closed.closed_at, closed.closing) == (NOON, "sent_back")
        assert StageSpell.objects.count() == 1
        assert not Baseline.objects.exists()

    def test_needs_neither_criteria_nor_signatures(self):
        review = self.request()
        assert standing(review).lacking()
        assert self.decide("send_back").pk

    def test_can_happen_more_than_once(self):
        for day in range(3):
            self.request(at=NOON + day * DAY)
            self.decide("send_back", at=NOON + day * DAY)
        assert Decision.objects.filter(kind="send_back").count() == 3

    def test_needs_an_open_review(self):
        assert self.refusal("send_back").rule == "no_open_review"

    def test_needs_a_reason(self):
        self.request()
        assert self.refusal("send_back", reason="").rule == "reason_missing"

    def test_is_for_sponsor_and_leads(self):
        self.request()
        assert self.refusal("send_back", self.cast.business_owner).rule == "may_not_decide"
        assert self.decide("send_back", self.cast.lead).pk

    def test_closes_a_recertification_and_moves_nothing(self):
        running = factories.make_declared(by=self.cast.lead)
        review = factories.make_review(initiative=running, by=self.cast.lead, at=NOON)
        actions.decide(
            initiative=running, kind="send_back", reason="Measure.", by=self.cast.lead, at=NOON
        )
        assert Review.objects.get(pk=review.pk).closing == "sent_back"
        assert factories.reloaded(running).stage == Stage.PRODUCTION


@pytest.mark.embedded
class TestKill(DecidingTestCase):
    def test_retires_a_proposal(self):
        self.decide("kill", **KILL)
        dead = self.now()
        assert (dead.stage, dead.version, dead.decision_date) == (Stage.RETIRED, 2, None)

    def test_keeps_outcome_and_lesson(self):
        decision = self.decide("kill", reason=" Nobody asked. ", **KILL)
        assert decision.reason == "Nobody asked."
        assert decision.outcome == "use_case_wrong"
        assert decision.lesson == "Mend the form first."
        answer = self.initiative.evidence.get(criterion="why_it_stops")
        assert answer.fields == {"reason": "Nobody asked.", "lesson": "Mend the form first."}
        said = json.loads(last_event(kind="decision.made").payload)["changed"]
        assert said["outcome"] == "use_case_wrong"
        assert said["lesson"].keys() == {"text"}

    def test_closes_open_reviews(self):
        review = self.request()
        self.decide("kill", **KILL)
        closed = Review.objects.get(pk=review.pk)
        assert (closed.closed_at, closed.closing) == (NOON, "stopped")

    def test_needs_neither_review_nor_criteria(self):
        bare = factories.make_initiative(by=self.cast.lead, name="Bare", complete=False)
        actions.decide(initiative=bare, kind="kill", reason="x", by=self.cast.lead, at=NOON, **KILL)
        assert factories.reloaded(bare).stage == Stage.RETIRED

    def test_is_for_a_lead_although_they_last_edited_it(self):
        assert self.decide("kill", self.cast.lead, **KILL).pk

    def test_is_for_nobody_but_sponsor_and_leads(self):
        for who in (self.cast.business_owner, self.cast.compliance, self.cast.user):
            assert self.refusal("kill", who, **KILL).rule == "may_not_decide"

    def test_wants_reason_outcome_and_lesson(self):
        for missing, rule in {
            "reason": "reason_missing",
            "outcome": "outcome_missing",
            "lesson": "lesson_missing",
        }.items():
            words = {"reason": "x"} | KILL | {missing: " " if missing != "outcome" else ""}
            no = self.refusal("kill", **words)
            assert (no.rule, no.field) == (rule, missing)
        assert self.refusal("kill", outcome="bored", lesson="x").rule == "outcome_missing"

    def test_is_final(self):
        self.decide("kill", at=NOON - DAY, **KILL)
        for kind in TABLE:
            with self.subTest(kind):
                assert self.refusal(kind, **KILL).rule == "wrong_stage"
        no = refusal(
            initiatives.edit,
            initiative=self.initiative,
            by=self.cast.lead,
            at=NOON,
            problem="Another one.",
        )
        assert no.rule == "retired"
        assert queries.possible_decisions(self.cast.lead, self.known()) == []

    def known(self):
        return facts.load_one(self.initiative.pk)


class TestProceedFromPilot(LaterStages):
    def test_moves_it_into_readiness_review_for_sixty_days(self):
        decision = self.reach_readiness_review()
        moved = self.now()
        assert (decision.from_stage, decision.to_stage) == (Stage.PILOT, Stage.READINESS_REVIEW)
        assert moved.stage == Stage.READINESS_REVIEW
        assert moved.version == 3
        assert moved.decision_date == (NOON + 40 * DAY).date()
        assert decision.observed["spent"] == 900
        assert decision.observed["measured"][str(self.metric.pk)]["value"] == "2400"

    def test_freezes_no_second_baseline(self):
        self.reach_readiness_review()
        assert Baseline.objects.count() == 1

    def test_waits_for_the_threshold(self):
        factories.make_measurement(metric=self.metric, value=2_701, at=NOON - 21 * DAY)
        answer_gate(self.initiative, Gate.SHIP_OR_KILL, self.cast.lead)
        factories.make_review(initiative=self.initiative, by=self.cast.business_owner, at=NOON)
        no = refusal(self.decide, "proceed")
        assert no.rule == "gate_unmet"
        assert any("threshold is 45 min" in line for line in no.detail["lacking"])

    def test_is_no_way_to_ship(self):
        assert refusal(self.decide, "ship").rule == "wrong_stage"


class TestShip(LaterStages):
    def test_moves_it_into_production_until_its_recertification(self):
        self.reach_readiness_review()
        self.answer_and_sign(Gate.GO_LIVE, NOON)
        decision = self.decide("ship")
        moved = self.now()
        assert (decision.from_stage, decision.to_stage) == (
            Stage.READINESS_REVIEW,
            Stage.PRODUCTION,
        )
        assert moved.stage == Stage.PRODUCTION
        assert moved.version == 4
        assert moved.decision_date == TODAY + timedelta(days=365)
        stays = StageSpell.objects.filter(initiative=self.initiative)
        assert [(s.stage, s.left_at is None) for s in stays] == [
            ("proposal", False),
            ("pilot", False),
            ("readiness_review", False),
            ("production", True),
        ]

    def test_needs_the_go_live_gate(self):
        self.reach_readiness_review()
        assert refusal(self.decide, "ship").rule == "no_open_review"
        factories.make_review(initiative=self.initiative, by=self.cast.business_owner, at=NOON)
        assert refusal(self.decide, "ship").rule == "gate_unmet"

    def test_is_not_called_proceed(self):
        self.reach_readiness_review()
        assert refusal(self.decide, "proceed").rule == "wrong_stage"


class TestKillLater(LaterStages):
    def test_retires_a_pilot(self):
        review = factories.make_review(
            initiative=self.initiative, by=self.cast.business_owner, at=NOON
        )
        decision = self.decide("kill", **KILL)
        assert (decision.from_stage, decision.to_stage) == (Stage.PILOT, Stage.RETIRED)
        assert self.now().stage == Stage.RETIRED
        assert Review.objects.get(pk=review.pk).closing == "stopped"

    def test_retires_a_pilot_whose_kill_condition_tripped(self):
        self.initiative.kill_conditions.update(
            state="tripped", tripped_at=NOON, tripped_because="late"
        )
        assert self.decide("kill", **KILL).to_stage == Stage.RETIRED

    def test_retires_what_is_in_readiness_review(self):
        self.reach_readiness_review()
        assert self.decide("kill", **KILL).from_stage == Stage.READINESS_REVIEW
        assert self.now().stage == Stage.RETIRED


class TestDecommission(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.lead = factories.make_lead()
        cls.initiative = factories.make_declared(by=cls.lead)

    def decide(self, kind: str = "decommission") -> Decision:
        return actions.decide(
            initiative=self.initiative, kind=kind, reason="Replaced.", by=self.lead, at=NOON, **KILL
        )

    def test_needs_the_retirement_gate(self):
        no = refusal(self.decide)
        assert no.rule == "gate_unmet"
        assert no.detail["lacking"] == ["Those who rely on it have been told: Not answered yet."]
        assert factories.reloaded(self.initiative).stage == Stage.PRODUCTION

    def test_leaves_no_answer_behind_when_it_is_refused(self):
        refusal(self.decide)
        assert not self.initiative.evidence.exists()

    def test_retires_what_runs(self):
        answer_gate(self.initiative, Gate.RETIREMENT, self.lead)
        decision = self.decide()
        assert (decision.from_stage, decision.to_stage) == (Stage.PRODUCTION, Stage.RETIRED)
        assert factories.reloaded(self.initiative).stage == Stage.RETIRED

    def test_is_the_only_way_out_of_production(self):
        for kind in ("kill", "proceed", "ship"):
            assert refusal(self.decide, kind).rule == "wrong_stage"


ORIGINS = {
    "proceed": {"proposal", "pilot"},
    "ship": {"readiness_review"},
    "send_back": {"proposal", "pilot", "readiness_review", "production"},
    "extend": {"pilot", "readiness_review"},
    "pause": {"pilot", "readiness_review"},
    "recertify": {"production"},
    "rebaseline": {"pilot", "readiness_review", "production"},
    "catch_up": {"pilot", "readiness_review", "production"},
    "suspend": {"pilot", "readiness_review", "production"},
    "resume": {"pilot", "readiness_review", "production"},
    "kill": {"proposal", "pilot", "readiness_review"},
    "decommission": {"production"},
}


class TestTable(TestCase):
    """What is possible from where, for everybody, in any kind."""

    def test_is_the_one_of_the_product(self):
        assert {kind: set(move.origins) for kind, move in TABLE.items()} == ORIGINS

    def test_refuses_every_decision_from_every_other_stage(self):
        lead = factories.make_lead()
        row = factories.make_initiative(by=lead, complete=False)
        for kind, origins in ORIGINS.items():
            for stage in set(Stage) - origins:
                with self.subTest(kind=kind, stage=stage):
                    Initiative.objects.filter(pk=row.pk).update(stage=stage)
                    no = refusal(
                        actions.decide, initiative=row, kind=kind, reason="x", by=lead, at=NOON,
                        **KILL,
                    )  # fmt: skip
                    assert no.rule == "wrong_stage"
                    assert factories.reloaded(row).stage == stage

    def test_offers_on_pages_what_the_action_would_not_refuse_for_its_origin(self):
        lead = factories.make_lead()
        row = factories.make_declared(by=lead)
        known = facts.load_one(row.pk)
        assert queries.possible_decisions(lead, known) == ["send_back", "suspend", "decommission"]
        outsider = factories.make_person(name="Otto Outsider")
        assert queries.possible_decisions(outsider, known) == []
        assert permissions.bar_to_deciding(lead, known, "kill") is None


class TestEnter(DecidingTestCase):
    def test_refuses_a_row_that_somebody_else_has_moved(self):
        stale = self.now()
        self.now().enter(Stage.PILOT, at=NOON, decision_date=None)
        with pytest.raises(Overtaken):
            stale.enter(Stage.PILOT, at=NOON, decision_date=None)
        assert self.now().version == 2

    def test_is_said_again_by_the_database(self):
        self.decide("kill", **KILL)
        decision = Decision.objects.get()
        decision.pk, decision.kind = None, Decision.Kind.PROCEED
        with pytest.raises(IntegrityError), transaction.atomic():
            decision.save(force_insert=True)


class TestFrozenCharter(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.cast = factories.make_cast()
        cls.pilot = factories.make_pilot(cast=cls.cast, at=NOON - DAY)
        cls.metric = Metric.objects.get(initiative=cls.pilot)

    def test_refuses_another_description(self):
        for field, value in {
            "problem": "Another.",
            "users": "Others.",
            "outcome": "Less.",
            "process": "Elsewhere.",
            "scope": "More.",
            "pilot_days": 90,
            "pilot_budget": 1_000_000,
        }.items():
            no = refusal(
                initiatives.edit, initiative=self.pilot, by=self.cast.lead, at=NOON,
                **{field: value},
            )  # fmt: skip
            assert no.rule == "charter_frozen", field

    def test_takes_what_no_charter_freezes(self):
        initiatives.edit(
            initiative=self.pilot, by=self.cast.lead, at=NOON, monthly_cost=6_000, name="Triage"
        )
        assert factories.reloaded(self.pilot).name == "Triage"

    def test_refuses_another_threshold(self):
        no = refusal(threshold, self.pilot, 3_600, self.cast.lead)
        assert no.rule == "charter_frozen"
        assert Metric.objects.get().threshold == 2_700

    def test_keeps_its_kill_condition_and_takes_further_ones(self):
        condition = self.pilot.kill_conditions.get()
        remove = refusal(
            initiatives.remove_kill_condition,
            kill_condition=condition,
            by=self.cast.lead,
            at=NOON,
        )
        assert remove.rule == "charter_frozen"
        further = factories.make_kill_condition(initiative=self.pilot, by=self.cast.lead, at=NOON)
        assert set(self.pilot.kill_conditions.all()) == {condition, further}

    def test_takes_measurements(self):
        factories.make_measurement(metric=self.metric, value=9_000, by=self.cast.lead)
        assert self.metric.measurements.count() == 1

    def test_knows_when_it_ends(self):
        assert self.pilot.decision_date == date(2026, 4, 12)

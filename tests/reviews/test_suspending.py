from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from django.test import TestCase

from accounts.models import Person
from initiatives import facts
from initiatives.models import Initiative, Ownership, StageSpell, Triage
from initiatives.stages import Gate, Role, Stage
from reviews import actions, permissions, queries
from reviews.models import Decision, Review
from tests import factories
from tests.accounts.expectations import last_event, refused
from tests.factories import NOON, TODAY
from tests.initiatives.actions.changes import leaves_alone
from tests.reviews.scenes import DAY, answer_gate, give, sign, standing, state

WHY = "It told customers another's policy number."
SHUT = "It is suspended: resume or retire it first."
KILL = {"outcome": "withdrawn", "lesson": "Ask security first."}
FREE: dict[str, Any] = {"suspended_at": None, "suspended_until": None, "suspended_by": None}
FREE |= {"suspended_because": "", "off_confirmed_at": None, "off_confirmed_by": None}


class SuspendingTestCase(TestCase):
    """A pilot in its third week, with somebody on call."""

    @classmethod
    def setUpTestData(cls):
        cls.cast = factories.make_cast()
        cls.sponsor, cls.lead = cls.cast.sponsor, cls.cast.lead
        cls.security = factories.make_group_member(group="security", name="Sia Security")
        cls.on_call = factories.make_person(name="Olaf Oncall")
        cls.initiative = factories.make_pilot(cast=cls.cast, at=NOON - 20 * DAY)
        give(cls.initiative, Role.ON_CALL, cls.on_call, NOON - 10 * DAY)
        give(cls.initiative, Role.PRODUCTION_OWNER, cls.cast.production_owner, NOON - 10 * DAY)

    def decide(
        self, kind: str, by: Person | None = None, *, at: datetime = NOON, reason: str = WHY,
        **more: str | int,
    ) -> Decision:  # fmt: skip
        return actions.decide(
            initiative=self.initiative, kind=kind, reason=reason, by=by or self.sponsor, at=at,
            **more,
        )  # fmt: skip

    def suspend(self, by: Person | None = None, **more) -> Decision:
        return self.decide("suspend", by, **more)

    def resume(self, by: Person | None = None, **more) -> Decision:
        return self.decide("resume", by, **more)

    def now(self) -> Initiative:
        return factories.reloaded(self.initiative)

    def stand_in(self, stage: Stage) -> None:
        Initiative.objects.filter(pk=self.initiative.pk).update(stage=stage)

    def is_free(self) -> bool:
        row = self.now()
        return {name: getattr(row, name) for name in FREE} == FREE


@pytest.mark.embedded
class TestSuspend(SuspendingTestCase):
    def test_switches_it_off_for_five_working_days(self):
        self.suspend(self.on_call, at=NOON + DAY)
        row = self.now()
        assert (row.suspended_at, row.suspended_by) == (NOON + DAY, self.on_call)
        assert (row.suspended_because, row.suspended_until) == (WHY, date(2026, 3, 10))
        assert (row.off_confirmed_at, row.off_confirmed_by) == (None, None)

    def test_leaves_stage_dates_and_counters_as_they_were(self):
        before, spell = self.now(), StageSpell.objects.filter(left_at=None).values().get()
        self.suspend()
        row = self.now()
        assert (row.stage, row.stage_entered_at) == (before.stage, before.stage_entered_at)
        assert (row.decision_date, row.extensions) == (before.decision_date, before.extensions)
        assert (row.pauses, row.paused_until) == (0, None)
        assert StageSpell.objects.filter(left_at=None).values().get() == spell
        assert (row.version, row.touched_at) == (before.version + 1, NOON)

    def test_is_a_decision_on_record(self):
        version = self.now().version
        decision = self.suspend(self.security)
        assert (decision.kind, decision.reason, decision.version) == ("suspend", WHY, version)
        assert (decision.from_stage, decision.to_stage) == (Stage.PILOT, Stage.PILOT)
        assert (decision.review, decision.snapshot, decision.days) == (None, None, None)

    def test_says_so_in_the_log(self):
        self.suspend(self.security)
        event = last_event()
        assert (event.kind, event.actor_id) == ("decision.made", self.security.pk)
        assert event.changed == {
            "decision": "suspend", "from": "pilot", "to": "pilot", "digest": None, "reason": WHY,
        }  # fmt: skip

    def test_is_for_whatever_runs(self):
        for stage in (Stage.PILOT, Stage.READINESS_REVIEW, Stage.PRODUCTION):
            self.stand_in(stage)
            assert self.suspend().to_stage == stage
            self.resume()
        for stage in (Stage.PROPOSAL, Stage.RETIRED):
            self.stand_in(stage)
            with refused("wrong_stage"), leaves_alone(self.initiative):
                self.suspend()

    def test_is_refused_where_it_is_suspended_already(self):
        self.suspend()
        with refused("already_suspended"), leaves_alone(self.initiative):
            self.suspend(self.lead, at=NOON + DAY)
        assert Decision.objects.filter(kind="suspend").count() == 1

    def test_wants_a_reason(self):
        with refused("reason_missing", field="reason"), leaves_alone(self.initiative):
            self.suspend(reason="  ")

    def test_lets_an_imported_one_count_from_then_on(self):
        factories.silence(initiative=self.initiative)
        self.suspend()
        row = self.now()
        assert row.counting_since == NOON
        assert row.decision_date == TODAY + 30 * DAY
        assert row.is_suspended


class TestWhoMaySuspend(SuspendingTestCase):
    def assert_may(self, person: Person) -> None:
        person = factories.fresh(person)
        known = facts.load_one(self.initiative.pk)
        assert permissions.bar_to_deciding(person, known, "suspend") is None
        assert self.suspend(person).decided_by == person
        self.resume()

    def assert_may_not(self, person: Person) -> None:
        with refused("may_not_decide"), leaves_alone(self.initiative):
            self.suspend(factories.fresh(person))

    def test_are_whoever_runs_it_and_its_sponsor(self):
        for person in (self.on_call, self.cast.production_owner, self.sponsor):
            self.assert_may(person)

    def test_are_leads_security_and_compliance(self):
        for person in (self.lead, self.security, self.cast.compliance):
            self.assert_may(person)

    def test_are_no_other_owners_and_nobody_else(self):
        others = (
            self.cast.business_owner, self.cast.engineering_owner, self.cast.budget_owner,
            self.cast.user, factories.make_person(name="Otto Outsider"), factories.make_auditor(),
            factories.make_administrator(),
            factories.make_group_member(group="finance", name="Fay Finance"),
            factories.make_group_member(group="operations", name="Oz Operations"),
        )  # fmt: skip
        for person in others:
            self.assert_may_not(person)

    def test_are_not_those_who_have_only_been_asked(self):
        Ownership.objects.filter(person=self.on_call).update(accepted_at=None)
        self.assert_may_not(self.on_call)

    def test_are_not_those_whose_role_has_ended(self):
        Ownership.objects.filter(person=self.on_call).update(ended_at=NOON)
        self.assert_may_not(self.on_call)

    def test_are_not_those_who_have_left(self):
        for person in (self.on_call, self.security, self.cast.compliance, self.lead):
            Person.objects.filter(pk=person.pk).update(is_active=False)
            self.assert_may_not(person)

    def test_are_asked_about_this_decision_alone(self):
        known = facts.load_one(self.initiative.pk)
        for person in (self.on_call, self.security, self.cast.compliance):
            assert queries.possible_decisions(person, known) == ["suspend"]


@pytest.mark.embedded
class TestResume(SuspendingTestCase):
    def setUp(self):
        self.suspend(self.security)

    def test_puts_it_back_where_it_was(self):
        before = self.now()
        decision = self.resume(reason="The supplier has mended it.")
        row = self.now()
        assert self.is_free()
        assert (row.stage, row.decision_date) == (before.stage, before.decision_date)
        assert (row.version, row.evidence_version) == (before.version + 1, before.evidence_version)
        assert (decision.kind, decision.to_stage) == ("resume", Stage.PILOT)
        assert last_event().changed["decision"] == "resume"

    def test_forgets_that_it_was_confirmed_to_be_off(self):
        now = {"off_confirmed_at": NOON, "off_confirmed_by": self.lead}
        Initiative.objects.filter(pk=self.initiative.pk).update(**now)
        self.resume()
        assert self.is_free()

    def test_is_the_sponsors_or_a_leads(self):
        others = (self.security, self.cast.compliance, self.on_call, self.cast.production_owner)
        for person in (*others, self.cast.business_owner):
            with refused("may_not_decide"), leaves_alone(self.initiative):
                self.resume(person)
        assert self.resume(self.lead).decided_by == self.lead

    def test_is_refused_where_it_is_not_suspended(self):
        self.resume()
        with refused("not_suspended"), leaves_alone(self.initiative):
            self.resume()

    def test_is_refused_where_it_is_classed_as_prohibited(self):
        Triage.objects.update(legal_class="prohibited")
        with refused("prohibited"), leaves_alone(self.initiative):
            self.resume()
        assert "resume" not in queries.possible_decisions(
            self.lead, facts.load_one(self.initiative.pk)
        )

    def test_wants_a_reason(self):
        with refused("reason_missing", field="reason"), leaves_alone(self.initiative):
            self.resume(reason="")

    def test_may_be_followed_by_another_suspension(self):
        self.resume()
        self.suspend(at=NOON + DAY)
        assert self.now().suspended_at == NOON + DAY


class TestWhileSuspended(SuspendingTestCase):
    def assert_shut(self, kind: str, **more) -> None:
        with refused("suspended"), leaves_alone(self.initiative):
            self.decide(kind, **more)
        assert last_event().changed["message"] == SHUT

    def test_nothing_moves_it_on(self):
        for stage, kinds in (
            (Stage.PILOT, ("proceed", "extend", "pause")),
            (Stage.READINESS_REVIEW, ("ship", "extend", "pause")),
            (Stage.PRODUCTION, ("recertify",)),
        ):
            self.stand_in(stage)
            self.suspend()
            for kind in kinds:
                self.assert_shut(kind, days=7)
            self.resume()

    def test_a_light_one_is_not_shipped_in_one_sitting(self):
        factories.make_review(initiative=self.initiative, by=self.lead, at=NOON)
        Initiative.objects.filter(pk=self.initiative.pk).update(level="light")
        actions.request_review(initiative=self.initiative, by=self.lead, at=NOON, gate=Gate.GO_LIVE)
        self.suspend()
        self.assert_shut("ship")

    def test_what_is_offered_is_what_is_possible(self):
        known = facts.load_one(self.initiative.pk)
        before = queries.possible_decisions(self.lead, known)
        assert {"extend", "pause", "suspend", "kill"} <= set(before)
        assert "resume" not in before
        self.suspend()
        known = facts.load_one(self.initiative.pk)
        assert queries.possible_decisions(self.lead, known) == ["send_back", "resume", "kill"]

    def test_its_review_says_so_first(self):
        review = factories.make_review(initiative=self.initiative, by=self.lead, at=NOON)
        assert SHUT not in standing(review).lacking()
        self.suspend()
        assert standing(review).lacking()[0] == SHUT

    def test_it_can_be_sent_back_and_stays_off(self):
        self.stand_in(Stage.READINESS_REVIEW)
        review = factories.make_review(initiative=self.initiative, by=self.lead, at=NOON)
        self.suspend()
        self.decide("send_back", to_pilot=True)
        assert Review.objects.get(pk=review.pk).closing == "sent_back"
        row = self.now()
        assert (row.stage, row.is_suspended) == (Stage.PILOT, True)

    def test_to_kill_it_ends_the_suspension(self):
        self.suspend()
        self.decide("kill", **KILL)
        assert self.now().stage == Stage.RETIRED
        assert self.is_free()

    def test_to_decommission_it_ends_the_suspension(self):
        self.stand_in(Stage.PRODUCTION)
        answer_gate(self.initiative, Gate.RETIREMENT, self.lead)
        self.suspend()
        self.decide("decommission", **KILL)
        assert self.now().stage == Stage.RETIRED
        assert self.is_free()


class TestSignatures(SuspendingTestCase):
    """What was signed is the same as before: nobody has to sign again."""

    def test_stay_live(self):
        review = factories.make_review(
            initiative=self.initiative, by=self.cast.business_owner, at=NOON - DAY
        )
        sign(review, "sponsor", self.sponsor, at=NOON - DAY)
        before, digest = self.now(), standing(review).digest
        for act in (self.suspend, self.resume):
            act()
            assert standing(review).digest == digest
            assert len(state(review, "sponsor").live) == 1
            assert self.now().evidence_version == before.evidence_version
        assert actions.notice_changes(at=NOON) == 0

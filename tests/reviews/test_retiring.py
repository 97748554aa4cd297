"""Saying that something is dead, keeping it, and retiring in bulk what is."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import TestCase

from audit.models import Event
from audit.refusals import Refused
from initiatives import actions as initiatives
from initiatives.models import Evidence, Initiative, Obligation
from initiatives.stages import Role, Stage
from reviews import actions
from reviews.models import Decision, RetirementRequest
from tests.factories import NOON, make_declared, make_lead, make_owner, make_person, reloaded

LATER = NOON + timedelta(days=2)
REASON = "Replaced by the portal in March; nobody has used it since."


class SaidToBeDead(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.lead = make_lead()
        cls.owner = make_person(name="Olga Owner")
        cls.sponsor = make_person(name="Sam Sponsor")
        cls.stranger = make_person(name="Stig Stranger")
        cls.pilot = cls.declare("Old pilot", Stage.PILOT)
        make_owner(initiative=cls.pilot, role=Role.SPONSOR, person=cls.sponsor)

    @classmethod
    def declare(cls, name, stage):
        row = make_declared(by=cls.lead, name=name, stage=stage)
        initiatives.ask(
            initiative=row, role=Role.BUSINESS_OWNER, person=cls.owner, by=cls.lead, at=NOON
        )
        return reloaded(row)

    def say(self, row=None, by=None, reason=REASON, at=NOON):
        return actions.ask_to_retire(
            initiative=row or self.pilot, reason=reason, by=by or self.owner, at=at
        )

    def refused(self, rule, act, **said):
        with pytest.raises(Refused) as refusal:
            act(**said)
        assert refusal.value.rule == rule


@pytest.mark.embedded
class TestAskToRetire(SaidToBeDead):
    def test_keeps_who_said_it_when_and_why_and_moves_nothing(self):
        said = self.say()
        assert (said.asked_by, said.asked_at, said.reason) == (self.owner, NOON, REASON)
        assert reloaded(self.pilot).stage == Stage.PILOT
        event = Event.objects.get(kind="retirement.asked")
        assert (event.initiative_id, event.actor_id) == (self.pilot.pk, self.owner.pk)

    def test_stands_where_it_was_said_already(self):
        first = self.say()
        assert self.say(by=self.sponsor, reason="Dead.", at=LATER) == first
        assert RetirementRequest.objects.count() == 1

    def test_is_for_those_who_are_said_to_own_it_and_for_leads(self):
        self.refused("not_asked", self.say, by=self.stranger)
        assert not RetirementRequest.objects.exists()
        assert self.say(by=self.lead)

    def test_wants_a_reason(self):
        self.refused("reason_missing", self.say, reason="  ")

    def test_is_refused_of_what_is_retired(self):
        Initiative.objects.filter(pk=self.pilot.pk).update(stage=Stage.RETIRED)
        self.refused("retired", self.say)


@pytest.mark.embedded
class TestKeep(SaidToBeDead):
    def keep(self, by=None, because="It runs each night.", request=None):
        request = request or RetirementRequest.objects.get()
        return actions.keep(request=request, because=because, by=by or self.lead, at=LATER)

    def test_closes_it_with_the_reason(self):
        self.say()
        kept = self.keep()
        assert (kept.closed_at, kept.closed_by, kept.because) == (
            LATER, self.lead, "It runs each night.",
        )  # fmt: skip
        assert not RetirementRequest.objects.open().exists()
        assert Event.objects.filter(kind="retirement.declined").exists()

    def test_lets_it_be_said_again(self):
        self.say()
        self.keep()
        assert self.say(at=LATER).pk

    def test_is_the_sponsors_or_a_leads(self):
        self.say()
        self.refused("may_not_decide", self.keep, by=self.owner)
        assert RetirementRequest.objects.open().exists()
        assert self.keep(by=self.sponsor).closed_by == self.sponsor

    def test_wants_a_reason(self):
        self.say()
        self.refused("reason_missing", self.keep, because=" ")

    def test_comes_too_late_once_it_is_decided(self):
        said = self.say()
        self.keep()
        self.refused("decided_already", self.keep, request=said)


@pytest.mark.embedded
class TestRetireAll(SaidToBeDead):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.system = cls.declare("Old system", Stage.PRODUCTION)
        cls.idea = cls.declare("Old idea", Stage.PROPOSAL)

    def say_all(self):
        for row in (self.pilot, self.system, self.idea):
            self.say(row)

    def retire(self, by=None, **said):
        rows = RetirementRequest.objects.select_related("initiative", "asked_by").order_by("pk")
        return actions.retire_all(
            requests=rows, outcome="withdrawn", lesson="Ask who uses it.", by=by or self.lead,
            at=LATER, **said,
        )  # fmt: skip

    def test_retires_what_nobody_relies_on_from_production_too(self):
        self.say(self.system)
        account = self.retire(unused_because="Switched off in May.")
        assert [decision.kind for decision in account.done] == ["decommission"]
        assert reloaded(self.system).stage == Stage.RETIRED
        answers = Evidence.objects.filter(initiative=self.system)
        assert answers.get(criterion="leaving_production").not_applicable_because == (
            "Switched off in May."
        )

    def test_sets_nothing_aside_for_a_decision_that_is_refused(self):
        self.say(self.system)
        make_owner(initiative=self.system, role=Role.ENGINEERING_OWNER, person=self.stranger)
        account = self.retire(by=self.stranger, unused_because="Switched off in May.")
        assert [refusal.rule for _, refusal in account.refused] == ["may_not_decide"]
        assert not Evidence.objects.filter(initiative=self.system).exists()
        assert Event.objects.filter(kind="decision_refused").count() == 1

    def test_decides_each_by_itself_and_says_what_was_refused_and_why(self):
        self.say_all()
        account = self.retire()
        assert [d.initiative for d in account.done] == [self.pilot, self.idea]
        ((row, refusal),) = account.refused
        assert (row, refusal.rule) == (self.system, "gate_unmet")
        assert reloaded(self.system).stage == Stage.PRODUCTION
        assert {reloaded(row).stage for row in (self.pilot, self.idea)} == {Stage.RETIRED}

    def test_says_in_the_decision_who_said_so_and_what_is_learned(self):
        self.say()
        self.retire()
        decision = Decision.objects.get()
        assert (decision.kind, decision.outcome) == ("kill", "withdrawn")
        assert decision.reason == f"Olga Owner: {REASON}"
        assert decision.lesson == "Ask who uses it."

    def test_leaves_to_be_done_what_stopping_leaves(self):
        self.say()
        self.retire()
        kinds = Obligation.objects.filter(initiative=self.pilot).values_list("kind", flat=True)
        assert set(kinds) == {"access", "deletion", "spend"}

    def test_refuses_each_to_whoever_may_not_decide(self):
        self.say_all()
        account = self.retire(by=self.owner)
        assert account.done == []
        assert {refusal.rule for _, refusal in account.refused} == {"may_not_decide"}

    def test_waits_no_longer_once_it_is_retired_by_whatever_way(self):
        self.say()
        actions.decide(
            initiative=self.pilot, kind="kill", reason="No use.", outcome="withdrawn",
            lesson="Ask earlier.", by=self.sponsor, at=LATER,
        )  # fmt: skip
        assert not RetirementRequest.objects.open().exists()

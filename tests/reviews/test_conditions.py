from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import TestCase

from accounts import actions as people
from accounts.models import Person
from initiatives import actions as initiatives
from initiatives import facts
from initiatives.models import Initiative, Obligation
from initiatives.stages import Gate
from reviews import actions, gates, queries
from reviews.actions import Condition
from reviews.models import Decision, Review, SignOff
from reviews.signing import SlotState
from tests import factories
from tests.factories import NOON, TODAY, authentication
from tests.reviews.scenes import (
    APPROVE,
    DAY,
    REJECT,
    LaterStages,
    last_event,
    refusal,
    sign,
    slot,
    standing,
    state,
)

CONDITIONAL = SignOff.Verdict.CONDITIONAL


class Conditional(TestCase):
    """A charter at standard level; security is not asked, compliance is."""

    @classmethod
    def setUpTestData(cls):
        cls.cast = factories.make_cast()
        cls.initiative = factories.make_ready_for_charter(cast=cls.cast)
        cls.review = factories.make_review(
            initiative=cls.initiative, by=cls.cast.business_owner, at=NOON - DAY
        )

    def condition(self, what: str = "The off-switch was tried.", **more) -> Condition:
        said = {"assignee": self.cast.engineering_owner, "due_date": TODAY + 7 * DAY} | more
        return Condition(what, **said)

    def approve(self, key: str = "sponsor", by: Person | None = None, at=NOON, **more):
        wanted = {"verdict": CONDITIONAL, "conditions": [self.condition()]} | more
        return actions.sign(
            slot=slot(self.review, key),
            digest=standing(self.review, at).digest,
            authentication=authentication(at=at),
            by=by or self.cast.sponsor,
            at=at,
            **wanted,
        )

    def obligation(self) -> Obligation:
        return Obligation.objects.get(initiative=self.initiative)

    def confirm(self, at=NOON + DAY, by: Person | None = None) -> Obligation:
        by = by or self.cast.engineering_owner
        return initiatives.confirm_obligation(obligation=self.obligation(), by=by, at=at)


@pytest.mark.embedded
class TestApproveWithConditions(Conditional):
    def test_fills_the_slot_and_gives_somebody_something_to_see_to(self):
        event = self.approve()
        owed = self.obligation()
        assert (owed.what, owed.assignee) == (
            "The off-switch was tried.", self.cast.engineering_owner,
        )  # fmt: skip
        assert (owed.kind, owed.gate, owed.due_date) == ("condition", "charter", TODAY + 7 * DAY)
        assert (owed.agreed_by, owed.agreed_at) == (self.cast.sponsor, NOON)
        assert state(self.review, "sponsor").is_filled
        signed = SignOff.objects.get()
        assert signed.verdict == CONDITIONAL
        assert list(signed.conditions.all()) == [owed]
        said = json.loads(event.payload)["changed"]
        assert (said["verdict"], said["conditions"]) == ("conditional", [owed.pk])

    def test_says_in_the_log_who_sees_to_it(self):
        self.approve()
        said = json.loads(last_event(kind="obligation.owed").payload)["changed"]
        assert said["person"] == self.cast.engineering_owner.pk
        assert said["due"] == str(TODAY + 7 * DAY)

    def test_changes_no_evidence(self):
        before = standing(self.review).digest
        self.approve()
        assert standing(self.review).digest == before

    def test_refuses_a_conditional_approval_without_a_condition(self):
        refused = refusal(self.approve, conditions=[])
        assert (refused.rule, refused.field) == ("no_condition", "what")

    def test_refuses_a_condition_on_a_plain_approval(self):
        assert refusal(self.approve, verdict=APPROVE).rule == "no_condition"

    def test_refuses_an_empty_condition(self):
        refused = refusal(self.approve, conditions=[self.condition("  ")])
        assert (refused.rule, refused.field) == ("condition_empty", "what")

    def test_refuses_somebody_who_has_left(self):
        people.deactivate(person=self.cast.engineering_owner, by=None, at=NOON - DAY)
        refused = refusal(self.approve)
        assert (refused.rule, refused.field) == ("cannot_see", "assignee")

    def test_refuses_somebody_who_may_not_know_of_it(self):
        Initiative.objects.filter(pk=self.initiative.pk).update(is_restricted=True)
        stranger = factories.make_person(name="Uma Unknown")
        refused = refusal(self.approve, conditions=[self.condition(assignee=stranger)])
        assert refused.rule == "cannot_see"

    def test_refuses_a_day_that_is_over_or_far_away(self):
        for day in (TODAY - DAY, TODAY + 181 * DAY):
            refused = refusal(self.approve, conditions=[self.condition(due_date=day)])
            assert (refused.rule, refused.field) == ("condition_date", "due_date")

    def test_takes_a_condition_due_today(self):
        self.approve(conditions=[self.condition(due_date=TODAY)])
        assert state(self.review, "sponsor").is_filled


class TestLapse(Conditional):
    """A condition that is missed lapses the approval, at once and without a sweep."""

    LATE = NOON + 8 * DAY

    def sponsors(self, at) -> SlotState:
        return next(s for s in standing(self.review, at).slots if s.slot.key == "sponsor")

    def test_holds_on_the_day_itself(self):
        self.approve()
        assert self.sponsors(NOON + 7 * DAY).is_filled

    def test_empties_the_slot_the_day_after(self):
        self.approve()
        now = self.sponsors(self.LATE)
        assert not now.is_filled
        assert [s.signer for s in now.lapsed] == [self.cast.sponsor]
        assert now.waits_for(self.cast.sponsor)
        assert "Not signed: Sponsor." in standing(self.review, self.LATE).lacking()

    def test_holds_when_it_was_confirmed_in_time(self):
        self.approve()
        self.confirm()
        assert self.sponsors(self.LATE).is_filled

    def test_does_not_come_back_when_it_is_confirmed_too_late(self):
        self.approve()
        self.confirm(at=self.LATE)
        assert self.obligation().missed_at == self.LATE
        now = self.sponsors(self.LATE)
        assert not now.is_filled

    def test_is_noted_by_the_sweep_once(self):
        self.approve()
        assert initiatives.miss_conditions(at=NOON + 7 * DAY) == 0
        assert initiatives.miss_conditions(at=self.LATE) == 1
        assert initiatives.miss_conditions(at=self.LATE + DAY) == 0
        assert self.obligation().missed_at == self.LATE
        assert last_event(kind="condition.missed").initiative_id == self.initiative.pk

    def test_is_renewed_by_signing_again_on_the_same_evidence(self):
        self.approve()
        again = self.condition("It is tried by Friday.", due_date=self.LATE.date() + 5 * DAY)
        self.approve(at=self.LATE, conditions=[again])
        assert self.sponsors(self.LATE).is_filled
        assert list(SignOff.objects.values_list("round", flat=True)) == [1, 2]
        first, second = Obligation.objects.order_by("pk")
        assert first.released_at == self.LATE
        assert second.is_open

    def test_refuses_to_sign_twice_while_it_holds(self):
        self.approve()
        assert refusal(self.approve).rule == "already_signed"

    def test_cannot_be_doubled_by_the_database(self):
        self.approve()
        signed = SignOff.objects.get()
        signed.pk = None
        with pytest.raises(IntegrityError), transaction.atomic():
            signed.save()


class TestReleasing(Conditional):
    def test_asks_no_longer_once_the_review_is_withdrawn(self):
        self.approve()
        actions.withdraw(review=self.review, reason="Later.", by=self.cast.lead, at=NOON + DAY)
        assert self.obligation().released_at == NOON + DAY

    def test_asks_no_longer_once_it_is_sent_back(self):
        self.approve()
        actions.decide(
            initiative=self.initiative, kind="send_back", reason="Not yet.",
            by=self.cast.sponsor, at=NOON + DAY,
        )  # fmt: skip
        assert self.obligation().released_at == NOON + DAY

    def test_keeps_asking_once_it_is_decided(self):
        self.approve()
        for key, who in (
            ("business_owner", self.cast.business_owner),
            ("engineering_owner", self.cast.engineering_owner),
            ("compliance", self.cast.compliance),
        ):
            sign(self.review, key, who)
        actions.decide(
            initiative=self.initiative, kind="proceed", reason="Go.",
            by=self.cast.sponsor, at=NOON + DAY,
        )  # fmt: skip
        assert self.obligation().is_open
        closed = queries.standing(Review.objects.get(pk=self.review.pk), TODAY + 30 * DAY)
        assert next(s for s in closed.slots if s.slot.key == "sponsor").is_filled

    def test_refuses_to_confirm_what_is_not_asked_any_more(self):
        self.approve()
        actions.withdraw(review=self.review, reason="Later.", by=self.cast.lead, at=NOON + DAY)
        assert refusal(self.confirm).rule == "not_open"


class TestConfirmObligation(Conditional):
    def test_says_who_confirmed_it_and_how(self):
        self.approve()
        done = initiatives.confirm_obligation(
            obligation=self.obligation(), by=self.cast.engineering_owner, at=NOON + DAY,
            comment=" Tried on Monday. ",
        )  # fmt: skip
        assert (done.confirmed_by, done.confirmed_at) == (
            self.cast.engineering_owner, NOON + DAY,
        )  # fmt: skip
        assert done.comment == "Tried on Monday."
        assert done.missed_at is None

    def test_lets_a_lead_confirm(self):
        self.approve()
        assert self.confirm(by=self.cast.lead).confirmed_by == self.cast.lead

    def test_refuses_whoever_was_not_asked(self):
        self.approve()
        assert refusal(self.confirm, by=self.cast.sponsor).rule == "not_assigned"

    def test_refuses_a_second_time(self):
        self.approve()
        self.confirm()
        assert refusal(self.confirm).rule == "not_open"

    def test_refuses_an_assignee_who_has_left(self):
        self.approve()
        people.deactivate(person=self.cast.engineering_owner, by=None, at=NOON)
        left = Person.objects.get(pk=self.cast.engineering_owner.pk)
        assert refusal(self.confirm, by=left).rule == "not_assigned"


class TestTakeBack(Conditional):
    def reject(self) -> None:
        sign(self.review, "sponsor", self.cast.sponsor, verdict=REJECT, comment="Too early.")

    def take_back(self, by: Person | None = None, minutes: int = 0, key: str = "sponsor"):
        return actions.take_back(
            slot=slot(self.review, key),
            authentication=authentication(at=NOON - timedelta(minutes=minutes)),
            by=by or self.cast.sponsor,
            at=NOON,
        )

    def test_empties_the_slot_and_asks_again(self):
        self.reject()
        self.take_back()
        now = state(self.review, "sponsor")
        assert not now.rejections
        assert not now.is_filled
        assert now.waits_for(self.cast.sponsor)
        assert [s.verdict for s in SignOff.objects.order_by("pk")] == ["reject", "taken_back"]

    def test_lets_its_signer_approve_afterwards(self):
        self.reject()
        self.take_back()
        sign(self.review, "sponsor", self.cast.sponsor)
        assert state(self.review, "sponsor").is_filled
        assert list(SignOff.objects.order_by("pk").values_list("round", flat=True)) == [1, 2, 3]

    def test_refuses_another_persons_rejection(self):
        self.reject()
        assert refusal(self.take_back, self.cast.lead).rule == "nothing_rejected"

    def test_refuses_where_nothing_was_rejected(self):
        sign(self.review, "sponsor", self.cast.sponsor)
        assert refusal(self.take_back).rule == "nothing_rejected"

    def test_refuses_without_a_fresh_proof_of_identity(self):
        self.reject()
        assert refusal(self.take_back, None, 20).rule == "authentication_too_old"

    def test_refuses_once_the_review_is_closed(self):
        self.reject()
        actions.withdraw(review=self.review, reason="Later.", by=self.cast.lead, at=NOON)
        assert refusal(self.take_back).rule == "review_closed"


class TestConditionsMet(LaterStages):
    """What an approval at ship-or-kill depended on has to be done before go-live."""

    def test_holds_go_live_until_it_is_confirmed(self):
        owed, _ = initiatives.owe(
            self.now(), kind="condition", gate="ship_or_kill", what="Try the off-switch.",
            assignee=self.cast.engineering_owner, due_date=TODAY, by=self.cast.sponsor,
            at=NOON - 20 * DAY,
        )  # fmt: skip
        assert self.judged().is_met  # of a gate that has not been passed yet
        self.reach_readiness_review()
        judged = self.judged()
        assert not judged.is_met
        assert judged.verdict.reason == (
            f"“Try the off-switch.” is open: {self.cast.engineering_owner}, by {TODAY:%-d %b %Y}."
        )
        initiatives.confirm_obligation(obligation=owed, by=self.cast.engineering_owner, at=NOON)
        assert self.judged().verdict.reason == "All met: 1 condition."

    def test_leaves_nothing_to_open_where_nothing_was_promised(self):
        self.reach_readiness_review()
        assert self.judged().is_met
        self.client.force_login(self.cast.lead)
        assert self.client.get(self.initiative.get_absolute_url()).status_code == 200

    def judged(self) -> gates.Judged:
        known = facts.load_one(self.initiative.pk)
        found = gates.evaluate(known, Gate.GO_LIVE, queries.current_policy(), TODAY)
        return next(j for j in found if j.criterion.key == "conditions_met")


class TestTidyingUp(LaterStages):
    """What stopping leaves to be done is given to people, who confirm it."""

    def kill(self, **more) -> Decision:
        return self.decide("kill", outcome="priorities", lesson="Ask sooner.", **more)

    def owed(self) -> dict[str, Person]:
        return {o.kind: o.assignee for o in Obligation.objects.filter(initiative=self.initiative)}

    def test_gives_access_data_and_spend_to_those_who_have_them(self):
        decision = self.kill()
        budget = facts.load_one(self.initiative.pk).owner("budget_owner")
        assert self.owed() == {
            "access": self.cast.engineering_owner,
            "deletion": self.cast.production_owner,
            "spend": budget.person if budget else self.cast.sponsor,
        }
        assert set(decision.obligations.all()) == set(Obligation.objects.all())

    def test_passes_over_whoever_has_left(self):
        people.deactivate(person=self.cast.engineering_owner, by=None, at=NOON - DAY)
        self.kill()
        assert self.owed()["access"] == self.cast.production_owner

    def test_asks_nobody_twice(self):
        initiatives.owe(
            self.now(), kind="spend", what="Stop spending.", assignee=self.cast.sponsor,
            due_date=TODAY, by=None, at=NOON - DAY,
        )  # fmt: skip
        self.kill()
        assert Obligation.objects.filter(kind="spend").count() == 1

    def test_confirms_after_it_is_retired(self):
        self.kill()
        access = Obligation.objects.get(kind="access")
        initiatives.confirm_obligation(
            obligation=access, by=self.cast.engineering_owner, at=NOON + DAY
        )
        assert not Obligation.objects.get(kind="access").is_open


class TestTidyingUpAProposal(TestCase):
    def test_leaves_nothing_to_be_done(self):
        cast = factories.make_cast()
        initiative = factories.make_ready_for_charter(cast=cast)
        actions.decide(
            initiative=initiative, kind="kill", reason="No.", outcome="withdrawn",
            lesson="None.", by=cast.sponsor, at=NOON,
        )  # fmt: skip
        assert not Obligation.objects.exists()

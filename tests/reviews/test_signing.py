from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import TestCase

from accounts import actions as people
from accounts.models import Group, Membership
from audit.models import Event
from audit.payload import stamp
from audit.refusals import Refused
from initiatives import actions as initiatives
from initiatives.models import Initiative, Metric, Ownership
from initiatives.stages import Role
from reviews import actions
from reviews.models import Review, SignOff, Slot
from tests import factories
from tests.factories import LONG_AGO, NOON, Cast, authentication
from tests.reviews.scenes import (
    APPROVE,
    DAY,
    MINUTE,
    REJECT,
    give,
    last_event,
    playing,
    publish_policy,
    refusal,
    sign,
    slot,
    standing,
    state,
    threshold,
)


class SigningTestCase(TestCase):
    """A charter at standard level: asked for by its business owner, last edited by the lead."""

    @classmethod
    def setUpTestData(cls):
        cls.cast = factories.make_cast()
        cls.initiative = factories.make_ready_for_charter(cast=cls.cast)
        cls.review = factories.make_review(
            initiative=cls.initiative, by=cls.cast.business_owner, at=NOON - DAY
        )

    def sign(self, key: str, by, **more) -> Event:
        return sign(self.review, key, by, **more)

    def refusal(self, key: str, by, **more) -> Refused:
        found = refusal(sign, self.review, key, by, **more)
        assert not SignOff.objects.filter(signer=by, slot__key=key, signed_at=NOON).exists()
        return found


@pytest.mark.embedded
class TestSign(SigningTestCase):
    def test_stores_who_signed_what_as_whom_and_how_they_proved_it(self):
        digest = standing(self.review).digest
        proof = authentication(at=NOON - 3 * MINUTE, method="password")
        self.sign("sponsor", self.cast.sponsor, proof=proof, comment="  Go on. ")
        stored = SignOff.objects.get()
        assert stored.slot == slot(self.review, "sponsor")
        assert stored.review == self.review
        assert stored.signer == self.cast.sponsor
        assert stored.printed_name == "Sam Sponsor"
        assert stored.role == Role.SPONSOR
        assert stored.group == ""
        assert stored.meaning == slot(self.review, "sponsor").meaning
        assert stored.verdict == APPROVE
        assert stored.comment == "Go on."
        assert stored.signed_at == NOON
        assert stored.authentication_method == "password"
        assert stored.authenticated_at == NOON - 3 * MINUTE
        assert stored.snapshot_id == digest
        assert stored.policy_version == 1

    def test_stores_for_which_group(self):
        self.sign("compliance", self.cast.compliance)
        stored = SignOff.objects.get()
        assert (stored.role, stored.group) == ("", "compliance")

    def test_returns_the_event_whose_number_is_the_receipt(self):
        event = self.sign("sponsor", self.cast.sponsor, comment="Go on.")
        assert event == last_event(kind="review.signed")
        assert event.seq == Event.objects.latest("seq").seq
        said = json.loads(event.payload)
        assert said["actor"] == self.cast.sponsor.pk
        assert said["initiative"] == self.initiative.pk
        for words in ("comment", "printed_name"):
            assert said["changed"].pop(words).keys() == {"text"}
        assert [words.keys() for words in said["changed"].pop("meanings")] == [{"text"}]
        assert said["changed"] == {
            "gate": "charter",
            "verdict": "approve",
            "slots": ["sponsor"],
            "as": ["sponsor"],
            "method": "password",
            "authenticated_at": stamp(NOON),
            "digest": standing(self.review).digest,
            "policy": 1,
        }

    def test_fills_the_slot(self):
        assert not state(self.review, "sponsor").is_filled
        self.sign("sponsor", self.cast.sponsor)
        assert state(self.review, "sponsor").is_filled

    def test_counts_as_an_act_and_leaves_the_evidence_alone(self):
        before = factories.reloaded(self.initiative)
        self.sign("sponsor", self.cast.sponsor)
        after = factories.reloaded(self.initiative)
        assert after.touched_at == NOON
        assert after.evidence_version == before.evidence_version
        assert after.evidence_changed_by_id == before.evidence_changed_by_id

    def test_needs_no_comment_to_approve(self):
        self.sign("sponsor", self.cast.sponsor, comment="")
        assert SignOff.objects.get().comment == ""

    def test_lets_the_requester_sign_in_their_own_role(self):
        assert self.review.opened_by == self.cast.business_owner
        self.sign("business_owner", self.cast.business_owner)
        assert state(self.review, "business_owner").is_filled

    def test_lets_the_last_editor_sign_in_their_own_role(self):
        threshold(self.initiative, 2_400, self.cast.engineering_owner)
        self.sign("engineering_owner", self.cast.engineering_owner)
        assert state(self.review, "engineering_owner").is_filled


class TestOneSignature(TestCase):
    """Fills every role slot that its signer holds."""

    @classmethod
    def setUpTestData(cls):
        cast = factories.make_cast()
        cls.cast: Cast = playing(cast, business_owner=cast.sponsor)
        cls.initiative = factories.make_ready_for_charter(cast=cls.cast)
        people.join(
            person=cls.cast.sponsor, group=Group.objects.get(key="compliance"), by=None, at=LONG_AGO
        )
        cls.review = factories.make_review(
            initiative=cls.initiative, by=cls.cast.engineering_owner, at=NOON - DAY
        )

    def test_fills_both_roles_and_no_group(self):
        event = sign(self.review, "business_owner", self.cast.sponsor)
        assert json.loads(event.payload)["changed"]["slots"] == ["sponsor", "business_owner"]
        assert set(SignOff.objects.values_list("slot__key", "role")) == {
            ("sponsor", "sponsor"),
            ("business_owner", "business_owner"),
        }
        assert not state(self.review, "compliance").is_filled

    def test_for_a_group_fills_no_role(self):
        sign(self.review, "compliance", self.cast.sponsor)
        assert SignOff.objects.get().slot.key == "compliance"

    def test_rejects_in_both_roles_too(self):
        sign(self.review, "sponsor", self.cast.sponsor, verdict=REJECT, comment="No.")
        assert SignOff.objects.filter(verdict=REJECT).count() == 2

    def test_does_not_sign_twice_what_was_signed_before_the_second_role_was_held(self):
        sign(self.review, "sponsor", self.cast.sponsor)
        no = refusal(sign, self.review, "business_owner", self.cast.sponsor)
        assert no.rule == "already_signed"
        assert SignOff.objects.count() == 2


class TestRefusesToSign(SigningTestCase):
    def test_evidence_that_has_changed_and_says_how(self):
        read = standing(self.review).digest
        threshold(self.initiative, 2_400, self.cast.lead)
        no = self.refusal("sponsor", self.cast.sponsor, digest=read)
        assert no.rule == "evidence_changed"
        assert no.detail["changes"] == [
            ("Threshold of Time until a claim is with its handler", "45 min", "40 min")
        ]

    def test_evidence_that_never_was(self):
        for digest in ("", "0" * 64, "what?"):
            no = self.refusal("sponsor", self.cast.sponsor, digest=digest)
            assert (no.rule, no.detail["changes"]) == ("evidence_changed", [])

    def test_evidence_whose_owner_has_changed_naming_both(self):
        read = standing(self.review).digest
        give(self.initiative, Role.BUDGET_OWNER, self.cast.user)
        no = self.refusal("sponsor", self.cast.sponsor, digest=read)
        assert no.detail["changes"] == [("Budget owner", "Bo Budget", "Uma User")]

    def test_an_authentication_older_than_a_quarter_of_an_hour(self):
        late = authentication(at=NOON - 15 * MINUTE - timedelta(seconds=1))
        assert self.refusal("sponsor", self.cast.sponsor, proof=late).rule == (
            "authentication_too_old"
        )
        self.sign("sponsor", self.cast.sponsor, proof=authentication(at=NOON - 15 * MINUTE))

    def test_an_authentication_that_lies_ahead(self):
        proof = authentication(at=NOON + MINUTE)
        assert self.refusal("sponsor", self.cast.sponsor, proof=proof).rule == (
            "authentication_too_old"
        )

    def test_without_any_authentication(self):
        no = refusal(
            actions.sign,
            slot=slot(self.review, "sponsor"),
            verdict=APPROVE,
            digest=standing(self.review).digest,
            authentication=None,
            by=self.cast.sponsor,
            at=NOON,
        )
        assert no.rule == "authentication_too_old"

    def test_somebody_elses_slot(self):
        for who in (
            self.cast.business_owner,
            self.cast.compliance,
            self.cast.lead,
            factories.make_person(name="Otto Outsider"),
            factories.make_administrator(),
        ):
            assert self.refusal("sponsor", who).rule == "not_your_slot"
        assert self.refusal("compliance", self.cast.sponsor).rule == "not_your_slot"

    def test_a_role_that_was_asked_and_not_accepted(self):
        initiatives.ask(
            initiative=self.initiative,
            role=Role.SPONSOR,
            person=self.cast.user,
            by=None,
            at=NOON,
        )
        assert self.refusal("sponsor", self.cast.user).rule == "not_your_slot"
        assert self.refusal("sponsor", self.cast.sponsor).rule == "not_your_slot"

    def test_somebody_inactive(self):
        people.deactivate(person=self.cast.sponsor, by=None, at=NOON)
        people.deactivate(person=self.cast.compliance, by=None, at=NOON)
        assert self.refusal("sponsor", self.cast.sponsor).rule == "not_your_slot"
        assert self.refusal("compliance", self.cast.compliance).rule == "not_your_slot"

    def test_somebody_who_has_left_the_group(self):
        group = Group.objects.get(key="compliance")
        people.leave(person=self.cast.compliance, group=group, by=None, at=NOON)
        assert self.refusal("compliance", self.cast.compliance).rule == "not_your_slot"

    def test_somebody_who_joined_the_group_after_the_review_was_opened(self):
        late = factories.make_group_member(group="compliance", name="Lena Late", at=NOON)
        no = self.refusal("compliance", late)
        assert no.rule == "barred_from_signing"
        assert "joined the group after the review was opened" in no.message

    def test_the_last_editor_for_a_group(self):
        give(self.initiative, Role.ON_CALL, self.cast.compliance)
        threshold(self.initiative, 2_400, self.cast.compliance)
        no = self.refusal("compliance", self.cast.compliance)
        assert no.rule == "barred_from_signing"
        assert "last changed the evidence" in no.message

    def test_twice_on_the_same_evidence(self):
        self.sign("sponsor", self.cast.sponsor, at=NOON - MINUTE)
        assert self.refusal("sponsor", self.cast.sponsor).rule == "already_signed"
        self.sign(
            "compliance", self.cast.compliance, at=NOON - MINUTE, verdict=REJECT, comment="No."
        )
        assert self.refusal("compliance", self.cast.compliance).rule == "already_signed"
        assert SignOff.objects.count() == 2

    def test_twice_in_the_database_too(self):
        self.sign("sponsor", self.cast.sponsor)
        stored = SignOff.objects.get()
        stored.pk = None
        with pytest.raises(IntegrityError), transaction.atomic():
            stored.save(force_insert=True)

    def test_a_slot_that_enough_people_have_signed(self):
        other = factories.make_group_member(group="compliance", name="Carl Compliance")
        self.sign("compliance", self.cast.compliance)
        assert self.refusal("compliance", other).rule == "slot_filled"

    def test_a_review_that_is_closed(self):
        actions.decide(
            initiative=self.initiative, kind="send_back", reason="x", by=self.cast.lead, at=NOON
        )
        assert self.refusal("sponsor", self.cast.sponsor).rule == "review_closed"

    def test_a_no_without_a_reason(self):
        for comment in ("", "  \n"):
            no = self.refusal("sponsor", self.cast.sponsor, verdict=REJECT, comment=comment)
            assert (no.rule, no.field) == ("why", "comment")

    def test_and_records_who_tried_what(self):
        self.refusal("sponsor", self.cast.compliance)
        event = last_event(kind="review.sign_refused")
        assert event.subject == f"slot:{slot(self.review, 'sponsor').pk}"
        assert event.initiative_id == self.initiative.pk
        assert event.actor_id == self.cast.compliance.pk
        assert json.loads(event.payload)["changed"]["rule"] == "not_your_slot"


class TestTheRequesterForAGroup(TestCase):
    def test_is_barred(self):
        cast = factories.make_cast()
        initiative = factories.make_ready_for_charter(cast=cast)
        compliance = Group.objects.get(key="compliance")
        asker = factories.make_lead(name="Lou Lead")
        people.join(person=asker, group=compliance, by=None, at=LONG_AGO)
        review = factories.make_review(initiative=initiative, by=asker, at=NOON - DAY)
        no = refusal(sign, review, "compliance", asker)
        assert no.rule == "barred_from_signing"
        assert "whoever asks for a review" in no.message
        assert state(review, "compliance").barred.keys() == {asker.pk}
        assert state(review, "compliance").eligible == (cast.compliance,)


class TestFullLevel(TestCase):
    def test_wants_an_authentication_of_the_last_five_minutes(self):
        cast = factories.make_cast()
        initiative = factories.make_ready_for_charter(cast=cast)
        factories.make_triage(initiative=initiative, yes=["safety_or_regulated"])
        assert factories.reloaded(initiative).level == "full"
        review = factories.make_review(initiative=initiative, by=cast.lead, at=NOON - DAY)
        late = authentication(at=NOON - 5 * MINUTE - timedelta(seconds=1))
        no = refusal(sign, review, "sponsor", cast.sponsor, proof=late)
        assert no.rule == "authentication_too_old"
        sign(review, "sponsor", cast.sponsor, proof=authentication(at=NOON - 5 * MINUTE))


class TestReject(SigningTestCase):
    def setUp(self):
        self.sign("compliance", self.cast.compliance, verdict=REJECT, comment="No legal ground.")

    def test_leaves_the_slot_empty(self):
        found = state(self.review, "compliance")
        assert not found.is_filled
        assert [s.comment for s in found.rejections] == ["No legal ground."]

    def test_keeps_the_slot_empty_although_somebody_else_approves(self):
        other = factories.make_group_member(group="compliance", name="Carl Compliance")
        self.sign("compliance", other)
        assert not state(self.review, "compliance").is_filled

    def test_is_open_to_a_second_look_on_other_evidence(self):
        threshold(self.initiative, 2_400, self.cast.lead)
        assert state(self.review, "compliance").waits_for(self.cast.compliance)
        self.sign("compliance", self.cast.compliance)
        assert state(self.review, "compliance").is_filled


class TestStaleSignatures(SigningTestCase):
    def setUp(self):
        self.sign("sponsor", self.cast.sponsor)

    def test_are_kept_and_count_no_longer_when_the_evidence_changes(self):
        threshold(self.initiative, 2_400, self.cast.lead)
        found = state(self.review, "sponsor")
        assert not found.is_filled
        assert found.live == ()
        assert [s.signer for s in found.stale] == [self.cast.sponsor]
        assert SignOff.objects.count() == 1

    def test_are_stale_before_anybody_has_noticed(self):
        threshold(self.initiative, 2_400, self.cast.lead)
        review = Review.objects.get(pk=self.review.pk)
        assert review.seen_version < factories.reloaded(self.initiative).evidence_version
        assert not state(review, "sponsor").is_filled

    def test_say_to_their_signer_what_changed(self):
        threshold(self.initiative, 2_400, self.cast.lead)
        found = standing(self.review)
        assert found.changes_since(SignOff.objects.get()) == [
            ("Threshold of Time until a claim is with its handler", "45 min", "40 min")
        ]

    def test_are_live_again_when_the_change_is_undone(self):
        threshold(self.initiative, 2_400, self.cast.lead)
        threshold(self.initiative, 2_700, self.cast.lead)
        assert state(self.review, "sponsor").is_filled
        assert state(self.review, "sponsor").stale == ()

    def test_are_live_again_although_their_signer_has_signed_what_was_there_between(self):
        threshold(self.initiative, 2_400, self.cast.lead)
        self.sign("sponsor", self.cast.sponsor)
        threshold(self.initiative, 2_700, self.cast.lead)
        assert state(self.review, "sponsor").is_filled
        assert self.refusal("sponsor", self.cast.business_owner).rule == "not_your_slot"
        no = refusal(self.sign, "sponsor", self.cast.sponsor)
        assert no.rule == "already_signed"

    def test_can_be_given_again(self):
        threshold(self.initiative, 2_400, self.cast.lead)
        self.sign("sponsor", self.cast.sponsor, at=NOON + MINUTE)
        assert state(self.review, "sponsor").is_filled
        assert SignOff.objects.count() == 2

    def test_stay_live_over_a_nightly_measurement(self):
        metric = Metric.objects.get(initiative=self.initiative)
        factories.make_measurement(metric=metric, value=9_000, is_automatic=True)
        assert state(self.review, "sponsor").is_filled

    def test_stay_live_over_a_change_that_changes_nothing(self):
        Initiative.objects.filter(pk=self.initiative.pk).update(evidence_version=99)
        assert state(self.review, "sponsor").is_filled
        assert actions.notice_changes(at=NOON) == 0

    def test_go_stale_over_a_correction(self):
        metric = Metric.objects.get(initiative=self.initiative)
        first = factories.make_measurement(metric=metric, value=9_000)
        assert state(self.review, "sponsor").is_filled
        factories.make_measurement(metric=metric, value=7_200, corrects=first)
        assert not state(self.review, "sponsor").is_filled


@pytest.mark.embedded
class TestNoticeChanges(SigningTestCase):
    def test_notes_the_new_evidence_once(self):
        before = self.review.snapshot_id
        threshold(self.initiative, 2_400, self.cast.lead)
        assert actions.notice_changes(at=NOON) == 1
        review = Review.objects.get(pk=self.review.pk)
        assert review.snapshot_id == standing(review).digest != before
        assert review.seen_version == factories.reloaded(self.initiative).evidence_version
        event = last_event(kind="review.evidence_changed")
        assert json.loads(event.payload)["changed"] == {
            "gate": "charter",
            "before": before,
            "after": review.snapshot_id,
        }
        assert actions.notice_changes(at=NOON) == 0
        assert Event.objects.filter(kind="review.evidence_changed").count() == 1

    def test_finds_nothing_in_a_change_that_was_undone(self):
        threshold(self.initiative, 2_400, self.cast.lead)
        threshold(self.initiative, 2_700, self.cast.lead)
        assert actions.notice_changes(at=NOON) == 0
        assert not Event.objects.filter(kind="review.evidence_changed").exists()
        version = factories.reloaded(self.initiative).evidence_version
        assert Review.objects.get(pk=self.review.pk).seen_version == version

    def test_leaves_a_decided_review_as_it_was_decided(self):
        actions.decide(
            initiative=self.initiative, kind="send_back", reason="x", by=self.cast.lead, at=NOON
        )
        threshold(self.initiative, 2_400, self.cast.lead)
        assert actions.notice_changes(at=NOON) == 0
        assert Review.objects.get(pk=self.review.pk).snapshot_id == self.review.snapshot_id

    def test_happens_first_thing_when_somebody_signs(self):
        threshold(self.initiative, 2_400, self.cast.lead)
        self.sign("sponsor", self.cast.sponsor)
        assert SignOff.objects.get().snapshot_id == standing(self.review).digest
        kinds = Event.objects.order_by("-seq").values_list("kind", flat=True)[:2]
        assert list(kinds) == ["review.signed", "review.evidence_changed"]


class TestPeopleMissing(SigningTestCase):
    def missing(self, review: Review) -> list[str]:
        return [line for line in standing(review).lacking() if "different people" in line]

    def test_counts_those_who_have_signed(self):
        assert self.missing(self.review) == ["3 different people have to sign; 0 have."]
        self.sign("sponsor", self.cast.sponsor)
        self.sign("business_owner", self.cast.business_owner)
        assert self.missing(self.review) == ["3 different people have to sign; 2 have."]
        self.sign("engineering_owner", self.cast.engineering_owner)
        assert self.missing(self.review) == []

    def test_counts_people_and_not_slots(self):
        cast = playing(
            self.cast,
            business_owner=self.cast.sponsor,
            engineering_owner=self.cast.sponsor,
        )
        initiative = factories.make_ready_for_charter(cast=cast, name="One-man show")
        review = factories.make_review(initiative=initiative, by=cast.lead, at=NOON - DAY)
        sign(review, "sponsor", cast.sponsor)
        sign(review, "compliance", cast.compliance)
        assert all(found.is_filled for found in standing(review).slots)
        assert standing(review).lacking() == ["3 different people have to sign; 2 have."]

    def test_wants_somebody_from_outside_the_delivery_team(self):
        cast = playing(
            self.cast,
            sponsor=self.cast.production_owner,
            business_owner=self.cast.engineering_owner,
        )
        initiative = factories.make_ready_for_charter(cast=cast, name="Among ourselves")
        give(initiative, Role.PRODUCTION_OWNER, cast.compliance, LONG_AGO)
        review = factories.make_review(initiative=initiative, by=cast.lead, at=NOON - DAY)
        for key, who in {
            "sponsor": cast.sponsor,
            "engineering_owner": cast.engineering_owner,
            "compliance": cast.compliance,
        }.items():
            sign(review, key, who)
        assert standing(review).lacking() == [
            "Somebody from outside the delivery team has to sign."
        ]


class TestSlotState(SigningTestCase):
    def test_says_at_once_that_nobody_can_sign_a_role(self):
        assert state(self.review, "sponsor").is_fillable
        people.deactivate(person=self.cast.sponsor, by=None, at=NOON)
        found = state(self.review, "sponsor")
        assert not found.is_fillable
        assert found.eligible == ()

    def test_says_at_once_that_nobody_can_sign_for_a_group(self):
        Membership.objects.filter(group__key="compliance").update(left_at=NOON)
        assert not state(self.review, "compliance").is_fillable

    def test_stays_fillable_when_its_signer_left_after_signing(self):
        self.sign("compliance", self.cast.compliance)
        Membership.objects.filter(group__key="compliance").update(left_at=NOON)
        assert state(self.review, "compliance").is_fillable
        assert state(self.review, "compliance").is_filled

    def test_waits_for_those_who_may_and_have_not(self):
        found = state(self.review, "compliance")
        assert found.waits_for(self.cast.compliance)
        assert not found.waits_for(self.cast.sponsor)
        self.sign("compliance", self.cast.compliance)
        assert not state(self.review, "compliance").waits_for(self.cast.compliance)

    def test_of_a_quorum_wants_as_many_people(self):
        other = factories.make_group_member(group="compliance", name="Carl Compliance")
        Slot.objects.filter(review=self.review, key="compliance").update(quorum=2)
        self.sign("compliance", self.cast.compliance)
        assert not state(self.review, "compliance").is_filled
        self.sign("compliance", other)
        assert state(self.review, "compliance").is_filled

    def test_of_a_quorum_larger_than_the_group_is_not_fillable(self):
        Slot.objects.filter(review=self.review, key="compliance").update(quorum=2)
        assert not state(self.review, "compliance").is_fillable


class TestAPolicyPublishedMeanwhile(SigningTestCase):
    def test_does_not_reach_a_review_that_is_open(self):
        self.sign("sponsor", self.cast.sponsor)
        publish_policy(lambda text: text.replace("pilot_days = 42", "pilot_days = 30"))
        assert state(self.review, "sponsor").is_filled
        assert standing(self.review).policy.version == 1
        assert standing(self.review).blocking == []


class TestOwnershipThatChangesHands(SigningTestCase):
    def test_gives_the_slot_to_whoever_holds_the_role_now(self):
        self.sign("sponsor", self.cast.sponsor)
        give(self.initiative, Role.SPONSOR, self.cast.user)
        found = state(self.review, "sponsor")
        assert found.eligible == (self.cast.user,)
        assert [s.signer for s in found.stale] == [self.cast.sponsor]
        assert Ownership.objects.counting().filter(role=Role.SPONSOR).count() == 1

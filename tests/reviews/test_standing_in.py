from __future__ import annotations

import json
from datetime import date

from django.test import TestCase

from accounts import actions as people
from accounts.models import Membership, Person
from initiatives import actions as initiatives
from initiatives.models import Initiative
from initiatives.stages import Role
from reviews import actions, queries, signing
from reviews.models import Delegation, SignOff
from tests import factories
from tests.factories import NOON, TODAY
from tests.reviews.scenes import (
    DAY,
    give,
    last_event,
    publish_policy,
    refusal,
    sign,
    slot,
    standing,
    state,
)


class StandingIn(TestCase):
    """A charter at standard level, and somebody who holds no role on it."""

    @classmethod
    def setUpTestData(cls):
        cls.cast = factories.make_cast()
        cls.initiative = factories.make_ready_for_charter(cast=cls.cast)
        cls.review = factories.make_review(
            initiative=cls.initiative, by=cls.cast.business_owner, at=NOON - DAY
        )
        cls.deputy = factories.make_person(name="Dana Deputy")

    def hand_on(
        self,
        key: str = "sponsor",
        to: Person | None = None,
        by: Person | None = None,
        until: date = TODAY + 14 * DAY,
        reason: str = "Away.",
    ) -> Delegation:
        return actions.hand_on(
            slot=slot(self.review, key),
            person=to or self.deputy,
            reason=reason,
            until_date=until,
            by=by or self.cast.sponsor,
            at=NOON,
        )

    def appoint(
        self,
        key: str = "sponsor",
        to: Person | None = None,
        by: Person | None = None,
        until: date = TODAY + 14 * DAY,
        reason: str = "Away.",
    ) -> Delegation:
        return actions.appoint(
            slot=slot(self.review, key),
            person=to or self.deputy,
            reason=reason,
            until_date=until,
            by=by or self.cast.lead,
            at=NOON,
        )

    def asked(self, person: Person, today: date = TODAY) -> bool:
        """Whether this person's work, and the lists of decisions, say that they have to sign."""
        waiting = [r.review for r in queries.requests_for(person, today)]
        in_lists = signing.asked_of(person, [self.initiative.pk], today)
        assert (waiting == [self.review]) == (in_lists == {self.initiative.pk})
        now = next(s for s in standing(self.review).slots if s.slot.key == "sponsor")
        if today == TODAY:
            assert now.waits_for(person) == bool(waiting)
        return bool(waiting)


class TestHandOn(StandingIn):
    def test_asks_the_other_and_no_longer_oneself(self):
        assert self.asked(self.cast.sponsor)
        self.hand_on()
        assert self.asked(self.deputy)
        assert not self.asked(self.cast.sponsor)

    def test_lets_the_other_sign_on_behalf_of_the_holder(self):
        self.hand_on()
        event = sign(self.review, "sponsor", self.deputy)
        signed = SignOff.objects.get()
        assert (signed.signer, signed.on_behalf_of) == (self.deputy, self.cast.sponsor)
        assert json.loads(event.payload)["changed"]["on_behalf_of"] == self.cast.sponsor.pk
        assert state(self.review, "sponsor").is_filled

    def test_lets_the_holder_sign_all_the_same(self):
        self.hand_on()
        sign(self.review, "sponsor", self.cast.sponsor)
        assert SignOff.objects.get().on_behalf_of is None

    def test_holds_until_the_day_included(self):
        self.hand_on(until=TODAY)
        assert self.asked(self.deputy)
        assert not self.asked(self.deputy, TODAY + DAY)
        assert self.asked(self.cast.sponsor, TODAY + DAY)

    def test_ends_when_the_holder_has_left(self):
        self.hand_on()
        people.deactivate(person=self.cast.sponsor, by=None, at=NOON)
        assert not self.asked(self.deputy)
        assert refusal(sign, self.review, "sponsor", self.deputy).rule == "not_your_slot"

    def test_ends_when_the_other_has_left(self):
        self.hand_on()
        people.deactivate(person=self.deputy, by=None, at=NOON)
        assert self.asked(self.cast.sponsor)

    def test_ends_when_somebody_else_takes_the_role(self):
        self.hand_on()
        give(self.initiative, Role.SPONSOR, factories.make_person(name="Nia New"))
        assert not self.asked(self.deputy)

    def test_ends_when_it_is_taken_back(self):
        given = self.hand_on()
        actions.end_delegation(delegation=given, by=self.cast.sponsor, at=NOON)
        assert not self.asked(self.deputy)
        assert self.asked(self.cast.sponsor)
        assert last_event(kind="review.delegation_ended").initiative_id == self.initiative.pk

    def test_lets_the_other_decline(self):
        actions.end_delegation(delegation=self.hand_on(), by=self.deputy, at=NOON)
        assert not self.asked(self.deputy)

    def test_refuses_that_a_stranger_ends_it(self):
        given = self.hand_on()
        act = actions.end_delegation
        refused = refusal(act, delegation=given, by=self.cast.business_owner, at=NOON)
        assert refused.rule == "not_theirs"

    def test_refuses_to_end_it_twice(self):
        given = self.hand_on()
        actions.end_delegation(delegation=given, by=self.deputy, at=NOON)
        act = actions.end_delegation
        assert refusal(act, delegation=given, by=self.deputy, at=NOON).rule == "ended"

    def test_refuses_what_is_not_ones_own(self):
        assert refusal(self.hand_on, by=self.cast.engineering_owner).rule == "not_your_slot"

    def test_refuses_a_chain(self):
        self.hand_on()
        third = factories.make_person(name="Theo Third")
        assert refusal(self.hand_on, to=third, by=self.deputy).rule == "not_your_slot"

    def test_refuses_who_asked_for_the_review(self):
        refused = refusal(self.hand_on, to=self.cast.business_owner)
        assert (refused.rule, refused.field) == ("barred_from_signing", "person")

    def test_refuses_who_last_changed_the_evidence(self):
        assert refusal(self.hand_on, to=self.cast.lead).rule == "barred_from_signing"

    def test_bars_the_other_who_changes_the_evidence_afterwards(self):
        self.hand_on()
        Initiative.objects.filter(pk=self.initiative.pk).update(evidence_changed_by=self.deputy)
        assert refusal(sign, self.review, "sponsor", self.deputy).rule == "barred_from_signing"

    def test_refuses_whoever_has_left(self):
        people.deactivate(person=self.deputy, by=None, at=NOON)
        assert refusal(self.hand_on).rule == "inactive"

    def test_refuses_without_a_reason(self):
        assert refusal(self.hand_on, reason="  ").rule == "reason_missing"

    def test_refuses_without_an_end_within_90_days(self):
        for day in (TODAY - DAY, TODAY + 91 * DAY):
            assert refusal(self.hand_on, until=day).field == "until_date"

    def test_refuses_whoever_can_sign_it_already(self):
        self.hand_on()
        assert refusal(self.hand_on).rule == "can_sign"

    def test_refuses_once_it_is_signed(self):
        sign(self.review, "sponsor", self.cast.sponsor)
        assert refusal(self.hand_on).rule == "slot_filled"

    def test_refuses_once_the_review_is_closed(self):
        actions.withdraw(review=self.review, reason="No.", by=self.cast.lead, at=NOON)
        assert refusal(self.hand_on).rule == "review_closed"


class TestOfAGroup(StandingIn):
    def test_lets_a_member_hand_it_on(self):
        self.hand_on("compliance", by=self.cast.compliance)
        sign(self.review, "compliance", self.deputy)
        assert SignOff.objects.get().on_behalf_of == self.cast.compliance

    def test_refuses_whoever_joined_the_group_after_the_review_opened(self):
        Membership.objects.create(
            person=self.deputy, group=self.review.slots.get(key="compliance").group, joined_at=NOON
        )
        refused = refusal(self.hand_on, "compliance", by=self.cast.compliance)
        assert refused.rule == "barred_from_signing"

    def test_takes_no_notice_of_deputies(self):
        people.name_deputy(
            person=self.cast.compliance, deputy=self.deputy, until=None,
            by=self.cast.compliance, at=NOON,
        )  # fmt: skip
        assert refusal(sign, self.review, "compliance", self.deputy).rule == "not_your_slot"


class TestAppoint(StandingIn):
    def test_lets_somebody_sign_where_nobody_can(self):
        people.deactivate(person=self.cast.sponsor, by=None, at=NOON)
        assert not state(self.review, "sponsor").is_fillable
        self.appoint()
        assert state(self.review, "sponsor").is_fillable
        sign(self.review, "sponsor", self.deputy)
        assert SignOff.objects.get().on_behalf_of is None
        assert state(self.review, "sponsor").is_filled

    def test_is_possible_of_whom_somebody_named_who_has_left_since(self):
        self.hand_on()
        people.deactivate(person=self.cast.sponsor, by=None, at=NOON)
        self.appoint()
        assert state(self.review, "sponsor").is_fillable
        assert Delegation.objects.filter(ended_at=None).count() == 1

    def test_is_possible_once_more_when_the_day_is_over(self):
        self.appoint(until=TODAY)
        actions.appoint(
            slot=slot(self.review, "sponsor"),
            person=self.deputy,
            reason="Still away.",
            until_date=TODAY + 14 * DAY,
            by=self.cast.lead,
            at=NOON + 2 * DAY,
        )
        assert [d.until_date for d in Delegation.objects.filter(ended_at=None)] == [
            TODAY + 14 * DAY
        ]

    def test_refuses_anybody_but_a_lead(self):
        assert refusal(self.appoint, by=self.cast.sponsor).rule == "not_a_lead"

    def test_refuses_to_appoint_oneself(self):
        other = factories.make_group_member(group="leads", name="Lou Lead")
        assert refusal(self.appoint, to=other, by=other).rule == "oneself"

    def test_refuses_more_than_30_days(self):
        self.appoint(until=TODAY + 30 * DAY)
        assert refusal(self.appoint, until=TODAY + 31 * DAY).field == "until_date"

    def test_refuses_somebody_barred(self):
        assert refusal(self.appoint, to=self.cast.business_owner).rule == "barred_from_signing"

    def test_ends_after_its_day(self):
        self.appoint(until=TODAY)
        late = signing.states(
            self.review, standing(self.review).facts, self.review.snapshot_id, TODAY + DAY
        )
        assert not any(self.deputy in s.eligible for s in late)


class TestDeputy(StandingIn):
    def name(self, until: date | None = None, deputy: Person | None = None) -> None:
        people.name_deputy(
            person=self.cast.sponsor,
            deputy=deputy or self.deputy,
            until=until,
            by=self.cast.sponsor,
            at=NOON,
        )

    def test_asks_both(self):
        self.name()
        assert self.asked(self.deputy)
        assert self.asked(self.cast.sponsor)

    def test_signs_on_behalf(self):
        self.name()
        sign(self.review, "sponsor", self.deputy)
        assert SignOff.objects.get().on_behalf_of == self.cast.sponsor
        assert not self.asked(self.cast.sponsor)

    def test_ends_after_its_day(self):
        self.name(until=TODAY)
        assert self.asked(self.deputy)
        assert not self.asked(self.deputy, TODAY + DAY)

    def test_ends_when_the_deputy_has_left(self):
        self.name()
        people.deactivate(person=self.deputy, by=None, at=NOON)
        assert not state(self.review, "sponsor").barred
        assert [p.name for p in state(self.review, "sponsor").eligible] == ["Sam Sponsor"]

    def test_bars_whoever_asked_for_the_review(self):
        self.name(deputy=self.cast.business_owner)
        refused = refusal(sign, self.review, "sponsor", self.cast.business_owner)
        assert refused.rule == "barred_from_signing"

    def test_fills_every_role_of_the_one_they_stand_in_for(self):
        give(self.initiative, Role.ENGINEERING_OWNER, self.cast.sponsor)
        self.name()
        sign(self.review, "sponsor", self.deputy)
        filled = {s.slot.key for s in standing(self.review).slots if s.is_filled}
        assert filled == {"sponsor", "engineering_owner"}

    def test_fills_no_role_of_their_own_at_the_same_time(self):
        give(self.initiative, Role.ENGINEERING_OWNER, self.deputy)
        self.name()
        sign(self.review, "sponsor", self.deputy)
        assert [s.slot.key for s in standing(self.review).slots if s.is_filled] == ["sponsor"]

    def test_sees_what_is_restricted_as_they_do(self):
        Initiative.objects.filter(pk=self.initiative.pk).update(is_restricted=True)
        visible = Initiative.objects.visible_to(self.deputy)
        assert not visible.filter(pk=self.initiative.pk).exists()
        self.name()
        assert visible.filter(pk=self.initiative.pk).exists()

    def test_refuses_to_name_another_persons(self):
        refused = refusal(
            people.name_deputy, person=self.cast.sponsor, deputy=self.deputy, until=None,
            by=self.cast.lead, at=NOON,
        )  # fmt: skip
        assert refused.rule == "not_oneself"

    def test_refuses_oneself_and_whoever_has_left(self):
        assert refusal(self.name, deputy=self.cast.sponsor).field == "deputy"
        people.deactivate(person=self.deputy, by=None, at=NOON)
        assert refusal(self.name).rule == "inactive"

    def test_refuses_a_day_that_is_over(self):
        assert refusal(self.name, until=TODAY - DAY).field == "until"


class TestRestricted(StandingIn):
    def test_opens_to_whoever_signs_and_closes_with_the_review(self):
        Initiative.objects.filter(pk=self.initiative.pk).update(is_restricted=True)
        visible = Initiative.objects.visible_to(self.deputy).filter(pk=self.initiative.pk)
        assert not visible.exists()
        self.hand_on()
        assert visible.exists()
        actions.withdraw(review=self.review, reason="No.", by=self.cast.lead, at=NOON)
        assert not visible.exists()


class TestOutsider(StandingIn):
    def test_is_not_whoever_signs_for_the_delivery_team(self):
        """Engineering has no outsider's eyes, whoever holds its pen (product.md §4)."""
        three, one = "light = 2, standard = 3", "light = 2, standard = 1"
        publish_policy(lambda text: text.replace(three, one))
        self.hand_on("engineering_owner", by=self.cast.engineering_owner)
        sign(self.review, "engineering_owner", self.deputy)
        now = standing(self.review)
        gate = queries.current_policy().gates["charter"]
        assert signing.people_missing(now.slots, gate, now.facts) == (
            "Somebody from outside the delivery team has to sign."
        )


class TestEverythingElse(StandingIn):
    def test_of_initiatives_stays_as_it_was(self):
        """Handing a signature on gives no right to edit."""
        self.hand_on()
        refused = refusal(
            initiatives.edit, initiative=self.initiative, values={"scope": "All."},
            by=self.deputy, at=NOON,
        )  # fmt: skip
        assert refused.rule == "not_an_editor"

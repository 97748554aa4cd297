"""Facts that change while a review is open may call for more signatures than were asked for."""

import pytest
from django.test import TestCase

from accounts.models import Group
from initiatives import actions as initiatives
from initiatives.models import Initiative, Triage
from initiatives.stages import Gate, Stage
from notifications import actions as notifications
from reviews import actions
from reviews.models import Decision, SignOff, Snapshot
from tests import factories
from tests.factories import NOON
from tests.reviews.scenes import DAY, last_event, refusal, sign, standing, state


class Widening(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.cast = factories.make_cast()
        cls.initiative = factories.make_ready_for_charter(cast=cls.cast)
        cls.finance = factories.make_group_member(group=Group.FINANCE, name="Fin Ance")
        factories.make_group_member(group=Group.SECURITY, name="Sia Security")
        cls.review = factories.make_review(
            initiative=cls.initiative, by=cls.cast.business_owner, at=NOON
        )

    def raise_the_budget(self):
        initiatives.edit(
            initiative=self.initiative, by=self.cast.lead, at=NOON, pilot_budget=200_000
        )

    def let_data_leave(self):
        factories.make_triage(
            initiative=self.initiative,
            yes=["confidential_data_leaves"],
            by=self.cast.lead,
            at=NOON,
        )

    def proceed(self):
        return actions.decide(
            initiative=self.initiative,
            kind=Decision.Kind.PROCEED,
            reason="It is time.",
            by=self.cast.sponsor,
            at=NOON,
        )

    def sign_all(self):
        factories.sign_in_turn(review=self.review, by=self.cast.signers, at=NOON)

    def keys(self):
        return set(self.review.slots.values_list("key", flat=True))


@pytest.mark.embedded
class TestSlots(Widening):
    def test_are_added_when_the_facts_call_for_them(self):
        assert "finance" not in self.keys()
        self.raise_the_budget()
        actions.notice_changes(at=NOON)
        assert "finance" in self.keys()

    def test_are_added_when_somebody_signs(self):
        self.let_data_leave()
        assert "security" not in self.keys()
        sign(self.review, "sponsor", self.cast.sponsor)
        assert "security" in self.keys()

    def test_are_added_when_somebody_sends_it_back(self):
        self.raise_the_budget()
        actions.decide(
            initiative=self.initiative, kind="send_back", reason="x", by=self.cast.lead, at=NOON
        )
        assert "finance" in self.keys()

    def test_are_added_once(self):
        self.raise_the_budget()
        sign(self.review, "sponsor", self.cast.sponsor)
        before = sorted(self.review.slots.values_list("key", flat=True))
        sign(self.review, "business_owner", self.cast.business_owner)
        actions.notice_changes(at=NOON)
        assert sorted(self.review.slots.values_list("key", flat=True)) == before

    def test_stay_when_the_facts_call_for_fewer(self):
        self.raise_the_budget()
        actions.notice_changes(at=NOON)
        initiatives.edit(
            initiative=self.initiative, by=self.cast.lead, at=NOON, pilot_budget=30_000
        )
        actions.notice_changes(at=NOON)
        assert "finance" in self.keys()

    def test_let_their_group_see_what_is_restricted(self):
        factories.restrict(initiative=self.initiative)
        visible = Initiative.objects.visible_to
        assert not visible(factories.fresh(self.finance)).exists()
        self.raise_the_budget()
        actions.notice_changes(at=NOON)
        assert visible(factories.fresh(self.finance)).exists()

    def test_are_named_as_missing_before_anybody_noticed(self):
        self.raise_the_budget()
        self.let_data_leave()
        lacking = standing(self.review).lacking()
        assert "Not asked to sign yet: Finance." in lacking
        assert any(
            said.startswith("Not asked to sign yet: ") and "ecurity" in said for said in lacking
        )
        assert not self.keys() & {"finance", "security"}

    def test_hold_the_decision(self):
        self.raise_the_budget()
        no = refusal(self.proceed)
        assert no.rule == "gate_unmet"
        assert "Not asked to sign yet: Finance." not in no.detail["lacking"]
        assert "Not signed: Finance." in no.detail["lacking"]

    def test_hold_the_decision_until_they_are_filled(self):
        self.sign_all()
        assert standing(self.review).lacking() == []
        self.raise_the_budget()
        actions.notice_changes(at=NOON)
        self.sign_all()
        assert refusal(self.proceed).detail["lacking"] == ["Not signed: Finance."]
        sign(self.review, "finance", self.finance)
        assert self.proceed().to_stage == Stage.PILOT


class TestALightOne(TestCase):
    """Asks its owners alone, until an answer makes it more than light."""

    def test_asks_compliance_and_security_once_data_leaves(self):
        cast = factories.make_cast()
        light = factories.make_ready_for_charter(cast=cast, pilot_budget=5_000, monthly_cost=100)
        review = factories.make_review(initiative=light, by=cast.business_owner, at=NOON)
        owners = {"sponsor", "business_owner", "engineering_owner"}
        assert set(review.slots.values_list("key", flat=True)) == owners
        factories.make_triage(
            initiative=light, yes=["confidential_data_leaves"], by=cast.lead, at=NOON
        )
        actions.notice_changes(at=NOON)
        keys = set(review.slots.values_list("key", flat=True))
        assert keys == owners | {"compliance", "security"}


class TestWhatIsSigned(Widening):
    def test_is_the_evidence_as_it_is_even_after_raw_sql(self):
        Initiative.objects.filter(pk=self.initiative.pk).update(pilot_days=30)
        sign(self.review, "sponsor", self.cast.sponsor)
        assert SignOff.objects.get().snapshot_id == standing(self.review).digest
        assert state(self.review, "sponsor").is_filled
        assert last_event(kind="review.evidence_changed").subject == f"review:{self.review.pk}"

    def test_is_the_evidence_as_it_is_once_the_campaign_has_begun(self):
        factories.silence(initiative=self.initiative)
        actions.notice_changes(at=NOON)
        before = factories.reloaded(self.initiative)
        read = standing(self.review).digest
        assert notifications.start_campaign(by=self.cast.lead, at=NOON) == 1
        after = factories.reloaded(self.initiative)
        assert after.evidence_version == before.evidence_version + 1
        live = standing(self.review)
        assert live.digest != read
        sign(self.review, "sponsor", self.cast.sponsor)
        assert SignOff.objects.get().snapshot_id == live.digest
        assert Snapshot.objects.get(digest=live.digest).material == live.material
        assert state(self.review, "sponsor").is_filled


class TestProhibited(TestCase):
    SAID = "It is classed as prohibited: no gate but retirement is open to it."

    def test_holds_every_gate_of_a_review_that_is_open(self):
        cast = factories.make_cast()
        pilot = factories.make_pilot(cast=cast, at=NOON - DAY)
        review = factories.make_review(initiative=pilot, by=cast.business_owner, at=NOON)
        assert review.gate == Gate.SHIP_OR_KILL
        assert self.SAID not in standing(review).lacking()
        Triage.objects.update(legal_class="prohibited")
        assert standing(review).lacking()[0] == self.SAID
        no = refusal(
            actions.decide,
            initiative=pilot,
            kind="proceed",
            reason="x",
            by=cast.sponsor,
            at=NOON,
        )
        assert no.detail["lacking"][0] == self.SAID


class TestQuiet(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.lead = factories.make_lead()
        cls.quiet, cls.other = (
            factories.make_initiative(by=cls.lead, name=name) for name in ("Asked", "Other")
        )
        for initiative in (cls.quiet, cls.other):
            factories.silence(initiative=initiative)

    def test_ends_when_a_review_is_asked_for(self):
        review = factories.make_review(initiative=self.quiet, by=self.lead, at=NOON)
        asked = factories.reloaded(self.quiet)
        assert asked.counting_since == NOON
        assert asked.decision_date is not None
        event = last_event(kind="campaign.counting_started")
        assert (event.initiative_id, event.actor_id) == (self.quiet.pk, self.lead.pk)
        assert review.snapshot_id == standing(review).digest
        assert review.seen_version == asked.evidence_version

    def test_goes_on_for_all_others(self):
        factories.make_review(initiative=self.quiet, by=self.lead, at=NOON)
        assert factories.reloaded(self.other).is_quiet

    def test_goes_on_where_asking_is_refused(self):
        outsider = factories.make_person(name="Otto Outsider")
        refusal(factories.make_review, initiative=self.quiet, by=outsider, at=NOON)
        assert factories.reloaded(self.quiet).is_quiet

    def test_ends_when_it_is_decided(self):
        actions.decide(
            initiative=self.quiet,
            kind="kill",
            reason="Nobody uses it.",
            outcome=Decision.Outcome.USE_CASE_WRONG,
            lesson="Ask first.",
            by=self.lead,
            at=NOON,
        )
        assert factories.reloaded(self.quiet).counting_since == NOON

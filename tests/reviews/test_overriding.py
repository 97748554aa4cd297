from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import TestCase
from django.urls import reverse
from django.utils import timezone

from accounts.models import Person
from initiatives import actions as initiatives
from initiatives import facts
from initiatives.models import Evidence, Initiative, Triage
from initiatives.stages import Role, Stage
from notifications import actions as notifications
from notifications.actions import checking
from notifications.models import Flag, Reminder
from reviews import actions, overrides, policy
from reviews.models import Decision, Override, PolicyVersion, Review
from reviews.policy import FIXED_CHECKS
from tests import factories
from tests.accounts.expectations import last_event, refused
from tests.factories import NOON, TODAY
from tests.notifications.scenes import open_rules, owed
from tests.reviews.scenes import DAY, MINUTE, give, sign, standing
from tests.reviews.test_views import text_of

UNTIL = TODAY + 20 * DAY
KEY, TITLE = "approach_decision", "The simplest approach was tried first"


class OverridingTestCase(TestCase):
    """A charter that lacks the approach decision alone; asked for by its business owner."""

    @classmethod
    def setUpTestData(cls):
        cls.cast = factories.make_cast()
        cls.lead, cls.compliance = cls.cast.lead, cls.cast.compliance
        cls.other_lead = factories.make_lead(name="Lou Other")
        cls.third = factories.make_group_member(group="compliance", name="Cy Third")
        cls.initiative = factories.make_ready_for_charter(cast=cls.cast, at=NOON - 20 * DAY)
        Evidence.objects.filter(initiative=cls.initiative, criterion=KEY).delete()
        Initiative.objects.update(evidence_changed_by=cls.cast.engineering_owner)
        cls.review = factories.make_review(
            initiative=cls.initiative, by=cls.cast.business_owner, at=NOON
        )

    def ask(self, **changes: Any) -> Override:
        wanted = {
            "review": self.review, "criteria": [KEY], "reason": "The vendor answers in April.",
            "expires_on": UNTIL, "by": self.lead, "at": NOON,
        }  # fmt: skip
        return actions.ask_for_override(**(wanted | changes))

    def countersign(self, override: Override, by: Person | None = None, **changes: Any) -> Override:
        at = changes.pop("at", NOON)
        proof = changes.pop("authentication", factories.authentication(at=at))
        return actions.countersign_override(
            override=override, authentication=proof, by=by or self.compliance, at=at
        )

    def decline(self, override: Override, by: Person, reason: str = "It can wait.") -> Override:
        return actions.decline_override(override=override, reason=reason, by=by, at=NOON)

    def in_force(self) -> Override:
        return self.countersign(self.ask())

    def lacking(self, at=NOON) -> str:
        return " ".join(standing(self.review, at).lacking())

    def answer(self, at=NOON) -> None:
        actions.answer(
            initiative=self.initiative, criterion=KEY, by=self.cast.engineering_owner, at=at,
            values=factories.CHARTER_ANSWERS[KEY],
        )  # fmt: skip

    def sign_all(self, at=NOON) -> None:
        factories.sign_in_turn(review=self.review, by=(*self.cast.signers, self.third), at=at)

    def proceed(self, at=NOON) -> Decision:
        self.sign_all(at)
        return self.decide(at)

    def decide(self, at=NOON) -> Decision:
        return actions.decide(
            initiative=self.initiative, kind="proceed", reason="Go.", by=self.cast.sponsor, at=at
        )

    def row(self) -> Override:
        return Override.objects.get()


class TestAsk(OverridingTestCase):
    def test_sets_nothing_aside_by_itself(self):
        self.ask()
        assert TITLE in self.lacking()
        assert self.row().is_proposed

    def test_says_so_in_the_log(self):
        self.ask()
        event = last_event()
        assert (event.kind, event.actor_id) == ("override.asked", self.lead.pk)
        assert event.changed["until"] == UNTIL.isoformat()
        assert event.changed["reason"] == "The vendor answers in April."

    def test_is_a_leads(self):
        for person in (self.cast.sponsor, self.cast.business_owner, self.compliance):
            with refused("may_not_override"):
                self.ask(by=person)

    def test_is_not_for_a_lead_who_asked_for_the_review(self):
        Review.objects.update(opened_by=self.lead)
        with refused("may_not_override"):
            self.ask()
        assert self.ask(by=self.other_lead).pk

    def test_is_not_for_a_lead_who_last_changed_the_evidence(self):
        Initiative.objects.update(evidence_changed_by=self.lead)
        with refused("may_not_override"):
            self.ask()

    def test_is_not_for_a_lead_who_holds_a_role_on_it(self):
        give(self.initiative, Role.DATA_OWNER, self.lead)
        with refused("may_not_override"):
            self.ask()

    def test_is_not_for_a_lead_who_joined_since_the_review_was_opened(self):
        late = factories.make_lead(name="Late Lead", at=NOON + MINUTE)
        with refused("may_not_override"):
            self.ask(by=late, at=NOON + 2 * MINUTE)

    def test_needs_a_reason(self):
        with refused("reason_missing", field="reason"):
            self.ask(reason=" ")

    def test_names_what_is_unmet(self):
        for keys in ([], ["data_audit"], ["no_such"], [KEY, "data_audit"]):
            with refused("not_overridable", field="criteria"):
                self.ask(criteria=keys)

    def test_never_covers_the_four(self):
        sponsor = facts.load_one(self.initiative.pk).owner(Role.SPONSOR)
        initiatives.end_ownership(ownership=sponsor, by=None, at=NOON)
        Initiative.objects.update(evidence_changed_by=self.cast.engineering_owner)
        unmet = [j.criterion for j in standing(self.review).judged if j.blocks]
        four = [criterion.key for criterion in unmet if criterion.check in FIXED_CHECKS]
        assert four
        for key in four:
            with refused("not_overridable", field="criteria"):
                self.ask(criteria=[key])

    def test_lasts_no_longer_than_the_policy_allows(self):
        for days in (-1, 0, 31):
            with refused("overridden_too_long", field="expires_on"):
                self.ask(expires_on=TODAY + days * DAY)
        assert self.ask(expires_on=TODAY + 30 * DAY).pk

    def test_is_refused_where_the_policy_allows_none(self):
        text = policy.default_text().replace("override_days = 30", "override_days = 0")
        none = PolicyVersion.objects.create(version=2, text=text, published_at=NOON)
        Review.objects.update(policy=none)
        with refused("may_not_override"):
            self.ask()

    def test_is_refused_while_it_is_suspended(self):
        Initiative.objects.update(
            stage=Stage.PILOT, suspended_at=NOON, suspended_until=TODAY, suspended_because="So."
        )
        with refused("may_not_override"):
            self.ask()

    def test_is_refused_for_what_is_prohibited(self):
        Triage.objects.update(legal_class="prohibited")
        with refused("may_not_override"):
            self.ask()

    def test_waits_until_another_one_was_signed_or_refused(self):
        self.ask()
        with refused("may_not_override"):
            self.ask(by=self.other_lead)

    def test_is_refused_once_the_review_is_closed(self):
        actions.withdraw(review=self.review, reason="Later.", by=self.lead, at=NOON)
        with refused("may_not_override"):
            self.ask()


class TestCountersign(OverridingTestCase):
    def test_puts_it_in_force(self):
        override = self.in_force()
        assert TITLE not in self.lacking()
        assert (override.countersigned_by, override.authentication_method) == (
            self.compliance, "password",
        )  # fmt: skip
        assert override.snapshot_id == standing(self.review).digest
        assert last_event().kind == "override.countersigned"

    def test_is_for_compliance_from_standard_up(self):
        override = self.ask()
        for person in (self.other_lead, self.cast.sponsor, self.cast.business_owner):
            with refused("may_not_countersign"):
                self.countersign(override, person)

    def test_is_for_another_lead_at_the_light_level(self):
        Initiative.objects.update(level="light")
        override = self.ask()
        with refused("may_not_countersign"):
            self.countersign(override)
        assert self.countersign(override, self.other_lead).pk

    def test_is_not_for_who_asked(self):
        Initiative.objects.update(level="light")
        override = self.ask()
        with refused("may_not_countersign"):
            self.countersign(override, self.lead)
        with pytest.raises(IntegrityError), transaction.atomic():
            Override.objects.update(
                countersigned_by=self.lead, countersigned_at=NOON, authenticated_at=NOON
            )

    def test_is_not_for_who_asked_for_the_review_or_changed_the_evidence(self):
        override = self.ask()
        Review.objects.update(opened_by=self.compliance)
        with refused("may_not_countersign"):
            self.countersign(override)
        Review.objects.update(opened_by=self.cast.business_owner)
        Initiative.objects.update(evidence_changed_by=self.compliance)
        with refused("may_not_countersign"):
            self.countersign(override)

    def test_is_not_for_who_holds_a_role_on_it(self):
        override = self.ask()
        give(self.initiative, Role.DATA_OWNER, self.compliance)
        with refused("may_not_countersign"):
            self.countersign(override)

    def test_is_not_for_who_joined_since(self):
        override = self.ask()
        late = factories.make_group_member(group="compliance", name="New", at=NOON + MINUTE)
        with refused("may_not_countersign"):
            self.countersign(override, late, at=NOON + 2 * MINUTE)

    def test_needs_a_fresh_proof_of_identity(self):
        override = self.ask()
        for proof in (None, factories.authentication(at=NOON - timedelta(minutes=16))):
            with refused("authentication_too_old"):
                self.countersign(override, authentication=proof)

    def test_happens_once(self):
        override = self.in_force()
        with refused("may_not_countersign"):
            self.countersign(override, self.third)

    def test_is_refused_once_its_day_is_over(self):
        override = self.ask()
        with refused("overridden_too_long", field="expires_on"):
            self.countersign(override, at=NOON + 20 * DAY)

    def test_is_refused_once_what_it_names_is_met(self):
        override = self.ask()
        self.answer()
        with refused("not_overridable", field="criteria"):
            self.countersign(override)

    def test_may_be_followed_by_another_for_something_else(self):
        self.in_force()
        Evidence.objects.filter(initiative=self.initiative, criterion="data_audit").delete()
        Initiative.objects.update(evidence_changed_by=self.cast.engineering_owner)
        again = self.ask(criteria=["data_audit"])
        self.countersign(again)
        assert not standing(self.review).blocking


class TestReviewPage(OverridingTestCase):
    def said(self, person: Person) -> str:
        self.client.force_login(person)
        return text_of(self.client.get(self.review.get_absolute_url()))

    def test_says_whose_second_signature_it_waits_for(self):
        self.ask()
        assert "From the standard level up a member of compliance signs it." in self.said(self.lead)

    def test_tells_signers_that_not_all_points_are_met(self):
        now = timezone.now()
        until = timezone.localdate(now) + 20 * DAY
        self.countersign(self.ask(at=now, expires_on=until), at=now)
        said = self.said(self.cast.sponsor)
        assert "1 point is overridden" in said
        assert "points are met" not in said


class TestDecline(OverridingTestCase):
    def test_leaves_the_gate_shut(self):
        self.decline(self.ask(), self.compliance)
        assert TITLE in self.lacking()
        assert (self.row().ended_at, self.row().ended_because) == (NOON, "It can wait.")
        assert last_event().kind == "override.declined"

    def test_lets_another_be_asked_for(self):
        self.decline(self.ask(), self.lead)  # whoever asked takes it back
        assert self.ask().pk

    def test_is_for_the_second_person_and_who_asked(self):
        override = self.ask()
        for person in (self.other_lead, self.cast.sponsor):
            with refused("may_not_countersign"):
                self.decline(override, person)

    def test_needs_a_reason(self):
        override = self.ask()
        with refused("reason_missing", field="reason"):
            self.decline(override, self.compliance, reason="")

    def test_comes_too_late_once_it_is_signed(self):
        override = self.in_force()
        with refused("may_not_countersign"):
            self.decline(override, self.lead)


class TestWhileInForce(OverridingTestCase):
    def test_the_gate_opens_without_what_is_set_aside(self):
        self.sign_all()
        with refused("gate_unmet"):
            self.decide()
        override = self.in_force()
        decision = self.decide()
        assert decision.to_stage == Stage.PILOT
        assert decision.observed["overrides"] == [override.pk]
        unmet = [v for v in decision.observed["verdicts"] if not v["met"]]
        assert KEY in [v["criterion"] for v in unmet]

    def test_it_stands_in_for_no_signature(self):
        self.in_force()
        with refused("gate_unmet"):
            actions.decide(
                initiative=self.initiative, kind="proceed", reason="Go.", by=self.cast.sponsor,
                at=NOON,
            )  # fmt: skip

    def test_it_makes_no_signature_stale(self):
        sign(self.review, "compliance", self.third)
        before = standing(self.review).digest
        self.in_force()
        assert standing(self.review).digest == before

    def test_its_last_day_counts_and_the_next_does_not(self):
        self.in_force()
        assert TITLE not in self.lacking(NOON + 20 * DAY)
        assert TITLE in self.lacking(NOON + 21 * DAY)

    def test_a_decision_after_its_day_is_refused_before_the_sweep_has_noticed(self):
        Initiative.objects.update(decision_date=TODAY + 60 * DAY)
        self.in_force()
        self.sign_all()
        with refused("gate_unmet"):
            self.decide(NOON + 21 * DAY)


class TestSettle(OverridingTestCase):
    def settle(self, at=NOON) -> int:
        return actions.settle_overrides(at=at)

    def test_leaves_it_while_anything_is_unmet(self):
        self.in_force()
        assert self.settle() == 0

    def test_regularises_it_once_all_is_met(self):
        self.in_force()
        self.proceed()
        self.answer(NOON + DAY)
        assert self.settle(NOON + DAY) == 1
        assert self.row().regularised_at == NOON + DAY
        assert last_event().kind == "override.regularised"
        assert self.settle(NOON + DAY) == 0

    def test_ends_one_whose_day_is_over_while_the_review_is_open(self):
        self.in_force()
        assert (self.settle(NOON + 20 * DAY), self.settle(NOON + 21 * DAY)) == (0, 1)
        assert self.row().ended_because == "its day is over"

    def test_keeps_one_that_a_decision_stands_on_after_its_day(self):
        self.in_force()
        self.proceed()
        assert self.settle(NOON + 40 * DAY) == 0
        assert Override.objects.open().exists()

    def test_ends_with_the_review(self):
        self.in_force()
        actions.withdraw(review=self.review, reason="Later.", by=self.lead, at=NOON)
        assert not Override.objects.open().exists()  # at once, without the sweep
        assert self.settle() == 1
        assert self.row().ended_because == "its review was closed"

    def test_ends_with_the_initiative(self):
        self.in_force()
        self.proceed()
        Initiative.objects.update(stage=Stage.RETIRED)
        assert not Override.objects.open().exists()
        assert self.settle() == 1

    def test_ends_a_proposal_that_nobody_signed(self):
        self.ask()
        assert self.settle(NOON + 21 * DAY) == 1


class TestOfNoGate(OverridingTestCase):
    """A review that no gate of the policy stands for is settled like any other."""

    def signed(self, key: str) -> Override:
        return self.countersign(self.ask(criteria=[key], by=self.other_lead), by=self.third)

    def settled(self, at=NOON) -> bool:
        assert actions.settle_overrides(at=at) in (0, 1)
        return self.row().regularised_at is not None

    def test_a_catch_up_review_keeps_its_override_until_it_is_met(self):
        row = factories.make_declared(by=self.lead, at=NOON - 30 * DAY, **factories.DESCRIPTION)
        factories.make_triage(initiative=row, by=self.lead, at=NOON - 30 * DAY)
        self.review = actions.request_review(initiative=row, by=self.lead, at=NOON, gate="catch_up")
        override = self.signed("rollback")
        assert not self.settled()
        assert override.expires_on == UNTIL

    def test_a_re_baseline_keeps_its_override_until_the_charter_has_it(self):
        self.initiative = factories.make_pilot(cast=self.cast, name="Mine", at=NOON - 20 * DAY)
        Initiative.objects.update(evidence_changed_by=self.cast.engineering_owner)
        self.review = actions.propose_baseline(
            initiative=self.initiative, changes={"process": ""}, reason="Nobody knows.",
            by=self.cast.business_owner, at=NOON - DAY,
        )  # fmt: skip
        self.signed("process_described")
        assert not self.settled()
        self.sign_all()
        actions.decide(
            initiative=self.initiative, kind="rebaseline", reason="Go.", by=self.cast.sponsor,
            at=NOON,
        )  # fmt: skip
        assert not self.settled(NOON + DAY)


class TestFlags(OverridingTestCase):
    def rules(self, days: int) -> set[str]:
        notifications.sweep(at=NOON + days * DAY)
        return open_rules(self.initiative) & {"override_expiring", "override_expired"}

    def test_warn_a_week_before_and_after(self):
        self.in_force()
        self.proceed()
        found = {days: self.rules(days) for days in (12, 13, 20, 21)}
        assert found == {
            12: set(), 13: {"override_expiring"}, 20: {"override_expiring"},
            21: {"override_expired"},
        }  # fmt: skip
        assert Flag.objects.get(rule="override_expired").severity == "critical"

    def test_reach_the_owners_and_the_leads(self):
        self.in_force()
        self.proceed()
        self.rules(13)
        told = {name for _, _, name in owed(kind="override")}
        assert {self.lead.name, self.other_lead.name, self.cast.business_owner.name} <= told

    def test_close_once_it_is_regularised(self):
        self.in_force()
        self.proceed()
        assert self.rules(21)
        self.answer(NOON + 21 * DAY)
        assert not self.rules(21)

    def test_are_not_about_what_was_never_used(self):
        self.in_force()
        assert self.rules(21) == set()


class TestMails(OverridingTestCase):
    def asked(self) -> list[tuple[str, int, str]]:
        notifications.hear(at=NOON)
        return owed(kind="override_asked")

    def test_ask_whoever_may_sign_second(self):
        give(self.initiative, Role.DATA_OWNER, self.third)
        Initiative.objects.update(evidence_changed_by=self.cast.engineering_owner)
        self.ask()
        assert self.asked() == [("override_asked", 0, self.compliance.name)]
        mail = Reminder.objects.get(kind="override_asked")
        assert (mail.is_urgent, mail.path) == (
            True, reverse("reviews:countersign", args=[self.row().pk]),
        )  # fmt: skip
        assert "until 22 Mar 2026: The simplest approach was tried first." in mail.detail

    def test_are_not_sent_once_somebody_has_signed(self):
        override = self.ask()
        assert len(self.asked()) == 2
        owing = list(Reminder.objects.filter(kind="override_asked").select_related("recipient"))
        assert checking.undue(owing, NOON) == set()
        self.countersign(override)
        assert checking.undue(owing, NOON) == {reminder.pk for reminder in owing}

    def test_reach_those_who_could_not_see_it_before(self):
        factories.restrict(initiative=self.initiative)
        self.ask()
        assert Initiative.objects.visible_to(self.third).exists()
        assert not Initiative.objects.visible_to(factories.make_person(name="Nosy")).exists()


class TestPages(OverridingTestCase):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.until = timezone.localdate() + 9 * DAY
        cls.now = timezone.now()

    def asked_today(self) -> Override:
        return self.ask(at=self.now, expires_on=self.until)

    def page(self, person: Person) -> str:
        self.client.force_login(person)
        return self.client.get(self.review.get_absolute_url()).content.decode()

    def test_let_a_lead_ask_on_the_review(self):
        address = reverse("reviews:override", args=[self.review.pk])
        assert address in self.page(self.lead)
        assert address not in self.page(self.cast.sponsor)
        form = self.client.get(address).content.decode()
        assert "Only portfolio leads ask for an override." in form
        self.client.force_login(self.lead)
        form = self.client.get(address).content.decode()
        assert TITLE in form
        data = {"criteria": [KEY], "reason": "April.", "expires_on": self.until.isoformat()}
        assert self.client.post(address, data | {"criteria": ["data_audit"]}).status_code == 422
        assert self.client.post(address, data | {"reason": ""}).status_code == 422
        assert self.client.post(address, data).status_code == 302
        assert self.row().asked_by == self.lead

    def test_show_signers_what_is_asked_for_and_by_whom(self):
        self.asked_today()
        page = self.page(self.cast.sponsor)
        assert "Asked for, not in force" in page
        assert "The vendor answers in April." in page
        assert reverse("reviews:countersign", args=[self.row().pk]) not in page

    def test_let_the_second_person_read_and_sign_after_the_password(self):
        self.asked_today()
        address = reverse("reviews:countersign", args=[self.row().pk])
        assert address in self.page(self.compliance)
        form = self.client.get(address).content.decode()
        assert "Your signature means: I know what is not met here" in form
        response = self.client.post(address)
        assert response.status_code == 302
        assert not self.row().is_signed  # who they are has to be proved first

    def test_let_it_be_refused(self):
        self.asked_today()
        address = reverse("reviews:decline", args=[self.row().pk])
        assert address in self.page(self.compliance)
        assert self.client.post(address, {"reason": "It can wait."}).status_code == 302
        assert self.row().ended_because == "It can wait."

    def test_say_until_when_and_by_whom_while_in_force(self):
        self.in_force_today()
        said = f"by {self.lead.name} and {self.compliance.name}"
        assert said in self.page(self.cast.sponsor).replace("By", "by")
        page = self.client.get(self.initiative.get_absolute_url()).content.decode()
        assert f"Overridden until {self.until:%-d %b %Y} {said}" in page

    def in_force_today(self) -> None:
        override = self.asked_today()
        self.countersign(override, at=self.now)

    def test_keep_it_on_the_dashboard(self):
        self.client.force_login(self.lead)
        assert "not regularised" not in self.dashboard()
        self.in_force_today()
        assert "1 not regularised" in self.dashboard()
        assert self.review.get_absolute_url() in self.dashboard()
        listed = self.client.get(reverse("initiatives:list") + "?show=overridden")
        assert self.initiative.reference in listed.content.decode()

    def dashboard(self) -> str:
        return self.client.get(reverse("portfolio:dashboard")).content.decode()

    def test_hide_it_with_a_restricted_initiative(self):
        self.in_force_today()
        factories.restrict(initiative=self.initiative)
        self.client.force_login(factories.make_person(name="Nosy Parker"))
        assert "not regularised" not in self.dashboard()
        override = self.row()
        for name, pk in (
            ("override", self.review.pk), ("countersign", override.pk), ("decline", override.pk),
        ):  # fmt: skip
            assert self.client.get(reverse(f"reviews:{name}", args=[pk])).status_code == 404


def test_every_level_has_a_second_group():
    assert set(overrides.SECONDS) == {"light", "standard", "full"}
    assert set(overrides.WHO_SIGNS_SECOND) == set(overrides.SECONDS.values())

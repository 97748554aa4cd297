from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest
from django.db import IntegrityError, transaction
from django.test import TestCase

from accounts import actions as people
from accounts.models import Group
from audit.models import Event
from initiatives import actions as initiatives
from initiatives import facts
from initiatives.models import Initiative, OpenToGroup
from initiatives.stages import Gate, Role, Stage
from initiatives.workdays import add_working_days
from reviews import actions, snapshots
from reviews.models import Review, Snapshot
from tests import factories
from tests.factories import NOON
from tests.reviews.scenes import DAY, last_event, publish_policy, refusal, standing, threshold


class RequestTestCase(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.cast = factories.make_cast()
        cls.initiative = factories.make_ready_for_charter(cast=cls.cast)

    def request(self, by=None, at=NOON):
        return actions.request_review(
            initiative=self.initiative, by=by or self.cast.business_owner, at=at
        )

    def slots(self) -> list[str]:
        return [slot.key for slot in self.request().slots.all()]


@pytest.mark.embedded
class TestRequestReview(RequestTestCase):
    def test_opens_a_review_of_the_next_gate(self):
        review = self.request()
        assert review.is_open
        assert review.gate == Gate.CHARTER
        assert review.opened_by == self.cast.business_owner
        assert review.opened_at == NOON
        assert review.policy.version == 1
        assert review.seen_version == factories.reloaded(self.initiative).evidence_version

    def test_freezes_the_evidence(self):
        review = self.request()
        text = snapshots.canonical(snapshots.material(facts.load_one(self.initiative.pk), 1))
        assert review.snapshot.material == text
        assert review.snapshot_id == snapshots.digest(text)
        assert review.requested_snapshot == review.snapshot

    def test_keeps_what_was_asked_about_when_the_evidence_moves(self):
        review = self.request()
        threshold(self.initiative, 2_400, self.cast.lead)
        actions.notice_changes(at=NOON)
        again = Review.objects.get(pk=review.pk)
        assert again.requested_snapshot_id == review.snapshot_id
        assert again.snapshot_id != review.snapshot_id
        assert Snapshot.objects.get(pk=review.snapshot_id).material == review.snapshot.material

    def test_stores_the_same_evidence_once(self):
        first = self.request()
        actions.decide(
            initiative=self.initiative, kind="send_back", reason="Later.", by=self.cast.sponsor,
            at=NOON,
        )  # fmt: skip
        second = self.request(at=NOON + DAY)
        assert second.pk != first.pk
        assert second.snapshot_id == first.snapshot_id
        assert Snapshot.objects.count() == 1

    def test_says_so_in_the_log_with_the_digest(self):
        review = self.request()
        event = last_event(kind="review.requested")
        assert event.subject == f"review:{review.pk}"
        assert event.initiative_id == self.initiative.pk
        assert event.actor_id == self.cast.business_owner.pk
        assert json.loads(event.payload)["changed"] == {
            "gate": "charter",
            "digest": review.snapshot_id,
        }

    def test_counts_as_an_act(self):
        self.request()
        assert factories.reloaded(self.initiative).touched_at == NOON

    def test_is_possible_while_criteria_are_open(self):
        bare = factories.make_initiative(by=self.cast.lead, name="Bare", complete=False)
        review = actions.request_review(initiative=bare, by=self.cast.lead, at=NOON)
        assert standing(review).blocking

    def test_pins_the_newest_policy(self):
        publish_policy(lambda text: text)
        assert self.request().policy.version == 2


class TestWhoMayRequest(RequestTestCase):
    def test_is_a_lead(self):
        assert self.request(by=factories.make_lead(name="Lou Lead")).pk

    def test_is_whoever_holds_a_role(self):
        assert self.request(by=self.cast.production_owner).pk

    def test_is_whoever_registered_it_while_it_is_a_proposal(self):
        bare = factories.make_initiative(by=self.cast.user, name="Bare", complete=False)
        assert actions.request_review(initiative=bare, by=self.cast.user, at=NOON).pk

    def test_is_nobody_else(self):
        for who in (
            factories.make_person(name="Otto Outsider"),
            self.cast.compliance,
            factories.make_auditor(),
            factories.make_administrator(),
        ):
            with self.subTest(who.name):
                assert refusal(self.request, by=who).rule == "not_an_editor"

    def test_is_nobody_who_was_only_asked(self):
        asked = factories.make_person(name="Ann Asked")
        initiatives.ask(
            initiative=self.initiative, role=Role.ON_CALL, person=asked, by=None, at=NOON
        )
        assert refusal(self.request, by=asked).rule == "not_an_editor"

    def test_is_nobody_who_left(self):
        people.deactivate(person=self.cast.business_owner, by=None, at=NOON)
        assert refusal(self.request).rule == "not_an_editor"


class TestRefusesToRequest(RequestTestCase):
    def test_a_second_review_of_the_same_gate(self):
        self.request()
        assert refusal(self.request, by=self.cast.sponsor).rule == "already_open"
        assert Review.objects.count() == 1

    def test_anything_of_what_is_retired(self):
        Initiative.objects.update(stage=Stage.RETIRED)
        assert refusal(self.request).rule == "no_gate_ahead"

    def test_and_records_who_tried_what(self):
        outsider = factories.make_person(name="Otto Outsider")
        refusal(self.request, by=outsider)
        event = last_event(kind="review.request_refused")
        assert event.actor_id == outsider.pk
        assert event.initiative_id == self.initiative.pk
        assert json.loads(event.payload)["changed"]["rule"] == "not_an_editor"
        assert not Review.objects.exists()
        assert not Event.objects.filter(kind="review.requested").exists()

    def test_a_second_open_one_in_the_database_too(self):
        review = self.request()
        review.pk = None
        with pytest.raises(IntegrityError), transaction.atomic():
            review.save(force_insert=True)


class TestDueDate(RequestTestCase):
    def test_is_five_working_days_ahead(self):
        assert NOON.strftime("%A") == "Monday"
        assert self.request().due_date == date(2026, 3, 9)

    def test_skips_weekends(self):
        friday, saturday, sunday = date(2026, 3, 6), date(2026, 3, 7), date(2026, 3, 8)
        assert add_working_days(friday, 1) == date(2026, 3, 9)
        assert add_working_days(saturday, 1) == date(2026, 3, 9)
        assert add_working_days(sunday, 5) == date(2026, 3, 13)
        assert add_working_days(friday, 0) == friday

    def test_counts_from_the_day_it_is_here(self):
        with self.settings(TIME_ZONE="Pacific/Kiritimati"):  # fourteen hours ahead
            review = self.request(at=datetime(2026, 3, 6, 11, tzinfo=UTC))
        assert review.due_date == date(2026, 3, 13)


class TestSlots(RequestTestCase):
    OWNERS = ("sponsor", "business_owner", "engineering_owner")

    def test_are_the_owners_alone_at_the_light_level(self):
        self.edit(pilot_budget=5_000, monthly_cost=100)
        assert self.slots() == [*self.OWNERS]

    def test_include_compliance_at_standard_level(self):
        assert self.slots() == [*self.OWNERS, "compliance"]

    def test_include_security_where_confidential_data_leaves(self):
        factories.make_triage(initiative=self.initiative, yes=["confidential_data_leaves"])
        assert self.slots() == [*self.OWNERS, "compliance", "security"]

    def test_include_finance_from_150_000_on(self):
        self.edit(pilot_budget=149_999)
        assert "finance" not in self.slots()
        actions.decide(
            initiative=self.initiative, kind="send_back", reason="x", by=self.cast.lead, at=NOON
        )
        self.edit(pilot_budget=150_000)
        assert "finance" in self.slots()

    def test_include_finance_while_nobody_says_what_it_costs(self):
        self.edit(pilot_budget=None)
        assert "finance" in self.slots()

    def test_say_what_a_signature_in_them_means(self):
        for slot in self.request().slots.all():
            assert slot.meaning.startswith(("I want", "I answer", "I have checked"))
            assert slot.quorum == 1

    def edit(self, **changes):
        initiatives.edit(initiative=self.initiative, by=self.cast.lead, at=NOON, **changes)


class TestRestricted(RequestTestCase):
    def setUp(self):
        factories.restrict(initiative=self.initiative)

    def sees(self, person) -> bool:
        return Initiative.objects.visible_to(factories.fresh(person)).exists()

    def test_opens_to_the_groups_that_are_asked_to_sign(self):
        assert not self.sees(self.cast.compliance)
        self.request()
        assert self.sees(self.cast.compliance)
        assert not self.sees(factories.make_group_member(group=Group.SECURITY))

    def test_closes_to_them_when_the_review_is_decided(self):
        self.request()
        actions.decide(
            initiative=self.initiative, kind="send_back", reason="x", by=self.cast.lead, at=NOON
        )
        assert not self.sees(self.cast.compliance)
        assert not OpenToGroup.objects.exists()

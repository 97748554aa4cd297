from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import TestCase

from accounts.authentication import Authentication
from accounts.models import Group
from audit.queries import head
from initiatives import actions as initiatives
from initiatives.models import Ownership
from initiatives.stages import Stage
from notifications import actions
from notifications.actions import Heard
from notifications.models import Cursor, Reminder
from notifications.rules.words import called
from reviews import actions as reviews
from reviews.models import Review, SignOff
from tests.notifications.scenes import (
    NOON,
    TODAY,
    make_initiative,
    make_lead,
    make_person,
    make_quiet,
    owed,
    own,
)

LATER = NOON + timedelta(hours=1)


class HearTestCase(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.lead = make_lead()
        cls.sponsor = make_person("Sam Sponsor")
        cls.owner = make_person("Olga Owner")
        cls.compliance = make_person("Carla Compliance", Group.COMPLIANCE)
        cls.initiative = make_initiative(
            cls.lead, stage=Stage.PROPOSAL, sponsor=cls.sponsor, business_owner=cls.owner
        )
        actions.hear(at=NOON)
        Reminder.objects.all().delete()  # what setting the scene had made owed

    def request_review(self) -> Review:
        return reviews.request_review(initiative=self.initiative, by=self.lead, at=NOON)

    def sign(self, review, person):
        slot = next(s for s in review.slots.all() if s.role == "sponsor")
        reviews.sign(
            slot=slot,
            verdict=SignOff.Verdict.APPROVE,
            digest=Review.objects.get(pk=review.pk).snapshot_id,
            authentication=Authentication("password", NOON),
            by=person,
            at=NOON,
        )


@pytest.mark.embedded
class TestReviews(HearTestCase):
    def test_asks_everybody_whose_signature_is_wanted_at_once(self):
        review = self.request_review()
        actions.hear(at=NOON)
        assert owed(kind="sign_off_asked", subject=f"review:{review.pk}") == [
            ("sign_off_asked", 0, "Carla Compliance"),
            ("sign_off_asked", 0, "Olga Owner"),
            ("sign_off_asked", 0, "Sam Sponsor"),
        ]
        reminder = Reminder.objects.get(recipient=self.sponsor)
        assert reminder.says == f"Sign by 9 Mar 2026: {called(self.initiative)}, charter"
        assert (reminder.due_date, reminder.is_urgent) == (review.due_date, True)
        assert reminder.path == f"/reviews/{review.pk}/"

    def test_asks_an_owner_who_accepts_after_the_review_was_requested(self):
        self.request_review()
        actions.hear(at=NOON)
        late = make_person("Lars Late")
        own(self.initiative, "engineering_owner", late, at=LATER)
        actions.hear(at=LATER)
        assert ("sign_off_asked", 0, "Lars Late") in owed()

    def test_asks_nobody_to_sign_by_a_day_that_has_passed(self):
        review = self.request_review()
        self.sign(review, self.sponsor)
        actions.hear(at=NOON)
        after = NOON + timedelta(days=20)
        late = make_person("Lars Late")
        own(self.initiative, "engineering_owner", late, at=after)
        initiatives.edit(initiative=self.initiative, by=self.lead, at=after, problem="Claims wait")
        reviews.notice_changes(at=after)
        actions.hear(at=after)
        what = f"{called(self.initiative)}, charter, late since 9 Mar 2026"
        assert Reminder.objects.get(recipient=late).says == f"Sign now: {what}"
        assert Reminder.objects.get(kind="sign_off_stale").says == f"Sign again now: {what}"

    def test_asks_nobody_for_a_review_that_is_closed_again(self):
        review = self.request_review()
        Review.objects.filter(pk=review.pk).update(closed_at=NOON, closing="withdrawn")
        actions.hear(at=NOON)
        assert owed() == []

    def test_asks_signers_again_when_the_evidence_has_changed_and_says_what(self):
        review = self.request_review()
        self.sign(review, self.sponsor)
        actions.hear(at=NOON)
        initiatives.edit(
            initiative=self.initiative, by=self.lead, at=LATER, problem="Claims wait for days"
        )
        reviews.notice_changes(at=LATER)
        actions.hear(at=LATER)
        stale = Reminder.objects.get(kind="sign_off_stale")
        assert stale.recipient == self.sponsor
        assert stale.says == f"Sign again by 9 Mar 2026: {called(self.initiative)}, charter"
        assert "Problem: nothing → Claims wait for days" in stale.detail
        assert not owed(kind="sign_off_asked", recipient=self.sponsor)

    def test_tells_each_signature_once_that_it_no_longer_holds(self):
        review = self.request_review()
        for problem in ("Claims wait", "Claims wait for days"):
            self.sign(review, self.sponsor)
            initiatives.edit(initiative=self.initiative, by=self.lead, at=NOON, problem=problem)
            reviews.notice_changes(at=NOON)
            actions.hear(at=NOON)
        assert Reminder.objects.filter(kind="sign_off_stale").count() == 2


class TestOwnerships(HearTestCase):
    def ask(self, by=None):
        return initiatives.ask(
            initiative=self.initiative, role="data_owner", person=self.owner, by=by, at=NOON
        )

    def test_tells_who_was_asked_and_it_can_wait(self):
        self.ask(by=self.lead)
        actions.hear(at=NOON)
        reminder = Reminder.objects.get()
        assert (reminder.subject, reminder.path) == (f"person:{self.owner.pk}", "/campaign/mine/")
        assert reminder.says == f"Accept or decline: data owner of {called(self.initiative)}"
        assert reminder.detail.startswith("Lea Lead named you as its data owner.")
        assert not reminder.is_urgent

    def test_tells_nobody_who_asked_themselves_or_has_answered(self):
        own(self.initiative, "production_owner", self.sponsor, at=NOON)
        initiatives.ask(
            initiative=self.initiative, role="on_call", person=self.lead, by=self.lead, at=NOON
        )
        actions.hear(at=NOON)
        assert owed() == []

    def test_is_silent_about_what_is_quiet_until_the_campaign(self):
        make_quiet(self.initiative)
        self.ask()
        actions.hear(at=NOON)
        assert owed() == []
        assert actions.start_campaign(by=self.lead, at=LATER) == 1
        actions.hear(at=LATER)
        assert owed() == [("ownership_asked", 0, "Olga Owner")]
        assert actions.start_campaign(by=self.lead, at=LATER) == 0


class TestHear(HearTestCase):
    def test_hears_each_event_once(self):
        assert actions.hear(at=NOON) == Heard()
        self.request_review()
        assert actions.hear(at=NOON) == Heard(events=1, planned=3)
        assert actions.hear(at=NOON) == Heard()
        assert Cursor.objects.get(name="hear").seq == head().seq

    def test_owes_nothing_twice_when_it_hears_everything_again(self):
        self.request_review()
        actions.hear(at=NOON)
        before = list(Reminder.objects.filter(kind="sign_off_asked").values())
        Cursor.objects.update(seq=0)
        actions.hear(at=LATER)
        assert list(Reminder.objects.filter(kind="sign_off_asked").values()) == before

    def test_reads_a_long_log_to_its_end(self):
        Cursor.objects.update(seq=0)
        for n in range(300):
            initiatives.edit(
                initiative=self.initiative, by=self.lead, at=NOON, problem=f"Problem {n}"
            )
            self.initiative.refresh_from_db()
        initiatives.ask(
            initiative=self.initiative, role="data_owner", person=self.owner, by=None, at=NOON
        )
        assert actions.hear(at=NOON).events == head().seq
        assert Reminder.objects.filter(kind="ownership_asked", due_date=TODAY).count() == 1

    def test_revives_what_was_cancelled_unsent(self):
        self.request_review()
        actions.hear(at=NOON)
        Reminder.objects.update(state="cancelled")
        Cursor.objects.update(seq=0)
        assert actions.hear(at=NOON).revived == 3


class TestCampaign(HearTestCase):
    def test_is_started_by_leads_alone(self):
        from audit.refusals import Refused

        make_quiet(self.initiative)
        with pytest.raises(Refused, match="Only portfolio leads"):
            actions.start_campaign(by=self.sponsor, at=NOON)
        assert Ownership.objects.filter(initiative__counting_since=None).exists()

"""What waits for a group of people: who hears of it, when, and until when."""

from __future__ import annotations

from datetime import timedelta

from django.core import mail
from django.test import TestCase
from django.urls import reverse

from accounts.models import Group
from initiatives import actions as initiatives
from initiatives.models import Initiative, Triage
from initiatives.stages import Stage
from notifications import actions, queries
from notifications.models import Reminder
from notifications.rules.words import called
from reviews import actions as reviews
from tests.factories import make_triage
from tests.notifications.scenes import NOON, make_initiative, make_lead, make_person

DAY = timedelta(days=1)


class Queue(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.lead = make_lead()
        cls.carla = make_person("Carla Compliance", Group.COMPLIANCE)
        cls.rows = [
            make_initiative(cls.lead, name=f"Claims {number}", stage=Stage.PROPOSAL)
            for number in range(7)
        ]
        actions.hear(at=NOON)
        Reminder.objects.all().delete()

    def triage(self, *rows: Initiative, at=NOON):
        for row in rows:
            make_triage(initiative=row, by=self.lead, at=at)
        actions.hear(at=at)

    def confirm(self, row: Initiative, at=NOON):
        stored = Triage.objects.get(initiative=row)
        initiatives.confirm_triage(
            initiative=row, level=Initiative.objects.get(pk=row.pk).level,
            legal_class=stored.legal_class, because="", by=self.carla, at=at,
        )  # fmt: skip

    def waits(self):
        return [reminder.kind for reminder in queries.unread_by(self.carla)]


class TestTriages(Queue):
    def test_are_told_to_compliance_once_a_day_with_how_many_there_are(self):
        self.triage(*self.rows)
        self.triage(self.rows[0])
        told = Reminder.objects.get(kind="triage_asked")
        assert (told.recipient, told.path) == (self.carla, reverse("initiatives:triage_queue"))
        assert told.detail.startswith("7 wait. Until then")

    def test_are_told_without_a_name_which_may_be_hidden_by_then(self):
        self.triage(self.rows[0])
        Initiative.objects.filter(pk=self.rows[0].pk).update(is_restricted=True)
        self.triage(self.rows[1])
        told = Reminder.objects.get(kind="triage_asked")
        actions.deliver(clock=lambda: NOON)
        assert told.detail.startswith("One waits.")
        assert self.rows[0].name not in mail.outbox[0].body

    def test_are_told_again_of_another_day_and_counted_once(self):
        self.triage(self.rows[0])
        self.triage(self.rows[1], at=NOON + DAY)
        assert Reminder.objects.filter(kind="triage_asked").count() == 2
        actions.sweep(at=NOON + DAY)
        assert self.waits() == ["triage_asked"]

    def test_are_mailed_to_nobody_once_they_are_confirmed(self):
        self.triage(self.rows[0])
        self.confirm(self.rows[0])
        actions.deliver(clock=lambda: NOON)
        assert mail.outbox == []

    def test_are_over_in_the_bell_once_they_are_confirmed(self):
        self.triage(self.rows[0])
        assert self.waits() == ["triage_asked"]
        self.confirm(self.rows[0])
        actions.settle(at=NOON)
        assert self.waits() == []

    def test_are_told_to_nobody_of_what_is_quiet_or_hidden_from_them(self):
        Initiative.objects.filter(pk=self.rows[0].pk).update(counting_since=None)
        Initiative.objects.filter(pk=self.rows[1].pk).update(is_restricted=True)
        self.triage(*self.rows[:2])
        assert not Reminder.objects.filter(kind="triage_asked").exists()

    def test_are_nothing_to_whoever_left_the_group(self):
        self.triage(self.rows[0])
        self.carla.memberships.update(left_at=NOON)
        actions.deliver(clock=lambda: NOON)
        assert mail.outbox == []


class TestSaidToBeDead(Queue):
    def test_is_told_to_the_leads_by_name(self):
        for row in self.rows:
            reviews.ask_to_retire(initiative=row, reason="Nobody opens it.", by=self.lead, at=NOON)
        actions.hear(at=NOON)
        told = Reminder.objects.get(kind="retirement_asked")
        assert told.recipient == self.lead
        lines = told.detail.splitlines()
        assert lines[:5] == [f"· {called(row)}" for row in self.rows[:1:-1]]
        assert lines[5] == "· and 2 more"
        assert "many go in one step" in lines[6]

    def test_is_mailed_to_nobody_who_leads_no_more(self):
        reviews.ask_to_retire(
            initiative=self.rows[0], reason="Nobody opens it.", by=self.lead, at=NOON
        )
        actions.hear(at=NOON)
        self.lead.memberships.update(left_at=NOON)
        actions.deliver(clock=lambda: NOON)
        assert not [m for m in mail.outbox if self.rows[0].name in m.body]

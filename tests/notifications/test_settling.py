from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import TestCase
from django.urls import reverse
from django.utils import timezone

from initiatives import actions as initiatives
from initiatives.models import Ownership
from initiatives.stages import Role
from notifications import actions, queries
from notifications.actions import checking, settling
from notifications.models import Cursor, Flag, Reminder
from tests.notifications.scenes import (
    NOON,
    TODAY,
    make_initiative,
    make_lead,
    make_person,
    move,
    owe_one,
    owned_by_all,
    swept_and_heard,
)

DAY = timedelta(days=1)


def unread(person):
    return [reminder.kind for reminder in queries.unread_by(person)]


class TestTheBell(TestCase):
    """What it counts: what somebody was told, or is owed, has not seen, and is still to be seen
    to."""

    @classmethod
    def setUpTestData(cls):
        cls.lead = make_lead()
        cls.owner = make_person("Olga Owner")
        cls.near = make_initiative(cls.lead, due=TODAY + 9 * DAY, **owned_by_all(cls.owner))
        swept_and_heard()

    def test_counts_what_is_owed_and_what_was_sent(self):
        assert unread(self.owner) == ["decision_date"]
        actions.deliver(clock=lambda: NOON)
        assert unread(self.owner) == ["decision_date"]

    def test_counts_only_ones_own(self):
        assert unread(self.lead) == []

    def test_counts_what_was_read_no_more(self):
        (reminder,) = queries.unread_by(self.owner)
        assert actions.read(reminder=reminder, by=self.owner, at=NOON)
        assert unread(self.owner) == []
        assert not actions.read(reminder=reminder, by=self.owner, at=NOON + DAY), "again"
        reminder.refresh_from_db()
        assert reminder.seen_at == NOON

    def test_is_read_by_nobody_else(self):
        (reminder,) = queries.unread_by(self.owner)
        assert not actions.read(reminder=reminder, by=self.lead, at=NOON)
        assert actions.read_all(by=self.lead, at=NOON) == 0
        assert unread(self.owner) == ["decision_date"]

    def test_is_emptied_at_once(self):
        owe_one(self.owner, self.near)
        assert actions.read_all(by=self.owner, at=NOON) == 2
        assert unread(self.owner) == []

    def test_counts_nothing_of_a_flag_that_has_closed(self):
        actions.deliver(clock=lambda: NOON)
        move(self.near, TODAY + 60 * DAY)
        actions.sweep(at=NOON)
        assert unread(self.owner) == []
        assert Reminder.objects.get().over_at == NOON

    def test_counts_the_newest_step_alone_of_what_is_open(self):
        actions.deliver(clock=lambda: NOON)
        actions.sweep(at=NOON + 6 * DAY)
        assert unread(self.owner) == ["decision_date"]
        assert queries.unread_by(self.owner).get().step == -3

    def test_counts_nothing_of_what_one_may_not_see_any_more(self):
        actions.deliver(clock=lambda: NOON)
        initiatives.restrict(initiative=self.near, is_restricted=True, by=self.lead, at=NOON)
        Ownership.objects.update(ended_at=NOON)
        assert unread(self.owner) == []

    def test_counts_again_what_is_owed_anew(self):
        Reminder.objects.update(state=Reminder.State.CANCELLED, over_at=NOON)
        actions.sweep(at=NOON)
        assert unread(self.owner) == ["decision_date"]


class TestWhatIsOverByAnEvent(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.lead = make_lead()
        cls.asked = make_person("Dana Data")
        cls.initiative = make_initiative(cls.lead, due=TODAY + 60 * DAY)
        cls.ownership = initiatives.ask(
            initiative=cls.initiative, role=Role.DATA_OWNER, person=cls.asked, by=cls.lead, at=NOON
        )
        actions.hear(at=NOON)
        actions.settle(at=NOON)

    def test_is_counted_until_then(self):
        assert unread(self.asked) == ["ownership_asked"]

    def test_is_counted_no_more_once_it_was_answered(self):
        initiatives.accept(ownership=self.ownership, by=self.asked, at=NOON)
        assert actions.settle(at=NOON) == 1
        assert unread(self.asked) == []

    def test_is_looked_at_once(self):
        before = Cursor.objects.get(name="settle").seq
        assert actions.settle(at=NOON) == 0
        assert Cursor.objects.get(name="settle").seq == before

    def test_asks_nothing_where_nothing_has_happened(self):
        with self.assertNumQueries(2):
            actions.settle(at=NOON)

    def test_leaves_what_is_about_others(self):
        other = make_initiative(self.lead, name="Another")
        ownership = initiatives.ask(
            initiative=other, role=Role.DATA_OWNER, person=self.asked, by=self.lead, at=NOON
        )
        actions.hear(at=NOON)
        initiatives.accept(ownership=ownership, by=self.asked, at=NOON)
        actions.settle(at=NOON)
        assert unread(self.asked) == ["ownership_asked"]


class TestNews(TestCase):
    @classmethod
    def setUpTestData(cls):
        lead = make_lead()
        cls.person = make_person("Olga Owner")
        cls.initiative = make_initiative(lead)

    def test_is_news_for_a_month(self):
        for kind in checking.NEWS:
            owe_one(self.person, self.initiative, kind=kind, subject=f"{kind}:1")
        settling.settle_flags(at=NOON + 29 * DAY)
        assert len(unread(self.person)) == len(checking.NEWS)
        settling.settle_flags(at=NOON + 31 * DAY)
        assert unread(self.person) == []

    def test_what_asks_for_something_is_no_news(self):
        owe_one(self.person, self.initiative, kind="ownership_asked", subject="ownership:1")
        settling.settle_flags(at=NOON + 31 * DAY)
        assert unread(self.person) == ["ownership_asked"]

    def test_a_flag_of_another_rule_keeps_nothing_unread(self):
        owe_one(self.person, self.initiative, kind="stalled")  # what is open is an unowned one
        settling.settle_flags(at=NOON)
        assert Flag.objects.open().count() == 1
        assert unread(self.person) == []


@pytest.mark.embedded
class TestTheBellOnPages(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.now = timezone.now()
        cls.lead = make_lead()
        cls.owner = make_person("Olga Owner")
        cls.initiative = make_initiative(cls.lead)
        owe_one(cls.owner, cls.initiative, due_date=timezone.localdate(), planned_at=cls.now)

    def setUp(self):
        self.client.force_login(self.owner)
        self.reminder = Reminder.objects.get()

    def test_says_how_many_on_every_page(self):
        for name in ("portfolio:dashboard", "initiatives:list", "notifications:attention"):
            self.assertContains(self.client.get(reverse(name)), "My reminders, 1 not seen yet")

    def test_says_nothing_where_there_is_none(self):
        self.client.force_login(self.lead)
        self.assertNotContains(self.client.get(reverse("initiatives:list")), "not seen yet")

    def test_lists_as_many_as_it_counts_and_marks_one(self):
        url = reverse("portfolio:reminders")
        self.assertContains(self.client.get(url), "Not seen yet (1)")
        answer = self.client.post(reverse("portfolio:read", args=[self.reminder.pk]))
        self.assertRedirects(answer, url)
        self.assertNotContains(self.client.get(url), "Not seen yet (")

    def test_marks_all(self):
        self.client.post(reverse("portfolio:read_all"))
        assert unread(self.owner) == []

    def test_reading_a_page_marks_nothing(self):
        self.client.get(reverse("portfolio:reminders"))
        self.client.get(self.initiative.get_absolute_url())
        assert unread(self.owner) == ["unowned"]

    def test_of_somebody_else_is_not_there(self):
        self.client.force_login(self.lead)
        url = reverse("portfolio:read", args=[self.reminder.pk])
        assert self.client.post(url).status_code == 404
        assert self.client.get(url).status_code == 405

"""Hand-overs that nobody answers: who is reminded, and who hears of it in the end."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection, transaction
from django.test import TestCase
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import actions as people
from initiatives.models import Initiative
from initiatives.stages import Role
from initiatives.workdays import works_on
from notifications import actions, queries
from notifications.actions import offering
from notifications.models import Reminder
from reviews import actions as reviews
from reviews import belongings
from tests.factories import make_administrator
from tests.notifications.scenes import (
    NOON,
    TODAY,
    make_initiative,
    make_lead,
    make_person,
    owed,
    own,
)

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


class Offered(TestCase):
    """Ada owns two pilots; an administrator has asked Bo on a Monday to take them over."""

    @classmethod
    def setUpTestData(cls):
        cls.lead, cls.admin = make_lead(), make_administrator()
        cls.ada, cls.bo = make_person("Ada Berg"), make_person("Bo Brandt")
        cls.pilots = [
            make_initiative(cls.lead, name=name, due=TODAY + 90 * DAY, engineering_owner=cls.ada)
            for name in ("Radar", "Letters")
        ]
        cls.asked = cls.ask()

    @classmethod
    def ask(cls, receiver=None, by=None, at=NOON, **more):
        theirs = belongings.of(cls.ada, seen_by=by or cls.admin)
        return reviews.ask_to_take_over(
            giver=cls.ada, receiver=receiver or cls.bo, by=by or cls.admin, at=at,
            subjects=[b.subject for b in theirs], **more,
        )  # fmt: skip

    def plan(self, days):
        return offering.plan(at=NOON + days * DAY)

    def owed(self):
        return [(kind, step, name) for kind, step, name in owed(kind__startswith="hand_over")]


class TestReminders(Offered):
    def test_come_on_the_days_on_which_owners_are_chased(self):
        steps = {}
        for day in range(40):
            self.plan(day)
            steps[day] = [step for kind, step, _ in self.owed() if kind == "hand_over_asked"]
        assert [day for day in range(1, 40) if steps[day] != steps[day - 1]] == [3, 7, 14]
        assert [steps[day] for day in (0, 3, 7, 14, 39)] == [[0], [3], [7], [14], [14]]

    def test_are_the_same_that_was_heard_when_it_was_asked(self):
        actions.hear(at=NOON)
        before = Reminder.objects.owed().get(recipient=self.bo)
        assert self.plan(0).planned == 0
        assert Reminder.objects.owed().get(recipient=self.bo).says == before.says

    def test_say_since_when_it_waits(self):
        self.plan(3)
        reminder = Reminder.objects.owed().get(recipient=self.bo)
        assert reminder.says == "Accept or decline what Ada Berg hands over: 2 things"
        assert reminder.detail.startswith(
            f"{self.admin.name} asked you on 2 Mar 2026 to take over what belongs to Ada Berg."
        )
        assert reminder.path == self.asked.get_absolute_url()

    def test_say_at_last_who_hears_next(self):
        self.plan(14)
        assert "the portfolio leads hear it" in Reminder.objects.owed().get().detail

    def test_can_wait_after_the_first_though_the_owner_has_left(self):
        people.deactivate(person=self.ada, by=None, at=NOON)
        for day, is_urgent in ((0, True), (3, False)):
            self.plan(day)
            assert Reminder.objects.owed().get(recipient=self.bo).is_urgent is is_urgent

    def test_change_nothing_when_they_are_planned_again(self):
        self.plan(3)
        again = self.plan(3)
        assert (again.planned, again.revived, again.cancelled) == (0, 0, 0)

    def test_count_days_where_the_organisation_is(self):
        """Asked on the 3rd in Kiritimati; the 6th begins there while London has the 5th."""
        with self.settings(TIME_ZONE="Pacific/Kiritimati"):
            for hours, step in ((-3, 0), (-1, 3)):
                offering.plan(at=NOON + 3 * DAY + hours * HOUR)
                assert self.owed() == [("hand_over_asked", step, "Bo Brandt")]

    def test_look_at_nothing_again_once_they_are_sent(self):
        self.plan(3)
        before = self.queries(3)
        actions.deliver(clock=lambda: NOON + 3 * DAY)
        assert self.queries(3) < before
        assert self.owed() == []

    def queries(self, day):
        with CaptureQueriesContext(connection) as found:
            self.plan(day)
        return len(found)


class TestTheirEnd(Offered):
    def end(self, way):
        at = NOON + 4 * DAY
        if way == "accepted":
            subjects = list(self.asked.items.values_list("subject", flat=True))
            reviews.take_over(hand_over=self.asked, subjects=subjects, by=self.bo, at=at)
        elif way == "declined":
            reviews.decline_to_take_over(hand_over=self.asked, reason="No.", by=self.bo, at=at)
        elif way == "taken back":
            reviews.withdraw_hand_over(hand_over=self.asked, by=self.lead, at=at)
        else:
            nils = make_person("Nils New")
            for row in self.pilots:
                own(row, Role.ENGINEERING_OWNER, nils, at)

    def test_comes_with_any_answer_and_where_nothing_is_left(self):
        for way in ("accepted", "declined", "taken back", "given to another"):
            with self.subTest(way=way), transaction.atomic():
                self.plan(3)
                self.end(way)
                assert self.plan(4).cancelled == 1
                for day in (7, 14, 17, 30):
                    self.plan(day)
                    assert self.owed() == [], day
                transaction.set_rollback(True)

    def test_is_asked_again_before_a_mail_is_sent(self):
        self.plan(3)
        self.end("taken back")
        actions.deliver(clock=lambda: NOON + 4 * DAY)
        assert mail.outbox == []
        assert Reminder.objects.get().state == Reminder.State.CANCELLED

    def test_comes_with_a_newer_step_for_what_no_mail_has_carried(self):
        self.plan(0)
        actions.deliver(clock=lambda: NOON + 5 * DAY)  # before the sweep, after an outage
        assert mail.outbox == []
        self.plan(5)
        assert self.owed() == [("hand_over_asked", 3, "Bo Brandt")]

    def test_takes_them_off_the_bell(self):
        self.plan(0)
        actions.deliver(clock=lambda: NOON)
        assert queries.unread_by(self.bo).count() == 1
        self.end("declined")
        actions.settle(at=NOON + 4 * DAY)
        assert queries.unread_by(self.bo).count() == 0


class TestSilence(Offered):
    def silences(self):
        return {name: kind for kind, _, name in self.owed() if kind == "hand_over_silent"}

    def test_is_told_to_whoever_asked_and_to_the_leads_three_days_after_the_last(self):
        self.plan(16)
        assert self.silences() == {}
        self.plan(17)
        assert set(self.silences()) == {"Lea Lead", self.admin.name}
        told = Reminder.objects.owed().get(kind="hand_over_silent", recipient=self.lead)
        assert told.says == "Speak to Bo Brandt: no answer about what Ada Berg hands over"
        assert (told.why, told.path) == (
            "You are a portfolio lead.", self.asked.get_absolute_url(),
        )  # fmt: skip
        told = Reminder.objects.owed().get(kind="hand_over_silent", recipient=self.admin)
        assert told.why == "You asked."

    def test_is_told_at_once_of_whoever_has_left_who_is_asked_no_more(self):
        self.plan(3)
        people.deactivate(person=self.bo, by=None, at=NOON + 4 * DAY)
        self.plan(4)
        assert set(self.silences()) == {"Lea Lead", self.admin.name}
        assert len(self.owed()) == 2
        assert Reminder.objects.owed().first().says == (
            "Ask somebody else: Bo Brandt left before taking over from Ada Berg"
        )

    def test_is_told_to_nobody_who_is_silent_themself_or_has_left(self):
        people.deactivate(person=self.admin, by=None, at=NOON)
        make_initiative(self.lead, name="Search", engineering_owner=self.bo)
        theirs = belongings.of(self.bo, seen_by=self.bo)
        reviews.ask_to_take_over(
            giver=self.bo, receiver=self.lead, subjects=[b.subject for b in theirs], by=self.bo,
            at=NOON,
        )  # fmt: skip
        self.plan(17)
        rows = Reminder.objects.owed().filter(kind="hand_over_silent")
        assert set(rows.values_list("recipient__name", "says")) == {
            ("Lea Lead", "Speak to Bo Brandt: no answer about what Ada Berg hands over"),
            ("Bo Brandt", "Speak to Lea Lead: no answer about what Bo Brandt hands over"),
        }


class TestWhoeverAsked(Offered):
    def page(self, name, *args):
        self.client.force_login(self.lead)
        return " ".join(self.client.get(reverse(name, args=args)).content.decode().split())

    def test_reads_when_it_was_asked_about_last(self):
        pages = (("people:detail", self.ada.pk), ("people:take_over", self.asked.pk))
        assert "eminded" not in "".join(self.page(*page) for page in pages)
        for day in (0, 3):
            self.plan(day)
            actions.deliver(clock=lambda day=day: NOON + day * DAY)
        assert "reminded 5 Mar 2026, no answer yet" in self.page(*pages[0])
        assert "Last reminded on 5 Mar 2026." in self.page(*pages[1])


@pytest.mark.embedded
class TestThreeWeeks(Offered):
    """With all that the clock does several times a day."""

    def live(self, day):
        """Who got a mail on this day."""
        mail.outbox.clear()
        for hours in (0, 5):
            at = NOON + day * DAY + hours * HOUR
            Initiative.objects.update(touched_at=at)  # nothing else asks for anything
            actions.sweep(at=at)
            actions.hear(at=at)
            actions.settle(at=at)
            actions.deliver(clock=lambda at=at: at)
        told = [m for m in mail.outbox if "hands over" in m.subject]
        return sorted(m.to[0].partition("@")[0] for m in told)

    def test_send_each_mail_once_and_none_on_a_weekend(self):
        got = {day: who for day in range(19) if (who := self.live(day))}
        assert set(got) == {0, 3, 7, 14, 17}
        assert all(got[day] == ["bo.brandt"] for day in (0, 3, 7, 14))
        assert len(got[17]) == 2
        assert all(works_on(TODAY + day * DAY) for day in got)

    def test_wait_for_monday(self):
        """Asked on a Wednesday, so that the first step falls on a Saturday."""
        reviews.withdraw_hand_over(hand_over=self.asked, by=self.lead, at=NOON)
        self.ask(at=NOON + 2 * DAY)
        got = {day: who for day in range(2, 12) if (who := self.live(day))}
        assert set(got) == {2, 7, 9}

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import TestCase
from django.test.utils import CaptureQueriesContext

from initiatives.models import Initiative
from notifications import actions
from notifications.actions.composing import compose
from notifications.models import Message, Preference, Reminder
from tests.notifications.scenes import (
    NOON,
    TODAY,
    make_initiative,
    make_lead,
    make_person,
    owe_one,
    own,
    states,
)

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
FRIDAY, SATURDAY = MONDAY + 4 * DAY, MONDAY + 5 * DAY
SEVEN = 7 * HOUR


class ComposeTestCase(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.lead = make_lead()
        cls.owner = make_person("Olga Owner")
        cls.initiative = make_initiative(cls.lead)

    def owe(self, recipient=None, **said):
        """Something that can wait."""
        owed = {"kind": "stalled", "is_urgent": False, "step": Reminder.objects.count(), **said}
        return owe_one(recipient or self.owner, self.initiative, **owed)

    def choose(self, topic, pace, person=None):
        actions.choose_paces(
            person=person or self.owner, paces={topic: pace}, by=person or self.owner, at=NOON
        )

    def mails(self, at):
        """How many are written at this moment; they are sent at once."""
        count = compose(at=at)
        queued = Message.objects.filter(state="queued")
        Reminder.objects.filter(message__in=queued).update(state="sent")
        queued.update(state="sent", sent_at=at)
        return count


@pytest.mark.embedded
class TestHours(ComposeTestCase):
    def test_sends_what_can_wait_from_seven_in_the_morning(self):
        self.owe()
        assert self.mails(MONDAY) == 0
        assert self.mails(MONDAY + SEVEN - timedelta(minutes=1)) == 0
        assert self.mails(MONDAY + SEVEN) == 1

    def test_sends_what_is_urgent_at_any_hour_of_any_day(self):
        self.owe(kind="unowned", is_urgent=True)
        assert self.mails(SATURDAY + 3 * HOUR) == 1

    def test_goes_by_the_hour_that_the_organisation_has_set(self):
        self.owe()
        with self.settings(DAILY_MAIL_HOUR=9, TIME_ZONE="Asia/Kolkata"):
            assert self.mails(datetime(2026, 3, 2, 3, 29, tzinfo=UTC)) == 0
            assert self.mails(datetime(2026, 3, 2, 3, 30, tzinfo=UTC)) == 1

    def test_sends_one_mail_on_the_day_after_summer_time_begins_or_ends(self):
        for zone, day in (
            ("America/Los_Angeles", (2027, 11, 8)),
            ("Europe/Paris", (2027, 3, 29)),
        ):
            local = datetime(*day, tzinfo=ZoneInfo(zone))
            Message.objects.update(day=MONDAY.date() - DAY)
            self.owe()
            with self.settings(TIME_ZONE=zone):
                sent = [self.mails(local.replace(hour=hour)) for hour in range(24)]
            assert sent == [0] * 7 + [1] + [0] * 16

    def test_sends_no_second_mail_of_the_day_when_the_clock_is_put_back(self):
        self.owe()
        assert self.mails(MONDAY + SEVEN) == 1
        self.owe()
        sent = [self.mails(MONDAY + SEVEN + n * HOUR) for n in (-2, -1, 0, 1)]
        assert sent == [0, 0, 0, 0]
        assert self.mails(MONDAY + DAY + SEVEN) == 1


@pytest.mark.embedded
class TestOutage(ComposeTestCase):
    """The mail server is away for days: what is written waits in the queue."""

    def test_leaves_one_mail_of_what_those_of_all_its_days_would_have_told(self):
        for days in range(4):
            self.owe()
            assert compose(at=MONDAY + days * DAY + SEVEN) == 1
        assert states(Message) == {"cancelled": 3, "queued": 1}
        last = Message.objects.get(state="queued")
        assert last.day == (MONDAY + 3 * DAY).date()
        assert last.reminders.count() == 4

    def test_brings_what_waits_to_whoever_is_owed_nothing_new(self):
        self.owe()
        assert compose(at=MONDAY + SEVEN) == 1
        assert compose(at=MONDAY + DAY) == 0
        assert compose(at=MONDAY + DAY + SEVEN) == 1
        assert states(Message) == {"cancelled": 1, "queued": 1}
        assert compose(at=MONDAY + DAY + SEVEN + HOUR) == 0

    def test_leaves_alone_what_somebody_sends_or_has_sent(self):
        for lease, state in ((MONDAY + DAY + 8 * HOUR, "owed"), (None, "sent")):
            Reminder.objects.all().delete()
            Message.objects.all().delete()
            self.owe()
            compose(at=MONDAY + SEVEN)
            Message.objects.update(lease_until=lease)
            Reminder.objects.update(state=state)
            assert compose(at=MONDAY + DAY + SEVEN) == 0
            assert states(Message) == {"queued": 1}

    def test_leaves_alone_what_cannot_wait(self):
        self.owe(kind="unowned", is_urgent=True)
        compose(at=MONDAY)
        assert compose(at=MONDAY + DAY + SEVEN) == 0
        assert states(Message) == {"queued": 1}


@pytest.mark.embedded
class TestWeekends(ComposeTestCase):
    def test_wait_for_the_next_working_day(self):
        self.owe()
        assert self.mails(SATURDAY + SEVEN) == 0
        self.owe()
        assert self.mails(SATURDAY + DAY + SEVEN) == 0
        assert self.mails(SATURDAY + 2 * DAY) == 0
        assert self.mails(SATURDAY + 2 * DAY + SEVEN) == 1
        assert states(Reminder) == {"sent": 2}

    def test_do_not_hold_back_a_deadline_that_would_be_over(self):
        due = {"kind": "decision_date", "step": 0, "due_date": (SATURDAY + DAY).date()}
        self.owe(**due)
        assert self.mails(SATURDAY + 6 * HOUR) == 0
        assert self.mails(SATURDAY + SEVEN) == 1

    def test_hold_back_what_is_due_later_or_late_already(self):
        monday, friday = (SATURDAY + 2 * DAY).date(), FRIDAY.date()
        self.owe(kind="decision_date", step=0, due_date=monday)
        self.owe(kind="decision_date", step=3, due_date=friday)
        assert self.mails(SATURDAY + SEVEN) == 0

    def test_do_not_hold_back_a_deadline_that_came_after_the_mail_of_friday(self):
        self.owe()
        assert self.mails(FRIDAY + SEVEN) == 1
        self.owe(kind="obligation_owed", step=0, due_date=(SATURDAY + DAY).date())
        assert self.mails(FRIDAY + 9 * HOUR) == 1
        assert Message.objects.latest("pk").is_urgent


@pytest.mark.embedded
class TestPaces(ComposeTestCase):
    def test_at_once_does_not_wait_for_the_mail_of_the_next_day(self):
        self.choose("missing", "at_once")
        self.owe()
        assert self.mails(MONDAY) == 0  # nobody is woken for it
        assert self.mails(MONDAY + SEVEN) == 1
        self.owe()
        assert self.mails(MONDAY + 8 * HOUR) == 1

    def test_daily_holds_back_what_would_come_at_once(self):
        self.choose("signatures", "daily")
        self.owe(kind="sign_off_asked", is_urgent=True, due_date=TODAY + 5 * DAY)
        assert self.mails(MONDAY + 6 * HOUR) == 0
        assert self.mails(MONDAY + SEVEN) == 1
        assert not Message.objects.get().is_urgent

    def test_weekly_waits_for_the_first_mail_of_the_next_week(self):
        self.choose("missing", "weekly")
        self.owe(planned_at=MONDAY + 8 * HOUR, step=7)
        sent = [self.mails(MONDAY + n * DAY + SEVEN + HOUR) for n in range(7)]
        assert sent == [0] * 7
        assert self.mails(MONDAY + 7 * DAY + SEVEN) == 1

    def test_weekly_comes_on_the_next_day_when_nothing_ran_on_monday(self):
        self.choose("missing", "weekly")
        self.owe(planned_at=MONDAY - DAY, step=7)
        assert self.mails(MONDAY + DAY + SEVEN) == 1

    def test_weekly_and_daily_are_one_mail_on_monday(self):
        self.choose("missing", "weekly")
        self.owe(planned_at=MONDAY - DAY, step=7)
        self.owe(kind="decision_date", due_date=TODAY + 3 * DAY, step=-3)
        assert self.mails(MONDAY + SEVEN) == 1
        assert states(Reminder) == {"sent": 2}

    def test_a_receipt_comes_along_with_what_asks_for_something(self):
        self.owe(kind="sign_off_receipt", planned_at=MONDAY + 8 * HOUR)
        assert self.mails(MONDAY + DAY + SEVEN) == 0
        self.owe(step=7)
        assert self.mails(MONDAY + DAY + SEVEN) == 1
        assert states(Reminder) == {"sent": 2}

    def test_a_receipt_comes_by_itself_with_the_first_mail_of_the_next_week(self):
        self.owe(kind="sign_off_receipt", planned_at=MONDAY + 8 * HOUR)
        sent = [self.mails(MONDAY + n * DAY + SEVEN + HOUR) for n in range(8)]
        assert sent == [*[0] * 7, 1]

    def test_a_receipt_comes_once_a_day_to_whoever_wants_it_so(self):
        self.choose("receipts", "daily")
        self.owe(kind="sign_off_receipt", planned_at=MONDAY + 8 * HOUR)
        assert self.mails(MONDAY + DAY + SEVEN) == 1

    def test_off_sends_nothing_and_keeps_that_it_was_owed(self):
        self.choose("missing", "off")
        self.owe(step=7)
        assert self.mails(MONDAY) == 0
        assert states(Reminder) == {"muted": 1}
        self.choose("missing", "daily")
        assert self.mails(MONDAY + SEVEN) == 0

    def test_no_choice_holds_back_what_names_its_recipient_to_act(self):
        for pace in ("off", "weekly"):
            for topic, kinds in {
                "missing": ("leaving", "unowned", "slot_unfillable", "stalled"),
                "health": ("falls_short", "measurement_stale", "over_budget"),
                "talk": ("hand_over_answered",),
            }.items():
                self.choose(topic, pace)
                for kind in kinds:
                    self.owe(kind=kind, step=0, due_date=TODAY)
                    sent = self.mails(MONDAY + SEVEN), states(Reminder)
                    assert sent == (1, {"sent": 1}), (pace, kind)
                    Reminder.objects.all().delete()
                    Message.objects.all().delete()

    def test_off_mutes_what_others_leave_undone(self):
        self.choose("missing", "off")
        self.choose("health", "off")
        for kind, step in (("stalled", 7), ("sign_off_overdue", 3), ("ownership_silent", 17)):
            self.owe(kind=kind, step=step)
        self.owe(kind="falls_short", step=7)
        assert self.mails(MONDAY + SEVEN) == 0
        assert states(Reminder) == {"muted": 4}

    def test_off_does_not_silence_an_alarm(self):
        self.choose("missing", "off")
        self.owe(kind="unowned", is_urgent=True)
        assert self.mails(MONDAY) == 1

    def test_holds_for_the_person_who_chose_alone(self):
        self.choose("missing", "off", person=self.lead)
        self.owe(self.lead, step=7)
        self.owe(self.owner, step=8)
        assert self.mails(MONDAY + SEVEN) == 1
        assert Message.objects.get().recipient == self.owner

    def test_a_muted_one_is_not_planned_again(self):
        silent = make_initiative(self.lead, name="Lone pilot", due=TODAY + 60 * DAY)
        own(silent, "sponsor", self.owner)
        Initiative.objects.filter(pk=silent.pk).update(touched_at=NOON - 40 * DAY)
        self.choose("missing", "off")
        actions.sweep(at=NOON)
        compose(at=NOON)
        assert "muted" in states(Reminder)
        again = actions.sweep(at=NOON + HOUR).reminders
        assert (again.planned, again.revived, again.cancelled) == (0, 0, 0)

    def test_a_mail_at_once_carries_what_may_go_at_once_alone(self):
        urgent = self.owe(kind="unowned", is_urgent=True)
        self.owe()
        assert self.mails(MONDAY) == 1
        assert Reminder.objects.get(state="sent") == urgent


class TestQueries(ComposeTestCase):
    def queries(self, people):
        for n in range(people):
            person = make_person(f"Person {people} {n}")
            for kind in ("stalled", "sign_off_asked", "falls_short"):
                owed = {"kind": kind, "step": 7, "is_urgent": kind == "sign_off_asked"}
                self.owe(person, **owed)
            Preference.objects.create(person=person, topic="health", pace="off")
        with CaptureQueriesContext(connection) as asked:
            assert compose(at=MONDAY + SEVEN) == 2 * people
        return sum("SAVEPOINT" not in query["sql"] for query in asked)

    def test_are_the_same_for_few_and_many(self):
        self.queries(1)  # the first time makes the row that lets one process compose
        assert self.queries(2) == self.queries(12)

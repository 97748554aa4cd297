"""Days and hours over more than a year: `proofs/reminders/calendar.py`, proof k, in small."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from django.test import TestCase, override_settings
from django.utils import timezone

from notifications import ladders
from notifications.ladders import Step
from proofs.reminders import calendar
from reviews.policy import default_text, published

DAY = timedelta(days=1)
LADDER = published(default_text(), version=1).reminders


class TestFourHundredDays(TestCase):
    """Each step is sent once, on its local day; what is late is so from local midnight on."""

    def lives(self, zone, due):
        with calendar.living_in(zone):
            walk = calendar.prepare(zone, [due])
            calendar.live(walk, calendar.few_moments(calendar.days_about(due), zone))
        assert walk.failures(until=due + 30 * DAY) == []
        assert len(walk.heard) == len(calendar.STEPS)

    def test_hold_about_a_29_february_in_los_angeles(self):
        self.lives("America/Los_Angeles", date(2028, 2, 29))

    def test_hold_about_a_sunday_of_half_an_hour_more_on_lord_howe(self):
        self.lives("Australia/Lord_Howe", date(2028, 4, 2))

    def test_find_a_deadline_that_goes_by_the_days_of_london(self):
        """A walk that cannot fail would prove nothing."""
        with calendar.living_in("Pacific/Kiritimati"):
            walk = calendar.prepare("Pacific/Kiritimati", [date(2028, 3, 1)])
        with calendar.living_in("Europe/London"):
            days = calendar.days_about(date(2028, 3, 1))
            calendar.live(walk, calendar.few_moments(days, "Pacific/Kiritimati"))
        assert walk.failures(until=date(2028, 4, 1)) != []


class TestLadderOfEveryDay(TestCase):
    """Without the database: every quarter of an hour, every date, all five time zones."""

    def test_reaches_each_step_at_local_midnight_and_never_leaves_it(self):
        steps = ladders.decision_date(LADDER)
        dues = [calendar.BEGIN + n * DAY for n in range(20, calendar.DAYS - 20)]
        for zone in calendar.ZONES:
            with override_settings(TIME_ZONE=zone):
                found = self.reached(zone, steps, dues)
            for due in dues:
                for step in steps:
                    on = min(due + step.days * DAY, ladders.mail_day(step.days, due))
                    assert found[due, step.days] == calendar.midnight(on, zone), (zone, due)

    def reached(self, zone, steps, dues):
        found: dict[tuple[date, int], datetime] = {}
        before = None
        for moment in calendar.many_moments(zone):
            today = timezone.localdate(moment)
            for due in dues if today != before else ():
                if abs((today - due).days) < 20 and (step := ladders.newest(steps, due, today)):
                    found.setdefault((due, step.days), moment)
            before = today
        return found


class TestMailDay(TestCase):
    """The working day whose mail carries a step; 2 March 2026 is a Monday."""

    def day(self, days, due):
        return f"{ladders.mail_day(days, date(2026, 3, due)):%a %-d}"

    def test_is_the_day_itself_where_people_work_on_it(self):
        assert self.day(0, 4) == "Wed 4"
        assert self.day(-2, 4) == "Mon 2"

    def test_is_the_next_working_day_after_a_weekend(self):
        assert self.day(-3, 10) == "Mon 9"  # Saturday
        assert self.day(3, 5) == "Mon 9"  # Sunday
        assert self.day(3, 4) == "Mon 9"  # Saturday

    def test_is_the_last_before_where_the_next_comes_after_the_due_date(self):
        assert self.day(0, 7) == "Fri 6"
        assert self.day(0, 8) == "Fri 6"
        assert self.day(-1, 8) == "Fri 6"

    def test_does_not_hold_back_what_is_urgent(self):
        at_once = (Step(0, leads=True),)
        saturday = date(2026, 3, 7)
        assert ladders.newest(at_once, saturday, saturday) == at_once[0]


class TestSignerStep(TestCase):
    def test_counts_working_days_from_the_request(self):
        thursday = date(2026, 3, 5)
        found = {n: ladders.signer_step(LADDER, thursday, thursday + n * DAY) for n in range(9)}
        assert found == {0: 0, 1: 0, 2: 0, 3: 0, 4: 0, 5: 3, 6: 3, 7: 5, 8: 5}


def test_the_clock_of_a_walk_passes_through_every_quarter_of_an_hour():
    moments = list(calendar.many_moments("Australia/Lord_Howe"))
    assert {after - before for before, after in pairwise(moments)} == {calendar.MINUTES}
    assert moments[0].tzinfo is UTC

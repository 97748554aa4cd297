from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.test import TestCase
from django.test.utils import CaptureQueriesContext

from accounts import actions as people
from accounts.models import Group
from initiatives import actions as initiatives
from initiatives.models import Initiative
from initiatives.stages import Stage
from notifications import actions, queries, weekly_mail
from notifications.actions import Delivered
from notifications.models import Flag, Message, Reminder
from notifications.rules.words import called
from reviews import actions as reviews
from tests.notifications.conftest import Sink
from tests.notifications.scenes import (
    TODAY,
    make_initiative,
    make_lead,
    make_person,
    make_quiet,
    move,
    owned_by_all,
)

DAY, HOUR, WEEK = timedelta(days=1), timedelta(hours=1), timedelta(days=7)
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
SEVEN = MONDAY + 7 * HOUR
LONG_BEFORE = MONDAY - 60 * DAY


class WeeklyTestCase(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.lead = make_lead()
        cls.owner = make_person("Olga Owner")

    def make(self, name="Claims triage", at=LONG_BEFORE, stage=Stage.PILOT, due=None, **owners):
        owners = owners or owned_by_all(self.owner, stage)
        due = due or TODAY + 60 * DAY
        return make_initiative(self.lead, name=name, stage=stage, due=due, at=at, **owners)

    def weekly(self, person=None, at=SEVEN):
        return queries.weekly(person or self.lead, MONDAY.date(), at)

    def said(self, section):
        return [(line.says, line.note) for line in section.lines]


class TestPlanning(WeeklyTestCase):
    def plan(self, at):
        actions.plan_digests(at=at)
        rows = Reminder.objects.filter(kind="weekly_digest").order_by("subject", "recipient__name")
        return list(rows.values_list("subject", "recipient__name"))

    def test_begins_on_monday_at_seven(self):
        assert self.plan(SEVEN - timedelta(minutes=1)) == []
        assert self.plan(SEVEN) == [("week:2026-W10", "Lea Lead")]

    def test_begins_then_in_the_time_zone_of_the_organisation(self):
        with self.settings(TIME_ZONE="America/Los_Angeles"):
            assert self.plan(MONDAY + 15 * HOUR - timedelta(minutes=1)) == []
            assert len(self.plan(MONDAY + 15 * HOUR)) == 1

    def test_happens_once_a_week(self):
        for hours in range(0, 7 * 24, 5):
            found = self.plan(SEVEN + hours * HOUR)
        assert found == [("week:2026-W10", "Lea Lead")]
        assert self.plan(SEVEN - 2 * HOUR) == found  # the clock is put back
        assert len(self.plan(SEVEN + WEEK)) == 2

    def test_is_caught_up_later_in_the_week_and_not_after_it(self):
        assert self.plan(SEVEN + 2 * DAY) == [("week:2026-W10", "Lea Lead")]
        assert self.plan(SEVEN + 16 * DAY)[-1] == ("week:2026-W12", "Lea Lead")
        assert Reminder.objects.count() == 2

    def test_leaves_those_who_want_it_later_to_the_next_week(self):
        self.plan(SEVEN)
        people.join(person=self.owner, group=Group.objects.get(key=Group.LEADS), by=None, at=SEVEN)
        assert len(self.plan(SEVEN + DAY)) == 1
        assert len(self.plan(SEVEN + WEEK)) == 3

    def test_names_a_week_of_two_years_by_its_own(self):
        self.plan(datetime(2027, 1, 1, 12, tzinfo=UTC))
        assert Reminder.objects.get().subject == "week:2026-W53"
        assert Reminder.objects.get().due_date == date(2026, 12, 28)


@pytest.mark.embedded
class TestWeekly(WeeklyTestCase):
    def test_says_what_is_late_with_its_price_and_what_comes(self):
        late = self.make("Late one", due=TODAY - 5 * DAY)
        soon = self.make("Soon one", due=TODAY + 14 * DAY)
        self.make("Later one", due=TODAY + 15 * DAY)
        initiatives.record_spend(
            initiative=late, amount=41_000, spent_on=TODAY - DAY, by=None, at=MONDAY
        )
        found = self.weekly()
        assert (found.late, found.due) == (1, 1)
        assert self.said(found.to_decide) == [
            (called(late), "5 days late, EUR 41,000 spent"),
            (called(soon), "ship-or-kill date 16 Mar 2026"),
        ]
        assert weekly_mail.subject_of(found) == (
            "Decide 1 late and 1 due: the portfolio in the week of 2 Mar 2026"
        )

    def test_says_what_nobody_owns(self):
        lone = self.make("Lone one", sponsor=self.owner)
        assert self.said(self.weekly().unowned) == [(called(lone), "Pilot")]

    def test_says_what_was_decided_in_the_week_before_and_no_other(self):
        moments = {
            "Before": MONDAY - WEEK - HOUR, "First": MONDAY - WEEK, "Last": MONDAY - HOUR,
            "After": MONDAY,
        }  # fmt: skip
        for name, at in moments.items():
            reviews.decide(
                initiative=self.make(name), kind="kill", by=self.lead, at=at,
                reason="No.", outcome="priorities", lesson="None.",
            )  # fmt: skip
        said = self.said(self.weekly().changed)
        assert [(line.partition(" (")[0], note) for line, note in said] == [
            ("First", "Kill, by Lea Lead"),
            ("Last", "Kill, by Lea Lead"),
        ]

    def test_says_what_was_registered_in_the_week_before(self):
        self.make("Old one")
        new = self.make("New one", at=MONDAY - DAY)
        self.make("Newest one", at=MONDAY + HOUR)
        assert self.said(self.weekly().registered) == [(called(new), "Pilot")]

    def test_says_what_is_open_after_the_last_step_of_its_ladder(self):
        self.make("Shipped one", stage=Stage.PRODUCTION, due=TODAY - 7 * DAY)
        actions.sweep(at=MONDAY)
        assert self.weekly().waiting.count == 0  # the leads hear of it by itself today
        (line,) = self.weekly(at=SEVEN + DAY).waiting.lines
        assert line.note == "It was to be recertified by 23 Feb 2026."

    def test_leaves_out_what_is_snoozed(self):
        self.make("Shipped one", stage=Stage.PRODUCTION, due=TODAY - 7 * DAY)
        actions.sweep(at=MONDAY)
        actions.snooze(
            flag=Flag.objects.get(rule="recertification_overdue"), until=TODAY + 2 * DAY,
            reason="Its owner is back then.", by=self.lead, at=SEVEN,
        )  # fmt: skip
        counts = [self.weekly(at=SEVEN + days * DAY).waiting.count for days in (1, 2, 3)]
        assert counts == [0, 0, 1]

    def test_compares_with_the_week_before(self):
        for days in (9, 3):
            self.make(f"Late by {days}", due=TODAY - days * DAY)
        self.make("Runs", stage=Stage.PRODUCTION, at=MONDAY - 2 * DAY)
        actions.sweep(at=MONDAY)
        said = [trend.says for trend in self.weekly().trends]
        assert said == [
            "2 decisions late, 1 more than a week before",
            "0 without an owner, as a week before",
            "3 deserve attention, 2 more than a week before",
            "1 in production, 1 more than a week before",
        ]

    def test_counts_what_is_better_by_now(self):
        late = self.make(due=TODAY - 10 * DAY)
        actions.sweep(at=MONDAY - 5 * DAY)
        move(late, TODAY + 40 * DAY)
        actions.sweep(at=MONDAY)
        assert self.weekly().trends[0].says == "0 decisions late, 1 fewer than a week before"

    def test_tells_nobody_of_what_they_may_not_see(self):
        hidden = self.make("Hidden one", due=TODAY - 9 * DAY, sponsor=self.lead)
        Initiative.objects.filter(pk=hidden.pk).update(is_restricted=True)
        actions.sweep(at=MONDAY)
        stranger = make_person("Stan Stranger")
        found = self.weekly(stranger)
        assert found.sections == []
        assert [trend.count for trend in found.trends] == [0, 0, 0, 0]
        assert self.weekly().to_decide.count == 1

    def test_says_nothing_of_what_is_quiet(self):
        for stage in (Stage.PILOT, Stage.PRODUCTION):
            make_quiet(self.make(str(stage), due=TODAY - DAY, stage=stage, at=MONDAY - DAY))
        assert self.weekly().sections == []

    def test_shows_the_first_of_many_and_links_to_all(self):
        for n in range(11):
            self.make(f"Late {n}", due=TODAY - n * DAY)
        section = self.weekly().to_decide
        assert (section.count, len(section.lines), section.more) == (11, 8, 3)
        self.client.force_login(self.lead)
        page = self.client.get(section.url).content.decode()
        assert page.count("Late ") >= 11

    def test_needs_as_many_queries_for_many_as_for_few(self):
        counts = []
        for more in (2, 10):
            for n in range(more):
                self.make(f"Late {more} {n}", due=TODAY - (n + 1) * DAY, sponsor=self.owner)
            actions.sweep(at=MONDAY)
            with CaptureQueriesContext(connection) as asked:
                self.weekly()
            counts.append(len(asked))
        assert counts[0] == counts[1] <= 16


class TestDelivery(WeeklyTestCase):
    sink: Sink

    @pytest.fixture(autouse=True)
    def real_server(self, sink):
        self.sink = sink

    def deliver(self, at=SEVEN):
        actions.plan_digests(at=at)
        return actions.deliver(clock=lambda: at)

    def test_is_a_mail_of_its_own_and_sent_once(self):
        self.make(due=TODAY - 4 * DAY, sponsor=self.owner)
        actions.sweep(at=MONDAY)
        assert self.deliver() == Delivered(sent=3)  # beside the mails of the day, to both
        digest = Message.objects.get(is_digest=True)
        assert digest.subject.startswith("Decide 1 late: ")
        assert digest.subject in {mail["Subject"] for mail in self.sink.to("lea.lead@example.com")}
        assert self.deliver(SEVEN + HOUR) == Delivered()
        assert self.deliver(SEVEN + DAY).sent <= 1  # what else there is
        assert Message.objects.filter(is_digest=True).count() == 1

    def test_is_turned_off_by_the_address_in_its_head(self):
        self.make(due=TODAY - 4 * DAY)
        self.deliver()
        (digest,) = (m for m in self.sink.to("lea.lead@example.com") if "List-Unsubscribe" in m)
        address = digest["List-Unsubscribe"].strip(" <>").removeprefix(settings.BASE_URL)
        assert self.client.post(address, {"List-Unsubscribe": "One-Click"}).status_code == 200
        assert queries.digest_readers(MONDAY) == []

    def test_is_not_sent_where_there_is_nothing_to_say(self):
        assert self.deliver() == Delivered(cancelled=1)
        assert self.deliver(SEVEN + DAY) == Delivered()
        assert not self.sink.mails

    def test_is_not_sent_to_whoever_turned_it_off_meanwhile(self):
        self.make(due=TODAY - 4 * DAY)
        actions.plan_digests(at=SEVEN)
        actions.choose_paces(person=self.lead, paces={"digest": "off"}, by=self.lead, at=SEVEN)
        assert actions.deliver(clock=lambda: SEVEN) == Delivered()
        assert Reminder.objects.get().state == "muted"

    def test_is_for_its_reader_alone(self):
        """A member who asked for it hears nothing of what is restricted."""
        hidden = self.make("Hidden one", due=TODAY - 9 * DAY, sponsor=self.lead)
        Initiative.objects.filter(pk=hidden.pk).update(is_restricted=True)
        self.make("Open one", due=TODAY - 2 * DAY)
        stan = make_person("Stan Stranger")
        actions.choose_paces(person=stan, paces={"digest": "weekly"}, by=stan, at=MONDAY)
        assert self.deliver().sent == 2
        (mine,) = self.sink.to("stan.stranger@example.com")
        (theirs,) = self.sink.to("lea.lead@example.com")
        assert "Hidden one" in theirs.as_string()
        assert "Hidden one" not in mine.as_string()
        assert "You asked for this mail." in mine.as_string()
        assert not Flag.objects.exists()

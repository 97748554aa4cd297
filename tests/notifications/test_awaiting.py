from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import actions as people
from initiatives import actions as initiatives
from notifications import actions
from notifications.actions import Delivered, awaiting
from notifications.actions.planning import Planned
from notifications.models import Message, Reminder
from notifications.rules.words import called
from reviews import actions as reviews
from reviews.models import Review
from reviews.queries import current_policy
from tests.notifications.scenes import (
    NOON,
    TODAY,
    make_initiative,
    make_person,
    make_quiet,
    owed,
    own,
)
from tests.notifications.test_hearing import HearTestCase

DAY = timedelta(days=1)
THURSDAY, NEXT_MONDAY = NOON + 3 * DAY, NOON + 7 * DAY  # three and five working days later


class AwaitingTestCase(HearTestCase):
    """A review that was asked for on Monday 2 March, and is due on Monday 9 March."""

    def setUp(self):
        self.review = self.request_review()
        actions.hear(at=NOON)
        Reminder.objects.update(state="sent", message=self.message())

    def message(self):
        return Message.objects.create(
            recipient=self.sponsor, is_urgent=True, created_at=NOON, next_attempt_at=NOON,
            state="sent", sent_at=NOON,
        )  # fmt: skip

    def at(self, moment):
        """Which steps are owed then, and to whom."""
        awaiting.remind(at=moment)
        return [(step, name) for _, step, name in owed(kind="sign_off_asked")]


class TestSigners(AwaitingTestCase):
    def test_are_reminded_after_three_and_five_working_days(self):
        all_of_them = ["Carla Compliance", "Olga Owner", "Sam Sponsor"]
        assert self.at(NOON + 2 * DAY) == []
        assert self.at(THURSDAY) == [(3, name) for name in all_of_them]
        assert self.at(THURSDAY + 3 * DAY) == [(3, name) for name in all_of_them]
        assert self.at(NEXT_MONDAY) == [(5, name) for name in all_of_them]
        assert self.at(NEXT_MONDAY + 30 * DAY) == [(5, name) for name in all_of_them]

    def test_are_told_by_when_and_since_when_and_it_can_wait(self):
        self.at(THURSDAY)
        reminder = Reminder.objects.get(recipient=self.sponsor, step=3)
        assert reminder.says == f"Sign by 9 Mar 2026: {called(self.initiative)}, charter"
        assert reminder.detail == "It was asked for on 2 Mar 2026, and waits for you."
        assert reminder.path == self.review.get_absolute_url()
        assert not reminder.is_urgent

    def test_are_told_that_it_is_late_where_it_is(self):
        Review.objects.update(due_date=TODAY + DAY)
        self.at(THURSDAY)
        reminder = Reminder.objects.get(recipient=self.sponsor, step=3)
        assert reminder.says.startswith("Sign now: ")
        assert reminder.says.endswith("late since 3 Mar 2026")

    def test_are_reminded_once_of_a_step(self):
        self.at(THURSDAY)
        Reminder.objects.owed().update(state="sent", message=self.message())
        assert self.at(THURSDAY + DAY) == []
        assert awaiting.remind(at=THURSDAY + DAY) == Planned()

    def test_are_left_alone_once_they_have_answered(self):
        self.at(THURSDAY)
        self.sign(self.review, self.sponsor)
        assert self.at(THURSDAY) == [(3, "Carla Compliance"), (3, "Olga Owner")]

    def test_are_left_alone_once_they_have_left_or_the_review_is_over(self):
        self.at(THURSDAY)
        people.deactivate(person=self.owner, by=None, at=THURSDAY)
        assert (3, "Olga Owner") not in self.at(THURSDAY)
        reviews.withdraw(review=self.review, reason="No.", by=self.lead, at=THURSDAY)
        assert self.at(THURSDAY) == []

    def test_are_left_alone_while_it_is_quiet_and_asked_again_after_it(self):
        self.at(THURSDAY)
        make_quiet(self.initiative)
        assert self.at(THURSDAY) == []
        type(self.initiative).objects.update(counting_since=NOON)
        assert len(self.at(THURSDAY)) == 3

    def test_who_came_later_were_asked_since_that_step(self):
        late = make_person("Lars Late")
        own(self.initiative, "engineering_owner", late, at=THURSDAY + DAY)
        actions.hear(at=THURSDAY + DAY)
        found = self.at(THURSDAY + DAY)
        assert [step for step, name in found if name == "Lars Late"] == [0]
        assert (5, "Lars Late") in self.at(NEXT_MONDAY)

    def test_who_have_to_sign_again_were_asked_since_that_step(self):
        self.sign(self.review, self.sponsor)
        initiatives.edit(
            initiative=self.initiative, by=self.lead, at=NEXT_MONDAY, problem="Claims wait"
        )
        reviews.notice_changes(at=NEXT_MONDAY)
        actions.hear(at=NEXT_MONDAY)
        assert owed(kind="sign_off_stale") == [("sign_off_stale", 0, "Sam Sponsor")]
        assert (5, "Sam Sponsor") not in self.at(NEXT_MONDAY)

    def test_who_have_to_sign_again_are_not_told_beside_it_that_they_never_answered(self):
        """The sweep that finds the evidence changed is the first to know: it reminds them before
        anybody has heard of that."""
        self.sign(self.review, self.sponsor)
        initiatives.edit(
            initiative=self.initiative, by=self.lead, at=NEXT_MONDAY, problem="Claims wait"
        )
        for moment in (NEXT_MONDAY, NEXT_MONDAY + DAY):
            actions.sweep(at=moment)
            actions.hear_and_deliver(clock=lambda now=moment: now)
        told = Reminder.objects.filter(recipient=self.sponsor, state="sent", step__gte=0)
        asked = told.filter(kind__startswith="sign_off", planned_at__gte=NEXT_MONDAY)
        assert [reminder.kind for reminder in asked.exclude(kind="sign_off_receipt")] == [
            "sign_off_stale"
        ]

    def test_are_not_reminded_where_the_policy_says_so(self):
        ladder = replace(current_policy().reminders, signer_days_after=(0,))
        assert awaiting.newest(ladder, self.review, TODAY + 30 * DAY) is None


class TestAfterAnOutage(AwaitingTestCase):
    def test_only_the_newest_step_is_sent(self):
        """Nothing ran from Monday to the next Monday, when the sender comes first."""
        Reminder.objects.filter(kind="sign_off_asked").update(
            state="owed", message=None, planned_at=NOON
        )
        actions.deliver(clock=lambda: NEXT_MONDAY)
        assert Reminder.objects.filter(kind="sign_off_asked", state="cancelled").count() == 3
        assert [step for step, _ in self.at(NEXT_MONDAY)] == [5, 5, 5]
        assert actions.deliver(clock=lambda: NEXT_MONDAY) == Delivered(sent=3)

    def test_an_unsent_request_is_overtaken_by_the_reminder(self):
        Reminder.objects.filter(kind="sign_off_asked").update(state="owed", message=None)
        assert [step for step, _ in self.at(THURSDAY)] == [3, 3, 3]


class TestQueries(HearTestCase):
    def ask(self, count):
        for n in range(count):
            owner = make_person(f"Owner {count} {n}")
            initiative = make_initiative(
                self.lead, name=f"Number {n}", stage=self.initiative.stage, business_owner=owner
            )
            reviews.request_review(initiative=initiative, by=self.lead, at=NOON)

    def queries(self):
        with CaptureQueriesContext(connection) as asked:
            awaiting.remind(at=THURSDAY)
        return sum("SAVEPOINT" not in query["sql"] for query in asked)

    def test_are_the_same_for_few_and_many_reviews(self):
        self.ask(2)
        first, again = self.queries(), self.queries()
        self.ask(9)
        assert (self.queries(), self.queries()) == (first, again)
        assert first <= 9


class TestEscalation(AwaitingTestCase):
    def test_goes_on_to_the_sponsor_and_the_leads_once_it_is_late(self):
        """Due on 9 March: three days later the sponsor hears, after seven the leads."""
        due = self.review.due_date
        for days, who in ((3, "Sam Sponsor"), (7, "Lea Lead")):
            actions.sweep(at=NOON + (due - TODAY) + days * DAY)
            assert owed(kind="sign_off_overdue") == [("sign_off_overdue", days, who)]

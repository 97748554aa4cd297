from __future__ import annotations

from datetime import timedelta

from django.test import TestCase
from icalendar import Calendar

from accounts.models import Person
from initiatives.actions import obligations
from initiatives.models import Initiative, KillCondition, OpenQuestion, Ownership
from initiatives.stages import Stage
from notifications import calendars, queries
from notifications.queries.deadlines import AHEAD, PAST
from reviews import actions as reviews
from tests.factories import make_cast, make_metric, make_ready_for_charter, make_review
from tests.notifications.scenes import (
    NOON,
    TODAY,
    make_initiative,
    make_lead,
    make_person,
    make_quiet,
    owned_by_all,
    suspend,
)

DAY = timedelta(days=1)


class TestDeadlines(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.lead = make_lead()
        cls.owner = make_person("Olga Owner")
        cls.pilot = make_initiative(cls.lead, due=TODAY + 9 * DAY, **owned_by_all(cls.owner))

    def keys(self, person=None):
        return [deadline.key for deadline in queries.deadlines(person or self.owner, TODAY)]

    def of(self, key):
        return next(d for d in queries.deadlines(self.owner, TODAY) if d.key == key)

    def owe(self, assignee, days=3):
        owed, _ = obligations.owe(
            self.pilot, kind="spend", what="Cancel the contract.", assignee=assignee,
            due_date=TODAY + days * DAY, by=None, at=NOON,
        )  # fmt: skip
        return owed

    def test_of_an_owner_holds_the_decision_date(self):
        (deadline,) = queries.deadlines(self.owner, TODAY)
        assert (deadline.day, deadline.says) == (TODAY + 9 * DAY, "Ship-or-kill date")
        assert (deadline.initiative, deadline.path) == (
            self.pilot, self.pilot.get_absolute_url()
        )  # fmt: skip

    def test_of_whoever_holds_no_role_is_empty(self):
        assert self.keys(self.lead) == []

    def test_counts_roles_as_they_are_now(self):
        Ownership.objects.update(ended_at=NOON)
        assert self.keys() == []

    def test_leaves_out_what_is_quiet_or_retired(self):
        make_quiet(self.pilot)
        assert self.keys() == []
        Initiative.objects.update(counting_since=NOON, stage=Stage.RETIRED)
        assert self.keys() == []

    def test_is_in_the_order_of_days_the_late_ones_first(self):
        late, soon = self.owe(self.owner, -2), self.owe(self.owner)
        assert self.keys() == [
            f"obligation-{late.pk}", f"obligation-{soon.pk}", f"decision-{self.pilot.pk}"
        ]  # fmt: skip

    def test_holds_what_was_given_to_this_person(self):
        self.owe(self.lead)
        assert len(self.keys()) == 1
        assert len(self.keys(self.lead)) == 1

    def test_holds_the_questions_that_this_person_owns(self):
        due = {"raised_at": NOON, "due_date": TODAY + DAY, "initiative": self.pilot}
        mine = OpenQuestion.objects.create(question="Who trains?", owner=self.owner, **due)
        OpenQuestion.objects.create(question="Whose?", owner=self.lead, **due)
        OpenQuestion.objects.create(
            question="Which?", owner=self.owner, closed_at=NOON, answer="That.", **due
        )
        assert self.keys()[0] == f"question-{mine.pk}"
        assert len(self.keys()) == 2

    def test_holds_kill_conditions_that_are_looked_at_on_a_day(self):
        metric = make_metric(initiative=self.pilot)
        agreed = {
            "initiative": self.pilot, "metric": metric, "comparator": "above", "threshold": 60,
        }  # fmt: skip
        with_day = KillCondition.objects.create(due_date=TODAY + 2 * DAY, **agreed)
        decided = KillCondition.objects.create(by_decision_date=True, **agreed)
        KillCondition.objects.create(in_a_row=3, **agreed)
        found = {d.key: (d.day, d.note) for d in queries.deadlines(self.owner, TODAY)}
        assert found == {
            f"kill-condition-{with_day.pk}": (TODAY + 2 * DAY, ""),
            f"decision-{self.pilot.pk}": (TODAY + 9 * DAY, f"{decided.sentence()}."),
        }

    def test_of_a_kill_condition_is_over_with_its_day(self):
        metric = make_metric(initiative=self.pilot)
        condition = KillCondition.objects.create(
            initiative=self.pilot, metric=metric, comparator="above", threshold=60, due_date=TODAY
        )  # fmt: skip
        key = f"kill-condition-{condition.pk}"
        assert key in self.keys()
        assert key not in [d.key for d in queries.deadlines(self.owner, TODAY + DAY)]

    def test_tell_a_calendar_what_would_stop_it(self):
        condition = KillCondition.objects.create(
            initiative=self.pilot, metric=make_metric(initiative=self.pilot), comparator="above",
            threshold=60, by_decision_date=True,
        )  # fmt: skip
        feed = calendars.written("own", queries.deadlines(self.owner, TODAY))
        (event,) = Calendar.from_ical(feed).walk("VEVENT")
        assert condition.sentence() in str(event["DESCRIPTION"])
        assert condition.sentence() not in str(event["SUMMARY"])

    def test_holds_the_catch_up_of_what_was_declared(self):
        Initiative.objects.update(caught_up_at=None)
        assert f"catch-up-{self.pilot.pk}" in self.keys()

    def test_holds_recertification_unless_it_is_suspended(self):
        Initiative.objects.update(stage=Stage.PRODUCTION)
        assert self.of(f"decision-{self.pilot.pk}").says == "Recertification date"
        suspend(Initiative.objects.get(), self.lead)
        assert self.keys() == [f"suspension-{self.pilot.pk}"]

    def test_holds_the_end_of_ones_deputy(self):
        self.owner.deputy, self.owner.deputy_until = self.lead, TODAY + DAY
        assert [d.says for d in queries.deadlines(self.owner, TODAY)] == [
            "Last day on which your deputy signs for you", "Ship-or-kill date",
        ]  # fmt: skip

    def test_keeps_its_name_and_raises_its_sequence_when_it_moves(self):
        key = f"decision-{self.pilot.pk}"
        before = self.of(key)
        reviews.decide(
            initiative=self.pilot, kind="extend", days=7, reason="One more week.", by=self.lead,
            at=NOON,
        )  # fmt: skip
        after = self.of(key)
        assert after.day == before.day + 7 * DAY
        assert after.sequence > before.sequence
        assert after.changed_at >= before.changed_at

    def test_costs_the_same_few_queries_however_many_there_are(self):
        few = self.count()
        for _ in range(4):
            row = make_initiative(self.lead, due=TODAY + DAY, **owned_by_all(self.owner))
            make_metric(initiative=row)
            self.owe(self.owner)
        assert len(self.keys()) == 9
        assert self.count() == few

    def count(self):
        fresh = Person.objects.get(pk=self.owner.pk)
        with self.assertNumQueries(10) as counted:
            queries.deadlines(fresh, TODAY)
        return len(counted)


class TestSignaturesAmongThem(TestCase):
    def test_are_there_until_they_are_given(self):
        cast = make_cast()
        initiative = make_ready_for_charter(cast=cast)
        review = make_review(initiative=initiative, by=cast.business_owner, at=NOON)
        mine = {d.key: d for d in queries.deadlines(cast.compliance, TODAY)}
        deadline = mine[f"review-{review.pk}"]
        assert (deadline.day, deadline.path) == (review.due_date, review.get_absolute_url())
        assert deadline.says == "Sign the charter review as Legal & compliance"
        reviews.withdraw(review=review, reason="Not now.", by=cast.lead, at=NOON)
        assert queries.deadlines(cast.compliance, TODAY) == []


class TestDecisionDates(TestCase):
    """Of the portfolio, for whoever subscribes to it."""

    @classmethod
    def setUpTestData(cls):
        cls.lead = make_lead()
        cls.member = make_person("Mia Member")
        cls.open = make_initiative(cls.lead, due=TODAY + 9 * DAY)
        cls.restricted = make_initiative(cls.lead, due=TODAY - 9 * DAY)
        Initiative.objects.filter(pk=cls.restricted.pk).update(is_restricted=True)

    def seen_by(self, person):
        return [d.initiative for d in queries.decision_dates(person, TODAY)]

    def test_are_of_what_one_may_see(self):
        assert self.seen_by(self.member) == [self.open]
        assert self.seen_by(self.lead) == [self.restricted, self.open]

    def test_are_neither_long_ago_nor_far_ahead(self):
        for day in (TODAY - PAST - DAY, TODAY + AHEAD + DAY):
            Initiative.objects.filter(pk=self.open.pk).update(decision_date=day)
            assert self.seen_by(self.member) == []

    def test_are_not_of_what_is_quiet(self):
        make_quiet(self.open)
        assert self.seen_by(self.member) == []

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta

from django.test import TestCase

from accounts import actions as people
from accounts.models import Person
from initiatives.actions import obligations
from initiatives.models import Initiative, Ownership
from initiatives.stages import Role, Stage
from notifications import actions, queries
from notifications.ladders import LADDERS
from notifications.models import Flag, Reminder
from notifications.queries.ahead import ABOUT
from tests.notifications.scenes import (
    NOON,
    TODAY,
    make_initiative,
    make_lead,
    make_person,
    make_quiet,
    own,
    owned_by_all,
    trip_by_spend,
)

DAY = timedelta(days=1)


def ahead(person, days=0):
    """What comes next, as days from today: `[(5, "its decision")]`."""
    today = TODAY + days * DAY
    steps = queries.next_steps(person, today)
    return [((step.day - TODAY).days, step.about) for step in steps]


class TestWhatComesNext(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.lead = make_lead()
        cls.owner = make_person("Olga Owner")
        cls.sponsor = make_person("Sam Sponsor")
        cls.roles = owned_by_all(cls.owner) | {"sponsor": cls.sponsor}

    def make(self, due, stage=Stage.PILOT, **more):
        return make_initiative(self.lead, stage=stage, due=TODAY + due * DAY, **self.roles, **more)

    def sweep(self, days=0):
        actions.sweep(at=NOON + days * DAY)

    def test_says_something_of_each_ladder(self):
        assert ABOUT.keys() == LADDERS.keys()

    def test_of_a_decision_is_each_step_in_turn(self):
        self.make(20)
        assert ahead(self.owner) == [(6, "its decision")]
        assert ahead(self.owner, 6) == [(17, "its decision")]
        assert ahead(self.owner, 17) == [(18, "its decision")]  # the Friday before a Sunday
        assert ahead(self.owner, 20) == []

    def test_names_the_day_whose_mail_carries_it(self):
        """Twelve days from this Monday is a Saturday, and what is then owed is mailed two later."""
        self.make(9)
        (step,) = queries.next_steps(self.sponsor, TODAY)
        assert (step.day - TODAY, step.mailed_on - TODAY) == (12 * DAY, 14 * DAY)
        at_once = {"decisions": "at_once"}
        actions.choose_paces(person=self.sponsor, paces=at_once, by=self.sponsor, at=NOON)
        (step,) = queries.next_steps(self.sponsor, TODAY)
        assert step.mailed_on - TODAY == 12 * DAY

    def test_of_what_is_wanted_once_a_week_is_the_monday_after(self):
        self.make(60)
        touched = NOON - 12 * DAY  # so that it stalls in nine days, and the sponsor hears a week on
        Initiative.objects.update(touched_at=touched)
        self.sweep(9)
        weekly = {"missing": "weekly"}
        actions.choose_paces(person=self.sponsor, paces=weekly, by=self.sponsor, at=NOON)
        (step, *_) = queries.next_steps(self.sponsor, TODAY + 9 * DAY)
        assert ((step.day - TODAY).days, (step.mailed_on - TODAY).days) == (16, 21)

    def test_of_a_decision_is_for_the_sponsor_after_its_day(self):
        self.make(20)
        assert ahead(self.sponsor) == [(23, "its decision")]

    def test_is_the_days_on_which_sweeps_owe_something_new(self):
        self.make(20)
        everybody = (self.owner, self.sponsor, self.lead)
        owed_on: dict[Person, list[int]] = defaultdict(list)
        said: dict[Person, set[int]] = defaultdict(set)
        for day in range(34):
            before = {person: self.owed(person) for person in everybody}
            for person in everybody:
                found = ahead(person, day)
                said[person] |= {on for on, about in found if "lapsed" not in about}
            self.sweep(day)
            for person in everybody:
                owed_on[person] += [day] if self.owed(person) > before[person] else []
        assert owed_on == {person: sorted(said[person] - {34}) for person in everybody}

    def owed(self, person):
        return Reminder.objects.filter(recipient=person, kind="decision_date").count()

    def test_of_a_lead_is_what_was_flagged(self):
        self.make(-2)
        assert ahead(self.lead) == []
        self.sweep()
        assert (5, "its decision") in ahead(self.lead)

    def test_of_recertification_and_catch_up(self):
        row = self.make(100, stage=Stage.PRODUCTION, production_owner=self.owner)
        assert ahead(self.owner) == [(40, "its recertification")]
        Initiative.objects.filter(pk=row.pk).update(caught_up_at=None)
        assert "its catch-up" in {about for _, about in ahead(self.sponsor)}

    def test_of_an_obligation_is_for_whoever_it_was_given_to(self):
        row = self.make(60)
        obligations.owe(
            row, kind="spend", what="Cancel it.", assignee=self.lead, due_date=TODAY + 4 * DAY,
            by=None, at=NOON,
        )  # fmt: skip
        assert ahead(self.lead) == [(5, "what was to be seen to")]
        assert (7, "what was to be seen to") in ahead(self.sponsor)

    def test_of_a_last_day_is_for_whoever_leaves_as_well(self):
        self.make(60)
        people.record_leaving(person=self.owner, day=TODAY + 30 * DAY, by=None, at=NOON)
        self.sweep()
        for person in (self.owner, self.sponsor):
            assert (16, "who takes over from somebody who leaves") in ahead(person)

    def test_of_a_kill_condition_that_has_tripped_is_for_the_leads(self):
        trip_by_spend(self.make(60))
        self.sweep()
        assert ahead(self.lead) == [(3, "a kill condition that has tripped")]

    def test_of_what_is_snoozed_comes_after_it(self):
        self.make(14)
        self.sweep()
        flag = Flag.objects.get(rule="decision_near")
        assert ahead(self.owner) == [(11, "its decision")]
        actions.snooze(flag=flag, until=TODAY + 5 * DAY, reason="Later.", by=self.owner, at=NOON)
        assert ahead(self.owner) == [(11, "its decision")]
        actions.wake(snooze=flag.snoozes.get(), by=self.owner, at=NOON)
        actions.snooze(flag=flag, until=TODAY + 12 * DAY, reason="Later.", by=self.owner, at=NOON)
        assert ahead(self.owner) == [(13, "its decision")], "what came meanwhile, on the day after"

    def test_is_nothing_of_what_is_quiet_retired_or_nobodys(self):
        make_quiet(self.make(20))
        retired = self.make(20)
        Initiative.objects.filter(pk=retired.pk).update(stage=Stage.RETIRED)
        gone = self.make(20)
        Ownership.objects.filter(initiative=gone).update(ended_at=NOON)
        assert ahead(self.owner) == []

    def test_costs_the_same_few_queries_however_much_it_is(self):
        counts = []
        for _ in range(3):
            for due in (20, -2):
                row = self.make(due)
                own(row, Role.DATA_OWNER, self.owner)
            self.sweep()
            for person in (self.owner, self.lead):
                fresh = type(person).objects.get(pk=person.pk)
                with self.assertNumQueries(10):
                    counts.append(len(queries.next_steps(fresh, TODAY)))
        assert len(set(counts)) > 2

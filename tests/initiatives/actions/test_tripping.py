from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import TestCase
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.actions import date_inactivity, deactivate, reactivate
from accounts.models import Person
from audit.models import Event
from initiatives import actions
from initiatives.actions import tripping
from initiatives.models import Initiative, KillCondition, Metric, Ownership, Spend
from initiatives.stages import REQUIRED_ROLES, Stage
from tests.accounts.expectations import last_event, nothing_said
from tests.factories import (
    LONG_AGO,
    NOON,
    TODAY,
    make_declared,
    make_kill_condition,
    make_lead,
    make_measurement,
    make_metric,
    make_owner,
    make_person,
    silence,
)

DAY = timedelta(days=1)


def trip(at=NOON):
    """As the sweep does."""
    return actions.trip_kill_conditions(at=at)


def trip_those_of(initiative, at=NOON):
    """As each value and each amount does."""
    row = Initiative.objects.get(pk=initiative.pk)
    return tripping.trip_those_of(row, at=at)


class Running(TestCase):
    """A pilot that was due yesterday, with a condition on its metric."""

    @classmethod
    def setUpTestData(cls):
        cls.lead = make_lead()
        cls.pilot = make_declared(by=cls.lead, stage=Stage.PILOT)
        cls.metric = make_metric(initiative=cls.pilot)
        cls.due(TODAY - DAY)

    @classmethod
    def due(cls, day):
        Initiative.objects.update(decision_date=day)

    def arm(self, **changes):
        return make_kill_condition(initiative=self.pilot, metric=self.metric, **changes)

    def arm_in_a_row(self, count=2):
        return self.arm(by_decision_date=False, in_a_row=count)

    def measure(self, value, at=LONG_AGO):
        return make_measurement(metric=self.metric, value=value, at=at)

    def state(self):
        return KillCondition.objects.get().state


@pytest.mark.embedded
class TestTheSweep(Running):
    def test_trips_what_missed_its_limit_in_time(self):
        self.arm()
        self.measure(9000)
        assert trip() == 1
        tripped = KillCondition.objects.get()
        assert (tripped.state, tripped.tripped_at) == ("tripped", NOON)
        said = "measured 2.5 h on 2 Dec 2025; the limit by 1 Mar 2026 was 2 h"
        assert tripped.tripped_because == said

    def test_says_so_in_the_log(self):
        made = self.arm()
        trip()
        event = last_event()
        assert (event.kind, event.subject) == ("kill_condition.tripped", f"killcondition:{made.pk}")
        assert (event.initiative_id, event.actor_id) == (self.pilot.pk, None)
        assert event.changed["because"] == "nothing was measured by 1 Mar 2026"

    def test_trips_nothing_twice(self):
        self.arm()
        assert (trip(), trip(), trip(NOON + DAY)) == (1, 0, 0)
        assert Event.objects.filter(kind="kill_condition.tripped").count() == 1
        assert KillCondition.objects.get().tripped_at == NOON

    def test_leaves_alone_what_holds(self):
        self.arm()
        self.measure(7200)
        with nothing_said():
            assert trip() == 0

    def test_leaves_a_waived_one_alone(self):
        self.arm()
        KillCondition.objects.update(state="waived", waived_until=TODAY)
        assert trip() == 0

    def test_waits_until_the_day_is_over(self):
        self.arm()
        self.due(TODAY)
        assert (trip(NOON), trip(NOON + DAY)) == (0, 1)

    def test_ends_the_day_where_the_organisation_is(self):
        self.arm()
        self.due(date(2026, 3, 2))
        late = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)  # half past midnight in Berlin
        with timezone.override("America/New_York"):
            assert trip(late + timedelta(hours=5)) == 0
        assert trip(late) == 0
        with timezone.override("Europe/Berlin"):
            assert trip(late) == 1

    def test_follows_an_extension(self):
        self.arm()
        self.due(TODAY + 10 * DAY)
        assert (trip(NOON), trip(NOON + 10 * DAY), trip(NOON + 11 * DAY)) == (0, 0, 1)

    def test_keeps_to_a_date_of_its_own(self):
        self.arm(by_decision_date=False, due_date=TODAY + DAY, at=NOON)
        assert (trip(NOON), trip(NOON + DAY), trip(NOON + 2 * DAY)) == (0, 0, 1)

    def test_never_trips_without_any_date(self):
        self.arm()
        self.due(None)
        assert trip(NOON + 1000 * DAY) == 0

    def test_looks_at_the_newest_value_alone(self):
        self.arm()
        self.measure(9000, at=LONG_AGO)
        self.measure(7000, at=LONG_AGO + DAY)
        assert trip() == 0

    def test_looks_past_what_was_corrected(self):
        self.arm()
        wrong = self.measure(9000, at=LONG_AGO)
        make_measurement(metric=self.metric, value=60, at=LONG_AGO, corrects=wrong)
        assert trip() == 0

    def test_trips_below_where_higher_is_better(self):
        Metric.objects.update(direction="higher", baseline=1, threshold=2, target=3)
        self.arm(comparator="below")
        self.measure(7199)
        assert trip() == 1

    def trips_by_stage(self):
        """In which stages it trips, which both ways of finding out have to agree on."""
        found = {stage: self.trips_in(stage, trip) for stage in Stage}
        again = {stage: self.trips_in(stage, lambda: trip_those_of(self.pilot)) for stage in Stage}
        assert found == again
        return {stage for stage, count in found.items() if count}

    def trips_in(self, stage, way):
        KillCondition.objects.update(state="armed", tripped_at=None)
        Initiative.objects.update(stage=stage)
        return way()

    def test_trips_by_the_decision_date_of_a_pilot_and_of_a_readiness_review(self):
        self.arm()  # a proposal's date is not its ship-or-kill date; production was decided
        assert self.trips_by_stage() == {Stage.PILOT, Stage.READINESS_REVIEW}

    def test_trips_by_a_date_of_its_own_in_whatever_runs(self):
        self.arm(by_decision_date=False, due_date=TODAY - DAY)
        assert self.trips_by_stage() == {Stage.PILOT, Stage.READINESS_REVIEW, Stage.PRODUCTION}

    def test_trips_by_spend_until_it_is_retired(self):
        make_kill_condition(initiative=self.pilot, spend_cap=1)
        Spend.objects.create(initiative=self.pilot, amount=2, spent_on=TODAY, recorded_at=LONG_AGO)
        assert self.trips_by_stage() == set(Stage) - {Stage.RETIRED}

    def test_trips_several_of_one_initiative_and_of_several(self):
        self.arm()
        self.arm(threshold=Decimal(60))
        other = make_declared(by=self.lead, stage=Stage.PILOT, name="Other")
        make_kill_condition(initiative=other, metric=make_metric(initiative=other))
        self.due(TODAY - DAY)
        assert trip() == 3


@pytest.mark.embedded
class TestQuietOnes(Running):
    def test_never_trip(self):
        self.arm()
        self.arm_in_a_row(1)
        make_kill_condition(initiative=self.pilot)
        silence(initiative=self.pilot)
        Initiative.objects.update(decision_date=TODAY - DAY)
        self.measure(9000)
        self.measure(9000)
        actions.record_spend(initiative=self.pilot, amount=99_999, spent_on=TODAY, by=None, at=NOON)
        assert trip() == 0
        assert set(KillCondition.objects.values_list("state", flat=True)) == {"armed"}


@pytest.mark.embedded
class TestMeasuring(Running):
    def test_trips_the_last_of_several_in_a_row(self):
        self.arm_in_a_row(3)
        for day, state in enumerate(["armed", "armed", "tripped"]):
            self.measure(9000, at=LONG_AGO + day * DAY)
            assert self.state() == state
        assert KillCondition.objects.get().tripped_at == LONG_AGO + 2 * DAY

    def test_does_not_count_what_was_measured_before_it_was_agreed(self):
        self.measure(9000, at=LONG_AGO)
        self.measure(9000, at=LONG_AGO + DAY)
        self.arm(by_decision_date=False, in_a_row=2, at=LONG_AGO + 2 * DAY)
        self.measure(9000, at=LONG_AGO + 3 * DAY)
        assert self.state() == "armed"

    def test_does_not_count_in_a_proposal(self):
        self.arm_in_a_row(1)
        Initiative.objects.update(stage=Stage.PROPOSAL)
        self.measure(9000, at=LONG_AGO)
        assert self.state() == "armed"

    def test_begins_to_count_anew_after_a_good_one(self):
        self.arm_in_a_row(2)
        for day, value in enumerate([9000, 60, 9000]):
            self.measure(value, at=LONG_AGO + day * DAY)
        assert self.state() == "armed"

    def test_counts_by_when_it_was_measured_not_recorded(self):
        self.arm_in_a_row(2)
        for day, value in ((2, 60), (1, 9000), (3, 9000)):
            at = LONG_AGO + day * DAY
            make_measurement(metric=self.metric, value=value, at=NOON, measured_at=at)
        assert self.state() == "armed"

    def test_does_not_count_what_is_recorded_later_of_the_time_before(self):
        self.arm(by_decision_date=False, in_a_row=2, at=LONG_AGO + 2 * DAY)
        for day in (0, 1, 3):
            at = LONG_AGO + day * DAY
            make_measurement(metric=self.metric, value=9000, at=NOON, measured_at=at)
        assert self.state() == "armed"

    def test_trips_by_either_of_its_two_moments(self):
        both = {"by_decision_date": False, "in_a_row": 2, "due_date": TODAY + DAY}
        self.arm(at=NOON, **both)
        self.measure(9000, at=NOON + DAY / 4)
        assert self.state() == "armed"
        assert trip(NOON + DAY) == 0
        assert trip(NOON + 2 * DAY) == 1
        KillCondition.objects.all().delete()
        self.arm(at=NOON, **both)
        for part in (2, 3):
            self.measure(9000, at=NOON + part * DAY / 4)
        assert self.state() == "tripped"

    def test_trips_in_production_too(self):
        self.arm_in_a_row(2)
        Initiative.objects.update(stage=Stage.PRODUCTION)
        self.measure(9000, at=LONG_AGO)
        self.measure(9000, at=LONG_AGO + DAY)
        assert self.state() == "tripped"

    def test_trips_what_is_past_its_date(self):
        self.arm()
        self.measure(9000, at=NOON)
        assert self.state() == "tripped"
        kinds = Event.objects.order_by("seq").values_list("kind", flat=True)
        assert list(kinds)[-2:] == ["measurement.recorded", "kill_condition.tripped"]

    def test_leaves_other_initiatives_to_the_sweep(self):
        other = make_declared(by=self.lead, stage=Stage.PILOT, name="Other")
        make_kill_condition(initiative=other, metric=make_metric(initiative=other))
        self.due(TODAY - DAY)
        self.measure(60, at=NOON)
        assert self.state() == "armed"


@pytest.mark.embedded
class TestSpending(Running):
    def spend(self, amount):
        actions.record_spend(initiative=self.pilot, amount=amount, spent_on=TODAY, by=None, at=NOON)

    def test_trips_past_the_cap_and_not_at_it(self):
        make_kill_condition(initiative=self.pilot, spend_cap=10_000)
        self.spend(6_000)
        self.spend(4_000)
        assert self.state() == "armed"
        self.spend(1)
        assert self.state() == "tripped"
        assert KillCondition.objects.get().tripped_because == "10,001 spent; the cap is 10,000"

    def test_counts_corrections(self):
        make_kill_condition(initiative=self.pilot, spend_cap=10_000)
        self.spend(9_000)
        self.spend(-5_000)
        self.spend(5_000)
        assert self.state() == "armed"


@pytest.mark.embedded
class TestNobodyAnswersForIt(TestCase):
    """A pilot whose sponsor and owners have accepted, which stops once one is missing for ten
    days."""

    @classmethod
    def setUpTestData(cls):
        cls.lead = make_lead()
        cls.pilot = make_declared(by=cls.lead, stage=Stage.PILOT)
        Initiative.objects.update(decision_date=TODAY + 30 * DAY)
        cls.people = {role: make_person(name=f"{role} one") for role in REQUIRED_ROLES[Stage.PILOT]}
        for role, person in cls.people.items():
            make_owner(initiative=cls.pilot, role=role, person=person)

    def arm(self, role="", days=10, **changes):
        return make_kill_condition(
            initiative=self.pilot, kind="owner", owner_role=role, missing_days=days, **changes
        )

    def leave(self, role="sponsor", at=NOON):
        deactivate(person=self.people[role], by=None, at=at)

    def end(self, role="sponsor", at=NOON):
        held = Ownership.objects.open().get(initiative=self.pilot, role=role)
        actions.end_ownership(ownership=held, by=None, at=at)

    def tripped_on(self, *days):
        """On which of these days after NOON it trips, each tried from the same beginning."""
        found = []
        for day in days:
            KillCondition.objects.update(state="armed", tripped_at=None)
            found += [day] * trip(NOON + day * DAY)
        return found

    def test_trips_once_somebody_has_been_missing_for_so_long(self):
        self.arm()
        self.leave()
        assert self.tripped_on(0, 9, 10, 11) == [10, 11]

    def test_says_who_and_since_when(self):
        self.arm()
        self.leave()
        trip(NOON + 12 * DAY)
        said = "nobody has been its sponsor since 2 Mar 2026, for 12 days"
        assert KillCondition.objects.get().tripped_because == said

    def test_counts_from_the_end_of_a_role_as_well(self):
        self.arm()
        self.end(at=NOON + DAY)
        assert self.tripped_on(10, 11) == [11]

    def test_counts_from_when_it_was_agreed_where_nobody_ever_held_it(self):
        self.arm("budget_owner", at=NOON)
        assert self.tripped_on(9, 10) == [10]

    def test_counts_from_when_the_stage_that_needs_it_began(self):
        self.arm("production_owner")
        Initiative.objects.update(stage_entered_at=NOON)
        assert self.tripped_on(9, 10) == [10]

    def test_does_not_count_somebody_who_was_only_asked(self):
        self.arm("budget_owner", at=NOON)
        person = make_person(name="Bo Budget")
        actions.ask(initiative=self.pilot, role="budget_owner", person=person, by=None, at=NOON)
        assert self.tripped_on(10) == [10]

    def test_begins_anew_once_somebody_else_holds_it(self):
        self.arm()
        self.end()
        make_owner(initiative=self.pilot, role="sponsor", person=self.lead, at=NOON + 5 * DAY)
        assert self.tripped_on(20) == []
        self.end(at=NOON + 20 * DAY)
        assert self.tripped_on(29, 30) == [30]

    def test_does_not_give_a_role_back_to_who_was_reactivated(self):
        self.arm()
        self.leave()
        reactivate(person=self.people["sponsor"], by=None, at=NOON + 5 * DAY)
        assert self.tripped_on(9, 10) == [10]

    def test_knows_of_a_role_that_was_named_alone(self):
        self.arm("business_owner")
        self.leave("sponsor")
        assert self.tripped_on(20) == []
        self.leave("business_owner")
        assert self.tripped_on(20) == [20]

    def test_counts_a_deactivation_by_raw_sql_from_when_the_sweep_saw_it(self):
        self.arm()
        Person.objects.filter(pk=self.people["sponsor"].pk).update(is_active=False)
        assert self.tripped_on(40) == []  # nobody knows since when
        date_inactivity(at=NOON + 40 * DAY)
        assert self.tripped_on(49, 50) == [50]
        assert date_inactivity(at=NOON + 60 * DAY) == 0

    def test_counts_in_what_runs_alone(self):
        self.arm("sponsor")
        self.leave()
        found = set()
        for stage in Stage:
            KillCondition.objects.update(state="armed", tripped_at=None)
            Initiative.objects.update(stage=stage)
            if trip(NOON + 20 * DAY):
                found.add(stage)
        assert found == {Stage.PILOT, Stage.READINESS_REVIEW, Stage.PRODUCTION}

    def test_never_trips_what_is_quiet(self):
        self.arm()
        self.leave()
        silence(initiative=self.pilot)
        assert trip(NOON + 20 * DAY) == 0

    def test_trips_before_a_decision_as_well(self):
        self.arm()
        self.leave()
        assert trip_those_of(self.pilot, NOON + 9 * DAY) == 0
        assert trip_those_of(self.pilot, NOON + 10 * DAY) == 1

    def test_is_asked_about_in_as_many_queries_for_more(self):
        self.arm()
        self.leave()
        with CaptureQueriesContext(connection) as few:
            assert trip(NOON + 9 * DAY) == 0
        for number in range(3):
            other = make_declared(by=self.lead, stage=Stage.PILOT, name=f"Other {number}")
            make_kill_condition(initiative=other, kind="owner", missing_days=10, at=NOON)
        with CaptureQueriesContext(connection) as many:
            assert trip(NOON + 9 * DAY) == 0
        assert len(few) == len(many)


@pytest.mark.embedded
class TestThoseOfOne(Running):
    """What the last value and the sum say decides whether anything more is read."""

    def queries(self):
        with CaptureQueriesContext(connection) as queries:
            assert trip_those_of(self.pilot) == 0
        return len(queries) - 1  # the row

    def test_leave_others_alone(self):
        other = make_declared(by=self.lead, stage=Stage.PILOT, name="Other")
        self.arm()
        self.due(TODAY - DAY)
        assert trip_those_of(other) == 0
        assert trip_those_of(self.pilot) == 1

    def test_are_read_alone_before_their_time(self):
        self.measure(9000)
        self.arm()
        self.due(TODAY + DAY)
        assert self.queries() == 1

    def test_ask_for_the_last_value_alone_where_it_holds(self):
        self.measure(60)
        self.arm_in_a_row(1)
        assert self.queries() == 2

    def test_ask_for_the_sum_alone_below_the_cap(self):
        make_kill_condition(initiative=self.pilot, spend_cap=1)
        assert self.queries() == 2

    def test_read_the_facts_once_the_last_value_is_past_the_limit(self):
        self.measure(9000)
        self.arm_in_a_row(2)
        assert self.queries() > 2

    def test_trip_without_a_value_once_they_are_due(self):
        self.arm()
        assert trip_those_of(self.pilot) == 1


class TestQueries(Running):
    def test_are_as_many_for_twenty_as_for_one(self):
        self.arm()
        self.measure(9000)
        counted = []
        for count in (0, 19):
            for place in range(count):
                other = make_declared(by=self.lead, stage=Stage.PILOT, name=f"Other {place}")
                make_kill_condition(initiative=other, metric=make_metric(initiative=other))
            self.due(TODAY - DAY)
            with CaptureQueriesContext(connection) as queries:
                assert trip() == (count or 1)
            counted.append(len(queries))
        assert counted[0] == counted[1]

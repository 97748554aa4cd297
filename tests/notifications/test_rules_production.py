"""The rules about systems in production: what they show, who measures it, what they cost."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.test import TestCase

from initiatives import actions as initiatives
from initiatives.models import Initiative, Measurement, Metric
from initiatives.stages import Role, Stage
from notifications import queries
from notifications.actions import sweep
from notifications.models import Flag
from portfolio.queries import health
from reviews import queries as reviews
from tests.factories import make_evaluation_set, make_measurement, make_metric, make_run
from tests.notifications.scenes import (
    NOON,
    TODAY,
    found_by,
    make_initiative,
    make_lead,
    make_person,
    make_quiet,
    open_rules,
    owed,
    suspend,
)
from tests.reviews.scenes import publish_policy

DAY = timedelta(days=1)
HOUR = 3600
OF_HEALTH = ("below_baseline", "below_threshold", "measurement_stale")


class InProduction(TestCase):
    """A system that promised to go from four hours to 45 minutes."""

    @classmethod
    def setUpTestData(cls):
        cls.lead = make_lead()
        cls.owner = make_person("Olga Owner")
        cls.initiative = make_initiative(
            cls.lead,
            stage=Stage.PRODUCTION,
            **{Role.BUSINESS_OWNER: cls.owner, Role.PRODUCTION_OWNER: cls.owner},
        )
        cls.metric = make_metric(initiative=cls.initiative)

    def measure(self, value, days=0, **more):
        Measurement.objects.all().delete()
        return make_measurement(metric=self.metric, value=value, at=NOON - days * DAY, **more)

    def resume(self):
        Initiative.objects.update(
            suspended_at=None, suspended_until=None, suspended_by=None, suspended_because=""
        )

    def leaves_out_what_does_not_count(self, rule):
        """What is quiet, suspended, restricted to others or retired."""
        assert len(found_by(rule)) == 1
        Initiative.objects.update(is_restricted=True)
        assert len(found_by(rule)) == 1  # flagged, and shown to its own people alone
        suspend(self.initiative, self.lead)
        assert found_by(rule) == []
        self.resume()
        Initiative.objects.update(stage=Stage.RETIRED)
        assert found_by(rule) == []
        Initiative.objects.update(stage=Stage.PRODUCTION)
        make_quiet(self.initiative)
        assert found_by(rule) == []

    def opens_updates_and_closes(self, rule, worse, better):
        """A flag follows what is found, and its owner is told once."""
        sweep(at=NOON)
        (first,) = Flag.objects.open().filter(rule=rule)
        worse()
        assert sweep(at=NOON + DAY).rules[rule].updated == 1
        (flag,) = Flag.objects.open().filter(rule=rule)
        assert (flag.pk, flag.since) == (first.pk, first.since)
        assert flag.says != first.says
        better()
        assert sweep(at=NOON + DAY).rules[rule].closed == 1
        assert rule not in open_rules(self.initiative)


@pytest.mark.embedded
class TestBelowBaseline(InProduction):
    def test_is_worse_than_what_was_there_before(self):
        for value, expected in ((4 * HOUR, 0), (4 * HOUR + 1, 1)):
            self.measure(value)
            assert len(found_by("below_baseline")) == expected, value

    def test_goes_the_other_way_where_higher_is_better(self):
        Metric.objects.update(direction="higher", baseline=10, threshold=50)
        for value, expected in ((10, 0), (9, 1)):
            self.measure(value)
            assert len(found_by("below_baseline")) == expected, value

    def test_says_what_was_measured(self):
        self.measure(5 * HOUR, sample_size=812)
        (finding,) = found_by("below_baseline")
        assert finding.says == (
            "Time until a claim is with its handler: measured 5 h on 2 Mar 2026, n = 812; its "
            "baseline is 4 h."
        )
        assert finding.severity == "critical"

    def test_looks_at_the_newest_value_that_was_not_corrected(self):
        wrong = self.measure(5 * HOUR)
        make_measurement(metric=self.metric, value=30, at=NOON, measured_at=NOON, corrects=wrong)
        assert found_by("below_baseline") == []

    def test_is_nothing_where_there_was_no_baseline(self):
        Metric.objects.update(baseline=None)
        self.measure(5 * HOUR)
        assert found_by("below_baseline") == []
        assert len(found_by("below_threshold")) == 1

    def test_leaves_out_what_does_not_count(self):
        self.measure(5 * HOUR)
        self.leaves_out_what_does_not_count("below_baseline")

    def test_opens_updates_and_closes(self):
        self.measure(5 * HOUR, days=2)
        self.opens_updates_and_closes(
            "below_baseline", lambda: self.measure(6 * HOUR), lambda: self.measure(30 * 60)
        )

    def test_tells_its_owners_and_after_a_week_the_leads_where_it_has_no_sponsor(self):
        self.measure(5 * HOUR)
        sweep(at=NOON)
        assert owed(kind="falls_short") == [("falls_short", 0, "Olga Owner")]
        sweep(at=NOON + 7 * DAY)
        assert owed(kind="falls_short") == [("falls_short", 7, "Lea Lead")]

    def test_is_not_seen_outside_a_restricted_one(self):
        self.measure(5 * HOUR)
        sweep(at=NOON)
        outsider = make_person("Otto Outsider")
        assert queries.counts(outsider)["below_baseline"] == 1
        Initiative.objects.update(is_restricted=True)
        assert "below_baseline" not in queries.counts(outsider)
        assert queries.counts(self.owner)["below_baseline"] == 1


@pytest.mark.embedded
class TestBelowThreshold(InProduction):
    def test_lies_between_threshold_and_baseline(self):
        for value, expected in ((45 * 60, 0), (45 * 60 + 1, 1), (4 * HOUR, 1), (4 * HOUR + 1, 0)):
            self.measure(value)
            assert len(found_by("below_threshold")) == expected, value

    def test_holds_until_a_better_value_comes_however_long_nobody_measures(self):
        for value, rule in ((HOUR, "below_threshold"), (5 * HOUR, "below_baseline")):
            self.measure(value, days=46)
            sweep(at=NOON)
            assert {rule, "measurement_stale"} <= open_rules(self.initiative), value
            self.measure(30 * 60)
            sweep(at=NOON)
            assert not {rule, "measurement_stale"} & open_rules(self.initiative), value

    def test_leaves_out_what_does_not_count(self):
        self.measure(HOUR)
        self.leaves_out_what_does_not_count("below_threshold")

    def test_opens_updates_and_closes(self):
        self.measure(HOUR, days=2)
        self.opens_updates_and_closes(
            "below_threshold", lambda: self.measure(2 * HOUR), lambda: self.measure(30 * 60)
        )


@pytest.mark.embedded
class TestMeasurementStale(InProduction):
    def test_is_one_and_a_half_times_its_cadence_old(self):
        for cadence, days, expected in ((7, 10, 0), (7, 11, 1), (None, 45, 0), (None, 46, 1)):
            Metric.objects.update(cadence_days=cadence)
            self.measure(HOUR, days=days)
            assert len(found_by("measurement_stale")) == expected, (cadence, days)

    def test_counts_the_days_of_the_organisation(self):
        """Measured at 10:30 UTC on 1 March, which is the 2nd in Kiritimati."""
        Metric.objects.update(cadence_days=2)
        Measurement.objects.all().delete()
        make_measurement(
            metric=self.metric, value=HOUR, at=datetime(2026, 3, 1, 10, 30, tzinfo=UTC)
        )
        for zone, last in (("UTC", date(2026, 3, 4)), ("Pacific/Kiritimati", date(2026, 3, 5))):
            with self.settings(TIME_ZONE=zone):
                assert found_by("measurement_stale", last) == [], zone
                (finding,) = found_by("measurement_stale", last + DAY)
                assert finding.due_date == last, zone

    def test_goes_by_the_policy(self):
        self.measure(HOUR, days=50)
        assert len(found_by("measurement_stale")) == 1
        publish_policy(
            lambda text: text.replace(
                "measurement_stale_factor = 1.5", "measurement_stale_factor = 2"
            )
        )
        assert found_by("measurement_stale") == []

    def test_says_since_when_and_where_nothing_was_ever_measured(self):
        (finding,) = found_by("measurement_stale")
        assert finding.says == "Time until a claim is with its handler has not been measured yet."
        assert (finding.due_date, finding.since) == (None, None)
        self.measure(HOUR, days=50)
        (finding,) = found_by("measurement_stale")
        assert finding.says.endswith("was last measured on 11 Jan 2026.")
        assert (finding.due_date, finding.since) == (
            date(2026, 2, 25),
            datetime(2026, 2, 26, tzinfo=UTC),
        )

    def test_leaves_out_what_does_not_count(self):
        self.leaves_out_what_does_not_count("measurement_stale")

    def test_opens_updates_and_closes(self):
        sweep(at=NOON)
        assert owed(kind="measurement_stale") == [("measurement_stale", 0, "Olga Owner")]
        self.measure(HOUR, days=50)
        assert sweep(at=NOON).rules["measurement_stale"].updated == 1
        self.measure(30 * 60)
        sweep(at=NOON)
        assert "measurement_stale" not in open_rules(self.initiative)
        assert owed(kind="measurement_stale") == []


class TestTheDashboard(InProduction):
    """Its health tile and the rules are one arithmetic: each system once, by its worst."""

    def test_counts_what_the_rules_flag(self):
        for value, days in (
            (5 * HOUR, 1), (5 * HOUR, 50), (HOUR, 1), (HOUR, 46), (60, 1), (60, 45),
        ):  # fmt: skip
            row = make_initiative(self.lead, name=f"{value} {days}", stage=Stage.PRODUCTION)
            metric = make_metric(initiative=row)
            make_measurement(metric=metric, value=value, at=NOON - days * DAY)
        off = Initiative.objects.get(name=f"{HOUR} 1")
        suspend(off, self.lead)
        limits = reviews.current_policy().limits
        for days in range(0, 60, 5):
            today = TODAY + days * DAY
            of = health.of(Initiative.objects.all(), today, limits)
            said = {health_: {pk for pk, found in of.items() if found == health_} for health_ in (
                "below_baseline", "below_threshold", "stale",
            )}  # fmt: skip
            flagged = [{f.initiative_id for f in found_by(rule, today)} for rule in OF_HEALTH]
            below, short, stale = flagged
            assert [below, short, stale - below - short] == list(said.values()), days


@pytest.mark.embedded
class TestAdoptionBelowFloor(InProduction):
    def setUp(self):
        self.metric = make_metric(
            initiative=self.initiative, name="Weekly users", kind="adoption", is_primary=False,
            unit_kind="count", unit="people", direction="higher", baseline=Decimal(0),
            threshold=Decimal(20), target=Decimal(30),
        )  # fmt: skip

    def test_is_used_less_than_was_agreed(self):
        for value, expected in ((20, 0), (19, 1)):
            self.measure(value)
            assert len(found_by("adoption_below_floor")) == expected, value

    def test_says_its_floor(self):
        self.measure(19)
        (finding,) = found_by("adoption_below_floor")
        assert finding.says == (
            "Weekly users: measured 19 people on 2 Mar 2026; its floor is 20 people."
        )
        assert finding.subject == f"metric:{self.metric.pk}"

    def test_is_nothing_without_a_floor_or_a_value(self):
        assert found_by("adoption_below_floor") == []
        self.measure(19)
        Metric.objects.filter(pk=self.metric.pk).update(threshold=None)
        assert found_by("adoption_below_floor") == []

    def test_leaves_out_what_does_not_count(self):
        self.measure(19)
        self.leaves_out_what_does_not_count("adoption_below_floor")

    def test_opens_updates_and_closes(self):
        self.measure(19, days=2)
        self.opens_updates_and_closes(
            "adoption_below_floor", lambda: self.measure(12), lambda: self.measure(24)
        )


@pytest.mark.embedded
class TestEvaluationStale(InProduction):
    def run_on(self, days):
        known = make_evaluation_set(metric=self.metric, at=NOON - days * DAY)
        make_run(evaluation_set=known, at=NOON - days * DAY)

    def test_is_older_than_the_days_of_the_policy(self):
        self.run_on(180)
        assert found_by("evaluation_stale") == []
        (finding,) = found_by("evaluation_stale", TODAY + DAY)
        assert finding.says == "Its last evaluation, of 1.4, ran on 3 Sep 2025."
        assert finding.due_date == TODAY
        assert finding.since == datetime(2026, 3, 3, tzinfo=UTC)

    def test_is_nothing_where_none_was_ever_run(self):
        make_evaluation_set(metric=self.metric, at=NOON - 400 * DAY)
        assert found_by("evaluation_stale") == []

    def test_leaves_out_what_does_not_count(self):
        self.run_on(181)
        self.leaves_out_what_does_not_count("evaluation_stale")

    def test_opens_tells_once_and_closes(self):
        self.run_on(181)
        sweep(at=NOON)
        assert owed(kind="evaluation_stale") == [("evaluation_stale", 0, "Olga Owner")]
        self.run_on(0)
        sweep(at=NOON)
        assert "evaluation_stale" not in open_rules(self.initiative)


@pytest.mark.embedded
class TestOverBudget(InProduction):
    def setUp(self):
        Initiative.objects.update(
            monthly_cost=1_000, pilot_budget=5_000, stage_entered_at=NOON - 40 * DAY
        )

    def spend(self, amount, days=1):
        initiatives.record_spend(
            initiative=self.initiative, amount=amount, spent_on=(NOON - days * DAY).date(),
            by=None, at=NOON,
        )  # fmt: skip

    def test_is_more_than_was_estimated_for_the_months_begun(self):
        self.spend(2_000)
        assert found_by("over_budget") == []
        self.spend(1)
        (finding,) = found_by("over_budget")
        assert finding.says == (
            "It cost EUR 2,001 in 2 months, since 21 Jan 2026; EUR 2,000 was estimated."
        )
        assert found_by("over_budget", TODAY + 21 * DAY) == []  # the third month has begun

    def test_counts_what_was_spent_in_production(self):
        self.spend(9_000, days=41)
        assert found_by("over_budget") == []

    def test_is_more_than_the_budget_in_a_pilot(self):
        Initiative.objects.update(stage=Stage.PILOT)
        self.spend(5_000, days=60)
        assert found_by("over_budget") == []
        self.spend(1)
        (finding,) = found_by("over_budget")
        assert finding.says == "It has spent EUR 5,001; the pilot's budget is EUR 5,000."

    def test_is_nothing_without_an_estimate(self):
        Initiative.objects.update(monthly_cost=None)
        self.spend(9_000)
        assert found_by("over_budget") == []

    def test_leaves_out_what_does_not_count(self):
        self.spend(9_000)
        self.leaves_out_what_does_not_count("over_budget")

    def test_opens_updates_and_closes(self):
        self.spend(9_000)
        self.opens_updates_and_closes(
            "over_budget", lambda: self.spend(10), lambda: self.spend(-9_000)
        )

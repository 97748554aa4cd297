from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.test import TestCase

from initiatives import actions
from initiatives.models import Baseline, Initiative, KillCondition, Measurement, Metric
from initiatives.stages import Stage
from initiatives.units import Direction, UnitKind
from tests.accounts.expectations import last_event, refused
from tests.factories import (
    DESCRIPTION,
    LONG_AGO,
    NOON,
    TODAY,
    condition_values,
    make_cast,
    make_declared,
    make_initiative,
    make_kill_condition,
    make_lead,
    make_measurement,
    make_metric,
    make_person,
    make_pilot,
    metric_values,
)
from tests.initiatives.actions.changes import changes_evidence, leaves_alone, only_touches


class Measured(TestCase):
    """A proposal of Ada's with one primary metric, and somebody who has no part in it."""

    @classmethod
    def setUpTestData(cls):
        cls.ada = make_person()
        cls.eve = make_person(name="Eve Else")
        cls.initiative = make_initiative(by=cls.ada)
        cls.metric = make_metric(initiative=cls.initiative)


class InAPilot(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.cast = make_cast()
        cls.pilot = make_pilot(cast=cls.cast)
        cls.metric = Metric.objects.get()
        cls.condition = KillCondition.objects.get()


class TestDefineMetric(Measured):
    def define(self, metric=None, by=None, **changes):
        return actions.define_metric(
            initiative=self.initiative, values=metric_values(**changes), metric=metric,
            by=by or self.ada, at=NOON,
        )  # fmt: skip

    def test_stores_what_was_agreed(self):
        with changes_evidence(self.initiative, by=self.ada):
            made = self.define(name="Letters sorted wrongly", is_primary=False)
        made.refresh_from_db()
        assert (made.name, made.baseline, made.threshold) == ("Letters sorted wrongly", 14400, 2700)
        event = last_event()
        assert (event.kind, event.subject) == ("metric.defined", f"metric:{made.pk}")
        assert event.initiative_id == self.initiative.pk

    def test_changes_one_while_the_charter_is_open(self):
        with changes_evidence(self.initiative, by=self.ada):
            self.define(metric=self.metric, threshold=Decimal(3600))
        self.metric.refresh_from_db()
        assert self.metric.threshold == 3600
        assert last_event().kind == "metric.changed"
        assert Metric.objects.count() == 1

    def test_makes_the_new_primary_one_the_only_one(self):
        second = self.define(name="Claims lost")
        assert Metric.objects.get(is_primary=True) == second

    def test_leaves_the_primary_one_of_others_alone(self):
        other = make_metric(initiative=make_initiative(by=self.ada, name="Other"))
        self.define(name="Claims lost")
        other.refresh_from_db()
        assert other.is_primary

    def test_refuses_a_threshold_on_the_wrong_side(self):
        with refused("bounds_contradict", field="threshold"), leaves_alone(self.initiative):
            self.define(threshold=Decimal(5 * 3600), target=None)
        assert Metric.objects.count() == 1

    def test_refuses_a_target_short_of_the_threshold(self):
        with refused("bounds_contradict", field="target"):
            self.define(target=Decimal(3600))

    def turned(self):
        return {"direction": Direction.HIGHER, "baseline": 600, "threshold": 1200, "target": 1800}

    def test_turns_round_what_nothing_depends_on(self):
        self.define(metric=self.metric, **self.turned())
        self.metric.refresh_from_db()
        assert self.metric.direction == Direction.HIGHER

    def test_refuses_to_turn_a_kill_condition_round(self):
        make_kill_condition(initiative=self.initiative, metric=self.metric)
        with refused("limited_otherwise", field="direction"), leaves_alone(self.initiative):
            self.define(metric=self.metric, **self.turned())

    def test_refuses_to_make_measured_minutes_into_percent(self):
        self.define(metric=self.metric, unit_kind=UnitKind.COUNT)
        make_measurement(metric=self.metric, value=60)
        with refused("measured_otherwise", field="unit_kind"), leaves_alone(self.initiative):
            self.define(metric=self.metric, unit_kind=UnitKind.PERCENT)

    def test_refuses_to_give_a_limit_another_unit(self):
        make_kill_condition(initiative=self.initiative, metric=self.metric)
        with refused("limited_otherwise", field="unit_kind"):
            self.define(metric=self.metric, unit_kind=UnitKind.PERCENT)

    def test_refuses_whoever_has_no_part_in_it(self):
        with refused("not_an_editor"), leaves_alone(self.initiative):
            self.define(by=self.eve)


class TestDefineMetricAfterTheCharter(InAPilot):
    def test_refuses_to_move_the_goalposts(self):
        with refused("charter_frozen"), leaves_alone(self.pilot):
            actions.define_metric(
                initiative=self.pilot,
                values=metric_values(threshold=Decimal(7200)),
                metric=self.metric,
                by=self.cast.lead,
                at=NOON,
            )

    def test_takes_a_guardrail_beside_it(self):
        make_metric(initiative=self.pilot, name="Another", is_primary=False, at=NOON)
        assert Metric.objects.count() == 2

    def test_refuses_another_primary_one(self):
        with refused("charter_frozen"):
            make_metric(initiative=self.pilot, name="Another", at=NOON)
        assert Metric.objects.count() == 1

    def test_refuses_to_make_primary_what_was_added_later(self):
        later = make_metric(initiative=self.pilot, name="Another", is_primary=False, at=NOON)
        with refused("charter_frozen"), leaves_alone(self.pilot):
            actions.define_metric(
                initiative=self.pilot,
                values=metric_values(name="Another"),
                metric=later,
                by=self.cast.lead,
                at=NOON,
            )
        assert Metric.objects.get(is_primary=True) == self.metric

    def test_changes_what_was_added_later(self):
        later = make_metric(initiative=self.pilot, name="Another", is_primary=False, at=NOON)
        actions.define_metric(
            initiative=self.pilot,
            values=metric_values(name="Renamed", is_primary=False),
            metric=later,
            by=self.cast.lead,
            at=NOON,
        )
        later.refresh_from_db()
        assert later.name == "Renamed"


class TestRecordMeasurement(Measured):
    def record(self, by=None, **more):
        return make_measurement(metric=self.metric, value=3000, by=by or self.ada, **more)

    def test_stores_value_moment_and_source(self):
        seen = NOON - timedelta(hours=6)
        made = self.record(measured_at=seen, sample_size=812, is_automatic=True, comment="Week 9")
        stored = Measurement.objects.get()
        assert (made, stored.value, stored.measured_at) == (stored, 3000, seen)
        assert (stored.sample_size, stored.is_automatic, stored.comment) == (812, True, "Week 9")
        assert (stored.recorded_at, stored.recorded_by) == (NOON, self.ada)

    def test_leaves_the_evidence_as_it_was(self):
        with only_touches(self.initiative):
            self.record()

    def test_says_the_value_in_words(self):
        made = self.record()
        event = last_event()
        assert (event.kind, event.subject) == ("measurement.recorded", f"measurement:{made.pk}")
        assert event.initiative_id == self.initiative.pk
        assert (event.changed["words"], event.changed["automatic"]) == ("50 min", False)

    def test_changes_the_evidence_when_it_corrects(self):
        first = self.record()
        with changes_evidence(self.initiative, by=self.ada):
            second = self.record(corrects=first)
        assert (first.corrected_by, last_event().kind) == (second, "measurement.corrected")

    def test_takes_the_present_and_refuses_the_future(self):
        self.record(measured_at=NOON)
        with refused("future", field="measured_at"), leaves_alone(self.initiative):
            self.record(measured_at=NOON + timedelta(seconds=1))
        assert Measurement.objects.count() == 1

    def test_refuses_whoever_has_no_part_in_it(self):
        with refused("not_an_editor"), leaves_alone(self.initiative):
            self.record(by=self.eve)
        assert not Measurement.objects.exists()

    def test_is_possible_after_the_charter(self):
        cast = make_cast()
        pilot = make_pilot(cast=cast, name="Pilot")
        made = make_measurement(
            metric=Metric.objects.get(initiative=pilot), value=9, by=cast.business_owner
        )
        assert Measurement.objects.get() == made


class TestAddKillCondition(Measured):
    def test_arms_it(self):
        with changes_evidence(self.initiative, by=self.ada):
            made = make_kill_condition(
                initiative=self.initiative, metric=self.metric, by=self.ada, at=NOON
            )
        made.refresh_from_db()
        assert (made.state, made.threshold, made.by_decision_date) == ("armed", 7200, True)
        event = last_event()
        assert (event.kind, event.subject) == ("kill_condition.added", f"killcondition:{made.pk}")
        assert event.changed["condition"].startswith("Stop if Time until a claim")

    def test_trips_at_once_what_is_already_past_its_limit(self):
        actions.record_spend(
            initiative=self.initiative, amount=20_000, spent_on=NOON.date(), by=None, at=NOON
        )
        made = make_kill_condition(initiative=self.initiative, at=NOON)
        made.refresh_from_db()
        assert made.state == "tripped"

    def test_refuses_whoever_has_no_part_in_it(self):
        with refused("not_an_editor"), leaves_alone(self.initiative):
            make_kill_condition(initiative=self.initiative, by=self.eve, at=NOON)
        assert not KillCondition.objects.exists()


class TestAddKillConditionAfterTheCharter(InAPilot):
    def test_takes_a_further_one_and_lets_it_go_again(self):
        further = make_kill_condition(initiative=self.pilot, by=self.cast.lead, at=NOON)
        actions.remove_kill_condition(kill_condition=further, by=self.cast.lead, at=NOON)
        assert KillCondition.objects.count() == 1

    def test_keeps_the_one_that_was_signed(self):
        signed = KillCondition.objects.get()
        with refused("charter_frozen"), leaves_alone(self.pilot):
            actions.remove_kill_condition(kill_condition=signed, by=self.cast.lead, at=NOON)


class TestAddKillConditionThatWouldTripByMistake(Measured):
    def add(self, field, **changes):
        with refused("would_trip_by_mistake", field=field):
            make_kill_condition(initiative=self.initiative, metric=self.metric, at=NOON, **changes)

    def test_refuses_the_better_side(self):
        self.add("comparator", comparator="below")

    def test_refuses_a_day_that_has_passed(self):
        self.add("due_date", by_decision_date=False, due_date=TODAY - timedelta(days=1))

    def test_takes_today(self):
        made = make_kill_condition(
            initiative=self.initiative,
            metric=self.metric,
            at=NOON,
            by_decision_date=False,
            due_date=TODAY,
        )
        assert made.due_date == TODAY


class TestRemoveKillCondition(Measured):
    def setUp(self):
        self.condition = make_kill_condition(initiative=self.initiative, metric=self.metric)

    def remove(self, by=None):
        actions.remove_kill_condition(
            kill_condition=self.condition, by=by or self.ada, at=NOON
        )  # fmt: skip

    def test_takes_it_back(self):
        with changes_evidence(self.initiative, by=self.ada):
            self.remove()
        assert not KillCondition.objects.exists()
        event = last_event()
        assert (event.kind, event.subject) == (
            "kill_condition.removed", f"killcondition:{self.condition.pk}",
        )  # fmt: skip

    def test_takes_back_what_tripped_in_a_proposal(self):
        KillCondition.objects.update(state="tripped", tripped_at=NOON)
        self.remove()
        assert not KillCondition.objects.exists()

    def test_refuses_what_has_tripped(self):
        KillCondition.objects.update(state="tripped", tripped_at=NOON)
        Initiative.objects.update(stage="pilot")
        lead = make_lead(name="Lou Lead")
        with refused("tripped"), leaves_alone(self.initiative):
            self.remove(by=lead)
        assert KillCondition.objects.exists()

    def test_refuses_whoever_has_no_part_in_it(self):
        with refused("not_an_editor"), leaves_alone(self.initiative):
            self.remove(by=self.eve)
        assert KillCondition.objects.exists()


class TestRemoveKillConditionAfterTheCharter(InAPilot):
    def test_refuses_what_the_charter_froze(self):
        with refused("charter_frozen"), leaves_alone(self.pilot):
            actions.remove_kill_condition(kill_condition=self.condition, by=self.cast.lead, at=NOON)
        assert KillCondition.objects.exists()


class TestFreezeBaseline(InAPilot):
    def test_keeps_the_charter_as_version_one(self):
        frozen = Baseline.objects.get()
        assert (frozen.version, frozen.in_force_since) == (1, LONG_AGO)
        assert (frozen.in_force_until, frozen.reason) == (None, "Clear baseline, small scope.")
        for field, words in DESCRIPTION.items():
            assert frozen.charter[field] == words
        assert (frozen.charter["pilot_days"], frozen.charter["pilot_budget"]) == (42, 60_000)

    def test_keeps_metrics_and_conditions_exactly(self):
        charter = Baseline.objects.get().charter
        (metric,), (condition,) = charter["metrics"], charter["kill_conditions"]
        assert (metric["id"], metric["baseline"], metric["threshold"]) == (
            self.metric.pk, "14400", "2700",
        )  # fmt: skip
        assert (condition["id"], condition["metric_id"], condition["threshold"]) == (
            self.condition.pk, self.metric.pk, "7200",
        )  # fmt: skip

    def test_puts_the_next_version_in_its_place(self):
        actions.freeze_baseline(initiative=self.pilot, reason="Scope grew.", at=NOON)
        versions = Baseline.objects.values_list("version", "in_force_since", "in_force_until")
        assert list(versions) == [(1, LONG_AGO, NOON), (2, NOON, None)]


class TestConstraints(Measured):
    """What no route gets past, action or not."""

    def violates(self, name):
        return pytest.raises(IntegrityError, match=name)

    def test_one_primary_metric(self):
        with pytest.raises(IntegrityError), transaction.atomic():
            Metric.objects.create(initiative=self.initiative, **metric_values())

    def test_a_primary_metric_is_a_business_one(self):
        with self.violates("a_primary_metric_is_a_business_one"), transaction.atomic():
            Metric.objects.update(kind="quality")
        Metric.objects.update(kind="quality", is_primary=False)

    def test_a_measurement_is_corrected_once(self):
        first = make_measurement(metric=self.metric, value=1)
        make_measurement(metric=self.metric, value=2, corrects=first)
        with pytest.raises(IntegrityError), transaction.atomic():
            Measurement.objects.create(
                metric=self.metric, value=3, measured_at=NOON, recorded_at=NOON, corrects=first
            )

    def test_a_kill_condition_can_be_evaluated(self):
        for lacking in (
            {"threshold": None}, {"comparator": ""}, {"metric_id": None},
            {"by_decision_date": False},
        ):  # fmt: skip
            values = condition_values(self.metric, **lacking)
            with self.violates("a_kill_condition_can_be_evaluated"), transaction.atomic():
                KillCondition.objects.create(initiative=self.initiative, **values)
        with self.violates("a_kill_condition_can_be_evaluated"), transaction.atomic():
            KillCondition.objects.create(initiative=self.initiative, kind="spend")

    def test_a_tripped_condition_says_since_when(self):
        make_kill_condition(initiative=self.initiative)
        with self.violates("a_tripped_condition_says_since_when"), transaction.atomic():
            KillCondition.objects.update(state="tripped")

    def test_one_baseline_is_in_force(self):
        actions.freeze_baseline(initiative=self.initiative, reason="", at=NOON)
        with pytest.raises(IntegrityError), transaction.atomic():
            Baseline.objects.create(
                initiative=self.initiative, version=2, charter={}, in_force_since=NOON
            )
        with pytest.raises(IntegrityError), transaction.atomic():
            Baseline.objects.create(
                initiative=self.initiative, version=1, charter={}, in_force_since=None
            )


class TestRetired(TestCase):
    """Whatever is retired stays as it was: no measurement, condition, metric, spend, answer."""

    def test_refuses_every_write(self):
        lead = make_lead()
        running = make_declared(by=lead, stage=Stage.PRODUCTION)
        metric = make_metric(initiative=running, unit_kind=UnitKind.DURATION)
        condition = make_kill_condition(initiative=running, metric=metric)
        type(running).objects.update(stage=Stage.RETIRED)
        this = {"initiative": running, "by": lead, "at": NOON}
        writes = [
            lambda: actions.define_metric(values=metric_values(), **this),
            lambda: actions.add_kill_condition(values=condition_values(None), **this),
            lambda: actions.answer_triage(answers={}, **this),
            lambda: actions.record_spend(amount=1, spent_on=NOON.date(), **this),
            lambda: actions.record_evidence(criterion="x", fields={}, people={}, **this),
            lambda: make_measurement(metric=metric, value=1, by=lead),
            lambda: actions.remove_kill_condition(kill_condition=condition, by=lead, at=NOON),
        ]
        for write in writes:
            with refused("retired"), leaves_alone(running):
                write()

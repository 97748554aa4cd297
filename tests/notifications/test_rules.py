from __future__ import annotations

from datetime import UTC, datetime, timedelta
from importlib import import_module
from pkgutil import iter_modules

import pytest
from django.test import TestCase

from accounts import actions as people
from initiatives import actions as initiatives
from initiatives.models import Initiative, Measurement, Metric, Ownership, Triage
from initiatives.stages import Role, Stage
from initiatives.triage import LegalClass
from notifications import rules
from notifications.actions import sweep
from notifications.models import Flag, Reminder
from notifications.rules import RULES
from notifications.rules.finding import Rule
from reviews import actions as decisions
from reviews import queries as reviews
from tests.factories import make_measurement, make_metric
from tests.notifications.scenes import (
    NOON,
    TODAY,
    found_by,
    make_initiative,
    make_lead,
    make_person,
    make_quiet,
    move,
    open_rules,
    owed,
    owned_by_all,
    suspend,
    swept_and_heard,
    trip_by_spend,
)

DAY = timedelta(days=1)


class RuleTestCase(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.lead = make_lead()
        cls.owner = make_person("Olga Owner")
        cls.initiative = make_initiative(cls.lead, due=TODAY, **owned_by_all(cls.owner))

    def days_to_decision(self, days):
        move(self.initiative, TODAY + days * DAY)


class TestDecisionNear(RuleTestCase):
    def test_finds_the_first_and_the_last_of_fourteen_days(self):
        for days, expected in ((15, 0), (14, 1), (0, 1), (-1, 0)):
            self.days_to_decision(days)
            assert len(found_by("decision_near")) == expected, days

    def test_calls_the_date_by_its_name(self):
        (finding,) = found_by("decision_near")
        assert finding.says == "Its ship-or-kill date is 2 Mar 2026."
        assert finding.due_date == TODAY

    def test_leaves_out_what_is_decided(self):
        Initiative.objects.update(stage=Stage.PRODUCTION)
        assert found_by("decision_near") == []

    def test_leaves_out_what_is_quiet(self):
        make_quiet(self.initiative)
        assert found_by("decision_near") == []


class TestDecisionOverdue(RuleTestCase):
    def test_finds_it_from_the_day_after_until_it_lapses(self):
        for days, expected in ((0, 0), (-1, 1), (-14, 1), (-15, 0)):
            self.days_to_decision(days)
            assert len(found_by("decision_overdue")) == expected, days

    def test_has_been_so_since_the_midnight_that_ended_the_day(self):
        self.days_to_decision(-1)
        (finding,) = found_by("decision_overdue")
        assert finding.since == datetime(2026, 3, 2, tzinfo=UTC)
        assert finding.severity == "critical"

    def test_counts_midnight_in_the_time_zone_of_the_organisation(self):
        self.days_to_decision(-1)
        with self.settings(TIME_ZONE="Pacific/Kiritimati"):
            (finding,) = found_by("decision_overdue")
        assert finding.since == datetime(2026, 3, 1, 10, tzinfo=UTC)

    def test_leaves_out_what_is_quiet(self):
        self.days_to_decision(-1)
        make_quiet(self.initiative)
        assert found_by("decision_overdue") == []


@pytest.mark.embedded
class TestUnowned(RuleTestCase):
    def test_finds_nothing_while_everybody_has_accepted(self):
        assert found_by("unowned") == []

    def test_names_all_missing_roles_in_one_finding(self):
        Ownership.objects.filter(role__in=[Role.SPONSOR, Role.BUSINESS_OWNER]).delete()
        (finding,) = found_by("unowned")
        assert finding.says == (
            "Nobody who is active has accepted to be its sponsor or business owner."
        )
        assert finding.severity == "warning"
        assert finding.acts == "a portfolio lead"

    def test_does_not_count_somebody_who_has_only_been_asked(self):
        other = make_person("Nils New")
        initiatives.ask(
            initiative=self.initiative, role=Role.SPONSOR, person=other, by=None, at=NOON
        )
        assert "sponsor" in found_by("unowned")[0].says

    def test_does_not_count_somebody_deactivated_nor_back_again(self):
        people.deactivate(person=self.owner, by=None, at=NOON)
        assert len(found_by("unowned")) == 1
        people.reactivate(person=self.owner, by=None, at=NOON + DAY)
        assert len(found_by("unowned")) == 1

    def test_is_critical_in_production(self):
        make_initiative(self.lead, stage=Stage.PRODUCTION)
        (finding,) = found_by("unowned")
        assert finding.severity == "critical"
        assert finding.says.endswith("its business owner or production owner.")

    def test_needs_nobody_for_a_proposal_or_what_is_retired(self):
        make_initiative(self.lead, stage=Stage.PROPOSAL)
        make_initiative(self.lead, stage=Stage.RETIRED)
        assert found_by("unowned") == []

    def test_leaves_out_what_is_quiet(self):
        make_quiet(make_initiative(self.lead))
        assert found_by("unowned") == []


class TestKillConditionTripped(RuleTestCase):
    def test_says_what_was_agreed_and_what_happened(self):
        condition = trip_by_spend(self.initiative)
        (finding,) = found_by("kill_condition_tripped")
        assert finding.subject == f"killcondition:{condition.pk}"
        assert finding.says == "A kill condition tripped: 150 spent; the cap is 100."
        assert (finding.since, finding.due_date) == (NOON, TODAY)

    def test_leaves_out_the_retired(self):
        trip_by_spend(self.initiative)
        Initiative.objects.update(stage=Stage.RETIRED)
        assert found_by("kill_condition_tripped") == []


@pytest.mark.embedded
class TestSuspended(RuleTestCase):
    DUE = TODAY + 7 * DAY

    def setUp(self):
        suspend(self.initiative, self.lead)

    def test_says_since_when_and_by_when(self):
        (finding,) = found_by("suspended")
        assert finding.says == "Suspended since 2 Mar 2026; resume or retire it by 9 Mar 2026."
        assert (finding.since, finding.due_date) == (NOON, self.DUE)
        assert finding.acts == "the sponsor or a portfolio lead"

    def test_does_not_speak_of_resuming_what_is_prohibited(self):
        Triage.objects.create(
            initiative=self.initiative, legal_class=LegalClass.PROHIBITED, answered_at=NOON
        )
        (finding,) = found_by("suspended")
        assert finding.says == "Suspended since 2 Mar 2026; retire it by 9 Mar 2026."

    def test_is_critical_from_the_day_after(self):
        for day, severity in (
            (TODAY, "warning"),
            (self.DUE, "warning"),
            (self.DUE + DAY, "critical"),
        ):
            (finding,) = found_by("suspended", day)
            assert finding.severity == severity, day

    def test_leaves_out_what_is_resumed_or_retired(self):
        again = {"initiative": self.initiative, "by": self.lead, "at": NOON, "reason": "Over."}
        decisions.decide(kind="resume", **again)
        assert found_by("suspended") == []
        suspend(self.initiative, self.lead)
        assert len(found_by("suspended")) == 1
        decisions.decide(kind="kill", outcome="withdrawn", lesson="None.", **again)
        assert found_by("suspended") == []

    def test_leaves_out_what_is_quiet(self):
        make_quiet(self.initiative)
        assert found_by("suspended") == []


@pytest.mark.embedded
class TestDecisionLapsed(RuleTestCase):
    def setUp(self):
        self.days_to_decision(-15)
        Initiative.objects.update(lapsed_at=NOON)

    def test_speaks_in_the_place_of_overdue_once_it_is_a_fact(self):
        (finding,) = found_by("decision_lapsed")
        assert finding.says == (
            "It lapsed: its ship-or-kill date was 15 Feb 2026, and nobody decided."
        )
        assert (finding.severity, finding.acts) == ("critical", "a portfolio lead")
        assert (finding.since, finding.due_date) == (NOON, TODAY)
        assert found_by("decision_overdue") == []

    def test_leaves_to_overdue_what_has_not_lapsed(self):
        self.days_to_decision(-14)
        Initiative.objects.update(lapsed_at=None)
        assert found_by("decision_lapsed") == []
        assert len(found_by("decision_overdue")) == 1

    def test_leaves_out_what_is_quiet(self):
        make_quiet(self.initiative)
        assert found_by("decision_lapsed") == []

    def test_makes_a_tripped_condition_the_leads_as_well(self):
        trip_by_spend(self.initiative)
        assert found_by("kill_condition_tripped")[0].acts == "a portfolio lead"


@pytest.mark.embedded
class TestThresholdReached(RuleTestCase):
    def setUp(self):
        self.metric = make_metric(initiative=self.initiative, minimum_sample=100)

    def measure(self, value=2_700, sample_size=100, days=2):
        return make_measurement(
            metric=self.metric, value=value, sample_size=sample_size, at=NOON - days * DAY
        )

    def test_is_at_the_threshold_or_past_it(self):
        for value, expected in ((2_701, 0), (2_700, 1), (60, 1)):
            Measurement.objects.all().delete()
            self.measure(value)
            assert len(found_by("threshold_reached")) == expected, value

    def test_goes_the_other_way_where_higher_is_better(self):
        Metric.objects.update(direction="higher")
        for value, expected in ((2_699, 0), (2_700, 1), (9_000, 1)):
            Measurement.objects.all().delete()
            self.measure(value)
            assert len(found_by("threshold_reached")) == expected, value

    def test_needs_the_sample_that_was_agreed(self):
        for sample, expected in ((None, 0), (99, 0), (100, 1)):
            Measurement.objects.all().delete()
            self.measure(sample_size=sample)
            assert len(found_by("threshold_reached")) == expected, sample
        Metric.objects.update(minimum_sample=None)
        Measurement.objects.update(sample_size=None)
        assert len(found_by("threshold_reached")) == 1

    def test_looks_at_the_newest_value_that_was_not_corrected(self):
        self.measure(days=3)
        self.measure(9_000, days=2)
        assert found_by("threshold_reached") == []
        wrong = Measurement.objects.get(value=9_000)
        make_measurement(
            metric=self.metric, value=60, sample_size=100, at=NOON - DAY, corrects=wrong
        )
        assert len(found_by("threshold_reached")) == 1

    def test_says_what_was_shown_and_needed_and_who_acts(self):
        self.measure()
        (finding,) = found_by("threshold_reached")
        assert finding.says == (
            "Its threshold is reached, decide now: Time until a claim is with its handler is at "
            "45 min, needed was 45 min."
        )
        assert (finding.severity, finding.acts) == ("notice", "the sponsor or a portfolio lead")

    def test_is_of_a_pilot_before_its_date(self):
        self.measure()
        for days, expected in ((-1, 0), (0, 1), (40, 1)):
            self.days_to_decision(days)
            assert len(found_by("threshold_reached")) == expected, days
        for stage in set(Stage) - {Stage.PILOT}:
            Initiative.objects.update(stage=stage)
            assert found_by("threshold_reached") == [], stage

    def test_leaves_out_what_is_quiet_or_suspended(self):
        self.measure()
        suspend(self.initiative, self.lead)
        assert found_by("threshold_reached") == []
        Initiative.objects.update(
            suspended_at=None, suspended_until=None, suspended_by=None, suspended_because=""
        )
        make_quiet(self.initiative)
        assert found_by("threshold_reached") == []

    def test_reminds_once_however_often_it_is_measured(self):
        self.measure()
        for days in range(3):
            sweep(at=NOON + days * DAY)
            self.measure(2_600 - days, days=-days)
        rows = Reminder.objects.filter(kind="threshold_reached")
        assert [row.recipient for row in rows] == [self.owner]
        assert rows[0].says.startswith("Decide now: Claims triage (AI-")

    def test_closes_when_it_is_not_good_enough_any_more(self):
        self.measure()
        sweep(at=NOON)
        assert "threshold_reached" in open_rules(self.initiative)
        self.measure(9_000, days=1)
        sweep(at=NOON)
        assert "threshold_reached" not in open_rules(self.initiative)


class TestRules(RuleTestCase):
    def test_each_takes_one_query(self):
        policy = reviews.current_policy()
        for rule in RULES.values():
            with self.assertNumQueries(1):
                rule.function(Initiative.objects.all(), TODAY, policy)

    def test_each_says_what_it_means_and_what_closes_it(self):
        for rule in RULES.values():
            assert rule.function.__doc__
            assert rule.closes_when[0].islower()  # it follows “closes when”

    def test_each_that_a_room_defines_is_in_the_table(self):
        names = [module.name for module in iter_modules(rules.__path__)]
        rooms = [import_module(f"notifications.rules.{name}") for name in names]
        found = {r.name for room in rooms for r in vars(room).values() if isinstance(r, Rule)}
        assert found == set(RULES)

    def test_each_flag_can_be_told(self):
        for name in RULES:
            flag = Flag(rule=name)
            assert flag.title
            assert flag.closes_when


class TestCatchUp(TestCase):
    """What already ran has to catch up on its gates (product.md §2): 90 days at this level."""

    @classmethod
    def setUpTestData(cls):
        cls.lead = make_lead()
        cls.initiative = initiatives.declare_as_running(
            name="Fraud radar", stage=Stage.PRODUCTION, by=cls.lead, at=NOON
        )

    def counting_for(self, days, level="standard"):
        Initiative.objects.update(counting_since=NOON - days * DAY, level=level)

    def test_is_near_from_the_first_reminder_to_its_day(self):
        for days, expected in ((75, 0), (76, 1), (90, 1), (91, 0)):
            self.counting_for(days)
            assert len(found_by("catch_up_near")) == expected, days

    def test_is_late_from_the_day_after(self):
        for days, expected in ((90, 0), (91, 1), (400, 1)):
            self.counting_for(days)
            assert len(found_by("catch_up_overdue")) == expected, days

    def test_is_due_by_level(self):
        for level, days in (("light", 180), ("standard", 90), ("full", 60)):
            self.counting_for(days + 1, level)
            (finding,) = found_by("catch_up_overdue")
            assert finding.due_date == TODAY - DAY
            assert finding.since == datetime(2026, 3, 2, tzinfo=UTC)
            assert (
                finding.says
                == "Its catch-up on the gates that it never passed was due on 1 Mar 2026."
            )

    def test_passes_to_the_leads_like_a_missed_date(self):
        for days, severity, acts in (
            (104, "warning", "the sponsor or a portfolio lead"),
            (105, "critical", "a portfolio lead"),
        ):
            self.counting_for(days)
            (finding,) = found_by("catch_up_overdue")
            assert (finding.severity, finding.acts) == (severity, acts), days

    def test_leaves_out_what_owes_nothing(self):
        self.counting_for(200)
        for changes in (
            {"caught_up_at": NOON}, {"stage": Stage.RETIRED}, {"counting_since": None},
            {"declared_stage": ""}, {"declared_stage": Stage.PROPOSAL},
        ):  # fmt: skip
            before = Initiative.objects.values(*changes).get()
            Initiative.objects.update(**changes)
            assert found_by("catch_up_overdue") == [], changes
            Initiative.objects.update(**before)
        assert found_by("catch_up_overdue")

    def test_reminds_like_a_decision_once_its_review_is_asked_for(self):
        self.counting_for(98)
        assert self.told() == "Ask for the catch-up review now"
        row = Initiative.objects.get()
        decisions.request_review(initiative=row, gate="catch_up", by=self.lead, at=NOON)
        Reminder.objects.all().delete()
        assert self.told() == "Decide now"

    def told(self):
        swept_and_heard()
        assert ("catch_up", 7, "Lea Lead") in owed(kind="catch_up")
        said = Reminder.objects.get(kind="catch_up").says
        assert said.endswith(", late since 22 Feb 2026")
        return said.partition(":")[0]

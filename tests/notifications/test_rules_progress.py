"""The rules about what does not move, about recertification, and about sponsors who left."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.test import TestCase

from accounts import actions as people
from accounts.models import Person
from audit.refusals import Refused
from initiatives import actions as initiatives
from initiatives.models import ImportedRow, Initiative, Ownership, StageSpell
from initiatives.stages import Role, Stage
from notifications import queries
from notifications.actions import sweep
from notifications.models import Flag, Reminder
from reviews import actions as decisions
from tests.factories import make_parsed, silence
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
    own,
    owned_by_all,
    suspend,
)

DAY = timedelta(days=1)
RUNNING = {"suspended_at": None, "suspended_until": None, "suspended_by": None}


class Progress(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.lead = make_lead()
        cls.owner = make_person("Olga Owner")
        cls.initiative = make_initiative(cls.lead, due=TODAY + 30 * DAY, **owned_by_all(cls.owner))

    def set(self, **values):
        Initiative.objects.filter(pk=self.initiative.pk).update(**values)

    def leaves_out_the_quiet(self, rule):
        assert len(found_by(rule)) == 1
        make_quiet(self.initiative)
        assert found_by(rule) == []

    def is_hidden_with_its_initiative(self, rule):
        sweep(at=NOON)
        outsider = make_person("Otto Outsider")
        assert queries.counts(outsider)[rule] == 1
        self.set(is_restricted=True)
        assert rule not in queries.counts(outsider)
        assert queries.counts(self.owner)[rule] == 1


@pytest.mark.embedded
class TestStalled(Progress):
    def touched(self, days):
        self.set(touched_at=NOON - days * DAY)

    def test_is_untouched_for_the_days_of_the_policy(self):
        for days, expected in ((20, 0), (21, 1), (300, 1)):
            self.touched(days)
            assert len(found_by("stalled")) == expected, days

    def test_says_since_when(self):
        self.touched(21)
        (finding,) = found_by("stalled")
        assert finding.says == "Nobody has done anything about it since 9 Feb 2026."
        assert (finding.due_date, finding.since) == (TODAY, datetime(2026, 3, 2, tzinfo=UTC))

    def test_counts_the_days_of_the_organisation(self):
        """At 10:30 UTC on the 9th it is the 10th in Kiritimati."""
        self.set(touched_at=datetime(2026, 2, 9, 10, 30, tzinfo=UTC))
        assert len(found_by("stalled")) == 1
        with self.settings(TIME_ZONE="Pacific/Kiritimati"):
            assert found_by("stalled") == []
            assert len(found_by("stalled", TODAY + DAY)) == 1

    def test_leaves_what_is_late_to_the_louder_rule(self):
        self.touched(40)
        for due, expected in ((TODAY, 1), (TODAY - DAY, 0), (None, 1)):
            self.set(decision_date=due)
            assert len(found_by("stalled")) == expected, due

    def test_lets_rest_what_is_paused(self):
        self.touched(40)
        for until, expected in ((TODAY, 0), (TODAY - DAY, 1)):
            self.set(paused_until=until)
            assert len(found_by("stalled")) == expected, until

    def test_is_of_what_is_still_to_be_decided(self):
        self.touched(40)
        for stage in Stage:
            self.set(stage=stage)
            undecided = stage not in (Stage.PRODUCTION, Stage.RETIRED)
            assert bool(found_by("stalled")) == undecided, stage

    def test_leaves_out_the_quiet_and_the_suspended(self):
        self.touched(40)
        suspend(self.initiative, self.lead)
        self.touched(40)
        assert found_by("stalled") == []
        self.set(suspended_because="", **RUNNING)
        self.leaves_out_the_quiet("stalled")

    def test_opens_moves_on_and_closes(self):
        self.touched(21)
        sweep(at=NOON)
        assert owed(kind="stalled") == [("stalled", 0, "Olga Owner")]
        self.touched(23)
        assert sweep(at=NOON).rules["stalled"].updated == 1
        self.touched(0)
        sweep(at=NOON)
        assert "stalled" not in open_rules(self.initiative)
        assert owed(kind="stalled") == []

    def test_is_told_to_whoever_runs_it_as_well(self):
        """`its owners` act, and on My work it is said to be theirs."""
        owner = make_person("Pia Production")
        own(self.initiative, Role.PRODUCTION_OWNER, owner)
        self.touched(21)
        sweep(at=NOON)
        assert ("stalled", 0, "Pia Production") in owed(kind="stalled")
        assert Flag.objects.open().filter(queries.acted_on_by(owner, TODAY)).exists()

    def test_is_hidden_with_its_initiative(self):
        self.touched(21)
        self.is_hidden_with_its_initiative("stalled")


@pytest.mark.embedded
class TestExtensionCapReached(Progress):
    def extended(self, times):
        StageSpell.objects.filter(initiative=self.initiative, left_at=None).update(extensions=times)

    def test_is_reached_when_a_third_is_refused(self):
        for times, expected in ((0, 0), (1, 0), (2, 1)):
            self.extended(times)
            assert len(found_by("extension_cap_reached")) == expected, times
        with pytest.raises(Refused) as caught:
            decisions.decide(
                initiative=self.initiative, kind="extend", reason="More.", days=1,
                by=self.lead, at=NOON,
            )  # fmt: skip
        assert caught.value.rule == "no_third_extension"

    def test_says_which_date_stands(self):
        self.extended(2)
        (finding,) = found_by("extension_cap_reached")
        assert finding.says == "It was extended twice: its ship-or-kill date, 1 Apr 2026, stands."

    def test_counts_what_was_used_before_it_was_sent_back(self):
        self.extended(1)
        StageSpell.objects.create(
            initiative=self.initiative, stage=Stage.PILOT, extensions=1,
            entered_at=NOON - 80 * DAY, left_at=NOON - 60 * DAY,
        )  # fmt: skip
        assert len(found_by("extension_cap_reached")) == 1

    def test_does_not_count_another_stage(self):
        self.extended(2)
        self.set(stage=Stage.READINESS_REVIEW)
        assert found_by("extension_cap_reached") == []

    def test_is_nothing_without_a_date(self):
        self.extended(2)
        self.set(decision_date=None)
        assert found_by("extension_cap_reached") == []

    def test_leaves_out_the_quiet(self):
        self.extended(2)
        self.leaves_out_the_quiet("extension_cap_reached")

    def test_opens_updates_closes_and_mails_nobody(self):
        self.extended(2)
        sweep(at=NOON)
        move(self.initiative, TODAY + 31 * DAY)
        assert sweep(at=NOON).rules["extension_cap_reached"].updated == 1
        self.set(stage=Stage.RETIRED)
        sweep(at=NOON)
        assert "extension_cap_reached" not in open_rules(self.initiative)
        assert owed(kind="shown_only") == []


class TestAheadOfItsGate(TestCase):
    """An inventory of two editions."""

    @classmethod
    def setUpTestData(cls):
        cls.lead = make_lead()
        cls.owner = make_person("Olga Owner")
        cls.load("Pilot")
        cls.initiative = Initiative.objects.get()
        initiatives.start_counting(by=cls.lead, at=NOON - 5 * DAY)

    @classmethod
    def load(cls, stage, at=NOON - 10 * DAY):
        rows = [{"ID": "7", "Name": "Claims triage", "Stage": stage}]
        initiatives.import_inventory(
            parsed=make_parsed(rows=rows), file_name="inventory.csv", by=cls.lead, at=at
        )

    def test_says_what_the_inventory_says_and_what_stands_here(self):
        self.load("In production", at=NOON)
        (finding,) = found_by("ahead_of_its_gate")
        assert finding.says == ("inventory.csv says that it is in production; here it is in pilot.")
        assert (finding.acts, finding.since) == ("a portfolio lead", NOON)

    def test_is_not_what_stands_behind(self):
        for stage, expected in (("Proposal", 0), ("Pilot", 0), ("Retired", 1)):
            self.load(stage, at=NOON)
            assert len(found_by("ahead_of_its_gate")) == expected, stage

    def test_is_over_once_it_stands_there(self):
        self.load("In production", at=NOON)
        for stage, expected in (
            ("proposal", 1), ("readiness_review", 1), ("production", 0), ("retired", 0),
        ):  # fmt: skip
            Initiative.objects.update(stage=stage)
            assert len(found_by("ahead_of_its_gate")) == expected, stage

    def test_leaves_out_the_quiet_and_what_was_never_imported(self):
        self.load("In production", at=NOON)
        silence(initiative=self.initiative)
        assert found_by("ahead_of_its_gate") == []
        Initiative.objects.update(counting_since=NOON)
        assert len(found_by("ahead_of_its_gate")) == 1
        ImportedRow.objects.all().delete()
        assert found_by("ahead_of_its_gate") == []

    def test_opens_updates_and_closes(self):
        self.load("In production", at=NOON)
        sweep(at=NOON)
        self.load("Retired", at=NOON + DAY)
        assert sweep(at=NOON + DAY).rules["ahead_of_its_gate"].updated == 1
        self.load("Pilot", at=NOON + 2 * DAY)
        sweep(at=NOON + 2 * DAY)
        assert "ahead_of_its_gate" not in open_rules(self.initiative)

    def test_is_hidden_with_its_initiative(self):
        self.load("In production", at=NOON)
        sweep(at=NOON)
        assert queries.counts(self.owner)["ahead_of_its_gate"] == 1
        Initiative.objects.update(is_restricted=True)
        assert "ahead_of_its_gate" not in queries.counts(self.owner)


@pytest.mark.embedded
class TestRecertification(Progress):
    def setUp(self):
        self.set(stage=Stage.PRODUCTION)
        own(self.initiative, Role.PRODUCTION_OWNER, self.owner)

    def due(self, days):
        move(self.initiative, TODAY + days * DAY)

    def test_is_near_from_the_first_reminder_to_its_day(self):
        for days, expected in ((61, 0), (60, 1), (0, 1), (-1, 0)):
            self.due(days)
            assert len(found_by("recertification_near")) == expected, days

    def test_is_late_from_the_day_after(self):
        for days, expected in ((0, 0), (-1, 1), (-400, 1)):
            self.due(days)
            assert len(found_by("recertification_overdue")) == expected, days

    def test_becomes_critical_when_another_date_would_have_lapsed(self):
        for days, severity in ((-14, "warning"), (-15, "critical")):
            self.due(days)
            assert found_by("recertification_overdue")[0].severity == severity, days

    def test_begins_at_midnight_in_the_time_zone_of_the_organisation(self):
        self.due(-1)
        (finding,) = found_by("recertification_overdue")
        assert finding.since == datetime(2026, 3, 2, tzinfo=UTC)
        with self.settings(TIME_ZONE="Pacific/Kiritimati"):
            (finding,) = found_by("recertification_overdue")
        assert finding.since == datetime(2026, 3, 1, 10, tzinfo=UTC)

    def test_is_nothing_without_a_date_in_another_stage_or_while_suspended(self):
        for rule, days in (("recertification_near", 5), ("recertification_overdue", -5)):
            self.due(days)
            assert len(found_by(rule)) == 1
            for changes in (
                {"decision_date": None}, {"stage": Stage.PILOT}, {"stage": Stage.RETIRED},
                {"counting_since": None},
                {"suspended_at": NOON, "suspended_until": TODAY, "suspended_because": "It errs."},
            ):  # fmt: skip
                before = Initiative.objects.values(*changes).get()
                self.set(**changes)
                assert found_by(rule) == [], changes
                self.set(**before)

    def test_reminds_60_30_and_7_days_before_then_the_sponsor_then_the_leads(self):
        due = NOON + 60 * DAY
        move(self.initiative, due.date())
        for days, step, who in (
            (-61, None, None), (-60, -60, "Olga Owner"), (-30, -30, "Olga Owner"),
            (-7, -7, "Olga Owner"), (3, 3, "Olga Owner"), (7, 7, "Lea Lead"),
        ):  # fmt: skip
            sweep(at=due + days * DAY)
            expected = [] if step is None else [("recertification", step, who)]
            assert owed(kind="recertification") == expected, days

    def test_opens_and_closes_when_it_is_recertified(self):
        self.due(-1)
        sweep(at=NOON)
        assert "recertification_overdue" in open_rules(self.initiative)
        Initiative.objects.get(pk=self.initiative.pk).recertify(
            at=NOON, decision_date=TODAY + 365 * DAY
        )
        sweep(at=NOON)
        assert "recertification_overdue" not in open_rules(self.initiative)
        assert owed(kind="recertification") == []

    def test_is_hidden_with_its_initiative(self):
        self.due(-1)
        self.is_hidden_with_its_initiative("recertification_overdue")


@pytest.mark.embedded
class TestSponsorGone(Progress):
    def leave(self, at=NOON):
        people.deactivate(person=self.sponsor, by=None, at=at)

    def setUp(self):
        self.set(stage=Stage.PRODUCTION, decision_date=TODAY + 300 * DAY)
        own(self.initiative, Role.PRODUCTION_OWNER, self.owner)
        self.sponsor = make_person("Sam Sponsor")
        own(self.initiative, Role.SPONSOR, self.sponsor)

    def test_finds_nothing_while_the_sponsor_is_here_or_was_only_asked(self):
        assert found_by("sponsor_gone") == []
        Ownership.objects.filter(role=Role.SPONSOR).update(accepted_at=None)
        self.leave()
        assert found_by("sponsor_gone") == []

    def test_says_who_left_and_since_when(self):
        self.leave()
        (finding,) = found_by("sponsor_gone")
        assert finding.says == "Sam Sponsor, its sponsor, is no longer here."
        assert finding.since == NOON

    def test_says_that_somebody_came_back(self):
        self.leave()
        people.reactivate(person=self.sponsor, by=None, at=NOON + DAY)
        (finding,) = found_by("sponsor_gone")
        assert finding.says == ("Sam Sponsor, its sponsor, came back and has not accepted again.")

    def test_sees_what_raw_sql_did(self):
        Person.objects.filter(pk=self.sponsor.pk).update(is_active=False)
        (finding,) = found_by("sponsor_gone")
        assert finding.since is None
        sweep(at=NOON)
        assert Flag.objects.get(rule="sponsor_gone").since == NOON

    def test_leaves_to_unowned_where_the_stage_needs_a_sponsor(self):
        self.leave()
        for stage in Stage:
            self.set(stage=stage)
            said = [bool(found_by(rule)) for rule in ("sponsor_gone", "unowned")]
            assert said == {
                "proposal": [True, False], "pilot": [False, True],
                "readiness_review": [False, True], "production": [True, False],
                "retired": [False, False],
            }[stage], stage  # fmt: skip

    def test_leaves_out_the_quiet(self):
        self.leave()
        self.leaves_out_the_quiet("sponsor_gone")

    def test_tells_the_leads_and_the_owners_who_are_left_of_one_departure_once(self):
        self.leave()
        sweep(at=NOON)
        assert open_rules(self.initiative) == {"sponsor_gone"}
        assert owed(kind="unowned") == [("unowned", 0, "Lea Lead"), ("unowned", 0, "Olga Owner")]
        people.deactivate(person=self.owner, by=None, at=NOON)
        sweep(at=NOON)
        assert open_rules(self.initiative) == {"unowned"}
        (reminder,) = Reminder.objects.owed().filter(kind="unowned")
        assert reminder.is_urgent

    def test_is_heard_of_though_it_was_unowned_that_day(self):
        """What was sent about the one leaves the other to be said."""
        people.deactivate(person=self.owner, by=None, at=NOON)
        sweep(at=NOON)
        self.leave()
        own(self.initiative, Role.PRODUCTION_OWNER, self.lead, at=NOON)
        own(self.initiative, Role.BUSINESS_OWNER, self.lead, at=NOON)
        sweep(at=NOON)
        assert open_rules(self.initiative) == {"sponsor_gone"}
        assert owed(kind="unowned") == [("unowned", 0, "Lea Lead")]

    def test_opens_updates_and_closes(self):
        self.leave()
        sweep(at=NOON)
        people.reactivate(person=self.sponsor, by=None, at=NOON + DAY)
        assert sweep(at=NOON + DAY).rules["sponsor_gone"].updated == 1
        own(self.initiative, Role.SPONSOR, make_person("Nia New"), at=NOON + DAY)
        sweep(at=NOON + DAY)
        assert "sponsor_gone" not in open_rules(self.initiative)

    def test_is_hidden_with_its_initiative(self):
        self.leave()
        self.is_hidden_with_its_initiative("sponsor_gone")

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import TestCase
from django.utils import timezone

from initiatives import actions
from initiatives.models import Initiative, StageSpell
from initiatives.stages import Role, Stage
from initiatives.triage import Level
from reviews import actions as reviews
from reviews.models import Decision
from tests.accounts.expectations import last_event, nothing_said, refused
from tests.factories import (
    DESCRIPTION,
    LONG_AGO,
    NOON,
    TODAY,
    make_auditor,
    make_cast,
    make_declared,
    make_initiative,
    make_lead,
    make_owner,
    make_person,
    make_pilot,
    make_triage,
    make_unit,
    reloaded,
)
from tests.initiatives.actions.changes import changes_evidence, leaves_alone


class TestRegister(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.ada = make_person()

    def register(self, **changes):
        wanted = {"name": " Claims triage ", "by": self.ada, "at": NOON}
        return reloaded(actions.register(**(wanted | changes)))

    def test_makes_a_proposal_of_a_name_alone(self):
        made = self.register()
        assert (made.name, made.stage, made.problem) == ("Claims triage", Stage.PROPOSAL, "")
        assert (made.registered_by, made.registered_at) == (self.ada, NOON)
        assert (made.version, made.evidence_version, made.touched_at) == (1, 1, NOON)
        assert made.evidence_changed_by == self.ada

    def test_takes_the_description(self):
        made = self.register(unit=make_unit(), vendor="Acme", pilot_days=30, **DESCRIPTION)
        assert {key: getattr(made, key) for key in DESCRIPTION} == DESCRIPTION
        assert (made.unit.name, made.vendor, made.pilot_days) == ("Claims", "Acme", 30)

    def test_counts_from_now_on_and_is_due_in_thirty_days(self):
        made = self.register()
        assert made.counting_since == NOON
        assert made.decision_date == TODAY + timedelta(days=30)
        assert not made.is_declared

    def test_counts_days_of_the_organisation(self):
        with timezone.override("Pacific/Auckland"):  # where 2 March, noon UTC is the 3rd
            assert self.register().decision_date == date(2026, 4, 2)

    def test_opens_a_spell_that_is_not_declared(self):
        spell = StageSpell.objects.get(initiative=self.register())
        assert (spell.stage, spell.entered_at, spell.left_at) == (Stage.PROPOSAL, NOON, None)
        assert (spell.is_declared, spell.decision_date) == (False, TODAY + timedelta(days=30))

    def test_is_found_by_its_words(self):
        made = self.register(unit=make_unit(name="Schäden"), vendor="Acmé")
        assert made.search_text == " claims triage schaden acme"

    def test_says_who_registered_what(self):
        made = self.register()
        event = last_event()
        assert (event.kind, event.subject) == ("initiative.registered", f"initiative:{made.pk}")
        assert (event.initiative_id, event.actor_id) == (made.pk, self.ada.pk)

    def test_refuses_auditors(self):
        auditor = make_auditor()
        with refused("auditor"):
            self.register(by=auditor)
        assert not Initiative.objects.exists()

    def test_refuses_somebody_inactive(self):
        self.ada.is_active = False
        with refused("auditor"):
            self.register()

    def test_takes_a_pilot_longer_than_any_policy_allows(self):
        assert self.register(pilot_days=365).pilot_days == 365


class TestDeclareAsRunning(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.lead = make_lead()

    def declare(self, stage, **changes):
        wanted = {"name": "Fraud radar", "by": self.lead, "at": NOON}
        return reloaded(actions.declare_as_running(stage=stage, **(wanted | changes)))

    def test_stands_where_it_was_declared_since_when_it_was_said(self):
        made = self.declare(Stage.PRODUCTION, since=LONG_AGO)
        assert (made.stage, made.stage_entered_at) == (Stage.PRODUCTION, LONG_AGO)
        assert (made.declared_at, made.counting_since) == (NOON, NOON)

    def test_stands_there_from_now_on_where_nothing_was_said(self):
        assert self.declare(Stage.PILOT).stage_entered_at == NOON

    def test_is_left_out_of_durations(self):
        spell = StageSpell.objects.get(initiative=self.declare(Stage.PILOT, since=LONG_AGO))
        assert (spell.is_declared, spell.entered_at) == (True, LONG_AGO)

    def test_is_due_as_its_stage_is_counted_from_now(self):
        days = {
            Stage.PROPOSAL: 30, Stage.PILOT: 21, Stage.READINESS_REVIEW: 60,
            Stage.PRODUCTION: 365, Stage.RETIRED: None,
        }  # fmt: skip
        for stage, wanted in days.items():
            made = self.declare(stage, since=LONG_AGO, pilot_days=21)
            due = None if wanted is None else TODAY + timedelta(days=wanted)
            assert made.decision_date == due, stage

    def test_says_who_declared_it_where(self):
        made = self.declare(Stage.PILOT)
        event = last_event()
        assert (event.kind, event.initiative_id) == ("initiative.declared", made.pk)
        assert event.changed == {"name": "Fraud radar", "stage": "pilot"}

    def test_is_for_leads_alone(self):
        ada = make_person()
        with refused("not_a_lead"):
            self.declare(Stage.PRODUCTION, by=ada)
        assert not Initiative.objects.exists()


class TestEdit(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.ada = make_person()
        cls.lead = make_lead()
        cls.initiative = make_initiative(by=cls.ada)

    def edit(self, by=None, **changes):
        actor = by or self.ada
        return actions.edit(initiative=self.initiative, by=actor, at=NOON, **changes)

    def test_writes_what_is_different(self):
        with changes_evidence(self.initiative, by=self.lead):
            self.edit(by=self.lead, problem="Claims wait.", vendor="Acme")
        row = reloaded(self.initiative)
        assert (row.problem, row.vendor, row.users) == (
            "Claims wait.", "Acme", DESCRIPTION["users"],
        )  # fmt: skip

    def test_says_from_what_to_what(self):
        self.edit(name="Claims router", pilot_days=30)
        event = last_event()
        assert (event.kind, event.actor_id) == ("initiative.edited", self.ada.pk)
        assert event.changed == {
            "name": ["Claims triage", "Claims router"],
            "pilot_days": [42, 30],
        }

    def test_keeps_the_search_text_true(self):
        self.edit(name="Weiterleitung für Schäden")
        assert "weiterleitung fur schaden" in reloaded(self.initiative).search_text
        assert "triage" not in reloaded(self.initiative).search_text

    def test_finds_it_by_a_new_unit(self):
        self.edit(unit_id=make_unit(name="Motor").pk)
        assert " motor " in reloaded(self.initiative).search_text

    def test_changes_nothing_where_nothing_is_different(self):
        with nothing_said(), leaves_alone(self.initiative):
            self.edit(problem=DESCRIPTION["problem"])

    def test_keeps_the_level_true_to_the_amounts(self):
        make_triage(initiative=self.initiative)
        self.edit(pilot_budget=10_000, monthly_cost=100)
        assert reloaded(self.initiative).level == Level.LIGHT
        self.edit(monthly_cost=1_000)
        assert reloaded(self.initiative).level == Level.STANDARD

    def test_leaves_the_level_alone_before_triage(self):
        self.edit(pilot_budget=10)
        assert reloaded(self.initiative).level == Level.STANDARD

    def test_knows_only_what_may_be_edited(self):
        for field in ("stage", "decision_date", "extensions", "level", "counting_since"):
            with pytest.raises(TypeError, match=field), leaves_alone(self.initiative):
                self.edit(**{field: "production"})

    def test_refuses_whoever_has_no_part_in_it(self):
        eve = make_person(name="Eve Else")
        with refused("not_an_editor"), leaves_alone(self.initiative):
            self.edit(by=eve, name="Mine")

    def test_refuses_whoever_registered_it_once_it_is_a_pilot(self):
        pilot = make_declared(by=self.lead, stage=Stage.PILOT)
        Initiative.objects.filter(pk=pilot.pk).update(registered_by=self.ada)
        with refused("not_an_editor"):
            actions.edit(initiative=pilot, by=self.ada, at=NOON, name="Mine")

    def test_lets_whoever_holds_a_role(self):
        bo = make_person(name="Bo Budget")
        make_owner(initiative=self.initiative, role=Role.BUDGET_OWNER, person=bo)
        self.edit(by=bo, vendor="Acme")
        assert reloaded(self.initiative).vendor == "Acme"

    def test_refuses_whoever_was_asked_and_has_not_accepted(self):
        bo = make_person(name="Bo Budget")
        actions.ask(initiative=self.initiative, role="sponsor", person=bo, by=None, at=LONG_AGO)
        with refused("not_an_editor"):
            self.edit(by=bo, vendor="Acme")

    def test_refuses_what_is_retired(self):
        retired = make_declared(by=self.lead, stage=Stage.RETIRED)
        with refused("retired"):
            actions.edit(initiative=retired, by=self.lead, at=NOON, name="Back")


class TestEditAfterTheCharter(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.cast = make_cast()
        cls.pilot = make_pilot(cast=cls.cast)

    def edit(self, **changes):
        actions.edit(initiative=self.pilot, by=self.cast.lead, at=NOON, **changes)

    def test_refuses_whatever_the_charter_froze(self):
        frozen = {
            "problem": "Another", "users": "Others", "outcome": "Less", "process": "Elsewhere",
            "scope": "More", "pilot_days": 90, "pilot_budget": 900_000,
        }  # fmt: skip
        for field, value in frozen.items():
            with refused("charter_frozen"), leaves_alone(self.pilot):
                self.edit(**{field: value})

    def test_refuses_it_beside_a_change_that_is_free(self):
        with refused("charter_frozen"), leaves_alone(self.pilot):
            self.edit(name="Renamed", scope="More")

    def test_lets_the_rest_change(self):
        with changes_evidence(self.pilot, by=self.cast.lead):
            self.edit(name="Renamed", vendor="Acme", monthly_cost=7_000)
        assert reloaded(self.pilot).name == "Renamed"

    def test_takes_the_frozen_fields_as_they_are(self):
        self.edit(name="Renamed", problem=DESCRIPTION["problem"])
        assert reloaded(self.pilot).name == "Renamed"

    def test_stays_as_it_was_once_it_is_killed(self):
        reviews.decide(
            initiative=self.pilot,
            kind=Decision.Kind.KILL,
            reason="No use.",
            outcome=Decision.Outcome.USE_CASE_WRONG,
            lesson="Ask first.",
            by=self.cast.sponsor,
            at=NOON,
        )
        with refused("retired"), leaves_alone(self.pilot):
            self.edit(name="Renamed")


class TestEnter(TestCase):
    def test_moves_where_the_version_is_the_one_that_was_read(self):
        from initiatives.models import Overtaken

        initiative = make_initiative(by=make_person())
        first, second = reloaded(initiative), reloaded(initiative)
        at = datetime(2026, 3, 3, tzinfo=UTC)
        first.enter(Stage.PILOT, at=at, decision_date=TODAY)
        with pytest.raises(Overtaken):
            second.enter(Stage.RETIRED, at=at, decision_date=None)
        row = reloaded(initiative)
        assert (row.stage, row.version, row.decision_date) == (Stage.PILOT, 2, TODAY)
        spells = StageSpell.objects.filter(initiative=initiative)
        assert list(spells.values_list("stage", "left_at")) == [("proposal", at), ("pilot", None)]

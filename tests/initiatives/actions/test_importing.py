from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import TestCase
from django.test.utils import CaptureQueriesContext

from accounts import actions as people
from accounts.models import Person, Unit
from audit.models import Event
from audit.queries import history
from initiatives import actions
from initiatives.actions.importing import identity
from initiatives.models import ImportedRow, Initiative, Ownership, StageSpell, Triage
from initiatives.search import search
from initiatives.stages import Role, Stage
from tests.accounts.expectations import last_event, nothing_said, refused
from tests.factories import (
    NOON,
    fresh,
    make_lead,
    make_parsed,
    make_person,
    make_unit,
    reloaded,
)

LATER = NOON + timedelta(days=30)
ROW = {
    "ID": "7",
    "Use Case Name": "Claims triage",
    "Agency": "Halden",
    "Business Unit": "Schäden",
    "Stage": "Operation",
    "Problem Statement": "Claims wait.",
    "Vendor": "Acme",
    "Owner Email": "Ida.Voss@example.com",
    "Owner": "Ida Voss",
    "Date Implemented": "2024-10-01",
    "Contains PII": "Yes",
}


def row(**changes):
    """The row above, changed: `Use_Case_Name` stands for `Use Case Name`."""
    return ROW | {key.replace("_", " "): value for key, value in changes.items()}


class Imports(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.lead = make_lead()

    def run_import(self, *rows, by=None, at=NOON, source="inventory", **more):
        return actions.import_inventory(
            parsed=make_parsed(rows=rows, source=source),
            file_name="halden.csv",
            by=by or self.lead,
            at=at,
            **more,
        )


@pytest.mark.embedded
class TestCreating(Imports):
    def test_stands_where_the_file_says_since_when_it_says(self):
        self.run_import(row())
        made = Initiative.objects.get()
        assert (made.name, made.stage) == ("Claims triage", Stage.PRODUCTION)
        assert made.stage_entered_at == datetime(2024, 10, 1, tzinfo=UTC)
        spell = StageSpell.objects.get()
        assert (spell.stage, spell.is_declared) == (Stage.PRODUCTION, True)
        assert spell.entered_at == made.stage_entered_at

    def test_is_quiet_and_declared(self):
        self.run_import(row())
        made = Initiative.objects.get()
        assert (made.is_quiet, made.is_declared, made.decision_date) == (True, True, None)
        assert (made.registered_at, made.registered_by) == (NOON, self.lead)

    def test_takes_texts_unit_and_answers(self):
        self.run_import(row())
        made = Initiative.objects.select_related("unit").get()
        assert (made.problem, made.vendor, made.unit.name) == ("Claims wait.", "Acme", "Schäden")
        answers = Triage.objects.get()
        assert (answers.personal_data, answers.talks_to_public) == (True, None)
        assert made.level == "standard"

    def test_is_found_by_its_words(self):
        self.run_import(row())
        assert search(Initiative.objects.all(), "schad acme").count() == 1

    def test_asks_the_owner_it_names_who_is_invited_without_a_mail(self):
        self.run_import(row())
        ida = Person.objects.get(email="ida.voss@example.com")
        assert (ida.name, ida.is_invited, ida.invited_at) == ("Ida Voss", True, NOON)
        asked = Ownership.objects.get()
        assert (asked.person, asked.role, asked.state) == (ida, Role.BUSINESS_OWNER, "asked")

    def test_says_whom_it_added(self):
        self.run_import(row(), row(ID="8"))
        ida = Person.objects.get(email="ida.voss@example.com")
        (added,) = [e for e in history(limit=9) if e.subject == f"person:{ida.pk}"]
        assert (added.kind, added.actor_id) == ("person.created", self.lead.pk)
        assert added.changed == {"name": "Ida Voss", "invited": True}

    def test_adds_nobody_it_knows(self):
        make_person(name="Ida Voss")
        before = Event.objects.filter(kind="person.created").count()
        self.run_import(row())
        assert Event.objects.filter(kind="person.created").count() == before

    def test_asks_whom_it_knows(self):
        ida = make_person(name="Ida Voss")
        self.run_import(row())
        assert Ownership.objects.get().person == ida

    def test_does_not_ask_somebody_inactive(self):
        ida = make_person(name="Ida Voss")
        people.deactivate(person=ida, by=None, at=NOON)
        self.run_import(row())
        assert not Ownership.objects.exists()
        assert not fresh(ida).is_active

    def test_uses_a_unit_that_is_there_however_it_is_written(self):
        unit = make_unit(name="SCHADEN")
        self.run_import(row())
        assert Initiative.objects.get().unit == unit
        assert Unit.objects.count() == 1

    def test_leaves_the_unit_open_where_the_file_does(self):
        self.run_import(row(Business_Unit=""))
        assert Initiative.objects.get().unit is None

    def test_keeps_the_row_as_it_was_read(self):
        self.run_import(row())
        kept = ImportedRow.objects.get()
        assert (kept.source, kept.identity, kept.row_number) == ("Halden", "id:7", 2)
        assert (kept.file_name, kept.imported_at) == ("halden.csv", NOON)
        assert kept.original["Owner Email"] == "Ida.Voss@example.com"
        assert kept.values["live_date"] == "2024-10-01"

    def test_says_what_came_and_how_many(self):
        result = self.run_import(row(), row(ID="8"))
        made = Initiative.objects.first()
        kinds = list(Event.objects.order_by("-seq").values_list("kind", flat=True)[:3])
        assert kinds == ["inventory.imported", "initiative.imported", "initiative.imported"]
        assert last_event().changed["created"] == 2
        assert Event.objects.filter(initiative_id=made.pk).exists()
        assert (result.rows, result.created, result.updated, result.unchanged) == (2, 2, 0, 0)
        assert result.stages["production"] == 2

    def test_takes_a_blank_stage_for_a_proposal_and_says_so(self):
        result = self.run_import(row(Stage=""))
        assert Initiative.objects.get().stage == Stage.PROPOSAL
        assert any(warning.column == "Stage" for warning in result.warnings)

    def test_never_enters_a_stage_in_the_future(self):
        self.run_import(row(Date_Implemented="2026-03-03"), at=NOON)
        assert Initiative.objects.get().stage_entered_at == NOON


@pytest.mark.embedded
class TestIdentity(Imports):
    def test_is_source_and_id(self):
        self.run_import(row(), row(Agency="Other"), row(ID="8"))
        result = self.run_import(row(), row(Agency="Other"), row(ID="8"), at=LATER)
        assert (result.created, result.unchanged, Initiative.objects.count()) == (0, 3, 3)

    def test_follows_the_id_when_the_name_changes(self):
        self.run_import(row())
        result = self.run_import(row(Use_Case_Name="Claims router"), at=LATER)
        assert (result.created, result.updated) == (0, 1)

    def test_is_the_given_source_where_no_column_has_one(self):
        plain = {"ID": "7", "Use Case Name": "Claims triage"}
        self.run_import(plain, source="north")
        self.run_import(plain, source="south")
        self.run_import(plain, source="north")
        assert sorted(ImportedRow.objects.values_list("source", flat=True)) == ["north", "south"]

    def test_is_name_unit_and_place_among_equals_without_an_id(self):
        rows = [row(ID=""), row(ID=""), row(ID="", Business_Unit="Motor")]
        self.run_import(*rows)
        assert ImportedRow.objects.count() == 3
        assert self.run_import(*rows, at=LATER).unchanged == 3

    def test_forgives_case_and_accents_without_an_id(self):
        self.run_import(row(ID=""))
        again = row(ID="", Use_Case_Name="CLAIMS TRIAGE", Business_Unit="Schaden")
        assert self.run_import(again, at=LATER).created == 0

    def test_fits_the_column_whatever_the_name_unfolds_to(self):
        long = row(ID="", Use_Case_Name="ß" * 300, Business_Unit="ﷺ" * 300)
        self.run_import(long)
        assert self.run_import(long, at=LATER).unchanged == 1

    def test_tells_long_names_apart(self):
        rows = [row(ID="", Use_Case_Name="ß" * 299 + end, Business_Unit="ﷺ" * 300) for end in "ab"]
        first, second = make_parsed(rows=rows).rows
        assert identity(first) != identity(second)


@pytest.mark.embedded
class TestImportingAgain(Imports):
    """Three texts are compared: the file's last edition, this one, and what stands here."""

    def setUp(self):
        self.run_import(row())
        self.initiative = Initiative.objects.get()

    def again(self, **changes):
        return self.run_import(row(**changes), at=LATER)

    def here(self, **changes):
        actions.edit(initiative=self.initiative, by=self.lead, at=NOON, **changes)

    def test_changes_nothing_and_says_nothing(self):
        before = Initiative.objects.values().get(), ImportedRow.objects.values().get()
        with nothing_said():
            result = self.again()
        assert (result.created, result.updated, result.unchanged) == (0, 0, 1)
        assert (Initiative.objects.values().get(), ImportedRow.objects.values().get()) == before

    def test_writes_what_only_the_file_changed(self):
        version = self.initiative.evidence_version
        result = self.again(Problem_Statement="Claims wait for hours.", Contains_PII="No")
        row_here = reloaded(self.initiative)
        assert (result.updated, result.warnings) == (1, [])
        assert row_here.problem == "Claims wait for hours."
        assert Triage.objects.get().personal_data is False
        assert (row_here.evidence_version, row_here.touched_at) == (version + 1, LATER)
        assert "hours" in row_here.search_text

    def test_says_what_was_written(self):
        self.again(Vendor="Bolt")
        event = Event.objects.get(kind="initiative.import_updated")
        assert event.initiative_id == self.initiative.pk
        assert last_event().changed["updated"] == 1

    def test_keeps_what_only_people_here_changed(self):
        self.here(problem="Written here.")
        result = self.again()
        assert reloaded(self.initiative).problem == "Written here."
        assert (result.unchanged, result.warnings) == (1, [])

    def test_keeps_it_beside_a_field_that_only_the_file_changed(self):
        self.here(problem="Written here.")
        result = self.again(Vendor="Bolt")
        row_here = reloaded(self.initiative)
        assert (row_here.problem, row_here.vendor) == ("Written here.", "Bolt")
        assert (result.updated, result.warnings) == (1, [])

    def test_warns_where_both_changed_it_and_leaves_it(self):
        self.here(problem="Written here.")
        result = self.again(Problem_Statement="Written there.")
        assert reloaded(self.initiative).problem == "Written here."
        (warning,) = result.warnings
        assert (warning.row, warning.column, warning.value) == (2, "problem", "Written there.")
        assert self.initiative.reference in warning.reason

    def test_warns_once_and_then_knows_the_edition(self):
        self.here(problem="Written here.")
        self.again(Problem_Statement="Written there.")
        assert self.again(Problem_Statement="Written there.").warnings == []

    def test_does_not_warn_where_both_say_the_same(self):
        self.here(problem="Claims wait\nfor hours.")
        result = self.again(Problem_Statement="Claims  wait for hours.")
        assert (result.warnings, result.unchanged) == ([], 1)

    def test_takes_a_change_of_punctuation_or_case(self):
        for name in ("C++ helper", "C# helper", "c# helper"):
            assert self.again(Use_Case_Name=name).updated == 1
            assert reloaded(self.initiative).name == name

    def test_warns_where_a_question_was_answered_here(self):
        actions.answer_triage(
            initiative=self.initiative, answers={"personal_data": None}, by=self.lead, at=NOON
        )
        result = self.again(Contains_PII="No")
        assert Triage.objects.get().personal_data is None
        assert [warning.column for warning in result.warnings] == ["personal_data"]

    def test_brings_level_and_class_up_to_date(self):
        self.again(Rights_Impacting="Yes")
        assert (reloaded(self.initiative).level, Triage.objects.get().legal_class) == (
            "full", "high",
        )  # fmt: skip

    def test_moves_it_to_another_unit(self):
        self.again(Business_Unit="Motor")
        assert Initiative.objects.select_related("unit").get().unit.name == "Motor"

    def test_empties_what_the_file_emptied(self):
        self.again(Vendor="")
        assert reloaded(self.initiative).vendor == ""

    def test_leaves_alone_what_the_file_has_no_column_for(self):
        rows = {key: value for key, value in ROW.items() if key != "Vendor"}
        result = self.run_import(rows, at=LATER)
        assert reloaded(self.initiative).vendor == "Acme"
        assert result.unchanged == 1

    def test_remembers_what_a_file_without_the_column_leaves_out(self):
        without = row(Problem_Statement="Other.")
        del without["Vendor"]
        self.run_import(without, at=LATER)
        assert ImportedRow.objects.get().values["vendor"] == "Acme"
        result = self.again(Problem_Statement="Other.", Vendor="Bolt")
        assert (reloaded(self.initiative).vendor, result.warnings) == ("Bolt", [])

    def test_says_nothing_of_stages_where_no_column_has_them(self):
        rows = {key: value for key, value in ROW.items() if key != "Stage"}
        result = self.run_import(rows, at=LATER)
        assert [warning.column for warning in result.warnings if warning.column == "stage"] == []

    def test_writes_only_the_columns_that_changed(self):
        with CaptureQueriesContext(connection) as queries:
            self.again(Problem_Statement="Claims wait for hours.")
        (written,) = [q["sql"] for q in queries if '"problem" = ' in q["sql"]]
        assert '"search_text" = ' in written
        assert '"vendor" = ' not in written
        assert not any(q["sql"].startswith('UPDATE "initiatives_triage"') for q in queries)

    def test_never_moves_a_stage_and_says_so(self):
        for says in ("Retired", "Pilot", "Proposal"):
            result = self.again(Stage=says)
            assert reloaded(self.initiative).stage == Stage.PRODUCTION
            (warning,) = result.warnings
            assert (warning.column, "never moves a stage" in warning.reason) == ("stage", True)
        assert StageSpell.objects.count() == 1

    def test_takes_a_date_as_a_new_edition_and_moves_nothing(self):
        entered = self.initiative.stage_entered_at
        self.again(Date_Implemented="2023-01-01")
        assert reloaded(self.initiative).stage_entered_at == entered
        assert ImportedRow.objects.get().values["live_date"] == "2023-01-01"

    def test_asks_nobody_anew(self):
        Ownership.objects.update(declined_at=NOON)
        self.again(Owner_Email="uwe@example.com")
        assert Ownership.objects.count() == 1
        assert not Person.objects.filter(email="uwe@example.com").exists()

    def test_keeps_ones_that_are_not_in_the_file(self):
        self.run_import(row(ID="8", Use_Case_Name="Another"), at=LATER)
        assert Initiative.objects.count() == 2


@pytest.mark.embedded
class TestImportingOverARetiredOne(Imports):
    def test_leaves_texts_unit_and_answers_and_warns(self):
        self.run_import(row(Stage="Retired"))
        before = Initiative.objects.values().get(), Triage.objects.values().get()
        changes = {"Vendor": "Bolt", "Business Unit": "Motor", "Contains PII": "No"}
        with nothing_said():
            result = self.run_import(row(Stage="Retired") | changes, at=LATER)
        assert (Initiative.objects.values().get(), Triage.objects.values().get()) == before
        assert (result.updated, result.unchanged) == (0, 1)
        assert {warning.column for warning in result.warnings} == {
            "unit", "vendor", "personal_data",
        }  # fmt: skip


@pytest.mark.embedded
class TestImportingOverASignedCharter(Imports):
    def test_leaves_the_frozen_fields_and_warns(self):
        self.run_import(row(Stage="Proposal", Date_Implemented=""))
        initiative = Initiative.objects.get()
        actions.freeze_baseline(initiative=initiative, reason="", at=NOON)
        result = self.run_import(
            row(Stage="Proposal", Date_Implemented="", Problem_Statement="Other.", Vendor="Bolt"),
            at=LATER,
        )
        row_here = reloaded(initiative)
        assert (row_here.problem, row_here.vendor) == ("Claims wait.", "Bolt")
        (warning,) = result.warnings
        assert "re-baseline" in warning.reason


@pytest.mark.embedded
class TestRejectedRows(Imports):
    bad = row(ID="9", Use_Case_Name="")

    def test_leave_nothing_written(self):
        with nothing_said():
            result = self.run_import(row(), self.bad)
        assert not Initiative.objects.exists()
        assert (result.written, result.created, result.rows) == (False, 0, 2)
        (rejected,) = result.rejected
        assert (rejected.row, rejected.column) == (3, "Use Case Name")

    def test_are_left_out_when_they_are_to_be_skipped(self):
        result = self.run_import(row(), self.bad, skip_rejected=True)
        assert (result.created, result.written, len(result.rejected)) == (1, True, 1)
        assert Initiative.objects.get().name == "Claims triage"
        assert last_event().changed["skipped"] == 1

    def test_do_not_make_others_change_places_when_they_are_mended(self):
        first, second = row(ID="", Date_Implemented="soon"), row(ID="")
        self.run_import(first, second, skip_rejected=True)
        result = self.run_import(row(ID=""), second, at=LATER)
        assert (result.created, result.unchanged) == (1, 1)


@pytest.mark.embedded
class TestDryRun(Imports):
    def test_counts_and_writes_nothing(self):
        with nothing_said():
            result = self.run_import(row(), row(ID="8"), dry_run=True)
        assert (result.created, result.written) == (2, False)
        for model in (Initiative, StageSpell, ImportedRow, Unit, Ownership, Triage):
            assert not model.objects.exists(), model
        assert not Person.objects.filter(email="ida.voss@example.com").exists()

    def test_says_what_a_newer_edition_would_do(self):
        self.run_import(row())
        result = self.run_import(row(Vendor="Bolt"), row(ID="8"), dry_run=True, at=LATER)
        assert (result.created, result.updated) == (1, 1)
        assert Initiative.objects.get().vendor == "Acme"
        assert ImportedRow.objects.get().imported_at == NOON

    def test_uses_up_no_number_of_an_initiative(self):
        self.run_import(row())
        self.run_import(row(), row(ID="8"), row(ID="9"), dry_run=True)
        self.run_import(row(), row(ID="8"))
        first, second = Initiative.objects.order_by("pk")
        assert second.pk == first.pk + 1


@pytest.mark.embedded
class TestWhoMayImport(Imports):
    def test_is_a_lead_or_the_operator(self):
        actions.import_inventory(parsed=make_parsed(rows=[row()]), file_name="f", by=None, at=NOON)
        assert Initiative.objects.get().registered_by is None

    def test_is_nobody_else(self):
        ada = make_person()
        with refused("not_a_lead"):
            self.run_import(row(), by=ada)
        assert not Initiative.objects.exists()


class TestMany(Imports):
    """Two thousand rows in at most 60 queries (performance.md)."""

    def rows(self, count, problem):
        return [
            row(
                ID=str(number),
                Use_Case_Name=f"Use case {number}",
                Business_Unit=f"Unit {number % 40}",
                Owner_Email=f"owner{number % 300}@example.com",
                Problem_Statement=problem,
            )
            for number in range(count)
        ]

    def test_take_few_queries_created_unchanged_or_updated(self):
        for outcome, count, problem in [
            ("created", 2_000, "Claims wait."),
            ("unchanged", 2_000, "Claims wait."),
            ("updated", 600, "Claims wait for hours."),
        ]:
            parsed = make_parsed(rows=self.rows(count, problem))
            with CaptureQueriesContext(connection) as queries:
                result = actions.import_inventory(
                    parsed=parsed, file_name="many.csv", by=self.lead, at=NOON
                )
            assert getattr(result, outcome) == count
            if connection.vendor == "postgresql":
                assert len(queries) <= 60, outcome

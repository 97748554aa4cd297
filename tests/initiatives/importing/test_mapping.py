"""Which heading is which field: the guess, and its correction by a person."""

import pytest

from initiatives.importing.mapping import Mapping, check, dump, guess, load
from initiatives.importing.reading import Unreadable


def guessed(*headers):
    return guess(headers).columns


class TestGuess:
    @pytest.mark.parametrize(
        ("field", "heading"),
        [
            ("name", "Title"),
            ("name", "2_use_case_name"),
            ("name", "Projektname"),
            ("name", "useCaseName"),
            ("external_id", "Use Case ID\n\n[Agency Abbrev.] \u2013 [#]"),
            ("external_id", "Ref."),
            ("external_id", "#"),
            ("unit", "Bureau/Component"),
            ("unit", "Dept"),
            ("unit", "Geschäftsbereich"),
            ("source", "Agency"),
            ("stage", "Lifecycle"),
            ("stage", "Statut"),
            ("stage", "Stage of\nDevelopment"),
            ("owner_email", "Owner e-mail"),
            ("owner_name", "Project Owner"),
            ("vendor", "Vendor(s) Name"),
            ("vendor", "Supplier"),
            ("problem", "What problem is the AI intended to solve?"),
            ("problem", "What is the intended purpose and expected benefits of the AI?"),
            ("outcome", "What are the expected benefits and positive outcomes from the AI?"),
            ("scope", "Describe the AI system\u2019s outputs."),
            ("users", "Intended users"),
            ("started_date", "Kick-off"),
            ("live_date", "Go-live"),
            (
                "live_date",
                "Date when AI use case became operational or the pilot\u2019s start date",
            ),
            ("retired_date", "Date Retired"),
            ("personal_data", "Contains personal data? (Y/N)"),
            ("bought", "Built or bought?"),
            ("talks_to_public", "Customer-facing?"),
        ],
    )
    def test_knows_many_headings(self, field, heading):
        assert guessed("Initiative name", heading).get(field) == heading or field == "name"
        assert field != "name" or guessed(heading)["name"] == heading

    def test_uses_each_column_once(self):
        found = guessed("Name", "Owner", "Contact", "Status", "Phase", "Description", "Purpose")
        assert len(set(found.values())) == len(found)
        assert (found["owner_name"], found["stage"]) == ("Owner", "Phase")

    def test_prefers_the_full_name_of_the_agency(self):
        assert guessed("Name", "Agency Abbreviation", "Agency")["source"] == "Agency"

    def test_takes_agencies_beside_departments_for_their_parts(self):
        found = guessed("Title", "Agency", "Office", "Department")
        assert (found["source"], found["unit"]) == ("Department", "Agency")

    def test_takes_a_department_alone_for_a_unit(self):
        found = guessed("Title", "Department")
        assert "source" not in found
        assert found["unit"] == "Department"

    def test_answers_both_questions_of_a_rights_or_safety_column(self):
        heading = "Is the AI use case rights-impacting, safety-impacting, both, or neither?"
        found = guessed("Name", heading)
        assert found["decides_about_people"] == found["safety_or_regulated"] == heading

    @pytest.mark.parametrize(
        "heading",
        [
            "Planned go-live",
            "Target date implemented",
            "Is the AI use case high-impact?",
            "Does this AI use case disseminate information to the public?",
            "How long have you waited for the tools to implement the AI use case?",
            "Model version",
            "",
        ],
    )
    def test_leaves_other_questions_alone(self, heading):
        assert guessed("Name", heading) == {"name": "Name"}


class TestLoad:
    HEADERS = ("Project", "Phase", "Company unit")

    def test_overrides_the_guess_and_frees_the_column(self):
        correction = load('[columns]\nunit = "Company unit"\nproblem = "Phase"\n', self.HEADERS)
        columns = guess(self.HEADERS).corrected(correction).columns
        assert columns == {"name": "Project", "unit": "Company unit", "problem": "Phase"}

    def test_leaves_a_field_out(self):
        correction = load('[columns]\nstage = ""\n', self.HEADERS)
        assert guess(self.HEADERS).corrected(correction).columns == {"name": "Project"}

    def test_finds_a_column_written_differently(self):
        assert (
            load('[columns]\nunit = "company_unit"', self.HEADERS).columns["unit"] == "Company unit"
        )

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("[columns]\nnmae = 'Project'", "did you mean name"),
            ("[columns]\nname = 'Projct'", "did you mean “Project”"),
            ("[columns]\nname = 3", "must be a text"),
            ("[colums]\nname = 'Project'", "did you mean “columns”"),
            ("columns = 3", "must be a section"),
            ("values = 3", "must hold sections"),
            ("[values.stage]\nBeta = 'pilott'", "did you mean “pilot”"),
            ("[values.live_date]\nx = 'soon'", "is no date"),
            ("[values.bought]\nx = 'perhaps'", "yes, no or nothing"),
            ("[columns", "not valid TOML"),
            ("x" * 1_000_001, "too large"),
        ],
    )
    def test_says_what_is_wrong(self, text, reason):
        with pytest.raises(Unreadable) as caught:
            load(text, self.HEADERS)
        assert reason.replace("name", "“name”") in str(caught.value) or reason in str(caught.value)

    def test_reads_back_what_dump_writes(self):
        mapping = Mapping({"name": 'A "b" \\ ü\x7f'}, {"stage": {"x\ny": "pilot", "": "retired"}})
        assert load(dump(mapping, ["unused", 'A "b"'])) == mapping


class TestCheck:
    def test_shows_how_to_name_the_name(self):
        with pytest.raises(Unreadable) as caught:
            check(guess(["Foo", "Status"]), ["Foo", "Status"])
        assert "“Foo”, “Status”" in str(caught.value)
        assert 'name = "Foo"' in str(caught.value)

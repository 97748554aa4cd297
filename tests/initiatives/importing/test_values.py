"""Stages, dates and answers as people write them."""

from datetime import date

import pytest

from initiatives.importing.dates import NotADate, Order, order_of, read_date
from initiatives.importing.stages import SPELLINGS, STAGES, read_stage
from initiatives.importing.triage import read_answer

TODAY = date(2025, 11, 21)


class TestStages:
    @pytest.mark.parametrize(
        ("text", "stage"),
        [
            ("Initiated", "proposal"),
            ("IDEATION", "proposal"),
            ("Planned (not in production)", "proposal"),
            ("Acquisition and/or Development", "pilot"),
            (
                "a) Pre-deployment \u2013 The use case is in a development or acquisition status",
                "pilot",
            ),
            ("b)  Pilot \u2013 The use case has been deployed in a limited test", "pilot"),
            ("Development (not in production)", "pilot"),
            ("Implementation and Assessment", "readiness_review"),
            ("Stage 3 - Implementation and Assessment", "readiness_review"),
            ("UAT", "readiness_review"),
            ("Operation and Maintenance", "production"),
            ("In production: less than 6 months", "production"),
            ("In-use", "production"),
            (
                "c) Deployed \u2013 The use case is being actively used to support the mission",
                "production",
            ),
            ("no longer in production", "retired"),
            ("readiness_review", "readiness_review"),
            ("In Betrieb", "production"),
        ],
    )
    def test_knows_spellings(self, text, stage):
        assert read_stage(text) == (stage, "")

    @pytest.mark.parametrize(
        ("text", "stage"),
        [
            ("Successfully tested but not in production.", "pilot"),
            ("Proof of concept completed and published", "pilot"),
            ("Live (pilot)", "pilot"),
            ("User acceptance testing to begin in spring", "readiness_review"),
            ("In production since March", "production"),
        ],
    )
    def test_takes_a_remark_for_what_its_words_say_with_a_warning(self, text, stage):
        found, doubt = read_stage(text)
        assert found == stage
        assert "words were taken" in doubt

    @pytest.mark.parametrize(
        "text",
        [
            "Not yet deployed",
            "Deployed (not in production)",
            "To be deployed",
            "Going live soon",
            "production planned",
            "Completed",
            "On hold",
            "not retired",
            "Runs in a pseudo-operational capacity",
            "xyz",
            "",
            "N/A",
        ],
    )
    def test_takes_anything_else_for_a_proposal_with_a_warning(self, text):
        found, doubt = read_stage(text)
        assert found == "proposal"
        assert doubt

    def test_table_names_each_spelling_once(self):
        spellings = [" ".join(s.split()) for text in SPELLINGS.values() for s in text.split("|")]
        assert len(set(spellings)) == len(spellings)
        assert set(SPELLINGS) == set(STAGES)


class TestDates:
    @pytest.mark.parametrize(
        ("text", "day"),
        [
            ("10/1/2023", "2023-10-01"),
            ("10/1/23", "2023-10-01"),
            ("12/31/99", "1999-12-31"),
            ("2024-10-01 00:00:00", "2024-10-01"),
            ("2024-10-01T12:30:00Z", "2024-10-01"),
            ("2024-10-01T12:30:00.123+02:00", "2024-10-01"),
            ("07/25/2024 12:00:00 AM", "2024-07-25"),
            ("Jul-25", "2025-07-01"),
            ("July 2025", "2025-07-01"),
            ("Sept. 2024", "2024-09-01"),
            ("01/2024", "2024-01-01"),
            ("2025", "2025-01-01"),
            ("2025.0", "2025-01-01"),
            ("1 Oct 2023", "2023-10-01"),
            ("1-Oct-23", "2023-10-01"),
            ("Oct 1, 2023", "2023-10-01"),
            ("Monday, October 2, 2023", "2023-10-02"),
            ("2024/10/01", "2024-10-01"),
            ("01.10.2024", "2024-10-01"),
            ("20241001", "2024-10-01"),
            ("Q3 2024", "2024-07-01"),
            ("1. Oktober 2024", "2024-10-01"),
            ("décembre 2023", "2023-12-01"),
        ],
    )
    def test_reads(self, text, day):
        assert read_date(text, Order(), TODAY) == date.fromisoformat(day)

    @pytest.mark.parametrize(
        "text",
        ["", " ", "-", "N/A", "n/a - merged", "NA", "none", "TBD", "unknown", "not applicable"],
    )
    def test_takes_for_blank(self, text):
        assert read_date(text, Order(), TODAY) is None

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("7/16/1905", "the bare year 2024"),
            ("1905-07-17", "the bare year 2025"),
            ("1905", "before 1950"),
            ("0000-01-01", "no year 0"),
            ("1/1/0000", "no year 0"),
            ("0", "no year 0"),
            ("24-Oct", "no year"),
            ("Oct 24", "no year"),
            ("FY2024", "fiscal"),
            ("Q4FY25", "fiscal"),
            ("45567", "write 2024-10-02"),
            ("2015-2022", "span of years"),
            ("2036-01-01", "10 years ahead"),
            ("2023-02-29", "no such day"),
            ("13/1/2023", "month/day/year"),
            ("Pre-2021", "not a date"),
            ("ongoing", "not a date"),
            ("T" * 20_000, "not a date"),
        ],
    )
    def test_refuses(self, text, reason):
        with pytest.raises(NotADate, match=reason):
            read_date(text, Order(), TODAY)

    def test_takes_a_bare_year_ten_years_ahead(self):
        assert read_date("2035", Order(), TODAY) == date(2035, 1, 1)

    def test_column_is_month_first_unless_it_shows_otherwise(self):
        assert order_of(["1/2/2023", "N/A"]) == Order()
        assert order_of(["1/2/2023", "31/12/2023 10:00"]) == Order(day_first=True)
        assert order_of(["1/31/2023", "2/28/2023", "31/12/2023"]) == Order(mixed=True)

    def test_day_first_column_is_read_day_first(self):
        assert read_date("1/2/2023", Order(day_first=True), TODAY) == date(2023, 2, 1)


class TestAnswers:
    @pytest.mark.parametrize(
        ("field", "text", "answer"),
        [
            ("personal_data", "YES", True),
            ("personal_data", "a) Yes, sufficient", True),
            ("personal_data", " No", False),
            ("personal_data", "nein", False),
            ("personal_data", "N/A; a tool for code", None),
            ("acts_without_approval", "No - Some actions require oversight.", False),
            ("decides_about_people", "Both", True),
            ("decides_about_people", "Rights-Impacting\n", True),
            ("decides_about_people", "Safety-impacting", False),
            ("safety_or_regulated", "Safety-impacting", True),
            ("safety_or_regulated", "Neither", False),
            ("bought", "Developed in-house.", False),
            ("bought", "a)\xa0Purchased from a vendor", True),
            ("bought", "Developed with both contracting and in-house resources.", True),
            ("bought", "No contract/external resources used in development.", False),
        ],
    )
    def test_reads(self, field, text, answer):
        assert read_answer(field, text) is answer

    @pytest.mark.parametrize(
        ("field", "text"),
        [
            ("personal_data", "Yes/No"),
            ("personal_data", "No data collected yet"),
            ("personal_data", "perhaps"),
            ("decides_about_people", "No, too new to fully assess"),
            ("decides_about_people", "Case-by-case"),
            ("bought", "Not purchased"),
        ],
    )
    def test_refuses_what_is_neither_yes_nor_no(self, field, text):
        with pytest.raises(ValueError, match="neither yes nor no"):
            read_answer(field, text)

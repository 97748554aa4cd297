"""Between the guess and the import: the least that says what a person chose, and what fits."""

from datetime import date

import pytest

from initiatives.importing.correcting import (
    correction,
    examples,
    fitted,
    found_values,
    shortened,
)
from initiatives.importing.mapping import Mapping, guess
from initiatives.importing.reading import read

HEADERS = ("Name", "Description", "Status", "Owner")
GUESSED = guess(HEADERS)
TODAY = date(2026, 3, 2)


def sheet(*cells):
    lines = "\n".join(f'x,"{cell}"' for cell in cells)
    return read(f"Name,Value\n{lines}\n".encode(), "list.csv")


class TestCorrection:
    @pytest.mark.parametrize(
        "chosen",
        [
            GUESSED.columns,
            {"name": "Name"},
            {"name": "Description", "problem": "Description"},
            {"name": "Owner", "stage": "Name", "owner_name": "Status"},
            GUESSED.columns | {"outcome": "Description"},
        ],
    )
    def test_leads_from_the_guess_to_what_was_chosen(self, chosen):
        least = correction(GUESSED, Mapping(chosen))
        assert GUESSED.corrected(least).columns == chosen

    def test_says_nothing_where_the_guess_was_right(self):
        assert correction(GUESSED, Mapping(GUESSED.columns, {"stage": {}})) == Mapping()


class TestFitted:
    def test_keeps_columns_that_are_written_a_little_differently(self):
        found, missing = fitted(Mapping({"stage": "STATUS:", "unit": ""}), HEADERS)
        assert (found.columns, missing) == ({"stage": "Status", "unit": ""}, [])

    def test_names_the_columns_that_are_missing(self):
        found, missing = fitted(Mapping({"stage": "Phase"}, {"stage": {"a": "pilot"}}), HEADERS)
        assert (found.columns, missing) == ({}, ["Phase"])
        assert found.values == {"stage": {"a": "pilot"}}


class TestFoundValues:
    def test_of_stages_come_with_their_reading_the_doubtful_first(self):
        values = found_values(sheet("Pilot", "Pilot", "Live", "huh", ""), "stage", "Value", TODAY)
        assert [(v.text, v.count, v.reading, v.is_unknown) for v in values] == [
            ("", 1, "proposal", True),
            ("huh", 1, "proposal", True),
            ("Pilot", 2, "pilot", False),
            ("Live", 1, "production", False),
        ]

    def test_of_questions_leave_out_what_says_nothing(self):
        values = found_values(sheet("yes", "N/A", "", "sort of"), "personal_data", "Value", TODAY)
        assert [v.text for v in values] == ["sort of", "yes"]

    def test_of_dates_are_those_that_are_none_with_what_was_probably_meant(self):
        cells = ("2024-05-01", "7/16/1905", "soon")
        values = found_values(sheet(*cells), "live_date", "Value", TODAY)
        assert [(v.text, v.suggestion) for v in values] == [("7/16/1905", "2024"), ("soon", "")]

    def test_are_the_same_whatever_their_case_and_white_space(self):
        (value,) = found_values(sheet("Pilot", "PILOT", " pilot "), "stage", "Value", TODAY)
        assert (value.text, value.count) == ("Pilot", 3)


class TestExamples:
    def test_are_three_different_ones_that_are_not_empty(self):
        assert examples(sheet("a", "", "a", "b", "c", "d"), 1) == ["a", "b", "c"]

    def test_are_short_and_stand_on_one_line(self):
        assert shortened("a\nb\0") == "a b␀"
        assert len(shortened("word " * 100)) == 80

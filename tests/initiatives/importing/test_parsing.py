"""From a sheet to initiatives: what is understood, rejected, left out, and who is who."""

from datetime import date

import pytest

from initiatives.importing.mapping import Mapping, guess
from initiatives.importing.parsing import parse, read_and_parse
from initiatives.importing.reading import Unreadable, read

TODAY = date(2025, 11, 21)


def parsed(text, values=None, source="acme"):
    sheet = read(text.encode(), "list.csv")
    mapping = guess(sheet.headers).corrected(Mapping({}, values or {}))
    return parse(sheet, mapping, default_source=source, today=TODAY)


class TestParse:
    def test_gives_every_field_of_a_row(self):
        found = parsed(
            "ID,Name,Status,Go-live,PII,Topic\n7, Mail  sorter ,Live,1/2/2024,Yes,Post\n"
        )
        row = found.rows[0]
        assert (row.number, row.source, row.external_id, row.ordinal) == (2, "acme", "7", 0)
        assert row.values["name"] == "Mail sorter"
        assert row.values["stage"] == "production"
        assert row.values["live_date"] == date(2024, 1, 2)
        assert row.values["personal_data"] is True
        assert (row.values["vendor"], row.values["bought"]) == ("", None)
        assert row.original["Topic"] == "Post"
        assert found.fields == ("external_id", "name", "stage", "live_date", "personal_data")

    def test_counts_rows_and_stages(self):
        found = parsed("Name,Status,Go-live\nA,Live,\nB,Pilot,0\nC,,\n")
        assert found.counts == {"rows": 3, "accepted": 2, "rejected": 1}
        assert found.stages["production"] == found.stages["proposal"] == 1
        assert found.stages["pilot"] == found.stages["retired"] == 0

    def test_rejects_the_row_of_a_cell_that_it_cannot_read(self):
        found = parsed("Name,Status,Go-live\nA,Live,7/16/1905\nB,Live,\n")
        rejected = found.rejected[0]
        assert (rejected.row, rejected.column, rejected.value) == (2, "Go-live", "7/16/1905")
        assert "2024" in rejected.reason
        assert [row.values["name"] for row in found.rows] == ["B"]

    @pytest.mark.parametrize(
        ("cell", "reason"),
        [
            ("", "name is missing"),
            ("N/A", "name is missing"),
            ("x" * 301, "limit is 300"),
            ("a\0b", "NUL"),
            ("x" * 20_001, "quotation mark"),
        ],
    )
    def test_rejects_a_bad_name(self, cell, reason):
        found = parsed(f"Name,Status\n{cell},Pilot\nB,Pilot\n")
        assert [r.row for r in found.rejected] == [2]
        assert reason in found.rejected[0].reason
        assert "\0" not in found.rejected[0].value
        assert len(found.rejected[0].value) <= 200

    def test_rejects_a_row_that_is_too_long(self):
        found = parsed("Name,Status\nA,Pilot,x,y\nB,Pilot\n")
        assert "more cells than headings" in found.rejected[0].reason

    def test_rejects_a_long_cell_without_a_field(self):
        found = parsed(f"Name,Topic\nA,{'x' * 20_001}\n")
        assert found.rejected[0].column == "Topic"

    def test_warns_of_an_unknown_and_a_blank_stage(self):
        found = parsed("Name,Status\nA,Bananas\nB,\n")
        assert [(w.row, w.column, w.value) for w in found.warnings] == [
            (2, "Status", "Bananas"),
            (3, "Status", ""),
        ]
        assert found.stages["proposal"] == 2

    def test_warns_once_where_there_is_no_stage_column(self):
        found = parsed("Name,Owner\nA,Kim\nB,Lee\n")
        assert [w.row for w in found.warnings] == [1]

    def test_leaves_an_unreadable_answer_open_with_a_warning(self):
        found = parsed("Name,Status,PII\nA,Pilot,perhaps\nB,Pilot,N/A\n")
        assert [w.row for w in found.warnings] == [2]
        assert found.rows[0].values["personal_data"] is None

    def test_warns_of_dates_written_both_ways_round(self):
        found = parsed(
            "Name,Status,Start\nA,Pilot,1/31/2024\nB,Pilot,2/28/2024\nC,Pilot,31/1/2024\n"
        )
        assert "both ways round" in found.warnings[0].reason
        assert [r.row for r in found.rejected] == [4]

    def test_refuses_a_sheet_without_names(self):
        with pytest.raises(Unreadable, match="No column was recognised"):
            parsed("Foo,Bar\nA,B\n")

    def test_says_the_same_thing_about_one_cell_once(self):
        heading = "Is it rights-impacting or safety-impacting?"
        found = parsed(f"Name,Status,{heading}\nA,Pilot,perhaps\n")
        assert len(found.warnings) == 1


class TestMappedValues:
    def test_come_before_our_own_reading(self):
        values = {
            "stage": {"Completed": "retired", "": "pilot"},
            "live_date": {"7/16/1905": "2024", "ongoing": ""},
            "personal_data": {"Perhaps": "yes"},
        }
        found = parsed(
            "Name,Status,Go-live,PII\nA,completed ,7/16/1905,perhaps\nB,,Ongoing,No\n", values
        )
        assert found.rejected == found.warnings == ()
        first, second = (row.values for row in found.rows)
        assert (first["stage"], first["live_date"], first["personal_data"]) == (
            "retired",
            date(2024, 1, 1),
            True,
        )
        assert (second["stage"], second["live_date"]) == ("pilot", None)


class TestOwners:
    @pytest.mark.parametrize(
        "cell", ["kim@acme.org", "Kim Lee <kim@acme.org>", "mailto:kim@acme.org", " kim@acme.org "]
    )
    def test_takes_one_address(self, cell):
        assert (
            parsed(f"Name,Status,Email\nA,Pilot,{cell}\n").rows[0].values["owner_email"]
            == "kim@acme.org"
        )

    @pytest.mark.parametrize(
        "cell", ["kim@acme.org; lee@acme.org", "https://acme.org/contact", "kim", "a" * 20_000]
    )
    def test_leaves_out_what_is_not_one_address(self, cell):
        found = parsed(f"Name,Status,Email\nA,Pilot,{cell}\n")
        assert found.rows[0].values["owner_email"] == ""
        assert [w.column for w in found.warnings] == ["Email"]

    def test_moves_an_address_out_of_the_name(self):
        values = parsed("Name,Status,Owner\nA,Pilot,kim@acme.org\n").rows[0].values
        assert (values["owner_email"], values["owner_name"]) == ("kim@acme.org", "")


class TestIdentity:
    def test_is_the_agency_where_there_is_one(self):
        found = parsed("Name,Status,Agency\nA,Pilot,Post\nB,Pilot,\n")
        assert [row.source for row in found.rows] == ["Post", "acme"]
        assert found.rows[1].values["source"] == "acme"

    def test_counts_equals_without_an_id(self):
        found = parsed("Name,Dept,Status\nBot,IT,Pilot\nBOT,it,Live\nBot,HR,Pilot\nBot,IT,\n")
        assert [row.ordinal for row in found.rows] == [0, 1, 0, 2]

    def test_counts_rejected_rows_among_equals(self):
        found = parsed("Name,Status,Start\nBot,Pilot,0\nBot,Pilot,2024\n")
        assert [row.ordinal for row in found.rows] == [1]

    def test_rejects_an_id_that_comes_again(self):
        found = parsed("ID,Name,Status\n1,A,Pilot\n2,B,Pilot\n1,C,Pilot\n")
        assert [(r.row, r.column, r.value) for r in found.rejected] == [(4, "ID", "1")]
        assert "row 2 has the same ID" in found.rejected[0].reason

    def test_allows_the_same_id_in_two_sources(self):
        assert not parsed("ID,Name,Agency,Status\n1,A,X,Pilot\n1,B,Y,Pilot\n").rejected


class TestReadAndParse:
    def test_goes_all_the_way(self):
        found = read_and_parse(
            b"Foo,Status\nA,Pilot\n",
            "list.csv",
            default_source="acme",
            today=TODAY,
            correction=Mapping({"name": "Foo"}),
        )
        assert found.rows[0].values["name"] == "A"

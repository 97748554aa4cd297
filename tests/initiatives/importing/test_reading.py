"""From bytes to a sheet: encodings, delimiters, header rows, sheets, and files that are none."""

import subprocess
import sys
from datetime import date

import pytest

from initiatives.importing import bounded, child
from initiatives.importing.child import in_child
from initiatives.importing.reading import Unreadable, read
from tests.initiatives.importing.workbooks import archive, parts, sheet_xml, workbook

PLAIN = "Name,Status\nParcel sorter,Pilot\n"
ROWS = [["Name", "Status"], ["Parcel sorter", "Pilot"]]


def refusal(content, filename="list.csv", sheet=None):
    with pytest.raises(Unreadable) as caught:
        read(content, filename, sheet=sheet)
    return str(caught.value)


class TestText:
    @pytest.mark.parametrize(
        "content",
        [
            PLAIN.encode(),
            PLAIN.encode("utf-8-sig"),
            PLAIN.encode("utf-16"),
            PLAIN.replace(",", ";").encode(),
            PLAIN.replace(",", "\t").encode(),
            PLAIN.replace(",", "|").encode(),
            PLAIN.replace("\n", "\r\n").encode(),
            PLAIN.replace("\n", "\r").encode(),
        ],
    )
    def test_reads_whatever_encoding_delimiter_and_line_end(self, content):
        sheet = read(content, "list.csv")
        assert sheet.headers == ("Name", "Status")
        assert [row.cells for row in sheet.rows] == [("Parcel sorter", "Pilot")]

    def test_reads_windows_1252(self):
        sheet = read("Name,Dept\nTri du café \u2013 “A”,Lyon\n".encode("cp1252"), "list.csv")
        assert sheet.rows[0].cells[0] == "Tri du café \u2013 “A”"
        assert sheet.notices == ()

    def test_says_how_many_characters_are_lost(self):
        sheet = read(b"Name,Dept\nCaf\xe9 \x81,Lyon\n", "list.csv")
        assert "1 characters" in sheet.notices[0].reason

    def test_keeps_utf_8_with_a_damaged_place(self):
        content = "Name,Dept\nÉté,Évry\nCafé élan,Orléans\n".encode().replace(b"lan", b"l\xff")
        sheet = read(content, "list.csv")
        assert sheet.rows[0].cells == ("Été", "Évry")
        assert "UTF-8" in sheet.notices[0].reason

    def test_counts_blank_rows_in_the_numbers_and_drops_them(self):
        sheet = read(b"Name,Status\n\nA one,Pilot\n,,\n- ,`\nB two,Pilot\n", "list.csv")
        assert [row.number for row in sheet.rows] == [3, 6]

    def test_counts_a_record_with_line_breaks_once(self):
        sheet = read(b'"Use Case\nName",Status\n"two\nlines",Pilot\nB,Pilot\n', "list.csv")
        assert sheet.headers[0] == "Use Case Name"
        assert [row.number for row in sheet.rows] == [2, 3]

    def test_finds_the_header_row_below_titles(self):
        content = b"AI register of Acme\nas of May,,\n\nTitle,Phase,Owner\nSorter,Pilot,Kim\n"
        sheet = read(content, "list.csv")
        assert sheet.header_number == 4
        assert len(sheet.rows) == 1

    def test_finds_a_header_row_of_unknown_words(self):
        sheet = read(b"Acme,,\nFoo,Bar,Baz\nSorter,1,2\nPicker,2,3\n", "list.csv")
        assert sheet.headers == ("Foo", "Bar", "Baz")

    def test_names_repeated_and_missing_headings_apart(self):
        sheet = read(b"Name,Other,Other,,Last\nA,1,2,3,4\n", "list.csv")
        assert sheet.headers == ("Name", "Other", "Other (2)", "Column D", "Last")

    def test_fills_short_rows_and_keeps_what_is_too_much(self):
        sheet = read(b"Name,Status\nA\nB,Pilot,,\nC,Pilot,more\n", "list.csv")
        assert [row.cells for row in sheet.rows] == [
            ("A", ""),
            ("B", "Pilot"),
            ("C", "Pilot", "more"),
        ]

    def test_drops_a_repeated_header_row(self):
        assert len(read(b"Name,Status\nA,Pilot\nName,Status\nB,Pilot\n", "list.csv").rows) == 2

    def test_follows_a_declared_delimiter(self):
        assert read(b"sep=;\nName;Status\nA, B;Pilot\n", "x.csv").rows[0].cells[0] == "A, B"


class TestTextRefusals:
    @pytest.mark.parametrize("content", [b"", b"\n\n  \n", b"\xef\xbb\xbf", b",,,\n,,\n"])
    def test_says_that_the_file_is_empty(self, content):
        assert "empty" in refusal(content) or "no filled cells" in refusal(content)

    def test_says_that_there_are_no_rows(self):
        assert "no rows below" in refusal(b"Name,Status\n\n")

    def test_counts_columns(self):
        header = ",".join(["Name", *(f"c{i}" for i in range(399))])
        assert "400 columns; the limit is 300" in refusal(f"{header}\nA\n".encode())

    def test_counts_rows(self):
        assert "the limit is 50000" in refusal(b"Name\n" + b"x\n" * 50_001)

    def test_weighs_the_file(self):
        assert "the limit is 25 MB" in refusal(b"Name\n" + b"x" * 26 * 1024 * 1024)

    @pytest.mark.parametrize(
        ("content", "kind"),
        [
            (b"%PDF-1.7 ...", "PDF"),
            (b"\x89PNG\r\n\x1a\n", "picture"),
            (b"<html><body>Sign in</body></html>", "web page"),
            (b'{"name": "x"}', "JSON"),
            (b"\x1f\x8b\x08\x00", "compressed"),
            (bytes(range(256)) * 20, "binary"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old .xls"),
        ],
    )
    def test_says_what_the_file_really_is(self, content, kind):
        assert kind in refusal(content)

    def test_says_that_a_text_table_has_no_sheets(self):
        assert "no sheets" in refusal(PLAIN.encode(), sheet="Register")


class TestWorkbook:
    def test_reads_cells_as_a_person_sees_them(self):
        content = workbook(
            {"S": [["Name", "ID", "Go-live", "PII"], ["A", 12, date(2024, 5, 1), True]]}
        )
        assert read(content, "list.xlsx").rows[0].cells == ("A", "12", "2024-05-01", "Yes")

    def test_chooses_the_sheet_whose_header_row_fits_best(self):
        sheets = {"Read me": [["About this file"], ["Fill in"]], "Register": ROWS}
        assert read(workbook(sheets), "list.xlsx").name == "Register"

    def test_prefers_a_sheet_with_rows(self):
        sheets = {"Template": [ROWS[0]], "Register": ROWS}
        assert read(workbook(sheets), "list.xlsx").name == "Register"

    def test_names_the_others_that_look_like_inventories(self):
        sheets = {"Register": [*ROWS, ROWS[1]], "Notes": [["See"], ["below"]], "Old": ROWS}
        for read_it in (read, in_child):
            assert read_it(workbook(sheets), "list.xlsx").others == ("Old",)

    def test_leaves_hidden_sheets_alone(self):
        content = workbook({"Old": [*ROWS, ["B", "Pilot"]], "New": ROWS}, hidden=["Old"])
        assert read(content, "list.xlsx").name == "New"

    def test_says_which_other_sheets_were_not_read(self):
        content = workbook({"2024": [*ROWS, ["B", "Pilot"]], "2023": ROWS})
        assert "“2023”" in read(content, "list.xlsx").notices[0].reason

    def test_reads_the_sheet_asked_for(self):
        content = workbook({"2024": [*ROWS, ["B", "Pilot"]], "2023": ROWS})
        assert read(content, "list.xlsx", sheet="2023").name == "2023"

    def test_numbers_rows_as_the_spreadsheet_does(self):
        content = workbook({"S": [["Acme"], [], ROWS[0], [], ROWS[1]]})
        sheet = read(content, "list.xlsx")
        assert (sheet.header_number, sheet.rows[0].number) == (3, 5)


class TestWorkbookRefusals:
    def test_lists_the_sheets_there_are(self):
        assert "“Register”" in refusal(workbook({"Register": ROWS}), "list.xlsx", sheet="Other")

    def test_says_that_text_is_no_workbook(self):
        assert "not an Excel workbook" in refusal(PLAIN.encode(), "list.xlsx")

    def test_says_that_a_workbook_is_no_text(self):
        assert "Rename it to .xlsx" in refusal(workbook({"S": ROWS}), "list.csv")

    def test_says_that_the_workbook_is_damaged(self):
        assert "damaged" in refusal(workbook({"S": ROWS})[:-400], "list.xlsx")

    def test_says_that_a_part_is_damaged(self):
        files = parts({"S": ROWS}) | {"xl/workbook.xml": "<workbook"}
        with pytest.raises(Unreadable):
            read(archive(files), "list.xlsx")

    def test_says_that_it_is_a_word_document(self):
        assert "Word document" in refusal(archive({"word/document.xml": "<x/>"}), "list.xlsx")

    def test_refuses_a_bomb_by_its_size(self):
        files = parts({"S": ROWS}) | {f"x{i}.bin": b"\0" * 900_000 for i in range(130)}
        assert "the limit is 100 MB" in refusal(archive(files), "list.xlsx")

    def test_refuses_a_bomb_by_its_ratio(self):
        files = parts({"S": ROWS}) | {"xl/media/x.bin": b"\0" * 50_000_000}
        assert "packed like a bomb" in refusal(archive(files), "list.xlsx")

    def test_refuses_a_part_that_is_larger_than_it_says(self):
        files = parts({"S": ROWS}) | {"xl/x.bin": "y" * 4321}
        content = archive(files).replace((4321).to_bytes(4, "little"), (99).to_bytes(4, "little"))
        assert "damaged" in refusal(content, "list.xlsx")

    def test_refuses_too_many_parts(self):
        files = parts({"S": ROWS}) | {f"x{i}": "" for i in range(500)}
        assert "the limit is 500" in refusal(archive(files), "list.xlsx")

    def test_refuses_entities(self):
        bomb = '<!DOCTYPE x [<!ENTITY a "b">]>' + sheet_xml(ROWS)
        files = parts({"S": ROWS}) | {"xl/worksheets/s1.xml": bomb}
        assert "declares entities" in refusal(archive(files), "list.xlsx")

    def test_counts_columns_that_reach_far(self):
        content = workbook({"S": [["Name", *[""] * 398, "far"], ["A"]]})
        assert "400 columns; the limit is 300" in refusal(content, "list.xlsx")

    def test_says_that_a_sheet_is_empty(self):
        assert "no sheet with cells" in refusal(workbook({"S": []}), "list.xlsx")


class TestInChild:
    def test_reads_the_same_as_here(self):
        content = workbook({"A": ROWS, "Ünï": [*ROWS, ["B\n“ü”", "Pilot"]]})
        assert in_child(content, "list.xlsx") == read(content, "list.xlsx")
        assert in_child(content, "list.xlsx", "A") == read(content, "list.xlsx", sheet="A")

    def test_passes_the_reason_on(self):
        with pytest.raises(Unreadable, match="no rows below"):
            in_child(b"Name,Status\n", "list.csv")

    def test_survives_a_cell_at_the_far_end(self):
        """The parser lays out every cell up to it: half a terabyte."""
        far = (
            sheet_xml(ROWS)
            .replace('r="B2"', 'r="XFD1048576"')
            .replace('row r="2"', 'row r="1048576"')
        )
        content = archive(parts({"S": ROWS}) | {"xl/worksheets/s1.xml": far})
        with pytest.raises(Unreadable, match=r"more time or memory|damaged|reaches"):
            in_child(content, "list.xlsx")

    def test_gives_up_when_it_takes_too_long(self, monkeypatch):
        monkeypatch.setattr(child, "WALL_SECONDS", 0.001)
        with pytest.raises(Unreadable, match="more time or memory"):
            in_child(PLAIN.encode(), "list.csv")

    def test_limits_memory_and_time(self):
        program = (
            "from initiatives.importing import bounded; bounded.limit(); import resource as r; "
            "print(r.getrlimit(r.RLIMIT_AS)[0], r.getrlimit(r.RLIMIT_CPU)[0])"
        )
        told = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, check=True, text=True
        )
        assert told.stdout.split() == [str(bounded.MEMORY), str(bounded.CPU_SECONDS)]

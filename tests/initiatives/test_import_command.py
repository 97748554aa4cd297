from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import TransactionTestCase

from audit.models import Event
from initiatives import actions
from initiatives.models import ImportedRow, Initiative
from tests.factories import NOON, csv_of, make_parsed

REAL = Path(__file__).parents[3] / "shared" / "data"
GOOD = [{"Use Case Name": f"Use case {n}", "Stage": "Pilot"} for n in range(3)]
BAD = [*GOOD, {"Use Case Name": "Broken", "Stage": "Pilot", "Start Date": "soon"}]
KEYS = {"rows", "created", "updated", "unchanged", "rejected", "stages", "warnings"}


@pytest.fixture
def inventory(tmp_path):
    """Write rows, or bytes as they are, into a file and give its path."""

    def write(content, name="inventory.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else csv_of(content))
        return path

    return write


def run(path, **options):
    """Run the command; give its exit code and what it printed."""
    out = io.StringIO()
    try:
        call_command("import_initiatives", str(path), stdout=out, **options)
    except SystemExit as ended:
        return ended.code, out.getvalue()
    return 0, out.getvalue()


def told(path, **options):
    code, printed = run(path, json=True, **options)
    return code, json.loads(printed)


@pytest.mark.embedded
@pytest.mark.django_db
class TestExit:
    def test_is_zero_when_nothing_was_rejected(self, inventory):
        code, printed = run(inventory(GOOD))
        assert (code, Initiative.objects.count()) == (0, 3)
        assert printed.startswith("3 rows: 3 created, 0 updated, 0 unchanged, 0 rejected.")

    def test_is_three_when_something_was_and_nothing_was_written(self, inventory):
        code, printed = run(inventory(BAD))
        assert (code, Initiative.objects.count()) == (3, 0)
        assert "row 5, Start Date: 'soon'" in printed
        assert "Nothing was written" in printed
        assert "--skip-rejected" in printed

    def test_is_three_when_the_others_were_imported(self, inventory):
        code, printed = run(inventory(BAD), skip_rejected=True)
        assert (code, Initiative.objects.count()) == (3, 3)
        assert "Nothing was written" not in printed

    def test_is_zero_after_a_dry_run(self, inventory):
        code, printed = run(inventory(GOOD), dry_run=True)
        assert (code, Initiative.objects.count()) == (0, 0)
        assert "A dry run: nothing was written." in printed


@pytest.mark.embedded
@pytest.mark.django_db
class TestJson:
    def test_is_one_object_of_a_fixed_shape(self, inventory):
        code, answer = told(inventory(GOOD))
        assert (code, set(answer)) == (0, KEYS)
        assert answer["stages"] == {
            "proposal": 0, "pilot": 3, "readiness_review": 0, "production": 0, "retired": 0,
        }  # fmt: skip
        assert (answer["rows"], answer["created"], answer["rejected"]) == (3, 3, [])

    def test_names_row_column_value_and_reason_of_what_was_rejected(self, inventory):
        code, answer = told(inventory(BAD))
        assert (code, set(answer)) == (3, KEYS)
        (rejected,) = answer["rejected"]
        assert set(rejected) == {"row", "column", "value", "reason"}
        assert (rejected["row"], rejected["column"], rejected["value"]) == (5, "Start Date", "soon")

    def test_counts_what_is_unchanged_the_second_time(self, inventory):
        path = inventory(GOOD)
        told(path)
        code, answer = told(path)
        assert (code, answer["created"], answer["unchanged"]) == (0, 0, 3)


@pytest.mark.embedded
@pytest.mark.django_db
class TestSource:
    def test_is_the_files_stem(self, inventory):
        run(inventory(GOOD, "north 2025.csv"))
        assert set(ImportedRow.objects.values_list("source", flat=True)) == {"north 2025"}

    def test_is_the_one_given(self, inventory):
        run(inventory(GOOD), source="South")
        assert set(ImportedRow.objects.values_list("source", flat=True)) == {"South"}


@pytest.mark.embedded
@pytest.mark.django_db
class TestMapping:
    def test_corrects_the_guess(self, inventory, tmp_path):
        path = inventory([{"Use Case Name": "A", "State": "humming", "Note": "Claims wait."}])
        mapping = tmp_path / "mapping.toml"
        mapping.write_text('[columns]\nproblem = "Note"\n[values.stage]\nhumming = "production"\n')
        assert run(path, mapping=mapping)[0] == 0
        made = Initiative.objects.get()
        assert (made.stage, made.problem) == ("production", "Claims wait.")


@pytest.mark.embedded
@pytest.mark.django_db
class TestBadFiles:
    """Each ends with a sentence that says what is wrong, and writes nothing."""

    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("empty.csv", b""),
            ("blank.csv", b" \n,,\n"),
            ("header.csv", b"Use Case Name,Stage\n"),
            ("picture.csv", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4),
            ("text.xlsx", b"Use Case Name,Stage\nA,Pilot\n"),
            ("broken.xlsx", b"PK\x03\x04" + b"\0" * 100),
            ("wide.csv", ",".join(f"h{n}" for n in range(400)).encode() + b"\nA\n"),
        ],
    )
    def test_are_refused(self, inventory, name, content):
        with pytest.raises(CommandError, match=r"\w+ \w+ \w+"):
            run(inventory(content, name))
        assert not Initiative.objects.exists()
        assert not Event.objects.exists()

    def test_are_refused_when_they_are_not_there(self, tmp_path):
        with pytest.raises(CommandError, match="cannot be read"):
            run(tmp_path / "nothing.csv")

    def test_are_refused_when_they_are_folders(self, tmp_path):
        with pytest.raises(CommandError, match="cannot be read"):
            run(tmp_path)

    def test_are_refused_with_an_unreadable_mapping(self, inventory, tmp_path):
        mapping = tmp_path / "mapping.toml"
        for content in (b"[columns", b"\xff\xfe", b"[columns]\nnonsense = 'Stage'"):
            mapping.write_bytes(content)
            with pytest.raises(CommandError):
                run(inventory(GOOD), mapping=mapping)

    def test_reject_rows_with_nul_bytes_and_years_that_cannot_be(self, inventory):
        rows = [
            {"Use Case Name": "A\0B", "Start Date": "2024-01-01"},
            {"Use Case Name": "C", "Start Date": "0000-01-01"},
            {"Use Case Name": "D", "Start Date": "1/1/1905"},
        ]
        code, answer = told(inventory(rows))
        assert (code, answer["created"]) == (3, 0)
        assert {rejected["row"] for rejected in answer["rejected"]} == {2, 3, 4}


class TestKilled(TransactionTestCase):
    """An import that dies half-way leaves nothing behind; real commits, no wrapping transaction."""

    def test_leaves_nothing(self):
        class Died(BaseException):
            pass

        def die(execute, sql, params, many, context):
            if "INSERT INTO" in sql and "importedrow" in sql:
                raise Died
            return execute(sql, params, many, context)

        events = Event.objects.count()
        with pytest.raises(Died), connection.execute_wrapper(die):
            actions.import_inventory(
                parsed=make_parsed(rows=GOOD), file_name="f.csv", by=None, at=NOON
            )
        assert not Initiative.objects.exists()
        assert Event.objects.count() == events

    def test_can_be_run_again(self):
        parsed = make_parsed(rows=GOOD)
        actions.import_inventory(parsed=parsed, file_name="f.csv", by=None, at=NOON)
        again = actions.import_inventory(parsed=parsed, file_name="f.csv", by=None, at=NOON)
        assert again.unchanged == 3


@pytest.mark.skipif(not REAL.is_dir(), reason="the inventories are not there")
@pytest.mark.django_db
class TestRealInventories:
    @pytest.mark.parametrize(
        ("name", "rows", "rejected"),
        [
            ("us-federal-2023-inventory.csv", 710, 0),
            ("us-federal-2024-inventory.csv", 2133, 98),
            ("dhs-2025-inventory.xlsx", 238, 0),
            ("dol-2025-inventory.csv", 28, 0),
        ],
    )
    def test_come_in_and_change_nothing_the_second_time(self, name, rows, rejected):
        code, answer = told(REAL / name, skip_rejected=True)
        assert (answer["rows"], answer["created"]) == (rows, rows - rejected)
        assert code == (3 if rejected else 0)
        assert Initiative.objects.count() == sum(answer["stages"].values()) == rows - rejected
        assert Initiative.objects.counting().count() == 0
        events = Event.objects.count()
        again = told(REAL / name, skip_rejected=True)[1]
        assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, rows - rejected)
        assert Event.objects.count() == events

"""The published inventories beside the repository; skipped where they are not there."""

from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from initiatives.importing.child import in_child
from initiatives.importing.mapping import Mapping, guess
from initiatives.importing.parsing import parse

FOLDER = Path(__file__).parents[4] / "shared" / "data"

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the inventories are not there")


def imported(filename, correction=None):
    sheet = in_child((FOLDER / filename).read_bytes(), filename)
    mapping = guess(sheet.headers).corrected(correction or Mapping())
    parsed = parse(sheet, mapping, default_source="file", today=date(2025, 11, 21))
    return mapping.columns, parsed


class TestFederal2024:
    def test_is_understood_but_for_its_impossible_dates_and_names(self):
        columns, parsed = imported("us-federal-2024-inventory.csv")
        assert parsed.counts == {"rows": 2133, "accepted": 2035, "rejected": 98}
        assert (columns["source"], columns["unit"]) == ("Agency", "Bureau")
        assert columns["started_date"] == "Date Initiated"
        reasons = Counter(rejected.column for rejected in parsed.rejected)
        assert reasons["Use Case Name"] == 3
        assert all(rejected.value for rejected in parsed.rejected)

    def test_has_an_identity_for_every_row(self):
        _columns, parsed = imported("us-federal-2024-inventory.csv")
        identities = Counter(
            (row.source, row.values["name"], row.values["unit"], row.ordinal) for row in parsed.rows
        )
        assert max(identities.values()) == 1

    def test_is_accepted_whole_once_the_mapping_is_corrected(self):
        _columns, parsed = imported("us-federal-2024-inventory.csv")
        fields = {
            header: field
            for field, header in imported("us-federal-2024-inventory.csv")[0].items()
            if field.endswith("_date")
        }
        values: dict[str, dict[str, str]] = {}
        for rejected in parsed.rejected:
            if rejected.column in fields:
                values.setdefault(fields[rejected.column], {})[rejected.value] = ""
        _columns, again = imported("us-federal-2024-inventory.csv", Mapping({}, values))
        assert {rejected.column for rejected in again.rejected} == {"Use Case Name"}


class TestOthers:
    def test_federal_2023_is_understood_whole(self):
        columns, parsed = imported("us-federal-2023-inventory.csv")
        assert parsed.counts == {"rows": 710, "accepted": 710, "rejected": 0}
        assert (columns["source"], columns["unit"]) == ("Department", "Agency")
        assert sum(warning.value == "" for warning in parsed.warnings) == 321
        assert parsed.stages["production"] == 157

    def test_dhs_2025_is_understood_whole(self):
        columns, parsed = imported("dhs-2025-inventory.xlsx")
        assert parsed.counts == {"rows": 238, "accepted": 238, "rejected": 0}
        assert columns["problem"].startswith("What problem")
        assert parsed.stages == {
            "proposal": 0,
            "pilot": 95,
            "readiness_review": 0,
            "production": 110,
            "retired": 33,
        }

    def test_dol_2025_is_understood_whole(self):
        _columns, parsed = imported("dol-2025-inventory.csv")
        assert parsed.counts == {"rows": 28, "accepted": 28, "rejected": 0}
        assert (parsed.stages["pilot"], parsed.stages["production"]) == (8, 20)

"""The matrix of docs/permissions.md: one row for reading, one for doing, at each address."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from proofs.permissions.asking import NO_SUCH
from proofs.permissions.world import PEOPLE

FILE = Path(__file__).resolve().parents[2] / "docs" / "permissions.md"
READ, DO = "read", "do"
COLUMNS = tuple(PEOPLE)
RESTRICTED = "restricted"
HEADER = ("address", "", *COLUMNS, RESTRICTED)


@dataclass(frozen=True)
class Row:
    """What everybody may do at one address: a word for each column."""

    key: str
    way: str
    cells: dict[str, str]

    @property
    def line(self) -> str:
        """The row as it stands in the file."""
        cells = (self.cells.get(name, NO_SUCH) for name in (*COLUMNS, RESTRICTED))
        return f"| `{self.key}` | {self.way} | {' | '.join(cells)} |"

    @property
    def words(self) -> set[str]:
        return {self.cells[name] for name in COLUMNS}


def read(text: str | None = None) -> dict[tuple[str, str], Row]:
    """The rows by address and way."""
    lines = (FILE.read_text() if text is None else text).splitlines()
    rows = (_row(line) for line in lines if line.startswith("| `"))
    return {(row.key, row.way): row for row in rows}


def _row(line: str) -> Row:
    key, way, *cells = (cell.strip() for cell in line.strip().strip("|").split("|"))
    if len(cells) != len(COLUMNS) + 1:
        raise ValueError(f"docs/permissions.md: {key} has {len(cells)} cells: {line}")
    return Row(key.strip("`"), way, dict(zip((*COLUMNS, RESTRICTED), cells, strict=True)))

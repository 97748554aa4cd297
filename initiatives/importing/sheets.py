"""What the import passes around: a sheet as it was read, and what is to be said about its cells.

Named tuples, and no dataclasses, whose import takes the child that reads a file as long as reading.
"""

from typing import NamedTuple

MAX_BYTES = 25 * 1024 * 1024
MAX_COLUMNS = 300
MAX_ROWS = 50_000
MAX_TEXT = 50_000_000
"""Characters of all cells together, so that a small file cannot unfold into a huge one."""
MAX_CELL = 20_000


class Unreadable(Exception):
    """The file, or the mapping, cannot be used at all; the message says why and what to do."""


class Rejected(NamedTuple):
    """A cell that could not be understood, and with it its row."""

    row: int
    column: str
    value: str
    reason: str


class Notice(NamedTuple):
    """A cell that was left out or read with a reservation; its row stays."""

    row: int
    column: str
    value: str
    reason: str


class SheetRow(NamedTuple):
    """One row with its number as a person sees it in a spreadsheet, the first row being 1."""

    number: int
    cells: tuple[str, ...]


class Sheet(NamedTuple):
    """A table with one heading per column, all different, and without its blank rows."""

    name: str
    header_number: int
    headers: tuple[str, ...]
    rows: tuple[SheetRow, ...]
    notices: tuple[Notice, ...] = ()
    """What reading the file itself left doubtful: the encoding, other sheets."""
    others: tuple[str, ...] = ()
    """The other sheets that look like inventories; none where a sheet was asked for by name."""

"""From the bytes of an upload to one sheet: the right table, its header row, its rows."""

from collections.abc import Iterable, Sequence

from initiatives.importing import delimited, kinds
from initiatives.importing.folding import fold, is_empty
from initiatives.importing.headings import header_score
from initiatives.importing.sheets import (
    MAX_COLUMNS,
    MAX_ROWS,
    MAX_TEXT,
    Notice,
    Sheet,
    SheetRow,
    Unreadable,
)

__all__ = ["Sheet", "SheetRow", "Unreadable", "read"]

_SEARCHED_ROWS = 30
Numbered = tuple[int, list[str]]


def read(content: bytes, filename: str, *, sheet: str | None = None) -> Sheet:
    """Read a CSV or XLSX file, or raise Unreadable."""
    if kinds.is_workbook(content, filename):
        from initiatives.importing import workbook  # most files need none of what it imports

        name, rows, others = workbook.sheets(content, sheet)
        return _sheet(name, rows, _other_sheets(others), tuple(others))
    if sheet is not None:
        raise Unreadable(f"{filename} is a text table and has no sheets. Leave the sheet out.")
    rows, doubt = delimited.records(content)
    return _sheet("", rows, doubt)


def _other_sheets(others: Sequence[str]) -> str:
    names = ", ".join(f"“{name}”" for name in others)
    return f"these sheets look like inventories too and were not read: {names}" if others else ""


def _sheet(
    name: str, rows: Iterable[Sequence[str]], doubt: str, others: tuple[str, ...] = ()
) -> Sheet:
    filled = [
        (number, [_clean(cell) for cell in row])
        for number, row in enumerate(rows, start=1)
        if not all(map(is_empty, row))
    ]
    if not filled:
        raise Unreadable("The file has no filled cells. Choose the file that holds your inventory.")
    place = _header_place([row for _number, row in filled[:_SEARCHED_ROWS]])
    number, header = filled[place]
    headers = _headers(header)
    below = [row for row in filled[place + 1 :] if row[1] != header]
    _check_extent(number, headers, below)
    notices = (Notice(number, "", name, doubt),) if doubt else ()
    kept = tuple(_row(*row, len(headers)) for row in below)
    return Sheet(name, number, headers, kept, notices, others)


def _clean(cell: str) -> str:
    """Drop what is invisible at the edges, and the two-character line breaks of Windows."""
    return cell.replace("\r\n", "\n").replace("\xa0", " ").strip()


def _header_place(rows: Sequence[Sequence[str]]) -> int:
    """Find the header row: the one that explains most columns, else the first that could be one."""
    judged = [(header_score(row), -place) for place, row in enumerate(rows)]
    (names_a_name, explained), place = max(judged)
    return -place if names_a_name or explained > 1 else _first_full_row(rows)


def _first_full_row(rows: Sequence[Sequence[str]]) -> int:
    """Take the first row about as full as the fullest, with nothing but different words in it."""
    fullest = max(sum(map(bool, row)) for row in rows)
    for place, row in enumerate(rows):
        words = [fold(cell) for cell in row if cell]
        if len(words) >= 0.8 * fullest and len(set(words)) == len(words) and not _numbers(words):
            return place
    return 0


def _numbers(words: Iterable[str]) -> bool:
    return any(word.replace(" ", "").isdigit() for word in words)


def _headers(cells: Sequence[str]) -> tuple[str, ...]:
    """Give every column a heading of its own: blank ones a letter, repeated ones a number."""
    filled = [" ".join(cell.replace("\0", "").split()) for cell in cells]
    while filled and not filled[-1]:
        filled.pop()
    seen: dict[str, int] = {}
    return tuple(_unique(text or f"Column {_letters(i)}", seen) for i, text in enumerate(filled))


def _unique(text: str, seen: dict[str, int]) -> str:
    seen[text] = seen.get(text, 0) + 1
    return text if seen[text] == 1 else _unique(f"{text} ({seen[text]})", seen)


def _letters(place: int) -> str:
    """Name a column as spreadsheets do: A … Z, AA …"""
    first, second = divmod(place, 26)
    return (_letters(first - 1) if first else "") + chr(ord("A") + second)


def _check_extent(number: int, headers: Sequence[str], below: Sequence[Numbered]) -> None:
    if len(headers) > MAX_COLUMNS:
        raise Unreadable(
            f"The header row has {len(headers)} columns; the limit is {MAX_COLUMNS}. "
            f"Keep the columns that matter and save the file again."
        )
    if not below:
        raise Unreadable(
            f"Row {number} was taken for the header row, and there are no rows below it. "
            f"Add one row per initiative, or choose another sheet."
        )
    if len(below) > MAX_ROWS:
        raise Unreadable(f"The file has {len(below)} rows; the limit is {MAX_ROWS}. Split it.")
    if sum(len(cell) for _number, row in below for cell in row) > MAX_TEXT:
        raise Unreadable(f"The cells hold more than {MAX_TEXT} characters. Split the file.")


def _row(number: int, cells: list[str], width: int) -> SheetRow:
    """Fill a short row up; a longer one keeps its extra cells, unless they are blank."""
    padded = cells + [""] * (width - len(cells))
    while len(padded) > width and not padded[-1]:
        padded.pop()
    return SheetRow(number, tuple(padded))

"""Excel workbooks: guarded against bombs first, parsed by calamine, every cell turned into text."""

import datetime as dt
import io
import zipfile
import zlib
from collections.abc import Iterator

import python_calamine as calamine

from initiatives.importing.headings import header_score
from initiatives.importing.sheets import MAX_COLUMNS, MAX_ROWS, Unreadable

MAX_ENTRIES = 500
MAX_UNZIPPED = 100 * 1024 * 1024
MAX_RATIO = 200
"""How many times larger than packed a part above `LARGE` may be; real sheets stay under 30."""
LARGE = 10 * 1024 * 1024

_HEADER_ROWS = 30
_CHUNK = 1024 * 1024
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, ValueError)
_SAVE_AGAIN = "Open it in your spreadsheet program, save it as .xlsx or CSV, and import that."
Rows = list[list[str]]


def sheets(content: bytes, wanted: str | None) -> tuple[str, Rows, list[str]]:
    """Give the right sheet's name and rows, and the other sheets that look like inventories."""
    check_archive(content)
    try:
        book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        return _choose(book, wanted)
    except (calamine.CalamineError, OSError, ValueError, KeyError) as trouble:
        raise Unreadable(f"The workbook is damaged ({trouble}). {_SAVE_AGAIN}") from None


def check_archive(content: bytes) -> None:
    """Refuse bombs, damaged or protected archives, and archives that are no workbook."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            _check_entries(entries)
            for entry in entries:
                _check_entry(archive, entry)
    except _BROKEN as trouble:
        raise Unreadable(f"The workbook is damaged ({trouble}). {_SAVE_AGAIN}") from None


def _check_entries(entries: list[zipfile.ZipInfo]) -> None:
    names = [entry.filename for entry in entries]
    if len(names) > MAX_ENTRIES:
        raise Unreadable(
            f"The archive has {len(names)} parts; the limit is {MAX_ENTRIES}. {_SAVE_AGAIN}"
        )
    if len(set(names)) < len(names):
        raise Unreadable(f"The archive holds two parts of the same name. {_SAVE_AGAIN}")
    total = sum(entry.file_size for entry in entries)
    if total > MAX_UNZIPPED:
        raise Unreadable(
            f"Unpacked, the workbook would have {total // 1048576} MB; the limit is "
            f"{MAX_UNZIPPED // 1048576} MB. Save only the sheet with the inventory as CSV."
        )
    if "xl/workbook.bin" in names or not any(name.startswith("xl/") for name in names):
        raise Unreadable(f"This is not an Excel workbook but {_archive_kind(names)}. {_SAVE_AGAIN}")


def _archive_kind(names: list[str]) -> str:
    kinds = {
        "word/": "a Word document",
        "ppt/": "a presentation",
        "content.xml": "an OpenDocument file",
        "xl/workbook.bin": "a binary workbook (.xlsb)",
    }
    found = (kind for start, kind in kinds.items() if any(n.startswith(start) for n in names))
    return next(found, "another zip archive")


def _check_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
    """Unpack a part as it will be parsed; zipfile fails where its declared size is a lie."""
    if entry.flag_bits & 1:
        raise Unreadable(f"The workbook is protected by a password. Remove it first. {_SAVE_AGAIN}")
    if entry.compress_type not in _METHODS:
        raise Unreadable(
            f"{entry.filename} in the workbook is packed in an unusual way. {_SAVE_AGAIN}"
        )
    if entry.file_size > LARGE and entry.file_size > MAX_RATIO * max(1, entry.compress_size):
        raise Unreadable(f"{entry.filename} in the workbook is packed like a bomb. {_SAVE_AGAIN}")
    with archive.open(entry) as part:
        for place, chunk in enumerate(iter(lambda: part.read(_CHUNK), b"")):
            if not place and entry.filename.endswith((".xml", ".rels")) and b"<!DOCTYPE" in chunk:
                raise Unreadable(
                    f"{entry.filename} in the workbook declares entities. {_SAVE_AGAIN}"
                )


def _choose(book: calamine.CalamineWorkbook, wanted: str | None) -> tuple[str, Rows, list[str]]:
    if wanted is not None:
        return (*_named(book, wanted), [])
    candidates = [(name, _rows(book, name)) for name in _visible(book)]
    ranked = sorted(candidates, key=lambda candidate: _rank(candidate[1]), reverse=True)
    if not ranked or not ranked[0][1]:
        raise Unreadable(
            "The workbook has no sheet with cells. Choose the file with your inventory."
        )
    name, rows = ranked[0]
    return name, rows, [other for other, cells in ranked[1:] if _best_header(cells)[0]]


def _named(book: calamine.CalamineWorkbook, wanted: str) -> tuple[str, Rows]:
    for name in book.sheet_names:
        if name.strip().casefold() == wanted.strip().casefold():
            return name, _rows(book, name)
    known = ", ".join(f"“{name}”" for name in book.sheet_names)
    raise Unreadable(f"The workbook has no sheet “{wanted}”. Its sheets are: {known}.")


def _visible(book: calamine.CalamineWorkbook) -> list[str]:
    """Name the sheets with cells that a person sees; all of them where none is visible."""
    cells = [s for s in book.sheets_metadata if s.typ == calamine.SheetTypeEnum.WorkSheet]
    seen = [s.name for s in cells if s.visible == calamine.SheetVisibleEnum.Visible]
    return seen or [s.name for s in cells]


def _rank(rows: Rows) -> tuple[bool, int, int]:
    return (*_best_header(rows), len(rows))


def _best_header(rows: Rows) -> tuple[bool, int]:
    """Judge a sheet by its best header row, which counts only with a row below it."""
    return max(
        (header_score(row) for row in rows[:_HEADER_ROWS][: len(rows) - 1]), default=(False, 0)
    )


def _rows(book: calamine.CalamineWorkbook, name: str) -> Rows:
    sheet = book.get_sheet_by_name(name)
    _check_extent(name, sheet)
    return list(_texts(sheet))


def _check_extent(name: str, sheet: calamine.CalamineSheet) -> None:
    bottom, right = sheet.end or (0, 0)
    if right >= MAX_COLUMNS:
        raise Unreadable(
            f"The sheet “{name}” reaches {right + 1} columns; the limit is {MAX_COLUMNS}. "
            f"Delete what stands far to the right, or save only the inventory's columns."
        )
    if bottom > MAX_ROWS + _HEADER_ROWS:
        raise Unreadable(
            f"The sheet “{name}” reaches row {bottom + 1}; the limit is {MAX_ROWS} rows. "
            f"Delete what stands far below, or split the file."
        )


def _texts(sheet: calamine.CalamineSheet) -> Iterator[list[str]]:
    for row in sheet.to_python(skip_empty_area=False):
        yield [_text(cell) for cell in row]


def _text(cell: object) -> str:
    """Write a cell the way a person would: no `.0` after a number, no midnight after a day."""
    if isinstance(cell, bool):
        return "Yes" if cell else "No"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, dt.datetime):
        return (
            cell.date().isoformat() if cell.time() == dt.time() else cell.isoformat(" ", "seconds")
        )
    return cell.isoformat() if isinstance(cell, dt.date | dt.time) else str(cell)

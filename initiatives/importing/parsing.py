"""From a sheet and a mapping to rows in our words, and a reason for everything left behind."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from email.utils import parseaddr
from functools import partial

from initiatives.importing.child import in_child
from initiatives.importing.dates import NotADate, Order, order_of, read_date
from initiatives.importing.folding import fold, is_blank, key
from initiatives.importing.headings import DATE_FIELDS, FIELDS, TEXT_FIELDS, TRIAGE_FIELDS
from initiatives.importing.mapping import Mapping, check, guess
from initiatives.importing.sheets import MAX_CELL, Notice, Rejected, Sheet, SheetRow
from initiatives.importing.stages import PROPOSAL, STAGES, read_stage
from initiatives.importing.triage import read_answer

__all__ = [
    "LENGTHS",
    "Notice",
    "Parsed",
    "ParsedRow",
    "Rejected",
    "Value",
    "parse",
    "read_and_parse",
]

Value = str | date | bool | None

LENGTHS = {
    "name": 300,
    "external_id": 200,
    "source": 300,
    "unit": 300,
    "vendor": 300,
    "system": 300,
    "owner_name": 300,
    "owner_email": 254,
}
"""Longest text of a field; every other cell may hold `MAX_CELL` characters."""

_PROSE = frozenset({"problem", "outcome", "users", "scope"})
_SHOWN = 200
_SEARCHED = 500
"""Characters in which a stage, an answer or an address is looked for."""
_ADDRESS = re.compile(r"[^\s@<>()\",;:\\]+@[^\s@<>()\",;:\\.]+(?:\.[^\s@<>()\",;:\\.]+)+")


@dataclass(frozen=True)
class ParsedRow:
    """One initiative as the file has it; what the file does not say is "" or None."""

    number: int
    source: str
    external_id: str
    ordinal: int
    """Its place, from 0, among rows of the same source, name and unit that have no ID."""
    values: dict[str, Value]
    original: dict[str, str]


@dataclass(frozen=True)
class Parsed:
    """All rows that were understood, and all that is to be said about the others."""

    rows: tuple[ParsedRow, ...]
    rejected: tuple[Rejected, ...]
    warnings: tuple[Notice, ...]
    counts: dict[str, int]
    """How many rows the file has, how many were understood and how many rejected."""
    fields: tuple[str, ...]
    """The fields that the file has a column for; another field's value says nothing."""

    @property
    def stages(self) -> dict[str, int]:
        """Count the understood rows by stage, all five named."""
        found = Counter(row.values["stage"] for row in self.rows)
        return {stage: found[stage] for stage in STAGES}


class _NotUnderstood(Exception):
    """A cell that rejects its row."""


class _LeftOut(Exception):
    """A cell that gives a warning instead of a value."""

    def __init__(self, reason: str, value: Value) -> None:
        super().__init__(reason)
        self.value = value


_Reader = Callable[[str], Value]


@dataclass(frozen=True)
class _Column:
    """A field's column: where it is, what it is called, how its cells are read."""

    field: str
    place: int
    header: str
    reader: _Reader
    replaced: dict[str, str]

    def text(self, row: SheetRow) -> str:
        """Give the cell, or what the mapping says instead of it."""
        cell = row.cells[self.place]
        return self.replaced.get(key(cell), cell) if self.replaced else cell


@dataclass
class _Report:
    """What is said about cells while the rows are read."""

    rejected: list[Rejected] = field(default_factory=list)
    warnings: dict[Notice, None] = field(default_factory=dict)

    def reject(self, row: int, column: str, value: str, reason: str) -> None:
        """Give up on a row."""
        self.rejected.append(Rejected(row, column, _shown(value), reason))

    def warn(self, row: int, column: str, value: str, reason: str) -> None:
        """Say what was left out; two fields may read one cell, which is said once."""
        self.warnings[Notice(row, column, _shown(value), reason)] = None


def read_and_parse(
    content: bytes,
    filename: str,
    *,
    default_source: str,
    today: date,
    sheet: str | None = None,
    correction: Mapping | None = None,
) -> Parsed:
    """Read a file in a child process and parse it with the guessed mapping, corrected."""
    table = in_child(content, filename, sheet)
    mapping = guess(table.headers).corrected(correction or Mapping())
    return parse(table, mapping, default_source=default_source, today=today)


def parse(sheet: Sheet, mapping: Mapping, *, default_source: str, today: date) -> Parsed:
    """Read every row; a row with a cell that cannot be understood is rejected as a whole."""
    check(mapping, sheet.headers)
    report = _Report(warnings=dict.fromkeys(sheet.notices))
    columns = _columns(sheet, mapping, today, report)
    identities = _Identities(default_source)
    read = [_parse_row(row, sheet.headers, columns, identities, report) for row in sheet.rows]
    refused = {rejected.row for rejected in report.rejected}
    rows = tuple(row for row in read if row and row.number not in refused)
    return Parsed(
        rows,
        tuple(report.rejected),
        tuple(report.warnings),
        {"rows": len(sheet.rows), "accepted": len(rows), "rejected": len(refused)},
        tuple(column.field for column in columns),
    )


def _columns(sheet: Sheet, mapping: Mapping, today: date, report: _Report) -> list[_Column]:
    """Prepare each mapped column; headings of a mapping made by hand may differ in punctuation."""
    places = {header: place for place, header in enumerate(sheet.headers)}
    folded = {fold(header): place for header, place in reversed(places.items())}
    columns = []
    for name in FIELDS:
        if header := mapping.columns.get(name):
            place = places.get(header, folded.get(fold(header), 0))
            replaced = {key(theirs): ours for theirs, ours in mapping.values.get(name, {}).items()}
            reader = _reader(name, sheet, place, replaced, today, report)
            columns.append(_Column(name, place, sheet.headers[place], reader, replaced))
    if "stage" not in mapping.columns:
        report.warn(
            sheet.header_number, "", "", "no column gives the stage; all rows become proposals"
        )
    return columns


def _reader(
    name: str, sheet: Sheet, place: int, replaced: dict[str, str], today: date, report: _Report
) -> _Reader:
    if name in DATE_FIELDS:
        cells = [row.cells[place] for row in sheet.rows]
        order = order_of(cell for cell in cells if key(cell) not in replaced)
        _warn_of_mixture(sheet, place, order, report)
        return partial(_read_day, order=order, today=today)
    if name in TRIAGE_FIELDS:
        return partial(_read_triage, name)
    return _READERS.get(name) or partial(_read_text, name)


def _warn_of_mixture(sheet: Sheet, place: int, order: Order, report: _Report) -> None:
    if order.mixed:
        report.warn(
            sheet.header_number,
            sheet.headers[place],
            "",
            f"dates are written both ways round; read as {order.words}, as most of them are",
        )


def _read_day(text: str, *, order: Order, today: date) -> Value:
    try:
        return read_date(text, order, today)
    except NotADate as trouble:
        raise _NotUnderstood(str(trouble)) from None


def _read_triage(name: str, text: str) -> Value:
    try:
        return read_answer(name, text[:_SEARCHED])
    except ValueError as trouble:
        raise _LeftOut(str(trouble), None) from None


def _read_stage(text: str) -> Value:
    stage, doubt = read_stage(text[:_SEARCHED])
    if doubt:
        raise _LeftOut(doubt, stage)
    return stage


def _read_name(text: str) -> Value:
    if is_blank(text):
        raise _NotUnderstood("the name is missing; every initiative needs one")
    return _read_text("name", " ".join(text.split()))


def _read_text(name: str, text: str) -> Value:
    longest = LENGTHS.get(name, MAX_CELL)
    if len(text) > longest:
        raise _NotUnderstood(f"{len(text)} characters; the limit is {longest}; shorten it")
    if is_blank(text):
        return ""
    return text if name in _PROSE else " ".join(text.split())


def _read_email(text: str) -> Value:
    """Take one address, alone or in angle brackets after a name; of several, none."""
    if is_blank(text):
        return ""
    found = set(_ADDRESS.findall(text[:_SEARCHED]))
    if len(found) > 1:
        raise _LeftOut("several addresses; one person must answer, so none was taken", "")
    address = _address(text[:_SEARCHED])
    if not address or len(address) > LENGTHS["owner_email"]:
        raise _LeftOut("not an e-mail address; left out", "")
    return address


def _address(text: str) -> str:
    address = parseaddr(text.strip().removeprefix("mailto:"))[1]
    return address if _ADDRESS.fullmatch(address) else ""


_READERS: dict[str, _Reader] = {
    "stage": _read_stage,
    "name": _read_name,
    "owner_email": _read_email,
}

_EMPTY: dict[str, Value] = {
    **dict.fromkeys(TEXT_FIELDS, ""),
    "stage": PROPOSAL,
    **dict.fromkeys((*DATE_FIELDS, *TRIAGE_FIELDS)),
}


def _parse_row(
    row: SheetRow,
    headers: Sequence[str],
    columns: Iterable[_Column],
    identities: "_Identities",
    report: _Report,
) -> ParsedRow | None:
    """Read one row; None when it has no name, and so no identity."""
    _check_cells(row, headers, report)
    values = _EMPTY | dict(_read_cells(row, columns, report))
    if not values["name"]:
        return None
    _move_address(values)
    source, external_id, ordinal = identities.of(row.number, values, _id_column(columns), report)
    values["source"] = source
    original = dict(zip(headers, row.cells, strict=False))
    return ParsedRow(row.number, source, external_id, ordinal, values, original)


def _check_cells(row: SheetRow, headers: Sequence[str], report: _Report) -> None:
    """Reject what no column can hold, read or not, because the whole row is kept."""
    for header, cell in zip(headers, row.cells, strict=False):
        if "\0" in cell:
            report.reject(
                row.number, header, cell, "it holds NUL bytes; save the file as text again"
            )
        if len(cell) > MAX_CELL:
            report.reject(row.number, header, cell, _too_long(cell))
    extra = "".join(row.cells[len(headers) :])
    if extra:
        report.reject(row.number, "", extra, "more cells than headings; give this column a heading")


def _too_long(cell: str) -> str:
    return (
        f"{len(cell)} characters; the limit is {MAX_CELL}; shorten it, "
        f"or close a quotation mark that was left open"
    )


def _read_cells(
    row: SheetRow, columns: Iterable[_Column], report: _Report
) -> Iterator[tuple[str, Value]]:
    for column in columns:
        text = column.text(row)
        try:
            yield column.field, column.reader(text)
        except _LeftOut as left_out:
            report.warn(row.number, column.header, row.cells[column.place], str(left_out))
            yield column.field, left_out.value
        except _NotUnderstood as trouble:
            if len(text) <= MAX_CELL:
                report.reject(row.number, column.header, row.cells[column.place], str(trouble))


def _move_address(values: dict[str, Value]) -> None:
    """Where the owner's column holds an address and no other column does, it is the address."""
    name = str(values["owner_name"])
    if not values["owner_email"] and _ADDRESS.fullmatch(name):
        values["owner_email"], values["owner_name"] = name, ""


def _id_column(columns: Iterable[_Column]) -> str:
    return next((column.header for column in columns if column.field == "external_id"), "")


class _Identities:
    """Who is who within one file; rejected rows count, so that mending them moves nobody."""

    def __init__(self, default_source: str) -> None:
        self._default_source = default_source
        self._rows_by_id: dict[tuple[str, str], int] = {}
        self._equals: Counter[tuple[str, str, str]] = Counter()

    def of(
        self, number: int, values: dict[str, Value], column: str, report: _Report
    ) -> tuple[str, str, int]:
        """Give source, external id and ordinal; an id that comes again rejects its row."""
        source = str(values["source"]) or self._default_source
        external_id = str(values["external_id"])
        if not external_id:
            return source, "", self._ordinal(source, values)
        first = self._rows_by_id.setdefault((source, external_id), number)
        if first != number:
            report.reject(
                number, column, external_id, f"row {first} has the same ID; IDs must differ"
            )
        return source, external_id, 0

    def _ordinal(self, source: str, values: dict[str, Value]) -> int:
        equal = (source, fold(str(values["name"])), fold(str(values["unit"])))
        self._equals[equal] += 1
        return self._equals[equal] - 1


def _shown(value: str) -> str:
    """Shorten a value for a report and make its NUL bytes visible."""
    visible = value.replace("\0", "\N{SYMBOL FOR NULL}")
    return visible if len(visible) <= _SHOWN else visible[: _SHOWN - 1] + "…"

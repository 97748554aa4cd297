"""What a person corrects between the guess and the import: columns, and what values mean."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

from initiatives.importing.dates import NotADate, Order, order_of, read_date
from initiatives.importing.folding import fold_heading, is_blank, key
from initiatives.importing.headings import DATE_FIELDS, FIELDS, TRIAGE_FIELDS
from initiatives.importing.mapping import Mapping
from initiatives.importing.sheets import Sheet
from initiatives.importing.stages import read_stage
from initiatives.importing.triage import read_answer

MOST_VALUES = 60
"""Different values of a column that a person is asked about; more of them are no vocabulary."""
EXAMPLES = 3
_SEARCHED = 500
_SHOWN = 80
_SUGGESTED = re.compile(r"\bwrite (\d{4}(?:-\d{2}-\d{2})?)(?:,| if)")


@dataclass(frozen=True)
class FoundValue:
    """A value as the file has it, how often, and what it is read as without a correction."""

    text: str
    count: int
    reading: str
    """The stage, `yes`, `no` or `` for unanswered; a day that cannot be read has none either."""
    doubt: str
    """Why the reading is in doubt; empty where it is not."""
    is_unknown: bool = False
    """Nothing in the value was recognised."""
    suggestion: str = ""
    """What a spreadsheet has probably made of it: the bare year 2024 is a day of 1905 to some."""


def correction(guessed: Mapping, chosen: Mapping) -> Mapping:
    """Say what turns the guess into what a person chose: no more, so that it fits the next file."""
    columns = {
        name: chosen.columns.get(name, "")
        for name in FIELDS
        if chosen.columns.get(name) != guessed.columns.get(name)
    }
    claimed = set(columns.values()) - {""}  # their guesses would be dropped, chosen or not
    kept = {name: header for name, header in chosen.columns.items() if header in claimed}
    return Mapping(columns | kept, {name: v for name, v in chosen.values.items() if v})


def fitted(mapping: Mapping, headers: Sequence[str]) -> tuple[Mapping, list[str]]:
    """Keep of a saved mapping what this file has columns for, and name those that it lacks."""
    folded = {fold_heading(header): header for header in reversed(headers)}
    columns, missing = {}, []
    for name, header in mapping.columns.items():
        if not header or header in headers:
            columns[name] = header
        elif found := folded.get(fold_heading(header)):
            columns[name] = found
        else:
            missing.append(header)
    return Mapping(columns, mapping.values), missing


def examples(sheet: Sheet, place: int) -> list[str]:
    """Give a few different values of a column, shortened."""
    found: dict[str, None] = {}
    for row in sheet.rows:
        if text := row.cells[place]:
            found[shortened(text)] = None
        if len(found) == EXAMPLES:
            break
    return list(found)


def shortened(text: str) -> str:
    """Put a text on one line of a bearable length, its NUL bytes visible."""
    line = " ".join(text[: _SHOWN * 2].replace("\0", "\N{SYMBOL FOR NULL}").split())
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1]}…"


def found_values(sheet: Sheet, field: str, header: str, today: date) -> list[FoundValue]:
    """List what a column says in the way of stages, answers or days, the doubtful ones first.

    Of days only those that cannot be read: the others need no correction.
    """
    counts, texts = _counted(sheet, sheet.headers.index(header))
    judge = _judge(field, texts.values(), today)
    found = [value for k, text in texts.items() if (value := judge(text, counts[k]))]
    return sorted(found, key=lambda v: (not v.is_unknown, not v.doubt, -v.count, v.text))


def _counted(sheet: Sheet, place: int) -> tuple[Counter[str], dict[str, str]]:
    """Count the values that a mapping takes for the same, each with its first spelling."""
    counts: Counter[str] = Counter()
    texts: dict[str, str] = {}
    for row in sheet.rows:
        text = row.cells[place]
        counts[key(text)] += 1
        texts.setdefault(key(text), text)
    return counts, texts


_Judge = Callable[[str, int], FoundValue | None]


def _judge(field: str, texts: Iterable[str], today: date) -> _Judge:
    if field == "stage":
        return _stage
    if field in TRIAGE_FIELDS:
        return partial(_answer, field)
    assert field in DATE_FIELDS, field
    return partial(_day, order_of(texts), today)


def _stage(text: str, count: int) -> FoundValue:
    stage, doubt = read_stage(text[:_SEARCHED])
    is_unknown = bool(doubt) and stage == "proposal"
    return FoundValue(text, count, stage, doubt, is_unknown)


def _answer(field: str, text: str, count: int) -> FoundValue | None:
    if is_blank(text):
        return None
    try:
        answer = read_answer(field, text[:_SEARCHED])
    except ValueError as trouble:
        return FoundValue(text, count, "", str(trouble), is_unknown=True)
    return FoundValue(text, count, {True: "yes", False: "no", None: ""}[answer], "")


def _day(order: Order, today: date, text: str, count: int) -> FoundValue | None:
    try:
        read_date(text, order, today)
    except NotADate as trouble:
        suggested = _SUGGESTED.search(str(trouble))
        suggestion = suggested[1] if suggested else ""
        return FoundValue(text, count, "", str(trouble), is_unknown=True, suggestion=suggestion)
    return None

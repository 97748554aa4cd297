"""The mapping: which column holds which field, and what the values in the file mean.

As a file it is TOML, and says only what is to differ from the guess:

    [columns]
    name = "Project"
    unit = ""                      # leave this field out

    [values.stage]
    "Completed" = "retired"
"""

import json
import tomllib
from collections.abc import Mapping as Table
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches

from initiatives.importing import headings
from initiatives.importing.dates import NotADate, Order, read_date
from initiatives.importing.folding import fold_heading
from initiatives.importing.headings import DATE_FIELDS, FIELDS, TRIAGE_FIELDS
from initiatives.importing.sheets import Unreadable
from initiatives.importing.stages import STAGES
from initiatives.importing.triage import read_answer

_MAX_SIZE = 1_000_000


@dataclass(frozen=True)
class Mapping:
    """Field to heading, and per field the value in the file to ours."""

    columns: dict[str, str] = field(default_factory=dict)
    values: dict[str, dict[str, str]] = field(default_factory=dict)

    def corrected(self, correction: "Mapping") -> "Mapping":
        """Put a person's correction over a guess; a heading that it uses is no longer guessed."""
        claimed = set(correction.columns.values()) - {""}
        kept = {name: header for name, header in self.columns.items() if header not in claimed}
        columns = {name: header for name, header in (kept | correction.columns).items() if header}
        values = {
            name: self.values.get(name, {}) | correction.values.get(name, {})
            for name in self.values | correction.values
        }
        return Mapping(columns, values)


def guess(headers: Sequence[str]) -> Mapping:
    """Guess which heading stands for which field; it never guesses values."""
    return Mapping(headings.match(headers))


def load(text: str, headers: Sequence[str] | None = None) -> Mapping:
    """Read a mapping file; with the headings at hand, each column that it names must be there."""
    content = _toml(text)
    _refuse_unknown(content, ("columns", "values"), "a mapping has the sections")
    columns = _texts("columns", content.get("columns", {}))
    _refuse_unknown(columns, FIELDS, "the fields are")
    values = _values(content.get("values", {}))
    found = columns if headers is None else _known_headers(columns, headers)
    return Mapping(found, values)


def check(mapping: Mapping, headers: Sequence[str]) -> None:
    """Refuse a mapping that names no name column, or a column that the sheet does not have."""
    _known_headers(mapping.columns, headers)
    if not mapping.columns.get("name"):
        raise Unreadable(
            f"No column was recognised as the name of the initiatives. The headings are: "
            f"{_listed(headers)}. Say which one it is in a mapping file, like this: "
            f"[columns] and below it name = {_quoted(headers[0])}"
        )


def dump(mapping: Mapping, headers: Sequence[str] = ()) -> str:
    """Write a mapping as a file to correct; unused headings follow as comments."""
    lines = ["[columns]", *(f"{name} = {_quoted(h)}" for name, h in mapping.columns.items())]
    for name in FIELDS:
        lines += [] if name in mapping.columns else [f'# {name} = ""']
    for name, values in mapping.values.items():
        lines += [
            "",
            f"[values.{name}]",
            *(f"{_quoted(k)} = {_quoted(v)}" for k, v in values.items()),
        ]
    unused = [header for header in headers if header not in mapping.columns.values()]
    lines += ["", "# Columns without a field:"] if unused else []
    return "\n".join([*lines, *(f"# {_quoted(header)}" for header in unused)]) + "\n"


def _toml(text: str) -> dict[str, object]:
    if len(text) > _MAX_SIZE:
        raise Unreadable("The mapping file is too large; it should have a few dozen lines.")
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as trouble:
        raise Unreadable(f"The mapping file is not valid TOML: {trouble}.") from None


def _texts(section: str, table: object) -> dict[str, str]:
    """Give a section whose keys and values are both texts; numbers are refused, not converted."""
    if not isinstance(table, dict):
        raise Unreadable(f'[{section}] in the mapping must be a section of lines like a = "b".')
    for name, value in table.items():
        if not isinstance(value, str):
            raise Unreadable(
                f"{name} in [{section}] of the mapping must be a text in quotation marks."
            )
    return table


def _refuse_unknown(names: Table[str, object], known: Sequence[str], what: str) -> None:
    for name in names:
        if name not in known:
            raise Unreadable(
                f"The mapping does not know “{name}”{_suggestion(name, known)}; "
                f"{what} {', '.join(known)}."
            )


def _known_headers(columns: dict[str, str], headers: Sequence[str]) -> dict[str, str]:
    """Find the headings meant, folded where they differ only in case, accents or punctuation."""
    folded = {fold_heading(header): header for header in reversed(headers)}
    found = {}
    for name, header in columns.items():
        exact = header if not header or header in headers else folded.get(fold_heading(header))
        if exact is None:
            raise Unreadable(
                f"The file has no column “{header}”, which the mapping names for {name}"
                f"{_suggestion(header, headers)}. Its columns are: {_listed(headers)}."
            )
        found[name] = exact
    return found


def _suggestion(name: str, known: Sequence[str]) -> str:
    by_fold = {fold_heading(candidate): candidate for candidate in known}
    near = get_close_matches(fold_heading(name), list(by_fold), n=3, cutoff=0.5)
    return f" (did you mean {' or '.join(f'“{by_fold[n]}”' for n in near)}?)" if near else ""


def _values(table: object) -> dict[str, dict[str, str]]:
    if not isinstance(table, dict):
        raise Unreadable("[values] in the mapping must hold sections like [values.stage].")
    _refuse_unknown(table, FIELDS, "the fields are")
    values = {name: _texts(f"values.{name}", entries) for name, entries in table.items()}
    for name, entries in values.items():
        for ours in entries.values():
            _check_value(name, ours)
    return values


def _check_value(name: str, ours: str) -> None:
    """Refuse a value of ours that its field cannot hold."""
    if name == "stage" and ours not in STAGES:
        wrong = (
            f"“{ours}” is no stage{_suggestion(ours, STAGES)}; the stages are {', '.join(STAGES)}."
        )
    elif name in TRIAGE_FIELDS and not _is_answer(name, ours):
        wrong = f"“{ours}” answers no question; write yes, no or nothing."
    elif name in DATE_FIELDS and not _is_date(ours):
        wrong = f"“{ours}” is no date; write it like 2024-10-31 or 2024."
    else:
        return
    raise Unreadable(f"In [values.{name}] of the mapping: {wrong}")


def _is_answer(name: str, text: str) -> bool:
    try:
        read_answer(name, text)
    except ValueError:
        return False
    return True


def _is_date(text: str) -> bool:
    try:
        read_date(text, Order(), date.max.replace(year=2100))
    except NotADate:
        return False
    return True


def _listed(headers: Sequence[str]) -> str:
    shown = ", ".join(f"“{header[:60]}”" for header in headers[:40])
    return shown + (f" and {len(headers) - 40} more" if len(headers) > 40 else "")


def _quoted(text: str) -> str:
    """Quote as TOML does: like JSON, which alone leaves DEL as it is."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")

"""Importing an inventory, the pure part: from the bytes of a file to rows in our words.

`in_child` reads the file in a process of its own, `guess` and `load` give the mapping, `parse` the
rows. Nothing here knows Django or the database.
"""

from datetime import date

from initiatives.importing.child import in_child
from initiatives.importing.mapping import Mapping, guess
from initiatives.importing.parsing import Parsed, parse
from initiatives.importing.reading import Sheet, Unreadable, read

__all__ = [
    "Mapping",
    "Parsed",
    "Sheet",
    "Unreadable",
    "guess",
    "in_child",
    "parse",
    "read",
    "read_and_parse",
]


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

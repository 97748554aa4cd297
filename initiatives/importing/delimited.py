"""Text tables: their encoding, their delimiter, their records."""

import csv
import io
import re
from collections import Counter
from itertools import islice

from initiatives.importing.headings import header_score
from initiatives.importing.sheets import MAX_BYTES, Unreadable

_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_DELIMITERS = (",", ";", "\t", "|")
_DECLARED = re.compile(r"\Asep=([,;|\t])\r?\n", re.I)
_SAMPLE_CHARACTERS = 200_000
_SAMPLE_RECORDS = 60
_HEADER_RECORDS = 30
_LOST = "\N{REPLACEMENT CHARACTER}"


def records(content: bytes) -> tuple[list[list[str]], str]:
    """Read all records, blank ones included, and say what the encoding left doubtful."""
    text, doubt = decode(content)
    csv.field_size_limit(MAX_BYTES + 1)
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter(text))), doubt
    except csv.Error as trouble:
        raise Unreadable(
            f"This is not a readable text table ({trouble}). Save it as CSV."
        ) from None


def decode(content: bytes) -> tuple[str, str]:
    """Decode by byte order mark, else as UTF-8, else as Windows-1252."""
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return _decode_marked(content, encoding)
    try:
        return content.decode(), ""
    except UnicodeDecodeError:
        return _decode_unmarked(content)


def _decode_marked(content: bytes, encoding: str) -> tuple[str, str]:
    try:
        return content.decode(encoding), ""
    except UnicodeDecodeError:
        text = content.decode(encoding, "replace")
        return text, _doubt(text, encoding.removesuffix("-sig").upper())


def _decode_unmarked(content: bytes) -> tuple[str, str]:
    """Take for UTF-8 what mostly is, damaged in places; what is left is Windows-1252."""
    text = content.decode("utf-8", "replace")
    if len(text) - len(text.encode("ascii", "ignore")) > 2 * text.count(_LOST):
        return text, _doubt(text, "UTF-8")
    text = content.decode("cp1252", "replace")
    return text, _doubt(text, "Windows-1252") if _LOST in text else ""


def _doubt(text: str, encoding: str) -> str:
    return (
        f"read as {encoding}, {text.count(_LOST)} characters could not be understood "
        f"and show as {_LOST}; save the file as UTF-8 to keep them"
    )


def delimiter(text: str) -> str:
    """Choose the delimiter under which a header row is recognised and records are equally long."""
    if declared := _DECLARED.match(text):
        return declared[1]
    sample = text[:_SAMPLE_CHARACTERS]
    return max(_DELIMITERS, key=lambda candidate: _fitness(sample, candidate))


def _fitness(sample: str, candidate: str) -> tuple[tuple[bool, int], float, int]:
    try:
        rows = list(
            islice(
                csv.reader(io.StringIO(sample, newline=""), delimiter=candidate), _SAMPLE_RECORDS
            )
        )
    except csv.Error:
        return (False, 0), 0, 0
    widths = Counter(len(row) for row in rows if len(row) > 1)
    width, times = widths.most_common(1)[0] if widths else (1, 0)
    best = max((header_score(row) for row in rows[:_HEADER_RECORDS]), default=(False, 0))
    return best, times / max(1, len(rows)), width

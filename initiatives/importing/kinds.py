"""What a file really is, told from its first bytes; its name is only a claim."""

import re
from os.path import splitext

from initiatives.importing.sheets import MAX_BYTES, Unreadable

WORKBOOK_SUFFIXES = frozenset({".xlsx", ".xlsm"})
TEXT_SUFFIXES = frozenset({".csv", ".tsv", ".tab", ".txt"})

_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OTHERS = (
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a picture (PNG)"),
    (b"\xff\xd8\xff", "a picture (JPEG)"),
    (b"GIF8", "a picture (GIF)"),
    (b"\x1f\x8b", "a compressed file (gzip)"),
    (b"7z\xbc\xaf", "a compressed archive (7z)"),
    (b"Rar!", "a compressed archive (RAR)"),
    (b"PK\x05\x06", "an empty zip archive"),
    (b"SQLite format 3", "a database"),
    (b"PAR1", "a Parquet file"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"{\\rtf", "a text document (RTF)"),
)
_MARKUP = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*<(?:!doctype|html|\?xml|table|svg|script)\b", re.I)
_JSON = re.compile(rb'\A(?:\xef\xbb\xbf)?\s*(?:\{\s*"|\[\s*[\{\[])')
_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff")
_CONTROL = bytes(set(range(32)) - set(b"\t\n\r\f\x1a\x1b"))


def is_workbook(content: bytes, filename: str) -> bool:
    """Tell a workbook from a text table, or raise Unreadable for what is neither."""
    _check_size(content)
    _refuse_others(content, filename)
    suffix = splitext(filename)[1].lower()
    zipped = content.startswith(_ZIP)
    if zipped and suffix in TEXT_SUFFIXES:
        raise Unreadable(
            f"{filename} is named like a text table but holds a workbook or another zip archive. "
            f"Rename it to .xlsx if it is an Excel workbook, or save the sheet as CSV."
        )
    if not zipped and suffix in WORKBOOK_SUFFIXES:
        raise Unreadable(
            f"This is not an Excel workbook: {filename} holds something else. "
            f"Rename it to .csv if it is a text table, or save it again as .xlsx."
        )
    return zipped


def _check_size(content: bytes) -> None:
    if not content.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0"):
        raise Unreadable("The file is empty. Choose the file that holds your inventory.")
    if len(content) > MAX_BYTES:
        raise Unreadable(
            f"The file has {len(content) / 1048576:.1f} MB; the limit is "
            f"{MAX_BYTES // 1048576} MB. Split it, or save only the inventory's sheet as CSV."
        )


def _refuse_others(content: bytes, filename: str) -> None:
    if content.startswith(_OLE):
        raise Unreadable(
            f"{filename} is an old .xls workbook or is protected by a password. "
            f"Open it, remove the password, and save it as .xlsx or CSV."
        )
    if found := _other_kind(content):
        raise Unreadable(
            f"{filename} is {found}, not a table. "
            f"Save the inventory as .xlsx or CSV and import that."
        )


def _other_kind(content: bytes) -> str:
    for magic, kind in _OTHERS:
        if content.startswith(magic) and (magic != b"MZ" or b"\0" in content[:1024]):
            return kind
    if _MARKUP.match(content):
        return "a web page or XML"
    if _JSON.match(content):
        return "JSON"
    return "" if content.startswith(_ZIP) or not _is_binary(content) else "a binary file"


def _is_binary(content: bytes) -> bool:
    """Many control characters are no text; a few are bad cells, which are reported as such."""
    if content.startswith(_WIDE_MARKS):
        return False
    start = content[:65536]
    return len(start) - len(start.translate(None, _CONTROL)) > 8 + len(start) // 50

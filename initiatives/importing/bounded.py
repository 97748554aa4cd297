"""The whole life of the child process that reads a file, within bounds.

Most of the time that it takes is that of its imports, so it has few.
"""

import gc
import json
import resource
import sys
from contextlib import suppress

from initiatives.importing.reading import read
from initiatives.importing.sheets import Sheet, Unreadable

CPU_SECONDS = 20
MEMORY = 1024**3
TOO_MUCH = (
    "Reading the file takes more time or memory than an import may use. The usual cause is a cell "
    "far away from the others, or many sheets beside the inventory. Save only the inventory as CSV."
)


def main(names: str) -> None:
    """Read standard input within limits and answer on standard output."""
    limit()
    gc.disable()  # it lives shortly, and rows of texts hold no cycles
    try:
        answer = _told(read(sys.stdin.buffer.read(), **_arguments(names)))
    except Unreadable as trouble:
        answer = {"unreadable": str(trouble)}
    except MemoryError:
        answer = {"unreadable": TOO_MUCH}
    sys.stdout.write(json.dumps(answer))


def limit() -> None:
    """Limit what this process may use; a system that knows a limit not is no reason to fail."""
    for what, most in (
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        with suppress(ValueError, OSError):
            resource.setrlimit(what, (most, most))


def _arguments(names: str) -> dict[str, str]:
    arguments: dict[str, str] = json.loads(names)
    return arguments


def _told(sheet: Sheet) -> dict[str, object]:
    return {
        "name": sheet.name,
        "header_number": sheet.header_number,
        "headers": sheet.headers,
        "rows": [(row.number, row.cells) for row in sheet.rows],
        "notices": [notice._asdict() for notice in sheet.notices],
        "others": sheet.others,
    }

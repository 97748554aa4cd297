"""Reading a file in a child process: whatever it contains, time and memory are bounded."""

import json
import os
import resource
import subprocess
import sys
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from initiatives.importing.kinds import is_workbook
from initiatives.importing.reading import read
from initiatives.importing.sheets import Notice, Sheet, SheetRow, Unreadable

CPU_SECONDS = 20
WALL_SECONDS = 30
MEMORY = 1024**3

_ROOT = Path(__file__).parents[2]
_PROGRAM = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from initiatives.importing.child import main; main(*sys.argv[2:])"
)
_TOO_MUCH = (
    "Reading the file takes more time or memory than an import may use. The usual cause is a cell "
    "far away from the others, or many sheets beside the inventory. Save only the inventory as CSV."
)
_DAMAGED = "The file is damaged. Open it in your spreadsheet program and save it as .xlsx or CSV."


def in_child(content: bytes, filename: str, sheet: str | None = None) -> Sheet:
    """Read a file in a process of its own, or raise Unreadable."""
    is_workbook(content, filename)
    names = json.dumps({"filename": filename, "sheet": sheet})
    command = [sys.executable, "-I", "-X", "utf8", "-c", _PROGRAM, str(_ROOT), names]
    try:
        done = subprocess.run(
            command,
            input=content,
            capture_output=True,
            timeout=WALL_SECONDS,
            check=False,
            env=_environment(),
        )
    except subprocess.TimeoutExpired:
        raise Unreadable(_TOO_MUCH) from None
    if done.returncode:
        raise Unreadable(_TOO_MUCH if done.returncode < 0 else _DAMAGED)
    return _sheet(done.stdout)


def _environment() -> dict[str, str]:
    """Give the child no secret of the application."""
    return {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}


def _sheet(answer: bytes) -> Sheet:
    """Rebuild the sheet from JSON, which cannot do more than be wrong."""
    told = json.loads(answer)
    if message := told.get("unreadable"):
        raise Unreadable(message)
    rows = tuple(SheetRow(number, tuple(cells)) for number, cells in told["rows"])
    notices = tuple(Notice(**notice) for notice in told["notices"])
    headers, others = tuple(told["headers"]), tuple(told["others"])
    return Sheet(told["name"], told["header_number"], headers, rows, notices, others)


def main(names: str) -> None:
    """Read standard input within limits and answer on standard output: the child's whole life."""
    limit()
    try:
        answer = _told(read(sys.stdin.buffer.read(), **_arguments(names)))
    except Unreadable as trouble:
        answer = {"unreadable": str(trouble)}
    except MemoryError:
        answer = {"unreadable": _TOO_MUCH}
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
        "notices": [asdict(notice) for notice in sheet.notices],
        "others": sheet.others,
    }

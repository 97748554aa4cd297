"""Reading a file in a child process: whatever it contains, time and memory are bounded."""

import json
import os
import subprocess
import sys
from pathlib import Path

from initiatives.importing.bounded import TOO_MUCH
from initiatives.importing.kinds import is_workbook
from initiatives.importing.sheets import Notice, Sheet, SheetRow, Unreadable

WALL_SECONDS = 30

_ROOT = Path(__file__).parents[2]
_PROGRAM = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from initiatives.importing.bounded import main; main(*sys.argv[2:])"
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
        raise Unreadable(TOO_MUCH) from None
    if done.returncode:
        raise Unreadable(TOO_MUCH if done.returncode < 0 else _DAMAGED)
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

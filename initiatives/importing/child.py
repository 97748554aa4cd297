"""Reading a file in a child process: whatever it contains, time and memory are bounded."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from initiatives.importing.bounded import TOO_MUCH
from initiatives.importing.kinds import is_workbook
from initiatives.importing.sheets import Notice, Sheet, SheetRow, Unreadable

WALL_SECONDS = 30

_ROOT = Path(__file__).parents[2]
# Without the `site` module, whose work takes as long as reading; so it is told where packages are.
_OPTIONS = ("-I", "-S", "-X", "utf8")
_PROGRAM = (
    "import sys; sys.path += sys.argv[2:]; "
    "from initiatives.importing.bounded import main; main(sys.argv[1])"
)
_DAMAGED = "The file is damaged. Open it in your spreadsheet program and save it as .xlsx or CSV."


def in_child(content: bytes, filename: str, sheet: str | None = None) -> Sheet:
    """Read a file in a process of its own, or raise Unreadable."""
    is_workbook(content, filename)
    names = json.dumps({"filename": filename, "sheet": sheet})
    command = [sys.executable, *_OPTIONS, "-c", _PROGRAM, names, str(_ROOT), *_packages()]
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


def _packages() -> list[str]:
    """Where the package is that reads workbooks."""
    found = find_spec("python_calamine")
    return [str(Path(found.origin).parents[1])] if found and found.origin else []


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

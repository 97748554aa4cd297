"""Reading an uploaded inventory, again at each step: its sheets, its rows, what is said of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import PurePath
from typing import Any

from django.db.models import F, QuerySet
from django.urls import reverse
from django.utils import timezone

from audit.queries import EventRecord, latest
from initiatives.importing import mapping
from initiatives.importing.child import in_child
from initiatives.importing.parsing import Parsed, read_and_parse
from initiatives.importing.sheets import Sheet, Unreadable
from initiatives.models import Upload
from initiatives.stages import Stage

STARTED = "inventory.import_started"
STUCK_AFTER = timedelta(minutes=10)
UNDER_WAY = (Upload.State.WAITING, Upload.State.IMPORTING)
ROWS_NAMED = 5
_REFERENCE = re.compile(r"^AI-(\d{1,18}): ")


@dataclass(frozen=True)
class Opened:
    """An uploaded file, read: the sheet in use, the names of all that could be, its columns."""

    sheet: Sheet
    names: tuple[str, ...]
    guessed: mapping.Mapping
    corrected: mapping.Mapping


def opened(upload: Upload) -> Opened:
    """Read the file; raises `Unreadable`."""
    content = content_of(upload)
    sheet = in_child(content, upload.name)
    names = (sheet.name, *sheet.others)
    if upload.sheet and upload.sheet != sheet.name:
        sheet = in_child(content, upload.name, upload.sheet)
    return Opened(sheet, names, mapping.guess(sheet.headers), correction_of(upload))


def parsed(upload: Upload, at: datetime) -> Parsed:
    """Read the file's rows as the command would, with what a person corrected."""
    return read_and_parse(
        content_of(upload),
        upload.name,
        default_source=upload.source or PurePath(upload.name).stem,
        today=timezone.localdate(at),
        sheet=upload.sheet or None,
        correction=correction_of(upload),
    )


def correction_of(upload: Upload) -> mapping.Mapping:
    return mapping.Mapping(**upload.mapping)


def content_of(upload: Upload) -> bytes:
    try:
        with upload.file.open("rb") as file:
            content: bytes = file.read()
    except FileNotFoundError:
        raise Unreadable("The uploaded file is no longer there. Upload it again.") from None
    return content


def started(upload: Upload) -> EventRecord | None:
    """Who started its import the last time, and when."""
    return latest(kind=STARTED, subject=f"upload:{upload.pk}")


def is_stuck(upload: Upload, at: datetime) -> bool:
    """Whether its import was started so long ago that nobody can be at it any more."""
    if upload.state not in UNDER_WAY:
        return False
    start = started(upload)
    return start is None or at - start.at > STUCK_AFTER


# --- what is said of the rows -----------------------------------------------------------------


@dataclass(frozen=True)
class Cell:
    """A rejected cell, in its place."""

    row: int
    column: str
    value: str
    reason: str


@dataclass
class Remark:
    """A warning, and all the rows in which it is the same."""

    column: str
    value: str
    reason: str
    url: str = ""
    reference: str = ""
    rows: list[int] = field(default_factory=list)

    @property
    def where(self) -> str:
        """`rows 2, 5, 9 and 318 more`."""
        shown = ", ".join(f"{row:,}" for row in self.rows[:ROWS_NAMED])
        more = len(self.rows) - ROWS_NAMED
        return f"{shown} and {more:,} more" if more > 0 else shown


@dataclass(frozen=True)
class Account:
    """What an import did, or would do, as pages say it."""

    rows: int
    created: int
    updated: int
    unchanged: int
    rejected: Sequence[Cell]
    remarks: Sequence[Remark]
    warnings: int
    stages: list[tuple[str, str, int]]

    @property
    def rejected_rows(self) -> int:
        return len({cell.row for cell in self.rejected})

    @property
    def accepted(self) -> int:
        return self.created + self.updated + self.unchanged


def account_of(result: Mapping[str, Any]) -> Account:
    """Read a result as the command prints it and an upload keeps it."""
    return Account(
        rows=result["rows"],
        created=result["created"],
        updated=result["updated"],
        unchanged=result["unchanged"],
        rejected=[Cell(**cell) for cell in result["rejected"]],
        remarks=list(_remarks(result["warnings"])),
        warnings=len(result["warnings"]),
        stages=[(s.value, s.label, result["stages"][s]) for s in Stage],
    )


def _remarks(warnings: Iterable[Mapping[str, Any]]) -> Iterator[Remark]:
    """Say the same thing once, whatever most rows are said to have first."""
    found: dict[tuple[str, str, str], Remark] = {}
    for warning in warnings:
        same = (warning["column"], warning["value"], warning["reason"])
        remark = found.setdefault(same, _linked(Remark(*same)))
        remark.rows.append(warning["row"])
    yield from sorted(found.values(), key=lambda r: (not r.url, -len(r.rows)))


def _linked(remark: Remark) -> Remark:
    """Lead to the initiative that the file contradicts."""
    if match := _REFERENCE.match(remark.reason):
        remark.reference = match[0].removesuffix(": ")
        remark.reason = remark.reason[match.end() :]
        remark.url = reverse("initiatives:detail", args=[int(match[1])])
    return remark


# --- the uploads before it --------------------------------------------------------------------

TONES = {
    Upload.State.UPLOADED: "info",
    Upload.State.WAITING: "info",
    Upload.State.IMPORTING: "info",
    Upload.State.DONE: "fine",
    Upload.State.FAILED: "critical",
}


@dataclass(frozen=True)
class Listed:
    """An upload as a list shows it."""

    upload: Upload
    tone: str
    says: str


def uploads() -> QuerySet[Any, Any]:
    """All uploads, the newest first, with the figures of their results but not the rows."""
    figures = {f"n_{key}": F(f"result__{key}") for key in ("rows", *_FIGURES)}
    rows = Upload.objects.select_related("uploaded_by").defer("result", "mapping")
    return rows.annotate(**figures)


def listed(upload: Any) -> Listed:
    return Listed(upload, TONES[Upload.State(upload.state)], _says(upload))


def _says(upload: Any) -> str:
    """What came of it, in a few words."""
    if upload.problem or upload.state != Upload.State.DONE:
        return str(upload.problem)
    counts = {key: getattr(upload, f"n_{key}") for key in _FIGURES}
    counts["skipped"] = upload.n_rows - sum(counts.values())
    return ", ".join(f"{n:,} {word}" for word, n in counts.items() if n) or "no rows"


_FIGURES = ("created", "updated", "unchanged")

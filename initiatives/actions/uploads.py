"""Inventories through the browser: kept, corrected, started by a lead, imported by the worker."""

from __future__ import annotations

import logging
import secrets
from dataclasses import asdict
from datetime import datetime
from pathlib import PurePath

from django.core.files.base import ContentFile
from django.db import transaction

from accounts.models import Person
from audit.actions import Entry, Words, append
from audit.refusals import Refused, records_refusals
from initiatives import inventories, permissions
from initiatives.actions.importing import Imported, import_inventory
from initiatives.importing.mapping import Mapping
from initiatives.importing.parsing import Parsed
from initiatives.importing.sheets import Unreadable
from initiatives.inventories import STARTED, UNDER_WAY
from initiatives.models import SavedMapping, Upload

__all__ = ["correct", "discard", "import_uploaded", "rehearse", "save_mapping", "start", "upload"]

State = Upload.State
OPEN = (State.UPLOADED, State.FAILED)
logger = logging.getLogger(__name__)


@records_refusals("inventory.upload")
def upload(*, content: bytes, name: str, by: Person, at: datetime) -> Upload:
    """Keep a file that was found readable, under a name that says nothing."""
    _require_lead(by)
    suffix = PurePath(name).suffix.lower()[:10]
    kept = Upload.objects.create(
        file=ContentFile(content, name=f"{secrets.token_hex(16)}{suffix}"),
        name=name[-300:],
        source=PurePath(name).stem[:300],
        uploaded_at=at,
        uploaded_by=by,
    )
    append([_entry("inventory.uploaded", kept, by)], at=at)
    return kept


@records_refusals("inventory.correct")
def correct(
    *,
    upload: Upload,
    by: Person,
    at: datetime,
    source: str | None = None,
    sheet: str | None = None,
    mapping: Mapping | None = None,
) -> Upload:
    """Change how a file is read, as long as it is not being imported; nothing is said in the log.

    Another sheet has other columns, so the corrections made for the one before are dropped.
    """
    _require_lead(by)
    held = _held(upload)
    if held.state not in OPEN:
        raise Refused(_CLOSED, rule="upload_closed")
    if source is not None:
        held.source = source
    if sheet is not None and sheet != held.sheet:
        held.sheet, held.mapping = sheet, {}
    if mapping is not None:
        held.mapping = asdict(mapping)
    held.state, held.result, held.problem, held.finished_at = State.UPLOADED, None, "", None
    held.save()
    return held


@records_refusals("mapping.save")
def save_mapping(*, name: str, mapping: Mapping, by: Person, at: datetime) -> SavedMapping:
    """Keep a mapping under a name, for the next file of its kind; the name's older one goes."""
    _require_lead(by)
    saved, _ = SavedMapping.objects.update_or_create(
        name=name, defaults={"mapping": asdict(mapping), "saved_at": at, "saved_by": by}
    )
    entry = Entry(
        "mapping.saved", f"mapping:{saved.pk}", actor_id=by.pk, changed={"name": Words(name)}
    )
    append([entry], at=at)
    return saved


def rehearse(*, upload: Upload, parsed: Parsed, by: Person, at: datetime) -> Imported:
    """Say what the import would do, rows that cannot be understood left out; writes nothing."""
    return import_inventory(
        parsed=parsed, file_name=upload.name, by=by, at=at, skip_rejected=True, dry_run=True
    )


@records_refusals("inventory.discard")
def discard(*, upload: Upload, by: Person, at: datetime) -> None:
    """Delete a file that came to nothing; what was imported stays with its account."""
    _require_lead(by)
    held = _held(upload)
    if held.state not in OPEN:
        raise Refused("This file has been imported, or is being imported.", rule="upload_closed")
    append([_entry("inventory.discarded", held, by)], at=at)
    held.delete()
    transaction.on_commit(lambda: held.file.delete(save=False))


@records_refusals("inventory.import_start")
def start(*, upload: Upload, skip_rejected: bool, by: Person, at: datetime) -> Upload:
    """Hand a file to the worker; once more only if the last time was long ago or failed."""
    _require_lead(by)
    held = _held(upload)
    if held.state not in OPEN and not inventories.is_stuck(held, at):
        raise Refused(_CLOSED, rule="upload_closed")
    held.skip_rejected = skip_rejected
    held.state, held.result, held.problem, held.finished_at = State.WAITING, None, "", None
    held.save()
    append([_entry(STARTED, held, by)], at=at)
    return held


def import_uploaded(*, upload: Upload, at: datetime) -> bool:
    """Import a file that waits, and say whether it was ours to do: one worker claims it.

    Reading happens before, writing within one transaction with the state. So a worker that dies
    leaves nothing but the claim, which a lead may release after ten minutes (`is_stuck`).
    """
    waiting = Upload.objects.filter(pk=upload.pk, state=State.WAITING)
    if not waiting.update(state=State.IMPORTING):
        return False
    try:
        parsed = inventories.parsed(Upload.objects.get(pk=upload.pk), at)
        _import(upload, parsed, at)
    except Unreadable as trouble:
        _end(upload, State.FAILED, at, problem=str(trouble))
    except Exception:
        logger.exception("Importing upload %s failed.", upload.pk)
        _end(upload, State.FAILED, at, problem=_BROKEN)
    return True


@transaction.atomic
def _import(upload: Upload, parsed: Parsed, at: datetime) -> None:
    held = _held(upload)
    if held.state != State.IMPORTING:
        return  # it was released meanwhile, and somebody else has finished it
    try:
        result = import_inventory(
            parsed=parsed,
            file_name=held.name,
            by=_starter(held),
            at=at,
            skip_rejected=held.skip_rejected,
        )
    except Refused as refusal:
        _end(held, State.FAILED, at, problem=refusal.message)
        return
    state, problem = (State.DONE, "") if result.written else (State.FAILED, _rejected(result))
    _end(held, state, at, problem=problem, result=result)


def _end(
    upload: Upload, state: str, at: datetime, *, problem: str, result: Imported | None = None
) -> None:
    Upload.objects.filter(pk=upload.pk, state=State.IMPORTING).update(
        state=state,
        problem=problem,
        result=result and result.as_json(),
        finished_at=at,
    )


def _starter(upload: Upload) -> Person:
    """Whoever pressed the button; it is their import, also in the log."""
    event = inventories.started(upload)
    if event is None or event.actor_id is None:
        return upload.uploaded_by
    return Person.objects.get(pk=event.actor_id)


def _held(upload: Upload) -> Upload:
    """The upload as it stands now, and stays until this transaction ends."""
    return Upload.objects.select_for_update().get(pk=upload.pk)


def _require_lead(person: Person) -> None:
    if not permissions.may_declare(person):
        raise Refused("Only portfolio leads import inventories.", rule="not_a_lead")


def _entry(kind: str, upload: Upload, by: Person) -> Entry:
    return Entry(kind, f"upload:{upload.pk}", actor_id=by.pk, changed={"file": Words(upload.name)})


def _rejected(result: Imported) -> str:
    count = len({cell.row for cell in result.rejected})
    rows = "1 row" if count == 1 else f"{count:,} rows"
    return (
        f"{rows} cannot be understood, so nothing was imported. Correct how they are read, mend "
        f"them in the file, or skip them."
    )


_CLOSED = "This file is being imported or has been imported already. Upload it once more."
_BROKEN = (
    "Something went wrong on our side, and nothing was imported. Try again; if it happens again, "
    "an administrator finds the reason in the worker's log."
)
assert {*OPEN, *UNDER_WAY, State.DONE} == set(State)

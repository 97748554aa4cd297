"""Files and links that stand behind answers; what was added stays as it is."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from django.core.files import File
from django.core.files.storage import default_storage

from accounts.models import Person
from audit.actions import Value, Words, append
from audit.refusals import Refused, records_refusals
from initiatives import documents
from initiatives.actions import writing
from initiatives.documents import Offered
from initiatives.models import Document, Initiative


@records_refusals("document.add")
def add_document(
    *,
    initiative: Initiative,
    by: Person | None,
    at: datetime,
    file: File[Any] | None = None,
    url: str = "",
    name: str = "",
) -> Document:
    """Add a file of at most 20 MB or a link; the same content again is the row that is there.

    It changes no evidence: only an answer that cites it does.
    """
    row = writing.locked_for_edit(initiative, by)
    return _added(row, Offered(file=file, url=url), name, by, at)


def cite(row: Initiative, field: str, value: Any, by: Person, at: datetime) -> Any:
    """What an answer stores for a field: of a document its citation, of all else the value.

    The row is locked by the caller.
    """
    if not isinstance(value, Offered):
        return value
    try:
        if value.document is None:
            return documents.citation(_added(row, value, "", by, at))
        return documents.citation(_of(row, value.document))
    except Refused as refusal:
        refusal.field = field
        raise


def _of(row: Initiative, pk: int) -> Document:
    found = Document.objects.filter(initiative=row, pk=pk).first()
    if found is None:
        raise Refused("Choose a document of this initiative.", rule="unknown_document")
    return found


def _added(
    row: Initiative, offered: Offered, name: str, by: Person | None, at: datetime
) -> Document:
    _check(offered)
    called = _name(offered, documents.tidy(name))
    file = _kept(row, offered.file)  # also where the row is there and its file was lost
    same = Document.objects.filter(initiative=row, url=offered.url, sha256=file.get("sha256", ""))
    if (there := same.first()) is not None:
        return there
    document = Document.objects.create(
        initiative=row, name=called, url=offered.url, added_at=at, added_by=by, **file
    )
    writing.mark_changed(row, by=by, at=at, material=False)
    _say(document, row, by, at)
    return document


def _check(offered: Offered) -> None:
    """Refuse what is no document: nothing, both at once, or something that cannot be kept."""
    if offered.file is None and not offered.url:
        raise Refused("Choose a file, or give a link.", rule="nothing_chosen")
    if offered.file is not None and offered.url:
        raise Refused("Give a file or a link, not both.", rule="both_chosen", field="url")
    if offered.file is not None and (fault := documents.file_fault(offered.file)):
        raise Refused(fault, rule="unfit_file", field="file")
    if offered.url and (fault := documents.link_fault(offered.url)):
        raise Refused(fault, rule="unfit_link", field="url")


def _name(offered: Offered, name: str) -> str:
    if offered.file is None:
        called = documents.name_of_link(name, offered.url)
    else:
        called = documents.tidy(documents.name_of_file(name, offered.file))
    if fault := documents.name_fault(called):
        raise Refused(fault, rule="unfit_name", field="name")
    return called


def _digest(file: File[Any]) -> str:
    found = hashlib.sha256()
    for chunk in file.chunks():
        found.update(chunk)
    return found.hexdigest()


def _kept(row: Initiative, file: File[Any] | None) -> dict[str, Any]:
    """Where a file is kept, under which digest and how large it is; of a link nothing."""
    if file is None:
        return {}
    size, digest = file.size, _digest(file)
    return {"file": _stored(row, file, digest), "sha256": digest, "size": size}


def _stored(row: Initiative, file: File[Any], digest: str) -> str:
    """Keep the content under its digest, and say where.

    What a refused or broken-off attempt left there is used if it is whole, and replaced if not;
    the lock on the initiative keeps others away.
    """
    path = f"documents/{row.pk}/{digest}"
    if default_storage.exists(path):
        with default_storage.open(path) as left:
            if _digest(left) == digest:
                return path
        default_storage.delete(path)
    return default_storage.save(path, file)


def _say(document: Document, row: Initiative, by: Person | None, at: datetime) -> None:
    changed: dict[str, Value] = {"name": Words(document.name)}
    if document.url:
        changed["url"] = Words(document.url)
    else:
        changed |= {"sha256": document.sha256, "size": document.size}
    subject = f"document:{document.pk}"
    append([writing.entry("document.added", row, by, changed, subject=subject)], at=at)

"""Writing what an inventory says: all of it or nothing, and never over what people wrote here."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction

from accounts.models import Person
from audit.actions import Entry, Words, append
from audit.refusals import Refused, records_refusals
from initiatives import permissions
from initiatives.actions.importing.creating import create
from initiatives.actions.importing.editions import (
    Edition,
    Imported,
    identity,
    known_rows,
    people_of,
    units_of,
)
from initiatives.actions.importing.updating import update
from initiatives.importing.parsing import Parsed

__all__ = ["Imported", "identity", "import_inventory"]


@records_refusals("inventory.import")
def import_inventory(
    *,
    parsed: Parsed,
    file_name: str,
    by: Person | None,
    at: datetime,
    skip_rejected: bool = False,
    dry_run: bool = False,
) -> Imported:
    """Import what was understood; with rejected rows only if they are to be skipped."""
    if by is not None and not permissions.may_declare(by):
        raise Refused("Only portfolio leads import inventories.", rule="not_a_lead")
    result = Imported(
        rows=parsed.counts["rows"],
        rejected=list(parsed.rejected),
        stages=parsed.stages,
        warnings=list(parsed.warnings),
        written=not dry_run,
    )
    if parsed.rejected and not skip_rejected:
        result.written = False
        return result
    try:
        _write(parsed, file_name, by, at, result, is_rehearsal=dry_run)
    except IntegrityError as error:
        raise Refused(
            "Another import of the same inventory is running. Try again when it is done.",
            rule="concurrent_import",
        ) from error
    if dry_run:
        transaction.set_rollback(True)
    return result


def _write(
    parsed: Parsed,
    file_name: str,
    by: Person | None,
    at: datetime,
    result: Imported,
    *,
    is_rehearsal: bool,
) -> None:
    known = known_rows({row.source for row in parsed.rows})
    new = [row for row in parsed.rows if (row.source, identity(row)) not in known]
    old = [row for row in parsed.rows if (row.source, identity(row)) in known]
    edition = Edition(file_name, by, at, units_of(parsed.rows), is_rehearsal)
    edition.people = people_of(new, edition)
    create(new, edition)
    updated = update(old, known, parsed, edition, result)
    result.created, result.updated = len(new), updated
    result.unchanged = len(old) - updated
    if edition.entries and not is_rehearsal:  # the log is locked for it, and others wait
        append([*edition.entries, _summary(edition, result)], at=at)


def _summary(edition: Edition, result: Imported) -> Entry:
    return Entry(
        "inventory.imported",
        "inventory",
        actor_id=edition.by.pk if edition.by else None,
        changed={
            "file": Words(edition.file_name),
            "rows": result.rows,
            "created": result.created,
            "updated": result.updated,
            "skipped": len({rejected.row for rejected in result.rejected}),
        },
    )

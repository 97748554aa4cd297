"""One edition of an inventory: what its rows are called, and what is looked up once for them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256
from typing import Any

from accounts.models import Person, Unit
from audit.actions import Entry, Words
from initiatives.importing.folding import fold
from initiatives.importing.parsing import ParsedRow, Rejected
from initiatives.importing.sheets import Notice
from initiatives.models import ImportedRow

TEXTS = {
    "name": "name", "problem": "problem", "outcome": "outcome", "users": "users",
    "scope": "scope", "vendor": "vendor", "system": "system_name",
}  # fmt: skip
LONGEST_IDENTITY = 200  # what PostgreSQL indexes beside the source, whatever the alphabet


@dataclass
class Imported:
    """What an import did, or, in a dry run, would do."""

    rows: int
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    stages: dict[str, int] = field(default_factory=dict)
    warnings: list[Notice] = field(default_factory=list)
    written: bool = True

    def as_json(self) -> dict[str, Any]:
        """What the command prints and what an upload keeps: everything, in one fixed shape."""
        return {
            "rows": self.rows,
            "created": self.created,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "rejected": [cell._asdict() for cell in self.rejected],
            "stages": dict(self.stages),
            "warnings": [notice._asdict() for notice in self.warnings],
        }


@dataclass
class Edition:
    """The new rows of one file, and all that is looked up once for them."""

    file_name: str
    by: Person | None
    at: datetime
    units: dict[str, Unit]
    is_rehearsal: bool = False
    people: dict[str, Person] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)


def identity(row: ParsedRow) -> str:
    """What names a row within its source: its id, else name, unit and place among equals."""
    if row.external_id:
        return f"id:{row.external_id}"
    name = f"{fold(str(row.values['name']))}|{fold(str(row.values['unit']))}|{row.ordinal}"
    if len(name) > LONGEST_IDENTITY:  # folding lengthens some letters, up to eighteen times
        return f"name:{sha256(name.encode()).hexdigest()}"
    return f"name:{name}"


def known_rows(sources: set[str]) -> dict[tuple[str, str], ImportedRow]:
    rows = ImportedRow.objects.filter(source__in=sources)
    return {(row.source, row.identity): row for row in rows}


def units_of(rows: Iterable[ParsedRow]) -> dict[str, Unit]:
    """Units by folded name; those the file names and we do not have yet are created."""
    units = {fold(unit.name): unit for unit in Unit.objects.all()}
    missing = {fold(name): name for row in rows if (name := str(row.values["unit"]).strip())}
    new = [Unit(name=name) for key, name in missing.items() if key not in units]
    units |= {fold(unit.name): unit for unit in Unit.objects.bulk_create(new)}
    return units


def people_of(rows: Iterable[ParsedRow], edition: Edition) -> dict[str, Person]:
    """People by address; those known only by the file become invited ones, without an account."""
    named = {
        email: str(row.values["owner_name"])
        for row in rows
        if (email := str(row.values["owner_email"]).lower())
    }
    people = {p.email: p for p in Person.objects.filter(email__in=named)}
    invited = Person.objects.bulk_create(
        _invited(email, name, edition.at) for email, name in named.items() if email not in people
    )
    edition.entries += [_added(person, edition.by) for person in invited]
    return people | {person.email: person for person in invited}


def _invited(email: str, name: str, at: datetime) -> Person:
    person = Person(email=email, name=name[:200] or email, active_since=at, invited_at=at)
    person.set_unusable_password()
    return person


def _added(person: Person, by: Person | None) -> Entry:
    """The same event as when somebody adds them by hand (`accounts.actions.create_person`)."""
    return Entry(
        "person.created",
        f"person:{person.pk}",
        actor_id=by.pk if by else None,
        changed={"name": Words(person.name), "invited": True},
    )


def as_read(row: ParsedRow) -> dict[str, Any]:
    """The values as the kept row has them: the base of the next comparison."""
    return {
        key: value.isoformat() if isinstance(value, date) else value
        for key, value in row.values.items()
    }

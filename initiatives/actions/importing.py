"""Writing what an inventory says: all of it or nothing, and never over what people wrote here.

New rows stand where the file declares them to be, quiet until the campaign starts. For known
ones three texts are compared, the file's last edition, this one, and what stands here: a field is
written where only the file changed it; where both did, it is left and warned about. An existing
initiative's stage never moves (product.md §2, Catch-up).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from hashlib import sha256
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import Person, Unit
from audit.actions import Entry, Value, Words, append
from audit.refusals import Refused, records_refusals
from initiatives import permissions, search, triage
from initiatives.actions import writing
from initiatives.importing import Parsed
from initiatives.importing.folding import fold
from initiatives.importing.parsing import ParsedRow, Rejected
from initiatives.importing.sheets import Notice
from initiatives.models import (
    Baseline,
    ImportedRow,
    Initiative,
    Ownership,
    StageSpell,
    Triage,
)
from initiatives.rules import CHARTER_FIELDS
from initiatives.stages import Role, Stage

TEXTS = {
    "name": "name", "problem": "problem", "outcome": "outcome", "users": "users",
    "scope": "scope", "vendor": "vendor", "system": "system_name",
}  # fmt: skip
LONGEST_IDENTITY = 200  # what PostgreSQL indexes beside the source, whatever the alphabet
# The date that says since when an imported one has been in its stage.
ENTERED = {
    Stage.PROPOSAL: "started_date",
    Stage.PILOT: "started_date",
    Stage.READINESS_REVIEW: "started_date",
    Stage.PRODUCTION: "live_date",
    Stage.RETIRED: "retired_date",
}


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


@dataclass
class _Edition:
    """The new rows of one file, and all that is looked up once for them."""

    file_name: str
    by: Person | None
    at: datetime
    units: dict[str, Unit]
    people: dict[str, Person] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)


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
        _write(parsed, file_name, by, at, result)
    except IntegrityError as error:
        raise Refused(
            "Another import of the same inventory is running. Try again when it is done.",
            rule="concurrent_import",
        ) from error
    if dry_run:
        transaction.set_rollback(True)
    return result


def _write(
    parsed: Parsed, file_name: str, by: Person | None, at: datetime, result: Imported
) -> None:
    known = _known({row.source for row in parsed.rows})
    new = [row for row in parsed.rows if (row.source, identity(row)) not in known]
    old = [row for row in parsed.rows if (row.source, identity(row)) in known]
    edition = _Edition(file_name, by, at, _units(parsed.rows))
    edition.people = _people(new, edition)
    _create(new, edition)
    updated = _update(old, known, parsed, edition, result)
    result.created, result.updated = len(new), updated
    result.unchanged = len(old) - updated
    if edition.entries:
        append([*edition.entries, _summary(edition, result)], at=at)


def identity(row: ParsedRow) -> str:
    """What names a row within its source: its id, else name, unit and place among equals."""
    if row.external_id:
        return f"id:{row.external_id}"
    name = f"{fold(str(row.values['name']))}|{fold(str(row.values['unit']))}|{row.ordinal}"
    if len(name) > LONGEST_IDENTITY:  # folding lengthens some letters, up to eighteen times
        return f"name:{sha256(name.encode()).hexdigest()}"
    return f"name:{name}"


def _known(sources: set[str]) -> dict[tuple[str, str], ImportedRow]:
    rows = ImportedRow.objects.filter(source__in=sources)
    return {(row.source, row.identity): row for row in rows}


def _units(rows: Iterable[ParsedRow]) -> dict[str, Unit]:
    """Units by folded name; those the file names and we do not have yet are created."""
    units = {fold(unit.name): unit for unit in Unit.objects.all()}
    missing = {fold(name): name for row in rows if (name := str(row.values["unit"]).strip())}
    new = [Unit(name=name) for key, name in missing.items() if key not in units]
    units |= {fold(unit.name): unit for unit in Unit.objects.bulk_create(new)}
    return units


def _people(rows: Iterable[ParsedRow], edition: _Edition) -> dict[str, Person]:
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


def _create(rows: Sequence[ParsedRow], edition: _Edition) -> None:
    built = [_build(row, edition) for row in rows]
    Initiative.objects.bulk_create(initiative for initiative, _ in built)
    StageSpell.objects.bulk_create(spell for _, spell in built)
    created = list(zip(rows, (initiative for initiative, _ in built), strict=True))
    Triage.objects.bulk_create(_triage(row, initiative, edition) for row, initiative in created)
    Ownership.objects.bulk_create(
        Ownership(
            initiative=initiative,
            person=person,
            role=Role.BUSINESS_OWNER,
            asked_at=edition.at,
            asked_by=edition.by,
        )
        for row, initiative in created
        if (person := edition.people.get(str(row.values["owner_email"]).lower()))
        and person.is_active
    )
    ImportedRow.objects.bulk_create(_kept(row, initiative, edition) for row, initiative in created)
    edition.entries += [_created(row, initiative, edition) for row, initiative in created]


def _build(row: ParsedRow, edition: _Edition) -> tuple[Initiative, StageSpell]:
    stage = Stage(str(row.values["stage"]))
    initiative = Initiative(
        **{ours: str(row.values[theirs]) for theirs, ours in TEXTS.items()},
        unit=edition.units.get(fold(str(row.values["unit"]))),
        level=_level(row),
        registered_at=edition.at,
        registered_by=edition.by,
        declared_at=edition.at,
        touched_at=edition.at,
        evidence_changed_by=edition.by,
    )
    spell = initiative.enter(
        stage, at=_entered_at(row, stage, edition.at), decision_date=None, is_declared=True
    )
    initiative.search_text = search.text_of(initiative)
    return initiative, spell


def _entered_at(row: ParsedRow, stage: Stage, at: datetime) -> datetime:
    """Since when it has been in its stage, as the file says; its true age stays shown."""
    day = row.values[ENTERED[stage]]
    if not isinstance(day, date):
        return at
    return min(timezone.make_aware(datetime.combine(day, time())), at)


def _answers(row: ParsedRow) -> dict[str, bool | None]:
    return {q: a if isinstance(a := row.values[q], bool) else None for q in triage.QUESTIONS}


def _level(row: ParsedRow) -> triage.Level:
    return triage.level(_answers(row), pilot_budget=None, monthly_cost=None)


def _triage(row: ParsedRow, initiative: Initiative, edition: _Edition) -> Triage:
    answers = _answers(row)
    return Triage(
        initiative=initiative,
        **answers,
        legal_class=triage.legal_class(answers),
        answered_at=edition.at,
        answered_by=edition.by,
    )


def _as_read(row: ParsedRow) -> dict[str, Any]:
    """The values as the kept row has them: the base of the next comparison."""
    return {
        key: value.isoformat() if isinstance(value, date) else value
        for key, value in row.values.items()
    }


def _kept(row: ParsedRow, initiative: Initiative, edition: _Edition) -> ImportedRow:
    return ImportedRow(
        initiative=initiative,
        source=row.source,
        identity=identity(row),
        values=_as_read(row),
        original={k: v for k, v in row.original.items() if v},
        row_number=row.number,
        file_name=edition.file_name,
        imported_at=edition.at,
    )


def _created(row: ParsedRow, initiative: Initiative, edition: _Edition) -> Entry:
    changed: dict[str, Value] = {"name": Words(initiative.name), "stage": str(initiative.stage)}
    return writing.entry("initiative.imported", initiative, edition.by, changed)


def _update(
    rows: Sequence[ParsedRow],
    known: dict[tuple[str, str], ImportedRow],
    parsed: Parsed,
    edition: _Edition,
    result: Imported,
) -> int:
    """Write what only the file changed, and return how many initiatives that touched."""
    kept = {known[row.source, identity(row)].initiative_id: row for row in rows}
    lock = Initiative.objects.select_for_update(of=("self",)).filter(pk__in=kept).order_by("pk")
    initiatives = {i.pk: i for i in lock}
    units = {unit.pk: unit for unit in edition.units.values()}
    triages = {t.initiative_id: t for t in Triage.objects.filter(initiative__in=kept)}
    frozen = set(
        Baseline.objects.filter(
            initiative__in=kept, in_force_until=None, in_force_since__isnull=False
        ).values_list("initiative_id", flat=True)
    )
    editions, changed = [], []
    for pk, row in kept.items():
        base = known[row.source, identity(row)]
        initiatives[pk].unit = units.get(initiatives[pk].unit_id or 0)
        comparison = _Comparison(
            row, base, initiatives[pk], triages.get(pk), pk in frozen, edition, result
        )
        if comparison.differs(parsed.fields):
            editions.append(base)
        if comparison.write():
            changed.append(comparison)
    _save(changed, edition)
    _keep(editions, edition)
    return len(changed)


def _save(changed: Sequence[_Comparison], edition: _Edition) -> None:
    """Write only the columns that changed in some row: each costs a branch of SQL for every row."""
    texts = {column for comparison in changed for column in comparison.texts}
    answered = [comparison for comparison in changed if comparison.answers]
    columns = [*texts, *(["search_text"] if texts else []), *(["level"] if answered else [])]
    if columns:
        rows = [comparison.initiative for comparison in changed]
        Initiative.objects.bulk_update(rows, sorted(columns), batch_size=500)
        Initiative.objects.filter(pk__in=[row.pk for row in rows]).update(
            evidence_version=F("evidence_version") + 1,
            evidence_changed_by=edition.by,
            touched_at=edition.at,
        )
    if answered:
        questions = {question for comparison in answered for question in comparison.answers}
        triages = [comparison.triage for comparison in answered if comparison.triage]
        Triage.objects.bulk_update(triages, [*sorted(questions), "legal_class"], batch_size=500)


def _keep(rows: Sequence[ImportedRow], edition: _Edition) -> None:
    """Keep this edition's rows for the next comparison."""
    ImportedRow.objects.bulk_update(rows, ["values", "original", "row_number"], batch_size=500)
    ImportedRow.objects.filter(pk__in=[row.pk for row in rows]).update(
        file_name=edition.file_name, imported_at=edition.at
    )


@dataclass
class _Comparison:
    """One known row: the last edition, this edition, and what stands here."""

    row: ParsedRow
    base: ImportedRow
    initiative: Initiative
    triage: Triage | None
    is_frozen: bool
    edition: _Edition
    result: Imported
    fields: list[str] = field(default_factory=list)
    changed: dict[str, Value] = field(default_factory=dict)
    _last: dict[str, Any] = field(default_factory=dict)

    @property
    def texts(self) -> list[str]:
        """The initiative's columns that were written."""
        return [TEXTS.get(name, name) for name in self.changed if name not in triage.QUESTIONS]

    @property
    def answers(self) -> list[str]:
        """The questions whose answer was written."""
        return [name for name in self.changed if name in triage.QUESTIONS]

    def differs(self, fields: Iterable[str]) -> bool:
        """Note which fields this edition says otherwise than the last, and keep the new row."""
        values = _as_read(self.row)
        if "stage" in fields:
            self._warn_of_stage()
        self.fields = [f for f in fields if self.base.values.get(f) != values[f]]
        if not self.fields:
            return False
        said = {f: values[f] for f in self.fields}  # an absent column says nothing
        self.base.values, self._last = self.base.values | said, self.base.values
        self.base.original = {k: v for k, v in self.row.original.items() if v}
        self.base.row_number = self.row.number
        return True

    def _warn_of_stage(self) -> None:
        stands, says = self.initiative.stage, str(self.row.values["stage"])
        if stands != says:
            self._warn("stage", says, f"it stands in {stands}; an import never moves a stage")

    def _warn(self, name: str, value: object, reason: str) -> None:
        reference = self.initiative.reference
        notice = Notice(self.row.number, name, str(value)[:200], f"{reference}: {reason}")
        self.result.warnings.append(notice)

    def write(self) -> bool:
        """Take over the fields that only the file changed; True where there were any."""
        for name in self.fields:
            if name in TEXTS or name == "unit":
                self._take_text(name)
            elif name in triage.QUESTIONS and self.triage is not None:
                self._take_answer(name, self.triage)
        if self.changed:
            self._derive()
        return bool(self.changed)

    def _take_text(self, name: str) -> None:
        ours = TEXTS.get(name, "unit")
        last, says = str(self._last.get(name) or ""), str(self.row.values[name] or "")
        stands = getattr(self.initiative, ours)
        if _same(stands, says):
            return
        if self.initiative.stage == Stage.RETIRED:
            self._warn(name, says, "it is retired here and stays as it was")
        elif not _same(stands, last):
            self._warn(name, says, "it was changed here as well, so it is left as it is here")
        elif self.is_frozen and ours in CHARTER_FIELDS:
            self._warn(name, says, "the charter is signed; this needs a re-baseline")
        else:
            value = self.edition.units.get(fold(says)) if name == "unit" else says
            setattr(self.initiative, ours, value)
            self.changed[name] = [Words(last), Words(says)]

    def _take_answer(self, name: str, stored: Triage) -> None:
        says, stands = self.row.values[name], getattr(stored, name)
        if says == stands:
            return
        if self.initiative.stage == Stage.RETIRED:
            self._warn(name, says, "it is retired here and stays as it was")
            return
        if stands != self._last.get(name):
            self._warn(name, says, "it was answered otherwise here, so that is left")
            return
        setattr(stored, name, says)
        self.changed[name] = [stands, bool(says) if says is not None else None]

    def _derive(self) -> None:
        """Bring what follows from the fields up to date, and say it in the log."""
        if self.triage is not None and self.answers:
            answers = {q: getattr(self.triage, q) for q in triage.QUESTIONS}
            self.triage.legal_class = triage.legal_class(answers)
            self.initiative.level = triage.level(
                answers,
                pilot_budget=self.initiative.pilot_budget,
                monthly_cost=self.initiative.monthly_cost,
            )
        self.initiative.search_text = search.text_of(self.initiative)
        entry = writing.entry(
            "initiative.import_updated", self.initiative, self.edition.by, self.changed
        )
        self.edition.entries.append(entry)


def _same(stands: Unit | str | None, says: str) -> bool:
    """Whether both say the same, white space aside; units are the same by their folded name."""
    if isinstance(stands, Unit):
        return fold(stands.name) == fold(says)
    return (stands or "").split() == says.split()


def _summary(edition: _Edition, result: Imported) -> Entry:
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

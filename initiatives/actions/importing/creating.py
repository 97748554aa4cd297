"""New rows: they stand where the file declares them to be, quiet until the campaign starts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time

from django.utils import timezone

from audit.actions import Entry, Value, Words
from initiatives import search, triage
from initiatives.actions import writing
from initiatives.actions.importing.editions import TEXTS, Edition, as_read, identity
from initiatives.importing.folding import fold
from initiatives.importing.parsing import ParsedRow
from initiatives.models import ImportedRow, Initiative, Ownership, StageSpell, Triage
from initiatives.stages import Role, Stage

# The date that says since when an imported one has been in its stage.
ENTERED = {
    Stage.PROPOSAL: "started_date",
    Stage.PILOT: "started_date",
    Stage.READINESS_REVIEW: "started_date",
    Stage.PRODUCTION: "live_date",
    Stage.RETIRED: "retired_date",
}


def create(rows: Sequence[ParsedRow], edition: Edition) -> None:
    """Write the new rows; a rehearsal writes no more than what the database could refuse."""
    built = [_build(row, edition) for row in rows]
    if edition.is_rehearsal:
        _number_below_zero(initiative for initiative, _ in built)
    Initiative.objects.bulk_create(initiative for initiative, _ in built)
    created = list(zip(rows, (initiative for initiative, _ in built), strict=True))
    ImportedRow.objects.bulk_create(_kept(row, initiative, edition) for row, initiative in created)
    if not edition.is_rehearsal:
        StageSpell.objects.bulk_create(spell for _, spell in built)
        _follow(created, edition)


def _follow(created: Sequence[tuple[ParsedRow, Initiative]], edition: Edition) -> None:
    """Write what follows from each row: its triage, whoever is asked to own it, its event."""
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
    edition.entries += [_created(row, initiative, edition) for row, initiative in created]


def _number_below_zero(initiatives: Iterable[Initiative]) -> None:
    """PostgreSQL takes no number back: a rehearsal would leave a gap in the references."""
    for number, initiative in enumerate(initiatives, start=1):
        initiative.pk = -number


def _build(row: ParsedRow, edition: Edition) -> tuple[Initiative, StageSpell]:
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


def answers_of(row: ParsedRow) -> dict[str, bool | None]:
    return {q: a if isinstance(a := row.values[q], bool) else None for q in triage.QUESTIONS}


def _level(row: ParsedRow) -> triage.Level:
    return triage.level(answers_of(row), pilot_budget=None, monthly_cost=None)


def _triage(row: ParsedRow, initiative: Initiative, edition: Edition) -> Triage:
    answers = answers_of(row)
    return Triage(
        initiative=initiative,
        **answers,
        legal_class=triage.legal_class(answers),
        answered_at=edition.at,
        answered_by=edition.by,
    )


def _kept(row: ParsedRow, initiative: Initiative, edition: Edition) -> ImportedRow:
    return ImportedRow(
        initiative=initiative,
        source=row.source,
        identity=identity(row),
        values=as_read(row),
        original={k: v for k, v in row.original.items() if v},
        row_number=row.number,
        file_name=edition.file_name,
        imported_at=edition.at,
    )


def _created(row: ParsedRow, initiative: Initiative, edition: Edition) -> Entry:
    changed: dict[str, Value] = {"name": Words(initiative.name), "stage": str(initiative.stage)}
    return writing.entry("initiative.imported", initiative, edition.by, changed)

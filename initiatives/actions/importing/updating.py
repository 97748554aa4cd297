"""Known rows: what only the file changed is written, what changed here as well is left.

Three texts are compared, the file's last edition, this one, and what stands here. An existing
initiative's stage never moves (product.md §2, Catch-up).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import F

from accounts.models import Unit
from audit.actions import Value, Words
from initiatives import search, triage
from initiatives.actions import triaging, writing
from initiatives.actions.importing.editions import TEXTS, Edition, Imported, as_read, identity
from initiatives.importing.folding import fold
from initiatives.importing.parsing import Parsed, ParsedRow
from initiatives.importing.sheets import Notice
from initiatives.models import Baseline, ImportedRow, Initiative, Triage
from initiatives.queries import basis_of
from initiatives.rules import CHARTER_FIELDS
from initiatives.stages import Stage
from initiatives.triage import Basis


def update(
    rows: Sequence[ParsedRow],
    known: dict[tuple[str, str], ImportedRow],
    parsed: Parsed,
    edition: Edition,
    result: Imported,
) -> int:
    """Write what only the file changed, and return how many initiatives that touched."""
    kept = {known[row.source, identity(row)].initiative_id: row for row in rows}
    lock = Initiative.objects.select_for_update(of=("self",)).filter(pk__in=kept).order_by("pk")
    initiatives = {i.pk: i for i in lock}
    units = {unit.pk: unit for unit in edition.units.values()}
    triages = {t.initiative_id: t for t in Triage.objects.filter(initiative__in=kept)}
    frozen = set(
        Baseline.objects.in_force()
        .filter(initiative__in=kept)
        .values_list("initiative_id", flat=True)
    )
    editions, changed = [], []
    for pk, row in kept.items():
        base = known[row.source, identity(row)]
        initiatives[pk].unit = units.get(initiatives[pk].unit_id or 0)
        comparison = Comparison(
            row, base, initiatives[pk], triages.get(pk), pk in frozen, edition, result
        )
        if comparison.differs(parsed.fields):
            editions.append(base)
        if comparison.write():
            changed.append(comparison)
    _save(changed, edition)
    _keep(editions, edition)
    return len(changed)


def _save(changed: Sequence[Comparison], edition: Edition) -> None:
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
        columns = [*sorted(questions), *triaging.SETTLED]
        Triage.objects.bulk_update(triages, columns, batch_size=500)


def _keep(rows: Sequence[ImportedRow], edition: Edition) -> None:
    """Keep this edition's rows for the next comparison."""
    ImportedRow.objects.bulk_update(rows, ["values", "original", "row_number"], batch_size=500)
    ImportedRow.objects.filter(pk__in=[row.pk for row in rows]).update(
        file_name=edition.file_name, imported_at=edition.at
    )


@dataclass
class Comparison:
    """One known row: the last edition, this edition, and what stands here."""

    row: ParsedRow
    base: ImportedRow
    initiative: Initiative
    triage: Triage | None
    is_frozen: bool
    edition: Edition
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
        values = as_read(self.row)
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
        before = basis_of(self.initiative, self.triage) if self.triage is not None else None
        for name in self.fields:
            if name in TEXTS or name == "unit":
                self._take_text(name)
            elif name in triage.QUESTIONS and self.triage is not None:
                self._take_answer(name, self.triage)
        if self.changed:
            self._derive(before)
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

    def _derive(self, before: Basis | None) -> None:
        """Bring what follows from the fields up to date, and say it in the log."""
        self.initiative.search_text = search.text_of(self.initiative)
        entry = writing.entry(
            "initiative.import_updated", self.initiative, self.edition.by, self.changed
        )
        self.edition.entries.append(entry)
        if self.triage is not None and before is not None and self.answers:
            self.edition.entries += triaging.settle(
                self.initiative, self.triage, before, by=self.edition.by, judged_by=None
            )


def _same(stands: Unit | str | None, says: str) -> bool:
    """Whether both say the same, white space aside; units are the same by their folded name."""
    if isinstance(stands, Unit):
        return fold(stands.name) == fold(says)
    return (stands or "").split() == says.split()

"""Rows written a chunk at a time, parents before what points at them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from accounts.models import Group
from initiatives.baselines import charter_of
from initiatives.models import Baseline, ImportedRow, StageSpell
from initiatives.stages import Role
from portfolio.generator import events, lives, reviewing
from portfolio.generator.world import Life, World, store


def write(lives: Sequence[Life], world: World) -> None:
    """Write a chunk, parents before what points at them, and note what is to be said of it."""
    for life in lives:
        by = life.owner(Role.BUSINESS_OWNER) or world.members[Group.LEADS][0]
        imported = life.origin in ("campaign", "quiet")
        life.row.registered_by = life.row.evidence_changed_by = None if imported else by
        if life.triage is not None:
            life.triage.answered_at = life.row.registered_at
            life.triage.answered_by = life.row.registered_by
    store(world, [life.row for life in lives])
    store(world, [life.triage for life in lives if life.triage is not None])
    store(world, [spell for life in lives for spell in _spells(world, life)])
    store(world, [row for life in lives for row in life.ownerships])
    store(world, [row for life in lives for row in life.metrics])
    store(world, [row for life in lives for row in life.measurements])
    store(world, [row for life in lives for row in life.kill_conditions])
    store(world, [row for life in lives for row in life.evidence])
    store(world, [row for life in lives for row in life.spend])
    store(world, [row for life in lives for row in life.decisions])
    store(world, [row for life in lives for row in _baselines(world, life)])
    store(world, [row for life in lives for row in _imported(world, life)])
    for life in lives:
        events.tell(world, life)
    reviewing.open_all(world, [life for life in lives if reviewing.is_due(world, life)])


def _spells(world: World, life: Life) -> Iterator[StageSpell]:
    for place, (stage, entered) in enumerate(life.path):
        is_last = place == len(life.path) - 1
        given = lives.days_given(world, stage, life.origin, life.row)
        due = life.row.decision_date if is_last else world.day(entered - (given or 0))
        yield StageSpell(
            initiative=life.row,
            stage=stage,
            entered_at=world.ago(entered),
            left_at=None if is_last else world.ago(life.path[place + 1][1]),
            decision_date=due,
            is_declared=life.origin != "registered",
        )


def _baselines(world: World, life: Life) -> Iterator[Baseline]:
    if (signed := life.passed_charter) is not None:
        yield Baseline(
            initiative=life.row,
            version=1,
            charter=charter_of(life.facts),
            reason="The evidence held.",
            in_force_since=world.ago(signed),
        )


def _imported(world: World, life: Life) -> Iterator[ImportedRow]:
    if life.origin in ("campaign", "quiet"):
        values = {"name": life.row.name, "stage": life.row.stage, "unit": str(life.row.unit)}
        yield ImportedRow(
            initiative=life.row,
            source="Generated inventory",
            identity=f"id:{life.row.pk}",
            values=values,
            original=values,
            row_number=life.row.pk,
            file_name="generated.csv",
            imported_at=life.row.registered_at,
        )

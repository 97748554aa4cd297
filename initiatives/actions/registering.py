"""How an initiative comes to be here, and how its description changes."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from accounts import permissions as people
from accounts.models import Person, Unit
from audit.actions import Value, Words, append
from audit.refusals import Refused, records_refusals
from initiatives import permissions, search
from initiatives.actions import triaging, writing
from initiatives.models import Initiative
from initiatives.rules import CHARTER_FIELDS
from initiatives.stages import DAYS_TO_DECIDE, Stage

EDITABLE = (*CHARTER_FIELDS, "name", "vendor", "system_name", "monthly_cost", "unit_id")


@records_refusals("initiative.register")
def register(
    *, name: str, by: Person, at: datetime, unit: Unit | None = None, **description: Any
) -> Initiative:
    """Record a proposal, finished or not; what is missing shows as unmet at its charter gate."""
    if not permissions.may_register(by):
        raise Refused("Auditors read and verify; ask a colleague to register it.", rule="auditor")
    _require_name(name)
    initiative = _create(name, unit, description, by, at)
    append([writing.entry("initiative.registered", initiative, by, {"name": Words(name)})], at=at)
    return initiative


@records_refusals("initiative.declare")
def declare_as_running(
    *,
    name: str,
    stage: Stage,
    by: Person,
    at: datetime,
    since: datetime | None = None,
    unit: Unit | None = None,
    **description: Any,
) -> Initiative:
    """Record what already runs where it is; it has passed no gate and owes what gates ask."""
    if not permissions.may_declare(by):
        raise Refused("Only portfolio leads declare something as running.", rule="not_a_lead")
    _require_name(name)
    initiative = _create(name, unit, description, by, at, stage=stage, entered_at=since or at)
    changed: dict[str, Value] = {"name": Words(name), "stage": str(stage)}
    append([writing.entry("initiative.declared", initiative, by, changed)], at=at)
    return initiative


def _require_name(name: str) -> None:
    if not name.strip():
        raise Refused("Give it a name, so that people can find it.", rule="no_name", field="name")


def _create(
    name: str,
    unit: Unit | None,
    description: Mapping[str, Any],
    by: Person,
    at: datetime,
    *,
    stage: Stage = Stage.PROPOSAL,
    entered_at: datetime | None = None,
) -> Initiative:
    is_declared = entered_at is not None
    initiative = Initiative(
        name=name.strip(),
        unit=unit,
        registered_at=at,
        registered_by=by,
        touched_at=at,
        counting_since=at,
        declared_at=at if is_declared else None,
        evidence_changed_by=by,
        **description,
    )
    spell = initiative.enter(
        stage,
        at=entered_at or at,
        decision_date=first_decision_date(stage, at, initiative.pilot_days),
        is_declared=is_declared,
    )
    initiative.search_text = search.text_of(initiative)
    initiative.save()
    spell.save()
    return initiative


def first_decision_date(stage: Stage, at: datetime, pilot_days: int) -> date | None:
    """The day by which the stage is decided, counted from `at` in the organisation's days."""
    days = DAYS_TO_DECIDE[stage]
    if days is None:
        return None
    today = timezone.localdate(at)
    return today + (type(days)(days=pilot_days) if stage == Stage.PILOT else days)


@records_refusals("initiative.edit")
def edit(*, initiative: Initiative, by: Person | None, at: datetime, **changes: Any) -> Initiative:
    """Change the description; what a signed charter froze is refused."""
    row = writing.locked_for_edit(initiative, by)
    if unknown := set(changes) - set(EDITABLE):
        raise TypeError(f"Not editable: {', '.join(sorted(unknown))}")
    changed = writing.differences(row, changes)
    if not changed:
        return row
    writing.require_not_frozen(row, changed)
    amounts = triaging.amounts(row)
    for field in changed:
        setattr(row, field, changes[field])
    row.search_text = search.text_of(row)
    row.save(update_fields=[*changed, "search_text"])
    said = triaging.relevel(row, amounts, by)
    writing.mark_changed(row, by=by, at=at)
    append([writing.entry("initiative.edited", row, by, changed), *said], at=at)
    return row


@records_refusals("initiative.restrict")
def restrict(
    *, initiative: Initiative, is_restricted: bool, by: Person, at: datetime
) -> Initiative:
    """Hide it from everybody without a role, an auditor's or a lead's eye, or show it again."""
    if not people.is_lead(by):
        raise Refused("Only portfolio leads restrict an initiative.", rule="not_a_lead")
    row = writing.locked_for_edit(initiative, by)
    if row.is_restricted == is_restricted:
        return row
    row.is_restricted = is_restricted
    row.save(update_fields=["is_restricted"])
    writing.mark_changed(row, by=by, at=at, material=False)
    kind = "initiative.restricted" if is_restricted else "initiative.opened"
    append([writing.entry(kind, row, by)], at=at)
    return row

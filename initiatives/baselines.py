"""Charters as versions: what one freezes, what another would change, and the facts as they would
be with it (product.md P29). Pure functions; `actions.rebaselining` writes."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

from django.db.models import Field

from initiatives.facts import Facts
from initiatives.models import Initiative, KillCondition, Metric
from initiatives.models.charter import Comparator
from initiatives.queries import basis_of
from initiatives.rules import CHARTER_FIELDS, METRIC_FIELDS, agreed_fields
from initiatives.triage import Level
from initiatives.units import Direction

Charter = dict[str, Any]
Row = TypeVar("Row", Metric, KillCondition)
METRIC, CONDITION = "metric", "kill_condition"
# What a re-baseline leaves as it was signed: the days of a pilot that has begun, and what makes a
# metric or a condition the one it is.
FIXED = ("pilot_days", "kind", "is_primary", "unit_kind", "metric_id", "comparator")
OPEN_FIELDS = tuple(field for field in CHARTER_FIELDS if field not in FIXED)


def charter_of(known: Facts) -> Charter:
    """The fields that a charter freezes, by id and in a form that compares exactly."""
    return {
        **{field: getattr(known.initiative, field) for field in CHARTER_FIELDS},
        "metrics": [_frozen(m, METRIC_FIELDS) for m in sorted(known.metrics, key=lambda m: m.pk)],
        "kill_conditions": [_frozen(k, agreed_fields(k)) for k in known.kill_conditions],
    }


def _frozen(row: Metric | KillCondition, fields: Iterable[str]) -> dict[str, Any]:
    return {"id": row.pk, **{field: exact(getattr(row, field)) for field in fields}}


def exact(value: Any) -> Any:
    """A value as a charter keeps it: decimals and days as text."""
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return value.isoformat() if isinstance(value, date) else value


def flat(charter: Charter) -> dict[str, Any]:
    """One key for each field, as in the material that is signed: `metric.7.threshold`."""
    content = {field: charter.get(field) for field in CHARTER_FIELDS}
    for kind, rows in ((METRIC, "metrics"), (CONDITION, "kill_conditions")):
        for row in charter.get(rows, ()):
            content |= {f"{kind}.{row['id']}.{f}": v for f, v in row.items() if f != "id"}
    return content


def differences(before: Charter, after: Charter) -> dict[str, tuple[Any, Any]]:
    """What differs between two charters, by flat key: from what, to what."""
    old, new = flat(before), flat(after)
    keys = dict.fromkeys([*old, *new])
    return {k: (old.get(k), new.get(k)) for k in keys if old.get(k) != new.get(k)}


def may_change(key: str) -> bool:
    """Whether a re-baseline can change what stands under this flat key."""
    return key.rpartition(".")[2] not in FIXED


def with_changes(charter: Charter, changes: Mapping[str, Any]) -> Charter:
    """This charter with other values under these flat keys. What makes a metric better turned
    round turns its conditions with it: they stop at the worse side."""
    changed: Charter = copy.deepcopy(charter)
    places: dict[str, dict[str, Any]] = dict.fromkeys(OPEN_FIELDS, changed)
    for kind, rows in ((METRIC, "metrics"), (CONDITION, "kill_conditions")):
        for row in changed[rows]:
            places |= {f"{kind}.{row['id']}.{f}": row for f in row if may_change(f) and f != "id"}
    for key, value in changes.items():
        places[key][key.rpartition(".")[2]] = exact(value)
    before = {metric["id"]: metric["direction"] for metric in charter["metrics"]}
    after = {metric["id"]: metric["direction"] for metric in changed["metrics"]}
    for condition in changed["kill_conditions"]:
        direction = after.get(condition["metric_id"])
        if direction != before.get(condition["metric_id"]):
            is_lower = direction == Direction.LOWER
            condition["comparator"] = str(Comparator.ABOVE if is_lower else Comparator.BELOW)
    return changed


def as_proposed(known: Facts, charter: Charter) -> Facts:
    """The facts as they would be with this charter in force; nothing is written."""
    content = flat(charter)
    row = copy.copy(known.initiative)
    take(row, {field: content[field] for field in OPEN_FIELDS})
    row.level = _level(known, row)
    metrics = {m.pk: _copied(m, METRIC, content) for m in known.metrics}
    conditions = [_copied(k, CONDITION, content) for k in known.kill_conditions]
    for condition in conditions:
        if condition.metric_id in metrics:
            condition.metric = metrics[condition.metric_id]
    return replace(
        known,
        initiative=row,
        metrics=tuple(metrics.values()),
        kill_conditions=tuple(conditions),
    )


def _copied(row: Row, kind: str, content: Mapping[str, Any]) -> Row:
    made = copy.copy(row)
    take(made, values_of(kind, row.pk, content))
    return made


def values_of(kind: str, pk: int, content: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of one metric or condition in a flat charter; none where it does not freeze it."""
    prefix = f"{kind}.{pk}."
    return {k.removeprefix(prefix): v for k, v in content.items() if k.startswith(prefix)}


def take(row: Initiative | Metric | KillCondition, values: Mapping[str, Any]) -> list[str]:
    """Give the row these values, written as a charter keeps them; return which it had not."""
    changed = []
    for name, value in values.items():
        field = row._meta.get_field(name)
        assert isinstance(field, Field)  # a charter has columns only
        stored = field.to_python(value)
        if getattr(row, name) != stored:
            setattr(row, name, stored)
            changed.append(name)
    return changed


def _level(known: Facts, row: Initiative) -> str:
    """A larger budget may raise the control level, and with it who signs; none lowers it."""
    if known.triage is None or row.pilot_budget == known.initiative.pilot_budget:
        return row.level
    computed = basis_of(row, known.triage).outcome.level
    return max(row.level, str(computed), key=Level.values.index)

"""What was promised and what was measured: metrics, measurements, kill conditions, baselines."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone

from accounts.models import Person
from audit.actions import Value, Words, append
from audit.refusals import Refused, records_refusals
from initiatives import baselines, facts
from initiatives.actions import tripping, writing
from initiatives.models import Baseline, Initiative, KillCondition, Measurement, Metric, Waiver
from initiatives.models.charter import MetricKind
from initiatives.rules import (
    KILL_CONDITION_FIELDS,
    OWNER_FIELDS,
    kill_condition_faults,
    metric_faults,
)
from initiatives.stages import Stage


@records_refusals("metric.define")
def define_metric(
    *,
    initiative: Initiative,
    values: Mapping[str, Any],
    by: Person | None,
    at: datetime,
    metric: Metric | None = None,
) -> Metric:
    """Add a metric, or change one while no charter has frozen it."""
    row = writing.locked_for_edit(initiative, by)
    _require_not_frozen(row, metric, is_primary=bool(values.get("is_primary")))
    for field, fault in metric_faults(values).items():
        raise Refused(fault, rule="bounds_contradict", field=field)
    if values.get("is_primary") and values.get("kind", MetricKind.BUSINESS) != MetricKind.BUSINESS:
        raise Refused("The primary metric is a business one.", rule="not_business", field="kind")
    if metric is not None:
        _require_of(row, metric)
        _require_meaning_kept(metric, values)
    stored = Metric(initiative=row) if metric is None else Metric.objects.get(pk=metric.pk)
    changed = writing.differences(stored, values)
    for field, value in values.items():
        setattr(stored, field, value)
    _only_one_primary(stored)
    stored.save()
    kind = "metric.defined" if metric is None else "metric.changed"
    _changed(row, stored, kind, {"metric": Words(stored.name), **changed}, by, at)
    return stored


def _require_not_frozen(row: Initiative, metric: Metric | None, *, is_primary: bool) -> None:
    """A signed charter freezes its metrics; others, such as a guardrail, may join them."""
    charter = writing.charter_in_force(row)
    if charter is None:
        return
    frozen = {frozen["id"] for frozen in charter.charter["metrics"]}
    if is_primary or (metric is not None and metric.pk in frozen):
        raise writing.frozen()


def _require_of(row: Initiative, metric: Metric) -> None:
    if metric.initiative_id != row.pk:
        raise Refused(
            "This metric belongs to another initiative.", rule="foreign_metric", field="metric"
        )


def _require_meaning_kept(metric: Metric, values: Mapping[str, Any]) -> None:
    """What was measured, or agreed as a limit, must go on meaning the same."""
    kept = {f for f in ("direction", "unit_kind") if values.get(f) in (None, getattr(metric, f))}
    if "unit_kind" not in kept and Measurement.objects.filter(metric=metric).exists():
        kind = metric.get_unit_kind_display().lower()
        raise Refused(
            f"It was measured as a {kind}. Add another metric instead.",
            rule="measured_otherwise",
            field="unit_kind",
        )
    if len(kept) < 2 and KillCondition.objects.filter(metric=metric).exists():
        raise Refused(
            "A kill condition has its limit on this metric as it is. Remove the condition first.",
            rule="limited_otherwise",
            field="unit_kind" if "direction" in kept else "direction",
        )


def _only_one_primary(metric: Metric) -> None:
    if metric.is_primary:
        others = Metric.objects.filter(initiative=metric.initiative, is_primary=True)
        others.exclude(pk=metric.pk).update(is_primary=False)


def _changed(
    row: Initiative,
    stored: Metric | KillCondition,
    kind: str,
    changed: dict[str, Value],
    by: Person | None,
    at: datetime,
) -> None:
    writing.mark_changed(row, by=by, at=at)
    subject = f"{stored._meta.model_name}:{stored.pk}"
    append([writing.entry(kind, row, by, changed, subject=subject)], at=at)


@records_refusals("metric.watch")
def watch_metric(*, metric: Metric, paged: Person, by: Person | None, at: datetime) -> Metric:
    """Name the person who is paged when a metric is past its limit (product.md P18)."""
    person = Person.objects.select_for_update(no_key=True).get(pk=paged.pk)
    row = writing.locked_for_edit(metric.initiative, by)
    if not person.is_active:
        raise Refused(
            f"{paged} is no longer here. Choose somebody who is.", rule="inactive", field="paged"
        )
    stored = Metric.objects.get(pk=metric.pk)
    if stored.paged_id == paged.pk:
        return stored
    stored.paged = paged
    stored.save(update_fields=["paged"])
    changed: dict[str, Value] = {"metric": Words(stored.name), "person": paged.pk}
    _changed(row, stored, "metric.watched", changed, by, at)
    return stored


@records_refusals("measurement.record")
def record_measurement(
    *,
    metric: Metric,
    value: Decimal,
    measured_at: datetime,
    by: Person | None,
    at: datetime,
    sample_size: int | None = None,
    is_automatic: bool = False,
    from_production: bool = False,
    comment: str = "",
    corrects: Measurement | None = None,
) -> Measurement:
    """Record a value, or correct an earlier one; then see whether a kill condition trips.

    A new value is *observed* and leaves signatures alone; correcting one that a review cites
    changes the evidence (product.md §4).
    """
    row = writing.locked_for_edit(metric.initiative, by)
    if measured_at > at:
        raise Refused(
            "The moment of measurement lies in the future.", rule="future", field="measured_at"
        )
    if corrects is not None:
        _require_correctable(corrects, metric)
    measurement = Measurement.objects.create(
        metric=metric,
        value=value,
        measured_at=measured_at,
        sample_size=sample_size,
        is_automatic=is_automatic,
        from_production=from_production,
        comment=comment,
        corrects=corrects,
        recorded_at=at,
        recorded_by=by,
    )
    writing.mark_changed(row, by=by, at=at, material=corrects is not None)
    changed: dict[str, Value] = {
        "metric": Words(metric.name),
        "value": value,
        "words": Words(metric.words(value)),
        "automatic": is_automatic,
    }
    subject = f"measurement:{measurement.pk}"
    kind = "measurement.recorded" if corrects is None else "measurement.corrected"
    append([writing.entry(kind, row, by, changed, subject=subject)], at=at)
    tripping.trip_those_of(row, at=at)
    return measurement


def _require_correctable(measurement: Measurement, metric: Metric) -> None:
    replaced = Measurement.objects.filter(corrects=measurement).exists()
    if measurement.metric_id != metric.pk or replaced:
        raise Refused(
            "Only a measurement of the same metric that stands can be corrected.",
            rule="not_correctable",
        )


@records_refusals("kill_condition.add")
def add_kill_condition(
    *, initiative: Initiative, values: Mapping[str, Any], by: Person | None, at: datetime
) -> KillCondition:
    """Agree on a condition under which this stops, before anybody wants to defend it."""
    row = writing.locked_for_edit(initiative, by)
    if metric := Metric.objects.filter(pk=values.get("metric_id") or 0).first():
        _require_of(row, metric)
        for field, fault in kill_condition_faults(values, metric, timezone.localdate(at)).items():
            raise Refused(fault, rule="would_trip_by_mistake", field=field)
    condition = KillCondition(
        initiative=row,
        agreed_at=at,
        **{f: values[f] for f in (*KILL_CONDITION_FIELDS, *OWNER_FIELDS) if f in values},
    )
    condition.save()
    changed: dict[str, Value] = {"condition": Words(condition.sentence())}
    _changed(row, condition, "kill_condition.added", changed, by, at)
    tripping.trip_those_of(row, at=at)
    return condition


@records_refusals("kill_condition.remove")
def remove_kill_condition(
    *, kill_condition: KillCondition, by: Person | None, at: datetime
) -> None:
    """Take a condition back while no charter has frozen it and it has not tripped."""
    row = writing.locked_for_edit(kill_condition.initiative, by)
    charter = writing.charter_in_force(row)
    if charter and kill_condition.pk in {k["id"] for k in charter.charter["kill_conditions"]}:
        raise writing.frozen()
    armed = KillCondition.objects.filter(pk=kill_condition.pk, state=KillCondition.State.ARMED)
    was_waived = Waiver.objects.filter(condition=kill_condition.pk).exists()
    if was_waived or (row.stage != Stage.PROPOSAL and not armed.exists()):
        raise Refused("A condition that has tripped cannot be removed.", rule="tripped")
    changed: dict[str, Value] = {"condition": Words(kill_condition.sentence())}
    _changed(row, kill_condition, "kill_condition.removed", changed, by, at)
    KillCondition.objects.filter(pk=kill_condition.pk).delete()


def freeze_baseline(
    *, initiative: Initiative, reason: str, at: datetime, known: facts.Facts | None = None
) -> Baseline:
    """Put the charter as it stands in force as the next version; called by the decision on it.

    `known` are the facts, where the caller has read them under the lock.
    """
    mine = Baseline.objects.filter(initiative=initiative)
    mine.in_force().update(in_force_until=at)
    return Baseline.objects.create(
        initiative=initiative,
        version=mine.exclude(version=None).count() + 1,
        charter=baselines.charter_of(known or facts.load_one(initiative.pk)),
        reason=reason,
        in_force_since=at,
    )

"""Moving the goalposts on the record: a charter is proposed, and comes into force when the review
of it is decided (product.md P29). Until then everything reads the one in force."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone

from accounts.models import Person
from audit.actions import Entry, Value, Words, append
from audit.refusals import Refused, records_refusals
from initiatives import baselines, facts, search
from initiatives.actions import triaging, tripping, writing
from initiatives.baselines import CONDITION, METRIC, Charter
from initiatives.facts import Facts
from initiatives.models import Baseline, Initiative, KillCondition
from initiatives.models.charter import KillConditionKind
from initiatives.rules import kill_condition_faults, looks_like_a_model_score, metric_faults
from initiatives.stages import RUNNING


@records_refusals("baseline.propose")
def propose_baseline(
    *, initiative: Initiative, changes: Mapping[str, Any], reason: str, by: Person, at: datetime
) -> Baseline:
    """Propose another charter: the one in force with these changes, by flat key.

    Called with the review of it by `reviews.actions.propose_baseline`. What is proposed changes
    nothing yet, but whoever proposes it counts as having changed the evidence.
    """
    row = writing.locked_for_edit(initiative, by)
    in_force = _require_charter(row)
    if not reason.strip():
        raise Refused("Say why, for those who sign.", rule="reason_missing", field="reason")
    charter = checked(facts.load_one(row.pk), in_force.charter, changes, at=at)
    baseline = Baseline.objects.create(
        initiative=row, charter=charter, reason=reason.strip(), proposed_at=at, proposed_by=by
    )
    writing.mark_changed(row, by=by, at=at)
    changed: dict[str, Value] = {"reason": Words(reason.strip()), **_logged(in_force, baseline)}
    append([_entry("baseline.proposed", baseline, by, changed)], at=at)
    return baseline


def _require_charter(row: Initiative) -> Baseline:
    in_force = writing.charter_in_force(row)
    if in_force is None:
        raise Refused(
            "No charter is signed yet, so nothing is frozen: change it directly.", rule="no_charter"
        )
    if row.stage not in RUNNING:
        raise Refused("Its charter can only change while it runs.", rule="not_running")
    if Baseline.objects.proposed().filter(initiative=row).exists():
        raise Refused(
            "A re-baseline is proposed already. Decide or withdraw its review first.",
            rule="already_proposed",
        )
    return in_force


def checked(
    known: Facts, in_force: Charter, changes: Mapping[str, Any], *, at: datetime
) -> Charter:
    """The charter with these changes; what no charter may say is refused, at its field."""
    if fixed := [key for key in changes if not baselines.may_change(key)]:
        raise TypeError(f"Not for a re-baseline: {', '.join(sorted(fixed))}")
    charter = baselines.with_changes(in_force, changes)
    differing = baselines.differences(in_force, charter)
    if not differing:
        raise Refused("Nothing differs from the charter in force.", rule="nothing_changed")
    proposed = baselines.as_proposed(known, charter)
    for metric in proposed.metrics:
        if baselines.values_of(METRIC, metric.pk, differing):
            _require_sound_metric(f"{METRIC}.{metric.pk}", vars(metric))
    for condition in proposed.kill_conditions:
        if values := baselines.values_of(CONDITION, condition.pk, differing):
            _require_sound_condition(condition, values, at)
    return charter


def _require_sound_metric(key: str, values: Mapping[str, Any]) -> None:
    """The rules of every metric (product.md P1), on the proposed one."""
    for field, fault in metric_faults(values).items():
        raise Refused(fault, rule="bounds_contradict", field=f"{key}.{field}")
    if not str(values["name"]).strip():
        raise Refused("Say what is measured.", rule="no_name", field=f"{key}.name")
    if looks_like_a_model_score(values["name"]) and not values["worth"]:
        raise Refused(
            "This is a model's score. Say what one unit of it is worth to the business.",
            rule="score_without_worth",
            field=f"{key}.worth",
        )


def _require_sound_condition(
    condition: KillCondition, changed: Mapping[str, tuple[Any, Any]], at: datetime
) -> None:
    """One that has tripped waits for a decision, not for another limit (product.md P8)."""
    key = f"{CONDITION}.{condition.pk}"
    if condition.state == KillCondition.State.TRIPPED:
        raise Refused(
            "This condition has tripped: decide on that before its limit changes.",
            rule="tripped",
            field=f"{key}.{next(iter(changed))}",
        )
    if condition.kind == KillConditionKind.SPEND:
        if not condition.spend_cap or condition.spend_cap < 0:
            raise Refused(
                "Write the amount at which it stops.", rule="no_limit", field=f"{key}.spend_cap"
            )
        return
    if condition.metric is None:
        return
    if condition.threshold is None:
        raise Refused("Write the limit.", rule="no_limit", field=f"{key}.threshold")
    if not (condition.by_decision_date or condition.due_date or condition.in_a_row):
        raise Refused("Say when it is judged.", rule="never_due", field=f"{key}.due_date")
    values: dict[str, Any] = {"comparator": condition.comparator}
    if "due_date" in changed:
        values["due_date"] = condition.due_date
    faults = kill_condition_faults(values, condition.metric, timezone.localdate(at))
    for field, fault in faults.items():
        raise Refused(fault, rule="would_trip_by_mistake", field=f"{key}.{field}")


def put_in_force(*, row: Initiative, baseline: Baseline, by: Person, at: datetime) -> None:
    """Let a proposed charter be the one that counts; called by the decision on it, under the lock.

    What it changes is agreed anew: a condition with another limit looks at no older measurement.
    """
    in_force = _held(row)
    changed = _logged(in_force, baseline)
    _take_charter(row, baseline.charter, by, at)
    Baseline.objects.filter(pk=in_force.pk).update(in_force_until=at)
    baseline.version, baseline.in_force_since = (in_force.version or 0) + 1, at
    baseline.save(update_fields=["version", "in_force_since"])
    changed |= {"version": baseline.version, "reason": Words(baseline.reason)}
    append([_entry("baseline.in_force", baseline, by, changed)], at=at)
    tripping.trip_those_of(row, at=at)


def _held(row: Initiative) -> Baseline:
    in_force = writing.charter_in_force(row)
    assert in_force is not None  # it was proposed on one, and that stays until this
    return in_force


def _take_charter(row: Initiative, charter: Charter, by: Person, at: datetime) -> None:
    known, content = facts.load_one(row.pk), baselines.flat(charter)
    amounts = triaging.amounts(row)
    changed = baselines.take(row, {f: content[f] for f in baselines.OPEN_FIELDS})
    row.search_text = search.text_of(row)
    row.rebaseline([*changed, "search_text"])
    append(triaging.relevel(row, amounts, by), at=at)
    for metric in known.metrics:
        if fields := baselines.take(metric, baselines.values_of(METRIC, metric.pk, content)):
            metric.save(update_fields=fields)
    for condition in known.kill_conditions:
        values = baselines.values_of(CONDITION, condition.pk, content)
        if fields := baselines.take(condition, values):
            condition.agreed_at = at
            condition.save(update_fields=[*fields, "agreed_at"])


def discard_proposal(*, initiative: Initiative, at: datetime) -> None:
    """Let what was proposed be void: its review was closed without a decision for it."""
    Baseline.objects.proposed().filter(initiative=initiative).update(discarded_at=at)


def _logged(in_force: Baseline, baseline: Baseline) -> dict[str, Value]:
    """What differs, as the log keeps it: texts erasable."""
    differing = baselines.differences(in_force.charter, baseline.charter)
    return {
        key: [writing.said(before), writing.said(after)]
        for key, (before, after) in differing.items()
    }


def _entry(kind: str, baseline: Baseline, by: Person, changed: dict[str, Value]) -> Entry:
    subject = f"baseline:{baseline.pk}"
    return writing.entry(kind, baseline.initiative, by, changed, subject=subject)

"""What the audit log says of it all."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from audit import queries as audit
from audit.actions import Value, Words, append
from initiatives.models import Measurement, Ownership
from notifications.models import Cursor
from portfolio.generator.world import Life, World
from reviews.models import Decision, Review, SignOff


def tell(world: World, life: Life) -> None:
    """Note the events of one initiative."""
    by, name = life.row.registered_by, Words(life.row.name)
    stage = str(life.row.stage)
    if life.origin == "registered":
        world.say(life.begun, "initiative.registered", life, by, name=name)
    else:
        kind = "declared" if life.origin == "declared" else "imported"
        world.say(life.begun, f"initiative.{kind}", life, by, name=name, stage=stage)
    for ownership in life.ownerships:
        _tell_ownership(world, life, ownership)
    for metric in life.metrics:
        subject = f"metric:{metric.pk}"
        world.say(
            life.begun, "metric.defined", life, by, subject=subject, metric=Words(metric.name)
        )
    for condition in life.kill_conditions:
        said = Words(condition.sentence())
        subject = f"killcondition:{condition.pk}"
        world.say(life.begun, "kill_condition.added", life, by, subject=subject, condition=said)
    for measurement in {m.metric_id: m for m in life.measurements}.values():
        _tell_measurement(world, life, measurement)
    if life.origin == "campaign" and life.row.counting_since:
        world.say((world.at - life.row.counting_since).days, "campaign.counting_started", life, by)
    for decision, (_, days) in zip(life.decisions, life.path[1:], strict=True):
        _tell_decision(world, life, decision, days)


def _tell_ownership(world: World, life: Life, row: Ownership) -> None:
    changed: dict[str, Value] = {"role": row.role, "person": row.person_id}
    subject = f"ownership:{row.pk}"
    if row.accepted_at is not None:
        days = (world.at - row.accepted_at).days
        world.say(days, "ownership.accepted", life, row.person, subject=subject, **changed)
    elif row.asked_by is not None:
        days = (world.at - row.asked_at).days
        world.say(days, "ownership.asked", life, row.asked_by, subject=subject, **changed)
    if row.ended_at is not None:
        days = (world.at - row.ended_at).days
        world.say(days, "ownership.ended", life, row.asked_by, subject=subject, **changed)


def _tell_measurement(world: World, life: Life, row: Measurement) -> None:
    world.say(
        (world.at - row.measured_at).days,
        "measurement.recorded",
        life,
        None,
        subject=f"measurement:{row.pk}",
        metric=Words(row.metric.name),
        value=row.value,
        words=Words(row.metric.words(row.value)),
        automatic=row.is_automatic,
    )


def _tell_decision(world: World, life: Life, row: Decision, days: int) -> None:
    changed: dict[str, Any] = {"decision": str(row.kind), "reason": Words(row.reason)}
    changed |= {"from": str(row.from_stage), "to": str(row.to_stage), "digest": None}
    if row.outcome:
        changed |= {"outcome": str(row.outcome), "lesson": Words(row.lesson)}
    world.say(days, "decision.made", life, row.decided_by, **changed)


def tell_review(world: World, life: Life, review: Review, days: int, signed: list[SignOff]) -> None:
    subject, gate = f"review:{review.pk}", str(review.gate)
    digest = review.snapshot_id
    by = review.opened_by
    world.say(days, "review.requested", life, by, subject=subject, gate=gate, digest=digest)
    for row in signed:
        world.say(
            max(days - 1, 0),
            "review.signed",
            life,
            row.signer,
            subject=subject,
            gate=gate,
            verdict=str(row.verdict),
            slots=[row.slot.key],
            digest=digest,
        )


def log(world: World) -> None:
    """Append what was noted, the oldest day first, a day at a time."""
    world.said.sort(key=lambda noted: -noted[0])
    for days, noted in groupby(world.said, key=lambda noted: noted[0]):
        append([entry for _, entry in noted], at=world.ago(days))


def mark_heard(before: int) -> None:
    """Nobody is owed news of what is made up: who had heard all before, has heard this too."""
    Cursor.objects.get_or_create(name="hear")
    Cursor.objects.filter(name="hear", seq=before).update(seq=audit.head().seq)

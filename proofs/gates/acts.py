"""What the crowd does at one moment. Every fourth acts through the page, as people do: there a
refusal is 409 or 422, and anything unforeseen 500."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.urls import reverse

from accounts.authentication import Authentication
from accounts.models import Person
from initiatives import actions as initiatives
from initiatives import facts
from initiatives.models import Initiative, Metric
from proofs import visiting
from proofs.racing import Given, outcome
from reviews import actions, snapshots
from reviews.models import Slot

POLICY = 1  # the version that a new installation has
TRIES = 3  # a signer who is told that the evidence has changed reads it again


def decide(number: int, given: Given) -> str:
    """Let the gate open."""
    row = Initiative.objects.get(pk=given["initiative"])
    place = number % len(given["people"])
    if number % 4 == 1:
        address = reverse("reviews:decide", args=[row.pk, "proceed"])
        return _posted(address, given["sessions"][place], reason=f"No. {number} says so.")
    return outcome(
        actions.decide,
        initiative=row,
        kind="proceed",
        reason=f"No. {number} says so.",
        by=Person.objects.get(pk=given["people"][place]),
        at=datetime.now(tz=UTC),
    )


def sign(number: int, given: Given) -> str:
    """Sign the evidence that all of them have read."""
    slot = Slot.objects.select_related("review").get(pk=given["slot"])
    return _sign(slot, given["digest"], number, number, given)


def sign_or_edit(number: int, given: Given) -> str:
    """Of four one edits, once or twice, and three sign what they read, until it is what stands.

    What a signer read is told, so that it can be compared with what their signature is on.
    """
    signer, what = number - number // 4 - 1, number % 4
    if what == 0:
        ends = [_edit(number * 10 + times, given) for times in range(1 + number % 8 // 4)]
        return " ".join(f"edit:{end}" for end in ends)
    slot = Slot.objects.select_related("review").get(pk=given["slot"])
    ends = []
    for _ in range(TRIES):
        read = _digest(slot)
        ends.append(_sign(slot, read, number // 4, signer, given))
        if ends[-1] not in ("evidence_changed", "409"):
            break
    said = " ".join(f"sign:{end}" for end in ends)
    return f"{said} {given['people'][signer]}={read}" if ends[-1] == "done" else said


def _sign(slot: Slot, digest: str, number: int, place: int, given: Given) -> str:
    if number % 4 == 1:
        address = reverse("reviews:sign", args=[slot.pk])
        return _posted(address, given["sessions"][place], verdict="approve", digest=digest)
    at = datetime.now(tz=UTC)
    return outcome(
        actions.sign,
        slot=slot,
        verdict="approve",
        digest=digest,
        authentication=Authentication("password", at),
        by=Person.objects.get(pk=given["people"][place]),
        at=at,
    )


def _digest(slot: Slot) -> str:
    """The evidence as it stands, which is what a page would show now."""
    known = facts.load_one(slot.initiative_id)
    return snapshots.digest(snapshots.canonical(snapshots.material(known, POLICY)))


def _edit(value: int, given: Given) -> str:
    """Move the threshold to a value that nobody else gives it."""
    metric = Metric.objects.select_related("initiative").get(pk=given["metric"])
    kept = ("direction", "baseline", "target")
    return outcome(
        initiatives.define_metric,
        initiative=metric.initiative,
        metric=metric,
        values={name: getattr(metric, name) for name in kept}
        | {"threshold": Decimal(90) + Decimal(value) / 100},
        by=None,
        at=datetime.now(tz=UTC),
    )


def _posted(address: str, session: str, **values: Any) -> str:
    """How the page answered: done where it leads on, else its status."""
    response = visiting.client(session).post(address, values)
    if response.status_code == 302 and "/accounts/" not in response["Location"]:
        return "done"
    if response.status_code in (409, 422):
        return str(response.status_code)
    return f"ERROR {response.status_code} {response.headers.get('Location', '')}"


def replayed(metric: int) -> list[tuple[int, int, str, str]]:
    """Of each signature in the log: its number, signer, what it is on, and what stood then.

    The log is in the order of the locks. What is on paper and what stood are compared by the
    threshold, which each edit moved to a value of its own.
    """
    from audit.models import Event
    from reviews.models import SignOff

    row = Metric.objects.get(pk=metric)
    key = f"metric.{metric}.threshold"
    signed = {
        (s.signer_id, s.snapshot_id): json.loads(s.snapshot.material)[key]
        for s in SignOff.objects.filter(review__initiative=row.initiative_id).select_related(
            "snapshot"
        )
    }
    found, stood = [], None
    for event in Event.objects.filter(initiative_id=row.initiative_id).order_by("seq"):
        said = json.loads(event.payload)
        if event.kind == "metric.changed" and "threshold" in said["changed"]:
            stood = said["changed"]["threshold"][1]
        elif event.kind == "review.signed":
            on = signed[said["actor"], said["changed"]["digest"]]
            found.append((event.seq, said["actor"], on, on if stood is None else stood))
    return found

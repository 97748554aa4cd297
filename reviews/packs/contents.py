"""A decision pack as data: the exact texts that were hashed, and the rows that stand on them.

Whatever a signature or the audit log names by its digest is here as the text that has it, so that
tools/verify_pack.py can work out every digest again. Change `VERSION` together with it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db.models import Model, Q
from django.utils import timezone

from accounts.models import Person
from audit.models import Event, Text
from audit.payload import stamp
from initiatives.models import Obligation
from reviews import queries, rebaselines, signing, since, snapshots
from reviews.models import Decision, Question, Review, SignOff, Snapshot
from reviews.rebaselines import InWords, Rebaseline

FORMAT = "gatehouse/decision-pack"
VERSION = 1


@dataclass(frozen=True)
class Signed:
    """A signature, and the event that recorded it: its place in the audit log."""

    row: SignOff
    event: Event

    @property
    def is_live(self) -> bool:
        """Whether it was given on the evidence that was decided, or that stands now."""
        return self.row.snapshot_id == self.row.review.snapshot_id

    @property
    def conditions(self) -> list[Obligation]:
        """What it depends on; most depend on nothing."""
        is_conditional = self.row.verdict == SignOff.Verdict.CONDITIONAL
        return list(self.row.conditions.all()) if is_conditional else []


@dataclass(frozen=True)
class Pack:
    """One review as it stands, or as it was decided, with everything that bears witness to it."""

    standing: queries.Standing
    requested: Snapshot
    observed: Mapping[str, Any]
    rebaselines: list[Rebaseline]
    since: since.Since
    signatures: list[Signed]
    questions: list[Question]
    events: list[Event]
    texts: list[Text]
    snapshots: list[Snapshot]
    people: Mapping[int, str]
    taken_at: datetime

    @property
    def review(self) -> Review:
        return self.standing.review

    @property
    def decision(self) -> Decision | None:
        return self.standing.decision

    def proposed(self) -> list[InWords]:
        """What it would change in the charter, or has, where that is what it is about."""
        is_another = self.review.baseline_id is not None
        standing = self.standing
        return rebaselines.proposed_in(standing.material, standing.facts) if is_another else []

    def changes(self) -> list[InWords]:
        """What became different after the review was asked for: label, before, after."""
        standing = self.standing
        return queries.in_words(self.requested.material, standing.material, standing.facts)

    @property
    def conditions(self) -> list[Obligation]:
        """What its signatures depend on, each once."""
        found = {c.pk: c for signed in self.signatures for c in signed.conditions}
        return [found[pk] for pk in sorted(found)]

    @property
    def set_aside(self) -> set[str]:
        """What held the gate and was overridden: as it was decided, or as it is now."""
        if self.decision is None:
            return {judged.criterion.key for judged, _ in self.standing.overridden}
        used = self.observed.get("overrides", ())
        return {key for o in self.standing.overrides if o.pk in used for key in o.criteria}


def load(review: Review, at: datetime) -> Pack:
    """Read it in a constant number of queries; an open one has to be up to its evidence."""
    standing = queries.standing(review, timezone.localdate(at))
    signed = SignOff.objects.filter(review=review)
    rows = list(signed.select_related("slot", "snapshot", "on_behalf_of"))
    signing.with_conditions(rows)
    events = _events(review, standing.decision)
    kept = [review.requested_snapshot, review.snapshot, *(row.snapshot for row in rows)]
    if standing.decision and standing.decision.snapshot:
        kept.append(standing.decision.snapshot)
    by_digest = {snapshot.digest: snapshot for snapshot in kept}
    for row in rows:
        row.review = review
    return Pack(
        standing=standing,
        requested=review.requested_snapshot,
        observed=_observed(standing),
        rebaselines=rebaselines.rebaselines(standing.facts, before=review.closed_at or at),
        since=since.last_review(standing),
        signatures=_with_their_events(rows, events),
        questions=list(review.questions.select_related("asked_by", "asked_of", "answered_by")),
        events=events,
        texts=list(Text.objects.filter(event_seq__in=[e.seq for e in events]).order_by("pk")),
        snapshots=sorted(by_digest.values(), key=lambda s: (s.taken_at, s.digest)),
        people=_named(by_digest.values(), rows, events, review),
        taken_at=at,
    )


def _events(review: Review, decision: Decision | None) -> list[Event]:
    """What the log says of this review, and the decision that ended it, in order."""
    of_it = Q(subject=f"review:{review.pk}", initiative_id=review.initiative_id)
    if decision is not None:
        of_it |= Q(kind="decision.made", initiative_id=review.initiative_id, at=decision.decided_at)
    return list(Event.objects.filter(of_it).order_by("seq"))


def _with_their_events(rows: list[SignOff], events: list[Event]) -> list[Signed]:
    """Each signature with the event that said it, in the order of the log.

    One event tells of every slot that a signature filled.
    """
    told = {
        (event.actor_id, event.at, slot): event
        for event in events
        if event.kind == "review.signed"
        for slot in json.loads(event.payload)["changed"]["slots"]
    }
    signed = [Signed(row, told[row.signer_id, row.signed_at, row.slot.key]) for row in rows]
    return sorted(signed, key=lambda s: (s.event.seq, s.row.pk))


def _observed(standing: queries.Standing) -> Mapping[str, Any]:
    """What was measured, spent and judged: when it ended, or now."""
    if isinstance(standing, queries.Closed):
        return standing.observed
    return snapshots.observed(standing.facts, standing.judged)


def _named(
    kept: Iterable[Snapshot], rows: list[SignOff], events: list[Event], review: Review
) -> dict[int, str]:
    """Names of those whom the pack holds by id; names as of today, printed names stay as signed."""
    ids = {review.opened_by_id, *(row.signer_id for row in rows)}
    ids |= {event.actor_id for event in events if event.actor_id is not None}
    for snapshot in kept:
        ids |= set(snapshots.owners_in(json.loads(snapshot.material)).values())
    return dict(Person.objects.filter(pk__in=ids).values_list("pk", "name"))


def as_json(pack: Pack) -> bytes:
    """The pack as a file; the same pack is the same bytes."""
    content = {
        "format": FORMAT,
        "version": VERSION,
        "organisation": settings.ORGANISATION,
        "taken_at": stamp(pack.taken_at),
        "initiative": _initiative(pack),
        "review": _review(pack.review),
        "policy": _policy(pack),
        "slots": [_fields(state.slot) for state in pack.standing.slots],
        "snapshots": [
            {"digest": s.digest, "taken_at": stamp(s.taken_at), "material": s.material}
            for s in pack.snapshots
        ],
        "signatures": [_signature(signed) for signed in pack.signatures],
        "conditions": [_fields(condition) for condition in pack.conditions],
        "overrides": [_fields(override) for override in pack.standing.overrides],
        "questions": [_fields(question) for question in pack.questions],
        "decision": _fields(pack.decision) if pack.decision else None,
        "observed": pack.observed,
        "rebaselines": [_rebaseline(found) for found in pack.rebaselines],
        "people": {str(pk): name for pk, name in sorted(pack.people.items())},
        "events": [
            {"seq": e.seq, "prev": e.prev, "hash": e.hash, "payload": e.payload}
            for e in pack.events
        ],
        "texts": [
            {"event": t.event_seq, "digest": t.digest, "salt": t.salt, "words": t.words}
            | ({"erased_at": stamp(t.erased_at)} if t.erased_at else {})
            for t in pack.texts
        ],
    }
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False).encode()


def _initiative(pack: Pack) -> dict[str, Any]:
    row = pack.review.initiative
    return {
        "id": row.pk,
        "reference": row.reference,
        "name": row.name,
        "unit": row.unit.name if row.unit else "",
        "stage": row.stage,
        "level": row.level,
    }


def _review(review: Review) -> dict[str, Any]:
    return _fields(review, but=("observed", "seen_version", "policy_id"))


def _policy(pack: Pack) -> dict[str, Any]:
    row = pack.review.policy
    digest = hashlib.sha256(row.text.encode()).hexdigest()
    return {"version": row.version, "sha256": digest, "text": row.text}


def _rebaseline(found: Rebaseline) -> dict[str, Any]:
    """Old beside new, as the review's page says it (product.md P29)."""
    version = found.version
    return {
        "version": version.number,
        "in_force_since": stamp(version.since),
        "decided_by": version.decided_by,
        "reason": version.reason,
        "changes": [
            {"what": what, "before": before, "after": after}
            for what, before, after in found.changes
        ],
    }


def _signature(signed: Signed) -> dict[str, Any]:
    where = {"seq": signed.event.seq, "hash": signed.event.hash}
    on = sorted(condition.pk for condition in signed.conditions)
    return _fields(signed.row) | {"slot": signed.row.slot.key, "conditions": on, "audit": where}


def _fields(row: Model, but: tuple[str, ...] = ("observed",)) -> dict[str, Any]:
    """Every column of a row, so that none added later is left out."""
    columns = (field.attname for field in row._meta.concrete_fields)
    return {name: _plain(getattr(row, name)) for name in columns if name not in but}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return stamp(value)
    return value.isoformat() if isinstance(value, date) else value

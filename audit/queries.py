from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max

from audit import models
from audit.chain import GENESIS
from audit.payload import ERASED, Json, with_words

News = tuple[str, int | None]  # the kind of an event, and which initiative it happened to


@dataclass(frozen=True, slots=True)
class Head:
    """Where the log ends: the last seq and its hash."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class EventRecord:
    """An event as it is read: its texts put back, or "(erased)"."""

    seq: int
    at: datetime
    kind: str
    subject: str
    actor_id: int | None
    initiative_id: int | None
    changed: Mapping[str, Json]


def head() -> Head:
    """Return where the log ends; seq 0 when nothing has happened yet."""
    row = models.Head.objects.values_list("seq", "hash").first()
    return Head(0, GENESIS) if row is None else Head(*row)


def since(head: Head, most: int) -> list[News] | None:
    """Kind and initiative of each event after this head; None where the log does not hold it, or
    more than `most` followed. Cheap when little has happened: it reads on from the head."""
    found = models.Event.objects.filter(seq__gte=head.seq).order_by("seq")
    rows = list(found.values_list("seq", "hash", "kind", "initiative_id")[: most + 2])
    if not rows or rows[0][:2] != (head.seq, head.hash) or len(rows) > most + 1:
        return None
    return [(kind, initiative_id) for _, _, kind, initiative_id in rows[1:]]


def latest(*, kind: str, subject: str) -> EventRecord | None:
    """Return the newest event of this kind about this subject."""
    found = models.Event.objects.filter(kind=kind, subject=subject).order_by("-seq")[:1]
    return next(iter(records(found)), None)


@dataclass(frozen=True, slots=True)
class Position:
    """Where the log holds an event: its number and its hash, which whoever holds them can compare
    with the log at any time."""

    seq: int
    hash: str


def position_of(*, kind: str, subject: str, actor_id: int, at: datetime) -> Position | None:
    """Return where the log says that this person did this at this moment."""
    found = models.Event.objects.filter(kind=kind, subject=subject, actor_id=actor_id, at=at)
    row = found.order_by("seq").values_list("seq", "hash").first()
    return Position(*row) if row else None


def last_act_of(actor_id: int) -> datetime | None:
    """The latest moment at which the log says that this person did something."""
    acts = models.Event.objects.filter(actor_id=actor_id)
    latest: datetime | None = acts.aggregate(latest=Max("at"))["latest"]
    return latest


def history(
    *,
    initiative_id: int | None = None,
    about: str = "",
    limit: int = 50,
    before_seq: int | None = None,
) -> list[EventRecord]:
    """Return the newest events first, of one initiative or of all, or of its subjects of one kind,
    such as `killcondition`; page on with `before_seq`."""
    events = models.Event.objects.order_by("-seq")
    if initiative_id is not None:
        events = events.filter(initiative_id=initiative_id)
    if about:
        events = events.filter(subject__startswith=f"{about}:")
    if before_seq is not None:
        events = events.filter(seq__lt=before_seq)
    return records(events[:limit])


def events_after(seq: int, limit: int) -> list[EventRecord]:
    """Return what a reader with this cursor has not heard, oldest first.

    Nothing with a lower seq can appear later: appends commit in their order.
    """
    return records(models.Event.objects.filter(seq__gt=seq).order_by("seq")[:limit])


def records(events: Iterable[models.Event]) -> list[EventRecord]:
    """Read events with their texts, in two queries for any number of them."""
    rows = list(events)
    words = _words([row.seq for row in rows])
    return [_record(row, words) for row in rows]


def _words(seqs: list[int]) -> dict[str, str]:
    texts = models.Text.objects.filter(event_seq__in=seqs)
    found = texts.values_list("digest", "words", "erased_at")
    return {digest: words if erased is None else ERASED for digest, words, erased in found}


def _record(row: models.Event, words: Mapping[str, str]) -> EventRecord:
    said: dict[str, Json] = json.loads(row.payload)["changed"]
    return EventRecord(
        seq=row.seq,
        at=row.at,
        kind=row.kind,
        subject=row.subject,
        actor_id=row.actor_id,
        initiative_id=row.initiative_id,
        changed={key: with_words(value, words) for key, value in said.items()},
    )

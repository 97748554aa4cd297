from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from audit.chain import GENESIS, key_id, link, seal, text_digest
from audit.models import Event, Head, Text
from audit.payload import Json, Value, Words, canonical, encoded, stamp
from audit.request import request_id

__all__ = ["Entry", "LogBroken", "Value", "Words", "append", "erase"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing to be said in the log; ids and codes, and Words for everything else."""

    kind: str
    subject: str
    initiative_id: int | None = None
    actor_id: int | None = None
    changed: Mapping[str, Value] = field(default_factory=dict)


class LogBroken(Exception):
    """The head and the events contradict each other: stop, and run verify_audit."""


def append(entries: Iterable[Entry], *, at: datetime) -> list[Event]:
    """Write what happened, last in the caller's transaction; raises outside one.

    Holds the head's lock until that transaction ends, so numbers have no gaps and events become
    visible in their order.
    """
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError(
            "audit.actions.append belongs in the transaction of what it reports."
        )
    wanted = list(entries)
    if not wanted:
        return []
    head = _locked_head()
    events, texts = _linked(wanted, head, at)
    Text.objects.bulk_create(texts)
    Event.objects.bulk_create(events)
    _move(head, events[-1])
    return events


def erase(
    texts: QuerySet[Text], *, subject: str, at: datetime, actor_id: int | None = None
) -> Event:
    """Forget words for good, salt included, so that not even a guess can be checked; say so.

    `subject` is whom they were about ("person:3"); the event lists the ids of the texts.
    """
    ids = list(texts.filter(erased_at=None).order_by("id").values_list("id", flat=True))
    Text.objects.filter(id__in=ids).update(words="", salt="", erased_at=at)
    entry = Entry("audit.erased", subject, actor_id=actor_id, changed={"texts": ids})
    return append([entry], at=at)[0]


def _locked_head() -> Head:
    locked = Head.objects.select_for_update()
    head = next(iter(locked), None)  # without an order: there is one
    if head is None:
        # Two first appends meet here: the second waits for the first and inserts nothing.
        Head.objects.bulk_create([Head(seq=0, hash=GENESIS)], ignore_conflicts=True)
        head = locked.get()
        # Asked only under the lock: before it, the other's first events look like a broken log.
        if head.seq == 0 and Event.objects.exists():
            raise LogBroken("There are events, but the log has no head.")
    return head


def _linked(entries: list[Entry], head: Head, at: datetime) -> tuple[list[Event], list[Text]]:
    events: list[Event] = []
    texts: list[Text] = []
    prev = head.hash
    for seq, entry in enumerate(entries, start=head.seq + 1):
        event = _event(entry, seq, prev, at, texts)
        events.append(event)
        prev = event.hash
    return events, texts


def _event(entry: Entry, seq: int, prev: str, at: datetime, texts: list[Text]) -> Event:
    payload = canonical(_content(entry, seq, at, texts))
    linked = link(seq, prev, payload)
    return Event(
        seq=seq,
        payload=payload,
        prev=prev,
        hash=linked,
        mac=seal(linked, settings.AUDIT_KEY),
        key_id=key_id(settings.AUDIT_KEY),
        at=at.astimezone(UTC),
        kind=entry.kind,
        subject=entry.subject,
        initiative_id=entry.initiative_id,
        actor_id=entry.actor_id,
    )


def _content(entry: Entry, seq: int, at: datetime, texts: list[Text]) -> dict[str, Json]:
    def keep(words: str) -> str:
        texts.append(_text(words, seq))
        return texts[-1].digest

    content: dict[str, Json] = {
        "v": 1,
        "seq": seq,
        "at": stamp(at),
        "kind": entry.kind,
        "subject": entry.subject,
        "initiative": entry.initiative_id,
        "actor": entry.actor_id,
        "changed": {key: encoded(value, keep) for key, value in entry.changed.items()},
    }
    if (request := request_id.get()) is not None:
        content["request"] = request
    return content


def _text(words: str, seq: int) -> Text:
    # PostgreSQL stores neither NUL nor a lone surrogate; a refusal may quote either.
    stored = words.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
    salt = secrets.token_hex(16)
    return Text(digest=text_digest(salt, stored), salt=salt, words=stored, event_seq=seq)


def _move(head: Head, last: Event) -> None:
    behind = Head.objects.filter(seq=head.seq, hash=head.hash)
    if behind.update(seq=last.seq, hash=last.hash) != 1:
        raise LogBroken("The head moved although it was locked.")

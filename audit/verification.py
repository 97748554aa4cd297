"""Whether the log is what was written (tamper-evident; reliability.md, Audit log).

Reads rows as a stream, in one pass, and stops at the first bad one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from django.db.models import Max, Q, QuerySet, TextField
from django.db.models.functions import Cast

from audit import models
from audit.chain import GENESIS, known_keys, link, seal, text_digest
from audit.payload import Json, digests, stamp
from audit.queries import Head, head

What = Literal[
    "changed", "missing", "swapped", "inserted", "look-up", "head", "mac", "text", "anchor"
]


@dataclass(frozen=True, slots=True)
class Fault:
    """The first bad row, and what is wrong with it in a word and in a sentence."""

    seq: int
    what: What
    says: str


@dataclass(frozen=True, slots=True)
class Verification:
    """How many rows are sound, up to which one a witness confirms it, and the first bad row."""

    rows: int
    head: Head
    anchored_to: int
    first_bad: Fault | None

    @property
    def clean(self) -> bool:
        return self.first_bad is None


class Row(NamedTuple):
    """An event as stored; `at` as text, since a forged moment may be none that Python can hold."""

    seq: int
    payload: str
    prev: str
    hash: str
    mac: str
    key_id: str
    kind: str
    subject: str
    initiative_id: int | None
    actor_id: int | None
    at_text: str


class StoredText(NamedTuple):
    """A text as stored."""

    event_seq: int
    digest: str
    salt: str
    words: str
    erased: bool


Said = dict[str, Json]
CHUNK = 2_000


def verify(anchors: Mapping[int, str] | None = None) -> Verification:
    """Read the whole log; `anchors` are hashes by seq that witnesses hold outside the database.

    Without anchors, whoever may write to the database can cut the tail together with the head.
    Appends may go on meanwhile: what is later than the head at the start is left to the next run.
    """
    witnessed = anchors or {}
    end = head()
    last = Head(0, GENESIS)
    keys = known_keys()
    texts = _Texts(end.seq)
    for row in _rows(models.Event.objects.filter(seq__lte=end.seq).order_by("seq")):
        fault = _fault(row, last, keys, texts) or _anchor_fault(row, witnessed)
        if fault is not None:
            return _verification(last, end, witnessed, fault)
        last = Head(row.seq, row.hash)
    fault = _end_fault(last, end) or _beyond_fault(last, keys, witnessed)
    return _verification(last, end, witnessed, fault)


def _verification(
    last: Head, end: Head, anchors: Mapping[int, str], fault: Fault | None
) -> Verification:
    anchored = max((seq for seq in anchors if seq <= last.seq), default=0)
    return Verification(last.seq, end, anchored, fault)


def _rows(events: QuerySet[models.Event]) -> Iterator[Row]:
    stored = events.annotate(at_text=Cast("at", TextField()))
    for values in stored.values_list(*Row._fields).iterator(chunk_size=CHUNK):
        yield Row._make(values)


def _fault(row: Row, last: Head, keys: Mapping[str, str], texts: _Texts) -> Fault | None:
    said = _said(row)
    return (
        _place_fault(row, said, last)
        or _link_fault(row, last, keys)
        or _look_up_fault(row, said or {})
        or texts.fault(row, said or {})
    )


def _said(row: Row) -> Said | None:
    try:
        said = json.loads(row.payload)
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None


def _place_fault(row: Row, said: Said | None, last: Head) -> Fault | None:
    if row.seq > last.seq + 1:
        return Fault(last.seq + 1, "missing", f"Row {last.seq + 1} is missing.")
    if row.seq <= last.seq:
        return Fault(row.seq, "inserted", f"Row {row.seq} stands before the first.")
    if said is None:
        return Fault(row.seq, "changed", f"Row {row.seq} was changed: its payload is not JSON.")
    if said.get("seq") != row.seq:
        says = f"Row {row.seq} was swapped: it holds what was row {said.get('seq')}."
        return Fault(row.seq, "swapped", says)
    return None


def _link_fault(row: Row, last: Head, keys: Mapping[str, str]) -> Fault | None:
    if link(row.seq, row.prev, row.payload) != row.hash:
        return Fault(row.seq, "changed", f"Row {row.seq} was changed: its hash does not match.")
    key = keys.get(row.key_id)
    if key is None:
        return Fault(row.seq, "mac", f"Row {row.seq} is sealed with an unknown key {row.key_id}.")
    if seal(row.hash, key) != row.mac:
        return Fault(row.seq, "mac", f"Row {row.seq} was not sealed by us: its MAC is wrong.")
    if row.prev != last.hash:
        says = f"Row {row.seq} was inserted: it does not follow the row before it."
        return Fault(row.seq, "inserted", says)
    return None


def _look_up_fault(row: Row, said: Said) -> Fault | None:
    stored = {
        "at": (said.get("at"), _moment(row.at_text)),
        "kind": (said.get("kind"), row.kind),
        "subject": (said.get("subject"), row.subject),
        "initiative_id": (said.get("initiative"), row.initiative_id),
        "actor_id": (said.get("actor"), row.actor_id),
    }
    for column, (expected, found) in stored.items():
        if expected != found:
            says = f"Row {row.seq}: its column {column} says {found}, its payload {expected}."
            return Fault(row.seq, "look-up", says)
    return None


def _moment(text: str) -> str:
    """Write a database's text of a moment as payloads do; one that is no moment stays as it is."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return stamp(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _anchor_fault(row: Row, anchors: Mapping[int, str]) -> Fault | None:
    if anchors.get(row.seq, row.hash) == row.hash:
        return None
    return Fault(row.seq, "anchor", f"Row {row.seq} is not the one that its anchor witnessed.")


def _end_fault(last: Head, end: Head) -> Fault | None:
    if last.seq < end.seq:
        return Fault(last.seq + 1, "missing", f"Row {last.seq + 1} and all after it are missing.")
    if last.hash != end.hash:
        return Fault(end.seq, "head", f"The head differs from row {end.seq}.")
    return None


def _beyond_fault(last: Head, keys: Mapping[str, str], anchors: Mapping[int, str]) -> Fault | None:
    """Find what stands beyond the head; in this order, so that appends meanwhile do no harm."""
    events = models.Event.objects.filter(seq__gt=last.seq).order_by("seq")
    beyond = list(_rows(events[:1]))
    texts = models.Text.objects.aggregate(last=Max("event_seq"))["last"] or 0
    now = head()
    if beyond and beyond[0].seq > now.seq:
        return _unheaded_fault(beyond[0], last, keys)
    if (lost := max([texts, *anchors])) > now.seq:
        first = now.seq + 1
        says = f"Row {first} is missing: the log ends before it, yet there is proof of row {lost}."
        return Fault(first, "missing", says)
    return None


def _unheaded_fault(row: Row, last: Head, keys: Mapping[str, str]) -> Fault:
    if _place_fault(row, _said(row), last) or _link_fault(row, last, keys):
        return Fault(row.seq, "inserted", f"Row {row.seq} was inserted beyond the head.")
    return Fault(row.seq, "head", f"The head differs: row {row.seq} is sound, and beyond it.")


class _Texts:
    """The texts in the order of their events, read beside them."""

    def __init__(self, until: int) -> None:
        texts = models.Text.objects.filter(event_seq__lte=until).order_by("event_seq")
        erased = texts.annotate(erased=Q(erased_at__isnull=False))
        stored = erased.values_list(*StoredText._fields).iterator(chunk_size=CHUNK)
        self._stored = map(StoredText._make, stored)
        self._next = next(self._stored, None)

    def fault(self, row: Row, said: Said) -> Fault | None:
        """Compare an event's digests with its texts; an erased text is fine."""
        mentioned = set(digests(said.get("changed")))
        for text in self._until(row.seq):
            if text.event_seq != row.seq or text.digest not in mentioned:
                return Fault(row.seq, "text", f"Row {row.seq} has a text that it never mentioned.")
            if not _is_genuine(text):
                return Fault(row.seq, "text", f"A text of row {row.seq} was changed.")
            mentioned.remove(text.digest)
        if mentioned:
            return Fault(row.seq, "text", f"A text of row {row.seq} is missing.")
        return None

    def _until(self, seq: int) -> Iterator[StoredText]:
        while self._next is not None and self._next.event_seq <= seq:
            yield self._next
            self._next = next(self._stored, None)


def _is_genuine(text: StoredText) -> bool:
    if text.erased:
        return text.words == text.salt == ""
    return text_digest(text.salt, text.words) == text.digest

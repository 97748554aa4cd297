"""What happened, in sentences: each app says its own events, and here they are merged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from accounts import events as people
from accounts.models import Person
from audit import queries as audit
from audit.queries import EventRecord
from initiatives import events as initiatives
from initiatives.stages import REVIEWED
from initiatives.units import UnitKind, in_words
from notifications import events as notifications
from reviews import events as reviews
from reviews import queries

SENTENCES = {
    **people.SENTENCES,
    **initiatives.SENTENCES,
    **reviews.SENTENCES,
    **notifications.SENTENCES,
}
REVIEWS = {key: label.lower() for key, label in REVIEWED}
PAGE = 15
LONGEST = 200
NAMED = ("file", "name")  # what somebody called something, and no code of ours


@dataclass(frozen=True, slots=True)
class Line:
    """One event as a sentence."""

    seq: int
    at: datetime
    sentence: str
    is_refusal: bool


def of_initiative(pk: int, before: int | None = None) -> list[Line]:
    """The newest events of an initiative first, in three queries."""
    return in_sentences(audit.history(initiative_id=pk, limit=PAGE, before_seq=before))


def of_kill_conditions(pk: int) -> list[Line]:
    """What became of its kill conditions, the newest first: agreed on, tripped, waived, armed
    again."""
    events = audit.history(initiative_id=pk, about="killcondition", limit=LONGEST)
    return in_sentences(events)


def in_sentences(records: Iterable[EventRecord]) -> list[Line]:
    """Say these events; people are named by one look-up, criteria by the policy's."""
    events = list(records)
    titles = queries.titles()
    ids = {pk for event in events for pk in (event.actor_id, _person(event)) if pk is not None}
    names = dict(Person.objects.filter(pk__in=ids).values_list("pk", "name"))
    return [_line(event, names, titles) for event in events]


def _person(event: EventRecord) -> int | None:
    person = event.changed.get("person")
    return person if isinstance(person, int) else None


def _line(event: EventRecord, names: Mapping[int, str], titles: Mapping[str, str]) -> Line:
    who = names.get(event.actor_id or 0, "Gatehouse")
    if event.kind.endswith("_refused"):
        act = event.kind.removesuffix("_refused").replace(".", ": ").replace("_", " ")
        sentence = f"{who} was refused ({act}): {event.changed.get('message', '')}"
        return Line(event.seq, event.at, sentence, is_refusal=True)
    template = SENTENCES.get(event.kind)
    words = _Words(event, who, names, titles)
    sentence = template.format_map(words) if template else f"{who}: {event.kind}"
    return Line(event.seq, event.at, sentence, is_refusal=False)


class _Words(dict[str, Any]):
    """What a sentence may say of its event; a word that is missing leaves a gap, not an error."""

    def __init__(
        self, event: EventRecord, who: str, names: Mapping[int, str], titles: Mapping[str, str]
    ) -> None:
        said = {
            key: value if key in NAMED else _plain(value) for key, value in event.changed.items()
        }
        if (gate := event.changed.get("gate")) in REVIEWS:
            said["gate"] = REVIEWS[gate]
        if isinstance(amount := event.changed.get("amount"), int):
            said["amount"] = in_words(Decimal(amount), UnitKind.MONEY)
        if isinstance(key := event.changed.get("criterion"), str):
            said["criterion"] = titles.get(key) or said["criterion"]
        if isinstance(role := event.changed.get("role"), str) and "." in role:
            key = role.partition(".")[0]
            said["role"] = f"named for “{titles.get(key) or said['role']}”"
        super().__init__(
            said | {"who": who, "fields": ", ".join(_plain(key) for key in event.changed)}
        )
        if (person := _person(event)) is not None:
            self["person"] = names.get(person, "somebody")

    def __missing__(self, key: str) -> str:
        return "…"


def _plain(value: Any) -> Any:
    """Codes as words: `readiness_review` and `data_owner` read without their underscores; days as
    everywhere else."""
    if isinstance(value, str) and " " not in value:
        with suppress(ValueError):
            return f"{date.fromisoformat(value):%-d %b %Y}"
        return value.split(".")[0].replace("_", " ")
    return value

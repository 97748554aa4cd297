"""What an event says, as the exact text that is hashed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Words:
    """Free text or a name: stored erasable, so that only its salted digest enters the payload."""

    text: str


# A `str` here is a code or an id; whatever a person typed, or is called, is `Words`.
Value: TypeAlias = (
    "bool | int | str | Decimal | date | Words | Sequence[Value] | Mapping[str, Value] | None"
)
Json: TypeAlias = "bool | int | str | list[Json] | dict[str, Json] | None"


ERASED = "(erased)"
MISSING = "(missing)"


def stamp(moment: datetime) -> str:
    """Write a moment in UTC with microseconds; a naive one is refused with ValueError."""
    if moment.tzinfo is None:
        raise ValueError("An event's moments need a time zone.")
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def number(value: Decimal) -> str:
    """Write a decimal so that equal values are equal texts: no exponent, no trailing zeros."""
    if not value.is_finite():
        raise ValueError(f"{value} is not a number that an event can hold.")
    digits = format(value, "f")
    if "." in digits:
        digits = digits.rstrip("0").rstrip(".")
    return "0" if digits == "-0" else digits


def encoded(value: Value, keep: Callable[[str], str]) -> Json:
    """Turn a value into JSON; `keep` stores a text elsewhere and answers with its digest."""
    match value:
        case None | bool() | int() | str():
            return value
        case Decimal():
            return number(value)
        case datetime():
            return stamp(value)
        case date():
            return value.isoformat()
        case Words(text=text):
            return {"text": keep(text)}
        case Mapping():
            return _encoded_mapping(value, keep)
        case list() | tuple():
            return [encoded(item, keep) for item in value]
    raise TypeError(f"An event cannot hold a {type(value).__name__}: {value!r}")


def _encoded_mapping(value: Mapping[str, Value], keep: Callable[[str], str]) -> dict[str, Json]:
    if value.keys() == {"text"}:
        raise ValueError("A mapping with the single key 'text' is how Words are written.")
    if not all(isinstance(key, str) for key in value):
        raise TypeError("The keys of an event's mapping are strings.")
    return {key: encoded(item, keep) for key, item in value.items()}


def canonical(content: dict[str, Json]) -> str:
    """Write JSON in its only form: sorted keys, no blanks, ASCII, no floats."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest_in(value: Json) -> str | None:
    """Return the digest if the value stands for Words, else None."""
    if isinstance(value, dict) and value.keys() == {"text"}:
        digest = value["text"]
        return digest if isinstance(digest, str) else None
    return None


def digests(value: Json) -> Iterator[str]:
    """Yield the digest of every Words in the value."""
    if (digest := digest_in(value)) is not None:
        yield digest
    elif isinstance(value, dict):
        for item in value.values():
            yield from digests(item)
    elif isinstance(value, list):
        for item in value:
            yield from digests(item)


def with_words(value: Json, words: Mapping[str, str]) -> Json:
    """Put the texts back where their digests stand; `words` maps digest to text."""
    if (digest := digest_in(value)) is not None:
        return words.get(digest, MISSING)
    if isinstance(value, dict):
        return {key: with_words(item, words) for key, item in value.items()}
    if isinstance(value, list):
        return [with_words(item, words) for item in value]
    return value

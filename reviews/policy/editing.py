"""Changes of a policy's text, one at a time, that leave its comments and its layout alone.

Nothing here judges what comes out: `reviews.policy.parse` says what is wrong with it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from reviews.policy.model import ALWAYS, InvalidPolicy
from reviews.policy.reading import LONGEST_KEY, tables

CRITERIA, SLOTS = "criteria", "slots"
# What a key means where it is not written: then it need not be written either.
DEFAULTS: dict[str, Any] = {
    "blocking": True,
    "mandatory": False,
    "anew": False,
    "catch_up": ALWAYS,
    "required": True,
    "quorum": 1,
    "source": "",
    "help": "",
}


class NotThere(LookupError):
    """The text has no such gate, criterion, question or slot."""


@dataclass(frozen=True)
class Place:
    """A row of a gate: a criterion or a slot by its key, or a question of a criterion."""

    gate: str
    kind: str
    key: str = ""
    field: str = ""


def document(text: str) -> Any:
    """The text as tables that know their layout, for changing it; reading it is ten times as fast
    with `tables`. Raises InvalidPolicy where it is no TOML."""
    try:
        return tomlkit.parse(text)
    except (TOMLKitError, ValueError, RecursionError) as error:
        raise InvalidPolicy([f"The policy can't be read as TOML: {error}."]) from error


def gates_of(text: str) -> Mapping[str, Any]:
    """The gates as they stand in the text, for forms that show them."""
    gates = tables(text).get("gates")
    return gates if isinstance(gates, Mapping) else {}


def table(text: str, *way: str) -> Mapping[str, Any]:
    """One table of the text, empty where it is not there."""
    found: Any = tables(text)
    for step in way:
        found = found.get(step) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def row(text: str, place: Place) -> Mapping[str, Any]:
    """What stands at this place; raises NotThere."""
    rows, number = _found(tables(text), place)
    return dict(rows[number])


def set_values(text: str, way: Iterable[str], values: Mapping[str, Any]) -> str:
    """Change plain values of a table, such as the limits."""
    whole = document(text)
    owner = whole
    for step in way:
        if not isinstance(owner.get(step), Mapping):
            raise NotThere(step)
        owner = owner[step]
    _put(owner, values)
    return tomlkit.dumps(whole)


def change_row(text: str, place: Place, values: Mapping[str, Any]) -> str:
    """Change a criterion, a question or a slot; what says the default is left out."""
    whole = document(text)
    rows, number = _found(whole, place)
    _put(rows[number], values)
    return tomlkit.dumps(whole)


def add_row(text: str, place: Place, values: Mapping[str, Any]) -> str:
    """Add a row at the end of its list: with a field to a criterion, else to the gate."""
    whole = document(text)
    made = tomlkit.table()
    _put(made, {key: value for key, value in values.items() if key != "fields"})
    for field in values.get("fields", ()):
        _append(made, "fields", _new(field))
    if place.key:
        rows, number = _found(whole, Place(place.gate, place.kind, place.key))
        _append(rows[number], "fields", made)
    else:
        _append(_gate(whole, place.gate), place.kind, made)
    return tomlkit.dumps(whole)


def remove_row(text: str, place: Place) -> str:
    """Take a row out; what signers were to look at first loses a criterion that is gone."""
    whole = document(text)
    rows, number = _found(whole, place)
    del rows[number]
    if place.kind == CRITERIA and not place.field:
        for slot in _gate(whole, place.gate).get(SLOTS, ()):
            _put(slot, {"points": [p for p in slot.get("points", ()) if p != place.key] or None})
    return tomlkit.dumps(whole)


def move_row(text: str, place: Place, by: int) -> str:
    """Move a row up (-1) or down (1) in its list; at its end it stays."""
    whole = document(text)
    rows, number = _found(whole, place)
    to = number + by
    if 0 <= to < len(rows):
        moved = rows[number]
        del rows[number]
        rows.insert(to, moved)
    return tomlkit.dumps(whole)


def key_for(title: str, taken: Collection[str]) -> str:
    """A key made of a title's words, and that nothing has yet: `The data` becomes the_data."""
    words = re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_")
    first = words if words[:1].isalpha() else f"x_{words}".rstrip("_")
    base = first[: LONGEST_KEY - 20].rstrip("_")
    number, key = 1, base
    while key in taken:
        number += 1
        key = f"{base}_{number}"
    return key


# ── Where things stand ──


def _gate(whole: Any, gate: str) -> Any:
    gates = whole.get("gates")
    if not isinstance(gates, Mapping) or not isinstance(gates.get(gate), Mapping):
        raise NotThere(gate)
    return gates[gate]


def _found(whole: Any, place: Place) -> tuple[Any, int]:
    """The list that a row stands in, and its number there."""
    rows, number = _numbered(_gate(whole, place.gate).get(place.kind), place.key)
    if place.field:
        return _numbered(rows[number].get("fields"), place.field)
    return rows, number


def _numbered(rows: Any, key: str) -> tuple[Any, int]:
    if isinstance(rows, list):
        for number, found in enumerate(rows):
            if isinstance(found, Mapping) and found.get("key") == key:
                return rows, number
    raise NotThere(key)


def _append(owner: Any, name: str, made: Any) -> None:
    """Add to a list of tables, which is begun where there is none."""
    made.add(tomlkit.nl())
    if owner.get(name) is None:
        owner[name] = tomlkit.aot()
    owner[name].append(made)


def _new(values: Mapping[str, Any]) -> Any:
    made = tomlkit.table()
    _put(made, values)
    return made


def _put(owner: Any, values: Mapping[str, Any]) -> None:
    """Write what differs; None and defaults are taken out."""
    for key, value in values.items():
        if value is None or (key in DEFAULTS and value == DEFAULTS[key]) or value == {}:
            owner.pop(key, None)
        elif key not in owner or _plain(owner[key]) != value:
            owner[key] = _inline(value) if isinstance(value, Mapping) else value


def _plain(value: Any) -> Any:
    return value.unwrap() if hasattr(value, "unwrap") else value


def _inline(values: Mapping[str, Any]) -> Any:
    made = tomlkit.inline_table()
    made.update(values)
    return made

"""What is different between two policies, in words: added, removed, and before → after."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from initiatives.stages import Gate
from reviews.policy import wording
from reviews.policy.model import Criterion, Field, GatePolicy, Policy, Slot

Kind = Literal["added", "removed", "changed"]


@dataclass(frozen=True)
class Change:
    """One thing that differs: what, and how it was and is said."""

    kind: Kind
    what: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True)
class Section:
    """The differences of one part of the policy; `key` names the gate, or is empty."""

    title: str
    changes: list[Change]
    key: str = ""


def between(before: Policy, after: Policy) -> list[Section]:
    """The parts that differ, in the policy's order; none where both say the same."""
    sections = [
        Section("Policy", list(_simple([("Name", before.name, after.name)]))),
        Section("Limits", list(_amounts(wording.LIMITS, before.limits, after.limits))),
        Section("Reminders", list(_amounts(wording.LADDER, before.reminders, after.reminders))),
        *(
            Section(f"{gate.label} gate", list(_gate(before.gates[gate], after.gates[gate])), gate)
            for gate in Gate
        ),
    ]
    return [section for section in sections if section.changes]


def _simple(rows: Iterable[tuple[str, str, str]]) -> Iterator[Change]:
    for what, before, after in rows:
        if before != after:
            yield Change("changed", what, before or "nothing", after or "nothing")


def _amounts(words: Mapping[str, tuple[str, str]], before: Any, after: Any) -> Iterator[Change]:
    return _simple(
        (
            title,
            wording.amount(getattr(before, name), unit),
            wording.amount(getattr(after, name), unit),
        )
        for name, (title, unit) in words.items()
    )


def _gate(before: GatePolicy, after: GatePolicy) -> Iterator[Change]:
    yield from _simple(
        [
            ("Title", before.title, after.title),
            (
                "People who have to sign",
                wording.per_level(before.people_needed),
                wording.per_level(after.people_needed),
            ),
            (
                "Somebody from outside the delivery team signs at",
                _levels(before.outsider_from),
                _levels(after.outsider_from),
            ),
        ]
    )
    yield from _rows("criterion", before.criteria, after.criteria, _of_criterion)
    yield from _rows("signature", before.slots, after.slots, _of_slot)


def _levels(levels: Iterable[str]) -> str:
    return wording.listed(level for level in wording.LEVELS if level in set(levels))


def _rows(what: str, before: Any, after: Any, parts: Any) -> Iterator[Change]:
    """Rows are the same while they have the same key."""
    old = {row.key: row for row in before}
    new = {row.key: row for row in after}
    for key, row in old.items():
        if key not in new:
            yield Change("removed", f"{what.capitalize()} “{_name(row)}”", before=_gist(row))
    for key, row in new.items():
        if key not in old:
            yield Change("added", f"{what.capitalize()} “{_name(row)}”", after=_gist(row))
        else:
            for change in _parts(parts(old[key]), parts(row)):
                title = f"{what.capitalize()} “{_name(row)}”, {change.what}"
                yield Change(change.kind, title, change.before, change.after)
    yield from _order(what, old, new)


def _order(what: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    """The order of what both have."""
    before = [key for key in old if key in new]
    after = [key for key in new if key in old]
    if before != after:
        names = (", ".join(_name(new[key]) for key in keys) for keys in (before, after))
        yield Change("changed", f"Order: each {what}", *names)


def _name(row: Any) -> str:
    return str(row.label if isinstance(row, Field) else row.title)


def _gist(row: Any) -> str:
    if isinstance(row, Criterion):
        said = [*wording.state(row), wording.applies(row.applies)]
        said += [f"asks {wording.listed(f'“{f.label}”' for f in row.fields)}"] if row.fields else []
        return "; ".join(said)
    if isinstance(row, Slot):
        return f"{wording.who(row)}; {wording.applies(row.applies)}; “{row.meaning}”"
    return wording.field(row)


def _parts(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Change]:
    for what in {**before, **after}:
        if what not in before:
            yield Change("added", what, after=after[what])
        elif what not in after:
            yield Change("removed", what, before=before[what])
        elif before[what] != after[what]:
            yield from _simple([(what, before[what], after[what])])


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _of_criterion(row: Criterion) -> dict[str, str]:
    return {
        "title": row.title,
        "check": (row.check or "").replace("_", " "),
        "told to the check": wording.parameters(row.parameters),
        "blocking": _yes(row.blocking),
        "mandatory": _yes(row.mandatory),
        "asked anew": _yes(row.anew),
        "asked of what already ran": wording.CATCH_UP[row.catch_up],
        "applies": wording.applies(row.applies),
        "why": row.why,
        "source": row.source,
        "questions it counts for": str(row.asks) if row.check else "",
    } | {key: said for field in row.fields for key, said in _of_field(field).items()}


def _of_field(row: Field) -> dict[str, str]:
    """A field's parts by its key, so that another wording is not another question."""
    begins = f"question {row.key}"
    parts = {
        begins: f"“{row.label}”: {wording.field(row)}",
        f"{begins}, help": row.help,
        f"{begins}, starts from": row.starts_from,
    }
    for column in row.columns:
        said = f"“{column.label}”: {wording.TYPES[column.type]}"
        if column.choices:
            said += f" of {wording.listed((f'“{c}”' for c in column.choices), 'or')}"
        parts[f"{begins}, column {column.key}"] = f"{said}; {wording.applies(column.applies)}"
    return {
        what: said for what, said in parts.items() if said or what in (begins, f"{begins}, help")
    }


def _of_slot(row: Slot) -> dict[str, str]:
    return {
        "title": row.title,
        "who": wording.who(row),
        "applies": wording.applies(row.applies),
        "meaning": row.meaning,
        "points": ", ".join(row.points),
    }

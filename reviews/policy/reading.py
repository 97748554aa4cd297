"""Reading a policy from TOML: everything that is wrong with it is named at once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from decimal import Decimal
from functools import partial
from pathlib import Path
from types import UnionType
from typing import Any, cast

from initiatives.stages import Gate, Stage
from initiatives.triage import QUESTIONS, Level
from reviews.policy import checking
from reviews.policy.model import (
    ALWAYS,
    CATCH_UP,
    COLUMN_TYPES,
    DAYS_BEFORE,
    FIELD_TYPES,
    GROUPS,
    STATEMENT_DAYS,
    Applies,
    Column,
    Criterion,
    Field,
    FieldType,
    GatePolicy,
    InvalidPolicy,
    Ladder,
    Limits,
    Policy,
    Slot,
)

KEY = re.compile(r"[a-z][a-z0-9_]*")
LONGEST_KEY = 60
LONGEST_TITLE = 60
MOST_DAYS = 3_650  # and minutes, questions, people: whatever is more is a slip
LARGEST_AMOUNT = 10**15
LARGEST_FACTOR = 100
DEFAULT = Path(__file__).parent.parent / "policies" / "default.toml"


def default_text() -> str:
    """Return the policy that Gatehouse ships, as the TOML people read."""
    return DEFAULT.read_text(encoding="utf-8")


def parse(
    text: str, *, version: int, checks: Collection[str], groups: Collection[str] = GROUPS
) -> Policy:
    """Read a policy; `checks` are the names that a criterion's `check` may have.

    Raises InvalidPolicy with all problems at once.
    """
    problems: list[str] = []
    policy = _read_policy(_Table(tables(text), "The policy", problems), version)
    problems += checking.problems(policy, checks=checks, groups=groups)
    if problems:
        raise InvalidPolicy(dict.fromkeys(problems))
    return policy


def published(text: str, *, version: int) -> Policy:
    """Read a version that was published: what holds between its parts was looked at then.

    A rule that came later, or a group that has gone since, must not take back what was published.
    """
    problems: list[str] = []
    policy = _read_policy(_Table(tables(text), "The policy", problems), version)
    if problems:
        raise InvalidPolicy(dict.fromkeys(problems))
    return policy


def tables(text: str) -> dict[str, Any]:
    """The text as plain tables; raises InvalidPolicy where it is no TOML."""
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except (ValueError, ArithmeticError, RecursionError) as error:  # absurd numbers and nesting
        raise InvalidPolicy([f"The policy can't be read as TOML: {error}."]) from error


# ── From tables to values: the shape ──


class _Table:
    """One TOML table, read key by key. What is wrong goes to a list that all of them share, and
    reading goes on with an empty value, so that every problem is found."""

    def __init__(self, values: Mapping[str, Any], where: str, problems: list[str]) -> None:
        self.values, self.where, self.problems = values, where, problems
        self.read: set[str] = set()

    def refuse(self, problem: str) -> None:
        self.problems.append(f"{self.where}: {problem}.")

    def take(
        self, key: str, *, kind: type | UnionType, called: str, default: Any, empty: Any
    ) -> Any:
        """A value of this kind; the default where the key is missing, None meaning it mustn't."""
        self.read.add(key)
        value = self.values.get(key, default)
        if value is None:
            self.refuse(f"{key} is missing")
            return empty
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            self.refuse(f"{key} has to be {called}")
            return empty
        return value

    def text(self, key: str, default: str | None = None, *, longest: int | None = None) -> str:
        value: str = self.take(key, kind=str, called="text", default=default, empty="-")
        if default is None and not value.strip():
            self.refuse(f"{key} is empty")
        if longest is not None and len(value) > longest:
            self.refuse(f"{key} is longer than {longest} characters")
        return value.strip()

    def key(self) -> str:
        key = self.text("key", longest=LONGEST_KEY)
        if key != "-" and not KEY.fullmatch(key):
            self.refuse(f"the key {key!r} may have small letters, digits and underscores only")
        return key

    def flag(self, key: str, default: bool) -> bool:
        value: bool = self.take(
            key, kind=bool, called="true or false", default=default, empty=default
        )
        return value

    def whole(
        self, key: str, default: int | None = None, *, at_least: int = 0, at_most: int = MOST_DAYS
    ) -> int:
        value: int = self.take(
            key, kind=int, called="a whole number", default=default, empty=at_least
        )
        if not at_least <= value <= at_most:
            self.refuse(f"{key} has to be between {at_least:,} and {at_most:,}")
        return min(max(value, at_least), at_most)

    def amount(self, key: str) -> int | None:
        return self.whole(key, at_most=LARGEST_AMOUNT) if key in self.values else None

    def factor(self, key: str) -> Decimal:
        value = self.take(
            key, kind=Decimal | int, called="a number such as 1.5", default=None, empty=1
        )  # fmt: skip
        number = Decimal(value)
        if not number.is_finite() or not 1 <= number <= LARGEST_FACTOR:
            self.refuse(f"{key} has to be between 1 and {LARGEST_FACTOR}")
        return number

    def several(
        self, key: str, *, of: type, called: str, optional: bool = False
    ) -> tuple[Any, ...]:
        default: list[Any] | None = [] if optional else None
        values = self.take(key, kind=list, called=f"a list of {called}", default=default, empty=[])
        good = [v for v in values if isinstance(v, of) and not isinstance(v, bool)]
        if len(good) < len(values):
            self.refuse(f"{key} has to be a list of {called}")
        return tuple(good)

    def names(self, key: str, known: Collection[str], what: str) -> tuple[str, ...]:
        """Some of the known names; to write the key and name none is a mistake."""
        names: tuple[str, ...] = self.several(key, of=str, called=f"{what}s", optional=True)
        for name in names:
            if name not in known:
                self.refuse(f"{key} names the unknown {what} {name!r}; known are {_listed(known)}")
        if key in self.values and not self.values[key]:
            self.refuse(f"{key} names no {what}; leave it out where it doesn't matter")
        return names

    def days(self, key: str, default: tuple[int, ...] | None = None) -> tuple[int, ...]:
        if default is not None and key not in self.values:
            self.read.add(key)
            return default
        days: tuple[int, ...] = self.several(key, of=int, called="whole numbers of days")
        if any(not 0 <= day <= MOST_DAYS for day in days):
            self.refuse(f"{key} has to have days between 0 and {MOST_DAYS:,}")
        return days

    def table(self, key: str, *, optional: bool = False, where: str = "") -> _Table:
        missing: dict[str, Any] = {}
        default = missing if optional else None
        values = self.take(key, kind=dict, called="a table", default=default, empty=missing)
        # Of a table that isn't there, what isn't in it is no problem besides.
        problems = [] if values is missing and not optional else self.problems
        return _Table(values, where or f"{self.where}, {key}", problems)

    def tables(self, key: str, what: str) -> Iterator[_Table]:
        """The tables of a list, each called by its key, or by its number where it has none."""
        rows = self.several(key, of=dict, called="tables", optional=True)
        for number, row in enumerate(rows, start=1):
            named = row.get("key") or f"number {number}"
            yield _Table(row, f"{self.where}, {what} {named}", self.problems)

    def per_level(self, key: str, *, at_least: int = 1) -> dict[str, int]:
        table = self.table(key)
        numbers = {level: table.whole(level, at_least=at_least) for level in Level.values}
        table.finish()
        return numbers

    def finish(self) -> None:
        """Refuse keys nobody asked for: a misspelt rule must not be silently without effect."""
        for key in sorted(self.values.keys() - self.read):
            self.refuse(f"the key {key!r} is unknown; known are {_listed(sorted(self.read))}")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)


def _read_policy(table: _Table, version: int) -> Policy:
    gates = table.table("gates", where="The policy's gates")
    policy = Policy(
        version=version,
        name=table.text("name"),
        gates={gate: _read_gate(gates, gate) for gate in Gate if _has(gates, gate)},
        limits=_read_limits(table.table("limits", where="Limits")),
        reminders=_read_ladder(table.table("reminders", where="Reminders")),
    )
    gates.finish()
    table.finish()
    return policy


def _has(gates: _Table, gate: Gate) -> bool:
    """Whether the gate is there at all; one that is missing would be one nobody has to pass."""
    gates.read.add(gate)
    if gate not in gates.values:
        gates.refuse(f"the gate {gate} is missing")
    return gate in gates.values


def _read_gate(gates: _Table, gate: Gate) -> GatePolicy:
    table = gates.table(gate, where=f"{gate.label} gate")
    policy = GatePolicy(
        key=gate.value,
        title=table.text("title", longest=LONGEST_TITLE),
        criteria=tuple(_read_criterion(row) for row in table.tables("criteria", "criterion")),
        slots=tuple(_read_slot(row) for row in table.tables("slots", "slot")),
        people_needed=table.per_level("people_needed", at_least=0),
        outsider_from=_read_outsider_from(table),
    )
    table.finish()
    return policy


def _read_outsider_from(table: _Table) -> frozenset[str]:
    levels = table.several("outsider_from", of=str, called="levels")
    for level in sorted(set(levels) - set(Level.values)):
        table.refuse(f"outsider_from names the unknown level {level!r}")
    return frozenset(levels)


def _read_criterion(table: _Table) -> Criterion:
    check = table.text("check") if "check" in table.values else None
    criterion = Criterion(
        key=table.key(),
        title=table.text("title", longest=LONGEST_TITLE),
        check=check,
        parameters=dict(table.table("parameters", optional=True).values),
        blocking=table.flag("blocking", default=True),
        mandatory=table.flag("mandatory", default=False),
        anew=table.flag("anew", default=False),
        catch_up=_read_catch_up(table),
        applies=_read_applies(table),
        fields=tuple(_read_field(row) for row in table.tables("fields", "field")),
        why=table.text("why"),
        source=table.text("source", default=""),
        asks=table.whole("asks", default=0),
    )
    table.read.add("check")
    table.finish()
    if criterion.is_answered and not criterion.fields:
        table.refuse("it has neither a check nor a field, so nothing could ever meet it")
    if criterion.is_answered and (criterion.parameters or "asks" in table.values):
        table.refuse("parameters and asks are for criteria with a check")
    if criterion.fields and not criterion.is_answered:
        table.refuse("it has a check, so its fields would never be asked; keep one of the two")
    return criterion


def _read_catch_up(table: _Table) -> str:
    said = table.text("catch_up", default=ALWAYS)
    if said not in CATCH_UP:
        table.refuse(f"catch_up has to be one of {_listed(CATCH_UP)}")
    return said


def _read_field(table: _Table) -> Field:
    kind = table.text("type")
    if kind not in (*FIELD_TYPES, "-"):
        table.refuse(f"the type {kind!r} is unknown; known are {_listed(FIELD_TYPES)}")
    field = Field(
        key=table.key(),
        label=table.text("label"),
        type=cast("FieldType", kind),
        required=table.flag("required", default=True),
        choices=table.several("choices", of=str, called="texts", optional=True),
        help=table.text("help", default=""),
        applies=_read_applies(table),
        columns=tuple(_read_column(row) for row in table.tables("columns", "column")),
        starts_from=table.text("starts_from", default=""),
    )
    table.finish()
    _check_choices(table, kind, field.choices)
    if (kind == "table") != bool(field.columns):
        table.refuse("a field of the type table has columns, and no other has")
    if field.starts_from and kind != "table":
        table.refuse("starts_from is for tables")
    return field


def _read_column(table: _Table) -> Column:
    kind = table.text("type", default="text")
    if kind not in COLUMN_TYPES:
        table.refuse(f"the type {kind!r} is unknown; columns know {_listed(COLUMN_TYPES)}")
    column = Column(
        key=table.key(),
        label=table.text("label"),
        type=kind,
        choices=table.several("choices", of=str, called="texts", optional=True),
        applies=_read_applies(table),
    )
    table.finish()
    _check_choices(table, kind, column.choices)
    return column


def _check_choices(table: _Table, kind: str, choices: tuple[str, ...]) -> None:
    if (kind == "choice") != bool(choices):
        table.refuse("a field of the type choice has choices, and no other has")
    if len(set(choices)) < len(choices):
        table.refuse("choices has the same choice twice")


def _read_slot(table: _Table) -> Slot:
    slot = Slot(
        key=table.key(),
        title=table.text("title", longest=LONGEST_TITLE),
        role=table.text("role") if "role" in table.values else None,
        group=table.text("group") if "group" in table.values else None,
        quorum=table.whole("quorum", default=1, at_least=1),
        meaning=table.text("meaning"),
        applies=_read_applies(table),
        points=table.several("points", of=str, called="keys", optional=True),
    )
    table.read |= {"role", "group"}
    table.finish()
    if (slot.role is None) == (slot.group is None):
        table.refuse("it needs either a role or a group, and not both")
    if slot.role is not None and slot.quorum != 1:
        table.refuse("a role is held by one person, so its quorum is 1")
    return slot


def _read_applies(owner: _Table) -> Applies:
    table = owner.table("applies", optional=True, where=owner.where)
    applies = Applies(
        levels=frozenset(table.names("levels", Level.values, "level")),
        stages=frozenset(table.names("stages", Stage.values, "stage")),
        when=table.names("when", QUESTIONS, "question"),
        unless=table.names("unless", QUESTIONS, "question"),
        pilot_budget_from=table.amount("pilot_budget_from"),
        monthly_cost_from=table.amount("monthly_cost_from"),
    )
    table.read |= {"pilot_budget_from", "monthly_cost_from"}
    table.finish()
    return applies


def _read_limits(table: _Table) -> Limits:
    days = partial(table.whole, at_least=1)
    limits = Limits(
        reauthentication_minutes=table.per_level("reauthentication_minutes"),
        request_working_days=days("request_working_days"),
        pilot_days=days("pilot_days"),
        pilot_days_with_reason=days("pilot_days_with_reason"),
        extension_days=days("extension_days"),
        proposal_days=days("proposal_days"),
        readiness_days=days("readiness_days"),
        lapse_days=days("lapse_days"),
        stalled_days=days("stalled_days"),
        measurement_stale_factor=table.factor("measurement_stale_factor"),
        evaluation_stale_days=days("evaluation_stale_days"),
        override_days=table.whole("override_days"),
        pause_days=days("pause_days"),
        statement_days=days("statement_days", STATEMENT_DAYS),
        recertification_days=table.per_level("recertification_days"),
        catch_up_days=table.per_level("catch_up_days"),
    )
    table.finish()
    return limits


def _read_ladder(table: _Table) -> Ladder:
    later = {key: table.days(key, default) for key, default in DAYS_BEFORE.items()}
    ladder = Ladder(
        owner_days_before=table.days("owner_days_before"),
        signer_days_after=table.days("signer_days_after"),
        recertification_days_before=table.days("recertification_days_before"),
        sponsor_days_after=table.whole("sponsor_days_after"),
        leads_days_after=table.whole("leads_days_after"),
        **later,
    )
    table.finish()
    return ladder


# ── From values to a policy that holds together: the rules ──

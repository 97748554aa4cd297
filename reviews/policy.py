"""The policy: what each gate asks for and who has to sign, as typed, frozen values.

Read from TOML by `parse`, which either returns a policy that holds together or names everything
that is wrong with it at once (product.md §3).
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path
from types import UnionType
from typing import Any, Literal, cast, get_args

from initiatives.stages import LEADS_TO, REQUIRED_ROLES, RUNNING, Gate, Role, Stage
from initiatives.triage import QUESTIONS, Level

FieldType = Literal[
    "text", "choice", "number", "money", "date", "person", "url", "file", "yes_no"
]  # fmt: skip
FIELD_TYPES: tuple[str, ...] = get_args(FieldType)
# The groups every installation has (accounts.groups); `parse` is told of those added to them.
GROUPS = (
    "security", "compliance", "finance", "operations", "leads", "auditors", "administrators",
)  # fmt: skip
# What can't be edited out of a policy, in any gate into a running stage: it is the product.
FIXED_CHECKS = (
    "owners_accepted", "primary_metric_complete", "kill_condition_armed", "nothing_tripped",
)  # fmt: skip
KEY = re.compile(r"[a-z][a-z0-9_]*")
LONGEST_KEY = 60
LONGEST_ROLE = 80  # of `<criterion>.<field>`, which is an ownership's role
LONGEST_TITLE = 60
MOST_DAYS = 3_650  # and minutes, questions, people: whatever is more is a slip
LARGEST_AMOUNT = 10**15
LARGEST_FACTOR = 100
DEFAULT = Path(__file__).parent / "policies" / "default.toml"


class InvalidPolicy(ValueError):
    """A policy that can't be loaded; `problems` says everything that is wrong, in sentences."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(self.problems))


@dataclass(frozen=True)
class Case:
    """What decides whether a rule applies to an initiative."""

    level: str
    answers: Mapping[str, bool | None]
    pilot_budget: int | None
    monthly_cost: int | None
    stage: str


@dataclass(frozen=True)
class Applies:
    """When something is wanted: all that is stated has to hold; nothing stated means always.

    An unanswered question counts as no. An amount nobody has stated counts as large: a review
    opened before it was known must not lack the signature that it would have needed.
    """

    levels: frozenset[str] = frozenset()
    stages: frozenset[str] = frozenset()
    when: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    pilot_budget_from: int | None = None
    monthly_cost_from: int | None = None

    def to(self, case: Case) -> bool:
        return (
            self.may_at(case.level)
            and (not self.stages or case.stage in self.stages)
            and (not self.when or any(case.answers[question] for question in self.when))
            and not any(case.answers[question] for question in self.unless)
            and _reaches(case.pilot_budget, self.pilot_budget_from)
            and _reaches(case.monthly_cost, self.monthly_cost_from)
        )

    def may_at(self, level: str) -> bool:
        return not self.levels or level in self.levels

    def surely_at(self, level: str) -> bool:
        """Whether every initiative of this level is concerned, whatever else is true of it."""
        return self.may_at(level) and self == Applies(levels=self.levels)


def _reaches(amount: int | None, bound: int | None) -> bool:
    return bound is None or amount is None or amount >= bound


@dataclass(frozen=True)
class Field:
    """One question of an answered criterion."""

    key: str
    label: str
    type: FieldType
    required: bool
    choices: tuple[str, ...]
    help: str
    applies: Applies


@dataclass(frozen=True)
class Criterion:
    """One thing a gate asks for: worked out by its `check`, or answered through its fields."""

    key: str
    title: str
    check: str | None
    parameters: Mapping[str, Any]
    blocking: bool
    mandatory: bool
    applies: Applies
    fields: tuple[Field, ...]
    why: str
    source: str
    asks: int

    @property
    def is_answered(self) -> bool:
        return self.check is None

    def fields_for(self, case: Case) -> tuple[Field, ...]:
        return tuple(field for field in self.fields if field.applies.to(case))

    def questions(self, case: Case) -> int:
        """How many questions it puts to people."""
        return len(self.fields_for(case)) if self.is_answered else self.asks


@dataclass(frozen=True)
class Slot:
    """A signature that a gate wants: of whoever holds a role, or of `quorum` of a group."""

    key: str
    title: str
    role: str | None
    group: str | None
    quorum: int
    meaning: str
    applies: Applies


@dataclass(frozen=True)
class GatePolicy:
    """What one gate asks for, who signs, and how many different people that has to be."""

    key: str
    title: str
    criteria: tuple[Criterion, ...]
    slots: tuple[Slot, ...]
    people_needed: Mapping[str, int]
    outsider_from: frozenset[str]

    def criteria_for(self, case: Case) -> tuple[Criterion, ...]:
        return tuple(criterion for criterion in self.criteria if criterion.applies.to(case))

    def slots_for(self, case: Case) -> tuple[Slot, ...]:
        return tuple(slot for slot in self.slots if slot.applies.to(case))

    def questions(self, case: Case) -> int:
        """How many questions the gate puts to people in this case (the table of product.md §3)."""
        return sum(criterion.questions(case) for criterion in self.criteria_for(case))


@dataclass(frozen=True)
class Limits:
    """Days, minutes and factors; those that depend on the control level are keyed by it."""

    reauthentication_minutes: Mapping[str, int]
    request_working_days: int
    pilot_days: int
    pilot_days_with_reason: int
    extension_days: int
    proposal_days: int
    readiness_days: int
    lapse_days: int
    stalled_days: int
    measurement_stale_factor: Decimal
    evaluation_stale_days: int
    override_days: int
    pause_days: int
    recertification_days: Mapping[str, int]
    catch_up_days: Mapping[str, int]


@dataclass(frozen=True)
class Ladder:
    """When who is reminded, and to whom it goes when nothing happens (product.md §5)."""

    owner_days_before: tuple[int, ...]
    signer_days_after: tuple[int, ...]
    recertification_days_before: tuple[int, ...]
    sponsor_days_after: int
    leads_days_after: int


@dataclass(frozen=True)
class Policy:
    """One version of all the rules."""

    version: int
    name: str
    gates: Mapping[str, GatePolicy]
    limits: Limits
    reminders: Ladder


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
    policy = _read_policy(_Table(_toml(text), "The policy", problems), version)
    for rule in (partial(_unknown_names, checks=checks, groups=groups), *_RULES):
        problems += rule(policy)
    if problems:
        raise InvalidPolicy(dict.fromkeys(problems))
    return policy


def _toml(text: str) -> dict[str, Any]:
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

    def days(self, key: str) -> tuple[int, ...]:
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
    )
    table.finish()
    if (kind == "choice") != bool(field.choices):
        table.refuse("a field of the type choice has choices, and no other has")
    if len(set(field.choices)) < len(field.choices):
        table.refuse("choices has the same choice twice")
    return field


def _read_slot(table: _Table) -> Slot:
    slot = Slot(
        key=table.key(),
        title=table.text("title", longest=LONGEST_TITLE),
        role=table.text("role") if "role" in table.values else None,
        group=table.text("group") if "group" in table.values else None,
        quorum=table.whole("quorum", default=1, at_least=1),
        meaning=table.text("meaning"),
        applies=_read_applies(table),
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
        override_days=days("override_days"),
        pause_days=days("pause_days"),
        recertification_days=table.per_level("recertification_days"),
        catch_up_days=table.per_level("catch_up_days"),
    )
    table.finish()
    return limits


def _read_ladder(table: _Table) -> Ladder:
    ladder = Ladder(
        owner_days_before=table.days("owner_days_before"),
        signer_days_after=table.days("signer_days_after"),
        recertification_days_before=table.days("recertification_days_before"),
        sponsor_days_after=table.whole("sponsor_days_after"),
        leads_days_after=table.whole("leads_days_after"),
    )
    table.finish()
    return ladder


# ── From values to a policy that holds together: the rules ──


def _where(gate: GatePolicy, what: str = "", key: str = "") -> str:
    return f"{Gate(gate.key).label} gate" + (f", {what} {key}" if what else "")


def _unknown_names(
    policy: Policy, *, checks: Collection[str], groups: Collection[str]
) -> Iterator[str]:
    """Checks, groups and roles that don't exist would never be met and never be signed."""
    roles = {*Role.values, *_person_roles(policy)}
    for gate in policy.gates.values():
        for criterion in gate.criteria:
            where = _where(gate, "criterion", criterion.key)
            if criterion.check is not None and criterion.check not in checks:
                yield f"{where}: the check {criterion.check!r} is unknown."
            for role in _roles(criterion):
                if role not in roles:
                    yield f"{where}: the role {role!r} is unknown."
        for slot in gate.slots:
            where = _where(gate, "slot", slot.key)
            if slot.role is not None and slot.role not in roles:
                yield f"{where}: the role {slot.role!r} is unknown."
            if slot.group is not None and slot.group not in groups:
                yield f"{where}: the group {slot.group!r} is unknown."


def _person_roles(policy: Policy) -> Iterator[str]:
    """The roles of people named in answers: `<criterion>.<field>`."""
    for gate in policy.gates.values():
        for criterion in gate.criteria:
            for field in criterion.fields:
                if field.type == "person":
                    yield f"{criterion.key}.{field.key}"


def _roles(criterion: Criterion) -> tuple[str, ...]:
    roles = criterion.parameters.get("roles", ())
    return tuple(map(str, roles)) if isinstance(roles, list) else (str(roles),) if roles else ()


def _repeated_keys(policy: Policy) -> Iterator[str]:
    """Answers are stored by criterion and field, signatures by slot: a key stands for one."""
    for gate in policy.gates.values():
        yield from _repeated(_where(gate), "criterion", gate.criteria)
        yield from _repeated(_where(gate), "slot", gate.slots)
        for criterion in gate.criteria:
            yield from _repeated(
                _where(gate, "criterion", criterion.key), "field", criterion.fields
            )


def _repeated(
    where: str, what: str, rows: Iterable[Criterion] | Iterable[Slot] | Iterable[Field]
) -> Iterator[str]:
    for key, times in Counter(row.key for row in rows if row.key != "-").items():
        if times > 1:
            yield f"{where}: the {what} {key} is there {times} times."


def _answered_in_two_gates(policy: Policy) -> Iterator[str]:
    """An initiative has one answer per criterion, whichever gate asks for it."""
    first: dict[str, str] = {}
    for gate in policy.gates.values():
        for key in {c.key for c in gate.criteria if c.is_answered and c.key != "-"}:
            if key in first:
                where = _where(gate, "criterion", key)
                yield f"{where}: the {first[key]} has an answered criterion of this key already."
            first.setdefault(key, _where(gate))


def _keys_too_long_together(policy: Policy) -> Iterator[str]:
    for gate in policy.gates.values():
        for criterion in gate.criteria:
            for field in criterion.fields:
                if len(f"{criterion.key}.{field.key}") > LONGEST_ROLE:
                    where = f"{_where(gate, 'criterion', criterion.key)}, field {field.key}"
                    yield f"{where}: both keys together are longer than {LONGEST_ROLE} characters."


def _too_few_slots(policy: Policy) -> Iterator[str]:
    """A gate that wants more people than its slots can hold could never be passed."""
    for gate in policy.gates.values():
        for level, needed in gate.people_needed.items():
            sure = sum(slot.quorum for slot in gate.slots if slot.applies.surely_at(level))
            if sure < needed:
                yield (
                    f"{_where(gate)}: at the {level} level {needed} people have to sign, but its "
                    f"slots are sure to ask only {sure}."
                )


def _fixed_checks_weakened(policy: Policy) -> Iterator[str]:
    """The four of product.md §3, in every gate into a running stage."""
    for gate in policy.gates.values():
        if LEADS_TO[gate.key] in RUNNING:
            for check in FIXED_CHECKS:
                yield from _weakened(gate, check)


def _weakened(gate: GatePolicy, check: str) -> Iterator[str]:
    found = [criterion for criterion in gate.criteria if criterion.check == check]
    firm = [c for c in found if c.blocking and c.mandatory and c.applies == Applies()]
    if not found:
        yield f"{_where(gate)}: a criterion with the check {check} is missing; it always has one."
    elif not firm:
        where = _where(gate, "criterion", found[0].key)
        yield f"{where}: {check} has to be blocking and mandatory, and to apply always."
    elif check == "owners_accepted":
        yield from _owners_left_out(gate, firm)


def _owners_left_out(gate: GatePolicy, firm: list[Criterion]) -> Iterator[str]:
    named = {role for criterion in firm for role in _roles(criterion)}
    for role in REQUIRED_ROLES[cast("Stage", LEADS_TO[gate.key])]:
        if role not in named:
            where = _where(gate, "criterion", firm[0].key)
            yield f"{where}: roles has to name {role.value}, without whom the stage is unowned."


def _limits_at_odds(policy: Policy) -> Iterator[str]:
    limits, ladder = policy.limits, policy.reminders
    if limits.pilot_days_with_reason < limits.pilot_days:
        yield "Limits: pilot_days_with_reason is shorter than pilot_days."
    if ladder.leads_days_after < ladder.sponsor_days_after:
        yield "Reminders: leads_days_after comes before sponsor_days_after."


_RULES = (
    _repeated_keys,
    _answered_in_two_gates,
    _keys_too_long_together,
    _too_few_slots,
    _fixed_checks_weakened,
    _limits_at_odds,
)

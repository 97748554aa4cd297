"""A policy as typed, frozen values, and when each part of it applies (product.md §3)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, get_args

from initiatives.stages import ON_TRIAL

FieldType = Literal[
    "text", "choice", "number", "money", "date", "person", "url", "file", "yes_no", "table"
]  # fmt: skip
LONGEST_ROLE = 80  # of `<criterion>.<field>`, which is an ownership's role
COLUMN_TYPES = ("text", "date", "choice")
FIELD_TYPES: tuple[str, ...] = get_args(FieldType)
# The groups every installation has (accounts.groups); `parse` is told of those added to them.
GROUPS = (
    "security", "compliance", "finance", "operations", "leads", "auditors", "administrators",
)  # fmt: skip
# Of what already ran when it came here a criterion is asked: always, as long as it is on trial, or
# never (product.md §2, Catch-up).
ALWAYS, BEFORE_PRODUCTION, NEVER = "always", "before_production", "never"
CATCH_UP = (ALWAYS, BEFORE_PRODUCTION, NEVER)
# What can't be edited out of a policy, in any gate into a running stage: it is the product.
FIXED_CHECKS = (
    "owners_accepted", "primary_metric_complete", "kill_condition_armed", "nothing_tripped",
)  # fmt: skip


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
class Column:
    """What is said in each row of a table."""

    key: str
    label: str
    type: str
    choices: tuple[str, ...]
    applies: Applies


@dataclass(frozen=True)
class Field:
    """One question of an answered criterion; a table asks for a row for each thing.

    A table that `starts_from` another, `<criterion>.<field>`, is filled in with its rows.
    """

    key: str
    label: str
    type: FieldType
    required: bool
    choices: tuple[str, ...]
    help: str
    applies: Applies
    columns: tuple[Column, ...] = ()
    starts_from: str = ""

    def columns_for(self, case: Case) -> tuple[Column, ...]:
        return tuple(column for column in self.columns if column.applies.to(case))

    def questions(self, case: Case) -> int:
        """One; and one more for each column of a table that is only asked in some cases."""
        return 1 + sum(column.applies != Applies() for column in self.columns_for(case))


@dataclass(frozen=True)
class Criterion:
    """One thing a gate asks for: worked out by its `check`, or answered through its fields.

    What is asked `anew` is met only by what was said or measured since it was last certified.
    `catch_up` says when it is asked of something that already ran when it came here.
    """

    key: str
    title: str
    check: str | None
    parameters: Mapping[str, Any]
    blocking: bool
    mandatory: bool
    anew: bool
    catch_up: str
    applies: Applies
    fields: tuple[Field, ...]
    why: str
    source: str
    asks: int

    @property
    def is_answered(self) -> bool:
        return self.check is None

    @property
    def takes_an_answer(self) -> bool:
        """Whether people can say something to it: an answer, or why it does not apply."""
        return self.is_answered or not self.mandatory

    def is_caught_up_in(self, stage: str) -> bool:
        """Whether what already ran is asked for it in this stage (product.md §2, Catch-up)."""
        if self.catch_up == BEFORE_PRODUCTION:
            return stage in ON_TRIAL
        return self.catch_up == ALWAYS

    def fields_for(self, case: Case) -> tuple[Field, ...]:
        return tuple(field for field in self.fields if field.applies.to(case))

    def questions(self, case: Case) -> int:
        """How many questions it puts to people."""
        if not self.is_answered:
            return self.asks
        return sum(field.questions(case) for field in self.fields_for(case))


@dataclass(frozen=True)
class Slot:
    """A signature that a gate wants: of whoever holds a role, or of `quorum` of a group.

    `points` are the criteria its signer is to look at first; none means all alike.
    """

    key: str
    title: str
    role: str | None
    group: str | None
    quorum: int
    meaning: str
    applies: Applies
    points: tuple[str, ...] = ()


@dataclass(frozen=True)
class GatePolicy:
    """What one gate asks for, who signs, and how many different people that has to be."""

    key: str
    title: str
    criteria: tuple[Criterion, ...]
    slots: tuple[Slot, ...]
    people_needed: Mapping[str, int]
    outsider_from: frozenset[str]

    def titles_of(self, keys: Collection[str]) -> list[str]:
        """What these criteria are called, in the gate's order, as part of a sentence."""
        titles = [criterion.title for criterion in self.criteria if criterion.key in keys]
        return [f"{title[0].lower()}{title[1:]}" for title in titles]

    def points_of(self, slots: Collection[str]) -> frozenset[str]:
        """The criteria that whoever signs these slots is to look at first."""
        return frozenset(p for slot in self.slots if slot.key in slots for p in slot.points)

    def criteria_for(self, case: Case) -> tuple[Criterion, ...]:
        return tuple(criterion for criterion in self.criteria if criterion.applies.to(case))

    def slots_for(self, case: Case) -> tuple[Slot, ...]:
        return tuple(slot for slot in self.slots if slot.applies.to(case))

    def questions(self, case: Case) -> int:
        """How many questions the gate puts to people in this case (the table of product.md §3)."""
        return sum(criterion.questions(case) for criterion in self.criteria_for(case))


def is_signed_in_catch_up(slot: Slot, gates: Iterable[GatePolicy], stage: str) -> bool:
    """Whether this signature is wanted where these gates are caught up on: one of a person named in
    an answer is not, where that answer is not asked for (product.md §2, Catch-up)."""
    criterion = (slot.role or "").partition(".")[0]
    given = (c for gate in gates for c in gate.criteria if c.key == criterion)
    return all(c.is_caught_up_in(stage) for c in given)


# What holds where a policy was published before these could be chosen.
STATEMENT_DAYS = 14
DAYS_BEFORE = {
    "override_days_before": (7,),
    "statement_days_before": (14, 3),
    "leaving_days_before": (30, 14, 7),
}


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
    statement_days: int
    recertification_days: Mapping[str, int]
    catch_up_days: Mapping[str, int]


@dataclass(frozen=True)
class Ladder:
    """When who is reminded, and to whom it goes when nothing happens (product.md §5)."""

    owner_days_before: tuple[int, ...]
    signer_days_after: tuple[int, ...]
    recertification_days_before: tuple[int, ...]
    override_days_before: tuple[int, ...]
    statement_days_before: tuple[int, ...]
    leaving_days_before: tuple[int, ...]
    sponsor_days_after: int
    leads_days_after: int


def first_of(days_before: tuple[int, ...]) -> int:
    """How many days before a date the first reminder of it is; 0 where there is none."""
    return max(days_before, default=0)


@dataclass(frozen=True)
class Policy:
    """One version of all the rules."""

    version: int
    name: str
    gates: Mapping[str, GatePolicy]
    limits: Limits
    reminders: Ladder

"""A policy as a page that people read: what each gate asks, how much that is, and who signs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from accounts.models import Group
from initiatives.stages import LEADS_TO, Gate, Stage
from reviews.policy import Criterion, Field, GatePolicy, Policy, Slot, counting, wording


@dataclass(frozen=True)
class Question:
    """A field of an answered criterion."""

    field: Field
    said: str


@dataclass(frozen=True)
class CriterionLine:
    """A criterion, with what holds of it in words."""

    criterion: Criterion
    tags: list[str]
    applies: str
    told: str
    source: str
    questions: list[Question]


@dataclass(frozen=True)
class SlotLine:
    """A signature, with who gives it and when it is asked for."""

    slot: Slot
    who: str
    applies: str
    points: str


@dataclass(frozen=True)
class GateSheet:
    """One gate: where it leads, what it asks and how many questions that is, who signs."""

    gate: GatePolicy
    way: str
    criteria: list[CriterionLine]
    slots: list[SlotLine]
    levels: list[tuple[str, int, int]]  # label, questions at most, people who sign
    outsider: str


@dataclass(frozen=True)
class Sheet:
    """The whole policy."""

    policy: Policy
    gates: list[GateSheet]
    limits: list[tuple[str, str]]
    reminders: list[tuple[str, str]]


def of(policy: Policy) -> Sheet:
    groups = dict(Group.objects.values_list("key", "name"))
    return Sheet(
        policy=policy,
        gates=[_gate(policy.gates[gate], groups) for gate in Gate],
        limits=_amounts(wording.LIMITS, policy.limits),
        reminders=_amounts(wording.LADDER, policy.reminders),
    )


def _amounts(words: dict[str, tuple[str, str]], values: Any) -> list[tuple[str, str]]:
    return [
        (title, wording.amount(getattr(values, name), unit))
        for name, (title, unit) in words.items()
    ]


def _gate(gate: GatePolicy, groups: dict[str, str]) -> GateSheet:
    asks = counting.at_most(gate)
    outside = (wording.LEVELS[level].lower() for level in wording.LEVELS if _outside(gate, level))
    return GateSheet(
        gate=gate,
        way=_way(gate),
        criteria=[_criterion(criterion) for criterion in gate.criteria],
        slots=[
            SlotLine(
                slot,
                wording.who(slot, groups),
                wording.applies(slot.applies),
                wording.listed(gate.titles_of(slot.points)),
            )
            for slot in gate.slots
        ],
        levels=[
            (label, asks[level], gate.people_needed[level])
            for level, label in wording.LEVELS.items()
        ],
        outsider=wording.listed(outside),
    )


def _outside(gate: GatePolicy, level: str) -> bool:
    return level in gate.outsider_from


def _way(gate: GatePolicy) -> str:
    """Where it stands: `from proposal into pilot`."""
    leads_to = LEADS_TO[gate.key]
    before = [str(stage.label).lower() for stage in counting.stages(gate.key)]
    if leads_to is None:
        return f"to stay in {wording.listed(before)}"
    into = str(Stage(leads_to).label).lower()
    return "to stop" if leads_to == Stage.RETIRED else f"from {wording.listed(before)} into {into}"


def _criterion(criterion: Criterion) -> CriterionLine:
    return CriterionLine(
        criterion=criterion,
        tags=wording.state(criterion),
        applies=wording.applies(criterion.applies),
        told=wording.parameters(criterion.parameters),
        source=criterion.source.replace("product.md", "Gatehouse's specification,"),
        questions=[Question(field, wording.field(field)) for field in criterion.fields],
    )

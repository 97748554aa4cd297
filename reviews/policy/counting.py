"""How many questions a gate asks at most, at each level (the table of product.md §3)."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from initiatives.stages import NEXT_GATE, UNDECIDED, Gate, Stage
from initiatives.triage import QUESTIONS, Level, level
from reviews.policy.model import Applies, Case, GatePolicy

LITTLE = {"pilot_budget": 0, "monthly_cost": 0}
MUCH = {"pilot_budget": 10**15, "monthly_cost": 10**15}


def at_most(gate: GatePolicy) -> dict[str, int]:
    """The most questions that it puts to people, by level."""
    most = dict.fromkeys(Level.values, 0)
    for case in _cases(gate):
        most[case.level] = max(most[case.level], gate.questions(case))
    return most


def _cases(gate: GatePolicy) -> Iterator[Case]:
    """All answers to the triage, with small and large amounts, at the level they compute to."""
    for given in itertools.product((True, False), repeat=len(_asked(gate))):
        yes = dict(zip(_asked(gate), given, strict=True))
        for answers in _filled(yes):
            for amounts in (LITTLE, MUCH):
                at = level(answers, **amounts)
                for stage in stages(gate.key):
                    yield Case(level=at, stage=stage, answers=answers, **amounts)


def _filled(yes: dict[str, bool]) -> Iterator[dict[str, bool]]:
    """The other answers, which only raise the level: none of them yes, one, or all."""
    others = [question for question in QUESTIONS if question not in yes]
    for count in {0, min(1, len(others)), len(others)}:
        rest = {question: place < count for place, question in enumerate(reversed(others))}
        yield {question: yes.get(question, rest.get(question, False)) for question in QUESTIONS}


def _asked(gate: GatePolicy) -> tuple[str, ...]:
    """The questions that something in this gate depends on."""
    named = {question for rule in _rules(gate) for question in (*rule.when, *rule.unless)}
    return tuple(question for question in QUESTIONS if question in named)


def _rules(gate: GatePolicy) -> Iterator[Applies]:
    for criterion in gate.criteria:
        yield criterion.applies
        for field in criterion.fields:
            yield field.applies
            yield from (column.applies for column in field.columns)


def stages(gate: str) -> tuple[Stage, ...]:
    """Where one may stand before this gate."""
    if gate == Gate.RETIREMENT:
        return (*UNDECIDED, Stage.PRODUCTION)
    return tuple(stage for stage in Stage if NEXT_GATE[stage] == gate)

"""What lies ahead of an initiative: its next gates, and the decisions that may be taken."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

from accounts.models import Person
from initiatives.facts import Facts
from initiatives.models import Initiative
from initiatives.stages import Gate, Stage
from initiatives.triage import Basis, Level
from reviews import gates, permissions, transitions
from reviews.models import Decision
from reviews.policy import Case, Policy
from reviews.queries.policies import current_policy


def readiness(
    facts: Facts,
    today: date,
    under: Policy | None = None,
    pinned: Mapping[str, Policy] = MappingProxyType({}),
) -> list[tuple[Gate, list[gates.Judged]]]:
    """The gates ahead, each with its criteria, met or unmet; none where no gate is ahead.

    A gate under review goes by the version that its review pinned.
    """
    policy = under or current_policy()
    return [
        (gate, gates.evaluate(facts, gate, pinned.get(gate, policy), today))
        for gate in gates_ahead(facts.initiative)
    ]


def what_it_asks(initiative: Initiative, basis: Basis, level: str) -> str:
    """What the next gate would ask at this level: `the charter asks 12 questions …`."""
    if initiative.next_gate is None:
        return ""
    gate = current_policy().gates[initiative.next_gate]
    case = Case(
        stage=initiative.stage,
        level=level,
        answers=basis.answers,
        pilot_budget=basis.pilot_budget,
        monthly_cost=basis.monthly_cost,
    )
    signatures = len(gate.slots_for(case))
    title = gate.title.lower()
    return f"the {title} asks {gate.questions(case)} questions and {signatures} signatures"


def is_light(initiative: Initiative) -> bool:
    return initiative.level == Level.LIGHT


def gates_ahead(initiative: Initiative) -> list[Gate]:
    """The next gate; for a light pilot go-live as well, since one sitting may do for both."""
    if initiative.next_gate is None:
        return []
    if initiative.stage == Stage.PILOT and is_light(initiative):
        return [initiative.next_gate, Gate.GO_LIVE]
    return [initiative.next_gate]


def possible_decisions(person: Person, facts: Facts) -> list[Decision.Kind]:
    """The decisions that the table allows from this stage and that this person may take."""
    return [
        Decision.Kind(kind)
        for kind, move in transitions.TABLE.items()
        if _begins_at(kind, move, facts.initiative)
        and transitions.bar(kind, facts) is None
        and permissions.bar_to_deciding(person, facts, kind) is None
    ]


def _begins_at(kind: str, move: transitions.Move, initiative: Initiative) -> bool:
    """Whether the table allows it from here; a light pilot may be shipped in one sitting."""
    in_one_sitting = kind == Decision.Kind.SHIP and len(gates_ahead(initiative)) > 1
    return initiative.stage in move.origins or in_one_sitting

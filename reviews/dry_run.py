"""What a draft of the policy would change in the portfolio, before anybody publishes it.

Every criterion is judged by the function that enforces it (`reviews.gates`), under the version in
force and under the draft. Initiatives are looked at in blocks, each in a constant number of
queries; a long run is done a few seconds at a time, and says how far it has come.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from accounts.models import Person
from initiatives import facts as initiative_facts
from initiatives.facts import Facts
from initiatives.models import Initiative
from initiatives.models.registry import InitiativeQuerySet
from initiatives.stages import NEXT_GATE, Gate, Stage
from reviews import gates, queries, reviewed
from reviews.models import Review
from reviews.policy import Criterion, Policy

BLOCK = 1_000
SECONDS = 4.0  # of one answer; whoever waits sees how far it is
PAGE = 50
BLOCKED, FREED = "blocked", "freed"


@dataclass(frozen=True)
class Compared:
    """One initiative at its next gate: what holds it now, and what would under the draft."""

    initiative: Initiative
    gate: str
    before: dict[str, str]  # reasons by criterion
    after: dict[str, str]

    @property
    def more(self) -> list[str]:
        """Criteria that do not hold it now, and would."""
        return [key for key in self.after if key not in self.before]

    @property
    def less(self) -> list[str]:
        return [key for key in self.before if key not in self.after]

    @property
    def is_newly_blocked(self) -> bool:
        return bool(self.after) and not self.before

    @property
    def is_newly_freed(self) -> bool:
        return bool(self.before) and not self.after

    def concerns(self, what: str) -> bool:
        """Whether it is in the list of this name: newly blocked, freed, or held by a criterion."""
        if what in (BLOCKED, FREED):
            return self.is_newly_blocked if what == BLOCKED else self.is_newly_freed
        return what in {f"{self.gate}.{key}" for key in self.more}


@dataclass
class Tally:
    """How far a dry run has come, and what it has counted so far."""

    total: int = 0
    same: int = 0  # whose gate says what it said, so that nothing can be different
    looked_at: int = 0
    after: int = 0  # the id of the last one looked at
    is_done: bool = False
    blocked: int = 0
    freed: int = 0
    more: int = 0
    less: int = 0
    holds: dict[str, int] = field(default_factory=dict)  # newly, by gate and criterion
    releases: dict[str, int] = field(default_factory=dict)

    @property
    def covered(self) -> int:
        return self.same + self.looked_at

    def add(self, found: Compared) -> None:
        self.looked_at += 1
        self.after = found.initiative.pk
        self.blocked += found.is_newly_blocked
        self.freed += found.is_newly_freed
        self.more += bool(found.more)
        self.less += bool(found.less)
        _count(self.holds, found.gate, found.more)
        _count(self.releases, found.gate, found.less)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def _count(counted: dict[str, int], gate: str, keys: list[str]) -> None:
    for key in keys:
        counted[f"{gate}.{key}"] = counted.get(f"{gate}.{key}", 0) + 1


@dataclass(frozen=True)
class DryRun:
    """A draft over all that a person may see, beside the version in force."""

    person: Person
    in_force: Policy
    draft: Policy
    today: date

    def living(self) -> InitiativeQuerySet:
        return Initiative.objects.visible_to(self.person).exclude(stage=Stage.RETIRED)

    @property
    def touched(self) -> list[str]:
        """The stages before whose gate anything can be different."""
        limits = self.in_force.limits != self.draft.limits
        return [
            stage
            for stage, gate in NEXT_GATE.items()
            if gate
            and (limits or self._criteria(self.in_force, gate) != self._criteria(self.draft, gate))
        ]

    @staticmethod
    def _criteria(policy: Policy, gate: Gate) -> tuple[Criterion, ...]:
        return policy.gates[gate].criteria

    def compared(self, after: int) -> Iterator[Compared]:
        """All that can be different, in the order of their numbers, from this one on."""
        touched = self.living().filter(stage__in=self.touched).order_by("pk")
        while ids := list(touched.filter(pk__gt=after).values_list("pk", flat=True)[:BLOCK]):
            for known in initiative_facts.load(ids).values():
                yield self.compare(known)
            after = ids[-1]

    def compare(self, known: Facts) -> Compared:
        gate = known.initiative.next_gate
        assert gate is not None
        before = {
            judged.criterion.key: judged
            for judged in gates.evaluate(known, gate, self.in_force, self.today)
        }
        return Compared(
            known.initiative, gate, _holding(before.values()), self._held(known, gate, before)
        )

    def _held(self, known: Facts, gate: Gate, before: dict[str, gates.Judged]) -> dict[str, str]:
        """What would hold it; what is asked as before, under the same limits, is judged already."""
        same_limits = self.in_force.limits == self.draft.limits
        judged = []
        for criterion in self.draft.gates[gate].criteria_for(gates.case_of(known)):
            old = before.get(criterion.key)
            if not (same_limits and old and old.criterion == criterion):
                old = gates.judge(known, criterion, self.draft, self.today)
            judged.append(old)
        return _holding(judged)

    def go_on(self, tally: Tally, seconds: float = SECONDS) -> Tally:
        """Look at as many as the time allows, from where the tally ends; a block at least."""
        ends = time.monotonic() + seconds
        tally.total = self.living().count()
        tally.same = tally.total - self.living().filter(stage__in=self.touched).count()
        for number, found in enumerate(self.compared(tally.after), start=1):
            tally.add(found)
            if number % BLOCK == 0 and time.monotonic() > ends:
                return tally
        tally.is_done = True
        return tally

    def listed(
        self, what: str, after: int, seconds: float = SECONDS
    ) -> tuple[list[Compared], int | None]:
        """A page of those that a figure counts, and from where to look further, if at all."""
        ends = time.monotonic() + seconds
        found: list[Compared] = []
        for number, compared in enumerate(self.compared(after), start=1):
            if compared.concerns(what):
                found.append(compared)
            is_late = number % BLOCK == 0 and time.monotonic() > ends
            if len(found) == PAGE or is_late:
                return found, compared.initiative.pk
        return found, None

    # ── Open reviews: they keep their version ──

    def reviews(self) -> Any:
        """Open reviews of what this person may see."""
        visible = Initiative.objects.visible_to(self.person)
        found = Review.objects.open().filter(initiative__in=visible)
        return found.select_related("initiative", "policy", "baseline").order_by("due_date", "pk")

    def would_need(self, reviews: list[Review]) -> list[Needs]:
        """What each of these would need besides, were it opened under the draft."""
        known = initiative_facts.load(review.initiative_id for review in reviews)
        return [self._needs(review, known[review.initiative_id]) for review in reviews]

    def _needs(self, review: Review, known: Facts) -> Needs:
        about, pinned = reviewed.facts_of(review, known), queries.parsed(review.policy)
        case = gates.case_of(about)
        before, after = (reviewed.gate_of(review, about, p) for p in (pinned, self.draft))
        asked = {slot.key for slot in before.slots_for(case)}
        now = _holding(gates.evaluate_all(about, before, pinned, self.today))
        then = gates.evaluate_all(about, after, self.draft, self.today)
        return Needs(
            review=review,
            slots=[s.title for s in after.slots_for(case) if s.key not in asked],
            criteria=[
                (judged.criterion.title, judged.verdict.reason)
                for judged in then
                if judged.blocks and judged.criterion.key not in now
            ],
        )


@dataclass(frozen=True)
class Needs:
    """What an open review would need under the draft, beside what its own version asks."""

    review: Review
    slots: list[str]
    criteria: list[tuple[str, str]]

    @property
    def is_anything(self) -> bool:
        return bool(self.slots or self.criteria)


def _holding(judged: Any) -> dict[str, str]:
    """What blocks, with its reason."""
    return {j.criterion.key: j.verdict.reason for j in judged if j.blocks}


@dataclass(frozen=True)
class Line:
    """A criterion with how many it would hold, or no longer hold."""

    what: str
    gate: str
    title: str
    count: int


def lines(counted: dict[str, int], policy: Policy) -> list[Line]:
    """The criteria that count most first, called as this policy calls them."""
    found = []
    for what, count in Counter(counted).most_common():
        gate, _, key = what.partition(".")
        titles = {criterion.key: criterion.title for criterion in policy.gates[gate].criteria}
        found.append(Line(what, str(Gate(gate).label), titles.get(key, key), count))
    return found

"""What a draft of the policy would change in the portfolio, before anybody publishes it.

Every criterion is judged by the function that enforces it (`reviews.gates`), under the version in
force and under the draft. Initiatives are looked at in blocks, each in a constant number of
queries; a long run is done a few seconds at a time, and says how far it has come.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from django.db.models import Q

from accounts.models import Person
from initiatives import facts as initiative_facts
from initiatives.facts import Facts
from initiatives.models import Initiative
from initiatives.models.registry import OWING, InitiativeQuerySet
from initiatives.stages import GATES_BEFORE, NEXT_GATE, Gate, Stage
from reviews import gates, queries, reviewed
from reviews.models import Review
from reviews.policy import Criterion, GatePolicy, Policy

BLOCK = 1_000
SECONDS = 4.0  # of one answer; whoever waits sees how far it is
PAGE = 50
BLOCKED, FREED = "blocked", "freed"
OWES_MORE, OWES_LESS = "owes-more", "owes-less"
Reasons = dict[str, str]  # by criterion


@dataclass(frozen=True)
class Compared:
    """One initiative at its next gate: what holds it now, and what would under the draft; and what
    it owes of the gates that it never passed, now and then."""

    initiative: Initiative
    gate: str
    before: Reasons
    after: Reasons
    owed_before: Reasons = field(default_factory=dict)
    owed_after: Reasons = field(default_factory=dict)

    @property
    def more(self) -> list[str]:
        """Criteria that do not hold it now, and would."""
        return [key for key in self.after if key not in self.before]

    @property
    def less(self) -> list[str]:
        return [key for key in self.before if key not in self.after]

    @property
    def owes_more(self) -> list[str]:
        """Criteria that its catch-up does not lack now, and would."""
        return [key for key in self.owed_after if key not in self.owed_before]

    @property
    def owes_less(self) -> list[str]:
        return [key for key in self.owed_before if key not in self.owed_after]

    @property
    def is_newly_blocked(self) -> bool:
        return bool(self.after) and not self.before

    @property
    def is_newly_freed(self) -> bool:
        return bool(self.before) and not self.after

    def concerns(self, what: str) -> bool:
        """Whether it is in the list of this name: newly blocked, freed, held by a criterion, or
        one whose catch-up asks more or less."""
        if what in (BLOCKED, FREED):
            return self.is_newly_blocked if what == BLOCKED else self.is_newly_freed
        if what in (OWES_MORE, OWES_LESS):
            return bool(self.because(what))
        return what in {f"{self.gate}.{key}" for key in self.more}

    def because(self, what: str) -> Reasons:
        """What puts it into the list of this name."""
        of_lists = {
            FREED: (self.before, self.less),
            OWES_MORE: (self.owed_after, self.owes_more),
            OWES_LESS: (self.owed_before, self.owes_less),
        }
        said, keys = of_lists.get(what, (self.after, self.more))
        return {key: said[key] for key in keys}


@dataclass
class Tally:
    """How far a dry run has come, and what it has counted so far."""

    total: int = 0
    same: int = 0  # whose gates say what they said, so that nothing can be different
    looked_at: int = 0
    after: int = 0  # the id of the last one looked at
    is_done: bool = False
    blocked: int = 0
    freed: int = 0
    more: int = 0
    less: int = 0
    owes_more: int = 0
    owes_less: int = 0
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
        self.owes_more += bool(found.owes_more)
        self.owes_less += bool(found.owes_less)
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

    def touched(self) -> InitiativeQuerySet:
        """Those of which anything can be different: at the gate before them, or, of what already
        ran, at those behind it."""
        ahead = [stage for stage, gate in NEXT_GATE.items() if gate and self._is_touched(gate)]
        behind = [stage for stage, owed in GATES_BEFORE.items() if any(map(self._is_touched, owed))]
        return self.living().filter(Q(stage__in=ahead) | OWING & Q(declared_stage__in=behind))

    def _is_touched(self, gate: Gate) -> bool:
        now, then = self.in_force, self.draft
        return now.limits != then.limits or now.gates[gate].criteria != then.gates[gate].criteria

    def compared(self, after: int) -> Iterator[Compared]:
        """All that can be different, in the order of their numbers, from this one on."""
        touched = self.touched().order_by("pk")
        while ids := list(touched.filter(pk__gt=after).values_list("pk", flat=True)[:BLOCK]):
            for known in initiative_facts.load(ids).values():
                yield self.compare(known)
            after = ids[-1]

    def compare(self, known: Facts) -> Compared:
        gate = known.initiative.next_gate
        assert gate is not None
        ahead = self._held(known, self.in_force.gates[gate], self.draft.gates[gate])
        now, then = gates.owed(known, self.in_force), gates.owed(known, self.draft)
        owed = self._held(known, now, then) if now and then else ({}, {})
        return Compared(known.initiative, gate, *ahead, *owed)

    def _held(self, known: Facts, now: GatePolicy, then: GatePolicy) -> tuple[Reasons, Reasons]:
        """What holds it, and what would."""
        judged = gates.evaluate_all(known, now, self.in_force, self.today)
        before = {j.criterion.key: j for j in judged}
        asked = then.criteria_for(gates.case_of(known))
        return _holding(judged), _holding(self._judged(known, c, before.get(c.key)) for c in asked)

    def _judged(self, known: Facts, criterion: Criterion, old: gates.Judged | None) -> gates.Judged:
        """Under the draft; what is asked as before, under the same limits, is judged already."""
        if old and old.criterion == criterion and self.in_force.limits == self.draft.limits:
            return old
        return gates.judge(known, criterion, self.draft, self.today)

    def go_on(self, tally: Tally, seconds: float = SECONDS) -> Tally:
        """Look at as many as the time allows, from where the tally ends; a block at least."""
        ends = time.monotonic() + seconds
        tally.total = self.living().count()
        tally.same = tally.total - self.touched().count()
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


def _holding(judged: Iterable[gates.Judged]) -> Reasons:
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

"""What holds the portfolio back: which criteria are unmet most, for how long, at what spend
(product.md P25)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import (
    Count,
    DateTimeField,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
)
from django.db.models.functions import TruncDate
from django.urls import reverse
from django.utils import timezone

from accounts.models import Person, Unit
from initiatives.models import Initiative
from initiatives.models.registry import InitiativeQuerySet
from initiatives.spans import WholeDays, median
from initiatives.stages import Gate, Stage
from portfolio.queries import keeping
from portfolio.queries.keeping import Moment
from reviews import queries as policies
from reviews.models import UnmetCriterion
from reviews.policy import Policy

TOP = 3
Asked = tuple[str, str]  # gate and criterion


@dataclass(frozen=True)
class Blocker:
    """A criterion, and how many initiatives it holds back."""

    gate: str
    key: str
    title: str
    held: int

    @property
    def gate_label(self) -> str:
        return str(Gate(self.gate).label)

    @property
    def url(self) -> str:
        """Their list."""
        return f"{reverse('initiatives:list')}?{urlencode({'blocked_by': self.name})}"

    @property
    def name(self) -> str:
        return f"{self.gate}.{self.key}"


@dataclass(frozen=True)
class Row(Blocker):
    """With how long it has held them, in whole days, and what was spent on them meanwhile."""

    median: int
    longest: int
    spent: int
    is_estimate: bool


@dataclass(frozen=True)
class Blockers:
    """What one person may see of it, narrowed to a gate and a unit or not."""

    rows: list[Row]
    held: int
    counting: int
    spent: int
    is_estimate: bool


def load(person: Person, gate: str = "", unit: Unit | None = None) -> Blockers:
    """What holds now, or held at the last sweep: see `_kept_for`."""
    asked = f"page:{gate}:{unit and unit.pk}"
    return keeping.kept(
        f"{_kept_for(person, keeping.moment())}:{asked}", lambda: compute(person, gate, unit)
    )


def _kept_for(person: Person, now: Moment) -> str:
    """Until when it is kept. To count takes passes over all spells, and the tick that keeps them
    follows the log: whoever sees everything gets what holds since the last sweep."""
    sight = keeping.sight(person)
    since = now.swept if sight == keeping.ALL else now.key
    return f"blockers:{since}:{now.active}:{sight}"


def compute(person: Person, gate: str, unit: Unit | None) -> Blockers:
    """Compute it as of now, in a constant number of queries."""
    visible = Initiative.objects.visible_to(person).counting().exclude(stage=Stage.RETIRED)
    if unit is not None:
        visible = visible.filter(unit=unit)
    spells = UnmetCriterion.objects.open().filter(initiative__in=visible.order_by())
    if gate:
        spells = spells.filter(gate=gate)
    spent = _spent(spells)
    held = visible.filter(Exists(spells.filter(initiative=OuterRef("pk"))))
    total, estimates = _spent_on(held, spells)
    return Blockers(
        rows=_rows(_days_held(spells), spent),
        held=held.count(),
        counting=visible.count(),
        spent=total,
        is_estimate=bool(estimates),
    )


def _days_held(spells: QuerySet[UnmetCriterion, Any]) -> dict[Asked, dict[int, int]]:
    """Of each criterion: so many initiatives for so many whole days."""
    now = Value(timezone.now(), output_field=DateTimeField())
    counted = (
        spells.order_by()
        .annotate(days=WholeDays(F("since"), now))
        .values_list("gate", "key", "days")
        .annotate(held=Count("pk"))
    )
    found: defaultdict[Asked, dict[int, int]] = defaultdict(dict)
    for gate, key, days, held in counted:
        found[gate, key][days] = held
    return found


def _spent(spells: QuerySet[UnmetCriterion, Any]) -> dict[Asked, tuple[int, int]]:
    """Of each criterion: what was spent while it held them, and how often that was an estimate."""
    sums = (
        spells.order_by()
        .filter(initiative__spend__spent_on__gte=TruncDate("since"))
        .values_list("gate", "key")
        .annotate(
            sum=Sum("initiative__spend__amount"),
            estimates=Count("pk", filter=Q(initiative__spend__is_estimate=True)),
        )
    )
    return {(gate, key): (total, estimates) for gate, key, total, estimates in sums}


def _spent_on(held: InitiativeQuerySet, spells: QuerySet[UnmetCriterion, Any]) -> tuple[int, int]:
    """What was spent on all of them since the first thing held each; no sum counts twice."""
    since = spells.filter(initiative=OuterRef("pk")).order_by("since")
    first = held.order_by().annotate(since=TruncDate(Subquery(since.values("since")[:1])))
    found = first.filter(spend__spent_on__gte=F("since")).aggregate(
        total=Sum("spend__amount", default=0),
        estimates=Count("spend", filter=Q(spend__is_estimate=True)),
    )
    return found["total"], found["estimates"]


def _rows(
    held: Mapping[Asked, Mapping[int, int]], spent: Mapping[Asked, tuple[int, int]]
) -> list[Row]:
    titles = _titles(held, policies.current_policy())
    rows = [
        Row(
            gate=gate,
            key=key,
            title=titles[gate, key],
            held=sum(days.values()),
            median=median(days) or 0,
            longest=max(days),
            spent=spent.get((gate, key), (0, 0))[0],
            is_estimate=bool(spent.get((gate, key), (0, 0))[1]),
        )
        for (gate, key), days in held.items()
    ]
    return sorted(rows, key=lambda row: (-row.held, -row.longest, row.title))


def _titles(asked: Iterable[Asked], policy: Policy) -> dict[Asked, str]:
    """What the policy in force calls them, or the last one that asked."""
    gates = policy.gates
    known = {(str(gate), c.key): c.title for gate in gates for c in gates[gate].criteria}
    gone = {key for gate, key in asked if (gate, key) not in known}
    before = {c.key: c.title for c in policies.asked_before(gone)}
    return {
        (gate, key): known.get((gate, key)) or before.get(key) or key.replace("_", " ").capitalize()
        for gate, key in asked
    }


def top(
    person: Person, visible: InitiativeQuerySet, now: Moment, policy: Policy, most: int = TOP
) -> list[Blocker]:
    """What holds most initiatives back."""
    return keeping.kept(f"{_kept_for(person, now)}:top", lambda: _top(visible, policy, most))


def _top(visible: InitiativeQuerySet, policy: Policy, most: int) -> list[Blocker]:
    counting = visible.counting().exclude(stage=Stage.RETIRED).order_by()
    spells = UnmetCriterion.objects.open().filter(initiative__in=counting).order_by()
    counted = spells.values_list("gate", "key").annotate(held=Count("pk"))
    first = list(counted.order_by("-held", "gate", "key")[:most])
    titles = _titles([(gate, key) for gate, key, _ in first], policy)
    return [Blocker(gate, key, titles[gate, key], held) for gate, key, held in first]


def choices() -> list[tuple[str, str]]:
    """Criteria that hold something back now, as the list of initiatives offers them."""
    open_ones = UnmetCriterion.objects.open().order_by("gate", "key")
    asked: list[Asked] = list(open_ones.values_list("gate", "key").distinct())
    titles = _titles(asked, policies.current_policy())
    return [(f"{g}.{k}", f"{titles[g, k]} ({Gate(g).label})") for g, k in asked]


def blocked_by(initiatives: InitiativeQuerySet, name: str) -> InitiativeQuerySet:
    """Those that this criterion of a gate holds back now: `charter.data_audit`."""
    gate, _, key = name.partition(".")
    holding = UnmetCriterion.objects.open().filter(gate=gate, key=key)
    held = holding.filter(initiative=OuterRef("pk"))
    return initiatives.counting().exclude(stage=Stage.RETIRED).filter(Exists(held))

"""All that criteria read, for any number of initiatives in a constant number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from operator import attrgetter
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery, Sum, Window
from django.db.models.functions import RowNumber

from accounts.models import Person
from initiatives.models import (
    Baseline,
    EvaluationSet,
    Evidence,
    Initiative,
    KillCondition,
    Measurement,
    Metric,
    Obligation,
    OpenQuestion,
    Ownership,
    Spend,
    Triage,
)
from initiatives.models.registry import InitiativeQuerySet
from initiatives.stages import Role

NAMED = ("triage__confirmed_by", "suspended_by", "off_confirmed_by")  # whom the page names
RECENT = 30  # measurements per metric that criteria look at


@dataclass(frozen=True)
class Facts:
    """One initiative with everything that was recorded about it."""

    initiative: Initiative
    triage: Triage | None = None
    ownerships: tuple[Ownership, ...] = ()
    metrics: tuple[Metric, ...] = ()
    # Newest first: the last `RECENT` of each metric, and whatever corrects an earlier one.
    measurements: tuple[Measurement, ...] = ()
    kill_conditions: tuple[KillCondition, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    open_questions: tuple[OpenQuestion, ...] = ()  # closed ones as well, with their answers
    obligations: tuple[Obligation, ...] = ()  # confirmed ones as well
    charter: dict[str, Any] | None = None  # the signed one in force, as it was frozen
    baseline: int | None = None  # its version: from 2 on it was re-baselined
    spent: int = 0
    spent_in_stage: int = 0  # since it entered the stage it is in

    def owner(self, role: str) -> Ownership | None:
        """The person asked into a role who has neither declined nor been replaced."""
        return next((o for o in self.ownerships if o.role == role), None)

    def counted_owner(self, role: str) -> Ownership | None:
        """The person by whom the role is truly held: accepted, and still active."""
        owner = self.owner(role)
        return owner if owner is not None and owner.counts else None

    @cached_property
    def delivery_team(self) -> frozenset[int]:
        """People who build or run it; from standard up, somebody else has to sign too."""
        roles = {Role.ENGINEERING_OWNER, Role.PRODUCTION_OWNER, "production_sketch.owner"}
        return frozenset(o.person_id for o in self.ownerships if o.role in roles)

    @cached_property
    def primary_metric(self) -> Metric | None:
        return next((metric for metric in self.metrics if metric.is_primary), None)

    @property
    def tripped(self) -> list[KillCondition]:
        """The kill conditions that have tripped, and nobody has answered since."""
        state = KillCondition.State.TRIPPED
        return [condition for condition in self.kill_conditions if condition.state == state]

    @cached_property
    def frozen_metrics(self) -> frozenset[int]:
        """Ids of the metrics that a signed charter froze."""
        return frozenset(m["id"] for m in (self.charter or {}).get("metrics", ()))

    @cached_property
    def frozen_conditions(self) -> frozenset[int]:
        return frozenset(k["id"] for k in (self.charter or {}).get("kill_conditions", ()))

    def latest(self, metric: Metric) -> Measurement | None:
        return next((m for m in self.measurements if m.metric_id == metric.pk), None)

    def recent(self, metric: Metric) -> list[Measurement]:
        """Its last measurements, newest first."""
        return [m for m in self.measurements if m.metric_id == metric.pk]

    def answer(self, criterion: str) -> Evidence | None:
        return next((e for e in self.evidence if e.criterion == criterion), None)

    def answered_yes(self, question: str) -> bool | None:
        """One triage answer; None while nobody has given it."""
        return getattr(self.triage, question, None)


def load(ids: Iterable[int]) -> dict[int, Facts]:
    """Return the facts of these initiatives by id, in eight queries however many they are."""
    return _of(_with_single_facts().filter(pk__in=list(ids)))


def visible_to(person: Person, pk: int, **beside: Any) -> Facts | None:
    """Return the facts of one initiative, or None where this person may not know of it.

    `beside` are further annotations of its row, for a page that would else ask once more.
    """
    visible = _with_single_facts().visible_to(person).filter(pk=pk).annotate(**beside)
    return _of(visible.select_related(*NAMED)).get(pk)


def _of(initiatives: QuerySet[Any]) -> dict[int, Facts]:
    found = {row.pk: row for row in initiatives}
    rows = {pk: found[pk] for pk in sorted(found)}
    mine = {"initiative__in": list(rows)}
    ownerships = _by_initiative(Ownership.objects.open().filter(**mine).select_related("person"))
    metrics = _by_initiative(
        Metric.objects.filter(**mine).select_related("paged"), lambda m: (not m.is_primary, m.pk)
    )
    measurements = _by_initiative(
        _recent_measurements([pk for pk in rows if pk in metrics]),
        attrgetter("measured_at", "pk"),
        newest_first=True,
    )
    conditions = _by_initiative(KillCondition.objects.filter(**mine))
    evidence = _by_initiative(Evidence.objects.filter(**mine))
    questions = _by_initiative(_questions([pk for pk, row in rows.items() if row.has_questions]))
    obligations = _by_initiative(_obligations([pk for pk, r in rows.items() if r.has_obligations]))
    for pk, row in rows.items():
        sets = (s for s in (row.evaluation_set, row.messy_set) if s is not None)
        _point_to(metrics[pk], (*conditions[pk], *sets))
    return {
        pk: Facts(
            initiative=row,
            triage=getattr(row, "triage", None),
            ownerships=tuple(ownerships[pk]),
            metrics=tuple(metrics[pk]),
            measurements=tuple(measurements[pk]),
            kill_conditions=tuple(conditions[pk]),
            evidence=tuple(evidence[pk]),
            open_questions=tuple(questions[pk]),
            obligations=tuple(obligations[pk]),
            charter=row.charter,
            baseline=row.baseline,
            spent=row.spent or 0,
            spent_in_stage=row.spent_in_stage or 0,
        )
        for pk, row in rows.items()
    }


@cache
def _with_single_facts() -> InitiativeQuerySet:
    """The rows with all there is one of: unit, triage, sum of spend, baseline in force.

    Built once, for to build it takes longer than to ask it. In no order: Django compares each
    selected column with the order, a millisecond for so many.
    """
    in_force = Baseline.objects.in_force().filter(initiative=OuterRef("pk"))
    related = ("unit", "triage", *_sets("evaluation_set"), *_sets("messy_set"))
    rows = Initiative.objects.order_by().select_related(*related)
    return rows.annotate(
        has_questions=Exists(OpenQuestion.objects.filter(initiative=OuterRef("pk"))),
        has_obligations=Exists(Obligation.objects.filter(initiative=OuterRef("pk"))),
        spent=spent(),
        spent_in_stage=spent_in_stage(),
        charter=Subquery(in_force.values("charter")[:1]),
        baseline=Subquery(in_force.values("version")[:1]),
    )


def spent() -> Subquery:
    """Annotate the row of an initiative with what it has cost so far."""
    return _sum_of(Spend.objects.all())


def spent_in_stage() -> Subquery:
    """Annotate it with what it has cost since it entered the stage it is in."""
    return _sum_of(Spend.objects.filter(spent_on__gte=F("initiative__stage_entered_at__date")))


def _sum_of(spend: QuerySet[Spend]) -> Subquery:
    mine = spend.filter(initiative=OuterRef("pk")).order_by().values("initiative")
    return Subquery(mine.annotate(sum=Sum("amount")).values("sum"))


def _sets(name: str) -> list[str]:
    return [f"{name}__{what}" for what in ("owner", "last_run")]


def _point_to(metrics: Iterable[Metric], rows: Iterable[KillCondition | EvaluationSet]) -> None:
    """Give these rows their metric, which has been read: a join would read it once more."""
    known = {metric.pk: metric for metric in metrics}
    for row in rows:
        if row.metric_id in known:
            row.metric = known[row.metric_id]


def _questions(ids: list[int]) -> QuerySet[OpenQuestion]:
    """Open questions and closed ones; most initiatives have none, and then nothing is asked."""
    return OpenQuestion.objects.filter(initiative__in=ids).select_related("owner")


def _obligations(ids: list[int]) -> QuerySet[Obligation]:
    """Conditions of approvals and what stopping left; asked only where there are any."""
    return Obligation.objects.filter(initiative__in=ids).select_related("assignee")


def load_one(initiative_id: int) -> Facts:
    """Return the facts of one initiative; raises KeyError where there is none."""
    return load([initiative_id])[initiative_id]


def _by_initiative(
    rows: QuerySet[Any],
    order: Callable[[Any], Any] = attrgetter("pk"),
    *,
    newest_first: bool = False,
) -> defaultdict[int, list[Any]]:
    """The rows of each, sorted here, which is cheaper: see `_with_single_facts`."""
    grouped: defaultdict[int, list[Any]] = defaultdict(list)
    for row in sorted(rows.order_by(), key=order, reverse=newest_first):
        grouped[row.initiative_id].append(row)
    return grouped


def _recent_measurements(ids: list[int]) -> QuerySet[Measurement]:
    """The last ones of each metric; corrected ones have been replaced.

    Corrections are material however old: none may leave the evidence by being outnumbered.
    """
    rank = Window(RowNumber(), partition_by=F("metric_id"), order_by=[F("measured_at").desc()])
    return (
        Measurement.objects.filter(metric__initiative__in=ids, corrected_by=None)
        .annotate(rank=rank, initiative_id=F("metric__initiative_id"))
        .filter(Q(rank__lte=RECENT) | Q(corrects__isnull=False))
    )

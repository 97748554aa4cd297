"""What is somebody's own on initiatives, and can be handed over: their roles, what they have to see
to, questions, evaluation sets, and what they are paged about.

Each kind is a query for what is theirs now, with its initiative. A deputy is not among them:
everybody names their own.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from django.db.models import F, Q, QuerySet

from accounts.models import Person
from initiatives.models import EvaluationSet, Metric, Obligation, OpenQuestion, Ownership
from initiatives.stages import Stage

Owned = Callable[[Person], QuerySet[Any]]


def ownerships(person: Person) -> QuerySet[Ownership]:
    """Roles that they hold, or were asked into; also of whoever has left, until another does."""
    return _alive(Ownership.objects.open().filter(person=person))


def obligations(person: Person) -> QuerySet[Obligation]:
    """What they have to see to: of what is retired as well, where stopping left it."""
    return Obligation.objects.open().filter(assignee=person).select_related("initiative")


def open_questions(person: Person) -> QuerySet[OpenQuestion]:
    """What a pilot left open, where they are to find the answer."""
    return _alive(OpenQuestion.objects.filter(owner=person, closed_at=None))


def evaluation_sets(person: Person) -> QuerySet[EvaluationSet]:
    """Sets that are theirs and by which versions are measured now."""
    current = Q(initiative__evaluation_set=F("pk")) | Q(initiative__messy_set=F("pk"))
    return _alive(EvaluationSet.objects.filter(current, owner=person))


def watched_metrics(person: Person) -> QuerySet[Metric]:
    """Metrics for which they are paged."""
    return _alive(Metric.objects.filter(paged=person))


def _alive(rows: QuerySet[Any]) -> QuerySet[Any]:
    """What is retired stays as it was."""
    return rows.exclude(initiative__stage=Stage.RETIRED).select_related("initiative")


# By the word before the colon of what names a thing: `ownership:17`.
THEIRS: Mapping[str, Owned] = MappingProxyType({
    "ownership": ownerships,
    "obligation": obligations,
    "openquestion": open_questions,
    "evaluationset": evaluation_sets,
    "metric": watched_metrics,
})  # fmt: skip

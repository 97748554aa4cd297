"""What the tabs of an initiative's page show, each loaded when it is opened."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Prefetch
from django.utils import timezone

from accounts.models import Person
from initiatives import facts as initiative_facts
from initiatives import permissions
from initiatives.facts import Facts
from initiatives.models import EvaluationRun, EvaluationSet, Initiative, Spend
from initiatives.stages import Stage
from portfolio.queries import history
from reviews import queries as reviews
from reviews.answers import Answered, answered
from reviews.checks.findings import sum_of
from reviews.models import Decision, Review, SignOff
from reviews.policy import Criterion


@dataclass(frozen=True)
class Given:
    """An answered criterion with its answers, and why it was set aside, where it was."""

    criterion: Criterion
    answers: list[Answered]
    set_aside: str


@dataclass(frozen=True)
class GateAnswers:
    title: str
    given: list[Given]


@dataclass(frozen=True)
class Month:
    """What was spent in a month, in whole units of the currency, beside the estimate."""

    first: date
    amount: int
    is_estimate: bool


def findings(known: Facts) -> dict[str, Any]:
    """Evaluations with all their runs, and questions, open ones first; two queries."""
    initiative = known.initiative
    sets = [s for s in (initiative.evaluation_set, initiative.messy_set) if s is not None]
    runs: dict[int, list[EvaluationRun]] = defaultdict(list)
    for run in EvaluationRun.objects.filter(evaluation_set__in=sets).select_related("recorded_by"):
        runs[run.evaluation_set_id].append(run)
    still_open = [question for question in known.open_questions if question.is_open]
    return {
        "sets": [_set(s, runs[s.pk]) for s in sets],
        "open_questions": still_open,
        "closed_questions": [q for q in known.open_questions if not q.is_open],
        "sum": sum_of(still_open) if still_open else "",
        "today": timezone.localdate(),
    }


def _set(evaluation_set: EvaluationSet, runs: list[EvaluationRun]) -> dict[str, Any]:
    metric = evaluation_set.metric
    return {
        "set": evaluation_set,
        "threshold": metric.words(metric.threshold),
        "runs": [
            {
                "run": run,
                "words": metric.words(run.value),
                "holds": metric.threshold is None or metric.reaches(run.value, metric.threshold),
            }
            for run in runs
        ],
    }


def evidence(known: Facts) -> dict[str, Any]:
    """What was answered at each gate, in the policy's order; then what it asks no longer."""
    policy = reviews.current_policy()
    asked = {gate.title: gate.criteria for gate in policy.gates.values()}
    keys = {criterion.key for criteria in asked.values() for criterion in criteria}
    dropped = {answer.criterion for answer in known.evidence} - keys
    asked["No longer asked"] = tuple(reviews.asked_before(dropped))
    gates = []
    for title, criteria in asked.items():
        given = [found for c in criteria if (found := _given(c, known)) is not None]
        if given:
            gates.append(GateAnswers(title, given))
    return {"gates": gates}


def _given(criterion: Criterion, known: Facts) -> Given | None:
    answer = known.answer(criterion.key)
    if answer is None:
        return None
    return Given(criterion, answered(criterion, known), answer.not_applicable_because)


def costs(initiative: Initiative) -> dict[str, Any]:
    """Money by month, newest first, and each entry; one query."""
    entries = list(
        Spend.objects.filter(initiative=initiative)
        .select_related("recorded_by")
        .order_by("-spent_on", "-pk")
    )
    months: dict[date, list[Spend]] = defaultdict(list)
    for entry in entries:
        months[entry.spent_on.replace(day=1)].append(entry)
    return {
        "months": [
            Month(first, sum(e.amount for e in spent), all(e.is_estimate for e in spent))
            for first, spent in months.items()
        ],
        "entries": entries,
        "spent": sum(entry.amount for entry in entries),
    }


def decisions(initiative: Initiative) -> dict[str, Any]:
    """Every review with its signatures, and every decision, newest first; three queries."""
    signatures = Prefetch("sign_offs", SignOff.objects.order_by("signed_at"), to_attr="signed")
    return {
        "reviews": Review.objects.filter(initiative=initiative)
        .select_related("opened_by")
        .prefetch_related(signatures),
        "decisions": Decision.objects.filter(initiative=initiative).select_related("decided_by"),
    }


def happened(initiative: Initiative) -> dict[str, Any]:
    """The newest of its history; four queries."""
    return {"lines": history.of_initiative(initiative.pk), "size": history.PAGE}


TITLES = [
    ("history", "History"),
    ("findings", "Evaluations and questions"),
    ("evidence", "Evidence"),
    ("costs", "Costs"),
    ("decisions", "Reviews and decisions"),
]
# What is read from all that is recorded, and what the row alone is enough for.
OF_FACTS = {"findings": findings, "evidence": evidence}
OF_ROW = {"history": happened, "costs": costs, "decisions": decisions}


def load(person: Person, pk: int, tab: str) -> dict[str, Any] | None:
    """One tab for a person, or None where they may not know of the initiative."""
    if tab in OF_ROW:
        row = Initiative.objects.visible_to(person).filter(pk=pk).first()
        if row is None:
            return None
        return _shown(tab, row, permissions.may_edit(person, row), OF_ROW[tab](row))
    known = initiative_facts.visible_to(person, pk)
    if known is None:
        return None
    may_edit = permissions.may_edit_facts(person, known)
    return _shown(tab, known.initiative, may_edit, OF_FACTS[tab](known))


def _shown(tab: str, row: Initiative, may_edit: bool, content: dict[str, Any]) -> dict[str, Any]:
    editable = may_edit and row.stage != Stage.RETIRED
    return {"tab": tab, "initiative": row, "may_edit": editable, **content}

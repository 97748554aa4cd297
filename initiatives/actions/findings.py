"""What a pilot found out: open questions and their answers, evaluation sets and their runs."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Model
from django.utils import timezone

from accounts.models import Person
from audit.actions import Value, Words, append
from audit.refusals import Refused, records_refusals
from initiatives.actions import writing
from initiatives.models import EvaluationRun, EvaluationSet, Initiative, OpenQuestion
from initiatives.rules import EVALUATION_SET_FIELDS, QUESTION_FIELDS


@records_refusals("question.raise")
def raise_question(
    *, initiative: Initiative, values: Mapping[str, Any], by: Person | None, at: datetime
) -> OpenQuestion:
    """Record something that is not answered yet (product.md P14)."""
    row = writing.locked_for_edit(initiative, by)
    _check_question(values)
    question = OpenQuestion.objects.create(
        initiative=row, raised_at=at, raised_by=by, **_known(values, QUESTION_FIELDS)
    )
    changed: dict[str, Value] = {
        "question": Words(question.question),
        "blocking": question.is_blocking,
    }
    _note(row, question, "question.raised", changed, by, at)
    return question


@records_refusals("question.change")
def change_question(
    *, question: OpenQuestion, values: Mapping[str, Any], by: Person | None, at: datetime
) -> OpenQuestion:
    """Change what is known of an open question: its owner, estimate, day, or whether it blocks."""
    row = writing.locked_for_edit(question.initiative, by)
    stored = _open_one(question)
    _check_question(values)
    changed = _take_over(stored, values, QUESTION_FIELDS)
    if not changed:
        return stored
    stored.save(update_fields=list(changed))
    _note(row, stored, "question.changed", {"question": Words(stored.question), **changed}, by, at)
    return stored


@records_refusals("question.close")
def close_question(
    *, question: OpenQuestion, answer: str, by: Person | None, at: datetime
) -> OpenQuestion:
    """Close a question with what was found; the answer stays with it."""
    row = writing.locked_for_edit(question.initiative, by)
    stored = _open_one(question)
    if not answer.strip():
        raise Refused("Say what came out.", rule="no_answer", field="answer")
    stored.answer, stored.closed_at, stored.closed_by = answer.strip(), at, by
    stored.save(update_fields=["answer", "closed_at", "closed_by"])
    changed: dict[str, Value] = {
        "question": Words(stored.question),
        "answer": Words(stored.answer),
    }
    _note(row, stored, "question.closed", changed, by, at)
    return stored


def _check_question(values: Mapping[str, Any]) -> None:
    if not str(values.get("question", "")).strip():
        raise Refused("Write the question.", rule="no_question", field="question")
    _require_active(values.get("owner"))


def _require_active(owner: Person | None) -> None:
    if owner is not None and not Person.objects.filter(pk=owner.pk, is_active=True).exists():
        raise Refused(
            f"{owner} is no longer here. Choose somebody who is.", rule="inactive", field="owner"
        )


def _open_one(question: OpenQuestion) -> OpenQuestion:
    stored = OpenQuestion.objects.select_related("initiative").get(pk=question.pk)
    if not stored.is_open:
        raise Refused("This question is closed already.", rule="closed")
    return stored


@records_refusals("evaluation.describe")
def describe_evaluation_set(
    *,
    initiative: Initiative,
    values: Mapping[str, Any],
    by: Person | None,
    at: datetime,
    evaluation_set: EvaluationSet | None = None,
) -> EvaluationSet:
    """Describe the set by which versions are measured; the messy one stands beside it."""
    row = writing.locked_for_edit(initiative, by)
    # As it is now: a run may have been recorded since the caller read it.
    known = EvaluationSet.objects.get(pk=evaluation_set.pk) if evaluation_set else None
    _check_set(row, values, known)
    stored = known or EvaluationSet(
        initiative=row, is_messy=bool(values.get("is_messy")), described_at=at, described_by=by
    )
    changed = _take_over(stored, values, EVALUATION_SET_FIELDS)
    stored.save()
    pointer = "messy_set" if stored.is_messy else "evaluation_set"
    Initiative.objects.filter(pk=row.pk).update(**{pointer: stored})
    _note(row, stored, "evaluation.described", {"set": Words(stored.name), **changed}, by, at)
    return stored


def _check_set(row: Initiative, values: Mapping[str, Any], known: EvaluationSet | None) -> None:
    if not str(values.get("name", "")).strip():
        raise Refused("Give the set a name.", rule="no_name", field="name")
    metric = values.get("metric")
    if metric is None or metric.initiative_id != row.pk:
        raise Refused(
            "Choose the metric in which its result is counted.", rule="no_metric", field="metric"
        )
    if known is not None and known.initiative_id != row.pk:
        raise Refused("This set belongs to another initiative.", rule="foreign_set")
    if known is not None and known.last_run_id is not None and known.metric_id != metric.pk:
        raise Refused(
            "It was run already, and its results are values of its metric. Describe another set.",
            rule="already_run",
            field="metric",
        )
    _require_active(values.get("owner"))


@records_refusals("evaluation.record")
def record_run(
    *,
    evaluation_set: EvaluationSet,
    ran_on: date,
    version: str,
    value: Decimal,
    by: Person | None,
    at: datetime,
    cases: int | None = None,
    comment: str = "",
) -> EvaluationRun:
    """Record what a version reached on a set; a run is never edited, a new one follows it."""
    row = writing.locked_for_edit(evaluation_set.initiative, by)
    if ran_on > timezone.localdate(at):
        raise Refused("This day has not come yet.", rule="future", field="ran_on")
    run = EvaluationRun.objects.create(
        evaluation_set=evaluation_set,
        ran_on=ran_on,
        version=version,
        value=value,
        cases=cases,
        comment=comment,
        recorded_at=at,
        recorded_by=by,
    )
    newest = EvaluationRun.objects.filter(evaluation_set=evaluation_set).earliest("-ran_on", "-pk")
    EvaluationSet.objects.filter(pk=evaluation_set.pk).update(last_run=newest)
    changed: dict[str, Value] = {
        "set": Words(evaluation_set.name),
        "version": Words(version),
        "words": Words(evaluation_set.metric.words(value)),
    }
    _note(row, evaluation_set, "evaluation.recorded", changed, by, at, material=False)
    return run


def _known(values: Mapping[str, Any], fields: tuple[str, ...]) -> dict[str, Any]:
    """The values of these columns; a row that is named stands as its id."""
    given = {field: field.removesuffix("_id") for field in fields}
    return {field: _id(values[name]) for field, name in given.items() if name in values}


def _id(value: Any) -> Any:
    return value.pk if isinstance(value, Model) else value


def _take_over(
    stored: OpenQuestion | EvaluationSet, values: Mapping[str, Any], fields: tuple[str, ...]
) -> dict[str, Value]:
    known = _known(values, fields)
    changed = writing.differences(stored, known)
    for field in changed:
        setattr(stored, field, known[field])
    return changed


def _note(
    row: Initiative,
    stored: OpenQuestion | EvaluationSet,
    kind: str,
    changed: dict[str, Value],
    by: Person | None,
    at: datetime,
    *,
    material: bool = True,
) -> None:
    writing.mark_changed(row, by=by, at=at, material=material)
    subject = f"{stored._meta.model_name}:{stored.pk}"
    append([writing.entry(kind, row, by, changed, subject=subject)], at=at)

"""What is worked out from evaluations and open questions."""

from __future__ import annotations

from django.utils import timezone

from initiatives.models import EvaluationRun, EvaluationSet, OpenQuestion
from reviews.checks.verdicts import Asked, Verdict, counted, met, unmet


def evaluation_run(asked: Asked) -> Verdict:
    """P11: the evaluation set was run, lately; again where it is asked anew."""
    known = asked.facts.initiative.evaluation_set
    if known is None or known.last_run is None:
        return unmet("No evaluation has been recorded yet.")
    run, said = known.last_run, _said(known, known.last_run)
    if asked.since and run.ran_on < timezone.localdate(asked.since):
        return unmet(f"{said}; run it again for this recertification.")
    age, most = (asked.today - run.ran_on).days, asked.limits.evaluation_stale_days
    if age > most:
        return unmet(f"{said}, {age} days ago; after {most} days it counts no more.")
    return met(f"{said}.")


def _said(known: EvaluationSet, run: EvaluationRun) -> str:
    words = known.metric.words(run.value)
    cases = f", n = {run.cases:,}" if run.cases else ""
    return f"{run.version} reached {words} on {run.ran_on:%-d %b %Y}{cases}"


def evaluation_set_described(asked: Asked) -> Verdict:
    """P11: how large the set is, who verified its answers, and where it is kept."""
    known = asked.facts.initiative.evaluation_set
    if known is None:
        return unmet("No evaluation set is described yet.")
    parts = {
        "how large it is": known.size,
        "who verified its answers": known.verified_by,
        "where it is kept": known.location,
    }
    missing = [name for name, value in parts.items() if not value]
    if missing:
        return unmet(f"{known.name}: not said yet {', '.join(missing)}.")
    return met(f"{known.name}: {known.size:,} cases, verified by {known.verified_by}.")


def evaluation_set_owned(asked: Asked) -> Verdict:
    """P11: a person keeps the set up to date."""
    known = asked.facts.initiative.evaluation_set
    if known is None or known.owner is None:
        return unmet("Nobody is named to keep the evaluation set up to date.")
    if not known.owner.is_active:
        return unmet(f"{known.owner} is no longer here.")
    return met(f"{known.owner} keeps it up to date.")


def messy_data_meets_threshold(asked: Asked) -> Verdict:
    """P12: the result on messy data is at or past the threshold, or its gap is a blocking open
    question."""
    known = asked.facts.initiative.messy_set
    if known is None or known.last_run is None:
        return unmet("Nothing was tried on messy data yet.")
    said = f"On messy data {_said(known, known.last_run)}"
    threshold = known.metric.threshold
    if threshold is None:
        return unmet(
            f"{said}; {known.metric.name} has no threshold to compare with.",
            "change_metric",
            known.metric_id,
        )
    said = f"{said}; threshold is {known.metric.words(threshold)}"
    if known.metric.reaches(known.last_run.value, threshold):
        return met(f"{said}.")
    if any(question.is_blocking for question in _open(asked)):
        return met(f"{said}. The gap is a blocking open question.")
    return unmet(f"{said}. Close the gap, or make it a blocking open question.")


def _open(asked: Asked) -> list[OpenQuestion]:
    return [question for question in asked.facts.open_questions if question.is_open]


def open_questions_estimated(asked: Asked) -> Verdict:
    """P14: what the pilot did not answer has an owner and an estimate; their sum is said."""
    if not asked.facts.open_questions:
        return unmet("Nothing is listed. What did the pilot not answer?")
    questions = _open(asked)
    faults = [(fault, question.pk) for question in questions if (fault := _unplanned(question))]
    if faults:
        more = f" And {len(faults) - 1} more." if len(faults) > 1 else ""
        said, pk = faults[0]
        return unmet(f"{said}{more}", "change_question", pk)
    return met(sum_of(questions))


def _unplanned(question: OpenQuestion) -> str | None:
    if question.owner is None:
        return f"“{question}” has no owner."
    if not question.owner.is_active:
        return f"“{question}”: {question.owner} is no longer here."
    if question.estimate_days is None and question.estimate_cost is None:
        return f"“{question}” has no estimate."
    return None


def sum_of(questions: list[OpenQuestion]) -> str:
    """How many there are, and how much work and money they are together."""
    if not questions:
        return "All questions are closed."
    days = sum(question.estimate_days or 0 for question in questions)
    cost = sum(question.estimate_cost or 0 for question in questions)
    count = counted(len(questions), "open question")
    parts = (counted(days, "day") if days else "", f"{cost:,}" if cost else "")
    work = " and ".join(part for part in parts if part)
    return f"{count}: {work}." if work else f"{count}."


def blocking_questions_closed(asked: Asked) -> Verdict:
    """P14: what was called blocking at ship-or-kill is closed before go-live."""
    blocking = [question for question in _open(asked) if question.is_blocking]
    if not blocking:
        return met("No blocking question is open.")
    more = f" And {len(blocking) - 1} more." if len(blocking) > 1 else ""
    return unmet(f"“{blocking[0]}” is open.{more}", "close_question", blocking[0].pk)

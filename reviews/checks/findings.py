"""What is worked out from evaluations and open questions."""

from __future__ import annotations

from datetime import date, timedelta

from django.utils import timezone
from django.utils.text import capfirst

from initiatives.models import EvaluationRun, EvaluationSet, OpenQuestion
from initiatives.units import money
from reviews.checks.verdicts import Asked, Verdict, counted, day, met, unmet
from reviews.policy import Limits
from reviews.policy.wording import listed


def evaluation_run(asked: Asked) -> Verdict:
    """P11: the evaluation set was run, lately; again where it is asked anew."""
    known = asked.facts.initiative.evaluation_set
    if known is None or known.last_run is None:
        return unmet("No evaluation has been recorded yet: run the set, and record what came out.")
    run, said = known.last_run, capfirst(_said(known, known.last_run))
    if asked.since and run.ran_on < timezone.localdate(asked.since):
        return unmet(f"{said}; run it again for this recertification.")
    if run.ran_on < evaluations_count_from(asked.today, asked.limits):
        age, most = (asked.today - run.ran_on).days, asked.limits.evaluation_stale_days
        return unmet(f"{said}, {age} days ago; after {most} days it has to be run again.")
    return met(f"{said}.")


def evaluations_count_from(today: date, limits: Limits) -> date:
    """The first day whose evaluations are not stale yet (product.md §3, Limits)."""
    return today - timedelta(days=limits.evaluation_stale_days)


def _said(known: EvaluationSet, run: EvaluationRun) -> str:
    words = known.metric.words(run.value)
    cases = f", n = {run.cases:,}" if run.cases else ""
    version = f"version {run.version}" if run.version[:1].isdigit() else run.version
    return f"{version} reached {words} on {day(run.ran_on)}{cases}"


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
        return unmet(f"{capfirst(known.name)}: not said yet {listed(missing)}.")
    cases = counted(known.size or 0, "case")
    return met(f"{capfirst(known.name)}: {cases}, verified by {known.verified_by}.")


def evaluation_set_owned(asked: Asked) -> Verdict:
    """P11: a person keeps the set up to date."""
    known = asked.facts.initiative.evaluation_set
    if known is None or known.owner is None:
        return unmet("Nobody is named to keep the evaluation set up to date.")
    if not known.owner.is_active:
        return unmet(f"{known.owner}, who kept it up to date, is no longer here.")
    return met(f"{known.owner} keeps it up to date.")


def messy_data_meets_threshold(asked: Asked) -> Verdict:
    """P12: the result on messy data is at or past the threshold, or its gap is a blocking open
    question."""
    known = asked.facts.initiative.messy_set
    if known is None or known.last_run is None:
        return unmet("Nothing has been tried on messy data yet.")
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
    parts = (counted(days, "day") if days else "", money(cost) if cost else "")
    work = " and ".join(part for part in parts if part)
    return f"{count}: {work}." if work else f"{count}."


def blocking_questions_closed(asked: Asked) -> Verdict:
    """P14: what was called blocking at ship-or-kill is closed before go-live."""
    blocking = [question for question in _open(asked) if question.is_blocking]
    if not blocking:
        return met("No blocking question is open.")
    more = f" And {len(blocking) - 1} more." if len(blocking) > 1 else ""
    return unmet(
        f"“{blocking[0]}” is open{_whose(blocking[0])}.{more}", "close_question", blocking[0].pk
    )


def _whose(question: OpenQuestion) -> str:
    """Who is to answer it and by when, as far as that was said."""
    owner = f", with {question.owner}" if question.owner else ""
    return f"{owner}, due {day(question.due_date)}" if question.due_date else owner

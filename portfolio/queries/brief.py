"""What somebody wants to know before they decide, opened in place on the dashboard."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from accounts.models import Person
from initiatives import facts as initiative_facts
from initiatives import statement
from initiatives.facts import Facts
from initiatives.models import KillCondition, Metric
from initiatives.stages import Gate
from reviews import queries as reviews
from reviews import signing
from reviews.answers import Answered, conditions
from reviews.models import Review
from reviews.queries import Standing


@dataclass(frozen=True)
class Result:
    """What the primary metric has shown beside what was promised, in words."""

    metric: str
    value: str
    measured_at: datetime | None
    sample: int | None
    is_automatic: bool
    reached: bool
    baseline: str
    threshold: str
    target: str


@dataclass(frozen=True)
class Objection:
    """A live rejection in the open review."""

    name: str
    slot: str
    comment: str
    signed_at: datetime


@dataclass(frozen=True)
class Waiting:
    """A signature that is still missing, and whose it could be."""

    slot: str
    names: str
    is_mine: bool


@dataclass(frozen=True)
class Brief:
    facts: Facts
    statement: str
    result: Result | None
    conditions: list[Answered]
    tripped: list[KillCondition]
    waived: list[KillCondition]
    gate: str
    review: Review | None
    objections: list[Objection]
    waiting: list[Waiting]
    decide_url: str
    decide: str


def load(person: Person, pk: int, today: date) -> Brief | None:
    """The brief on one initiative, or None where this person may not know of it."""
    known = initiative_facts.visible_to(person, pk)
    if known is None:
        return None
    gate = known.initiative.next_gate
    review = _open_review(known)
    standing = reviews.standing(review, today, known) if review else None
    url = known.initiative.get_absolute_url()
    return Brief(
        facts=known,
        statement=statement.of(known),
        result=_result(known, known.primary_metric),
        conditions=conditions(standing.policy if standing else reviews.current_policy(), known),
        tripped=known.tripped,
        waived=[k for k in known.kill_conditions if k.state == KillCondition.State.WAIVED],
        gate=str(Gate(gate).label) if gate else "",
        review=review,
        objections=_objections(standing) if standing else [],
        waiting=_waiting(standing, person) if standing else [],
        decide_url=review.get_absolute_url() if review else f"{url}#decide",
        decide="Read the review and decide" if review else "Decide",
    )


def _open_review(known: Facts) -> Review | None:
    mine = Review.objects.open().of_gates().filter(initiative=known.initiative)
    found = mine.annotate(has_overrides=reviews.has_overrides())
    return found.select_related("initiative", "policy").first()


def _result(known: Facts, metric: Metric | None) -> Result | None:
    if metric is None:
        return None
    last = known.latest(metric)
    bound = metric.threshold
    return Result(
        metric=metric.name,
        value=metric.words(last.value) if last else "",
        measured_at=last.measured_at if last else None,
        sample=last.sample_size if last else None,
        is_automatic=bool(last and last.is_automatic),
        reached=bool(last and bound is not None and metric.reaches(last.value, bound)),
        baseline=metric.words(metric.baseline),
        threshold=metric.words(bound),
        target=metric.words(metric.target),
    )


def _objections(standing: Standing) -> list[Objection]:
    return [
        Objection(s.printed_name, state.slot.title, s.comment, s.signed_at)
        for state in standing.slots
        for s in state.rejections
    ]


def _waiting(standing: Standing, person: Person) -> list[Waiting]:
    return [
        Waiting(state.slot.title, _names(state), state.waits_for(person))
        for state in standing.slots
        if not state.is_filled and not state.rejections
    ]


def _names(state: signing.SlotState) -> str:
    """Who could sign: the holder of the role, or the first few of a group."""
    answered = {s.signer_id for s in state.live}
    names = [person.name for person in state.eligible if person.pk not in answered]
    more = len(names) - 3
    return ", ".join(names[:3]) + (f" or {more} more" if more > 0 else "")

"""Retiring what is dead: whoever is said to own it says so, the sponsor or a lead decides, in bulk
where there is much of it (product.md §2, "Day one is quiet", and §3, Retirement)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone

from accounts.models import Person
from audit.actions import Entry, Words, append
from audit.refusals import Refused, records_refusals
from initiatives import facts as initiative_facts
from initiatives.models import Initiative
from initiatives.stages import UNDECIDED, Gate, Stage
from reviews import gates, permissions, queries
from reviews.actions.answering import answer
from reviews.actions.deciding import WHY_IT_STOPS, decide
from reviews.actions.reviewing import locked_initiative
from reviews.models import Decision, RetirementRequest


@records_refusals("retirement.ask")
def ask_to_retire(
    *, initiative: Initiative, reason: str, by: Person, at: datetime
) -> RetirementRequest:
    """Say that it is dead, and why; while that is looked at, nobody is asked to own it. Where it
    was said already, that stands."""
    row = locked_initiative(initiative.pk)
    if row.stage == Stage.RETIRED:
        raise Refused("It is retired already.", rule="retired")
    if not permissions.may_ask_to_retire(by, initiative_facts.load_one(row.pk)):
        raise Refused(
            "Only those who are said to own it, and portfolio leads, say that it is dead.",
            rule="not_asked",
        )
    if not reason.strip():
        raise Refused("Say how you know.", rule="reason_missing", field="reason")
    said = RetirementRequest.objects.open().filter(initiative=row).first()
    if said is not None:
        return said
    asked = RetirementRequest.objects.create(
        initiative=row, asked_by=by, asked_at=at, reason=reason.strip()
    )
    append([_entry("retirement.asked", asked, by, asked.reason, at)], at=at)
    return asked


@records_refusals("retirement.keep")
def keep(
    *, request: RetirementRequest, because: str, by: Person, at: datetime
) -> RetirementRequest:
    """Say that it is not dead; whoever has not answered for it is asked again."""
    row = locked_initiative(request.initiative_id)
    if not permissions.may_decide(by, initiative_facts.load_one(row.pk)):
        raise Refused("Only the sponsor or a portfolio lead decides.", rule="may_not_decide")
    said = RetirementRequest.objects.open().filter(pk=request.pk).first()
    if said is None:
        raise Refused("Somebody has just decided on it. Look again.", rule="decided_already")
    if not because.strip():
        raise Refused("Say why it is kept.", rule="reason_missing", field="because")
    said.closed_at, said.closed_by, said.because = at, by, because.strip()
    said.save(update_fields=["closed_at", "closed_by", "because"])
    append([_entry("retirement.declined", said, by, said.because, at)], at=at)
    return said


@dataclass(slots=True)
class Retired:
    """What retiring in bulk did: what is retired, and what was refused, each with the reason."""

    done: list[Decision] = field(default_factory=list)
    refused: list[tuple[Initiative, Refused]] = field(default_factory=list)


def retire_all(
    *,
    requests: Iterable[RetirementRequest],
    outcome: str,
    lesson: str,
    by: Person,
    at: datetime,
    unused_because: str = "",
) -> Retired:
    """Retire what was said to be dead, each by a decision of its own, with all that a decision
    asks and leaves to be done: one that is refused keeps none of the others.

    `unused_because` is why nobody relies any more on those in production; where it is not said,
    they are refused until somebody has been told.
    """
    account = Retired()
    for request in requests:
        row = request.initiative
        reason = f"{request.asked_by.name}: {request.reason}"
        try:
            decision = _retire(
                initiative=row,
                reason=reason,
                outcome=outcome,
                lesson=lesson,
                unused_because=unused_because.strip(),
                by=by,
                at=at,
            )
        except Refused as refusal:
            account.refused.append((row, refusal))
        else:
            account.done.append(decision)
    return account


@records_refusals("decision")
def _retire(
    *,
    initiative: Initiative,
    reason: str,
    outcome: str,
    lesson: str,
    unused_because: str,
    by: Person,
    at: datetime,
) -> Decision:
    """All of it or nothing: what is set aside for a decision that is refused is not set aside."""
    row = locked_initiative(initiative.pk)
    said: dict[str, Any] = {"reason": reason, "outcome": outcome, "lesson": lesson}
    if row.stage in UNDECIDED:
        return decide(initiative=row, kind=Decision.Kind.KILL, by=by, at=at, **said)
    if unused_because:
        _set_aside(row, unused_because, by, at)
    return decide(initiative=row, kind=Decision.Kind.DECOMMISSION, by=by, at=at, **said)


def _set_aside(row: Initiative, because: str, by: Person, at: datetime) -> None:
    """What retirement asks beside its reason, where the policy lets it not apply."""
    known = initiative_facts.load_one(row.pk)
    today = timezone.localdate(at)
    for judged in gates.evaluate(known, Gate.RETIREMENT, queries.current_policy(), today):
        asked = judged.criterion
        may_not_apply = asked.is_answered and not asked.mandatory and asked.key != WHY_IT_STOPS
        if judged.blocks and may_not_apply:
            answer(
                initiative=row,
                criterion=asked.key,
                values={},
                not_applicable_because=because,
                by=by,
                at=at,
            )


def _entry(kind: str, request: RetirementRequest, by: Person, reason: str, at: datetime) -> Entry:
    pk = request.initiative_id
    Initiative.objects.filter(pk=pk).update(touched_at=at)
    return Entry(kind, f"initiative:{pk}", pk, by.pk, {"reason": Words(reason)})

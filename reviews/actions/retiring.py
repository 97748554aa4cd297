"""Retiring what is dead: whoever is said to own it says so, the sponsor or a lead decides, in bulk
where there is much of it (product.md §2, "Day one is quiet", and §3, Retirement)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from accounts.models import Person
from audit.actions import Entry, Words, append
from audit.refusals import Refused, records_refusals
from initiatives import facts as initiative_facts
from initiatives.models import Initiative
from initiatives.stages import UNDECIDED, Stage
from reviews import permissions
from reviews.actions.deciding import decide
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
) -> Retired:
    """Retire what was said to be dead, each by a decision of its own, with all that a decision
    asks and leaves to be done: one that is refused keeps none of the others."""
    account = Retired()
    for request in requests:
        row = request.initiative
        stops = Decision.Kind.KILL if row.stage in UNDECIDED else Decision.Kind.DECOMMISSION
        try:
            decision = decide(
                initiative=row,
                kind=stops,
                reason=f"{request.asked_by.name}: {request.reason}",
                outcome=outcome,
                lesson=lesson,
                by=by,
                at=at,
            )
        except Refused as refusal:
            account.refused.append((row, refusal))
        else:
            account.done.append(decision)
    return account


def _entry(kind: str, request: RetirementRequest, by: Person, reason: str, at: datetime) -> Entry:
    pk = request.initiative_id
    Initiative.objects.filter(pk=pk).update(touched_at=at)
    return Entry(kind, f"initiative:{pk}", pk, by.pk, {"reason": Words(reason)})

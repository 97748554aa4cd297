"""Who is reminded of a flag, and when: the ladders, as tables (product.md §5, Reminders).

What can wait is sent on working days (`actions.composing`): a step that falls on a Saturday or
Sunday goes with the mail of the next working day; one that would then come after the due date goes
with the last mail before it. So nobody reads on Monday that something was due on Sunday.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from initiatives.stages import Role
from initiatives.workdays import add_working_days, first_working_day, last_working_day
from reviews.policy import Ladder

LEAD = "portfolio lead"
ASSIGNEE = "assignee"
PILOT_OWNERS = (Role.BUSINESS_OWNER, Role.ENGINEERING_OWNER)
OWNERS = (*PILOT_OWNERS, Role.PRODUCTION_OWNER)
RESPONSIBLE = (Role.SPONSOR, *OWNERS, Role.ON_CALL)
RUNS_IT = (Role.BUSINESS_OWNER, Role.PRODUCTION_OWNER)
BUILDS_IT = (Role.ENGINEERING_OWNER, Role.PRODUCTION_OWNER)


@dataclass(frozen=True, slots=True)
class Step:
    """One rung: `days` relative to the due date, and who hears: roles, leads, the leads in the
    place of roles that nobody holds, or whoever an obligation was given to; where that is nobody
    who can hear, the roles `instead`, or the leads."""

    days: int
    roles: tuple[Role, ...] = ()
    leads: bool = False
    or_leads: bool = False
    assignee: bool = False
    instead: tuple[Role, ...] = ()


def _first_to_last(days_before: Iterable[int]) -> list[int]:
    return sorted(set(days_before), reverse=True)


def decision_date(ladder: Ladder) -> tuple[Step, ...]:
    """Before the date its owners, after it the sponsor, then the leads."""
    return (
        *(Step(-days, OWNERS) for days in _first_to_last(ladder.owner_days_before)),
        Step(ladder.sponsor_days_after, (Role.SPONSOR,), or_leads=True),
        Step(ladder.leads_days_after, leads=True),
    )


def decision_lapsed(ladder: Ladder) -> tuple[Step, ...]:
    """At once the leads, who decide now."""
    return (Step(0, leads=True),)


def decision_ready(ladder: Ladder) -> tuple[Step, ...]:
    """At once whoever decides, who was waited for; the leads where they have not since."""
    return (
        Step(0, (Role.SPONSOR,), or_leads=True),
        Step(ladder.leads_days_after, leads=True),
    )


def threshold_reached(ladder: Ladder) -> tuple[Step, ...]:
    """Once those who answer for it: nothing is late."""
    return (Step(0, (Role.SPONSOR, *PILOT_OWNERS), or_leads=True),)


def override(ladder: Ladder) -> tuple[Step, ...]:
    """Before its day those who can meet what was set aside, and the leads; then once more."""
    return (
        *(Step(-days, OWNERS, leads=True) for days in _first_to_last(ladder.override_days_before)),
        Step(1, (Role.SPONSOR, *OWNERS), leads=True),
    )


def unowned(ladder: Ladder) -> tuple[Step, ...]:
    """At once everyone concerned: those who can name somebody, and the owners who are left."""
    return (Step(0, (Role.SPONSOR, *OWNERS), leads=True),)


def leaving(ladder: Ladder) -> tuple[Step, ...]:
    """Whoever leaves, as soon as it is near, then whoever can name somebody else; at the last the
    leads as well, so that nothing is without an owner on the day after."""
    days = _first_to_last(ladder.leaving_days_before)
    alone = days[0] if len(days) > 1 else None
    return tuple(
        Step(-before, assignee=True)
        if before == alone
        else Step(-before, (Role.SPONSOR,), leads=before == days[-1], or_leads=True, assignee=True)
        for before in days
    )


def kill_condition_tripped(ladder: Ladder) -> tuple[Step, ...]:
    """At once those who answer for it; the leads when nobody has decided since."""
    return (
        Step(0, RESPONSIBLE, or_leads=True),
        Step(ladder.sponsor_days_after, leads=True),
    )


def suspended(ladder: Ladder) -> tuple[Step, ...]:
    """At once those who answer for it, so that somebody makes sure that it is off; on its day who
    decides, then the leads. Five working days are seven days at most."""
    return (
        Step(-7, RESPONSIBLE, or_leads=True),
        Step(0, (Role.SPONSOR,), or_leads=True),
        Step(ladder.sponsor_days_after, leads=True),
    )


def obligation(ladder: Ladder) -> tuple[Step, ...]:
    """Once it is late whoever it was given to, then the sponsor, then the leads; the sponsor at
    once for whoever has left."""
    return (
        Step(1, assignee=True, instead=(Role.SPONSOR,)),
        Step(ladder.sponsor_days_after, (Role.SPONSOR,), or_leads=True, assignee=True),
        Step(ladder.leads_days_after, leads=True, assignee=True),
    )


def statement_unsigned(ladder: Ladder) -> tuple[Step, ...]:
    """The new sponsor when they come and before their day is over; then the leads decide."""
    return (
        *(Step(-days, (Role.SPONSOR,)) for days in _first_to_last(ladder.statement_days_before)),
        Step(1, leads=True),
        Step(ladder.leads_days_after, leads=True),
    )


def recertification(ladder: Ladder) -> tuple[Step, ...]:
    """Before the date whoever answers for it in production, after it the sponsor, then the
    leads."""
    return (
        *(Step(-days, RUNS_IT) for days in _first_to_last(ladder.recertification_days_before)),
        Step(ladder.sponsor_days_after, (Role.SPONSOR,), or_leads=True),
        Step(ladder.leads_days_after, leads=True),
    )


def falls_short(ladder: Ladder) -> tuple[Step, ...]:
    """At once those who answer for it; the sponsor where it has not got better."""
    return (
        Step(0, RUNS_IT, or_leads=True),
        Step(ladder.leads_days_after, (Role.SPONSOR,), or_leads=True),
    )


def measurement_stale(ladder: Ladder) -> tuple[Step, ...]:
    """Once it is late whoever can have it measured, then the sponsor."""
    return (Step(0, RUNS_IT), Step(ladder.leads_days_after, (Role.SPONSOR,), or_leads=True))


def evaluation_stale(ladder: Ladder) -> tuple[Step, ...]:
    """Once those who can run it: nothing is wrong yet."""
    return (Step(0, BUILDS_IT),)


def over_budget(ladder: Ladder) -> tuple[Step, ...]:
    """Once those who pay, and who answer to them."""
    return (Step(0, (Role.BUDGET_OWNER, Role.BUSINESS_OWNER, Role.SPONSOR), or_leads=True),)


def stalled(ladder: Ladder) -> tuple[Step, ...]:
    """Its owners, whoever is to run it among them, then the sponsor; what has none is flagged as
    unowned."""
    return (Step(0, OWNERS), Step(ladder.leads_days_after, (Role.SPONSOR,)))


def sign_off_overdue(ladder: Ladder) -> tuple[Step, ...]:
    """Whoever is to sign was asked and reminded; now the sponsor hears, then the leads."""
    return (
        Step(ladder.sponsor_days_after, (Role.SPONSOR,), or_leads=True),
        Step(ladder.leads_days_after, leads=True),
    )


def slot_unfillable(ladder: Ladder) -> tuple[Step, ...]:
    """At once the leads, who can appoint somebody."""
    return (Step(0, leads=True),)


def shown_only(ladder: Ladder) -> tuple[Step, ...]:
    """Nobody: those who can do something were told already, or hear of it otherwise."""
    return ()


def decides(roles: Iterable[str]) -> bool:
    """Whether somebody in these roles may decide (product.md §4): the sponsor, or a lead."""
    return not {LEAD, str(Role.SPONSOR.label).lower()}.isdisjoint(roles)


LADDERS: dict[str, Callable[[Ladder], tuple[Step, ...]]] = {
    "catch_up": decision_date,  # it is due like a decision
    "decision_date": decision_date,
    "decision_lapsed": decision_lapsed,
    "decision_ready": decision_ready,
    "override": override,
    "threshold_reached": threshold_reached,
    "unowned": unowned,
    "leaving": leaving,
    "kill_condition_tripped": kill_condition_tripped,
    "suspended": suspended,
    "obligation": obligation,
    "statement_unsigned": statement_unsigned,
    "recertification": recertification,
    "falls_short": falls_short,
    "measurement_stale": measurement_stale,
    "evaluation_stale": evaluation_stale,
    "over_budget": over_budget,
    "stalled": stalled,
    "sign_off_overdue": sign_off_overdue,
    "slot_unfillable": slot_unfillable,
    "shown_only": shown_only,
}


def newest(steps: Iterable[Step], due: date, today: date) -> Step | None:
    """The last step whose day has come. Earlier ones are not made up for: what is created late,
    or an outage, owes this one alone."""
    reached = [step for step in steps if reached_on(step.days, due) <= today]
    return max(reached, key=lambda step: step.days, default=None)


def missed(steps: Iterable[Step], due: date, newest: Step, role: Role, came: date) -> Step | None:
    """The last step that reached this role, where that was before somebody came into it, and the
    newest is another's."""
    if role in newest.roles:
        return None
    reached = (step for step in steps if role in step.roles and step.days < newest.days)
    last = max(reached, key=lambda step: step.days, default=None)
    return last if last is not None and reached_on(last.days, due) < came else None


def reached_on(days: int, due: date) -> date:
    """The step's day, be it not worked on: what is urgent waits for nobody."""
    return min(due + timedelta(days=days), mail_day(days, due))


def mail_day(days: int, due: date) -> date:
    """The working day whose mail carries a step that can wait."""
    day = due + timedelta(days=days)
    after = first_working_day(day)
    return last_working_day(day) if days <= 0 and after > due else after


def signer_step(ladder: Ladder, asked: date, today: date) -> int:
    """How many working days after the request its newest reminder is due; 0 is the request."""
    reached = (n for n in ladder.signer_days_after if add_working_days(asked, n) <= today)
    return max(reached, default=0)


def recipients(
    step: Step, owners: Mapping[Role, int], leads: Sequence[int], assignee: int | None = None
) -> dict[int, list[str]]:
    """Whom a step reaches, each with what they are there: `{7: ["sponsor", "business owner"]}`."""
    found: dict[int, list[str]] = {}
    instead = step.instead if assignee is None else ()
    for role in (*step.roles, *instead):
        if role in owners:
            found.setdefault(owners[role], []).append(str(role.label).lower())
    if step.leads or ((step.or_leads or instead) and not found):
        for pk in leads:
            found.setdefault(pk, []).append(LEAD)
    if step.assignee and assignee is not None:
        found.setdefault(assignee, []).append(ASSIGNEE)
    return found

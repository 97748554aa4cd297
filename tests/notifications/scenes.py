"""Small worlds made through the actions: people, and initiatives that they own."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from accounts import actions as people
from accounts.models import Group, Person
from initiatives import actions as initiatives
from initiatives.models import Initiative, KillCondition
from initiatives.stages import REQUIRED_ROLES, Role, Stage
from notifications import actions
from notifications.models import Flag, Message, Reminder
from notifications.rules import RULES
from notifications.rules.finding import Finding
from reviews import actions as reviews
from reviews import queries

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
TODAY = NOON.date()
LONG_AGO = NOON - timedelta(days=90)


def make_person(name: str, *groups: str) -> Person:
    email = f"{name.lower().replace(' ', '.')}@example.com"
    person = people.create_person(email=email, name=name, password=None, by=None, at=LONG_AGO)
    for key in groups:
        group = Group.objects.get(key=key)
        people.join(person=person, group=group, by=None, at=LONG_AGO)
    return person


def make_lead(name: str = "Lea Lead") -> Person:
    return make_person(name, Group.LEADS)


def own(initiative: Initiative, role: str, person: Person, at: datetime = LONG_AGO) -> None:
    ownership = initiatives.ask(initiative=initiative, role=role, person=person, by=None, at=at)
    initiatives.accept(ownership=ownership, by=person, at=at)


def make_initiative(
    lead: Person,
    *,
    name: str = "Claims triage",
    stage: Stage = Stage.PILOT,
    due: date | None = None,
    at: datetime = LONG_AGO,
    **owners: Person,
) -> Initiative:
    """An initiative in a stage, decided by `due`, with owners who have accepted; it owes nothing
    of the gates before, and somebody has touched it lately."""
    initiative = initiatives.declare_as_running(name=name, stage=stage, by=lead, at=at)
    for role, person in owners.items():
        own(initiative, role, person, at)
    Initiative.objects.filter(pk=initiative.pk).update(caught_up_at=at, touched_at=NOON)
    if due is not None:
        move(initiative, due)
    return initiative


def owned_by_all(person: Person, stage: Stage = Stage.PILOT) -> dict[str, Person]:
    return {str(role): person for role in REQUIRED_ROLES[stage]}


def move(initiative: Initiative, due: date) -> None:
    Initiative.objects.filter(pk=initiative.pk).update(decision_date=due)


def make_quiet(initiative: Initiative) -> None:
    """As an import leaves it, until the campaign."""
    Initiative.objects.filter(pk=initiative.pk).update(counting_since=None)


def suspend(initiative: Initiative, by: Person, at: datetime = NOON) -> None:
    reviews.decide(
        initiative=initiative, kind="suspend", reason="It errs.", by=by, at=at,
    )  # fmt: skip


def trip_by_spend(initiative: Initiative, at: datetime = NOON) -> KillCondition:
    condition = initiatives.add_kill_condition(
        initiative=initiative, values={"kind": "spend", "spend_cap": 100}, by=None, at=at
    )
    initiatives.record_spend(initiative=initiative, amount=150, spent_on=at.date(), by=None, at=at)
    condition.refresh_from_db()
    return condition


def found_by(rule: str, today: date = TODAY) -> list[Finding]:
    return RULES[rule].function(Initiative.objects.all(), today, queries.current_policy())


def open_rules(initiative: Initiative) -> set[str]:
    return set(Flag.objects.open().filter(initiative=initiative).values_list("rule", flat=True))


def owed(**which: Any) -> list[tuple[str, int, str]]:
    """What is owed: kind, step, and to whom."""
    rows = Reminder.objects.owed().filter(**which).order_by("kind", "step", "recipient__name")
    return list(rows.values_list("kind", "step", "recipient__name"))


def swept_and_heard(at: datetime = NOON) -> None:
    actions.sweep(at=at)
    actions.hear(at=at)


def owe_one(recipient: Person, initiative: Initiative, step: int = 0, **said: Any) -> Reminder:
    """A reminder about an open flag of `unowned`, as a sweep of long ago left it."""
    Flag.objects.get_or_create(
        initiative=initiative,
        rule="unowned",
        closed_at=None,
        defaults={
            "due_date": TODAY,
            "severity": "warning",
            "says": "Nobody owns it.",
            "acts": "a portfolio lead",
            "since": NOON,
            "opened_at": NOON,
        },
    )
    return Reminder.objects.create(
        **{
            "kind": "unowned",
            "subject": f"initiative:{initiative.pk}",
            "initiative": initiative,
            "due_date": TODAY,
            "step": step,
            "recipient": recipient,
            "says": f"Name who answers for {initiative}",
            "detail": "Nobody owns it.",
            "why": "You are a portfolio lead.",
            "path": f"/initiatives/{initiative.pk}/",
            "is_urgent": True,
            "planned_at": NOON,
            **said,
        }
    )


def states(model: type[Message] | type[Reminder]) -> dict[str, int]:
    found: dict[str, int] = {}
    for state in model.objects.values_list("state", flat=True):
        found[state] = found.get(state, 0) + 1
    return found


__all__ = ["Role", "Stage"]

"""Who was asked to own an initiative, and what they said."""

from __future__ import annotations

from accounts.models import Group
from initiatives.models import Ownership
from initiatives.stages import REQUIRED_ROLES, Role, Stage
from portfolio.generator.world import Life, World


def name(world: World, life: Life) -> None:
    """Who was asked, and what they said: some never answered, some are gone."""
    stage = life.row.stage
    if life.origin == "quiet":
        if world.happens(0.7):
            ask(world, life, Role.BUSINESS_OWNER, life.begun, accepts=False, by_import=True)
        return
    roles = list(REQUIRED_ROLES[stage] or (Role.BUSINESS_OWNER,))
    if stage == Stage.PRODUCTION or life.passed_charter is not None:
        roles = list(dict.fromkeys([*roles, Role.SPONSOR, Role.ENGINEERING_OWNER]))
        roles += [Role.BUDGET_OWNER] if world.happens(0.6) else []
        roles += [Role.ON_CALL] if stage == Stage.PRODUCTION and world.happens(0.5) else []
    for role in roles:
        if world.happens(0.02):
            continue
        asked = life.begun
        if asked > 30 and world.happens(0.05):
            asked = world.rng.randint(5, asked - 5)
            ask(world, life, role, life.begun, accepts=True, until=asked)
        ask(world, life, role, asked, accepts=not world.happens(0.03))


def ask(
    world: World,
    life: Life,
    role: str,
    asked: int,
    *,
    accepts: bool,
    until: int | None = None,
    by_import: bool = False,
) -> None:
    """Ask somebody into a role; executives sponsor, everybody else does the rest."""
    tenth = max(len(world.people) // 10, 8)
    people = world.people[:tenth] if role == Role.SPONSOR else world.people[tenth:]
    accepted = max(asked - world.rng.randint(0, 4), until or 0)
    life.ownerships.append(
        Ownership(
            initiative=life.row,
            person=world.rng.choice(people),
            role=role,
            asked_at=world.ago(asked),
            asked_by=None if by_import else world.members[Group.LEADS][0],
            accepted_at=world.ago(accepted) if accepts else None,
            ended_at=None if until is None else world.ago(until),
        )
    )

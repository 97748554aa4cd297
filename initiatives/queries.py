"""Reads about what we have that more than one page or rule needs."""

from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from initiatives.models import Ownership
from initiatives.models.registry import InitiativeQuerySet
from initiatives.stages import REQUIRED_ROLES, Role

REQUIRED_ANYWHERE = tuple(dict.fromkeys(r for roles in REQUIRED_ROLES.values() for r in roles))


def has_owner(role: Role) -> Exists:
    """Whether somebody truly holds this role: accepted, and still active."""
    return Exists(Ownership.objects.counting().filter(initiative=OuterRef("pk"), role=role))


def unowned(initiatives: InitiativeQuerySet) -> InitiativeQuerySet:
    """Keep those in which a role that their stage requires is held by nobody, as of now.

    Each row says by `has_<role>` which ones are held. Never stored, so that a deactivation by a
    page, the admin or raw SQL counts at once (reliability.md, Unowned).
    """
    incomplete = Q(pk__in=())
    for roles, stages in _stages_by_roles().items():
        incomplete |= Q(stage__in=stages) & ~Q(pk__in=_with_all(roles))
    held = {f"has_{role}": has_owner(role) for role in REQUIRED_ANYWHERE}
    return initiatives.filter(incomplete).annotate(**held)


def _stages_by_roles() -> dict[tuple[Role, ...], list[str]]:
    """The stages that require the same roles, so that each set of roles is asked for once."""
    found: dict[tuple[Role, ...], list[str]] = {}
    for stage, roles in REQUIRED_ROLES.items():
        if roles:
            found.setdefault(roles, []).append(stage)
    return found


def _with_all(roles: tuple[Role, ...]) -> QuerySet[Ownership, Any]:
    """The initiatives of which all these roles are truly held: one pass over the ownerships,
    not one look for each initiative and role. One person at a time holds a role, so rows count
    as roles."""
    held = Ownership.objects.counting().filter(role__in=roles).order_by()
    complete = held.values("initiative").annotate(count=Count("pk")).filter(count=len(roles))
    return complete.values("initiative")

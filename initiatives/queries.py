"""Reads about what we have that more than one page or rule needs."""

from django.db.models import Exists, OuterRef, Q

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
    marked = initiatives.annotate(**{f"has_{role}": has_owner(role) for role in REQUIRED_ANYWHERE})
    missing = Q(pk__in=())
    for stage, roles in REQUIRED_ROLES.items():
        for role in roles:
            missing |= Q(stage=stage, **{f"has_{role}": False})
    return marked.filter(missing)

"""Reads about what we have that more than one page or rule needs."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, overload

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from accounts.models import Person
from initiatives import permissions, triage
from initiatives.models import Initiative, Ownership, Triage
from initiatives.models.registry import InitiativeQuerySet
from initiatives.stages import REQUIRED_ROLES, Role, Stage

REQUIRED_ANYWHERE = tuple(dict.fromkeys(r for roles in REQUIRED_ROLES.values() for r in roles))

LIGHT = Q(level=triage.Level.LIGHT, triage__legal_class=triage.LegalClass.MINIMAL)
# All that the queue of triages shows: long texts are left out.
SHOWN = (
    "name", "stage", "level", "pilot_budget", "monthly_cost", "unit__name",
    *(f"triage__{name}" for name in (*triage.QUESTIONS, "legal_class", "answered_at")),
    "triage__confirmed_at", "triage__confirmed_by", "triage__answered_by__name",
)  # fmt: skip


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


def basis_of(initiative: Initiative, answers: Triage) -> triage.Basis:
    """What level and legal class of this initiative rest on."""
    given = {question: getattr(answers, question) for question in triage.QUESTIONS}
    return triage.Basis(given, initiative.pilot_budget, initiative.monthly_cost)


def standing_of(initiative: Initiative, answers: Triage, by: Person | None) -> triage.Standing:
    """What is in force, and whether it may fall by itself when this person changes something.

    Whoever confirmed it once is still named after that was withdrawn, so a second change of the
    answers lowers no more than the first.
    """
    is_open = initiative.stage == Stage.PROPOSAL and answers.confirmed_by_id is None
    return triage.Standing(
        triage.Outcome(triage.Level(initiative.level), triage.LegalClass(answers.legal_class)),
        is_confirmed=answers.confirmed_at is not None,
        may_fall=is_open or (by is not None and permissions.may_confirm_triage(by)),
    )


def awaiting_confirmation(initiatives: InitiativeQuerySet) -> InitiativeQuerySet:
    """Keep those whose eight questions are answered and which compliance has yet to confirm."""
    answered = {f"triage__{question}__isnull": False for question in triage.QUESTIONS}
    return initiatives.exclude(stage=Stage.RETIRED).filter(triage__confirmed_at=None, **answered)


@dataclass(frozen=True, slots=True)
class Waiting:
    """One that compliance has yet to confirm; `is_light` ones are confirmed in bulk."""

    initiative: Initiative
    stored: Triage
    basis: triage.Basis
    is_light: bool

    @property
    def why(self) -> str:
        """What led to the class, and where that is no answer of weight, to the level."""
        is_mild = self.basis.outcome.legal_class is triage.LegalClass.MINIMAL
        return triage.why_level(self.basis) if is_mild else triage.why_class(self.basis)

    @property
    def is_kept(self) -> bool:
        """More is in force than the answers now lead to."""
        return standing_of(self.initiative, self.stored, None).outcome != self.basis.outcome


class Queue(Sequence[Waiting]):
    """All that wait for compliance, those first that are light in force; counted and cut into pages
    by the database.

    The light ones and the others are two lists: each is read in the order of its key up to the end
    of the page, where both in one would all be sorted for it.
    """

    def __init__(self, initiatives: InitiativeQuerySet) -> None:
        waiting = awaiting_confirmation(initiatives)
        rows = waiting.select_related("unit", "triage__answered_by").only(*SHOWN).order_by("pk")
        self._waiting, self._light, self._others = waiting, rows.filter(LIGHT), rows.exclude(LIGHT)

    @cached_property
    def _counts(self) -> dict[str, int]:
        return self._waiting.aggregate(all=Count("pk"), light=Count("pk", filter=LIGHT))

    def __len__(self) -> int:
        return self._counts["all"]

    @overload
    def __getitem__(self, part: int) -> Waiting: ...
    @overload
    def __getitem__(self, part: slice) -> list[Waiting]: ...
    def __getitem__(self, part: int | slice) -> Waiting | list[Waiting]:
        if isinstance(part, int):
            return self[part : part + 1][0]
        start, stop, _ = part.indices(len(self))
        light = self._counts["light"]
        rows = [*self._light[start:stop]] if start < light else []
        if stop > light:
            rows += self._others[max(start - light, 0) : stop - light]
        return [_waiting(row, row.triage) for row in rows]


def _waiting(row: Initiative, stored: Triage) -> Waiting:
    is_light = standing_of(row, stored, None).outcome == triage.LIGHTEST
    return Waiting(row, stored, basis_of(row, stored), is_light)

"""A page of the list of initiatives as rows of ready strings: rendering is what costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count
from django.urls import reverse

from initiatives.models import Initiative, Ownership
from initiatives.models.registry import InitiativeQuerySet
from initiatives.stages import Role, Stage
from initiatives.triage import Level
from notifications import queries as notifications
from notifications.queries import Said

STAGE_LABELS: dict[str, str] = dict(Stage.choices)
LEVEL_LABELS: dict[str, str] = dict(Level.choices)
OWNER_ROLES = (Role.PRODUCTION_OWNER, Role.BUSINESS_OWNER)
# All that a row shows: reading the other columns, long texts among them, costs more than the query.
COLUMNS = (
    "name", "stage", "level", "decision_date", "counting_since", "suspended_at", "unit__name",
)  # fmt: skip
OWNER_COLUMNS = (
    "initiative_id", "role", "accepted_at", "declined_at", "ended_at", "person__name",
    "person__is_active", "person__active_since",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One initiative as the list shows it."""

    reference: str
    url: str
    name: str
    unit: str
    stage: str
    stage_label: str
    is_suspended: bool
    level: str
    owner: str
    owner_state: str
    decision: str
    is_late: bool
    flag: str
    severity: str
    more_flags: int

    def __getitem__(self, name: str) -> Any:
        """Templates ask for an item before an attribute; to be refused is what took them long."""
        return getattr(self, name)

    @property
    def owner_words(self) -> str:
        return NOT_OWNING.get(self.owner_state, "")


@dataclass(frozen=True, slots=True)
class Column:
    """A heading of the list; with an address it sorts."""

    label: str
    url: str = ""
    direction: str = ""  # ascending or descending, where the list is sorted by it


NOT_OWNING = {"asked": "asked", "left": "no longer here", "returned": "has to accept again"}
SORTED_BY = {"Initiative": "name", "Decision": "decision"}
HEADINGS = ("Initiative", "Stage", "Owner", "Decision", "Attention")


def columns(query: str, sort: str) -> list[Column]:
    """The headings, each linking to the list sorted by it, the other way round if it is now."""
    return [_column(label, SORTED_BY.get(label, ""), query, sort) for label in HEADINGS]


def _column(label: str, key: str, query: str, sort: str) -> Column:
    if not key:
        return Column(label)
    direction = {key: "ascending", f"-{key}": "descending"}.get(sort, "")
    other = f"-{key}" if direction == "ascending" else key
    kept = f"{query}&" if query else ""
    return Column(label, f"?{kept}sort={other}", direction)


def rows(initiatives: Sequence[Initiative], today: date) -> list[Row]:
    """Turn a page of initiatives into rows, in two queries."""
    ids = [initiative.pk for initiative in initiatives]
    owners = _owners(ids)
    flags = notifications.flags_of(ids)
    before, after = reverse("initiatives:detail", args=[0]).rsplit("0", 1)  # once, not for each row
    return [
        _row(i, f"{before}{i.pk}{after}", owners.get(i.pk), flags.get(i.pk, []), today)
        for i in initiatives
    ]


def _owners(ids: list[int]) -> dict[int, Ownership]:
    """The person to call: who runs it in production, else the business owner."""
    found = (
        Ownership.objects.open()
        .filter(initiative__in=ids, role__in=OWNER_ROLES)
        .select_related("person")
        .only(*OWNER_COLUMNS)
        .order_by("initiative_id", "role")  # business_owner before production_owner, which wins
    )
    return {ownership.initiative_id: ownership for ownership in found}


def _row(
    initiative: Initiative, url: str, owner: Ownership | None, flags: list[Said], today: date
) -> Row:
    worst = flags[0] if flags else None
    late = initiative.stage != Stage.PRODUCTION and initiative.is_overdue(today)
    return Row(
        reference=initiative.reference,
        url=url,
        name=initiative.name,
        unit=initiative.unit.name if initiative.unit else "",
        stage=initiative.stage,
        stage_label=STAGE_LABELS[initiative.stage],
        is_suspended=initiative.is_suspended,
        level=LEVEL_LABELS[initiative.level],
        owner=owner.person.name if owner else "",
        owner_state=owner.state if owner else "missing",
        decision=_decision(initiative, today),
        is_late=late,
        flag=worst.says if worst else "",
        severity=worst.severity if worst else "",
        more_flags=max(len(flags) - 1, 0),
    )


def _decision(initiative: Initiative, today: date) -> str:
    if initiative.stage == Stage.RETIRED:
        return ""
    if initiative.decision_date is None:
        return "not counting yet" if initiative.is_quiet else ""
    days = (initiative.decision_date - today).days
    day = f"{initiative.decision_date:%-d %b %Y}"
    return f"{day}, {-days} d late" if days < 0 else day


def stage_counts(initiatives: InitiativeQuerySet) -> dict[str, int]:
    """How many of these are in each stage, all five named."""
    found = dict(initiatives.order_by().values_list("stage").annotate(n=Count("pk", distinct=True)))
    return {stage: found.get(stage, 0) for stage in Stage}

"""How the list of initiatives is narrowed: search, facets, sorting."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import django_filters
from django import forms
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from accounts.models import Person, Unit
from initiatives import search
from initiatives.fields import QuickSelect
from initiatives.filters import Facets
from initiatives.models import Initiative, Ownership
from initiatives.models.registry import InitiativeQuerySet
from initiatives.queries import unowned
from initiatives.stages import Stage
from notifications.models import Flag
from notifications.rules import RULES
from portfolio.queries import blockers, catch_up, health, overrides, stages, timeline
from reviews.health import Health

SORTS = {
    "decision": ("decision_date", "pk"),
    "-decision": ("-decision_date", "pk"),
    "name": ("name", "pk"),
    "-name": ("-name", "pk"),
    "number": ("pk",),
    "-number": ("-pk",),
    "touched": ("touched_at", "pk"),
    "-touched": ("-touched_at", "pk"),
}
SHOW = {
    "due": "Decision due",
    "overdue": "Decision late",
    "lapsed": "Lapsed",
    "overridden": "Overridden",
    "unowned": "Without an owner",
    "suspended": "Suspended",
    "quiet": "Imported, not yet asked",
    "killed": "Killed before production",
    "stopped": "Killed or decommissioned",
}

SHOWN: dict[str, Callable[[InitiativeQuerySet, date], InitiativeQuerySet]] = {
    "due": timeline.due,
    "overdue": timeline.overdue,
    "lapsed": lambda rows, today: rows.filter(lapsed_at__isnull=False),
    "overridden": lambda rows, today: rows.filter(pk__in=overrides.initiatives()),
    "unowned": lambda rows, today: unowned(rows.counting()),
    "suspended": lambda rows, today: rows.suspended(),
    "quiet": lambda rows, today: rows.quiet(),
    "killed": lambda rows, today: stages.killed(rows),
    "stopped": lambda rows, today: stages.stopped(rows),
}


class InitiativeFilter(Facets):
    """The initiatives of the list and of its export, in an order."""

    q = django_filters.CharFilter(method="by_words", label="Search")
    stage = django_filters.ChoiceFilter(
        choices=Stage.choices, empty_label="Any stage", label="Stage", widget=QuickSelect
    )
    unit = django_filters.ModelChoiceFilter(
        queryset=Unit.objects.all(), empty_label="Any unit", label="Unit", widget=QuickSelect
    )
    flag = django_filters.ChoiceFilter(
        choices=[(key, rule.title) for key, rule in RULES.items()],
        method="by_flag",
        empty_label="Any flag",
        label="Flag",
        widget=QuickSelect,
    )
    show = django_filters.ChoiceFilter(
        choices=list(SHOW.items()),
        method="by_show",
        empty_label="Everything",
        label="Show",
        widget=QuickSelect,
    )
    health = django_filters.ChoiceFilter(
        choices=Health.choices,
        method="by_health",
        empty_label="Any health",
        label="Health in production",
        widget=QuickSelect,
    )
    catch_up = django_filters.ChoiceFilter(
        choices=catch_up.CHOICES,
        method="by_catch_up",
        empty_label="Any answer",
        label="Catch-up",
        widget=QuickSelect,
    )
    blocked_by = django_filters.ChoiceFilter(
        choices=blockers.choices,
        method="by_blocker",
        empty_label="Anything",
        label="Held back by",
        widget=QuickSelect,
    )
    week = django_filters.DateFilter(
        method="by_week",
        label="Decision in the week of",
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )
    owner = django_filters.CharFilter(method="by_owner", label="Owner")
    sort = django_filters.ChoiceFilter(
        choices=[(key, key) for key in SORTS], method="by_sort", widget=forms.HiddenInput
    )

    def by_words(self, rows: InitiativeQuerySet, name: str, value: str) -> InitiativeQuerySet:
        return search.search(rows, value)

    def by_flag(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        flags = Flag.objects.filter(initiative=OuterRef("pk"), rule=value, closed_at=None)
        return rows.filter(Exists(flags))

    def by_show(self, rows: InitiativeQuerySet, name: str, value: str) -> InitiativeQuerySet:
        """The lists behind the dashboard's figures, by the same rules that count them."""
        return SHOWN[value](rows, timezone.localdate())

    def by_health(self, rows: InitiativeQuerySet, name: str, value: str) -> InitiativeQuerySet:
        return health.doing(rows, value, timezone.localdate())

    def by_catch_up(self, rows: InitiativeQuerySet, name: str, value: str) -> QuerySet[Any]:
        return catch_up.answered(rows, value, timezone.localdate())

    def by_blocker(self, rows: InitiativeQuerySet, name: str, value: str) -> InitiativeQuerySet:
        return blockers.blocked_by(rows, value)

    def by_week(self, rows: InitiativeQuerySet, name: str, value: date) -> InitiativeQuerySet:
        return timeline.of_week(rows, value, timezone.localdate())

    def by_owner(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """By any part of the name of somebody who holds a role."""
        holders = Ownership.objects.open().filter(initiative=OuterRef("pk"))
        for word in value.split()[:4]:
            holders = holders.filter(person__name__icontains=word)
        return rows.filter(Exists(holders))

    def by_sort(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.order_by(*SORTS[value])


def narrowed(person: Person, query: Mapping[str, Any]) -> InitiativeFilter:
    """What the list and its export show to this person, in the same order."""
    visible = Initiative.objects.visible_to(person)
    return InitiativeFilter(query, queryset=visible.order_by(*SORTS["number"]))

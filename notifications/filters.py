"""How Attention is narrowed: search, rule, severity, unit, stage, and who has to act."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import django_filters
from django import forms
from django.db.models import Q
from django.utils import timezone

from accounts.models import Person, Unit
from initiatives import search
from initiatives.fields import QuickSelect
from initiatives.filters import Facets
from initiatives.models import Initiative, Ownership
from initiatives.stages import Stage
from notifications import queries
from notifications.models import Flag, FlagQuerySet
from notifications.rules import RULES
from notifications.rules.finding import Severity

MINE, NOBODY = "mine", "nobody"
# Flags that say that nobody is there who could act.
NOBODY_ACTS = ("unowned", "sponsor_gone", "slot_unfillable")


class FlagFilter(Facets):
    """The flags of Attention, by what they say and who has to act."""

    q = django_filters.CharFilter(method="by_words", label="Search")
    rule = django_filters.ChoiceFilter(
        choices=[(key, rule.title) for key, rule in RULES.items()],
        empty_label="Any",
        label="What",
        widget=QuickSelect,
    )
    severity = django_filters.ChoiceFilter(
        choices=Severity.choices, empty_label="Any", label="Severity", widget=QuickSelect
    )
    unit = django_filters.ModelChoiceFilter(
        field_name="initiative__unit",
        queryset=Unit.objects.all(),
        empty_label="Any",
        label="Unit",
        widget=QuickSelect,
    )
    stage = django_filters.ChoiceFilter(
        field_name="initiative__stage",
        choices=Stage.choices,
        empty_label="Any",
        label="Stage",
        widget=QuickSelect,
    )
    acts = django_filters.ChoiceFilter(
        choices=[(MINE, "I"), (NOBODY, "Nobody is there")],
        method="by_who_acts",
        empty_label="Any",
        label="Who has to act",
        widget=QuickSelect,
    )
    person = django_filters.CharFilter(
        method="by_person",
        label="Person",
        widget=forms.TextInput(attrs={"placeholder": "Any"}),
    )

    def __init__(self, query: Mapping[str, Any], *, queryset: FlagQuerySet, person: Person) -> None:
        super().__init__(query, queryset=queryset)
        self.reader = person

    def by_words(self, rows: FlagQuerySet, name: str, value: str) -> FlagQuerySet:
        found = search.search(Initiative.objects.all(), value).order_by()
        return rows.filter(initiative__in=found.values("pk"))

    def by_who_acts(self, rows: FlagQuerySet, name: str, value: str) -> FlagQuerySet:
        """What says that one has to act; or what lacks somebody to act."""
        if value == MINE:
            return rows.filter(queries.acted_on_by(self.reader, timezone.localdate()))
        lacking = Flag.objects.open().filter(rule__in=NOBODY_ACTS).order_by()
        return rows.filter(initiative__in=lacking.values("initiative"))

    def by_person(self, rows: FlagQuerySet, name: str, value: str) -> FlagQuerySet:
        """What somebody holds a role on, or is named in, by any part of their name."""
        holders, named = Ownership.objects.open(), Q()
        for word in value.split()[:4]:
            holders = holders.filter(person__name__icontains=word)
            named &= Q(acts__icontains=word)
        held = Q(initiative__in=holders.order_by().values("initiative"))
        return rows.filter(held | named)

"""The list of initiatives as a sheet: what a spreadsheet is asked for, one row for each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any
from urllib.parse import urljoin

from django.conf import settings
from django.db.models import (
    Case,
    CharField,
    DateField,
    F,
    FilteredRelation,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Concat, Greatest, Length, LPad, TruncDate
from django.urls import reverse

from initiatives.models import Measurement, Spend
from initiatives.models.registry import InitiativeQuerySet
from initiatives.spans import Days
from initiatives.stages import Role, Stage
from initiatives.triage import LegalClass, Level
from initiatives.units import UnitKind
from notifications.models import Flag
from portfolio.queries.cells import Number, Text, as_csv

OWNERS = (Role.SPONSOR, Role.BUSINESS_OWNER, Role.ENGINEERING_OWNER, Role.PRODUCTION_OWNER)
# Metrics are stored in one unit of their kind; what is counted or scored says its own.
UNITS = {
    UnitKind.DURATION: "seconds",
    UnitKind.PERCENT: "%",
    UnitKind.MONEY: settings.CURRENCY,
}


def lines(initiatives: InitiativeQuerySet, today: date) -> Iterator[bytes]:
    """All of these initiatives as CSV, in their order; in one query."""
    columns = _columns(today)
    return as_csv(list(columns), _beside(initiatives).values_list(*columns.values()))


def _beside(initiatives: InitiativeQuerySet) -> QuerySet[Any]:
    """With the one row that each has at most: who holds a role, and its primary metric."""
    primary = FilteredRelation("metrics", condition=Q(metrics__is_primary=True))
    return initiatives.annotate(primary_metric=primary, **{role: _holder(role) for role in OWNERS})


def _holder(role: Role) -> FilteredRelation:
    """The condition of `Ownership.objects.open()`, within the join."""
    is_open = Q(ownerships__ended_at=None, ownerships__declined_at=None)
    return FilteredRelation("ownerships", condition=Q(ownerships__role=role) & is_open)


def _columns(today: date) -> dict[str, Combinable]:
    """What stands in each column, by its heading; emptiness is an empty cell."""
    return {
        "Reference": _reference(),
        "Title": Text("name"),
        "Unit": Text("unit__name"),
        "Stage": _label("stage", Stage),
        "Stage since": TruncDate("stage_entered_at"),
        "Decision date": F("decision_date"),
        "Days late": _days_late(today),
        "Extensions": F("extensions"),
        "Control level": _label("level", Level),
        "Legal class": _label("triage__legal_class", LegalClass),
        **{str(role.label): _owner(role) for role in OWNERS},
        "Primary metric": Text("primary_metric__name"),
        "Metric unit": _unit(),
        "Baseline": Number("primary_metric__baseline"),
        "Target": Number("primary_metric__target"),
        "Threshold": Number("primary_metric__threshold"),
        "Latest value": Number(_latest("value")),
        "Measured on": _latest(TruncDate("measured_at")),
        f"Spent so far ({settings.CURRENCY})": _spent(),
        f"Monthly cost ({settings.CURRENCY})": F("monthly_cost"),
        "Suspended since": TruncDate("suspended_at"),
        "Attention": _worst_flag(),
        "Bought or built": _bought(),
        "Vendor": Text("vendor"),
        "System": Text("system_name"),
        "Page": _page(),
    }


def _reference() -> Concat:
    """As `Initiative.reference` writes it: at least four digits."""
    number = Cast("pk", CharField())
    return Concat(Value("AI-"), LPad(number, Greatest(Length(number), 4), Value("0")))


def _label(field: str, choices: type[Stage | Level | LegalClass]) -> Case:
    return Case(*(When(**{field: key}, then=Value(label)) for key, label in choices.choices))


def _days_late(today: date) -> Case:
    late = Q(decision_date__lt=today) & ~Q(stage=Stage.RETIRED)
    days = Days(F("decision_date"), Value(today, DateField()))
    return Case(When(late, then=days))


def _owner(role: Role) -> Case:
    """Whoever was asked, as the list names them: with what keeps the ownership from counting."""
    name = Text(f"{role}__person__name")
    is_here = Q(**{f"{role}__person__is_active": True})
    returned = Q(**{f"{role}__accepted_at__lt": F(f"{role}__person__active_since")})
    return Case(
        When(**{f"{role}__person": None}, then=Value(None)),
        When(~is_here, then=Concat(name, Value(" (no longer here)"))),
        When(returned, then=Concat(name, Value(" (has to accept again)"))),
        When(**{f"{role}__accepted_at": None}, then=Concat(name, Value(" (asked)"))),
        default=name,
        output_field=CharField(),
    )


def _unit() -> Case:
    fixed = (When(primary_metric__unit_kind=kind, then=Value(unit)) for kind, unit in UNITS.items())
    return Case(*fixed, default=Text("primary_metric__unit"), output_field=CharField())


def _latest(what: str | TruncDate) -> Subquery:
    """Of the last measurement of the primary metric; a corrected one has been replaced."""
    found = Measurement.objects.filter(metric=OuterRef("primary_metric__pk"), corrected_by=None)
    return Subquery(found.order_by("-measured_at", "-pk").values_list(what)[:1])


def _spent() -> Subquery:
    spend = Spend.objects.filter(initiative=OuterRef("pk")).order_by().values("initiative")
    return Subquery(spend.annotate(sum=Sum("amount")).values("sum"))


def _worst_flag() -> Subquery:
    """What the list says first under Attention."""
    flags = Flag.objects.open().filter(initiative=OuterRef("pk"))
    return Subquery(flags.worst_first().values_list(Text("says"))[:1])


def _bought() -> Case:
    return Case(
        When(triage__bought=True, then=Value("bought")),
        When(triage__bought=False, then=Value("built")),
    )


def _page() -> Concat:
    before, after = reverse("initiatives:detail", args=[0]).rsplit("0", 1)
    address = urljoin(f"{settings.BASE_URL}/", before.lstrip("/"))
    return Concat(Value(address), Cast("pk", CharField()), Value(after))

"""The decisions that are due, a row for each: how late, at what price, who is waited for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts import permissions as people
from accounts.models import Person
from initiatives.models import KillCondition, Ownership, Spend
from initiatives.models.registry import InitiativeQuerySet
from initiatives.stages import DECISION_DATE_NAME, Role
from portfolio.queries import evidence, timeline
from reviews import signing
from reviews.models import Review

ROWS = 8
LATELY = timedelta(days=60)  # whose spend says what a week costs


@dataclass(frozen=True)
class Row:
    """One decision that is due: ready strings, and the addresses behind them.

    `per_week` is what was spent a week lately, or else the estimate.
    """

    pk: int
    reference: str
    name: str
    url: str
    stage: str
    days: int
    decision_name: str
    decision_date: date
    per_week: int | None
    is_estimate: bool
    waiting_for: str
    is_mine: bool
    evidence: str
    reached: bool
    has_tripped: bool
    has_lapsed: bool
    decide_url: str

    @property
    def tone(self) -> str:
        if self.days < 0 or self.has_tripped:
            return "critical"
        return "fine" if self.reached else "warning" if self.days <= 7 else "calm"

    @property
    def lateness(self) -> str:
        """How late, or how soon; a threshold that is reached early says so."""
        if self.has_lapsed:
            return f"lapsed, +{-self.days}\u00a0d"
        if self.days < 0:
            return f"+{-self.days}\u00a0d"
        when = "today" if self.days == 0 else f"in {self.days}\u00a0d"
        return f"reached, {when}" if self.reached else when


def rows(visible: InitiativeQuerySet, person: Person, today: date) -> list[Row]:
    """The first decisions that are due, as this person sees them; three queries.

    What has lapsed stands first, since nothing else is late for as long.
    """
    first = timeline.due(visible, today).order_by("decision_date", "pk")[:ROWS]
    found = list(  # chosen by keys alone, so that only those few are read with their long texts
        _annotated(visible.filter(pk__in=first.values("pk")), today).order_by("decision_date", "pk")
    )
    shown = evidence.of(row.pk for row in found)
    to_sign = signing.asked_of(person, [row.pk for row in found], today)
    return [_row(row, shown.get(row.pk), person, row.pk in to_sign, today) for row in found]


def _annotated(found: InitiativeQuerySet, today: date) -> QuerySet[Any]:
    """With what each row says: its review, its sponsor, what it has cost lately."""
    of_it = {"initiative": OuterRef("pk")}
    sponsor = Ownership.objects.counting().filter(role=Role.SPONSOR, **of_it)
    spent = Spend.objects.order_by().filter(spent_on__gt=today - LATELY, spent_on__lte=today)
    sums = (
        spent.filter(**of_it)
        .values("initiative")
        .annotate(sum=Sum("amount"), estimates=Count("pk", filter=Q(is_estimate=True)))
    )
    return found.annotate(
        in_review=Exists(Review.objects.open().of_gates().filter(**of_it)),
        has_tripped=Exists(
            KillCondition.objects.filter(state=KillCondition.State.TRIPPED, **of_it)
        ),
        sponsor=Subquery(sponsor.values("person")[:1]),
        sponsor_name=Coalesce(Subquery(sponsor.values("person__name")[:1]), Value("")),
        spent_lately=Subquery(sums.values("sum")),
        estimates=Subquery(sums.values("estimates")),
    )


def _row(
    initiative: Any, shown: evidence.Shown | None, person: Person, has_to_sign: bool, today: date
) -> Row:
    assert initiative.decision_date is not None
    per_week, is_estimate = _per_week(initiative, today)
    is_late = initiative.is_overdue(today) or bool(shown and shown.reached)
    waiting_for, is_mine = _waiting_for(initiative, person, has_to_sign, is_late)
    return Row(
        pk=initiative.pk,
        reference=initiative.reference,
        name=initiative.name,
        url=initiative.get_absolute_url(),
        stage=initiative.stage,
        days=(initiative.decision_date - today).days,
        decision_name=DECISION_DATE_NAME[initiative.stage],
        decision_date=initiative.decision_date,
        per_week=per_week,
        is_estimate=is_estimate,
        waiting_for=waiting_for,
        is_mine=is_mine,
        has_tripped=initiative.has_tripped,
        has_lapsed=initiative.has_lapsed,
        evidence=shown.says if shown else "no primary metric",
        reached=bool(shown and shown.reached),
        decide_url=initiative.get_absolute_url() + "#decide",
    )


def _per_week(initiative: Any, today: date) -> tuple[int | None, bool]:
    """What a week costs, and whether that is an estimate. What was spent lately counts over the
    sixty days, or over those that a younger one has been here, a week at least."""
    if initiative.spent_lately is None:
        monthly = initiative.monthly_cost
        return (None if monthly is None else round(monthly * 12 / 52)), True
    begun = min(initiative.registered_at, initiative.stage_entered_at)
    days = min(max((today - timezone.localdate(begun)).days, 7), LATELY.days)
    return round(initiative.spent_lately * 7 / days), bool(initiative.estimates)


def _waiting_for(
    initiative: Any, person: Person, has_to_sign: bool, to_decide: bool
) -> tuple[str, bool]:
    """Who is waited for, and whether that is the person who looks."""
    is_sponsor = initiative.sponsor == person.pk
    who = "you" if is_sponsor else initiative.sponsor_name or "a portfolio lead"
    if initiative.is_suspended:
        return f"{who}: it is suspended", is_sponsor
    if initiative.has_lapsed:
        is_lead = people.is_lead(person)
        return f"{'you' if is_lead else 'a portfolio lead'}: it has lapsed", is_lead
    if has_to_sign:
        return "you, to sign", True
    if initiative.has_tripped:
        return f"{who}: its kill condition tripped", is_sponsor
    if initiative.in_review:
        return f"signatures, then {who}", is_sponsor
    return (f"{who}, to decide", is_sponsor) if to_decide else ("evidence and review", False)

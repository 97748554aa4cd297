"""What the weekly digest tells one person of the portfolio, as far as they may see it; or a channel
of which nobody knows who reads along, as far as everybody may."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, OuterRef, Q, Subquery, Sum
from django.urls import reverse
from django.utils import timezone

from accounts.models import Person
from initiatives import queries as initiatives
from initiatives.models import Initiative, Spend, StageSpell
from initiatives.models.registry import InitiativeQuerySet
from initiatives.stages import UNDECIDED, Stage
from initiatives.units import UnitKind
from initiatives.units import in_words as measured
from notifications import ladders
from notifications.models import Flag, FlagQuerySet
from notifications.rules import RULES
from notifications.rules.finding import start_of
from notifications.rules.words import called, in_words
from reviews import queries as reviews
from reviews.models import Decision

WEEK = timedelta(days=7)
SOON = timedelta(days=14)
SHOWN = 8  # of each section; its heading links to all
LATE = ("decision_overdue", "decision_lapsed")
# Of these the digest has a section of its own.
TOLD_APART = (*LATE, "decision_near", "threshold_reached", "unowned", "sponsor_gone")
TOLD_FIRST = (Decision.Kind.SHIP, Decision.Kind.KILL, Decision.Kind.DECOMMISSION)


@dataclass(frozen=True, slots=True)
class Line:
    """One thing, the page it is on, and what there is to know of it."""

    says: str
    url: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """Its first lines, how many there are in all, and the list of them."""

    title: str
    count: int
    url: str
    lines: list[Line]

    @property
    def more(self) -> int:
        return self.count - len(self.lines)


@dataclass(frozen=True, slots=True)
class Trend:
    """A figure, and what it was a week before."""

    count: int
    before: int
    one: str
    many: str
    url: str

    @property
    def what(self) -> str:
        return self.one if self.count == 1 else self.many

    @property
    def change(self) -> str:
        """`2 more than a week before`."""
        change = self.count - self.before
        if not change:
            return "as a week before"
        return f"{abs(change):,} {'more' if change > 0 else 'fewer'} than a week before"

    @property
    def says(self) -> str:
        """`3 decisions late, 2 more than a week before`."""
        return f"{self.count:,} {self.what}, {self.change}"


@dataclass(frozen=True, slots=True)
class Weekly:
    """The digest of the week that begins on `monday`: what changed in the one before, and what is
    to be done as of now."""

    monday: date
    late: int
    due: int
    to_decide: Section
    unowned: Section
    waiting: Section
    changed: Section
    registered: Section
    trends: list[Trend]

    @property
    def sections(self) -> list[Section]:
        """Those that have something to say."""
        parts = (self.to_decide, self.unowned, self.waiting, self.changed, self.registered)
        return [part for part in parts if part.count]


def weekly(person: Person | None, monday: date, at: datetime) -> Weekly:
    """The digest of this week as this person may see it, in a constant number of queries; without
    one nothing of what is restricted, and no money."""
    visible = _initiatives(person)
    today = timezone.localdate(at)
    to_decide = visible.counting().filter(stage__in=UNDECIDED, decision_date__lte=today + SOON)
    late = to_decide.filter(decision_date__lt=today).count()
    section = _to_decide(to_decide, today, with_money=person is not None)
    return Weekly(
        monday=monday,
        late=late,
        due=section.count - late,
        to_decide=section,
        unowned=_unowned(visible),
        waiting=_waiting(person, today),
        changed=_changed(visible, monday),
        registered=_registered(visible, monday),
        trends=_trends(person, visible, at),
    )


def _initiatives(person: Person | None) -> InitiativeQuerySet:
    rows = Initiative.objects
    return rows.filter(is_restricted=False) if person is None else rows.visible_to(person)


def _flags(person: Person | None) -> FlagQuerySet:
    rows = Flag.objects
    everybodys = {"initiative__is_restricted": False}
    return rows.filter(**everybodys) if person is None else rows.visible_to(person)


def _listed(**query: str) -> str:
    return f"{reverse('initiatives:list')}?{urlencode(query)}"


def _to_decide(rows: InitiativeQuerySet, today: date, *, with_money: bool) -> Section:
    spent = Spend.objects.filter(initiative=OuterRef("pk")).order_by().values("initiative")
    sums = spent if with_money else spent.none()
    first = rows.annotate(spent=Subquery(sums.annotate(sum=Sum("amount")).values("sum")))
    return Section(
        "To decide",
        rows.count(),
        _listed(show="due", sort="decision"),
        [
            Line(called(row), row.get_absolute_url(), _lateness(row, today))
            for row in first.order_by("decision_date", "pk")[:SHOWN]
        ],
    )


def _lateness(row: Any, today: date) -> str:
    """`23 days late, EUR 41,000 spent`, or the day by which it is decided."""
    days = (today - row.decision_date).days
    spent = f", {measured(Decimal(row.spent), UnitKind.MONEY)} spent" if row.spent else ""
    if days > 0:
        return f"{days} {'day' if days == 1 else 'days'} late{spent}"
    return f"{row.decision_date_name} {in_words(row.decision_date)}{spent}"


def _unowned(visible: InitiativeQuerySet) -> Section:
    rows = initiatives.unowned(visible.counting())
    return Section(
        "Without an owner",
        rows.count(),
        _listed(show="unowned"),
        [
            Line(called(row), row.get_absolute_url(), str(row.get_stage_display()))
            for row in rows.order_by("-stage", "pk")[:SHOWN]
        ],
    )


def _waiting(person: Person | None, today: date) -> Section:
    """What is still open after the last step of its ladder: by the ladder the digest speaks of it
    from then on (product.md §5). Counts initiatives, each with its worst flag; nobody is told of
    what is snoozed."""
    ladder = reviews.current_policy().reminders
    climbed = Q(pk__in=())
    for name, rule in RULES.items():
        last = max((s.days for s in ladders.LADDERS[rule.reminds](ladder)), default=None)
        if last is not None and name not in TOLD_APART:
            climbed |= Q(rule=name, due_date__lt=today - timedelta(days=last))
    flags = _flags(person).open().awake(today).filter(climbed)
    worst: dict[int, Flag] = {}
    for flag in flags.select_related("initiative").worst_first():
        worst.setdefault(flag.initiative_id, flag)
    return Section(
        "Reminded of, and still open",
        len(worst),
        reverse("notifications:attention"),
        [
            Line(called(flag.initiative), flag.initiative.get_absolute_url(), flag.says)
            for flag in list(worst.values())[:SHOWN]
        ],
    )


def _changed(visible: InitiativeQuerySet, monday: date) -> Section:
    """Decisions of the week before: what was shipped and what ended first."""
    rows = Decision.objects.filter(_in_week_before("decided_at", monday), initiative__in=visible)
    found = list(rows.select_related("initiative", "decided_by").order_by("decided_at", "pk"))
    found.sort(key=lambda decision: decision.kind not in TOLD_FIRST)
    return Section(
        "Decided last week",
        len(found),
        _listed(sort="-touched"),
        [
            Line(
                called(decision.initiative),
                decision.initiative.get_absolute_url(),
                f"{decision.get_kind_display()}, by {decision.decided_by.name}",
            )
            for decision in found[:SHOWN]
        ],
    )


def _registered(visible: InitiativeQuerySet, monday: date) -> Section:
    rows = visible.counting().filter(_in_week_before("registered_at", monday))
    return Section(
        "Registered last week",
        rows.count(),
        _listed(sort="-number"),
        [
            Line(called(row), row.get_absolute_url(), str(row.get_stage_display()))
            for row in rows.order_by("-pk")[:SHOWN]
        ],
    )


def _in_week_before(field: str, monday: date) -> Q:
    begins, ends = start_of(monday - WEEK), start_of(monday)
    return Q(**{f"{field}__gte": begins, f"{field}__lt": ends})


def _trends(person: Person | None, visible: InitiativeQuerySet, at: datetime) -> list[Trend]:
    """Figures of now beside those of the same hour a week before, as flags and stays in stages
    recorded them; of what this person may see now."""
    now, before = (_figures(person, visible, moment) for moment in (at, _a_week_before(at)))
    of = {key: {"count": now[key], "before": before[key]} for key in now}
    attention = reverse("notifications:attention")
    return [
        Trend(
            **of["late"],
            one="decision late",
            many="decisions late",
            url=_listed(show="overdue", sort="decision"),
        ),
        Trend(
            **of["unowned"],
            one="without an owner",
            many="without an owner",
            url=_listed(show="unowned"),
        ),
        Trend(
            **of["flagged"],
            one="deserves attention",
            many="deserve attention",
            url=attention,
        ),
        Trend(
            **of["running"],
            one="in production",
            many="in production",
            url=_listed(stage=str(Stage.PRODUCTION)),
        ),
    ]


def _a_week_before(at: datetime) -> datetime:
    """The same hour by the clock on the wall."""
    local = timezone.localtime(at).replace(tzinfo=None)
    return timezone.make_aware(local - WEEK)


def _figures(
    person: Person | None, visible: InitiativeQuerySet, moment: datetime
) -> Mapping[str, int]:
    """How many initiatives were late, unowned, flagged, and in production at a moment; a flag that
    was opened late, because nothing ran, says since when it is so."""
    flags = _flags(person).order_by().filter(since__lte=moment)
    open_then = flags.filter(Q(closed_at=None) | Q(closed_at__gt=moment))
    counted = open_then.aggregate(
        late=Count("initiative", filter=Q(rule__in=LATE), distinct=True),
        unowned=Count("initiative", filter=Q(rule="unowned"), distinct=True),
        flagged=Count("initiative", distinct=True),
    )
    stays = StageSpell.objects.filter(stage=Stage.PRODUCTION, entered_at__lte=moment)
    running = stays.filter(Q(left_at=None) | Q(left_at__gt=moment), initiative__in=visible)
    return {**counted, "running": running.count()}

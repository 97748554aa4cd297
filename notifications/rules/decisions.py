"""What waits for somebody to decide: dates, lapses, thresholds, kill conditions, suspensions."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from initiatives.models import KillCondition, Measurement, Metric
from initiatives.models.registry import InitiativeQuerySet
from initiatives.stages import DECISION_DATE_NAME, UNDECIDED, Stage
from initiatives.triage import LegalClass
from initiatives.units import Direction
from notifications.rules.finding import Finding, Severity, rule, start_of
from notifications.rules.words import DECIDERS, LEADS, in_words
from reviews import queries as reviews
from reviews.policy import Policy, first_of


@rule("Decision near", Severity.NOTICE, closes_when="somebody decides", reminds="decision_date")
def decision_near(initiatives: InitiativeQuerySet, today: date, policy: Policy) -> list[Finding]:
    """The day by which the stage is decided comes within the days of the first reminder (14)."""
    last = today + timedelta(days=first_of(policy.reminders.owner_days_before))
    near = _undecided(initiatives).filter(decision_date__gte=today, decision_date__lte=last)
    return [
        Finding(
            pk,
            Severity.NOTICE,
            f"Its {DECISION_DATE_NAME[stage]} is {in_words(day)}.",
            DECIDERS,
            due_date=day,
        )
        for pk, stage, day in near.values_list("pk", "stage", "decision_date")
        if day is not None
    ]


@rule(
    "Decision overdue", Severity.CRITICAL, closes_when="somebody decides", reminds="decision_date"
)
def decision_overdue(initiatives: InitiativeQuerySet, today: date, policy: Policy) -> list[Finding]:
    """The day by which the stage is decided has passed, and nobody has decided (product.md P5).
    What is so late that it lapses is left to the rule that says so: also to a sweep that comes
    while another writes the lapse down."""
    lapses = today - timedelta(days=policy.limits.lapse_days)
    late = _undecided(initiatives).filter(
        decision_date__lt=today, decision_date__gte=lapses, lapsed_at=None
    )
    return [
        Finding(
            pk,
            Severity.CRITICAL,
            f"Its {DECISION_DATE_NAME[stage]} was {in_words(day)}.",
            DECIDERS,
            due_date=day,
            since=start_of(day + timedelta(days=1)),
        )
        for pk, stage, day in late.values_list("pk", "stage", "decision_date")
        if day is not None
    ]


@rule(
    "Decision lapsed",
    Severity.CRITICAL,
    closes_when="a portfolio lead decides",
    reminds="decision_lapsed",
)
def decision_lapsed(initiatives: InitiativeQuerySet, today: date, policy: Policy) -> list[Finding]:
    """Nobody has decided within the policy's days after the date (14), so that it has lapsed: the
    leads decide (product.md P5 and P26)."""
    lapsed = _undecided(initiatives).filter(lapsed_at__isnull=False)
    rows = lapsed.values_list("pk", "stage", "decision_date", "lapsed_at")
    return [
        Finding(
            pk,
            Severity.CRITICAL,
            f"It lapsed: its {DECISION_DATE_NAME[stage]} was {in_words(day)}, and nobody decided.",
            LEADS,
            due_date=timezone.localdate(at),
            since=at,
        )
        for pk, stage, day, at in rows
        if day is not None and at is not None
    ]


def _undecided(initiatives: InitiativeQuerySet) -> InitiativeQuerySet:
    return initiatives.counting().filter(stage__in=UNDECIDED)


@rule(
    "Threshold reached",
    Severity.NOTICE,
    closes_when="somebody decides, or the last value is not good enough any more",
    reminds="threshold_reached",
)
def threshold_reached(
    initiatives: InitiativeQuerySet, today: date, policy: Policy
) -> list[Finding]:
    """A pilot has reached its threshold before its date, with the sample that was agreed: it need
    not wait for the date to be decided (product.md P5)."""
    last = Measurement.objects.filter(metric=OuterRef("pk"), corrected_by=None)
    newest = last.order_by("-measured_at", "-pk")
    past = Q(direction=Direction.LOWER, last__lte=F("threshold"))
    past |= Q(direction=Direction.HIGHER, last__gte=F("threshold"))
    pilots = initiatives.counting().filter(
        stage=Stage.PILOT, suspended_at=None, decision_date__gte=today
    )
    reached = (
        Metric.objects.filter(is_primary=True, initiative__in=pilots)
        .annotate(
            last=Subquery(newest.values("value")[:1]),
            sample=Coalesce(Subquery(newest.values("sample_size")[:1]), 0),
        )
        .filter(past, sample__gte=Coalesce(F("minimum_sample"), 0))
    )
    return [_reached(metric) for metric in reached.order_by()]


def _reached(metric: Metric) -> Finding:
    last: Decimal = metric.last  # type: ignore[attr-defined]
    return Finding(
        metric.initiative_id,
        Severity.NOTICE,
        f"Its threshold is reached, decide now: {metric.name} is at {metric.words(last)}, needed "
        f"was {metric.words(metric.threshold)}.",
        DECIDERS,
    )


@rule(
    "Ready to decide",
    Severity.NOTICE,
    closes_when="somebody decides, or it is not complete any more",
    reminds="decision_ready",
)
def decision_ready(initiatives: InitiativeQuerySet, today: date, policy: Policy) -> list[Finding]:
    """A review waits for its decision alone: everything that its gate asks is met, and everybody
    has signed. Nobody has to wait for the date then (product.md P26)."""
    counting = initiatives.counting().filter(suspended_at=None)
    complete = reviews.ready(today).filter(initiative__in=counting).order_by("pk")
    return [
        Finding(
            review.initiative_id,
            Severity.NOTICE,
            f"Its {str(review.get_gate_display()).lower()} review is complete and signed: it waits "
            "for the decision alone.",
            DECIDERS,
            subject=f"review:{review.pk}",
        )
        for review in complete
    ]


@rule(
    "Kill condition tripped",
    Severity.CRITICAL,
    closes_when="it is stopped, or somebody decides otherwise, on the record",
    reminds="kill_condition_tripped",
)
def kill_condition_tripped(
    initiatives: InitiativeQuerySet, today: date, policy: Policy
) -> list[Finding]:
    """An agreed kill condition has come true, and nobody has decided what follows
    (product.md P8)."""
    tripped = KillCondition.objects.filter(
        state=KillCondition.State.TRIPPED,
        initiative__in=initiatives.counting().exclude(stage=Stage.RETIRED),
    ).select_related("metric", "initiative")
    return [_tripped(condition) for condition in tripped]


def _tripped(condition: KillCondition) -> Finding:
    assert condition.tripped_at is not None  # a constraint says so
    return Finding(
        condition.initiative_id,
        Severity.CRITICAL,
        f"A kill condition tripped: {condition.tripped_because}.",
        LEADS if condition.initiative.has_lapsed else DECIDERS,
        subject=f"killcondition:{condition.pk}",
        due_date=timezone.localdate(condition.tripped_at),
        since=condition.tripped_at,
    )


@rule("Suspended", Severity.WARNING, closes_when="it is resumed or retired", reminds="suspended")
def suspended(initiatives: InitiativeQuerySet, today: date, policy: Policy) -> list[Finding]:
    """It was switched off, and nobody has resumed or retired it since (product.md §4, Suspend)."""
    off = initiatives.counting().suspended()
    rows = off.values_list("pk", "suspended_at", "suspended_until", "triage__legal_class")
    return [
        _suspended(pk, at, until, legal_class, today)
        for pk, at, until, legal_class in rows
        if at is not None and until is not None
    ]


def _suspended(pk: int, at: datetime, until: date, legal_class: str | None, today: date) -> Finding:
    what = "retire" if legal_class == LegalClass.PROHIBITED else "resume or retire"
    since = in_words(timezone.localdate(at))
    return Finding(
        pk,
        Severity.CRITICAL if until < today else Severity.WARNING,
        f"Suspended since {since}; {what} it by {in_words(until)}.",
        DECIDERS,
        due_date=until,
        since=at,
    )

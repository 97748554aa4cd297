"""How systems do that are in use: what they show, whether anybody measures it, what they cost."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.text import capfirst

from initiatives import facts
from initiatives.models import Measurement, Metric
from initiatives.models.charter import MetricKind
from initiatives.models.registry import InitiativeQuerySet
from initiatives.stages import Stage
from initiatives.units import money
from notifications.rules.finding import Finding, Severity, rule, start_of
from notifications.rules.words import in_words
from reviews import health
from reviews.checks import running
from reviews.checks.findings import evaluations_count_from
from reviews.checks.measured import said_of
from reviews.health import Health
from reviews.policy import Limits, Policy

OWNERS = "the business owner and the production owner"
BUILDERS = "the engineering owner and the production owner"
PAYERS = "the budget owner and the sponsor"


@rule(
    "Below baseline",
    Severity.CRITICAL,
    closes_when="a value that is better than before it all began is measured",
    reminds="falls_short",
)
def below_baseline(initiatives: InitiativeQuerySet, today: date, policy: Policy) -> list[Finding]:
    """A system in production does worse, by its primary metric, than what was there before it
    (product.md P24)."""
    return [
        _short_of(metric, "baseline", Severity.CRITICAL)
        for metric in _doing(Health.BELOW_BASELINE, initiatives, today, policy.limits)
    ]


@rule(
    "Below threshold",
    Severity.WARNING,
    closes_when="a value at its threshold or past it is measured",
    reminds="falls_short",
)
def below_threshold(initiatives: InitiativeQuerySet, today: date, policy: Policy) -> list[Finding]:
    """A system in production is no longer good enough, by the primary metric's threshold under
    which it was shipped (product.md P24)."""
    return [
        _short_of(metric, "threshold", Severity.WARNING)
        for metric in _doing(Health.BELOW_THRESHOLD, initiatives, today, policy.limits)
    ]


@rule(
    "Adoption below its floor",
    Severity.WARNING,
    closes_when="it is used as much as was agreed, and that is measured",
    reminds="falls_short",
)
def adoption_below_floor(
    initiatives: InitiativeQuerySet, today: date, policy: Policy
) -> list[Finding]:
    """A system in production is used less than was agreed: people go around it (product.md P13
    and P24)."""
    floors = Metric.objects.filter(
        initiative__in=_in_use(initiatives).order_by(),
        kind=MetricKind.ADOPTION,
        threshold__isnull=False,
    )
    below = health.with_last(floors).filter(health.worse_than("threshold", "last_value"))
    return [_short_of(metric, "threshold", Severity.WARNING, "floor") for metric in below]


def _in_use(initiatives: InitiativeQuerySet) -> InitiativeQuerySet:
    return health.running(initiatives.filter(suspended_at=None))


def _doing(
    which: Health, initiatives: InitiativeQuerySet, today: date, limits: Limits
) -> QuerySet[Any]:
    """The primary metrics of systems that do like this, with what they showed last."""
    return health.with_last(health.judged(_in_use(initiatives), today, limits).filter(health=which))


def _short_of(metric: Any, bound: str, severity: Severity, called: str = "") -> Finding:
    last = Measurement(
        value=metric.last_value, sample_size=metric.last_sample, measured_at=metric.last_at
    )
    limit = metric.words(getattr(metric, bound))
    return Finding(
        metric.initiative_id,
        severity,
        f"{capfirst(metric.name)}: {said_of(metric, last)}; its {called or bound} is {limit}.",
        OWNERS,
        subject=f"metric:{metric.pk}",
    )


@rule(
    "Measurement stale",
    Severity.WARNING,
    closes_when="its primary metric is measured again",
    reminds="measurement_stale",
)
def measurement_stale(
    initiatives: InitiativeQuerySet, today: date, policy: Policy
) -> list[Finding]:
    """The primary metric of a system in production was not measured for one and a half times the
    interval it was promised in, or never: nobody would notice (product.md P24). What its last value
    fell short of is said beside it."""
    silent = health.silent(_in_use(initiatives), today, policy.limits)
    return [_silent(metric, policy.limits) for metric in health.with_last(silent)]


def _silent(metric: Any, limits: Limits) -> Finding:
    said, due = "has not been measured yet", None
    if metric.last_at is not None:
        day = timezone.localdate(metric.last_at)
        said = f"was last measured on {in_words(day)}"
        due = day + timedelta(days=health.days_of_patience(metric.cadence_days, limits))
    return Finding(
        metric.initiative_id,
        Severity.WARNING,
        f"{capfirst(metric.name)} {said}.",
        OWNERS,
        subject=f"metric:{metric.pk}",
        due_date=due,
        since=start_of(due + timedelta(days=1)) if due else None,
    )


@rule(
    "Evaluation stale",
    Severity.NOTICE,
    closes_when="the evaluation set is run again",
    reminds="evaluation_stale",
)
def evaluation_stale(initiatives: InitiativeQuerySet, today: date, policy: Policy) -> list[Finding]:
    """The evaluation of a system in production is older than the policy's days (180)
    (product.md P11)."""
    first = evaluations_count_from(today, policy.limits)
    rows = _in_use(initiatives).filter(evaluation_set__last_run__ran_on__lt=first)
    found = rows.values_list(
        "pk", "evaluation_set__last_run__ran_on", "evaluation_set__last_run__version"
    )
    days = timedelta(days=policy.limits.evaluation_stale_days)
    return [
        Finding(
            pk,
            Severity.NOTICE,
            f"Its last evaluation, of {version}, ran on {in_words(day)}.",
            BUILDERS,
            due_date=day + days,
            since=start_of(day + days + timedelta(days=1)),
        )
        for pk, day, version in found
        if day is not None
    ]


@rule(
    "Over budget",
    Severity.WARNING,
    closes_when="the budget is raised, or what was spent is put right",
    reminds="over_budget",
)
def over_budget(initiatives: InitiativeQuerySet, today: date, policy: Policy) -> list[Finding]:
    """A pilot has spent more than its budget, or a system in production more than its monthly
    estimate since it went live (product.md P22)."""
    costs = initiatives.counting().filter(suspended_at=None)
    over = costs.annotate(spent=facts.spent(), spent_here=facts.spent_in_stage()).filter(
        Q(stage=Stage.PILOT, spent__gt=F("pilot_budget"))
        | Q(stage=Stage.PRODUCTION, spent_here__gt=F("monthly_cost"))
    )
    return [
        Finding(row.pk, Severity.WARNING, said, PAYERS)
        for row in over.only("stage", "stage_entered_at", "pilot_budget", "monthly_cost")
        if (said := _over(row, today))
    ]


def _over(row: Any, today: date) -> str:
    """What it has cost, where that is more than its budget, or than was estimated until now."""
    if row.stage == Stage.PILOT:
        return f"It has spent {money(row.spent)}; the pilot's budget is {money(row.pilot_budget)}."
    entered = timezone.localdate(row.stage_entered_at)
    if row.spent_here <= running.estimated(row.monthly_cost, entered, today):
        return ""
    return f"It cost {running.against_estimate(row.spent_here, row.monthly_cost, entered, today)}"

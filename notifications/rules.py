"""What deserves attention: each rule is one set-based query over the whole portfolio.

Imported initiatives that are still quiet produce nothing. Sentences name days, never "in 3 days",
so that a flag changes only when what it says does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from initiatives.models import (
    Initiative,
    KillCondition,
    Measurement,
    Metric,
    Obligation,
    Ownership,
)
from initiatives.models.obligations import ObligationKind
from initiatives.stages import (
    DECISION_DATE_NAME,
    REQUIRED_ROLES,
    RUNNING,
    UNDECIDED,
    Role,
    Stage,
)
from initiatives.triage import LegalClass
from initiatives.units import Direction
from reviews import catching_up
from reviews import queries as reviews
from reviews.checks.verdicts import excerpt
from reviews.models import Override
from reviews.policy import Policy


class Severity(models.TextChoices):
    """How much attention a flag deserves, the most first."""

    CRITICAL = "critical", "Critical"
    WARNING = "warning", "Warning"
    NOTICE = "notice", "Notice"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found. Without `due_date` and `since` it began when the sweep first saw it."""

    initiative_id: int
    severity: Severity
    says: str
    acts: str
    subject: str = ""
    due_date: date | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule with what people read about it; its function's docstring is its description."""

    function: Callable[[date, Policy], list[Finding]]
    title: str
    severity: Severity
    closes_when: str
    reminds: str  # the ladder of its reminders; two rules may climb the same one


SPONSOR_SIGNS_WITHIN = timedelta(days=14)
DECIDERS = "the sponsor or a portfolio lead"
LEADS = "a portfolio lead"
EXPIRES_SOON = timedelta(days=7)


def decision_near(today: date, policy: Policy) -> list[Finding]:
    """The day by which the stage is decided comes within the days of the first reminder (14)."""
    last = today + timedelta(days=max(policy.reminders.owner_days_before))
    near = _undecided().filter(decision_date__gte=today, decision_date__lte=last)
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


def decision_overdue(today: date, policy: Policy) -> list[Finding]:
    """The day by which the stage is decided has passed, and nobody has decided (product.md P5).
    What is so late that it lapses is left to the rule that says so: also to a sweep that comes
    while another writes the lapse down."""
    lapses = today - timedelta(days=policy.limits.lapse_days)
    late = _undecided().filter(decision_date__lt=today, decision_date__gte=lapses, lapsed_at=None)
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


def decision_lapsed(today: date, policy: Policy) -> list[Finding]:
    """Nobody has decided within the policy's days after the date (14), so that it has lapsed: the
    leads decide (product.md P5 and P26)."""
    lapsed = _undecided().filter(lapsed_at__isnull=False)
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


def threshold_reached(today: date, policy: Policy) -> list[Finding]:
    """A pilot has reached its threshold before its date, with the sample that was agreed: it need
    not wait for the date to be decided (product.md P5)."""
    last = Measurement.objects.filter(metric=OuterRef("pk"), corrected_by=None)
    newest = last.order_by("-measured_at", "-pk")
    past = Q(direction=Direction.LOWER, last__lte=F("threshold"))
    past |= Q(direction=Direction.HIGHER, last__gte=F("threshold"))
    reached = (
        Metric.objects.filter(is_primary=True, initiative__stage=Stage.PILOT)
        .filter(initiative__counting_since__isnull=False, initiative__suspended_at=None)
        .filter(initiative__decision_date__gte=today)
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


def unowned(today: date, policy: Policy) -> list[Finding]:
    """A role that a running stage needs is held by nobody: not named, not accepted, or no longer
    active (product.md P4 and P23)."""
    roles = sorted({role for stage in RUNNING for role in REQUIRED_ROLES[stage]})
    lacks = {role: ~Exists(_held(role)) for role in roles}
    incomplete = Q()
    for stage in RUNNING:
        for role in REQUIRED_ROLES[stage]:
            incomplete |= Q(stage=stage) & Q(lacks[role])
    rows = (
        Initiative.objects.counting()
        .filter(incomplete)
        .annotate(**{f"lacks_{role}": found for role, found in lacks.items()})
        .values_list("pk", "stage", *(f"lacks_{role}" for role in roles))
    )
    return [_unowned(pk, stage, dict(zip(roles, held, strict=True))) for pk, stage, *held in rows]


def _held(role: Role) -> models.QuerySet[Ownership]:
    return Ownership.objects.counting().filter(initiative=OuterRef("pk"), role=role)


def _unowned(pk: int, stage: str, lacks: dict[Role, bool]) -> Finding:
    missing = [role for role in REQUIRED_ROLES[stage] if lacks[role]]
    names = " or ".join(str(role.label).lower() for role in missing)
    return Finding(
        pk,
        Severity.CRITICAL if stage == Stage.PRODUCTION else Severity.WARNING,
        f"Nobody who is active has accepted to be its {names}.",
        "a portfolio lead" if Role.SPONSOR in missing else DECIDERS,
    )


def kill_condition_tripped(today: date, policy: Policy) -> list[Finding]:
    """An agreed kill condition has come true, and nobody has decided what follows
    (product.md P8)."""
    tripped = (
        KillCondition.objects.filter(
            state=KillCondition.State.TRIPPED, initiative__counting_since__isnull=False
        )
        .exclude(initiative__stage=Stage.RETIRED)
        .select_related("metric", "initiative")
    )
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


def suspended(today: date, policy: Policy) -> list[Finding]:
    """It was switched off, and nobody has resumed or retired it since (product.md §4, Suspend)."""
    off = Initiative.objects.counting().suspended()
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


def statement_unsigned(today: date, policy: Policy) -> list[Finding]:
    """A new sponsor has not signed the success statement; after 14 days the initiative is up for
    decision (product.md §4, Absence)."""
    rows = reviews.unsigned_sponsorships().order_by()
    found = rows.values_list("initiative_id", "person__name", "accepted_at")
    return [_unsigned(pk, name, at, today) for pk, name, at in found if at is not None]


def _unsigned(pk: int, name: str, accepted_at: datetime, today: date) -> Finding:
    due = timezone.localdate(accepted_at) + SPONSOR_SIGNS_WITHIN
    is_late = due < today
    what = "did not sign the success statement by" if is_late else "signs the success statement by"
    ends = ": it is up for decision." if is_late else "."
    return Finding(
        pk,
        Severity.CRITICAL if is_late else Severity.NOTICE,
        f"Its new sponsor, {name}, {what} {in_words(due)}{ends}",
        "a portfolio lead" if is_late else name,
        due_date=due,
        since=start_of(due + timedelta(days=1)) if is_late else accepted_at,
    )


def condition_overdue(today: date, policy: Policy) -> list[Finding]:
    """What an approval depended on was not done by its day (product.md §4, Conditions)."""
    conditions = Obligation.objects.filter(kind=ObligationKind.CONDITION)
    running = conditions.exclude(initiative__stage=Stage.RETIRED)
    return _late(running, today, "A condition of an approval was not met")


def obligation_unconfirmed(today: date, policy: Policy) -> list[Finding]:
    """What stopping left to be done was not confirmed by its day (product.md §3, Retirement)."""
    left = Obligation.objects.exclude(kind=ObligationKind.CONDITION)
    return _late(left, today, "Not confirmed yet")


def _late(which: models.QuerySet[Obligation], today: date, what: str) -> list[Finding]:
    late = which.filter(confirmed_at=None, released_at=None, due_date__lt=today)
    rows = late.values_list("pk", "initiative_id", "what", "due_date", "assignee__name")
    return [
        Finding(
            initiative_id,
            Severity.WARNING,
            f"{what} by {in_words(due)}: {excerpt(text)}",
            assignee,
            subject=f"obligation:{pk}",
            due_date=due,
            since=start_of(due + timedelta(days=1)),
        )
        for pk, initiative_id, text, due, assignee in rows
    ]


def override_expiring(today: date, policy: Policy) -> list[Finding]:
    """Criteria are set aside until a day within a week, and are not met yet (product.md §4)."""
    soon = Override.objects.open().filter(
        expires_on__gte=today, expires_on__lte=today + EXPIRES_SOON
    )
    return [
        _override(override, Severity.WARNING, "ends on")
        for override in soon.select_related("review")
    ]


def override_expired(today: date, policy: Policy) -> list[Finding]:
    """A gate was passed with criteria set aside, the day until which they were is over, and they
    are not met yet (product.md §4)."""
    over = Override.objects.open().filter(expires_on__lt=today, review__closed_at__isnull=False)
    return [
        _override(override, Severity.CRITICAL, "ended on")
        for override in over.select_related("review")
    ]


def _override(override: Override, severity: Severity, ends: str) -> Finding:
    gate = override.review.get_gate_display().lower()
    day = override.expires_on
    return Finding(
        override.initiative_id,
        severity,
        f"An override of its {gate} gate {ends} {in_words(day)}; what it set aside is not met.",
        "its owners and the portfolio leads",
        subject=f"override:{override.pk}",
        due_date=day,
        since=start_of(day + timedelta(days=1)) if ends == "ended on" else None,
    )


def catch_up_near(today: date, policy: Policy) -> list[Finding]:
    """What already ran has to catch up on its gates within the days of the first reminder (14)."""
    last = today + timedelta(days=max(policy.reminders.owner_days_before))
    near = Initiative.objects.owing().filter(catching_up.due_by(last, policy.limits))
    return [
        Finding(
            pk,
            Severity.NOTICE,
            f"It has to catch up by {in_words(day)} on the gates that it never passed.",
            DECIDERS,
            due_date=day,
        )
        for pk, day in _catching_up(near, policy)
        if day >= today
    ]


def catch_up_overdue(today: date, policy: Policy) -> list[Finding]:
    """What already ran has not caught up on its gates in time; like a missed decision it passes to
    the leads 14 days later (product.md §2, Catch-up)."""
    late = catching_up.overdue(Initiative.objects.all(), today, policy.limits)
    lapsed = today - timedelta(days=policy.limits.lapse_days)
    return [
        Finding(
            pk,
            Severity.CRITICAL if day <= lapsed else Severity.WARNING,
            f"It had to catch up by {in_words(day)} on the gates that it never passed.",
            LEADS if day <= lapsed else DECIDERS,
            due_date=day,
            since=start_of(day + timedelta(days=1)),
        )
        for pk, day in _catching_up(late, policy)
    ]


def _catching_up(rows: models.QuerySet[Initiative], policy: Policy) -> Iterator[tuple[int, date]]:
    """Each with the day by which it has to have caught up."""
    for pk, level, since in rows.values_list("pk", "level", "counting_since"):
        assert since is not None  # a quiet one owes nothing yet
        yield pk, catching_up.due_on(level, since, policy.limits)


def _undecided() -> models.QuerySet[Initiative]:
    return Initiative.objects.counting().filter(stage__in=UNDECIDED)


def called(initiative: Initiative) -> str:
    """An initiative in the subject of a mail: what people call it comes first."""
    return f"{initiative.name} ({initiative.reference})"


def in_words(day: date) -> str:
    """A day as people write it: `3 Nov 2026`."""
    return f"{day:%-d %b %Y}"


def start_of(day: date) -> datetime:
    """The first moment of a day in the organisation's time zone."""
    return timezone.make_aware(datetime.combine(day, time.min))


RULES: dict[str, Rule] = {
    "kill_condition_tripped": Rule(
        kill_condition_tripped,
        "Kill condition tripped",
        Severity.CRITICAL,
        "it is stopped, or somebody decides otherwise, on the record",
        "kill_condition_tripped",
    ),
    "decision_lapsed": Rule(
        decision_lapsed,
        "Decision lapsed",
        Severity.CRITICAL,
        "a portfolio lead decides",
        "decision_lapsed",
    ),
    "override_expired": Rule(
        override_expired,
        "Override expired",
        Severity.CRITICAL,
        "what was set aside is met",
        "override",
    ),
    "decision_overdue": Rule(
        decision_overdue,
        "Decision overdue",
        Severity.CRITICAL,
        "somebody decides",
        "decision_date",
    ),
    "suspended": Rule(
        suspended,
        "Suspended",
        Severity.WARNING,
        "it is resumed or retired",
        "suspended",
    ),
    "unowned": Rule(
        unowned,
        "Unowned",
        Severity.WARNING,
        "everybody whom its stage needs is named, active and has accepted",
        "unowned",
    ),
    "statement_unsigned": Rule(
        statement_unsigned,
        "Statement unsigned",
        Severity.NOTICE,
        "the sponsor signs the success statement",
        "statement_unsigned",
    ),
    "condition_overdue": Rule(
        condition_overdue,
        "Condition overdue",
        Severity.WARNING,
        "it is confirmed, or the approval is given anew",
        "obligation",
    ),
    "obligation_unconfirmed": Rule(
        obligation_unconfirmed,
        "Obligation unconfirmed",
        Severity.WARNING,
        "somebody confirms that it is done",
        "obligation",
    ),
    "override_expiring": Rule(
        override_expiring,
        "Override expiring",
        Severity.WARNING,
        "what was set aside is met",
        "override",
    ),
    "threshold_reached": Rule(
        threshold_reached,
        "Threshold reached",
        Severity.NOTICE,
        "somebody decides, or the last value is not good enough any more",
        "threshold_reached",
    ),
    "catch_up_overdue": Rule(
        catch_up_overdue,
        "Catch-up overdue",
        Severity.WARNING,
        "its catch-up review is decided",
        "catch_up",
    ),
    "catch_up_near": Rule(
        catch_up_near,
        "Catch-up near",
        Severity.NOTICE,
        "its catch-up review is decided",
        "catch_up",
    ),
    "decision_near": Rule(
        decision_near,
        "Decision near",
        Severity.NOTICE,
        "somebody decides",
        "decision_date",
    ),
}

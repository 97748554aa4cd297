"""What deserves attention: each rule is one set-based query over the whole portfolio.

Imported initiatives that are still quiet produce nothing. Sentences name days, never "in 3 days",
so that a flag changes only when what it says does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from initiatives.models import Initiative, KillCondition, Ownership
from initiatives.stages import (
    DECISION_DATE_NAME,
    REQUIRED_ROLES,
    RUNNING,
    UNDECIDED,
    Role,
    Stage,
)
from initiatives.triage import LegalClass
from reviews import catching_up
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


DECIDERS = "the sponsor or a portfolio lead"
LEADS = "the portfolio leads"


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
    """The day by which the stage is decided has passed, and nobody has decided (product.md P5)."""
    late = _undecided().filter(decision_date__lt=today)
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
        .select_related("metric")
    )
    return [_tripped(condition) for condition in tripped]


def _tripped(condition: KillCondition) -> Finding:
    assert condition.tripped_at is not None  # a constraint says so
    return Finding(
        condition.initiative_id,
        Severity.CRITICAL,
        f"A kill condition tripped: {condition.tripped_because}.",
        DECIDERS,
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

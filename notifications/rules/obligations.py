"""What was to be done by a day: conditions of approvals, what stopping left, what was set aside."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import models

from initiatives.models import Obligation
from initiatives.models.obligations import ObligationKind
from initiatives.models.registry import InitiativeQuerySet
from initiatives.stages import Stage
from notifications.rules.finding import Finding, Severity, rule, start_of
from notifications.rules.words import in_words
from reviews.checks.verdicts import excerpt
from reviews.models import Override
from reviews.policy import Policy, first_of


@rule(
    "Condition overdue",
    Severity.WARNING,
    closes_when="it is confirmed, or the approval is given anew",
    reminds="obligation",
)
def condition_overdue(
    initiatives: InitiativeQuerySet, today: date, policy: Policy
) -> list[Finding]:
    """What an approval depended on was not done by its day (product.md §4, Conditions)."""
    running = initiatives.counting().exclude(stage=Stage.RETIRED)
    conditions = Obligation.objects.filter(kind=ObligationKind.CONDITION, initiative__in=running)
    return _late(conditions, today, "A condition of an approval was not met")


@rule(
    "Obligation unconfirmed",
    Severity.WARNING,
    closes_when="somebody confirms that it is done",
    reminds="obligation",
)
def obligation_unconfirmed(
    initiatives: InitiativeQuerySet, today: date, policy: Policy
) -> list[Finding]:
    """What stopping left to be done was not confirmed by its day (product.md §3, Retirement)."""
    others = Obligation.objects.exclude(kind=ObligationKind.CONDITION)
    left = others.filter(initiative__in=initiatives)
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


@rule(
    "Override expiring",
    Severity.WARNING,
    closes_when="what was set aside is met",
    reminds="override",
)
def override_expiring(
    initiatives: InitiativeQuerySet, today: date, policy: Policy
) -> list[Finding]:
    """Criteria are set aside until a day within those of the first reminder (7), and are not met
    yet (product.md §4)."""
    last = today + timedelta(days=first_of(policy.reminders.override_days_before))
    soon = Override.objects.open().filter(
        review__initiative__in=initiatives.counting(),
        expires_on__gte=today,
        expires_on__lte=last,
    )
    return [
        _override(override, Severity.WARNING, "ends on")
        for override in soon.select_related("review")
    ]


@rule(
    "Override expired",
    Severity.CRITICAL,
    closes_when="what was set aside is met",
    reminds="override",
)
def override_expired(initiatives: InitiativeQuerySet, today: date, policy: Policy) -> list[Finding]:
    """A gate was passed with criteria set aside, the day until which they were is over, and they
    are not met yet (product.md §4)."""
    over = Override.objects.open().filter(
        review__initiative__in=initiatives.counting(),
        expires_on__lt=today,
        review__closed_at__isnull=False,
    )
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

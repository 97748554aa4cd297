"""What does not move, what cannot be put off again, and what moved on elsewhere."""

from __future__ import annotations

from datetime import date, timedelta

from django.db.models import Q
from django.utils import timezone

from initiatives.models import ImportedRow
from initiatives.models.registry import InitiativeQuerySet
from initiatives.stages import DECISION_DATE_NAME, ON_TRIAL, ORDER, UNDECIDED, Stage
from notifications.rules.finding import Finding, Severity, rule, start_of
from notifications.rules.words import DECIDERS, LEADS, in_words
from reviews import extensions
from reviews.policy import Policy

STANDS: dict[str, str] = {
    Stage.PROPOSAL: "a proposal",
    Stage.PILOT: "in pilot",
    Stage.READINESS_REVIEW: "in readiness review",
    Stage.PRODUCTION: "in production",
    Stage.RETIRED: "retired",
}


@rule(
    "Stalled",
    Severity.NOTICE,
    closes_when="somebody records anything about it",
    reminds="stalled",
)
def stalled(initiatives: InitiativeQuerySet, today: date, policy: Policy) -> list[Finding]:
    """Nobody has touched what is still to be decided for the policy's days (21): it dies in silence
    (product.md P26). Of what is late already the louder rule speaks, and what is paused may rest;
    a system in production is quiet unless it is not measured."""
    days = timedelta(days=policy.limits.stalled_days)
    silent = initiatives.counting().filter(
        Q(decision_date=None) | Q(decision_date__gte=today),
        Q(paused_until=None) | Q(paused_until__lt=today),
        stage__in=UNDECIDED,
        suspended_at=None,
        touched_at__lt=start_of(today - days + timedelta(days=1)),
    )
    return [
        Finding(
            pk,
            Severity.NOTICE,
            f"Nobody has done anything about it since {in_words(day)}.",
            "its owners",
            due_date=day + days,
            since=start_of(day + days),
        )
        for pk, day in (
            (pk, timezone.localdate(at)) for pk, at in silent.values_list("pk", "touched_at")
        )
    ]


@rule(
    "Extension cap reached",
    Severity.NOTICE,
    closes_when="somebody decides",
    reminds="shown_only",
)
def extension_cap_reached(
    initiatives: InitiativeQuerySet, today: date, policy: Policy
) -> list[Finding]:
    """It was extended as often as can be in this stage (twice): there is no third extension
    (product.md P5). Reminders of its date go out anyway."""
    trials = initiatives.counting().filter(stage__in=ON_TRIAL)
    capped = extensions.counted(trials).filter(extensions_here__gte=extensions.MOST)
    rows = capped.values_list("pk", "stage", "decision_date")
    return [
        Finding(
            pk,
            Severity.NOTICE,
            f"It was extended twice: its {DECISION_DATE_NAME[stage]}, {in_words(day)}, stands.",
            DECIDERS,
            due_date=day,
        )
        for pk, stage, day in rows
        if day is not None
    ]


@rule(
    "Ahead of its gate",
    Severity.WARNING,
    closes_when="it passes the gates before that stage, or the inventory says otherwise",
    reminds="shown_only",
)
def ahead_of_its_gate(
    initiatives: InitiativeQuerySet, today: date, policy: Policy
) -> list[Finding]:
    """An inventory says that it is further than it stands here: an import moves no stage
    (product.md §2, Catch-up). Whoever imported it was told."""
    ahead = Q(pk__in=())
    for stage in ORDER:
        ahead |= Q(initiative__stage=stage, values__stage__in=ORDER[ORDER.index(stage) + 1 :])
    rows = ImportedRow.objects.filter(ahead, initiative__in=initiatives.counting())
    found = rows.values_list(
        "initiative", "initiative__stage", "values__stage", "file_name", "imported_at"
    )
    return [
        Finding(
            pk,
            Severity.WARNING,
            f"{name} says that it is {STANDS[says]}; here it is {STANDS[stands]}.",
            LEADS,
            since=at,
        )
        for pk, stands, says, name, at in found
    ]

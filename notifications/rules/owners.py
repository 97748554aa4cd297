"""Who is missing: roles that nobody holds, and sponsors who have not signed what they took over."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, Subquery, When
from django.utils import timezone

from accounts.models import Person
from initiatives.models import Ownership
from initiatives.models.registry import InitiativeQuerySet
from initiatives.queries import REQUIRED_ANYWHERE
from initiatives.queries import unowned as unowned_ones
from initiatives.stages import REQUIRED_ROLES, RUNNING, Role, Stage
from notifications.rules.finding import Finding, Severity, rule, start_of
from notifications.rules.words import DECIDERS, LEADS, in_words
from reviews import queries as reviews
from reviews.policy import Policy, first_of

# Whoever is said to own something is reminded until the 14th day; three later others hear.
DAYS_TO_ANSWER = 17


@rule(
    "Unowned",
    Severity.WARNING,
    closes_when="everybody whom its stage needs is named, active and has accepted",
    reminds="unowned",
)
def unowned(initiatives: InitiativeQuerySet, today: date, policy: Policy) -> list[Finding]:
    """A role that a running stage needs is held by nobody: not named, not accepted, or no longer
    active (product.md P4 and P23). Of what was imported nobody else hears until those who are said
    to own it have had their time to answer, unless somebody has left it since. Whoever leaves after
    that is heard of as the first was."""
    found = unowned_ones(initiatives.counting().filter(stage__in=RUNNING))
    told = found.annotate(was_left=Exists(_left()), lost_at=Subquery(_lost().values("lost_at")[:1]))
    rows = list(
        told.order_by().values_list(
            "pk", "stage", "declared_at", "counting_since", "was_left", "lost_at"
        )
    )
    held = _held([row[0] for row in rows])
    return [
        _unowned(
            pk,
            stage,
            held.get(pk, set()),
            None if was_left else asked_until(declared_at, counting_since),
            lost_at,
        )
        for pk, stage, declared_at, counting_since, was_left, lost_at in rows
    ]


def _held(pks: list[int]) -> dict[int, set[str]]:
    """The roles that somebody truly holds of each."""
    rows = Ownership.objects.counting().filter(initiative__in=pks, role__in=REQUIRED_ANYWHERE)
    held: dict[int, set[str]] = {}
    for pk, role in rows.order_by().values_list("initiative_id", "role"):
        held.setdefault(pk, set()).add(role)
    return held


def _left() -> models.QuerySet[Ownership]:
    """Those who had accepted, and do not count any more."""
    rows = Ownership.objects.open().filter(initiative=OuterRef("pk"), accepted_at__isnull=False)
    gone = Q(person__is_active=False) | Q(accepted_at__lt=F("person__active_since"))
    return rows.filter(gone)


def _lost() -> models.QuerySet[Any]:
    """Who held a role that the stage needs and nobody holds now, the last who did first, with since
    when they do not: `lost_at`. By the campaign roles are asked for anew, and who is replaced in it
    has not left."""
    held = Ownership.objects.counting().filter(
        initiative=OuterRef("initiative"), role=OuterRef("role")
    )
    left = Q(ended_at=None) | Q(ended_at__gte=F("person__inactive_since"))
    left &= Q(person__inactive_since__gte=F("accepted_at"))
    never_quiet = Q(initiative__declared_at=None)
    never_quiet |= Q(initiative__counting_since__lte=F("initiative__declared_at"))
    lost_at = Case(When(left, then="person__inactive_since"), default="ended_at")
    accepted = Ownership.objects.required().filter(accepted_at__isnull=False)
    lost = accepted.filter(left | never_quiet, ~Exists(held), initiative=OuterRef("pk"))
    return lost.annotate(lost_at=lost_at).order_by(F("lost_at").desc(nulls_last=True), "pk")


def asked_until(declared_at: datetime | None, counting_since: datetime | None) -> date | None:
    """Until when those who are asked by the campaign have time; None of what was never quiet."""
    if declared_at is None or counting_since is None or counting_since <= declared_at:
        return None
    return timezone.localdate(counting_since) + timedelta(days=DAYS_TO_ANSWER)


def _unowned(
    pk: int, stage: str, has: set[str], told_on: date | None, lost_at: datetime | None
) -> Finding:
    missing = [role for role in REQUIRED_ROLES[stage] if role not in has]
    names = " or ".join(str(role.label).lower() for role in missing)
    return Finding(
        pk,
        Severity.CRITICAL if stage == Stage.PRODUCTION else Severity.WARNING,
        f"Nobody who is active has accepted to be its {names}.",
        "a portfolio lead" if Role.SPONSOR in missing else DECIDERS,
        due_date=told_on,
        worse_at=lost_at,
    )


@rule(
    "Sponsor gone",
    Severity.WARNING,
    closes_when="its sponsor accepts again, or somebody else is named",
    reminds="unowned",
)
def sponsor_gone(initiatives: InitiativeQuerySet, today: date, policy: Policy) -> list[Finding]:
    """Whoever accepted to be its sponsor is no longer active, or came back and has not accepted
    again, in whatever stage (product.md P23). Of what is unowned that rule speaks, also where it is
    the sponsor who is missing: nobody hears of one departure twice."""
    gone = (
        Ownership.objects.open()
        .filter(role=Role.SPONSOR, accepted_at__isnull=False)
        .filter(Q(person__is_active=False) | Q(accepted_at__lt=F("person__active_since")))
        .filter(initiative__in=initiatives.counting().exclude(stage=Stage.RETIRED))
        .exclude(initiative__in=unowned_ones(initiatives).values("pk"))
    )
    rows = gone.order_by().values_list(
        "pk", "initiative", "person__name", "person__is_active", "person__inactive_since"
    )
    return [
        Finding(
            pk,
            Severity.WARNING,
            f"{name}, its sponsor, {_how_gone(is_active)}.",
            LEADS,
            subject=f"ownership:{ownership}",
            since=since,
        )
        for ownership, pk, name, is_active, since in rows
    ]


def _how_gone(is_active: bool) -> str:
    return "came back and has not accepted again" if is_active else "is no longer here"


@rule(
    "Owner leaving",
    Severity.WARNING,
    closes_when="somebody else has accepted what they own, or they stay after all",
    reminds="leaving",
)
def leaving(initiatives: InitiativeQuerySet, today: date, policy: Policy) -> list[Finding]:
    """Somebody by whom a role is held that its stage needs leaves within the days of the first
    reminder (30; product.md P23). From the day after their last it is unowned, and the rule of that
    name says so."""
    last = today + timedelta(days=first_of(policy.reminders.leaving_days_before))
    rows = (
        Ownership.objects.counting()
        .required()
        .filter(person__leaves_on__range=(today, last), initiative__in=initiatives.counting())
        .select_related("person")
        .order_by("initiative", "person", "pk")
    )
    grouped = groupby(rows, key=lambda held: (held.initiative_id, held.person))
    return [_leaving(pk, person, list(held)) for (pk, person), held in grouped]


def _leaving(pk: int, person: Person, held: list[Ownership]) -> Finding:
    assert person.leaves_on is not None
    names = " and ".join(ownership.role_name.lower() for ownership in held)
    return Finding(
        pk,
        Severity.WARNING,
        f"{person.name}, its {names}, leaves on {in_words(person.leaves_on)}.",
        f"{person.name}, {DECIDERS}",
        subject=of_leaver(pk, person.pk),
        due_date=person.leaves_on,
    )


def of_leaver(initiative: int, person: int) -> str:
    """By whom a flag of `leaving` is named: by no role of theirs, any of which may move to somebody
    else before they go; and with the initiative, so that reminders of two are two."""
    return f"initiative:{initiative}/person:{person}"


@rule(
    "Statement unsigned",
    Severity.NOTICE,
    closes_when="the sponsor signs the success statement",
    reminds="statement_unsigned",
)
def statement_unsigned(
    initiatives: InitiativeQuerySet, today: date, policy: Policy
) -> list[Finding]:
    """A new sponsor has not signed the success statement; after its limit (14 days) the initiative
    is up for decision (product.md §4, Absence)."""
    within = timedelta(days=policy.limits.statement_days)
    rows = reviews.unsigned_sponsorships(initiatives).order_by()
    found = rows.values_list("initiative_id", "person__name", "accepted_at")
    return [
        _unsigned(pk, name, at, timezone.localdate(at) + within, today)
        for pk, name, at in found
        if at is not None
    ]


def _unsigned(pk: int, name: str, accepted_at: datetime, due: date, today: date) -> Finding:
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

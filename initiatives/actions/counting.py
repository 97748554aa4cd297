"""The end of the quiet that follows an import (product.md §2, "Day one is quiet")."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Case, DateField, F, OuterRef, Subquery, Value, When
from django.utils import timezone

from accounts.models import Person
from audit.actions import Entry, append
from initiatives.models import Initiative, StageSpell
from initiatives.stages import DAYS_TO_DECIDE, RECERTIFY_FULL, Stage
from initiatives.triage import Level

DAYS_FOR_IMPORTED_PILOTS = timedelta(days=30)


@transaction.atomic
def start_counting(
    *, by: Person | None, at: datetime, initiatives: Iterable[int] | None = None
) -> int:
    """Let the deadlines of imported initiatives begin, of all or of these; return how many began.

    Imported pilots are to be decided in 30 days; everything else gets what its stage is given.
    Who may start the campaign is asked by `notifications.actions.start_campaign`.
    """
    quiet = Initiative.objects.select_for_update().filter(counting_since=None).order_by("pk")
    if initiatives is not None:
        quiet = quiet.filter(pk__in=list(initiatives))
    ids = list(quiet.values_list("pk", flat=True))
    if not ids:
        return 0
    Initiative.objects.filter(pk__in=ids).update(
        counting_since=at,
        touched_at=at,
        decision_date=_first_dates(at),
        evidence_version=F("evidence_version") + 1,  # the date is part of what is signed
    )
    dates = Initiative.objects.filter(pk=OuterRef("initiative")).values("decision_date")
    spells = StageSpell.objects.filter(initiative__in=ids, left_at=None)
    spells.update(decision_date=Subquery(dates))
    entries = [
        Entry("campaign.counting_started", f"initiative:{pk}", pk, by.pk if by else None)
        for pk in ids
    ]
    append(entries, at=at)
    return len(ids)


def _days() -> dict[Stage, timedelta]:
    given = {stage: days for stage, days in DAYS_TO_DECIDE.items() if days is not None}
    return {Stage(stage): days for stage, days in given.items()} | {
        Stage.PILOT: DAYS_FOR_IMPORTED_PILOTS
    }


def _first_dates(at: datetime) -> Case:
    today = timezone.localdate(at)
    thorough = When(stage=Stage.PRODUCTION, level=Level.FULL, then=Value(today + RECERTIFY_FULL))
    return Case(
        thorough,
        *(When(stage=stage, then=Value(today + days)) for stage, days in _days().items()),
        default=F("decision_date"),
        output_field=DateField(),
    )

"""The end of the quiet that follows an import (product.md §2, "Day one is quiet")."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Case, DateField, F, Value, When
from django.utils import timezone

from accounts.models import Person
from audit.actions import Entry, append
from initiatives.models import Initiative, StageSpell
from initiatives.stages import DAYS_TO_DECIDE, Stage

DAYS_FOR_IMPORTED_PILOTS = timedelta(days=30)


@transaction.atomic
def start_counting(*, by: Person | None, at: datetime) -> int:
    """Let the deadlines of all imported initiatives begin, and return how many began.

    Imported pilots are to be decided in 30 days; everything else gets what its stage is given.
    """
    quiet = Initiative.objects.select_for_update().filter(counting_since=None).order_by("pk")
    ids = list(quiet.values_list("pk", flat=True))
    if not ids:
        return 0
    began = Initiative.objects.filter(counting_since=None)
    began.update(counting_since=at, touched_at=at, decision_date=_first_dates(at))
    spells = StageSpell.objects.filter(initiative__counting_since=at, left_at=None)
    for stage, days in _days().items():
        day = timezone.localdate(at) + days
        spells.filter(stage=stage).update(decision_date=day)
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
    return Case(
        *(When(stage=stage, then=Value(today + days)) for stage, days in _days().items()),
        default=F("decision_date"),
        output_field=DateField(),
    )

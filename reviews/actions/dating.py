"""Agreeing by when an imported pilot is decided."""

from datetime import date, datetime

from django.utils import timezone

from accounts.models import Person
from audit.actions import Entry, append
from audit.refusals import Refused, records_refusals
from initiatives import facts as initiative_facts
from initiatives import permissions as initiatives
from initiatives.models import Initiative, Overtaken
from reviews import first_dates, queries
from reviews.actions.reviewing import locked_initiative


@records_refusals("decision_date.agree")
def agree_on_date(*, initiative: Initiative, day: date, by: Person, at: datetime) -> Initiative:
    """Let whoever took an imported pilot over say by when it is decided, within its limits."""
    row = locked_initiative(initiative.pk)
    if not initiatives.may_edit_facts(by, initiative_facts.load_one(row.pk)):
        raise Refused(
            "Only who has accepted a role on it, or a lead, agrees on the date.",
            rule="not_an_owner",
        )
    today = timezone.localdate(at)
    last = first_dates.latest(row, today, queries.current_policy().limits)
    if last is None:
        raise Refused("Its date stands. Extend it, or decide.", rule="date_stands", field="day")
    if not today <= day <= last:
        raise Refused(
            f"Choose a day between today and {last:%-d %b %Y}; whoever needs longer extends it.",
            rule="out_of_limits",
            field="day",
        )
    if day == row.decision_date:
        return row
    changed = {"until": day, "due": row.decision_date}
    try:
        row.agree_on(day)
    except Overtaken as overtaken:
        raise Refused(str(overtaken), rule="overtaken") from overtaken
    Initiative.objects.filter(pk=row.pk).update(touched_at=at, evidence_changed_by=by)
    append([Entry("decision_date.agreed", f"initiative:{row.pk}", row.pk, by.pk, changed)], at=at)
    return row

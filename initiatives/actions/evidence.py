"""Answers to criteria, and money spent."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from accounts.models import Person
from audit.actions import Value, append
from audit.refusals import Refused, records_refusals
from initiatives.actions import documents, ownership, tripping, writing
from initiatives.models import Evidence, Initiative, Ownership, Spend


@records_refusals("evidence.record")
def record_evidence(
    *,
    initiative: Initiative,
    criterion: str,
    fields: Mapping[str, Any],
    people: Mapping[str, Person | None],
    by: Person,
    at: datetime,
    not_applicable_because: str = "",
) -> Evidence:
    """Store the answer to a criterion; a person named in it is asked, and counts when accepting.

    A document that it offers is added, and cited.
    """
    _lock(person for person in people.values() if person is not None)  # before the row
    row = writing.locked_for_edit(initiative, by)
    for field, person in people.items():
        _name(row, f"{criterion}.{field}", person, by, at)
    kept = {field: documents.cite(row, field, value, by, at) for field, value in fields.items()}
    answer, _ = Evidence.objects.update_or_create(
        initiative=row,
        criterion=criterion,
        defaults={
            "fields": kept,
            "not_applicable_because": not_applicable_because,
            "recorded_at": at,
            "recorded_by": by,
        },
    )
    writing.mark_changed(row, by=by, at=at)
    changed: dict[str, Value] = {
        "criterion": criterion,
        "not_applicable": bool(not_applicable_because),
        **{field: writing.said(value) for field, value in kept.items()},
    }
    append([writing.entry("evidence.recorded", row, by, changed)], at=at)
    return answer


def _lock(people: Iterable[Person]) -> None:
    if ids := [person.pk for person in people]:
        list(Person.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk"))


def _name(row: Initiative, role: str, person: Person | None, by: Person, at: datetime) -> None:
    """Ask the person into the answer's role, and accept for oneself."""
    if person is None:
        Ownership.objects.open().filter(initiative=row, role=role).update(ended_at=at)
        return
    named = ownership.ask(initiative=row, role=role, person=person, by=by, at=at)
    if person.pk == by.pk:
        ownership.accept(ownership=named, by=by, at=at)


@records_refusals("spend.record")
def record_spend(
    *,
    initiative: Initiative,
    amount: int,
    spent_on: date,
    by: Person | None,
    at: datetime,
    is_estimate: bool = False,
    comment: str = "",
) -> Spend:
    """Record money spent, negative to correct; a spend cap may trip by it."""
    row = writing.locked_for_edit(initiative, by)
    if amount == 0:
        raise Refused(
            "The amount is zero: there is nothing to record.", rule="zero", field="amount"
        )
    if spent_on > timezone.localdate(at):
        raise Refused(
            "This day has not come yet. Record money once it is spent.",
            rule="future",
            field="spent_on",
        )
    spend = Spend.objects.create(
        initiative=row,
        amount=amount,
        spent_on=spent_on,
        is_estimate=is_estimate,
        comment=comment,
        recorded_at=at,
        recorded_by=by,
    )
    writing.mark_changed(row, by=by, at=at, material=False)
    changed: dict[str, Value] = {"amount": amount, "spent_on": spent_on, "estimate": is_estimate}
    append([writing.entry("spend.recorded", row, by, changed)], at=at)
    tripping.trip_those_of(row, at=at)
    return spend

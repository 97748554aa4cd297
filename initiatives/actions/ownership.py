"""Asking a person into a role, and that person's answer."""

from datetime import datetime

from accounts.models import Person
from audit.actions import Entry, Value, Words, append
from audit.refusals import Refused, records_refusals
from initiatives import permissions
from initiatives.actions import writing
from initiatives.models import Initiative, Ownership
from initiatives.stages import Stage

STANDS = ("asked", "accepted")  # what is asked of somebody once, and not again


@records_refusals("ownership.ask")
def ask(
    *, initiative: Initiative, role: str, person: Person, by: Person | None, at: datetime
) -> Ownership:
    """Ask a person into a role; whoever held it, or was asked before, makes room.

    The person is locked first and checked: a colleague deactivating them at the same moment
    either comes before, and this is refused, or after, and sees the ownership.
    """
    locked_person = Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    row = writing.locked_for_edit(initiative, by)
    if not locked_person.is_active:
        raise Refused(
            f"{person} is no longer active here. Choose somebody who is.",
            rule="owner_inactive",
            field="person",
        )
    current = Ownership.objects.open().filter(initiative=row, role=role).first()
    if current is not None and current.person_id == person.pk and current.state in STANDS:
        return current
    ownership, entry = replace(row, current, role, locked_person, by, at)
    append([entry], at=at)
    return ownership


def replace(
    row: Initiative,
    current: Ownership | None,
    role: str,
    person: Person,
    by: Person | None,
    at: datetime,
) -> tuple[Ownership, Entry]:
    """End whoever held the role and ask another; return that with what the log has to say of it.

    The caller holds the locks of the person and of the initiative, and writes the event.
    """
    changed: dict[str, Value] = {"role": role, "person": person.pk}
    if current is not None:
        current.ended_at = at
        current.save(update_fields=["ended_at"])
        changed["instead_of"] = current.person_id
    ownership = Ownership.objects.create(
        initiative=row, role=role, person=person, asked_at=at, asked_by=by
    )
    writing.mark_changed(row, by=by, at=at)
    return ownership, _entry("ownership.asked", ownership, by, changed)


def _entry(kind: str, ownership: Ownership, by: Person | None, changed: dict[str, Value]) -> Entry:
    subject = f"ownership:{ownership.pk}"
    return writing.entry(kind, ownership.initiative, by, changed, subject=subject)


def _locked_for_answer(ownership: Ownership, by: Person) -> Ownership:
    """The person is locked first, as in `ask`: whoever leaves has answered before, or does not."""
    answering = Person.objects.select_for_update(no_key=True).get(pk=by.pk)
    initiative = writing.locked(ownership.initiative)
    if initiative.stage == Stage.RETIRED:
        raise Refused("It is retired: nobody has to own it any more.", rule="retired")
    row = Ownership.objects.select_related("person").get(pk=ownership.pk)
    row.initiative = initiative
    if not permissions.may_answer_for(answering, row):
        raise Refused(
            "Only the person who was asked can answer, and only while the question stands.",
            rule="not_asked",
        )
    return row


@records_refusals("ownership.accept")
def accept(
    *,
    ownership: Ownership,
    by: Person,
    at: datetime,
    hours_a_month: int | None = None,
    in_objectives: bool = False,
) -> Ownership:
    """Say: yes, I answer for this in that role; whoever runs it, with how many hours a month and
    that it is among their objectives (product.md P16)."""
    row = _locked_for_answer(ownership, by)
    if row.counts:
        return row
    append([take_on(row, hours_a_month, in_objectives, by, at)], at=at)
    return row


def take_on(
    row: Ownership, hours_a_month: int | None, in_objectives: bool, by: Person, at: datetime
) -> Entry:
    """Note that a role is accepted, and return what the log has to say of it; for actions that
    hold the initiative's lock and write the event."""
    row.accepted_at, row.hours_a_month, row.in_objectives = at, hours_a_month, in_objectives
    row.save(update_fields=["accepted_at", "hours_a_month", "in_objectives"])
    writing.mark_changed(row.initiative, by=by, at=at, material=False)
    changed: dict[str, Value] = {"role": row.role, "person": row.person_id}
    return _entry("ownership.accepted", row, by, changed)


@records_refusals("ownership.confirm")
def confirm(
    *,
    ownership: Ownership,
    by: Person,
    at: datetime,
    hours_a_month: int | None = None,
    in_objectives: bool = False,
) -> Ownership:
    """Say again that it is still theirs, and with how many hours: a yes of last year is no yes of
    today (product.md P16, P24). What is not said now stays as it was said."""
    row = _locked_for_answer(ownership, by)
    if not row.counts:
        raise Refused("Accept it first; then it can be confirmed.", rule="not_accepted")
    row.confirmed_at = at
    row.hours_a_month = row.hours_a_month if hours_a_month is None else hours_a_month
    row.in_objectives = row.in_objectives or in_objectives
    row.save(update_fields=["confirmed_at", "hours_a_month", "in_objectives"])
    writing.mark_changed(row.initiative, by=by, at=at, material=False)
    changed: dict[str, Value] = {"role": row.role, "person": row.person_id}
    append([_entry("ownership.confirmed", row, by, changed)], at=at)
    return row


@records_refusals("ownership.decline")
def decline(*, ownership: Ownership, by: Person, at: datetime, comment: str = "") -> Ownership:
    """Say: no, this is not mine."""
    row = _locked_for_answer(ownership, by)
    row.declined_at, row.accepted_at, row.comment = at, None, comment
    row.save(update_fields=["declined_at", "accepted_at", "comment"])
    writing.mark_changed(row.initiative, by=by, at=at)
    changed: dict[str, Value] = {"role": row.role, "person": row.person_id}
    changed |= {"comment": Words(comment)} if comment else {}
    append([_entry("ownership.declined", row, by, changed)], at=at)
    return row


@records_refusals("ownership.end")
def end_ownership(*, ownership: Ownership, by: Person | None, at: datetime) -> None:
    """Take a person out of a role; until somebody else accepts it, it is empty."""
    row = writing.locked_for_edit(ownership.initiative, by)
    ended = Ownership.objects.open().filter(pk=ownership.pk).update(ended_at=at)
    if not ended:
        raise Refused("This ownership has already ended.", rule="already_ended")
    writing.mark_changed(row, by=by, at=at)
    changed: dict[str, Value] = {"role": ownership.role, "person": ownership.person_id}
    append([_entry("ownership.ended", ownership, by, changed)], at=at)

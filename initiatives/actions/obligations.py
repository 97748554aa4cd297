"""What somebody has to see to by a day: owed by a decision or an approval, and confirmed."""

from collections.abc import Collection, Iterable
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from accounts.models import Person
from audit.actions import Entry, Value, Words, append
from audit.refusals import Refused, records_refusals
from initiatives import permissions
from initiatives.actions import writing
from initiatives.models import Initiative, Obligation
from initiatives.models.obligations import ObligationKind


def owe(
    row: Initiative,
    *,
    kind: str,
    what: str,
    assignee: Person,
    due_date: date,
    by: Person | None,
    at: datetime,
    gate: str = "",
) -> tuple[Obligation, Entry]:
    """Record what somebody has to see to, and return it with what the log has to say of it.

    Called by the action it follows from, which holds the initiative's lock and writes the event.
    """
    owed = Obligation(
        initiative=row,
        kind=kind,
        gate=gate,
        what=what.strip(),
        assignee=assignee,
        due_date=due_date,
        agreed_at=at,
        agreed_by=by,
    )
    (entry,) = owe_all([owed])
    return owed, entry


def owe_all(owed: Collection[Obligation]) -> list[Entry]:
    """Record what people have to see to, of any number of initiatives in one statement, and return
    what the log has to say of it."""
    Obligation.objects.bulk_create(owed)
    return [_owed(obligation) for obligation in owed]


def _owed(obligation: Obligation) -> Entry:
    changed: dict[str, Value] = {
        "kind": obligation.kind,
        "what": Words(obligation.what),
        "person": obligation.assignee_id,
        "due": obligation.due_date,
    }
    row, by, subject = obligation.initiative, obligation.agreed_by, f"obligation:{obligation.pk}"
    return writing.entry("obligation.owed", row, by, changed, subject=subject)


@records_refusals("obligation.confirm")
def confirm_obligation(
    *, obligation: Obligation, by: Person, at: datetime, comment: str = ""
) -> Obligation:
    """Say that it is done: whoever it was given to, or a lead, and once.

    A condition that is met too late was missed: the approval it belongs to has to be given anew.
    """
    row = writing.locked(obligation.initiative)
    stored = Obligation.objects.get(pk=obligation.pk)
    if not permissions.may_confirm_obligation(by, stored):
        raise Refused(
            "Only the person it was given to and portfolio leads confirm this.",
            rule="not_assigned",
        )
    if not stored.is_open:
        raise Refused("This was confirmed already, or is not asked any more.", rule="not_open")
    if stored.is_missed(timezone.localdate(at)) and stored.kind == ObligationKind.CONDITION:
        stored.missed_at = stored.missed_at or at
    stored.confirmed_at, stored.confirmed_by, stored.comment = at, by, comment.strip()
    stored.save(update_fields=["confirmed_at", "confirmed_by", "comment", "missed_at"])
    writing.mark_changed(row, by=by, at=at, material=False)
    changed: dict[str, Value] = {"what": Words(stored.what)}
    changed |= {"comment": Words(stored.comment)} if stored.comment else {}
    subject = f"obligation:{stored.pk}"
    append([writing.entry("obligation.confirmed", row, by, changed, subject=subject)], at=at)
    return stored


def miss_conditions(*, at: datetime) -> int:
    """Note which conditions were not confirmed by their day; return how many (product.md §4).

    Called by the sweep. A review compares the day by itself, so that nothing waits for this.
    """
    late = Obligation.objects.open().filter(
        kind=ObligationKind.CONDITION, missed_at=None, due_date__lt=timezone.localdate(at)
    )
    ids = set(late.values_list("initiative", flat=True))
    return sum(_miss(pk, at) for pk in sorted(ids))


@transaction.atomic
def _miss(initiative_id: int, at: datetime) -> int:
    """Those of one initiative, under its lock; one that somebody else holds waits for the next."""
    lock = Initiative.objects.select_for_update(of=("self",), skip_locked=True)
    row = lock.filter(pk=initiative_id).first()
    if row is None:
        return 0
    missed = list(_missed(row, at))
    append([_missed_entry(row, obligation) for obligation in missed], at=at)
    return len(missed)


def _missed(row: Initiative, at: datetime) -> Iterable[Obligation]:
    late = Obligation.objects.open().filter(
        initiative=row,
        kind=ObligationKind.CONDITION,
        missed_at=None,
        due_date__lt=timezone.localdate(at),
    )
    for obligation in late:
        obligation.missed_at = at
        obligation.save(update_fields=["missed_at"])
        yield obligation


def _missed_entry(row: Initiative, obligation: Obligation) -> Entry:
    changed: dict[str, Value] = {"what": Words(obligation.what), "person": obligation.assignee_id}
    subject = f"obligation:{obligation.pk}"
    return writing.entry("condition.missed", row, None, changed, subject=subject)

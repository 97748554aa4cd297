"""Switching off what runs (product.md §4, Suspend; §3, prohibited), and making sure that it is."""

from datetime import datetime

from accounts.models import Person
from audit.actions import Entry, Words, append
from audit.refusals import Refused, records_refusals
from initiatives import facts, permissions
from initiatives.actions import writing
from initiatives.actions.counting import start_counting
from initiatives.models import Initiative, Triage
from initiatives.stages import RUNNING
from initiatives.triage import LegalClass

BECAUSE_PROHIBITED = "It is classed as prohibited."


def suspend(row: Initiative, *, because: str, by: Person | None, at: datetime) -> None:
    """Switch it off; the caller holds its lock, has asked who acts, and writes the event.

    An imported one that is still quiet counts from now on: somebody has taken it up, and whoever
    has to resume or retire it hears of it.
    """
    if row.is_quiet:
        start_counting(by=by, at=at, initiatives=[row.pk])
        row.refresh_from_db(fields=["counting_since", "decision_date"])
    row.suspend(because=because, by=by, at=at)


def suspend_prohibited(
    row: Initiative, stored: Triage, *, by: Person | None, at: datetime
) -> list[Entry]:
    """Switch off at once what runs and is classed as prohibited (product.md §3); return what the
    log has to say of it."""
    is_prohibited = stored.legal_class == LegalClass.PROHIBITED
    if not is_prohibited or row.stage not in RUNNING or row.is_suspended:
        return []
    suspend(row, because=BECAUSE_PROHIBITED, by=by, at=at)
    said = {"reason": Words(BECAUSE_PROHIBITED)}
    return [writing.entry("initiative.suspended", row, by, said)]


@records_refusals("initiative.confirm_off")
def confirm_off(*, initiative: Initiative, by: Person, at: datetime) -> Initiative:
    """Say that what is suspended is really off: one of its owners, or a lead, and once."""
    row = writing.locked(initiative)
    if not row.is_suspended:
        raise Refused("It is not suspended: there is nothing to confirm.", rule="not_suspended")
    if not permissions.may_confirm_off(by, facts.load_one(row.pk)):
        raise Refused(
            "Only people who hold a role on it and portfolio leads confirm that it is off. "
            "Ask one of its owners.",
            rule="not_an_owner",
        )
    if row.off_confirmed_at is not None:
        raise Refused("Somebody has confirmed already that it is off.", rule="confirmed_already")
    row.off_confirmed_at, row.off_confirmed_by = at, by
    row.save(update_fields=["off_confirmed_at", "off_confirmed_by"])
    writing.mark_changed(row, by=by, at=at, material=False)
    append([writing.entry("initiative.off_confirmed", row, by)], at=at)
    return row

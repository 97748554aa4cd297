"""Addresses of calendars: made by the person whose they are, and revoked by them."""

from __future__ import annotations

import secrets
from datetime import datetime

from accounts.models import Person
from audit.actions import Entry, append
from audit.refusals import Refused, records_refusals
from notifications.models import Calendar
from notifications.models.calendars import CalendarQuerySet, digest_of

BYTES = 32  # of the token: nobody guesses it


@records_refusals("calendar.make")
def make_calendar(*, kind: str, by: Person, at: datetime) -> str:
    """Return the token of a new address, which is not kept and so shown this once. The address
    before it, if there was one, is dead from now on."""
    person = _locked(by)
    if not person.is_active:
        raise Refused("Only people who are active have a calendar.", rule="inactive")
    _living(person, kind).update(revoked_at=at)
    token = secrets.token_urlsafe(BYTES)
    Calendar.objects.create(person=person, kind=kind, digest=digest_of(token), made_at=at)
    append([_entry("calendar.made", person, kind)], at=at)
    return token


@records_refusals("calendar.revoke")
def revoke_calendar(*, kind: str, by: Person, at: datetime) -> None:
    """Let nobody read it any more, whoever has its address."""
    person = _locked(by)
    if not _living(person, kind).update(revoked_at=at):
        raise Refused("There is no such address. Make one if you want it.", rule="none")
    append([_entry("calendar.revoked", person, kind)], at=at)


def _locked(person: Person) -> Person:
    """One at a time makes an address of a person."""
    return Person.objects.select_for_update(no_key=True).get(pk=person.pk)


def _living(person: Person, kind: str) -> CalendarQuerySet:
    return Calendar.objects.filter(person=person, kind=kind, revoked_at=None)


def _entry(kind: str, person: Person, which: str) -> Entry:
    return Entry(kind, f"person:{person.pk}", actor_id=person.pk, changed={"calendar": which})

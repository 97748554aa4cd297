"""Writes about people. They touch accounts only.

Ownerships, slots, sessions and mails derive from `is_active` and `active_since`, so that a page,
the admin and raw SQL all take effect at once.
"""

from datetime import datetime

from django.db import transaction

from accounts import permissions
from accounts.models import Group, Membership, Person, SignIn, Unit
from audit.actions import Entry, Words, append
from audit.refusals import Refused, records_refusals


def _subject(person: Person) -> str:
    return f"person:{person.pk}"


def _locked(person: Person) -> Person:
    """Lock the person's row; whoever assigns something to them locks it too, and checks.

    `no_key`: rows that merely refer to the person, as every act of theirs does, need not wait; if
    they did, their transactions and this one would wait for each other in a ring.
    """
    return Person.objects.select_for_update(no_key=True).get(pk=person.pk)


def _require_manager(by: Person | None) -> None:
    """`by=None` is the operator at the command line."""
    if by is not None and not permissions.may_manage_people(by):
        raise Refused(
            "Only administrators may change people. Ask one of them.", rule="not_an_administrator"
        )


@records_refusals("person.create")
def create_person(
    *,
    email: str,
    name: str,
    by: Person | None,
    at: datetime,
    password: str | None = None,
    title: str = "",
    unit: Unit | None = None,
) -> Person:
    """Create a person with an account, or, without a password, an invited one."""
    _require_manager(by)
    if Person.objects.filter(email=email.strip().lower()).exists():
        raise Refused(f"{email} already belongs to somebody.", rule="email_taken", field="email")
    person = Person.objects.create_user(
        email,
        name,
        password,
        title=title,
        unit=unit,
        active_since=at,
        invited_at=None if password else at,
    )
    entry = Entry(
        "person.created",
        _subject(person),
        actor_id=by.pk if by else None,
        changed={"name": Words(person.name), "invited": password is None},
    )
    append([entry], at=at)
    return person


@records_refusals("person.deactivate")
def deactivate(*, person: Person, by: Person | None, at: datetime) -> None:
    """End somebody's access; what they own is unowned from this moment (product.md P23)."""
    _require_manager(by)
    locked = _locked(person)
    if not locked.is_active:
        raise Refused(f"{locked} is already inactive.", rule="already_inactive")
    if by is not None and by.pk == locked.pk:
        raise Refused("Nobody can deactivate themselves. Ask a colleague.", rule="self")
    _set_active(locked, active=False, at=at)
    append([Entry("person.deactivated", _subject(locked), actor_id=by.pk if by else None)], at=at)
    person.is_active = False


@records_refusals("person.reactivate")
def reactivate(*, person: Person, by: Person | None, at: datetime) -> None:
    """Let somebody back in; what they owned before does not return to them by itself."""
    _require_manager(by)
    locked = _locked(person)
    if locked.is_active:
        raise Refused(f"{locked} is already active.", rule="already_active")
    _set_active(locked, active=True, at=at)
    append([Entry("person.reactivated", _subject(locked), actor_id=by.pk if by else None)], at=at)
    person.is_active, person.active_since = True, at


def _set_active(person: Person, *, active: bool, at: datetime) -> None:
    person.is_active = active
    if active:
        person.active_since = at
    person.save(update_fields=["is_active", "active_since"])


@records_refusals("group.join")
def join(*, person: Person, group: Group, by: Person | None, at: datetime) -> Membership:
    """Put a person into a group."""
    _require_manager(by)
    membership, created = Membership.objects.get_or_create(
        person=person, group=group, left_at=None, defaults={"joined_at": at}
    )
    if created:
        append([_membership_entry("group.joined", membership, by)], at=at)
    return membership


@records_refusals("group.leave")
def leave(*, person: Person, group: Group, by: Person | None, at: datetime) -> None:
    """Take a person out of a group; that they were in it stays on record."""
    _require_manager(by)
    membership = Membership.objects.filter(person=person, group=group, left_at=None).first()
    if membership is None:
        raise Refused(f"{person} is not in {group}.", rule="not_a_member")
    membership.left_at = at
    membership.save(update_fields=["left_at"])
    append([_membership_entry("group.left", membership, by)], at=at)


def _membership_entry(kind: str, membership: Membership, by: Person | None) -> Entry:
    return Entry(
        kind,
        f"person:{membership.person_id}",
        actor_id=by.pk if by else None,
        changed={"group": membership.group.key},
    )


@transaction.atomic
def record_sign_in(*, person: Person, method: str, at: datetime) -> SignIn:
    """Store by which method, and when, somebody signed in."""
    sign_in = SignIn.objects.create(person=person, method=method, signed_in_at=at)
    append(
        [
            Entry(
                "person.signed_in", _subject(person), actor_id=person.pk, changed={"method": method}
            )
        ],
        at=at,
    )
    return sign_in

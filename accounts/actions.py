"""Writes about people. They touch accounts only.

Ownerships, slots, sessions and mails derive from `is_active` and `active_since`, so that a page,
the admin and raw SQL all take effect at once.
"""

from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from accounts import permissions
from accounts.models import Group, Membership, Person, SignIn, Unit
from audit.actions import Entry, Value, Words, append
from audit.queries import last_act_of
from audit.refusals import Refused, records_refusals

INSTANT = timedelta(microseconds=1)


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
    return _create(email=email, name=name, password=password, title=title, unit=unit, by=by, at=at)


def _create(
    *,
    email: str,
    name: str,
    by: Person | None,
    at: datetime,
    password: str | None = None,
    title: str = "",
    unit: Unit | None = None,
) -> Person:
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


@records_refusals("person.invite")
def invite(*, email: str, name: str = "", by: Person, at: datetime) -> Person:
    """Let somebody in whom a colleague names by e-mail: known, without an account yet."""
    if not permissions.may_invite(by, email):
        raise Refused(
            f"Only addresses that end like yours ({by.email.rpartition('@')[2]}) are invited like "
            "this. Name somebody who is here, or ask a portfolio lead.",
            rule="may_not_invite",
            field="email",
        )
    return _create(email=email, name=name.strip() or email, by=by, at=at)


@records_refusals("person.create")
def create_administrator(*, email: str, name: str, password: str, at: datetime, by: None) -> Person:
    """The first person, made at the command line: administers people and leads the portfolio."""
    person = create_person(email=email, name=name, password=password, by=by, at=at)
    for key in (Group.ADMINISTRATORS, Group.LEADS):
        join(person=person, group=Group.objects.get(key=key), by=by, at=at)
    return person


@records_refusals("person.edit")
def edit_person(
    *, person: Person, name: str, title: str, unit: Unit | None, by: Person | None, at: datetime
) -> Person:
    """Correct what somebody is called, what they do, and where they belong."""
    _require_manager(by)
    row = _locked(person)
    fields = _taken_over(row, name=name.strip(), title=title, unit=unit)
    if fields:
        append([_entry("person.edited", _subject(row), by, _said(row, fields))], at=at)
    return row


@records_refusals("person.deputy")
def name_deputy(
    *, person: Person, deputy: Person | None, until: date | None, by: Person, at: datetime
) -> Person:
    """Let somebody sign in one's own place, until a day or until it is changed; or nobody again
    (product.md §4, Absence)."""
    if by.pk != person.pk:
        raise Refused("Everybody names their own deputy.", rule="not_oneself")
    row = _locked(person)
    if deputy is not None:
        _require_deputy(row, deputy)
    if until is not None and until < timezone.localdate(at):
        raise Refused("This day is over. Choose one that lies ahead.", rule="over", field="until")
    row.deputy, row.deputy_until = deputy, until if deputy else None
    row.save(update_fields=["deputy", "deputy_until"])
    changed: dict[str, Value] = {"person": deputy.pk if deputy else None, "until": row.deputy_until}
    append([_entry("person.deputy_named", _subject(row), by, changed)], at=at)
    return row


def _require_deputy(person: Person, deputy: Person) -> None:
    if deputy.pk == person.pk:
        raise Refused("Choose somebody else.", rule="oneself", field="deputy")
    if not Person.objects.filter(pk=deputy.pk, is_active=True).exists():
        raise Refused(
            f"{deputy} is no longer here. Choose somebody who is.", rule="inactive", field="deputy"
        )


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
    """Let somebody back in; what they owned before does not return to them by itself, and a last
    day that was recorded is over.

    They are back after all that they did before: whoever asks for this may have waited while they
    said yes, left, and so have a moment that lies before (reliability.md, proof o).
    """
    _require_manager(by)
    locked = _locked(person)
    if locked.is_active:
        raise Refused(f"{locked} is already active.", rule="already_active")
    before = last_act_of(locked.pk)
    since = at if before is None or before < at else before + INSTANT
    _set_active(locked, active=True, at=since)
    append([Entry("person.reactivated", _subject(locked), actor_id=by.pk if by else None)], at=at)
    person.is_active, person.active_since, person.leaves_on = True, since, None


def _set_active(person: Person, *, active: bool, at: datetime) -> None:
    person.is_active = active
    if active:
        person.active_since, person.leaves_on = at, None
    else:
        person.inactive_since = at
    person.save(update_fields=["is_active", "active_since", "inactive_since", "leaves_on"])


@records_refusals("person.leaving")
def record_leaving(*, person: Person, day: date | None, by: Person | None, at: datetime) -> Person:
    """Say which day is somebody's last, or, with none, that they stay after all.

    Until it is over nothing changes but that those concerned are warned (product.md P23).
    """
    row = _locked(person)
    if by is not None and not permissions.may_record_leaving(by, row):
        raise Refused(
            "Only they themself, the head of their unit and administrators record this. Ask one "
            "of them.",
            rule="not_theirs",
        )
    if not row.is_active:
        raise Refused(f"{row} is already inactive.", rule="already_inactive")
    if day is not None and day < timezone.localdate(at):
        raise Refused(
            "This day is over. Choose one that lies ahead; an administrator deactivates whoever "
            "has left already.",
            rule="over",
            field="day",
        )
    if row.leaves_on == day:
        return row
    row.leaves_on = day
    row.save(update_fields=["leaves_on"])
    kind = "person.staying" if day is None else "person.leaving"
    append([_entry(kind, _subject(row), by, {"person": row.pk, "day": day})], at=at)
    return row


def deactivate_leavers(*, at: datetime) -> int:
    """Deactivate whoever's last day is over; return how many.

    Called by the sweep before its rules, so that what they owned is flagged by the same run. To
    compare the day wherever somebody's being active is asked would leave raw SQL, and every place
    that was forgotten, with another answer.
    """
    gone = _leavers(at).order_by("pk").values_list("pk", flat=True)
    return sum(_leave(pk, at) for pk in list(gone))


def _leavers(at: datetime) -> QuerySet[Person]:
    return Person.objects.filter(is_active=True, leaves_on__lt=timezone.localdate(at))


@transaction.atomic
def _leave(pk: int, at: datetime) -> int:
    """One of them, under their lock; whom somebody else holds waits for the next run."""
    lock = _leavers(at).select_for_update(no_key=True, skip_locked=True)
    person = lock.filter(pk=pk).first()
    if person is None:
        return 0
    _set_active(person, active=False, at=at)
    append([_entry("person.deactivated", _subject(person), None, {"day": person.leaves_on})], at=at)
    return 1


def date_inactivity(*, at: datetime) -> int:
    """Say since when people are inactive who were made so by raw SQL, which says nothing; return
    how many. Called by the sweep, since a role that is held by nobody is counted in days."""
    undated = Q(inactive_since=None) | Q(inactive_since__lt=F("active_since"))
    return Person.objects.filter(undated, is_active=False).update(inactive_since=at)


@records_refusals("group.join")
def join(*, person: Person, group: Group, by: Person | None, at: datetime) -> Membership:
    """Put a person into a group; somebody who has left would sign for it again on their return."""
    _require_manager(by)
    if not _locked(person).is_active:
        raise Refused(
            f"{person} is inactive. Reactivate them first.", rule="inactive", field="person"
        )
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


@records_refusals("unit.save")
def save_unit(
    *,
    unit: Unit | None,
    name: str,
    parent: Unit | None,
    head: Person | None,
    by: Person | None,
    at: datetime,
) -> Unit:
    """Add a unit, or change one: its name, the unit above it, its head.

    All units are locked: two moves at once, each harmless, could close a circle together.
    """
    _require_manager(by)
    units = {row.pk: row for row in Unit.objects.select_for_update(no_key=True).order_by("pk")}
    row = Unit() if unit is None else units[unit.pk]
    kind = "unit.added" if unit is None else "unit.edited"
    if any(other.name == name.strip() and other.pk != row.pk for other in units.values()):
        raise Refused(f"There is a unit {name.strip()} already.", rule="name_taken", field="name")
    if parent is not None and unit is not None and _is_within(units, parent.pk, unit.pk):
        raise Refused(
            f"{parent} is this unit itself, or below it. Choose a unit above it, or none.",
            rule="circle",
            field="parent",
        )
    fields = _taken_over(row, name=name.strip(), parent=parent, head=head)
    if fields:
        append([_entry(kind, f"unit:{row.pk}", by, _said(row, fields))], at=at)
    return row


def _is_within(units: dict[int, Unit], pk: int | None, top: int) -> bool:
    """Whether a unit is this one or below it; a circle that raw SQL made ends the walk."""
    seen: set[int] = set()
    while pk is not None and pk not in seen:
        if pk == top:
            return True
        seen.add(pk)
        pk = units[pk].parent_id
    return False


def pass_on_unit(*, unit: Unit, to: Person, by: Person) -> Entry:
    """Give a unit to another head, and return what the log has to say of it. Called by the action
    it belongs to, which holds the unit's lock and writes the event."""
    unit.head = to
    unit.save(update_fields=["head"])
    return _entry("unit.edited", f"unit:{unit.pk}", by, {"head": to.pk})


@records_refusals("group.save")
def save_group(*, key: str, name: str, by: Person | None, at: datetime) -> Group:
    """Add the group of this key, or rename it; the key stays, because the policy names it."""
    _require_manager(by)
    group = Group.objects.select_for_update(no_key=True).filter(key=key).first()
    kind = "group.added" if group is None else "group.renamed"
    row = group or Group(key=key)
    if _taken_over(row, name=name.strip()):
        changed: dict[str, Value] = {"group": key, "name": Words(row.name)}
        append([_entry(kind, f"group:{row.pk}", by, changed)], at=at)
    return row


def _taken_over(row: Person | Unit | Group, **values: Any) -> list[str]:
    """Store what differs, and say which fields those are; of a new row, all that are not empty."""
    fields = [name for name, value in values.items() if getattr(row, name) != value]
    for name in fields:
        setattr(row, name, values[name])
    if fields:
        row.save(update_fields=None if row.pk is None else fields)
    return fields


def _said(row: Person | Unit, fields: list[str]) -> dict[str, Value]:
    """The new values as an event holds them: ids of rows, and what was typed as words."""
    values = {name: getattr(row, name) for name in fields}
    return {
        name: Words(value) if isinstance(value, str) else getattr(value, "pk", None)
        for name, value in values.items()
    }


def _entry(kind: str, subject: str, by: Person | None, changed: dict[str, Value]) -> Entry:
    return Entry(kind, subject, actor_id=by.pk if by else None, changed=changed)


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

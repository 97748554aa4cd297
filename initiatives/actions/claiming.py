"""Answering for all that is said to be one's own: mine, or somebody else's (product.md §2, "Day
one is quiet"). What can no longer be answered is left as it is, and said."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from accounts import actions as people
from accounts.models import Person
from audit.actions import Entry, Value, Words, append
from audit.refusals import Refused, records_refusals
from initiatives import permissions
from initiatives.actions import writing
from initiatives.models import Initiative, Ownership
from initiatives.stages import Stage


@dataclass(frozen=True, slots=True)
class Claimed:
    """What an answer for many did: the rows it answered, and those it left as they were."""

    answered: list[Ownership]
    left: list[Ownership]

    @property
    def initiatives(self) -> dict[int, Initiative]:
        return {row.initiative_id: row.initiative for row in self.answered}


@records_refusals("ownership.accept")
def accept_all(*, ownerships: Iterable[Ownership], by: Person, at: datetime) -> Claimed:
    """Say of all of them: yes, I answer for this."""
    rows = _locked(ownerships)
    asked = [row for row in rows if _waits_for(row, by)]
    for row in asked:
        row.accepted_at = at
    Ownership.objects.bulk_update(asked, ["accepted_at"])
    ids = {row.initiative_id for row in asked}
    writing.mark_all_changed(ids, by=by, at=at, material=False)
    append([_entry("ownership.accepted", row, by) for row in asked], at=at)
    return Claimed(asked, [row for row in rows if row not in asked])


@records_refusals("ownership.decline")
def disown(
    *,
    ownerships: Iterable[Ownership],
    by: Person,
    at: datetime,
    instead: Person | None = None,
    email: str = "",
    name: str = "",
    comment: str = "",
) -> Claimed:
    """Say of all of them: not mine; and whose, where that is known: they are asked then.

    Somebody unknown is named by their `email`, and is invited. Like in `ask` the person is locked
    first and checked, then the initiatives, then the log.
    """
    named = _named(instead, email)
    rows = _locked(ownerships)
    asked = [row for row in rows if _waits_for(row, by)]
    if named is not None:
        _require_askable(named, asked, by, field="email" if email else "person")
    elif email and asked:
        named = people.invite(email=email, name=name, by=by, at=at)
    for row in asked:
        row.declined_at, row.accepted_at, row.comment = at, None, comment
    Ownership.objects.bulk_update(asked, ["declined_at", "accepted_at", "comment"])
    said: dict[str, Value] = {"comment": Words(comment)} if comment else {}
    entries = [_entry("ownership.declined", row, by, said) for row in asked]
    if named is not None:
        entries += _ask_instead(asked, named, by, at)
    writing.mark_all_changed({row.initiative_id for row in asked}, by=by, at=at)
    append(entries, at=at)
    return Claimed(asked, [row for row in rows if row not in asked])


def _named(instead: Person | None, email: str) -> Person | None:
    """Whoever is named, locked, if they are here at all."""
    if instead is None and not email:
        return None
    which = {"pk": instead.pk} if instead else {"email": email.strip().lower()}
    return Person.objects.select_for_update(no_key=True).filter(**which).first()


def _locked(ownerships: Iterable[Ownership]) -> list[Ownership]:
    """The rows as they are now, in the order in which their initiatives were locked."""
    found = list(ownerships)
    ids = {row.initiative_id for row in found}
    lock = Initiative.objects.select_for_update(of=("self",)).filter(pk__in=ids).order_by("pk")
    locked = {row.pk: row for row in lock}
    rows = Ownership.objects.filter(pk__in=[row.pk for row in found]).select_related("person")
    current = list(rows.order_by("initiative_id", "pk"))
    for row in current:
        row.initiative = locked[row.initiative_id]
    return current


def _waits_for(row: Ownership, by: Person) -> bool:
    """Whether it is theirs to answer still."""
    lives = row.initiative.stage != Stage.RETIRED
    return lives and not row.counts and permissions.may_answer_for(by, row)


def _require_askable(named: Person, asked: list[Ownership], by: Person, *, field: str) -> None:
    """Refuse oneself, whoever has left, and whoever declined the same: or it would go in rings."""
    if named.pk == by.pk:
        raise Refused("Name somebody else, or nobody.", rule="oneself", field=field)
    if not named.is_active:
        raise Refused(
            f"{named} is no longer here. Choose somebody who is.",
            rule="owner_inactive",
            field=field,
        )
    said_no = Ownership.objects.filter(person=named, declined_at__isnull=False, ended_at=None)
    declined = set(said_no.values_list("initiative_id", "role"))
    for row in asked:
        if (row.initiative_id, row.role) in declined:
            raise Refused(
                f"{named} said already that {row.initiative.reference} is not theirs. Name "
                "somebody else, or say that you do not know whose it is.",
                rule="declined_before",
                field=field,
            )


def _ask_instead(declined: list[Ownership], named: Person, by: Person, at: datetime) -> list[Entry]:
    """At the same moment as the other answered: so it shows who was handed it by whom."""
    asked = [
        Ownership(initiative=row.initiative, role=row.role, person=named, asked_at=at, asked_by=by)
        for row in declined
    ]
    Ownership.objects.bulk_create(asked)
    return [
        _entry("ownership.asked", row, by, {"instead_of": before.person_id})
        for row, before in zip(asked, declined, strict=True)
    ]


def _entry(kind: str, row: Ownership, by: Person, said: dict[str, Value] | None = None) -> Entry:
    changed: dict[str, Value] = {"role": row.role, "person": row.person_id, **(said or {})}
    return writing.entry(kind, row.initiative, by, changed, subject=f"ownership:{row.pk}")

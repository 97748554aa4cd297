"""Handing over what somebody owns: asked in one step, answered in one (product.md §6.13)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from accounts import actions as people
from accounts.models import Person, Unit
from audit.actions import Entry, Value, Words, append
from audit.refusals import Refused, records_refusals
from initiatives.actions.handing_over import MOVES as OF_INITIATIVES
from initiatives.actions.handing_over import Move
from initiatives.models import HandOver, HandOverItem, Initiative, OpenToPerson
from reviews import belongings, permissions
from reviews.actions.reviewing import review_entry
from reviews.belongings import Belonging
from reviews.models import Question


@records_refusals("hand_over.ask")
def ask_to_take_over(
    *,
    giver: Person,
    receiver: Person,
    subjects: Iterable[str],
    by: Person,
    at: datetime,
    reason: str = "",
) -> HandOver:
    """Ask somebody to take over what another owns, all of it or a part; until they accept nothing
    moves. The giver may have left already."""
    if not permissions.may_hand_over(by, giver):
        raise Refused(
            "Only they themself, portfolio leads and administrators hand over what somebody owns.",
            rule="not_theirs",
        )
    locked = _locked(giver, receiver)
    _require_can_take(locked[receiver.pk], giver, field="receiver")
    chosen = _chosen(giver, set(subjects), by)
    if HandOver.objects.open().filter(giver=giver, receiver=receiver).exists():
        raise Refused(
            f"{receiver} was asked already and has not answered. Take that back first.",
            rule="asked_already",
            field="receiver",
        )
    asked = HandOver.objects.create(
        giver=giver, receiver=receiver, asked_by=by, asked_at=at, reason=reason.strip()
    )
    HandOverItem.objects.bulk_create(
        HandOverItem(hand_over=asked, subject=b.subject, initiative=b.initiative) for b in chosen
    )
    changed: dict[str, Value] = {"items": len(chosen)}
    changed |= {"reason": Words(asked.reason)} if asked.reason else {}
    append([_entry("hand_over.asked", asked, by, changed)], at=at)
    return asked


def _locked(*wanted: Person) -> dict[int, Person]:
    """Lock people by ascending id: two who hand over to each other never wait in a ring."""
    ids = [person.pk for person in wanted]
    rows = Person.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk")
    return {person.pk: person for person in rows}


def _require_can_take(receiver: Person, giver: Person, *, field: str | None = None) -> None:
    """Somebody else, who is here and stays."""
    if receiver.pk == giver.pk:
        raise Refused("Choose somebody else.", rule="oneself", field=field)
    if not receiver.is_active:
        raise Refused(
            f"{receiver} is no longer here. Choose somebody who is.", rule="inactive", field=field
        )
    if receiver.leaves_on is not None:
        raise Refused(
            f"{receiver} leaves on {receiver.leaves_on:%-d %b %Y}. Choose somebody who stays.",
            rule="leaving",
            field=field,
        )


def _chosen(giver: Person, wanted: set[str], by: Person) -> list[Belonging]:
    if not wanted:
        raise Refused("Choose what is handed over.", rule="nothing_chosen", field="subjects")
    if wanted & belongings.offered_by(giver):
        raise Refused(
            "Some of it was offered to somebody who has not answered yet. Take that back first, "
            "or leave it out.",
            rule="offered_already",
            field="subjects",
        )
    chosen = [b for b in belongings.of(giver, seen_by=by) if b.subject in wanted]
    if len(chosen) < len(wanted):
        raise Refused(
            f"Some of it is not {giver}'s any more. Open the page again and choose.",
            rule="not_the_givers",
            field="subjects",
        )
    return chosen


@records_refusals("hand_over.accept")
def take_over(
    *,
    hand_over: HandOver,
    subjects: Iterable[str],
    by: Person,
    at: datetime,
    hours: Mapping[int, int] | None = None,
    in_objectives: bool = False,
) -> HandOver:
    """Accept all of it or a part: each thing changes hands now, in one transaction.

    `hours` are those a month that the receiver has for what they run in production, by the number
    of the ownership, and all of that has to be among their objectives (product.md P16). What is the
    giver's no more stays where it is.
    """
    wanted = set(subjects)
    items = [item for item in hand_over.items.all() if item.subject in wanted]
    locked = _locked(hand_over.giver, hand_over.receiver)
    rows = _locked_initiatives(items)
    row = _locked_open(hand_over)
    if not permissions.may_take_over(by, row):
        raise Refused("Only the person who was asked can answer.", rule="not_asked")
    _require_can_take(locked[row.receiver_id], row.giver)
    move = Move(row, at, hours or {}, in_objectives)
    kept = [(item, held) for item in items if (held := _held(item, move)) is not None]
    _require_something(kept, move)
    entries = [entry for item, held in kept for entry in _moved(item, held, move)]
    _open_restricted(rows, [item for item, _ in kept], move)
    _answer(row, HandOver.Answer.ACCEPTED, at)
    changed: dict[str, Value] = {"items": len(kept)}
    append([*entries, _entry("hand_over.accepted", row, by, changed)], at=at)
    return row


def _locked_initiatives(items: Iterable[HandOverItem]) -> list[Initiative]:
    ids = {item.initiative_id for item in items if item.initiative_id is not None}
    rows = Initiative.objects.select_for_update(of=("self",)).filter(pk__in=ids)
    return list(rows.order_by("pk"))


def _locked_open(hand_over: HandOver) -> HandOver:
    """The hand-over as it stands, after people and initiatives; refused once it was answered."""
    lock = HandOver.objects.select_for_update(of=("self",))
    row = lock.select_related("giver", "receiver", "asked_by").get(pk=hand_over.pk)
    if not row.is_open:
        raise Refused("This was answered, or taken back, in the meantime.", rule="answered")
    return row


def _held(item: HandOverItem, move: Move) -> Any:
    """The thing itself while it is the giver's; None once it was closed or given to another."""
    kind, _, pk = item.subject.partition(":")
    return belongings.THEIRS[kind](move.hand_over.giver).filter(pk=int(pk)).first()


def _require_something(kept: list[tuple[HandOverItem, Any]], move: Move) -> None:
    if not kept:
        raise Refused(
            "Choose what you take over, or decline all of it.",
            rule="nothing_chosen",
            field="subjects",
        )
    _require_said([held.pk for _, held in kept if belongings.asks_hours(held)], move)


def _require_said(run: list[int], move: Move) -> None:
    """P16, of what they are to run."""
    if not set(run) <= move.hours.keys():
        raise Refused(
            "Say how many hours a month you have for each system that you run.",
            rule="hours_missing",
            field="subjects",
        )
    if run and not move.in_objectives:
        raise Refused(
            "Say that what you run is among your objectives; if it is not, speak to whoever agrees "
            "on them first.",
            rule="objectives_missing",
            field="in_objectives",
        )


def _moved(item: HandOverItem, held: Any, move: Move) -> list[Entry]:
    kind = item.subject.partition(":")[0]
    item.moved_at = move.at
    item.save(update_fields=["moved_at"])
    return MOVES[kind](held, move)


def _open_restricted(rows: list[Initiative], moved: list[HandOverItem], move: Move) -> None:
    """Whoever takes over no role has to see all the same what they answer for; a role shows it."""
    ids = {item.initiative_id for item in moved if not item.subject.startswith("ownership:")}
    for row in rows:
        if row.is_restricted and row.pk in ids:
            OpenToPerson.objects.get_or_create(
                initiative=row, person=move.to, defaults={"opened_at": move.at}
            )


def _question(asked: Question, move: Move) -> list[Entry]:
    asked.asked_of = move.to
    asked.save(update_fields=["asked_of"])
    Initiative.objects.filter(pk=asked.initiative_id).update(touched_at=move.at)
    changed: dict[str, Value] = {"question": Words(asked.text), "person": move.to.pk}
    return [review_entry("review.question_handed_over", asked.review, move.to, changed)]


def _unit(headed: Unit, move: Move) -> list[Entry]:
    lock = Unit.objects.select_for_update(no_key=True)
    still = lock.filter(pk=headed.pk, head=move.hand_over.giver)
    return [people.pass_on_unit(unit=unit, to=move.to, by=move.to) for unit in still]


MOVES: Mapping[str, Callable[[Any, Move], list[Entry]]] = MappingProxyType(
    dict(OF_INITIATIVES) | {"question": _question, "unit": _unit}
)


@records_refusals("hand_over.decline")
def decline_to_take_over(*, hand_over: HandOver, reason: str, by: Person, at: datetime) -> HandOver:
    """Take over nothing of it, and say why: whoever asked finds somebody else."""
    row = _locked_open(hand_over)
    if not permissions.may_take_over(by, row):
        raise Refused("Only the person who was asked can answer.", rule="not_asked")
    if not reason.strip():
        raise Refused("Say why, for whoever asked.", rule="reason_missing", field="reason")
    _answer(row, HandOver.Answer.DECLINED, at, reason.strip())
    changed: dict[str, Value] = {"reason": Words(row.comment)}
    append([_entry("hand_over.declined", row, by, changed)], at=at)
    return row


@records_refusals("hand_over.withdraw")
def withdraw_hand_over(*, hand_over: HandOver, by: Person, at: datetime) -> HandOver:
    """Take back what was offered, while it has no answer."""
    row = _locked_open(hand_over)
    if not permissions.may_withdraw_hand_over(by, row):
        raise Refused(
            "Whoever asked takes it back, the person it is about, or a portfolio lead.",
            rule="not_theirs",
        )
    _answer(row, HandOver.Answer.WITHDRAWN, at)
    append([_entry("hand_over.withdrawn", row, by, {})], at=at)
    return row


def _answer(row: HandOver, answer: str, at: datetime, comment: str = "") -> None:
    row.answer, row.answered_at, row.comment = answer, at, comment
    row.save(update_fields=["answer", "answered_at", "comment"])


def _entry(kind: str, row: HandOver, by: Person, changed: Mapping[str, Value]) -> Entry:
    between: dict[str, Value] = {"giver": row.giver_id, "person": row.receiver_id}
    return Entry(kind, f"handover:{row.pk}", actor_id=by.pk, changed=between | dict(changed))

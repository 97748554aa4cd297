"""Whether what is owed is still due: asked right before it is sent, for a batch at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from accounts.models import Person
from initiatives import facts as initiative_facts
from initiatives.models import HandOver, Initiative, Obligation
from notifications import ladders
from notifications.actions.handing_over import is_something_left
from notifications.actions.hearing import unanswered_ownerships, waiting
from notifications.actions.planning import subject_of
from notifications.models import Flag, Reminder
from notifications.rules import RULES
from reviews import signing
from reviews.models import Override, Question, Review, SignOff


def undue(reminders: list[Reminder]) -> set[int]:
    """Ids of those that nobody needs to hear any more, or whose recipient may not.

    A kind that is not in the table raises: nothing is sent without having been asked about.
    """
    by_kind: dict[str, list[Reminder]] = {}
    for reminder in reminders:
        by_kind.setdefault(reminder.kind, []).append(reminder)
    over = {pk for kind, rows in by_kind.items() for pk in STILL_DUE[kind](rows)}
    return over | _not_for_their_eyes(reminders)


def _of_closed_flags(reminders: list[Reminder]) -> set[int]:
    flags = Flag.objects.open().filter(initiative__in={r.initiative_id for r in reminders})
    still = {(RULES[f.rule].reminds, subject_of(f), f.due_date) for f in flags}
    return {r.pk for r in reminders if (r.kind, r.subject, r.due_date) not in still}


def _of_signatures_given(reminders: list[Reminder]) -> set[int]:
    reviews = {r.pk: _id(r) for r in reminders}
    waits = _waiting_in(set(reviews.values()))
    return {r.pk for r in reminders if (reviews[r.pk], r.recipient_id) not in waits}


def _of_signatures_renewed(reminders: list[Reminder]) -> set[int]:
    signatures = SignOff.objects.filter(pk__in={_id(r) for r in reminders})
    reviews = dict(signatures.values_list("pk", "review_id"))
    waits = _waiting_in(set(reviews.values()))
    return {r.pk for r in reminders if (reviews[_id(r)], r.recipient_id) not in waits}


def _waiting_in(ids: set[int]) -> set[tuple[int, int]]:
    """Which open reviews wait for whom, by the evidence as it was last noticed."""
    found = list(Review.objects.open().filter(pk__in=ids).select_related("initiative"))
    known = initiative_facts.load({review.initiative_id for review in found}) if found else {}
    return {
        (review.pk, person.pk)
        for review in found
        for person, _ in waiting(
            signing.states(review, known[review.initiative_id], review.snapshot_id)
        )
    }


def _of_ownerships_answered(reminders: list[Reminder]) -> set[int]:
    unanswered = unanswered_ownerships().filter(pk__in={_id(r) for r in reminders})
    still = set(unanswered.values_list("pk", "person_id"))
    return {r.pk for r in reminders if (_id(r), r.recipient_id) not in still}


def _of_obligations_done(reminders: list[Reminder]) -> set[int]:
    owed = Obligation.objects.open().filter(pk__in={_id(r) for r in reminders})
    still = set(owed.values_list("pk", "assignee_id"))
    return {r.pk for r in reminders if (_id(r), r.recipient_id) not in still}


def _of_questions_over(reminders: list[Reminder]) -> set[int]:
    """Nobody answers what has been answered, or what is asked about a review that is closed."""
    rows = Question.objects.filter(answered_at=None, review__closed_at=None)
    still = set(rows.filter(pk__in={_id(r) for r in reminders}).values_list("pk", flat=True))
    return {r.pk for r in reminders if _id(r) not in still}


def _none(reminders: list[Reminder]) -> set[int]:
    """What was said once stays worth reading."""
    return set()


def _of_overrides_signed(reminders: list[Reminder]) -> set[int]:
    asked = Override.objects.proposed().filter(pk__in={_id(r) for r in reminders})
    still = set(asked.values_list("pk", flat=True))
    return {r.pk for r in reminders if _id(r) not in still}


def _of_hand_overs_answered(reminders: list[Reminder]) -> set[int]:
    asked = HandOver.objects.open().filter(pk__in={_id(r) for r in reminders})
    still = set(asked.values_list("pk", flat=True))
    return {r.pk for r in reminders if _id(r) not in still}


def _of_hand_overs_found_for(reminders: list[Reminder]) -> set[int]:
    """Nobody has to look for somebody to take over what has found somebody, or is closed."""
    rows = HandOver.objects.filter(pk__in={_id(r) for r in reminders})
    named = rows.select_related("giver", "asked_by")
    still = {row.pk for row in named if is_something_left(row)}
    return {r.pk for r in reminders if _id(r) not in still}


def _of_days_moved(reminders: list[Reminder]) -> set[int]:
    """A last day that was moved, or taken back, is not the one that was told of."""
    leaving = Person.objects.filter(pk__in={_id(r) for r in reminders}, is_active=True)
    still = set(leaving.values_list("pk", "leaves_on"))
    return {r.pk for r in reminders if (_id(r), r.due_date) not in still}


def _id(reminder: Reminder) -> int:
    return int(reminder.subject.partition(":")[2])


STILL_DUE: dict[str, Callable[[list[Reminder]], set[int]]] = {
    **dict.fromkeys(ladders.LADDERS, _of_closed_flags),
    "sign_off_asked": _of_signatures_given,
    "sign_off_stale": _of_signatures_renewed,
    "sign_off_lapsed": _of_signatures_renewed,
    "ownership_asked": _of_ownerships_answered,
    "obligation_owed": _of_obligations_done,
    "question_asked": _of_questions_over,
    **dict.fromkeys(("question_answered", "mentioned", "sign_off_receipt"), _none),
    "override_asked": _of_overrides_signed,
    "hand_over_asked": _of_hand_overs_answered,
    "hand_over_answered": _of_hand_overs_found_for,
    "leaving_recorded": _of_days_moved,
}


def _not_for_their_eyes(reminders: list[Reminder]) -> set[int]:
    """Those to people who are no longer active, or may not see the initiative (any longer)."""
    ids = {r.initiative_id for r in reminders if r.initiative_id is not None}
    restricted = set(
        Initiative.objects.filter(pk__in=ids, is_restricted=True).values_list("pk", flat=True)
    )
    hidden = _hidden([r for r in reminders if r.initiative_id in restricted])
    return hidden | {r.pk for r in reminders if not r.recipient.is_active}


def _hidden(reminders: Iterable[Reminder]) -> set[int]:
    by_person: dict[Person, list[Reminder]] = {}
    for reminder in reminders:
        by_person.setdefault(reminder.recipient, []).append(reminder)
    hidden: set[int] = set()
    for person, rows in by_person.items():
        ids = {r.initiative_id for r in rows if r.initiative_id is not None}
        seen = set(
            Initiative.objects.filter(pk__in=ids).visible_to(person).values_list("pk", flat=True)
        )
        hidden |= {r.pk for r in rows if r.initiative_id not in seen}
    return hidden

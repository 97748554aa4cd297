"""Whether what is owed is still due: asked right before it is sent, for a batch at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime

from django.db.models import Max
from django.utils import timezone

from accounts.models import Person
from accounts.permissions import is_lead
from initiatives import facts as initiative_facts
from initiatives.models import HandOver, Initiative, Obligation
from initiatives.permissions import may_confirm_triage
from notifications import ladders, preferences, queries
from notifications.actions import awaiting, offering, planning, queueing, refused
from notifications.actions.handing_over import is_something_left
from notifications.actions.hearing import waiting
from notifications.models import Flag, Reminder, snoozed, subject_of
from notifications.preferences import DIGEST
from notifications.rules import RULES
from reviews import queries as policies
from reviews import signing
from reviews.models import Override, Question, RetirementRequest, Review, SignOff
from reviews.policy import Ladder


def undue(reminders: list[Reminder], at: datetime) -> set[int]:
    """Ids of those that nobody needs to hear any more, or whose recipient may not.

    After an outage a newer step may have come, which the next sweep owes instead.
    A kind that is not in the table raises: nothing is sent without having been asked about.
    """
    by_kind: dict[str, list[Reminder]] = {}
    for reminder in reminders:
        by_kind.setdefault(reminder.kind, []).append(reminder)
    digests = by_kind.pop(DIGEST, [])
    over = {pk for kind, rows in by_kind.items() for pk in STILL_DUE[kind](rows)}
    over |= _overtaken(reminders, timezone.localdate(at)) | _of_weeks_without_news(digests, at)
    return over | _not_for_their_eyes(reminders)


def _of_weeks_without_news(digests: list[Reminder], at: datetime) -> set[int]:
    """Digests that have nothing to say to their reader."""
    found = {row.pk: queries.weekly(row.recipient, row.due_date, at) for row in digests}
    return {pk for pk, weekly in found.items() if not weekly.sections}


def _overtaken(reminders: list[Reminder], today: date) -> set[int]:
    ladder = policies.current_policy().reminders
    over = _overtaken_by_a_step(reminders, ladder, today) | _asked_long_ago(
        [row for row in reminders if row.kind == awaiting.ASKED], ladder, today
    )
    offered = (row for row in reminders if row.kind == offering.ASKED)
    return over | {row.pk for row in offered if row.step < offering.newest(row.due_date, today)}


def _overtaken_by_a_step(reminders: list[Reminder], ladder: Ladder, today: date) -> set[int]:
    steps = {kind: ladders.LADDERS[kind](ladder) for kind in ladders.LADDERS}
    newest = {
        row: step
        for row in reminders
        if row.kind in steps and (step := ladders.newest(steps[row.kind], row.due_date, today))
    }
    older = {row: step for row, step in newest.items() if step.days > row.step}
    flagged = {row.initiative_id for row in older if row.initiative_id is not None}
    lately = planning.newcomers(flagged, today) if flagged else {}
    return {
        row.pk
        for row, step in older.items()
        if not any(
            person == row.recipient_id
            and ladders.missed(steps[row.kind], row.due_date, step, role, day)
            for role, person, day in lately.get(row.initiative_id or 0, ())
        )
    }


def _asked_long_ago(reminders: list[Reminder], ladder: Ladder, today: date) -> set[int]:
    """Requests of before the day of the newest step; and that step, where somebody was asked
    otherwise since."""
    reviews = Review.objects.in_bulk({_id(row) for row in reminders}) if reminders else {}
    steps = {pk: awaiting.newest(ladder, review, today) for pk, review in reviews.items()}
    days = {row.pk: step.day for row in reminders if (step := steps[_id(row)])}
    before = {
        row.pk
        for row in reminders
        if row.pk in days and timezone.localdate(row.planned_at) < days[row.pk]
    }
    again = [row for row in reminders if row.step > 0 and row.pk in days]
    return before | awaiting.asked_anew(again, days)


def _of_closed_flags(reminders: list[Reminder]) -> set[int]:
    """Neither does anybody hear of what was snoozed since."""
    flags = Flag.objects.open().filter(initiative__in={r.initiative_id for r in reminders})
    flags = flags.exclude(snoozed())
    rows = flags.order_by().values_list("rule", "subject", "initiative_id", "due_date")
    still = {
        (RULES[rule].reminds, subject_of(subject, initiative_id), due)
        for rule, subject, initiative_id, due in rows
    }
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
    still = queries.asked({r.recipient_id for r in reminders})
    return {r.pk for r in reminders if r.recipient_id not in still}


def _of_silences_broken(reminders: list[Reminder]) -> set[int]:
    """Of what nobody is silent about any more, or of whom somebody else hears by now."""
    heads = queries.heads()
    still = {
        (question.day, head.pk)
        for questions in queries.asked().values()
        for question in questions
        for head in heads.of(question)
    }
    return {r.pk for r in reminders if (r.due_date, r.recipient_id) not in still}


def _of_requests_decided(reminders: list[Reminder]) -> set[int]:
    """Nor does whoever leads no more hear by name of what may be restricted."""
    waits = RetirementRequest.objects.open().exists()
    return {r.pk for r in reminders if not (waits and is_lead(r.recipient))}


def _of_triages_confirmed(reminders: list[Reminder]) -> set[int]:
    people = {r.recipient_id: r.recipient for r in reminders}
    still = {
        pk
        for pk, person in people.items()
        if may_confirm_triage(person) and queueing.waiting_for(person).exists()
    }
    return {r.pk for r in reminders if r.recipient_id not in still}


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
    """A last day that was moved, or taken back, is not the one that was told of; nor is one told of
    that was said again since."""
    people = {r.recipient_id for r in reminders}
    leaving = Person.objects.filter(pk__in=people, is_active=True)
    still = set(leaving.values_list("pk", "leaves_on"))
    told = Reminder.objects.filter(kind="leaving_recorded", recipient__in=people).order_by()
    last = set(told.values("recipient").annotate(last=Max("pk")).values_list("last", flat=True))
    return {
        r.pk for r in reminders if (r.recipient_id, r.due_date) not in still or r.pk not in last
    }


def _of_mails_sent_again(reminders: list[Reminder]) -> set[int]:
    return set() if refused.given_up().exists() else {r.pk for r in reminders}


def _id(reminder: Reminder) -> int:
    return int(reminder.subject.partition(":")[2])


OFFERED = (offering.ASKED, offering.SILENT)
# What only is to be read.
NEWS = preferences.NEWS | preferences.KEPT
STILL_DUE: dict[str, Callable[[list[Reminder]], set[int]]] = {
    **dict.fromkeys(ladders.LADDERS, _of_closed_flags),
    "sign_off_asked": _of_signatures_given,
    "sign_off_stale": _of_signatures_renewed,
    "sign_off_lapsed": _of_signatures_renewed,
    **dict.fromkeys(("ownership_asked", "ownership_chased"), _of_ownerships_answered),
    "ownership_silent": _of_silences_broken,
    queueing.DEAD: _of_requests_decided,
    queueing.TRIAGES: _of_triages_confirmed,
    "obligation_owed": _of_obligations_done,
    "question_asked": _of_questions_over,
    **dict.fromkeys(NEWS, _none),
    "override_asked": _of_overrides_signed,
    **dict.fromkeys(OFFERED, _of_hand_overs_answered),
    "hand_over_answered": _of_hand_overs_found_for,
    "leaving_recorded": _of_days_moved,
    refused.KIND: _of_mails_sent_again,
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

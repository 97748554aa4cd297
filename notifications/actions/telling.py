"""What people said or signed, as what others hear of it: questions, answers, things to see to, and
the receipt of a signature."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta

from django.urls import reverse
from django.utils import timezone

from accounts.mentions import mentioned
from accounts.models import Person
from audit import queries as audit
from audit.queries import EventRecord
from initiatives.models import Obligation
from initiatives.models.obligations import ObligationKind
from initiatives.permissions import may_know_of
from notifications.models import Reminder
from notifications.rules.words import called, in_words
from reviews import queries as reviews
from reviews.models import Question, Review, SignOff

Ids = list[int]
NEWS = timedelta(days=7)
# What stopping leaves to be done: several of these are often given to one person on one day.
LEFT: dict[str, str] = {
    ObligationKind.ACCESS: "access is revoked",
    ObligationKind.DELETION: "its data is deleted or kept",
    ObligationKind.SPEND: "spend has stopped",
}


def reminders_of(events: list[EventRecord], at: datetime) -> Iterator[Reminder]:
    """Say whom these events make us owe what; what was said long ago is no news any more."""
    yield from _owed(_ids(events, "obligation.owed"), at)
    yield from _asked(_questions(events, "review.question_asked"), at)
    lately = [event for event in events if event.at >= at - NEWS]
    yield from _answered(_questions(lately, "review.question_answered"), at)
    yield from _receipts([event for event in lately if event.kind == "review.signed"], at)


def _ids(events: Iterable[EventRecord], kind: str) -> Ids:
    return [int(e.subject.partition(":")[2]) for e in events if e.kind == kind]


def _questions(events: Iterable[EventRecord], kind: str) -> list[Question]:
    ids = [str(e.changed["question_id"]) for e in events if e.kind == kind]
    rows = Question.objects.filter(pk__in=ids) if ids else Question.objects.none()
    return list(rows.select_related("review__initiative", "asked_by", "asked_of", "answered_by"))


def _owed(ids: Ids, at: datetime) -> Iterator[Reminder]:
    """Whoever is to see to something hears of it with their next mail."""
    rows = Obligation.objects.open().filter(pk__in=ids) if ids else Obligation.objects.none()
    for row in rows.select_related("initiative", "assignee", "agreed_by"):
        yield Reminder(
            kind="obligation_owed",
            subject=f"obligation:{row.pk}",
            initiative_id=row.initiative_id,
            due_date=row.due_date,
            step=0,
            recipient=row.assignee,
            says=f"{_to_do(row)}: {called(row.initiative)}",
            detail=row.what,
            why=_gave(row),
            path=reverse("initiatives:confirm_obligation", args=[row.pk]),
            planned_at=at,
        )


def _gave(row: Obligation) -> str:
    if row.agreed_by == row.assignee:
        return "You took it on."
    by = row.agreed_by.name if row.agreed_by else "Gatehouse"
    approved = "approved under this condition, and "
    return f"{by} {approved if row.kind == ObligationKind.CONDITION else ''}gave it to you."


def _to_do(row: Obligation) -> str:
    """What is to be done, as a subject says it; what an approval or a team agreed on is named in
    the mail."""
    day, left = in_words(row.due_date), LEFT.get(row.kind)
    return f"Confirm by {day} that {left}" if left else f"See to it by {day}"


def _asked(questions: list[Question], at: datetime) -> Iterator[Reminder]:
    """Whoever is asked, unless it has been answered meanwhile, or nobody signs any more."""
    for question in (q for q in questions if q.is_open and q.review.is_open):
        what = f"{called(question.review.initiative)}, {_gate(question.review)}"
        asker = question.asked_by.name
        yield _of_question(
            question,
            question.asked_of,
            at,
            kind="question_asked",
            says=f"Answer {asker}: {what}",
            detail=question.text,
            why=f"{asker} asks you before signing.",
        )
        yield from _mentions(question, question.text, question.asked_by, at)


def _answered(questions: list[Question], at: datetime) -> Iterator[Reminder]:
    for question in questions:
        assert question.answered_by is not None
        what = f"{called(question.review.initiative)}, {_gate(question.review)}"
        yield _of_question(
            question,
            question.asked_by,
            at,
            kind="question_answered",
            says=f"Your question is answered: {what}",
            detail=question.answer,
            why=f"You asked: {question.text}",
        )
        yield from _mentions(question, question.answer, question.answered_by, at, said="answer")


def _mentions(
    question: Question, text: str, by: Person, at: datetime, said: str = "question"
) -> Iterator[Reminder]:
    """Those whose name follows an @, who may know of it and are not told anyway: once for what was
    asked, and once for what was answered."""
    told = {question.asked_by_id, question.asked_of_id, by.pk}
    for person in mentioned(text):
        if person.pk in told or not may_know_of(person, question.review.initiative):
            continue
        yield _of_question(
            question,
            person,
            at,
            kind="mentioned",
            subject=f"review{said}:{question.pk}",
            says=f"{by.name} mentioned you: {called(question.review.initiative)}",
            detail=text,
            why="Your name stands in it.",
        )


def _of_question(
    question: Question, person: Person, at: datetime, *, kind: str, subject: str = "", **said: str
) -> Reminder:
    return Reminder(
        **said,
        kind=kind,
        subject=subject or f"reviewquestion:{question.pk}",
        initiative_id=question.review.initiative_id,
        due_date=timezone.localdate(question.answered_at or question.asked_at),
        step=0,
        recipient=person,
        path=f"{question.review.get_absolute_url()}#questions",
        is_urgent=True,
        planned_at=at,
    )


def _receipts(events: list[EventRecord], at: datetime) -> Iterator[Reminder]:
    """Each signer holds a copy of where the log says what they signed; it can wait."""
    for event in events:
        signature = _signature(event)
        position = audit.position_of(**reviews.signing_event(signature)) if signature else None
        if signature is None or position is None:
            continue
        verdict = signature.get_verdict_display().lower()
        yield Reminder(
            kind="sign_off_receipt",
            subject=f"signoff:{signature.pk}",
            initiative_id=signature.review.initiative_id,
            due_date=_day(signature),
            step=0,
            recipient=signature.signer,
            says=f"Receipt: {called(signature.review.initiative)}, {_gate(signature.review)}",
            detail=(
                f"{verdict.capitalize()} on {signature.signed_at:%Y-%m-%d %H:%M:%S} UTC.\n"
                f"Fingerprint of the evidence:\n{signature.snapshot_id}\n"
                f"Recorded at position {position.seq} of the audit log, hash:\n{position.hash}"
            ),
            why="You signed. Keep this mail: with it the record can be checked at any time.",
            path=reverse("reviews:receipt", args=[signature.pk]),
            planned_at=at,
        )


def _signature(event: EventRecord) -> SignOff | None:
    """The first of the slots that were signed with this event."""
    rows = SignOff.objects.filter(
        review=int(event.subject.partition(":")[2]), signer=event.actor_id, signed_at=event.at
    )
    return rows.select_related("review__initiative", "signer").order_by("slot").first()


def _day(signature: SignOff) -> date:
    return timezone.localdate(signature.signed_at)


def _gate(review: Review) -> str:
    return f"{review.get_gate_display().lower()} review"

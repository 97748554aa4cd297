"""Questions that people ask before they sign, and their answers."""

from datetime import datetime

from accounts import permissions as people
from accounts.models import Person
from audit.actions import Value, Words, append
from audit.refusals import Refused, records_refusals
from initiatives import facts as initiative_facts
from initiatives.models import Initiative
from initiatives.permissions import may_know_of
from reviews import permissions, queries, reviewed
from reviews.actions.reviewing import locked_initiative, review_entry
from reviews.models import Question, Review


@records_refusals("review.ask")
def ask(
    *, review: Review, text: str, asked_of: Person, by: Person, at: datetime, criterion: str = ""
) -> Question:
    """Ask somebody about one criterion of an open review, or about all of it."""
    row = locked_initiative(review.initiative_id)
    stored = Review.objects.select_related("policy").get(pk=review.pk)
    _require_open(stored)
    if people.is_auditor(by) or not by.is_active:
        raise Refused("Auditors look, and change nothing.", rule="only_looks")
    if not text.strip():
        raise Refused("Write your question.", rule="no_question", field="text")
    if criterion and criterion not in reviewed.criteria_of(stored, queries.parsed(stored.policy)):
        raise Refused(
            "This gate does not ask for that. Choose a point of it.",
            rule="unknown_criterion",
            field="criterion",
        )
    if not may_know_of(asked_of, row):
        raise Refused(
            f"{asked_of} cannot see this initiative. Ask one of its owners.",
            rule="cannot_answer",
            field="asked_of",
        )
    question = Question.objects.create(
        review=stored,
        criterion=criterion,
        text=text.strip(),
        asked_of=asked_of,
        asked_at=at,
        asked_by=by,
    )
    Initiative.objects.filter(pk=row.pk).update(touched_at=at)
    said = _about(question) | {"question": Words(question.text), "person": asked_of.pk}
    append([review_entry("review.question_asked", stored, by, said)], at=at)
    return question


def _require_open(review: Review) -> None:
    if not review.is_open:
        raise Refused("This review is closed; nothing is left to ask.", rule="review_closed")


@records_refusals("review.answer")
def answer_question(*, question: Question, answer: str, by: Person, at: datetime) -> Question:
    """Answer a question, once: whoever was asked, or anybody who may change the initiative."""
    row = locked_initiative(question.review.initiative_id)
    stored = Question.objects.select_related("review").get(pk=question.pk)
    _require_open(stored.review)
    if not stored.is_open:
        raise Refused("Somebody has answered this already.", rule="answered")
    if not permissions.may_answer(by, stored, initiative_facts.load_one(row.pk)):
        raise Refused(
            "Whoever was asked answers, or somebody who holds a role here.", rule="not_asked"
        )
    if not answer.strip():
        raise Refused("Write your answer.", rule="no_answer", field="answer")
    stored.answer, stored.answered_at, stored.answered_by = answer.strip(), at, by
    stored.save(update_fields=["answer", "answered_at", "answered_by"])
    Initiative.objects.filter(pk=row.pk).update(touched_at=at)
    said = _about(stored) | {"answer": Words(stored.answer), "person": stored.asked_by_id}
    append([review_entry("review.question_answered", stored.review, by, said)], at=at)
    return stored


def _about(question: Question) -> dict[str, Value]:
    return {"question_id": question.pk, "criterion": question.criterion}

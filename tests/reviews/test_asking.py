from __future__ import annotations

import pytest
from django.test import TestCase
from django.urls import reverse

from accounts import actions as people
from accounts.mentions import mentioned
from accounts.models import Person
from initiatives.models import Initiative
from reviews import actions, queries
from reviews.models import Question
from tests import factories
from tests.factories import NOON
from tests.reviews.scenes import DAY, last_event, refusal


class Asking(TestCase):
    """A charter under review, and compliance who wants to know something."""

    @classmethod
    def setUpTestData(cls):
        cls.cast = factories.make_cast()
        cls.initiative = factories.make_ready_for_charter(cast=cls.cast)
        cls.review = factories.make_review(
            initiative=cls.initiative, by=cls.cast.business_owner, at=NOON - DAY
        )

    def ask(self, text: str = "Which data leaves?", **more) -> Question:
        said = {"asked_of": self.cast.business_owner, "by": self.cast.compliance} | more
        return actions.ask(review=self.review, text=text, at=NOON, **said)

    def answer(self, question: Question, by: Person | None = None, answer: str = "None does."):
        return actions.answer_question(
            question=question, answer=answer, by=by or self.cast.business_owner, at=NOON + DAY
        )


@pytest.mark.embedded
class TestAsk(Asking):
    def test_stores_who_asks_whom_about_what(self):
        asked = self.ask(criterion="data_audit", text="  Which data leaves? ")
        stored = Question.objects.get()
        assert stored == asked
        assert (stored.text, stored.criterion) == ("Which data leaves?", "data_audit")
        assert (stored.asked_by, stored.asked_of) == (
            self.cast.compliance, self.cast.business_owner,
        )  # fmt: skip
        assert last_event(kind="review.question_asked").subject == f"review:{self.review.pk}"

    def test_is_of_a_review_too_that_is_of_no_gate(self):
        """What is asked of a re-baseline are points of the charter."""
        pilot = factories.make_pilot(cast=self.cast, name="Another", at=NOON - 20 * DAY)
        self.review = actions.propose_baseline(
            initiative=pilot, changes={"problem": "Claims wait."}, reason="They do.",
            by=self.cast.business_owner, at=NOON - DAY,
        )  # fmt: skip
        assert self.ask(criterion="described").criterion == "described"
        assert refusal(self.ask, criterion="rollback").rule == "unknown_criterion"

    def test_leaves_the_evidence_alone(self):
        before = factories.reloaded(self.initiative).evidence_version
        self.ask()
        assert factories.reloaded(self.initiative).evidence_version == before

    def test_waits_for_whoever_was_asked(self):
        self.ask()
        assert [q.text for q in queries.questions_to(self.cast.business_owner)] == [
            "Which data leaves?"
        ]

    def test_refuses_an_empty_question(self):
        assert refusal(self.ask, "  ").field == "text"

    def test_refuses_a_criterion_of_another_gate(self):
        assert refusal(self.ask, criterion="runbook").field == "criterion"

    def test_refuses_whoever_has_left(self):
        people.deactivate(person=self.cast.business_owner, by=None, at=NOON)
        assert refusal(self.ask).rule == "cannot_answer"

    def test_refuses_whoever_may_not_know_of_it(self):
        Initiative.objects.filter(pk=self.initiative.pk).update(is_restricted=True)
        stranger = factories.make_person(name="Uma Unknown")
        assert refusal(self.ask, asked_of=stranger).field == "asked_of"

    def test_refuses_auditors(self):
        auditor = factories.make_group_member(group="auditors", name="Abe Auditor")
        assert refusal(self.ask, by=auditor).rule == "only_looks"

    def test_refuses_once_the_review_is_closed(self):
        actions.withdraw(review=self.review, reason="No.", by=self.cast.lead, at=NOON)
        assert refusal(self.ask).rule == "review_closed"


class TestAnswer(Asking):
    def test_stores_the_answer_and_waits_no_longer(self):
        answered = self.answer(self.ask())
        assert (answered.answer, answered.answered_by) == ("None does.", self.cast.business_owner)
        assert queries.questions_to(self.cast.business_owner) == []
        assert last_event(kind="review.question_answered").subject == f"review:{self.review.pk}"

    def test_lets_anybody_who_holds_a_role_answer(self):
        assert self.answer(self.ask(), self.cast.engineering_owner).answered_by

    def test_refuses_others(self):
        assert refusal(self.answer, self.ask(), self.cast.compliance).rule == "not_asked"

    def test_refuses_an_empty_answer(self):
        assert refusal(self.answer, self.ask(), answer=" ").field == "answer"

    def test_refuses_a_second_answer(self):
        asked = self.ask()
        self.answer(asked)
        assert refusal(self.answer, asked).rule == "answered"


class TestMentioned(TestCase):
    def test_finds_people_by_their_full_name_after_an_at(self):
        maria = factories.make_person(name="Maria Köhler")
        factories.make_person(name="Jo Jones")
        assert mentioned("please look, @maria köhler; not Jo Jones") == [maria]

    def test_passes_over_whoever_has_left(self):
        gone = factories.make_person(name="Gus Gone")
        people.deactivate(person=gone, by=None, at=NOON)
        assert mentioned("@Gus Gone") == []


class TestPages(Asking):
    def test_ask_and_answer_through_the_pages(self):
        self.client.force_login(self.cast.compliance)
        address = reverse("reviews:ask", args=[self.review.pk])
        assert self.client.get(address, {"about": "data_audit"}).context["form"].initial == {
            "criterion": "data_audit", "asked_of": self.cast.business_owner.pk,
        }  # fmt: skip
        said = {"text": "Which data leaves?", "asked_of": self.cast.business_owner.pk}
        assert self.client.post(address, said | {"criterion": "data_audit"}).status_code == 302
        page = self.client.get(self.review.get_absolute_url()).content.decode()
        assert "Which data leaves?" in page
        assert "The data was looked at" in page
        self.client.force_login(self.cast.business_owner)
        asked = Question.objects.get()
        assert (
            "Which data leaves?" in self.client.get(reverse("portfolio:my_work")).content.decode()
        )
        answer = reverse("reviews:answer_question", args=[asked.pk])
        assert self.client.post(answer, {"answer": "None does."}).status_code == 302
        assert "None does." in self.client.get(self.review.get_absolute_url()).content.decode()

    def test_keep_what_was_typed_when_it_is_refused(self):
        self.client.force_login(self.cast.compliance)
        said = {"text": "", "asked_of": self.cast.business_owner.pk, "criterion": "data_audit"}
        answer = self.client.post(reverse("reviews:ask", args=[self.review.pk]), said)
        assert answer.status_code == 422
        assert "Write your question." in answer.content.decode()

"""What was learned: found by search, listed, and offered to whoever begins the like."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.urls import reverse

from initiatives.actions import record_spend
from initiatives.models import Initiative
from initiatives.search import similar
from reviews import actions as reviews
from tests.factories import make_auditor, make_initiative, make_person, make_unit, restrict
from tests.portfolio.test_pages import Pages

LESSONS = reverse("portfolio:lessons")
SIMILAR = reverse("initiatives:similar")
REGISTER = reverse("initiatives:register")
REASON = "Handwriting was read too seldom."
LEARNED = "Scan résumés at 600 dpi before anything else."
PROBLEM = "Our handlers sort handwritten letters about claims by hand."


class Ended(Pages):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.letters = cls.registered(
            "Letter reader", problem="Handlers sort handwritten letters.", unit=make_unit()
        )
        cls.bot = cls.registered("Phone bot", problem="Callers wait for eleven minutes.")
        cls.spent_on(cls.letters, 4_200)
        cls.decide(cls.letters, "kill", outcome="approach_wrong", reason=REASON, lesson=LEARNED)

    @classmethod
    def registered(cls, name, *, days=40, **more):
        at = cls.now - timedelta(days=days)
        return make_initiative(by=cls.lead, name=name, at=at, complete=False, **more)

    @classmethod
    def spent_on(cls, initiative, amount):
        record_spend(
            initiative=initiative, amount=amount, spent_on=cls.today, by=cls.lead, at=cls.now
        )

    @classmethod
    def decide(cls, initiative, kind, **said):
        reviews.decide(initiative=initiative, kind=kind, by=cls.lead, at=cls.now, **said)


@pytest.mark.embedded
class TestLessons(Ended):
    def names(self, query=""):
        return [line.initiative.name for line in self.read(LESSONS + query).context["lines"]]

    def test_are_found_by_the_list_as_well(self):
        for question in ("handwriting", "RESUMES 600", "scan"):
            assert self.found({"q": question}) == ["Letter reader"], question

    def test_say_how_it_ended_why_and_what_it_took(self):
        (line,) = self.read(LESSONS).context["lines"]
        assert (line.outcome, line.days, line.spent) == ("The approach was wrong", 40, 4_200)
        page = self.text(LESSONS)
        for said in (LEARNED, REASON, "after 40 days and EUR", self.letters.get_absolute_url()):
            assert said in page

    def test_are_searched_by_the_words_of_lesson_and_reason(self):
        assert self.names("?q=dpi") == ["Letter reader"]
        assert self.names("?q=seldom+scan") == ["Letter reader"]
        assert self.names("?q=phone") == []
        assert "Nothing like that has ended" in self.text(f"{LESSONS}?q=phone")

    def test_are_for_those_who_may_see_the_initiative(self):
        restrict(initiative=self.letters)
        self.client.force_login(self.member)
        assert self.names() == []
        assert "Nothing has ended yet" in self.text(LESSONS)

    def test_are_linked_from_the_list(self):
        assert LESSONS in self.text(reverse("initiatives:list"))

    def test_of_what_ended_before_are_taken_over(self):
        migration = import_module("reviews.migrations.0008_blockers_and_lessons")
        before = Initiative.objects.get(pk=self.letters.pk).search_text
        bare = before.partition(" handwriting was")[0]
        Initiative.objects.update(ended_because="", lesson="", search_text=bare)
        migration.take_over_lessons(apps, None)
        row = Initiative.objects.get(pk=self.letters.pk)
        assert (row.ended_because, row.lesson) == (REASON, LEARNED)
        assert row.search_text == before
        assert Initiative.objects.get(pk=self.bot.pk).lesson == ""


class TestSimilar(Ended):
    def offered(self, problem=PROBLEM, person=None):
        self.client.force_login(person or self.member)
        response = self.client.post(SIMILAR, {"problem": problem})
        assert response.status_code == 200
        return response

    def test_offers_what_was_tried_with_its_lesson(self):
        page = self.offered().content.decode()
        assert "Tried before" in page
        assert "Letter reader" in page
        assert "600 dpi" in page
        assert "Maybe this exists already" not in page

    def test_offers_what_runs_or_is_planned(self):
        page = self.offered("Callers are angry, since they wait for minutes.").content.decode()
        assert "Maybe this exists already" in page
        assert "Phone bot" in page

    def test_offers_nothing_for_one_word_in_common_or_for_common_words(self):
        for problem in ("", "letters", "People wait.", "This would make those letters better"):
            assert self.offered(problem).content.decode().strip() == "", problem

    def test_puts_what_is_most_alike_first_and_offers_three(self):
        for number in range(4):
            self.registered(f"Letters {number}", problem="Letters wait for handlers.")
        near = self.registered("Mail", problem="Handlers sort handwritten letters about claims.")
        found = similar(Initiative.objects.exclude(stage="retired"), PROBLEM, 3)
        assert found[0] == near
        assert len(found) == 3

    def test_leaves_out_what_one_may_not_see(self):
        restrict(initiative=self.letters)
        assert self.offered().content.decode().strip() == ""
        assert "Letter reader" in self.offered(person=self.lead).content.decode()

    def test_is_for_those_who_register(self):
        self.client.force_login(make_auditor())
        assert self.client.post(SIMILAR, {"problem": PROBLEM}).status_code == 403
        self.client.force_login(make_person(name="Mo Member"))
        assert self.client.get(SIMILAR).status_code == 405

    def test_is_asked_for_by_the_form(self):
        page = self.text(REGISTER)
        assert page.count(f'hx-post="{SIMILAR}"') == 3
        assert 'id="similar"' in page

    def test_takes_the_same_queries_for_many(self):
        with self.assertNumQueries(4):
            self.offered_again()
        for number in range(9):
            self.registered(f"Letters {number}", problem="Handlers sort handwritten letters.")
        with self.assertNumQueries(4):
            self.offered_again()

    def offered_again(self):
        assert self.client.post(SIMILAR, {"problem": PROBLEM}).status_code == 200

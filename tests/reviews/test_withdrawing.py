"""Taking a request for signatures back."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import TestCase
from django.urls import reverse

from initiatives.models import OpenToGroup
from reviews import actions, queries
from reviews.models import Review
from tests import factories
from tests.accounts.expectations import last_event
from tests.factories import NOON, TODAY
from tests.reviews.scenes import DAY, refusal


@pytest.mark.embedded
class TestWithdraw(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.cast = factories.make_cast()
        cls.asker = cls.cast.business_owner
        cls.initiative = factories.make_ready_for_charter(cast=cls.cast)
        cls.review = factories.make_review(initiative=cls.initiative, by=cls.asker, at=NOON - DAY)

    def withdraw(self, **more: Any) -> Review:
        said = {"reason": "The threshold was a guess.", "by": self.asker, "at": NOON}
        return actions.withdraw(review=self.review, **(said | more))

    def test_closes_it_and_asks_nobody_any_more(self):
        factories.sign_waiting(review=self.review, by=self.cast.sponsor, at=NOON - DAY)
        assert queries.requests_for(self.cast.engineering_owner, TODAY)
        self.withdraw()
        closed = Review.objects.get(pk=self.review.pk)
        assert (closed.closed_at, closed.closing) == (NOON, "withdrawn")
        assert queries.requests_for(self.cast.engineering_owner, TODAY) == []
        assert closed.sign_offs.count() == 1
        assert factories.reloaded(self.initiative).stage == self.initiative.stage

    def test_is_told_in_the_history(self):
        self.withdraw()
        event = last_event()
        assert (event.kind, event.subject) == ("review.withdrawn", f"review:{self.review.pk}")
        assert event.changed["reason"] == "The threshold was a guess."

    def test_lets_another_be_asked_for(self):
        self.withdraw()
        assert factories.make_review(initiative=self.initiative, by=self.asker, at=NOON).is_open

    def test_is_for_whoever_asked_and_for_leads(self):
        for other in (self.cast.sponsor, self.cast.engineering_owner, self.cast.compliance):
            assert refusal(self.withdraw, by=other).rule == "not_theirs"
        assert not self.withdraw(by=self.cast.lead).is_open

    def test_needs_a_reason_and_an_open_review(self):
        assert refusal(self.withdraw, reason=" ").field == "reason"
        self.withdraw()
        assert refusal(self.withdraw).rule == "review_closed"

    def test_hides_a_restricted_one_from_groups_again(self):
        factories.restrict(initiative=self.initiative)
        assert OpenToGroup.objects.filter(initiative=self.initiative).exists()
        self.withdraw()
        assert not OpenToGroup.objects.filter(initiative=self.initiative).exists()

    def test_works_through_the_page(self):
        address = reverse("reviews:withdraw", args=[self.review.pk])
        page = self.review.get_absolute_url()
        self.client.force_login(self.cast.sponsor)
        assert address not in self.client.get(page).content.decode()
        self.client.force_login(self.asker)
        assert address in self.client.get(page).content.decode()
        empty = self.client.post(address, {"reason": ""})
        self.assertContains(empty, "Say why, for those who were asked.", status_code=422)
        self.assertRedirects(self.client.post(address, {"reason": "A guess."}), page)
        assert queries.standing(Review.objects.get(pk=self.review.pk), TODAY).judged
        self.assertContains(self.client.get(page), "withdrawn")

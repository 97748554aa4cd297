"""What holds the portfolio back: the page, its lists, and its line on the dashboard."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from initiatives.actions import record_spend
from portfolio.queries import blockers, keeping
from reviews import actions as reviews
from reviews.models import UnmetCriterion
from reviews.queries import current_policy
from tests.factories import make_initiative, make_person, make_unit, restrict, silence
from tests.portfolio.test_pages import DASHBOARD, Pages

BLOCKERS = reverse("portfolio:blockers")
AUDIT = "The data was looked at"


@pytest.mark.embedded
class TestBlockers(Pages):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.claims, cls.motor = make_unit(name="Claims"), make_unit(name="Motor")
        cls.letters = cls.registered("Letters", days=10, unit=cls.claims)
        cls.calls = cls.registered("Calls", days=30, unit=cls.motor)
        cls.photos = cls.registered("Photos", days=20, unit=cls.motor)
        cls.spent_on(cls.calls, 700, days=31)  # before it was held
        cls.spent_on(cls.calls, 500, days=29)
        cls.spent_on(cls.photos, 40, days=1, is_estimate=True)
        reviews.judge(at=cls.now)

    @classmethod
    def registered(cls, name, *, days, **more):
        at = cls.now - timedelta(days=days)
        return make_initiative(by=cls.lead, name=name, at=at, **more)

    @classmethod
    def spent_on(cls, initiative, amount, *, days, **more):
        record_spend(
            initiative=initiative, amount=amount, by=cls.lead, at=cls.now,
            spent_on=cls.today - timedelta(days=days), **more,
        )  # fmt: skip

    def rows(self, query=None, person=None):
        self.client.force_login(person or self.lead)
        response = self.client.get(BLOCKERS, {"all": "yes"} | (query or {}))
        assert response.status_code == 200
        return response.context

    def row(self, **more):
        return next(row for row in self.rows(**more)["rows"] if row.title == AUDIT)

    def test_says_how_many_it_holds_for_how_long_and_what_was_spent_meanwhile(self):
        row = self.row()
        assert (row.gate, row.held, row.median, row.longest) == ("charter", 3, 20, 30)
        assert (row.spent, row.is_estimate) == (540, True)

    def test_adds_up_each_sum_once_over_all(self):
        found = self.rows()["blockers"]
        assert (found.held, found.counting, found.spent) == (3, 3, 540)
        assert len(found.rows) > 5

    def test_leads_from_each_row_to_the_list_that_it_counts(self):
        for row in self.rows()["rows"]:
            query = {"blocked_by": row.name}
            assert len(self.found(query)) == row.held, row.title
        assert f"blocked_by={row.name}" in row.url

    def test_offers_the_criterion_as_a_facet_once_a_link_has_chosen_it(self):
        page = self.text(self.row().url)
        assert f"{AUDIT} (Charter)" in page
        assert "Held back by" in page
        assert "Held back by" not in self.text(reverse("initiatives:list"))

    def test_is_narrowed_by_gate_and_unit(self):
        assert self.row(query={"unit": self.motor.pk}).held == 2
        assert self.row(query={"gate": "charter", "unit": self.claims.pk}).held == 1
        assert self.rows({"gate": "go_live"})["blockers"].rows == []
        assert self.row(query={"gate": "sideways", "unit": "x"}).held == 3

    def test_counts_what_one_may_see_and_what_counts(self):
        restrict(initiative=self.letters)
        silence(initiative=self.photos)
        assert self.row(person=make_person(name="Mo Member")).held == 1
        assert self.row().held == 2

    def test_shows_the_first_twenty_and_leads_to_the_rest(self):
        rows = self.rows()["rows"]
        short = self.read(BLOCKERS).context
        assert [row.key for row in short["rows"]] == [row.key for row in rows[:20]]
        assert short["more"] == max(len(rows) - 20, 0)

    def test_says_what_is_so_where_nothing_is_held(self):
        assert "Nothing is held back here" in self.text(f"{BLOCKERS}?gate=go_live")
        UnmetCriterion.objects.update(until=self.now)
        assert "Nothing is held back" in self.text(BLOCKERS)

    def test_heads_the_dashboard_with_the_three_that_hold_most(self):
        shown = self.read(DASHBOARD).context["dashboard"].blockers
        assert [blocker.held for blocker in shown] == [3, 3, 3]
        page = self.text(DASHBOARD)
        assert f"{shown[0].title}: 3" in page
        assert BLOCKERS in page

    def test_of_the_dashboard_leave_out_what_one_may_not_see(self):
        restrict(initiative=self.letters)
        self.client.force_login(make_person(name="Mo Member"))
        shown = self.read(DASHBOARD).context["dashboard"].blockers
        assert [blocker.held for blocker in shown] == [2, 2, 2]

    def test_names_a_criterion_that_is_asked_no_more_by_its_key(self):
        UnmetCriterion.objects.filter(key="data_audit").update(key="older_rule")
        titles = {row.title for row in self.rows()["rows"]}
        assert "Older rule" in titles
        assert ("charter.older_rule", "Older rule (Charter)") in blockers.choices()

    def test_are_in_the_navigation(self):
        assert f'href="{BLOCKERS}" aria-current="page"' in self.text(BLOCKERS)

    def test_are_counted_anew_for_whoever_does_not_see_everything(self):
        moment = keeping.moment()
        assert keeping.sight(self.lead) == keeping.ALL
        visible = self.letters.__class__.objects.visible_to(self.member)
        assert blockers.top(self.member, visible, moment, current_policy())[0].held == 3

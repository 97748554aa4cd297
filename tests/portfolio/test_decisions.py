"""The decisions that are due: what a row says, and what it opens."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from initiatives import actions
from initiatives.models import Initiative, Metric
from initiatives.stages import Role, Stage
from reviews.actions import lapse_undecided
from reviews.models import SignOff
from tests.factories import (
    make_cast,
    make_initiative,
    make_kill_condition,
    make_measurement,
    make_metric,
    make_pilot,
    make_ready_for_charter,
    make_review,
    restrict,
    sign_waiting,
)
from tests.portfolio.test_dashboard import MINUTE, Figures
from tests.portfolio.test_pages import DASHBOARD, HIRED


@pytest.mark.embedded
class TestRows(Figures):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.cast = make_cast(at=cls.now - HIRED)

    def row(self, person=None):
        (row,) = self.shown(person).rows
        return row

    def test_estimates_a_week_from_the_month(self):
        self.declare("Pilot", Stage.PILOT, due=1, monthly_cost=39_000)
        assert (self.row().per_week, self.row().is_estimate) == (9_000, True)
        assert "9k est." in self.text(DASHBOARD)

    def test_says_what_a_week_cost_where_money_was_spent_lately(self):
        pilot = self.declare("Pilot", Stage.PILOT, due=1, monthly_cost=39_000)
        self.spend(pilot, 24_000)
        assert (self.row().per_week, self.row().is_estimate) == (2_800, False)
        text = self.text(DASHBOARD)
        assert "2.8k" in text
        assert "est." not in text.split('data-label="Per week"')[1][:60]

    def test_calls_an_estimate_what_was_recorded_as_one(self):
        pilot = self.declare("Pilot", Stage.PILOT, due=1)
        pilot.spend.create(
            amount=6_000, spent_on=self.today, is_estimate=True, recorded_at=self.now
        )
        assert (self.row().per_week, self.row().is_estimate) == (700, True)

    def test_counts_the_weeks_of_a_young_one(self):
        made = make_initiative(by=self.lead, name="New", at=self.now - timedelta(days=14))
        Initiative.objects.filter(pk=made.pk).update(decision_date=self.today)
        self.spend(made, 1_000)
        assert self.row().per_week == 500

    def test_waits_for_the_sponsor_by_name_and_for_you(self):
        pilot = self.declare("Pilot", Stage.PILOT, due=-1)
        assert self.row().waiting_for == "a portfolio lead, to decide"
        self.own(pilot, Role.SPONSOR, self.cast.sponsor)
        assert self.row().waiting_for == "Sam Sponsor, to decide"
        mine = self.row(self.cast.sponsor)
        assert (mine.waiting_for, mine.is_mine) == ("you, to decide", True)

    def test_stands_first_and_waits_for_a_lead_once_it_has_lapsed(self):
        self.declare("Late", Stage.PILOT, due=-14)
        lapsed = self.declare("Lapsed", Stage.PILOT, due=-15)
        self.own(lapsed, Role.SPONSOR, self.cast.sponsor)
        lapse_undecided(at=self.now)
        first, second = self.shown(self.cast.sponsor).rows
        assert (first.name, first.lateness) == ("Lapsed", "lapsed, +15\u00a0d")
        assert (first.waiting_for, first.is_mine) == ("a portfolio lead: it has lapsed", False)
        assert (second.name, second.lateness) == ("Late", "+14\u00a0d")
        mine = self.shown(self.lead).rows[0]
        assert (mine.waiting_for, mine.is_mine) == ("you: it has lapsed", True)

    def test_has_reached_its_threshold_with_the_agreed_sample_alone(self):
        pilot = self.declare("Pilot", Stage.PILOT, due=3)
        metric = make_metric(initiative=pilot, at=self.now, minimum_sample=50)
        make_measurement(metric=metric, value=60, at=self.now, sample_size=49)
        assert not self.row().reached
        make_measurement(metric=metric, value=60, at=self.now, sample_size=50)
        assert self.row().reached
        page = self.text(pilot.get_absolute_url())
        assert "The threshold is reached: decide now." in page

    def test_waits_for_evidence_until_it_is_late(self):
        self.declare("Pilot", Stage.PILOT, due=3)
        assert self.row().waiting_for == "evidence and review"

    def test_waits_for_a_decision_once_its_kill_condition_has_tripped(self):
        pilot = self.declare("Pilot", Stage.PILOT, due=3)
        self.own(pilot, Role.SPONSOR, self.cast.sponsor)
        make_kill_condition(initiative=pilot, at=self.now)
        pilot.kill_conditions.update(state="tripped", tripped_at=self.now)
        assert self.row().waiting_for == "Sam Sponsor: its kill condition tripped"

    def test_waits_for_those_who_have_to_sign_until_they_have(self):
        made = make_ready_for_charter(cast=self.cast, at=self.now - timedelta(days=29))
        review = make_review(
            initiative=made, by=self.cast.business_owner, at=self.now - timedelta(hours=2)
        )
        for signer in self.cast.signers:
            assert self.row(signer).waiting_for == "you, to sign", signer
        assert self.row().waiting_for == "signatures, then Sam Sponsor"
        for signer in self.cast.signers:
            sign_waiting(review=review, by=signer, at=self.now - timedelta(hours=1))
            assert self.row(signer).waiting_for != "you, to sign", signer
        assert self.row(self.cast.sponsor).waiting_for == "signatures, then you"

    def test_waits_for_a_signature_again_when_the_evidence_has_changed(self):
        made = make_ready_for_charter(cast=self.cast, at=self.now - timedelta(days=29))
        review = make_review(
            initiative=made, by=self.cast.business_owner, at=self.now - timedelta(hours=2)
        )
        sign_waiting(review=review, by=self.cast.sponsor, at=self.now - timedelta(hours=1))
        fresh = Initiative.objects.get(pk=made.pk)
        actions.edit(initiative=fresh, by=self.lead, at=self.now, problem="Another one.")
        assert self.row(self.cast.sponsor).waiting_for == "you, to sign"


@pytest.mark.embedded
class TestBrief(Figures):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.cast = make_cast(at=cls.now - HIRED)
        cls.made = make_ready_for_charter(cast=cls.cast, at=cls.now - timedelta(days=20))
        cls.spend(cls.made, 61_000)

    def brief(self, *, htmx=True, initiative=None):
        url = reverse("initiatives:brief", args=[(initiative or self.made).pk])
        return self.client.get(url, headers={"HX-Request": "true"} if htmx else {})

    def test_is_a_piece_for_htmx_and_a_page_for_others(self):
        assert b"<html" not in self.brief().content
        self.assertContains(self.brief(htmx=False), "<html")

    def test_says_what_to_know_before_deciding(self):
        metric = Metric.objects.get(initiative=self.made)
        make_measurement(metric=metric, value=41 * MINUTE, at=self.now, sample_size=812)
        for words in (
            "from 4 h to 45 min", "41 min", "n = 812", "entered by hand",
            "In the pilot", "Twelve volunteers",
            "61,000 spent of a cap of", "over its cap", "No review is open for the charter gate",
            f"{self.made.get_absolute_url()}#decide",
        ):  # fmt: skip
            self.assertContains(self.brief(), words)

    def test_shows_objections_and_who_has_still_to_sign(self):
        at = self.now - timedelta(hours=2)
        review = make_review(initiative=self.made, by=self.cast.business_owner, at=at)
        sign_waiting(
            review=review, by=self.cast.sponsor, at=at, verdict=SignOff.Verdict.REJECT,
            comment="Too few letters.",
        )  # fmt: skip
        sign_waiting(review=review, by=self.cast.business_owner, at=at)
        page = self.brief()
        found = page.context["brief"]
        assert [(o.name, o.comment) for o in found.objections] == [
            ("Sam Sponsor", "Too few letters.")
        ]
        assert [slot.names for slot in found.waiting] == ["Eli Engineer", "Cleo Compliance"]
        self.assertContains(page, "Too few letters.")
        self.assertContains(page, review.get_absolute_url())
        self.client.force_login(self.cast.engineering_owner)
        assert [slot.is_mine for slot in self.brief().context["brief"].waiting] == [True, False]

    def test_says_of_a_bare_proposal_what_is_missing(self):
        bare = make_initiative(by=self.lead, name="Bare", at=self.now, complete=False)
        page = self.brief(initiative=bare)
        self.assertContains(page, "No primary metric")
        self.assertContains(page, "Nobody has written down")

    def test_is_not_there_for_those_who_may_not_see_it(self):
        restrict(initiative=self.made)
        assert self.brief().status_code == 200
        self.client.force_login(self.member)
        assert self.brief().status_code == 404
        assert self.client.get("/initiatives/999999/brief/").status_code == 404

    def test_is_not_there_before_the_sign_in(self):
        url = reverse("initiatives:brief", args=[self.made.pk])
        assert Client().get(url).status_code == 302

    def test_is_what_each_row_opens(self):
        pilot = make_pilot(cast=self.cast, at=self.now - timedelta(days=40), name="Late")
        text = self.text(DASHBOARD)
        assert reverse("initiatives:brief", args=[pilot.pk]) in text
        assert f'data-expand="brief-{pilot.pk}"' in text

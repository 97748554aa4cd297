"""The decisions on My work: those that a person may take, as they are enforced."""

from __future__ import annotations

from datetime import timedelta

import pytest

from initiatives import actions
from initiatives.models import Initiative
from initiatives.stages import Role, Stage
from portfolio.queries import to_decide
from reviews import actions as reviews
from reviews.models import Review, SignOff
from reviews.queries import ready, standing
from tests.factories import (
    make_cast,
    make_ready_for_charter,
    make_review,
    make_signed_review,
    reloaded,
    restrict,
    sign_waiting,
)
from tests.portfolio.test_pages import HIRED, MY_WORK, Pages

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


class Decides(Pages):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.cast = make_cast(at=cls.now - HIRED)

    def names(self, person):
        return [row.name for row in to_decide.load(person, self.today).rows]

    def row(self, person):
        (row,) = to_decide.load(person, self.today).rows
        return row


class TestWhatIsDue(Decides):
    def setUp(self):
        super().setUp()
        self.pilots = {
            days: self.declare(f"Pilot {days}", Stage.PILOT, due=days) for days in (3, -5, 15)
        }
        for pilot in self.pilots.values():
            self.own(pilot, Role.SPONSOR, self.member)

    def test_is_listed_for_its_sponsor_and_for_leads_the_latest_first(self):
        for person in (self.member, self.lead):
            assert self.names(person) == ["Pilot -5", "Pilot 3"], person

    def test_is_nobody_elses(self):
        assert self.names(self.cast.sponsor) == self.names(self.cast.compliance) == []

    def test_says_how_late_it_is_and_as_what_one_decides(self):
        late, soon = to_decide.load(self.member, self.today).rows
        assert (late.lateness, late.is_late, late.as_what) == (
            "5 days late",
            True,
            "as its sponsor",
        )
        assert (soon.lateness, soon.is_late) == ("in 3 days", False)
        assert late.url == self.pilots[-5].get_absolute_url() + "#decide"
        late, _ = to_decide.load(self.lead, self.today).rows
        assert late.as_what == f"as a portfolio lead; its sponsor is {self.member.name}"

    def test_is_the_leads_alone_once_it_has_lapsed(self):
        Initiative.objects.filter(name="Pilot -5").update(lapsed_at=self.now)
        assert self.names(self.member) == ["Pilot 3"]
        assert "lapsed" in to_decide.load(self.lead, self.today).rows[0].as_what

    def test_is_not_a_sponsors_who_has_not_accepted_or_who_has_left(self):
        pilot = self.pilots[3]
        pilot.ownerships.filter(role=Role.SPONSOR).update(accepted_at=None)
        assert self.names(self.member) == ["Pilot -5"]
        type(self.member).objects.filter(pk=self.member.pk).update(is_active=False)
        assert self.names(self.member) == []

    def test_is_hidden_where_it_is_restricted_and_quiet_where_it_is_imported(self):
        restrict(initiative=self.pilots[3])
        assert "Pilot 3" in self.names(self.member)
        assert self.names(self.cast.sponsor) == []
        Initiative.objects.update(counting_since=None)
        assert self.names(self.lead) == []

    def test_is_capped_with_a_link_to_all_of_it(self):
        assert to_decide.load(self.lead, self.today).all_url == ""
        for number in range(to_decide.MOST):
            pilot = self.declare(f"More {number}", Stage.PILOT, due=1)
            self.own(pilot, Role.SPONSOR, self.member)
        shown = to_decide.load(self.lead, self.today)
        assert len(shown.rows) == to_decide.MOST
        assert len(self.found({"show": "due", "sort": "decision"})) == to_decide.MOST + 2
        assert "All that are due" in self.text(MY_WORK)
        self.client.force_login(self.member)
        assert f'href="{shown.all_url}&owner=Ada+Berg"' in self.text(MY_WORK)

    def test_stands_on_the_page(self):
        page = self.text(MY_WORK)
        assert f'href="{self.pilots[-5].get_absolute_url()}#decide"' in page
        assert "5 days late" in page

    def test_says_so_where_nothing_is(self):
        Initiative.objects.update(decision_date=self.today + 90 * DAY)
        assert "Nothing waits for you" in self.text(MY_WORK)
        about = {"person": self.lead, "by": self.member, "at": self.now}
        actions.ask(initiative=self.pilots[3], role=Role.DATA_OWNER, **about)
        assert "No decision is due within two weeks" in self.text(MY_WORK)


@pytest.mark.embedded
class TestWhatIsReady(Decides):
    """A charter that everybody has signed, and that is not due for weeks."""

    def setUp(self):
        super().setUp()
        self.made = make_ready_for_charter(cast=self.cast, at=self.now - 2 * DAY)
        assert self.made.decision_date > self.today + 14 * DAY

    def review(self, signed=True):
        about = {"initiative": self.made, "at": self.now - 5 * HOUR}
        if signed:
            make_signed_review(cast=self.cast, **about)
        else:
            make_review(by=self.cast.business_owner, **about)
        reviews.judge(at=self.now)
        return Review.objects.get()

    def is_ready(self):
        """As lists have it, and as the decision has it."""
        found = Review.objects.get()
        listed = ready(self.today).exists()
        assert listed == (standing(found, self.today).lacking() == [])
        return listed

    def test_is_listed_for_its_sponsor_and_leads_with_the_way_to_the_review(self):
        review = self.review()
        assert self.is_ready()
        for person in (self.cast.sponsor, self.lead):
            row = self.row(person)
            assert (row.is_ready, row.url) == (True, review.get_absolute_url()), person
        assert "signed and complete" in self.text(MY_WORK)

    def test_is_not_a_leads_who_last_changed_its_evidence(self):
        self.review()
        assert self.made.evidence_changed_by == self.cast.lead
        assert self.names(self.cast.lead) == []

    def test_is_not_an_owners_who_leads(self):
        self.own(self.made, Role.DATA_OWNER, self.lead)
        assert self.names(self.lead) == []

    def test_is_not_ready_while_a_signature_is_missing(self):
        review = self.review(signed=False)
        for signer in self.cast.signers:
            assert not self.is_ready(), signer
            sign_waiting(review=review, by=signer, at=self.now - HOUR)
        assert self.is_ready()

    def test_is_not_ready_while_somebody_rejects(self):
        review = self.review(signed=False)
        first, *others = self.cast.signers
        no = {"verdict": SignOff.Verdict.REJECT, "comment": "Too early."}
        sign_waiting(review=review, by=first, at=self.now - HOUR, **no)
        for signer in others:
            sign_waiting(review=review, by=signer, at=self.now - HOUR)
        assert not self.is_ready()

    def test_is_not_ready_once_the_evidence_has_changed(self):
        self.review()
        about = {"initiative": reloaded(self.made), "by": self.cast.lead, "at": self.now}
        actions.edit(problem="Another one.", **about)
        reviews.judge(at=self.now)
        assert not self.is_ready()

    def test_is_not_ready_before_it_was_judged(self):
        make_signed_review(initiative=self.made, cast=self.cast, at=self.now - 5 * HOUR)
        assert not ready(self.today).exists()

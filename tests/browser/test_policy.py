"""A policy's way through pages alone: one lead drafts it and runs it dry, another publishes it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from accounts.models import Person
from initiatives.models import Initiative
from reviews.models import PolicyDraft, PolicyVersion, Review
from tests.browser.visitors import Visit, Visitor, let_in
from tests.factories import Cast, make_cast, make_lead, make_ready_for_charter, make_review

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LIMIT = "A pilot lasts at most"


@pytest.fixture
def cast(live_server) -> Cast:
    at = timezone.now() - timedelta(days=400)
    found = make_cast(at=at)
    make_lead(name="Ben Lead", at=at)
    let_in()
    return found


@pytest.fixture
def ready(cast: Cast) -> Initiative:
    return make_ready_for_charter(cast=cast, at=timezone.now() - timedelta(days=20))


@pytest.fixture
def review(cast: Cast, ready: Initiative) -> Review:
    at = timezone.now() - timedelta(days=1)
    return make_review(initiative=ready, by=cast.business_owner, at=at)


class TestPolicy:
    def test_is_drafted_run_and_published_by_two_leads(
        self, visit: Visit, cast: Cast, ready: Initiative, review: Review
    ):
        ada, ben = visit().sign_in(cast.lead), visit().sign_in(self.second())
        self.draft(ada)
        self.look_what_it_would_do(ada, ready)
        self.is_not_published_by_its_editor(ada)
        self.publish(ben)
        self.goes_by_what_it_pinned(visit().sign_in(cast.sponsor), review)

    def second(self) -> Person:
        return Person.objects.get(name="Ben Lead")

    def draft(self, lead: Visitor) -> None:
        """By a form, and by the text, where what is wrong is said and nothing typed is lost."""
        lead.page.locator(".gh-menu summary").click()
        lead.follow("Policy", within=".gh-menu-panel")
        assert lead.sees("In force since")
        lead.press("Begin a draft")
        lead.follow("Change it")
        lead.follow("Limits and reminders")
        expect(lead.field(LIMIT)).to_have_value("42")
        lead.fill(LIMIT, "30")
        lead.press("Save in the draft")
        assert lead.sees("Saved. Nothing is wrong with it.")
        lead.follow("Edit the text")
        text = lead.field("The policy as TOML")
        assert "pilot_days = 30" in text.input_value()
        text.press("Control+End")
        lead.page.keyboard.insert_text("\n# Mine.\n[oops]\n")
        lead.fill("What is this draft about?", "Shorter pilots.")
        lead.press("Save")
        assert lead.sees("The policy: the key 'oops' is unknown")
        text = lead.field("The policy as TOML")
        assert text.input_value().endswith("# Mine.\n[oops]\n")
        text.press("Control+End")
        for _ in "[oops]\n":
            lead.page.keyboard.press("Backspace")
        lead.press("Save")
        assert lead.sees("Nothing is wrong with it")
        expect(lead.page.locator(".gh-changes ins")).to_have_text("30 days")

    def look_what_it_would_do(self, lead: Visitor, ready: Initiative) -> None:
        lead.page.get_by_role("link", name="Dry run", exact=True).click()
        assert lead.sees("All 1 living initiatives are covered.")
        expect(lead.page.locator(".gh-figure-value").first).to_have_text("1")
        lead.follow("The ship-or-kill date is within the limit")
        assert lead.sees(ready.name)
        assert lead.sees("ship or kill within 30 days")
        lead.page.go_back()
        lead.follow("open reviews")
        assert lead.sees("keeps policy version 1")

    def is_not_published_by_its_editor(self, lead: Visitor) -> None:
        lead.open("policy:draft")
        assert lead.sees("A second portfolio lead has to read and publish it.")
        assert not lead.page.get_by_role("button", name="Publish").count()

    def publish(self, lead: Visitor) -> None:
        lead.open("policy:current")
        lead.follow("Open the draft")
        assert lead.sees("Shorter pilots.")
        with lead.expecting(422):
            lead.press("Publish version 2")
        assert lead.sees("Say why this policy is to be in force.")
        lead.fill("Why is it to be in force?", "Pilots took too long.")
        lead.press("Publish version 2")
        assert lead.sees("Policy version 2 is in force. Open reviews keep theirs.")
        assert lead.sees("Pilots took too long.")
        assert PolicyVersion.objects.get(version=2).text.endswith("# Mine.\n")
        assert PolicyDraft.objects.get().state == "published"
        lead.follow("Differences")
        expect(lead.page.locator(".gh-changes del")).to_have_text("42 days")

    def goes_by_what_it_pinned(self, signer: Visitor, review: Review) -> None:
        signer.open("reviews:detail", review.pk)
        assert signer.sees("This review goes by")
        assert signer.sees("All 15 points are met")
        signer.press("Approve")
        assert signer.sees("You approved this. Receipt no.")

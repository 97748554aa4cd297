"""The main job, done through pages alone: from a half-filled form to a pilot, or to an end."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, expect

from accounts.models import Person
from initiatives.models import Initiative
from reviews.models import Review, SignOff
from tests.browser.visitors import PASSWORD, Visit, Visitor, let_in
from tests.factories import Cast, make_cast, make_person, make_ready_for_charter, make_review
from tests.reviews.scenes import threshold

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# What is typed into the forms of the charter's questions, by how their labels begin.
ANSWERS = {
    "Source, and where it lives (row 1)": "Letters in the claims archive.",
    "Who owns it? (row 1)": "Maria Keller",
    "How good is it, and how did you find out? (row 1)": "200 letters were read: 6 % unreadable.",
    "Which privacy or licence limits bind it? (row 1)": "Letters must not leave the organisation.",
    "Where in their daily work": "In the intake queue, where handlers already work.",
    "What data goes in and comes out": "In: document. Out: queue and confidence.",
    "In which environment": "The acceptance system, with last month's letters.",
    "Which infrastructure team": "Platform operations; told in May.",
    "What would it cost a month": "6,500",
    "Who would pay": "Claims, cost centre 4100",
    "When? (row 1)": "2026-05-03",
    "What was tried? (row 1)": "Rules on sender and form number.",
    "What came out? (row 1)": "41 % sorted.",
    "Why build it": "Free letters carry no form number.",
    "In the pilot (row 1)": "Twelve volunteers, household claims only.",
    "What closes the difference? (row 1)": "Training for all 38, motor claims in month two.",
}
CHOSEN = {
    "With AI? (row 1)": "Without AI",
    "Who would own it in production": "Pia Production",
    "Who speaks for the people": "Uma User",
}


@pytest.fixture
def cast(live_server) -> Cast:
    """Everybody with a part, hired a year ago, who may sign in."""
    found = make_cast(at=timezone.now() - timedelta(days=400))
    make_person(name="Mia Member", at=timezone.now() - timedelta(days=300))
    let_in()
    return found


@pytest.fixture
def ready(cast: Cast) -> Initiative:
    """A proposal that lacks nothing but its review."""
    return make_ready_for_charter(cast=cast, at=timezone.now() - timedelta(days=20))


@pytest.fixture
def review(ready: Initiative, cast: Cast) -> Review:
    at = timezone.now() - timedelta(days=1)
    return make_review(initiative=ready, by=cast.business_owner, at=at)


class TestCharter:
    """From a problem to a pilot; nobody but people at browsers moves anything."""

    def test_leads_a_problem_through_its_signatures_into_the_pilot(self, visit: Visit, cast: Cast):
        member = visit().sign_in(Person.objects.get(name="Mia Member"))
        self.register(member)
        address = member.page.url
        self.triage(member)
        self.define_the_metric(member)
        self.agree_on_a_kill_condition(member)
        self.set_the_budget(member)
        people = self.ask_owners(member, visit, cast)
        self.answer_every_question(member)
        for name, person in (("Pia Production", cast.production_owner), ("Uma User", cast.user)):
            assert person.name == name
            self.accept(visit().sign_in(person))
        member.page.goto(address)
        assert member.sees("all 15 met")
        self.ask_for_the_review(member)
        self.sign_on_a_phone(visit, cast)
        self.sign(people["Business owner"])
        self.sign_after_proving_who_one_is(people["Engineering owner"])
        self.sign(visit().sign_in(cast.compliance))
        self.decide(people["Sponsor"], address)

    def register(self, member: Visitor) -> None:
        """Half-filled first; what was typed stays, and the error stands at the field."""
        member.open("portfolio:dashboard")
        member.follow("Register an initiative", within="nav.gh-rail")
        problem = "Handlers sort 640 letters a day by hand; a claim waits four hours."
        member.fill("What is the problem?", problem)
        member.fill("Who has it?", "38 claims handlers in two offices.")
        with member.expecting(422):
            member.press("Save as a proposal")
        name = member.field("What shall it be called?")
        assert error_at(member, "What shall it be called?") == "Fill this in."
        expect(member.field("What is the problem?")).to_have_value(problem)
        name.fill("Claims triage")
        member.fill("What would be better?", "A claim reaches the right handler within the hour.")
        member.fill("Which process is it part of?", "Intake of household claims: assigning.")
        member.press("Save as a proposal")
        assert member.sees("is registered. Next: answer the eight questions.")
        expect(member.page.get_by_role("heading", level=1)).to_have_text("Claims triage")
        expect(current_step(member)).to_contain_text("Proposal")

    def triage(self, member: Visitor) -> None:
        mend(member, "The eight triage questions are answered")
        questions = member.page.get_by_role("radiogroup")
        assert questions.count() == 8
        for place in range(8):
            questions.nth(place).get_by_label("No").check()
        member.press("Save the answers")
        assert member.sees("Standard level, as long as the pilot's budget")

    def define_the_metric(self, member: Visitor) -> None:
        """On the wrong side of the baseline first."""
        mend(member, "The primary business metric is complete")
        member.fill("What is measured?", "Time until a claim is with its handler")
        member.choose("Kind of value", "Duration")
        member.choose("Direction", "Lower is better")
        member.fill("Today (baseline)", "4 h")
        member.fill("Good enough (threshold)", "5 h")
        member.fill("Hoped for (target)", "30 min")
        member.fill("How is it measured?", "Median over all household claims of a week.")
        with member.expecting(422):
            member.press("Save")
        assert "baseline" in error_at(member, "Good enough (threshold)")
        expect(member.field("Good enough (threshold)")).to_have_value("5 h")
        expect(member.field("Today (baseline)")).to_have_value("4 h")
        member.fill("Good enough (threshold)", "45 min")
        member.press("Save")
        assert member.sees(
            "Reduce the time until a claim is with its handler from 4 h to 45 min "
            "within 42 days of the pilot's start, aiming for 30 min."
        )

    def agree_on_a_kill_condition(self, member: Visitor) -> None:
        mend(member, "A kill condition on the primary metric is armed")
        expect(member.field("the limit")).to_have_value("45 min")
        expect(member.field("Spend cap")).to_be_hidden()
        expect(member.field("Date")).to_be_hidden()
        member.choose("When is it judged?", "by a date")
        expect(member.field("Date")).to_be_visible()
        member.choose("When is it judged?", "by the decision date (it follows extensions)")
        expect(member.field("Date")).to_be_hidden()
        member.fill("the limit", "2 h")
        member.press("Agree on it")
        assert member.sees("Agreed. It is armed from now on.")

    def set_the_budget(self, member: Visitor) -> None:
        mend(member, "The pilot has a spend cap and a budget owner")
        member.fill("Spend cap of the pilot", "60,000")
        member.fill("Estimated running cost a month", "5,000")
        member.press("Save")
        assert member.sees("60,000")

    def ask_owners(self, member: Visitor, visit: Visit, cast: Cast) -> dict[str, Visitor]:
        """Each is asked by name, and says yes on a page of their own."""
        found = {}
        for owner_role, person in cast.owners.items():
            role = owner_role.label
            member.follow(f"Ask {role}", within="#owners")
            member.choose("Person", person.name)
            member.press("Ask")
            assert member.sees(f"{person.name} was asked.")
            found[role] = self.accept(visit().sign_in(person))
        return found

    def accept(self, person: Visitor) -> Visitor:
        person.follow("My work", within="nav.gh-rail")
        assert person.sees("Is this yours?")
        person.press("Yes, mine")
        assert person.sees("Thank you: it is yours.")
        return person

    def answer_every_question(self, member: Visitor) -> None:
        """As long as the checklist has a link that says so."""
        member.page.reload()
        unmet = member.page.locator(".gh-check-blocking", has_text="Answer")
        assert unmet.count() > 5
        for title in unmet.locator(".gh-check-title").all_inner_texts():
            mend(member, title)
            expect(member.page.get_by_role("heading", level=1)).to_have_text(title)
            for label, text in ANSWERS.items():
                if (field := member.field(label)).count():
                    field.fill(text)
            for label, name in CHOSEN.items():
                if (field := member.field(label)).count():
                    field.select_option(label=name)
            member.press("Save")
            assert member.sees("Recorded.")

    def ask_for_the_review(self, member: Visitor) -> None:
        member.press("Ask for the charter review")
        assert member.sees("The signers are asked by mail.")
        waiting = member.page.locator(".gh-signatures-title").filter(has_text="waiting")
        assert waiting.count() == 4

    def sign_on_a_phone(self, visit: Visit, cast: Cast) -> None:
        """From the link to the signature in three taps at most, having signed in just now."""
        sponsor = visit(phone=True).sign_in(cast.sponsor)
        sponsor.open("portfolio:my_work")
        sponsor.tap("link", "Read and sign")
        assert sponsor.sees("You sign as Sponsor")
        assert sponsor.sees("All 15 points are met")
        assert len(sponsor.page.locator("main").inner_text().split()) <= 250, "to be read"
        sponsor.tap("button", "Approve")
        assert sponsor.sees("You approved this. Receipt no.")
        assert sponsor.taps <= 3

    def sign(self, signer: Visitor) -> None:
        signer.open("portfolio:my_work")
        signer.follow("Read and sign")
        signer.press("Approve")
        assert signer.sees("You approved this. Receipt no.")

    def sign_after_proving_who_one_is(self, signer: Visitor) -> None:
        """The comment that was typed before the password was asked for is in the signature."""
        signer.age_authentication(timedelta(hours=1))
        signer.open("portfolio:my_work")
        signer.follow("Read and sign")
        signer.fill("Comment, needed to reject", "The intake queue has an interface already.")
        signer.press("Approve")
        assert signer.sees("Confirm that it is you")
        signer.fill("Password", "not my password")
        signer.press("Confirm and go on")
        assert not SignOff.objects.filter(role="engineering_owner").exists()
        signer.fill("Password", PASSWORD)
        signer.press("Confirm and go on")
        assert signer.sees("You approved this. Receipt no.")
        assert signer.sees("“The intake queue has an interface already.”")

    def decide(self, sponsor: Visitor, address: str) -> None:
        sponsor.page.goto(address)
        sponsor.follow("Open the review")
        assert sponsor.sees("Everything is there: the criteria are met and all have signed.")
        sponsor.follow("Proceed …")
        sponsor.fill("Why?", "Clear baseline, small scope.")
        sponsor.press("Proceed")
        assert sponsor.sees("Decided: proceed. It is on record.")
        assert sponsor.page.url == address
        expect(current_step(sponsor)).to_contain_text("Pilot")
        due = timezone.localdate() + timedelta(days=42)
        expect(sponsor.page.locator(".gh-countdown")).to_contain_text("42 days")
        expect(sponsor.page.locator(".gh-countdown time")).to_have_attribute(
            "datetime", due.isoformat()
        )
        expect(history(sponsor)).to_contain_text("Sam Sponsor decided: proceed.")


class TestSigning:
    def test_says_what_changed_since_the_page_was_opened(
        self, visit: Visit, cast: Cast, ready: Initiative, review: Review
    ):
        signer = visit().sign_in(cast.compliance)
        signer.open("reviews:detail", review.pk)
        signer.fill("Comment, needed to reject", "No personal data is touched.")
        threshold(ready, 40 * 60, cast.lead, timezone.now())
        with signer.expecting(409):
            signer.press("Approve")
        assert signer.sees("The evidence has changed since you opened this page.")
        changed = signer.page.locator(".gh-changes li")
        expect(changed.locator("del")).to_have_text("45 min")
        expect(changed.locator("ins")).to_have_text("40 min")
        expect(signer.field("Comment, needed to reject")).to_have_value(
            "No personal data is touched."
        )
        assert not SignOff.objects.exists()
        signer.press("Approve")
        assert signer.sees("You approved this. Receipt no.")
        assert SignOff.objects.get().comment == "No personal data is touched."

    def test_is_asked_again_of_whoever_signed_before_the_change(
        self, visit: Visit, cast: Cast, ready: Initiative, review: Review
    ):
        signer = visit().sign_in(cast.sponsor)
        signer.open("reviews:detail", review.pk)
        signer.press("Approve")
        assert signer.sees("You approved this. Receipt no.")
        threshold(ready, 40 * 60, cast.lead, timezone.now())
        signer.page.reload()
        assert signer.sees("Changed since you signed")
        signer.page.locator("summary", has_text="Signatures").click()
        assert signer.sees("to be signed again")
        expect(signer.page.locator(".gh-stale del")).to_contain_text("Sam Sponsor")
        signer.press("Approve")
        assert signer.sees("You approved this. Receipt no.")

    def test_wants_a_reason_for_a_rejection(self, visit: Visit, cast: Cast, review: Review):
        signer = visit().sign_in(cast.engineering_owner)
        signer.open("reviews:detail", review.pk)
        with signer.expecting(422):
            signer.press("Reject")
        assert signer.sees("Say why you reject, so that it can be mended.")
        signer.fill("Comment, needed to reject", "The interface is not there yet.")
        signer.press("Reject")
        assert signer.sees("“The interface is not there yet.”")

    def test_works_without_javascript(self, visit: Visit, cast: Cast, review: Review):
        signer = visit(java_script_enabled=False).sign_in(cast.compliance)
        signer.open("portfolio:my_work")
        signer.follow("Read and sign")
        signer.press("Approve")
        assert signer.sees("You approved this. Receipt no.")

    def test_works_with_the_keyboard_alone(self, visit: Visit, cast: Cast, review: Review):
        signer = visit()
        signer.open("account_login")
        tab_to(signer, "Email")
        signer.page.keyboard.type(cast.sponsor.email)
        tab_to(signer, "Password")
        signer.page.keyboard.type(PASSWORD)
        signer.page.keyboard.press("Enter")
        signer.page.wait_for_url(f"{signer.base}/")
        signer.page.keyboard.press("Tab")
        assert focused(signer) == "Skip to the content"
        expect(signer.page.locator(".gh-skip")).to_be_in_viewport()
        signer.page.keyboard.press("Enter")
        assert signer.page.evaluate("document.activeElement.id") == "content"
        tab_to(signer, "My work", backwards=True)
        signer.page.keyboard.press("Enter")
        signer.page.wait_for_url("**/my-work/")
        tab_to(signer, "Read and sign")
        signer.page.keyboard.press("Enter")
        assert signer.sees("You sign as Sponsor")
        tab_to(signer, "Comment, needed to reject")
        signer.page.keyboard.type("Agreed.")
        tab_to(signer, "Approve")
        signer.page.keyboard.press("Enter")
        assert signer.sees("You approved this. Receipt no.")
        assert signer.sees("“Agreed.”")


class TestKilling:
    def test_retires_with_a_reason_an_outcome_and_a_lesson(
        self, visit: Visit, cast: Cast, ready: Initiative, review: Review
    ):
        sponsor = visit().sign_in(cast.sponsor)
        sponsor.open("initiatives:detail", ready.pk)
        sponsor.follow("Kill …")
        sponsor.fill("Why?", "The intake is being outsourced.")
        with sponsor.expecting(422):
            sponsor.press("Kill")
        assert error_at(sponsor, "How it ended") == "Say which way it ended."
        expect(sponsor.field("Why?")).to_have_value("The intake is being outsourced.")
        sponsor.choose("How it ended", "The use case was wrong")
        sponsor.fill("What should the next team know?", "Ask procurement first.")
        sponsor.press("Kill")
        assert sponsor.sees("Decided: kill. It is on record.")
        expect(current_step(sponsor)).to_contain_text("Retired")
        expect(history(sponsor)).to_contain_text(
            "Sam Sponsor decided: kill. The intake is being outsourced."
        )
        sponsor.open("reviews:detail", review.pk)
        assert not sponsor.page.get_by_role("button", name="Approve").count()
        assert sponsor.sees("The intake is being outsourced.")


def mend(member: Visitor, criterion: str) -> None:
    """Follow the checklist's link beside this criterion."""
    member.page.locator(".gh-check", has_text=criterion).get_by_role("link").click()


def error_at(visitor: Visitor, label: str) -> str:
    """What stands at the field as its error, tied to it for a screen reader too."""
    field = visitor.field(label)
    assert field.get_attribute("aria-invalid") == "true"
    ids = (field.get_attribute("aria-describedby") or "").split()
    error = next(i for i in ids if "error" in i)
    return visitor.page.locator(f"#{error}").inner_text()


def current_step(visitor: Visitor) -> Locator:
    return visitor.page.locator(".gh-stepper [aria-current=step]")


def history(visitor: Visitor) -> Locator:
    """It is loaded when it comes into view."""
    visitor.page.evaluate("document.querySelector('#tab').scrollIntoView()")
    return visitor.page.locator(".gh-timeline")


def focused(visitor: Visitor) -> str:
    """By what name a screen reader would call the element that has the focus."""
    return visitor.page.evaluate(
        """() => {
          const it = document.activeElement;
          const label = it.labels?.[0]?.innerText ?? it.getAttribute("aria-label");
          return (label ?? it.innerText ?? "").trim();
        }"""
    )


# Something is drawn around it that was not there before, within the window.
SHOWS_FOCUS = """() => {
  const it = document.activeElement;
  const { top, bottom } = it.getBoundingClientRect();
  const { outlineStyle, outlineWidth } = getComputedStyle(it);
  const drawn = outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
  return it.matches(":focus-visible") && drawn && top >= 0 && bottom <= innerHeight;
}"""


def tab_to(visitor: Visitor, name: str, *, backwards: bool = False) -> None:
    """Press Tab until this has the focus; whatever has it is seen to have it."""
    for _ in range(60):
        visitor.page.keyboard.press("Shift+Tab" if backwards else "Tab")
        if focused(visitor).startswith(name):
            assert visitor.page.evaluate(SHOWS_FOCUS), f"nobody sees that {name} has the focus"
            return
    raise AssertionError(f"{name} cannot be reached with the keyboard")

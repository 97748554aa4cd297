"""What holds for every page: accessible, at home on a phone, light and dark, without JavaScript."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Locator, Route, expect

from accounts.models import Person
from initiatives.models import Initiative, Metric
from initiatives.stages import Stage
from portfolio import demo, personas, stories
from portfolio.queries import tabs
from reviews import actions as reviews
from reviews import drafts
from reviews.models import Review
from tests.browser.visitors import DESKTOP, PASSWORD, PHONE, Visit, Visitor, let_in
from tests.factories import make_evaluation_set, make_question, make_run
from tests.kept import Kept

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
COLOURS = ["color-contrast"]  # all that is different in the dark
LIST = "initiatives:list"
# How wide a page is, once its charts have followed the window's size.
SETTLED_WIDTH = """async () => {
  for (let frame = 0; frame < 60; frame += 1) {
    if (document.documentElement.scrollWidth <= window.innerWidth) break;
    await new Promise(requestAnimationFrame);
  }
  return document.documentElement.scrollWidth;
}"""
ROWS = "#results tbody tr"


@pytest.fixture(scope="module")
def portfolio() -> Kept:
    """Ten of the demo portfolio will do."""
    return Kept(lambda: demo.load(stories.FIRST_TEN))


@pytest.fixture
def lead(live_server, settings, portfolio: Kept) -> Person:
    """The lead of the demo portfolio, which is offered on the sign-in page."""
    portfolio.load()
    let_in()
    settings.DEMO, settings.DEMO_PASSWORD = True, PASSWORD
    return Person.objects.get(email=personas.LEAD.email)


def come_in(visitor: Visitor, person: Person) -> Visitor:
    """As the persona, by one button."""
    visitor.open("account_login")
    visitor.page.get_by_role("button", name=person.name).click()
    visitor.page.wait_for_url(f"{visitor.base}/")
    return visitor


def every_page(visitor: Visitor, person: Person) -> Iterator[str]:
    """Walk through the pages as they are meant to be seen, and say where one is."""
    visitor.open("account_login")
    yield "sign-in"
    come_in(visitor, person)
    yield "dashboard"
    for name in (
        "initiatives:list",
        "portfolio:my_work",
        "mails:settings",
        "mails:chat",
        "portfolio:owned",
        "portfolio:deadlines",
        "portfolio:reminders",
        "portfolio:my_settings",
        "notifications:attention",
        "portfolio:blockers",
        "portfolio:lessons",
        "notifications:operations",
        "campaign:counts",
        "campaign:start",
        "campaign:silent",
    ):
        visitor.open(name)
        yield name
    for initiative in (of_name("Claims document triage"), of_name("Voice bot")):
        visitor.open("initiatives:detail", initiative.pk)
        visitor.page.evaluate("document.querySelector('#tab').scrollIntoView()")
        visitor.page.locator(".gh-timeline time").first.wait_for()
        yield initiative.name
    visitor.open("reviews:detail", open_review().pk)
    visitor.page.locator("details.gh-section summary", has_text="points of the").click()
    yield "review"
    visitor.open("initiatives:register")
    yield "register"
    voice = of_name("Voice bot")
    visitor.fill("What is the problem?", voice.problem)
    expect(visitor.page.locator("#similar")).to_contain_text(voice.lesson)
    yield "register, with what was tried before"
    with visitor.expecting(422):
        visitor.press("Save as a proposal")
    yield "register, with an error"


def forms(visitor: Visitor, person: Person) -> Iterator[str]:
    """And the forms behind their links."""
    come_in(visitor, person)
    proposal = of_name("Recovery letters")
    for name, *rest in (
        ("initiatives:triage",),
        ("initiatives:define_metric",),
        ("initiatives:kill_condition",),
        ("initiatives:ask", "sponsor"),
        ("initiatives:spend",),
        ("initiatives:edit", "details"),
        ("reviews:decide", "kill"),
        ("initiatives:add_document",),
    ):
        visitor.open(name, proposal.pk, *rest)
        yield " ".join((name, *rest))
    with visitor.expecting(404):
        visitor.open("initiatives:detail", 10**9)
    yield "not found"
    visitor.open(LIST, query="?q=nothingofthekind")
    yield "list, empty"
    visitor.open("account_change_password")
    yield "change password"


def rows_and_findings(visitor: Visitor, person: Person) -> Iterator[str]:
    """Answers that are tables, and what a pilot has shown: with and without somebody's entries."""
    come_in(visitor, person)
    pilot = of_name("Claims document triage")
    for criterion in ("data_audit", "approach_decision", "pilot_conditions", "privacy_assessment"):
        visitor.open("reviews:answer", of_name("Recovery letters").pk, criterion)
        for adds in visitor.page.locator("[data-add-row]").all():
            adds.click()
        yield criterion
    for name in (
        "initiatives:raise_question",
        "initiatives:describe_evaluation_set",
        "initiatives:describe_messy_set",
        "initiatives:watch_metric",
    ):
        visitor.open(name, pilot.pk)
        yield name
        with visitor.expecting(422):
            visitor.press("Save")
        yield f"{name}, with an error"
    metric, now = pilot.metrics.get(is_primary=True), timezone.now()
    make_question(initiative=pilot, by=person, at=now)
    make_run(evaluation_set=make_evaluation_set(metric=metric, by=person, at=now), at=now)
    visitor.open("initiatives:record_run", pilot.pk)
    yield "record a run"
    visitor.open("initiatives:measure", pilot.pk, metric.pk)
    yield "measure"
    visitor.open("reviews:decide", pilot.pk, "extend")
    yield "extend"
    for key, title in tabs.TITLES:
        visitor.open("initiatives:tab", pilot.pk, key)
        yield f"tab: {title}"
        visitor.open("initiatives:detail", pilot.pk)
        visitor.page.evaluate("document.querySelector('#tab').scrollIntoView()")
        opened(visitor, "History")
        visitor.page.locator(".gh-tabs").get_by_role("link", name=title).click()
        opened(visitor, title)
        yield f"tab in its page: {title}"
    visitor.open("initiatives:add_document", pilot.pk)
    visitor.fill("Or a link", "https://halden.example/minutes")
    visitor.fill("What shall it be called?", "Minutes of the " + "steering" * 20)
    visitor.press("Add it")
    assert visitor.sees("Minutes of the")
    yield "documents"


def confirming(visitor: Visitor, person: Person) -> Iterator[str]:
    """What compliance has to itself, whoever else looks around."""
    come_in(visitor, Person.objects.get(email=personas.COMPLIANCE.email))
    visitor.open("initiatives:triage_queue")
    yield "triages to confirm"
    visitor.open("initiatives:confirm_triage", of_name("Sorting job applications").pk)
    yield "confirm"
    visitor.page.get_by_role("radio", name="Light").check()
    with visitor.expecting(422):
        visitor.press("Confirm")
    yield "confirm, with an error"


def policies(visitor: Visitor, person: Person) -> Iterator[str]:
    """The policy, a draft with something wrong, and one with what it would change."""
    come_in(visitor, person)
    visitor.open("policy:current")
    yield "policy"
    draft = drafts.open_draft() or reviews.start_draft(by=person, at=timezone.now())
    for text in ("name = 3", shorter_pilots(draft.based_on.text)):
        draft = reviews.save_draft(
            draft=draft, revision=draft.revision, text=text, by=person, at=timezone.now()
        )
        for name in ("policy:draft", "policy:edit_text", "policy:forms"):
            visitor.open(name)
            yield f"{name}, {text[:10]}"
    for name, *args in (
        ("policy:difference", 1, 1),
        ("policy:read_draft",),
        ("policy:dry_run",),
        ("policy:dry_run_list", "charter.pilot_length"),
        ("policy:dry_run_reviews",),
        ("policy:limits",),
        ("policy:people", "charter"),
        ("policy:criterion", "charter", "data_audit"),
        ("policy:question", "charter", "production_sketch", "involved"),
        ("policy:slot", "charter", "finance"),
    ):
        visitor.open(name, *args)
        yield " ".join(map(str, (name, *args)))
    visitor.open("policy:add_criterion", "charter")
    with visitor.expecting(422):
        visitor.press("Save in the draft")
    yield "add a criterion, with an error"


def shorter_pilots(text: str) -> str:
    return text.replace("pilot_days = 42", "pilot_days = 20")


def opened(visitor: Visitor, title: str) -> None:
    visitor.page.locator(".gh-tabs [aria-current=page]", has_text=title).wait_for()


WALKS = (every_page, forms, rows_and_findings, confirming, policies)


def of_name(start: str) -> Initiative:
    return Initiative.objects.get(name__startswith=start)


def open_review() -> Review:
    return Review.objects.open().get(initiative=of_name("Answers to policy questions"))


def faults(visitor: Visitor) -> Iterator[str]:
    """What is wrong with the page that is open, by day, by night and at a phone's width."""
    page = visitor.page
    for scheme, rules in (("dark", COLOURS), ("light", WCAG)):
        page.evaluate("to => document.documentElement.setAttribute('data-bs-theme', to)", scheme)
        yield from (f"{scheme}: {fault}" for fault in violations(visitor, rules))
    page.set_viewport_size(PHONE)
    if (width := page.evaluate(SETTLED_WIDTH)) > PHONE["width"]:
        yield f"{width} wide on a phone"
    page.set_viewport_size(DESKTOP)


class TestEveryPage:
    def test_is_accessible_in_light_and_dark_and_fits_a_phone(self, visit: Visit, lead: Person):
        """Each page is come to once, and looked at in three ways."""
        found = []
        for walk in WALKS:
            visitor = visit(reduced_motion="reduce")
            for place in walk(visitor, lead):
                found += [f"{place}, {fault}" for fault in faults(visitor)]
        assert not found

    def test_fits_a_phone_however_long_a_word_is(self, visit: Visit, lead: Person):
        word = "Schadensregulierungsvorgangsbearbeitungsunterstützungssystem" * 2
        review = open_review()
        Initiative.objects.update(name=word, problem=word)
        Metric.objects.update(name=word)
        visitor, wide = come_in(visit(phone=True), lead), {}
        pilot = Initiative.objects.filter(stage=Stage.PILOT)[0]
        for name, *args in (
            ("initiatives:list",),
            ("notifications:attention",),
            ("portfolio:my_work",),
            ("portfolio:owned",),
            ("portfolio:deadlines",),
            ("portfolio:reminders",),
            ("initiatives:detail", pilot.pk),
            ("initiatives:tab", pilot.pk, "history"),
            ("initiatives:triage", pilot.pk),
            ("initiatives:kill_condition", pilot.pk),
            ("initiatives:triage_queue",),
            ("reviews:detail", review.pk),
            ("reviews:decide", pilot.pk, "kill"),
        ):
            visitor.open(name, *args)
            width = visitor.page.evaluate("document.documentElement.scrollWidth")
            if width > 390:
                wide[name] = width
        assert not wide

    def test_shows_the_figures_and_the_first_decision_at_once(self, visit: Visit, lead: Person):
        for phone in (False, True):
            page = come_in(visit(phone=phone), lead).page
            end = top(page.locator(".gh-tabbar")) if phone else DESKTOP["height"]
            figures = page.locator(".gh-figure")
            assert figures.count() == 3
            assert all(bottom(figures.nth(place)) <= end for place in range(3))
            assert bottom(page.locator("main tbody tr").first) <= end

    def test_stays_dark_once_that_is_chosen(self, visit: Visit, lead: Person):
        visitor = come_in(visit(color_scheme="light"), lead)
        root = visitor.page.locator("html")
        expect(root).to_have_attribute("data-bs-theme", "light")
        ground = "getComputedStyle(document.body).backgroundColor"
        before = visitor.page.evaluate(ground)
        visitor.press("Change between light and dark", within="header")
        expect(root).to_have_attribute("data-bs-theme", "dark")
        assert visitor.page.evaluate(ground) != before
        visitor.page.reload()
        expect(root).to_have_attribute("data-bs-theme", "dark")
        visitor.open(LIST)
        expect(root).to_have_attribute("data-bs-theme", "dark")

    def test_draws_the_measurements(self, visit: Visit, lead: Person):
        visitor = come_in(visit(reduced_motion="reduce"), lead)
        visitor.open("initiatives:detail", of_name("Claims document triage").pk)
        canvas = visitor.page.locator("canvas").first
        expect(canvas).to_be_visible()
        visitor.page.wait_for_function(
            """() => {
              const canvas = document.querySelector("canvas");
              const { width, height } = canvas;
              const drawn = canvas.getContext("2d").getImageData(0, 0, width, height).data;
              return drawn.some((value) => value);
            }"""
        )


class TestTabs:
    def test_the_one_that_was_asked_for_last_stays_however_late_another_comes(
        self, visit: Visit, lead: Person
    ):
        visitor = come_in(visit(), lead)
        late: list[Route] = []
        visitor.page.route("**/tabs/history/", lambda route: late.append(route))
        visitor.open("initiatives:detail", of_name("Claims document triage").pk)
        with visitor.page.expect_request("**/tabs/history/"):
            visitor.page.evaluate("document.querySelector('#tab').scrollIntoView()")
        visitor.page.locator(".gh-tabs").get_by_role("link", name="Costs").click()
        opened(visitor, "Costs")
        late[0].continue_()
        visitor.page.wait_for_timeout(300)
        opened(visitor, "Costs")
        # That the other was given up is what htmx says in the console.
        visitor.problems[:] = [said for said in visitor.problems if "console: htmx:" not in said]


class TestDashboard:
    def test_opens_what_to_know_before_deciding_by_the_keyboard(self, visit: Visit, lead: Person):
        page = come_in(visit(), lead).page
        opener = page.locator("button[data-expand]").first
        brief = page.locator(".gh-opened").first
        expect(opener).to_have_attribute("aria-expanded", "false")
        opener.focus()
        page.keyboard.press("Enter")
        expect(brief).to_contain_text("Conditions then and in production")
        expect(opener).to_have_attribute("aria-expanded", "true")
        page.keyboard.press("Space")
        expect(brief).to_be_hidden()
        page.keyboard.press("Space")
        expect(brief).to_contain_text("Conditions then and in production")

    def test_is_accessible_with_a_row_open(self, visit: Visit, lead: Person):
        for phone in (False, True):
            visitor = come_in(visit(phone=phone, reduced_motion="reduce"), lead)
            visitor.page.locator("button[data-expand]").first.click()
            visitor.page.locator(".gh-brief").wait_for()
            assert not list(faults(visitor))

    def test_opens_a_page_of_its_own_without_javascript(self, visit: Visit, lead: Person):
        visitor = come_in(visit(java_script_enabled=False), lead)
        visitor.page.locator("button[data-expand]").first.click()
        assert visitor.page.url.rstrip("?").endswith("/brief/")
        assert visitor.sees("Conditions then and in production")


class TestList:
    def test_finds_while_one_types_and_goes_back(self, visit: Visit, lead: Person):
        visitor = come_in(visit(), lead)
        visitor.open(LIST)
        rows = visitor.page.locator(ROWS)
        expect(rows).to_have_count(Initiative.objects.count())
        visitor.page.evaluate("window.isStillThisPage = true")
        visitor.field("Search").press_sequentially("motor cla", delay=20)
        expect(rows).to_have_count(1)
        expect(rows).to_contain_text("Fraud signals in motor claims")
        expect(visitor.page).to_have_url(re.compile(r"\?q=motor(\+|%20)cla"))
        assert visitor.page.evaluate("window.isStillThisPage")
        visitor.page.go_back()
        expect(rows).to_have_count(Initiative.objects.count())
        expect(visitor.page).to_have_url(f"{visitor.base}/initiatives/")
        expect(visitor.field("Search")).to_have_value("")
        visitor.page.go_forward()
        expect(rows).to_have_count(1)
        expect(visitor.field("Search")).to_have_value("motor cla")

    def test_narrows_as_soon_as_a_facet_is_chosen(self, visit: Visit, lead: Person):
        visitor = come_in(visit(), lead)
        visitor.open(LIST)
        visitor.choose("Stage", "Production")
        rows = visitor.page.locator(ROWS)
        running = Initiative.objects.filter(stage="production").count()
        expect(rows).to_have_count(running)
        expect(visitor.page).to_have_url(re.compile("stage=production"))
        visitor.page.reload()
        expect(rows).to_have_count(running)
        expect(visitor.field("Stage")).to_have_value("production")

    def test_is_taken_away_as_it_is_narrowed(self, visit: Visit, lead: Person):
        visitor = come_in(visit(), lead)
        visitor.open(LIST)
        visitor.choose("Stage", "Production")
        expect(visitor.page).to_have_url(re.compile("stage=production"))
        with visitor.page.expect_download() as taken:
            visitor.follow("Export CSV")
        assert taken.value.suggested_filename == f"initiatives-{timezone.localdate()}.csv"
        with taken.value.path().open(encoding="utf-8-sig", newline="") as file:
            titles = [row["Title"] for row in csv.DictReader(file)]
        running = Initiative.objects.filter(stage="production").order_by("pk")
        assert titles == list(running.values_list("name", flat=True)) != []

    def test_is_reached_from_the_search_on_every_page(self, visit: Visit, lead: Person):
        visitor = come_in(visit(), lead)
        search = visitor.page.get_by_role("search").get_by_role("searchbox")
        search.press_sequentially("VOICE bo")
        search.press("Enter")
        expect(visitor.page.locator(ROWS)).to_have_count(1)

    def test_works_without_javascript(self, visit: Visit, lead: Person):
        visitor = come_in(visit(java_script_enabled=False), lead)
        visitor.open(LIST)
        visitor.choose("Stage", "Production")
        visitor.field("Search").fill("motor")
        visitor.press("Show")
        expect(visitor.page.locator(ROWS)).to_have_count(1)
        assert "stage=production" in visitor.page.url
        visitor.follow("Fraud signals")
        assert visitor.sees("Who answers for it")
        visitor.follow("History")
        assert visitor.page.url.endswith("/tabs/history/")


def top(of: Locator) -> float:
    return of.evaluate("(it) => it.getBoundingClientRect().top")


def bottom(of: Locator) -> float:
    return of.evaluate("(it) => it.getBoundingClientRect().bottom")


def violations(visitor: Visitor, rules: list[str] = WCAG) -> list[str]:
    """What axe finds on this page. A framed mail stands apart from it: no script speaks to it."""
    options = {"runOnly": rules, "resultTypes": ["violations"], "iframes": False}
    found = Axe().run(visitor.page, options=options).response
    assert found["passes"], "axe has not looked at anything"
    return [
        f"{violation['id']} {node['target']} {node['failureSummary']}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]

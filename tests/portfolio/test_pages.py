"""The pages that show everything: figures and the lists behind them, and who sees what."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings
from django.test import Client, TestCase, override_settings
from django.urls import reverse
from django.utils import timezone

from initiatives import actions, facts
from initiatives.models import Initiative, Spend
from initiatives.stages import Role, Stage
from notifications.actions import sweep
from notifications.rules.words import in_words
from portfolio import personas
from portfolio.queries import history
from portfolio.queries.dashboard import Dashboard
from reviews import actions as reviews
from tests.factories import (
    make_administrator,
    make_auditor,
    make_cast,
    make_declared,
    make_initiative,
    make_lead,
    make_owner,
    make_person,
    make_ready_for_charter,
    make_review,
    make_unit,
    restrict,
    silence,
)

HIRED = timedelta(days=400)
LIST = reverse("initiatives:list")
DASHBOARD = reverse("portfolio:dashboard")
MY_WORK = reverse("portfolio:my_work")
ATTENTION = reverse("notifications:attention")


def page_of(initiative):
    return reverse("initiatives:detail", args=[initiative.pk])


class Pages(TestCase):
    """Somebody is signed in and reads."""

    @classmethod
    def setUpTestData(cls):
        cls.now = timezone.now()
        cls.today = timezone.localdate()
        cls.lead = make_lead(name="Ingrid Vale", at=cls.now - HIRED)
        cls.member = make_person(at=cls.now - HIRED)

    def setUp(self):
        self.client.force_login(self.lead)

    def read(self, url, **more):
        response = self.client.get(url, **more)
        assert response.status_code == 200, url
        return response

    def text(self, url):
        return unescape(self.read(url).content.decode())

    def found(self, query):
        """The names that the list shows, in its order."""
        response = self.client.get(LIST, query)
        assert response.status_code == 200, query
        return [row.name for row in response.context["rows"]]

    @classmethod
    def declare(cls, name, stage, *, due=None, **more):
        """One that runs since two months, to be decided in so many days."""
        made = make_declared(
            by=cls.lead, name=name, stage=stage, at=cls.now - timedelta(days=60), **more
        )
        if due is not None:
            day = cls.today + timedelta(days=due)
            Initiative.objects.filter(pk=made.pk).update(decision_date=day)
        return made

    @classmethod
    def spend(cls, initiative, amount):
        actions.record_spend(
            initiative=initiative, amount=amount, spent_on=cls.today, by=cls.lead, at=cls.now
        )

    @classmethod
    def own(cls, initiative, role, person):
        make_owner(initiative=initiative, role=role, person=person, at=cls.now - timedelta(days=50))


@pytest.mark.embedded
class TestDashboard(Pages):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.late = cls.declare("Late pilot", Stage.PILOT, due=-23, monthly_cost=39_000)
        cls.spend(cls.late, 12_000)
        cls.declare("Due pilot", Stage.PILOT, due=14)
        readiness = cls.declare("Due in readiness", Stage.READINESS_REVIEW, due=0)
        cls.spend(readiness, 500)
        cls.declare("Later pilot", Stage.PILOT, due=15)
        owned = cls.declare("Owned system", Stage.PRODUCTION, due=-3)
        for role in (Role.BUSINESS_OWNER, Role.PRODUCTION_OWNER):
            cls.own(owned, role, cls.member)
        cls.declare("Unowned system", Stage.PRODUCTION)
        quiet = cls.declare("Quiet pilot", Stage.PILOT, due=-100)
        silence(initiative=quiet)
        killed = cls.declare("Killed pilot", Stage.PILOT, due=-40)
        cls.spend(killed, 7_000)
        reviews.decide(
            initiative=killed, kind="kill", reason="No use.", outcome="withdrawn",
            lesson="Ask earlier.", by=cls.lead, at=cls.now,
        )  # fmt: skip

    def shown(self) -> Dashboard:
        return self.read(DASHBOARD).context["dashboard"]

    def links(self, css):
        """The addresses of these links, unescaped, as the page writes them."""
        page = self.read(DASHBOARD).content.decode()
        return [unescape(href) for href in re.findall(rf'<a href="([^"]+)" class="{css}', page)]

    def behind(self, url):
        """The initiatives in the list of this address, over all its pages."""
        return self.read(url).context["page"].paginator.object_list

    def test_counts_as_many_due_as_its_list_shows(self):
        assert self.shown().due == 3
        due, _, _ = self.links("gh-figure")
        names = [row.name for row in self.behind(due)]
        assert names == ["Late pilot", "Due in readiness", "Due pilot"]

    def test_adds_up_what_the_late_ones_in_its_list_have_spent(self):
        assert self.shown().spent_past_date == 12_000
        _, spent, _ = self.links("gh-figure")
        late = self.behind(spent)
        assert [row.name for row in late] == ["Late pilot"]
        assert sum(s.amount for s in Spend.objects.filter(initiative__in=late)) == 12_000
        assert f"{settings.CURRENCY}</span> 12,000" in self.text(DASHBOARD)

    def test_counts_as_many_unowned_as_its_list_shows(self):
        _, _, unowned = self.links("gh-figure")
        names = {row.name for row in self.behind(unowned)}
        assert "Unowned system" in names
        assert not names & {"Owned system", "Quiet pilot", "Killed pilot"}
        assert self.shown().unowned == len(names)

    def test_counts_as_many_in_each_stage_as_its_list_shows(self):
        stages = self.shown().stages
        assert [stage.count for stage in stages] == [0, 4, 1, 2, 1]
        assert [len(self.behind(stage.url)) for stage in stages] == [0, 4, 1, 2, 1]
        assert sum(stage.count for stage in stages) == self.shown().total

    def test_counts_as_many_quiet_ones_as_its_list_shows(self):
        assert self.shown().quiet == 1
        assert self.found({"show": "quiet"}) == ["Quiet pilot"]

    def test_says_of_the_latest_first_what_waits(self):
        row = self.shown().rows[0]
        assert (row.name, row.lateness, row.tone) == (
            "Late pilot",
            "+23\N{NO-BREAK SPACE}d",
            "critical",
        )
        assert row.evidence == "no primary metric"
        text = self.text(DASHBOARD)
        assert row.lateness in text
        assert f"{row.url}#decide" in text

    def test_links_to_the_rest_where_more_are_due_than_it_shows(self):
        for number in range(8):
            self.declare(f"Another {number}", Stage.PILOT, due=1)
        shown = self.shown()
        assert (len(shown.rows), shown.more_due) == (8, 3)
        assert "3 more" in self.text(DASHBOARD)

    def test_says_how_many_its_figures_cover(self):
        assert "Figures cover the 8 initiatives that you may see." in self.text(DASHBOARD)


class TestEmptyInstallation(Pages):
    @pytest.mark.embedded
    def test_says_on_every_page_what_to_do_next(self):
        for url, words in (
            (DASHBOARD, "Register the first one"),
            (LIST, "Register the first one"),
            (MY_WORK, "Nothing waits for you"),
            (ATTENTION, "All quiet"),
        ):
            assert words in self.text(url), url


@pytest.mark.embedded
class TestList(Pages):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        claims, motor = make_unit(name="Claims"), make_unit(name="Motor")
        at = cls.now - timedelta(days=20)
        described = {"complete": False, "by": cls.lead, "at": at}
        cls.triage = make_initiative(
            name="Réclamations triage", unit=claims, problem="Letters wait.", **described
        )
        cls.radar = cls.declare("Fraud radar", Stage.PILOT, due=-2, unit=motor, vendor="Brightline")
        cls.bot = cls.declare("Phone bot", Stage.PRODUCTION, unit=motor)
        cls.own(cls.bot, Role.PRODUCTION_OWNER, cls.member)
        sweep(at=cls.now)

    def test_shows_everything_by_number(self):
        assert self.found({}) == ["Réclamations triage", "Fraud radar", "Phone bot"]

    def test_forgives_case_accents_and_word_ends(self):
        for question in ("RECLAMATIONS", "réclam", "triage recl", "letters", "wait"):
            assert self.found({"q": question}) == ["Réclamations triage"], question
        assert self.found({"q": "brightL"}) == ["Fraud radar"]
        assert self.found({"q": "eclamations"}) == []

    def test_finds_by_reference(self):
        for question in (self.bot.reference, f"ai-{self.bot.pk}", str(self.bot.pk)):
            assert self.found({"q": question}) == ["Phone bot"], question

    def test_narrows_by_each_facet(self):
        unit = self.bot.unit_id
        for query, names in (
            ({"stage": "pilot"}, ["Fraud radar"]),
            ({"unit": unit}, ["Fraud radar", "Phone bot"]),
            ({"unit": unit, "stage": "production"}, ["Phone bot"]),
            ({"owner": "berg ada"}, ["Phone bot"]),
            ({"show": "overdue"}, ["Fraud radar"]),
            ({"flag": "decision_overdue"}, ["Fraud radar"]),
            ({"flag": "unowned"}, ["Fraud radar", "Phone bot"]),
        ):
            assert self.found(query) == names, query

    def test_sorts_both_ways(self):
        by_name = ["Fraud radar", "Phone bot", "Réclamations triage"]
        assert self.found({"sort": "name"}) == by_name
        assert self.found({"sort": "-name"}) == by_name[::-1]
        assert self.found({"sort": "decision"})[0] == "Fraud radar"
        assert self.found({"sort": "-number"})[0] == "Phone bot"

    def test_turns_the_sorting_round_by_its_heading(self):
        page = self.read(f"{LIST}?stage=pilot&sort=name")
        heading = next(c for c in page.context["columns"] if c.label == "Initiative")
        assert heading.direction == "ascending"
        assert parse_qs(urlsplit(heading.url).query) == {"stage": ["pilot"], "sort": ["-name"]}
        self.assertContains(page, 'aria-sort="ascending"')

    def test_is_the_same_list_with_what_nobody_can_mean(self):
        for query in (
            {"stage": "nonsense"}, {"unit": "x"}, {"unit": "9" * 30}, {"flag": "\0"},
            {"q": "\0"}, {"q": "'; drop"}, {"q": "&|!:*"}, {"q": "x" * 100_000},
            {"sort": "password"}, {"page": "-1"}, {"page": "x"}, {"page": "9" * 30},
            {"size": "1000000"}, {"owner": "%" * 500}, {"owner": "\0"},
        ):  # fmt: skip
            assert self.client.get(LIST, query).status_code == 200, query

    def test_is_cut_into_pages(self):
        for number in range(50):
            self.declare(f"Further {number:02}", Stage.PILOT)
        first = self.read(LIST).context
        assert (len(first["rows"]), first["page"].paginator.count) == (50, 53)
        second = self.read(f"{LIST}?page=2&stage=pilot&size=50")
        assert [row.name for row in second.context["rows"]] == ["Further 49"]
        self.assertContains(second, "stage=pilot&amp;size=50&amp;page=1")
        assert len(self.found({"size": "100"})) == 53
        assert len(self.found({"page": "99"})) == 3

    def test_sends_the_results_alone_to_htmx(self):
        page = self.client.get(LIST, {"q": "bot"}, headers={"HX-Request": "true"})
        assert b"<html" not in page.content
        assert page.content.lstrip().startswith(b'<div id="results"')
        self.assertContains(page, "Phone bot")

    def test_sends_the_whole_page_to_the_back_button(self):
        headers = {"HX-Request": "true", "HX-History-Restore-Request": "true"}
        self.assertContains(self.client.get(LIST, headers=headers), "<html")

    def test_says_what_to_do_where_nothing_matches(self):
        self.assertContains(self.client.get(LIST, {"q": "zzz"}), "Nothing matches")


@pytest.mark.embedded
class TestInitiative(Pages):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.cast = make_cast(at=cls.now - HIRED)
        cls.initiative = make_ready_for_charter(cast=cls.cast, at=cls.now - timedelta(days=20))

    def test_shows_what_it_promised_and_what_is_missing(self):
        text = self.text(page_of(self.initiative))
        assert "from 4 h to 45 min" in text
        assert "Next gate: Charter" in text
        assert "all 15 met" in text
        assert "Sam Sponsor" in text

    def test_offers_changes_to_those_who_may_make_them_alone(self):
        change = reverse("initiatives:edit", args=[self.initiative.pk, "details"])
        kill = reverse("reviews:decide", args=[self.initiative.pk, "kill"])
        for person, may_edit, may_kill in (
            (self.member, False, False),
            (self.cast.engineering_owner, True, False),
            (self.cast.sponsor, True, True),
            (self.lead, True, True),
            (make_auditor(at=self.now - HIRED), False, False),
        ):
            self.client.force_login(person)
            text = self.text(page_of(self.initiative))
            assert (change in text, kill in text) == (may_edit, may_kill), person

    def test_leads_from_what_is_missing_to_the_form_that_mends_it(self):
        known = facts.load_one(self.initiative.pk)
        for role in (Role.ENGINEERING_OWNER, Role.BUDGET_OWNER):
            actions.end_ownership(ownership=known.owner(role), by=None, at=self.now)
        (gate,) = self.read(page_of(self.initiative)).context["page"].gates
        assert [(item.title, item.url, item.label) for item in gate.missing] == [
            (title, reverse("initiatives:ask", args=[self.initiative.pk, role]), "Ask somebody")
            for title, role in (
                ("Sponsor, business owner and engineering owner accepted", "engineering-owner"),
                ("The pilot has a spend cap and a budget owner", "budget-owner"),
            )
        ]
        assert len(gate.met) == 13

    def test_offers_registration_to_all_but_auditors(self):
        register = reverse("initiatives:register")
        for page in (DASHBOARD, LIST):
            assert f'href="{register}"' in self.text(page)
        self.client.force_login(make_auditor(at=self.now - HIRED))
        for page in (DASHBOARD, LIST, f"{LIST}?q=zzz"):
            assert f'href="{register}"' not in self.text(page)
        assert self.client.get(register).status_code == 403

    def test_says_how_it_ended_and_what_was_learned(self):
        reviews.decide(
            initiative=self.initiative, kind="kill", by=self.cast.sponsor, at=self.now,
            reason="Nobody opens it.", outcome="use_case_wrong", lesson="Ask the handlers first.",
        )  # fmt: skip
        page = self.read(page_of(self.initiative))
        for said in ("How it ended: the use case was wrong", "Nobody opens it.",
                     "Ask the handlers first.", "Sam Sponsor, "):  # fmt: skip
            self.assertContains(page, said)

    def test_tells_its_history_in_sentences_the_newest_first(self):
        for amount in range(1, 12):
            self.spend(self.initiative, amount)
        make_review(initiative=self.initiative, by=self.cast.sponsor, at=self.now)
        lines = self.read(self.history()).context["lines"]
        assert lines[0].sentence == "Sam Sponsor asked for the charter review"
        assert len(lines) == history.PAGE
        earlier = self.read(f"{self.history()}?before={lines[-1].seq}").context["lines"]
        assert earlier
        assert all(line.seq < lines[-1].seq for line in earlier)
        assert not any("…" in line.sentence for line in (*lines, *earlier))

    def test_tells_the_newest_of_its_history_where_nobody_can_know_before_what(self):
        for before in ("x", "-1", "9" * 40, "\0", "²"):
            response = self.client.get(self.history(), {"before": before})
            assert response.status_code == 200, before

    def history(self):
        return reverse("initiatives:history", args=[self.initiative.pk])

    def test_leads_to_the_open_review(self):
        review = make_review(initiative=self.initiative, by=self.cast.sponsor, at=self.now)
        assert review.get_absolute_url() in self.text(page_of(self.initiative))


@pytest.mark.embedded
class TestMyWork(Pages):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.cast = make_cast(at=cls.now - HIRED)
        cls.initiative = make_ready_for_charter(cast=cls.cast, at=cls.now - timedelta(days=20))
        cls.review = make_review(
            initiative=cls.initiative, by=cls.cast.business_owner, at=cls.now - timedelta(hours=2)
        )

    def work_of(self, person):
        self.client.force_login(person)
        return self.read(MY_WORK).context["work"]

    def test_holds_what_waits_for_this_persons_signature(self):
        for person in self.cast.signers:
            assert [r.review for r in self.work_of(person).requests] == [self.review], person
        assert not self.work_of(self.member).requests

    def test_holds_what_this_person_was_asked_to_own(self):
        actions.ask(
            initiative=self.initiative, role=Role.DATA_OWNER, person=self.member, by=self.lead,
            at=self.now,
        )  # fmt: skip
        assert [o.role for o in self.work_of(self.member).asked] == ["data_owner"]
        self.assertContains(self.client.get(MY_WORK), "Is this yours?")
        assert not self.owned_by(self.member)

    def test_asks_nobody_about_what_is_quiet(self):
        """As the page of the campaign does: day one is quiet."""
        actions.ask(
            initiative=self.initiative, role=Role.DATA_OWNER, person=self.member, by=self.lead,
            at=self.now,
        )  # fmt: skip
        type(self.initiative).objects.filter(pk=self.initiative.pk).update(counting_since=None)
        work = self.work_of(self.member)
        assert (work.asked, work.is_empty) == ([], True)
        self.assertContains(self.client.get(reverse("campaign:mine")), "Nothing waits")
        self.assertContains(
            self.client.get(self.member.get_absolute_url()), "Data owner (not asked yet)"
        )
        self.client.force_login(self.member)
        hand_over = self.client.get(reverse("people:hand_over", args=[self.member.pk]))
        self.assertContains(hand_over, "Data owner, not asked yet")

    def test_says_that_one_was_asked_when_it_began_to_count(self):
        """Who owns it stood in a file before; nobody was asked until the campaign began."""
        actions.ask(
            initiative=self.initiative, role=Role.DATA_OWNER, person=self.member, by=self.lead,
            at=self.now - timedelta(days=9),
        )  # fmt: skip
        began = self.now - timedelta(days=2)
        type(self.initiative).objects.filter(pk=self.initiative.pk).update(counting_since=began)
        said = f"asked {timezone.localdate(began):%-d %b %Y}"
        self.client.force_login(self.member)
        self.assertContains(self.client.get(MY_WORK), said)

    def owned_by(self, person):
        self.client.force_login(person)
        return list(self.read(reverse("portfolio:owned")).context["page"])

    def test_holds_what_this_person_owns(self):
        (owned,) = self.owned_by(self.cast.sponsor)
        row = self.initiative
        assert (owned.reference, owned.url, owned.name) == (
            row.reference, row.get_absolute_url(), row.name
        )  # fmt: skip
        day = in_words(row.decision_date)
        assert owned.says == f"Sponsor · Proposal · decision date {day}"

    def test_takes_the_answer_with_its_token(self):
        """The form is an include, and its token has to come with it."""
        asked = actions.ask(
            initiative=self.initiative, role=Role.DATA_OWNER, person=self.member, by=self.lead,
            at=self.now,
        )  # fmt: skip
        for url in (MY_WORK, page_of(self.initiative)):
            client = Client(enforce_csrf_checks=True)
            client.force_login(self.member)
            form = re.search(
                r'<form method="post" action="([^"]*answer/)".*?name="csrfmiddlewaretoken" '
                r'value="(\w+)"',
                client.get(url).content.decode(),
                re.DOTALL,
            )
            assert form, url
        action, token = form.groups()
        client.post(action, {"answer": "accept", "csrfmiddlewaretoken": token})
        asked.refresh_from_db()
        assert asked.accepted_at


@pytest.mark.embedded
class TestAttention(Pages):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.declare("Late pilot", Stage.PILOT, due=-2)
        cls.declare("Unowned system", Stage.PRODUCTION)
        silence(initiative=cls.declare("Quiet pilot", Stage.PILOT, due=-9))
        sweep(at=cls.now)

    def names(self, **query):
        response = self.client.get(ATTENTION, query)
        assert response.status_code == 200
        return [line.initiative.name for line in response.context["lines"]]

    def test_counts_initiatives_the_worst_first(self):
        assert self.names() == ["Late pilot", "Unowned system"]
        assert "2 initiatives" in self.text(ATTENTION)

    def test_is_narrowed_to_one_rule_with_its_count(self):
        assert self.names(rule="decision_overdue") == ["Late pilot"]
        counts = {key: count for key, _, count in self.read(ATTENTION).context["rules"]}
        assert counts["decision_overdue"] == 1
        assert counts["unowned"] == len(self.names(rule="unowned")) == 2

    def test_shows_all_for_a_rule_that_there_is_not(self):
        for rule in ("nonsense", "\0"):
            assert len(self.names(rule=rule)) == 2


# What somebody hears of the restricted one beside an open one.
NOTHING = {
    "figures": [1, 1, 1, 1, 1], "spent": 0, "stages": 1, "found": [[]] * 6, "listed": 1,
    "attention": 1, "named": False, "pages": {404},
}  # fmt: skip
ALL = {
    "figures": [2, 2, 2, 2, 2], "spent": 900, "stages": 2,
    "found": [["Whistleblower hints"]] * 6, "listed": 2,
    "attention": 2, "named": True, "pages": {200},
}  # fmt: skip


@pytest.mark.embedded
class TestRestricted(Pages):
    """Invisible outside its roles, leads and auditors, in every figure and list (product.md §7)."""

    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.initiative = cls.declare("Whistleblower hints", Stage.PILOT, due=-5)
        cls.spend(cls.initiative, 900)
        restrict(initiative=cls.initiative)
        cls.declare("Open pilot", Stage.PILOT, due=-5)
        sweep(at=cls.now)

    def seen_by(self, person):
        """Every way in which this person could hear of it: the counts, lists, and its pages."""
        self.client.force_login(person)
        shown = self.read(DASHBOARD).context["dashboard"]
        pages = [
            self.client.get(reverse(name, args=[self.initiative.pk, *rest])).status_code
            for name, *rest in (
                ("initiatives:detail",),
                ("initiatives:history",),
                ("initiatives:edit", "details"),
                ("initiatives:triage",),
                ("initiatives:add_document",),
                ("reviews:decide", "kill"),
                ("reviews:answer", "data_audit"),
            )
        ]
        return {
            "figures": [shown.due, shown.overdue, shown.unowned, shown.total, len(shown.rows)],
            "spent": shown.spent_past_date,
            "stages": sum(stage.count for stage in shown.stages),
            "found": [
                self.found({"q": question} | narrowed)
                for question in ("whistle", self.initiative.reference)
                for narrowed in ({}, {"show": "overdue"}, {"flag": "unowned"})
            ],
            "listed": len(self.found({})),
            "attention": len(self.read(ATTENTION).context["lines"]),
            "named": any(
                "Whistleblower" in self.text(url) for url in (DASHBOARD, LIST, MY_WORK, ATTENTION)
            ),
            "pages": set(pages),
        }

    def test_is_not_there_for_members(self):
        assert self.seen_by(self.member) == NOTHING

    def test_is_not_there_for_administrators(self):
        assert self.seen_by(make_administrator(at=self.now - HIRED)) == NOTHING

    def test_is_there_for_leads(self):
        assert self.seen_by(self.lead) == ALL

    def test_is_there_for_auditors(self):
        assert self.seen_by(make_auditor(at=self.now - HIRED)) == ALL

    def test_is_there_for_whoever_holds_a_role(self):
        self.own(self.initiative, Role.DATA_OWNER, self.member)
        assert self.seen_by(self.member) == ALL


@pytest.mark.embedded
class TestErrors(Pages):
    def test_say_the_same_of_what_is_hidden_and_of_what_is_not_there(self):
        hidden = self.declare("Whistleblower hints", Stage.PILOT)
        restrict(initiative=hidden)
        self.client.force_login(self.member)
        answers = [
            self.client.get(reverse("initiatives:detail", args=[pk]))
            for pk in (hidden.pk, 10**9, 10**40)
        ]
        assert [answer.status_code for answer in answers] == [404, 404, 404]
        texts = {re.sub(r'"X-CSRFToken": "\w+"', "", a.content.decode()) for a in answers}
        assert len(texts) == 1
        assert "There is nothing here for you" in texts.pop()

    def test_say_what_to_do_about_a_form_that_stood_open_for_too_long(self):
        client = Client(enforce_csrf_checks=True)
        client.force_login(self.member)
        response = client.post(reverse("initiatives:register"), {"name": "Late"})
        self.assertContains(response, "load the page anew and send it again", status_code=403)
        assert not Initiative.objects.exists()

    def test_are_said_at_a_broken_request_too(self):
        fields = {f"field{number}": "" for number in range(2_100)}
        response = self.client.post(reverse("initiatives:register"), fields)
        assert response.status_code == 400
        assert b"That could not be understood" in response.content


@pytest.mark.embedded
class TestPrivacy(Pages):
    def test_lets_nobody_store_what_a_signed_in_person_sees(self):
        made = self.declare("Fraud radar", Stage.PILOT)
        gone = reverse("initiatives:detail", args=[10**9])
        for url in (DASHBOARD, LIST, MY_WORK, ATTENTION, page_of(made), gone):
            assert "no-store" in self.client.get(url)["Cache-Control"], url

    def test_shows_no_page_before_the_sign_in(self):
        made = self.declare("Fraud radar", Stage.PILOT)
        history = reverse("initiatives:history", args=[made.pk])
        register = reverse("initiatives:register")
        for url in (DASHBOARD, LIST, MY_WORK, ATTENTION, page_of(made), history, register):
            answer = Client().get(url)
            assert answer.status_code == 302, url
            assert answer["Location"].startswith(reverse("account_login")), url


@pytest.mark.embedded
class TestSignInPage(TestCase):
    url = reverse("account_login")

    @classmethod
    def setUpTestData(cls):
        for persona in (personas.LEAD, personas.SECURITY):
            make_person(name=persona.name, email=persona.email)

    def test_offers_nobody_outside_the_demo(self):
        page = self.client.get(self.url)
        self.assertNotContains(page, personas.LEAD.name)
        self.assertNotContains(page, "demo")

    @override_settings(DEMO=True, DEMO_PASSWORD="open sesame now")
    def test_offers_the_personas_who_are_there_in_the_demo(self):
        page = self.client.get(self.url)
        for persona in (personas.LEAD, personas.SECURITY):
            self.assertContains(page, persona.name)
        self.assertContains(page, 'value="open sesame now"')
        self.assertNotContains(page, personas.COMPLIANCE.name)

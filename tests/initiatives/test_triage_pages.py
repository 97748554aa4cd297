from __future__ import annotations

from html import escape

from django.contrib.messages import get_messages
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from initiatives import actions
from initiatives.models import Triage
from initiatives.stages import Stage
from initiatives.triage import QUESTIONS
from tests.accounts.expectations import last_event
from tests.factories import (
    NOON,
    make_declared,
    make_group_member,
    make_initiative,
    make_triage,
    reloaded,
    restrict,
)
from tests.initiatives.pages import Pages, faults

NO = dict.fromkeys(QUESTIONS, "no")
LITTLE = {"pilot_budget": 10_000, "monthly_cost": 100}
MY_WORK = reverse("portfolio:my_work")
QUEUE = reverse("initiatives:triage_queue")


def said(response):
    """What stands on the page, as text."""
    return response.content.decode()


def told(response):
    """The messages that the next page shows."""
    return [str(message) for message in get_messages(response.wsgi_request)]


class TriagePages(Pages):
    """Cleo is compliance; Ada's proposal costs little."""

    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.cleo = make_group_member(group="compliance", name="Cleo Compliance")
        actions.edit(initiative=cls.initiative, by=cls.ada, at=NOON, **LITTLE)

    def light(self, name="Call summaries"):
        made = make_initiative(by=self.ada, name=name, **LITTLE)
        make_triage(initiative=made, by=self.ada)
        return made

    def stored(self):
        return Triage.objects.get(initiative=self.initiative)

    def page(self):
        return said(self.client.get(self.initiative.get_absolute_url()))


class TestAnswering(TriagePages):
    def answer(self, **data):
        return self.post("triage", self.initiative.pk, **(NO | data))

    def test_asks_eight_times_yes_or_no_and_two_amounts(self):
        page = said(self.get("triage", self.initiative.pk))
        assert page.count('type="radio"') == 16
        assert 'name="pilot_budget"' in page
        assert 'value="10000"' in page

    def test_shows_what_no_to_all_means(self):
        page = said(self.get("triage", self.initiative.pk))
        assert "a pilot under 25,000 and under 1,000 a month" in page
        assert "Then the charter asks 16 questions" in page

    def test_says_level_class_and_what_follows(self):
        (words,) = told(self.answer())
        assert words.startswith("Light level, no to the first seven, and little money; minimal")
        assert "The charter asks 16 questions" in words
        words = told(self.answer(talks_to_public="yes"))[-1]
        assert "limited risk proposed, because it talks to the public" in words

    def test_says_what_is_still_open(self):
        (words,) = told(self.answer(bought="", personal_data=""))
        assert words == "Saved. 2 of the eight questions are still open."

    def test_says_that_the_level_stays_and_why(self):
        make_triage(initiative=self.initiative, yes=["decides_about_people"])
        actions.confirm_triage(
            initiative=self.initiative, level="full", legal_class="high", because="",
            by=self.cleo, at=NOON,
        )  # fmt: skip
        (words,) = told(self.answer())
        assert words.startswith("Full level and high risk stay in force until compliance confirms")
        assert "light level and minimal risk" in words

    def test_says_that_it_is_confirmed_where_it_still_is(self):
        make_triage(initiative=self.initiative)
        actions.confirm_triage(
            initiative=self.initiative, level="light", legal_class="minimal", because="",
            by=self.cleo, at=NOON,
        )  # fmt: skip
        (words,) = told(self.answer())
        assert words.startswith("Light level, minimal risk, as compliance confirmed.")

    def test_stores_the_amounts_beside_the_answers(self):
        self.answer(pilot_budget="EUR 90,000", monthly_cost="100")
        row = reloaded(self.initiative)
        assert (row.pilot_budget, row.monthly_cost, row.level) == (90_000, 100, "standard")

    def test_leaves_amounts_alone_that_were_not_asked_for(self):
        self.answer()
        row = reloaded(self.initiative)
        assert (row.pilot_budget, row.monthly_cost) == (10_000, 100)

    def test_refuses_an_amount_that_is_none_and_keeps_the_answers(self):
        response = self.answer(pilot_budget="much")
        assert set(faults(response)) == {"pilot_budget"}
        assert 'value="much"' in said(response)
        assert said(response).count("checked") == 8

    def test_refuses_whoever_has_no_part_in_it(self):
        self.client.force_login(self.bo)
        assert "Only portfolio leads" in faults(self.answer())[""][0]


class TestConfirming(TriagePages):
    def setUp(self):
        make_triage(initiative=self.initiative, yes=["talks_to_public"], by=self.ada)
        self.client.force_login(self.cleo)

    def confirm(self, query="", **data):
        sent = {"level": "standard", "legal_class": "limited", "because": ""} | data
        return self.client.post(self.address("confirm_triage", self.initiative.pk) + query, sent)

    def test_shows_answers_and_what_led_where(self):
        page = said(self.get("confirm_triage", self.initiative.pk))
        for question in QUESTIONS.values():
            assert escape(question) in page
        assert page.count("because it talks to the public") == 2
        assert "Full: the charter asks" in page

    def test_confirms_and_goes_back(self):
        response = self.confirm()
        assert response["Location"] == self.initiative.get_absolute_url()
        assert self.stored().confirmed_by == self.cleo
        assert self.confirm("?from=queue")["Location"] == QUEUE

    def test_asks_for_a_reason_at_its_field(self):
        response = self.confirm(level="light")
        assert set(faults(response)) == {"because"}
        assert reloaded(self.initiative).level == "standard"
        assert self.confirm(level="light", because="One <b>kiosk</b>.").status_code == 302
        assert reloaded(self.initiative).level == "light"
        assert "One &lt;b&gt;kiosk" in said(self.get("confirm_triage", self.initiative.pk))

    def test_takes_only_levels_and_classes_there_are(self):
        response = self.confirm(level="none", legal_class="harmless")
        assert set(faults(response)) == {"level", "legal_class"}

    def test_is_to_be_read_by_others_and_refused_to_them(self):
        for person in (self.ada, self.lead):
            self.client.force_login(person)
            page = said(self.get("confirm_triage", self.initiative.pk))
            assert "<select" not in page
            assert "Members of the group compliance" in page
            response = self.confirm(legal_class="prohibited", because="I say so.")
            assert "Only members of the group compliance" in faults(response)[""][0]
            assert "Only members of the group compliance" in said(response)
            assert last_event().kind == "initiative.confirm_triage_refused"
        assert self.stored().confirmed_at is None

    def test_is_not_there_for_whoever_may_not_know_of_it(self):
        restrict(initiative=self.initiative)
        assert self.get("confirm_triage", self.initiative.pk).status_code == 404
        assert self.confirm().status_code == 404

    def test_has_nothing_to_confirm_while_questions_are_open(self):
        Triage.objects.update(bought=None)
        page = said(self.get("confirm_triage", self.initiative.pk))
        assert "there is nothing to confirm" in page
        Triage.objects.all().delete()
        assert self.get("confirm_triage", self.initiative.pk).status_code == 200
        assert "there is nothing to confirm" in faults(self.confirm())[""][0]


class TestOnTheInitiative(TriagePages):
    def test_says_nothing_before_all_is_answered(self):
        assert "not confirmed yet" not in self.page()

    def test_says_what_is_proposed_and_later_who_confirmed(self):
        make_triage(initiative=self.initiative, yes=["talks_to_public"])
        assert "proposed, not confirmed yet" in self.page()
        actions.confirm_triage(
            initiative=self.initiative, level="standard", legal_class="limited", because="",
            by=self.cleo, at=NOON,
        )  # fmt: skip
        assert "confirmed by Cleo Compliance on 2 Mar 2026" in self.page()

    def test_links_compliance_to_the_form(self):
        make_triage(initiative=self.initiative)
        address = self.address("confirm_triage", self.initiative.pk)
        self.client.force_login(self.cleo)
        assert f'proposed · <a href="{address}">Confirm</a>' in self.page()


class TestTheQueue(TriagePages):
    def setUp(self):
        self.client.force_login(self.cleo)

    def listed(self):
        page = self.client.get(QUEUE).context
        return [row.initiative.pk for row in page["light"]], [
            row.initiative.pk for row in page["others"]
        ]

    def bulk(self, *chosen):
        return self.client.post(QUEUE, {"initiative": list(chosen)})

    def test_says_what_to_do_when_nothing_waits(self):
        assert "Nothing to confirm" in said(self.client.get(QUEUE))

    def test_lists_light_ones_and_others_apart(self):
        light = self.light()
        make_triage(initiative=self.initiative, yes=["personal_data"])
        assert self.listed() == ([light.pk], [self.initiative.pk])
        assert "because it uses personal data" in said(self.client.get(QUEUE))

    def test_leaves_out_what_is_open_confirmed_retired_or_hidden(self):
        make_triage(initiative=self.initiative)
        assert self.listed() == ([self.initiative.pk], [])
        restrict(initiative=self.initiative)
        assert self.listed() == ([], [])
        done, gone, unanswered = (self.light(name) for name in ("Done", "Gone", "Open"))
        self.bulk(done.pk)
        type(gone).objects.filter(pk=gone.pk).update(stage=Stage.RETIRED)
        Triage.objects.filter(initiative=unanswered).update(bought=None)
        assert self.listed() == ([], [])

    def test_never_counts_as_light_what_is_kept_above_its_answers(self):
        running = make_declared(by=self.lead, **LITTLE)
        make_triage(initiative=running, yes=["talks_to_public"])
        make_triage(initiative=running)
        assert self.listed() == ([], [running.pk])
        assert "in force; the answers now lead to light and minimal risk" in said(
            self.client.get(QUEUE)
        )

    def test_confirms_the_selected_ones(self):
        one, two, three = (self.light(name) for name in ("One", "Two", "Three"))
        response = self.bulk(one.pk, two.pk)
        assert (response["Location"], told(response)) == (
            QUEUE, ["2 light initiatives are confirmed."],
        )  # fmt: skip
        assert self.listed() == ([three.pk], [])

    def test_says_which_it_left(self):
        light = self.light()
        make_triage(initiative=self.initiative, yes=["personal_data"])
        words = told(self.bulk(light.pk, self.initiative.pk))
        assert words[0] == "1 light initiative is confirmed."
        assert self.initiative.reference in words[1]
        assert self.stored().confirmed_at is None

    def test_takes_no_nonsense(self):
        for chosen in ((), ("x", "-1", "9" * 30), ("4711",)):
            assert told(self.bulk(*chosen))[-1] == "Nothing was selected."

    def test_confirms_nothing_that_is_hidden(self):
        light = self.light()
        restrict(initiative=light)
        self.bulk(light.pk)
        assert Triage.objects.get(initiative=light).confirmed_at is None

    def test_is_refused_to_others_who_may_read_it(self):
        light = self.light()
        self.client.force_login(self.lead)
        assert "checkbox" not in said(self.client.get(QUEUE))
        assert "Only members of the group compliance" in told(self.bulk(light.pk))[0]
        assert last_event().kind == "initiative.confirm_light_refused"
        assert Triage.objects.get().confirmed_at is None

    def test_asks_visitors_to_sign_in(self):
        self.client.logout()
        assert self.client.get(QUEUE).status_code == 302
        assert self.bulk(1).status_code == 302

    def test_needs_few_queries_however_many_wait(self):
        self.light()
        few = self.queries()
        for number in range(60):
            self.light(f"Number {number}")
        assert self.queries() == few <= 8
        page = self.client.get(QUEUE + "?page=2").context["page"]
        assert (page.number, len(page), page.paginator.count) == (2, 11, 61)

    def queries(self):
        with CaptureQueriesContext(
            connection,
        ) as caught:
            assert self.client.get(QUEUE).status_code == 200
        return len(caught)


class TestMyWork(TriagePages):
    def test_counts_what_waits_for_compliance_alone(self):
        self.light()
        assert "to confirm" not in said(self.client.get(MY_WORK))
        self.client.force_login(self.cleo)
        assert "1 triage to confirm" in said(self.client.get(MY_WORK))
        self.light("Another")
        page = said(self.client.get(MY_WORK))
        assert "2 triages to confirm" in page
        assert QUEUE in page

    def test_is_quiet_when_nothing_waits(self):
        self.client.force_login(self.cleo)
        assert "Nothing waits for you" in said(self.client.get(MY_WORK))

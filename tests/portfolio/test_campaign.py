"""How the campaign stands: each figure is the count of its list."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Person, Unit
from initiatives import actions as initiatives
from initiatives.models import Initiative, Ownership
from initiatives.stages import Role, Stage
from initiatives.workdays import add_working_days
from notifications import actions
from notifications.actions.composing import mail_time
from portfolio.queries import campaign
from reviews import actions as reviews
from reviews.models import RetirementRequest
from tests.factories import make_declared, make_person
from tests.notifications.campaigns import Company

DAY = timedelta(days=1)
COUNTS, LIST = reverse("campaign:counts"), reverse("initiatives:list")


@pytest.mark.embedded
class TestCounts(Company):
    """Ana took one, handed one on and says one is dead; Cleo declined; Ben is silent; of forecast
    nobody was asked, and one was retired since."""

    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.now = timezone.now()
        cls.today = timezone.localdate()
        actions.start_campaign(by=cls.lead, at=cls.now)
        asked = {row.initiative.name: row for row in cls.asked_of(cls.ana, cls.cleo)}
        initiatives.accept_all(ownerships=[asked["Letters"]], by=cls.ana, at=cls.now)
        initiatives.disown(ownerships=[asked["Invoices"]], instead=cls.hal, by=cls.ana, at=cls.now)
        initiatives.disown(ownerships=[asked["Search"]], by=cls.cleo, at=cls.now)
        reviews.ask_to_retire(
            initiative=asked["Photos"].initiative, reason="Off.", by=cls.ana, at=cls.now
        )
        over = make_declared(by=cls.lead, name="Over", stage=Stage.PILOT, at=cls.now)
        reviews.decide(
            initiative=over, kind="kill", reason="No use.", outcome="withdrawn",
            lesson="Ask earlier.", by=cls.lead, at=cls.now,
        )  # fmt: skip

    @classmethod
    def asked_of(cls, *people):
        return [row for person in people for row in cls.asked(cls, person)]

    def load(self):
        return campaign.load(self.lead, self.today)

    def test_counts_each_answer(self):
        counts = self.load().counts
        assert {key: counts[key] for key in campaign.COLUMNS} == {
            "quiet": 0, "asked": 5, "accepted": 1, "declined": 1, "silent": 2, "dead": 1,
            "handed_on": 1, "nobody": 1, "retired": 1,
        }  # fmt: skip

    def test_counts_as_many_as_each_list_shows(self):
        found = self.load()
        for line in (found.total, *found.lines):
            for figure in line.figures:
                if figure.count and figure.url:
                    shown = self.client_list(figure.url)
                    assert shown == figure.count, (line.unit, figure)

    def client_list(self, url):
        self.client.force_login(Person.objects.get(pk=self.lead.pk))
        return self.client.get(url).context["page"].paginator.count

    def test_sums_the_units(self):
        found = self.load()
        units = {line.unit: line for line in found.lines}
        assert set(units) == {"Claims", "Service", "No unit"}
        for place, figure in enumerate(found.total.figures):
            assert figure.count == sum(line.figures[place].count for line in found.lines)

    def test_agrees_with_the_dashboard(self):
        self.client.force_login(Person.objects.get(pk=self.lead.pk))
        said = self.client.get(reverse("portfolio:dashboard")).context["dashboard"].catch_up
        counts = self.load().counts
        for answer in ("asked", "accepted", "declined", "silent", "dead", "nobody"):
            assert getattr(said, answer) == counts[answer], answer

    def test_names_who_is_silent_and_since_when(self):
        silences = {s.person.name: s for s in self.load().silences}
        assert set(silences) == {"Hal Head", "ben.byname@example.com"}
        ben = silences["ben.byname@example.com"]
        assert [row.name for row in ben.initiatives] == ["Calls"]
        assert (ben.since, ben.told_at, ben.is_over) == (self.now, None, False)

    def test_speaks_of_no_answer_yet_until_the_first_day_on_which_people_are_asked_again(self):
        self.client.force_login(Person.objects.get(pk=self.lead.pk))
        for days, said, is_silent in ((2, "No answer yet", False), (3, "Silent", True)):
            Initiative.objects.counting().update(counting_since=self.now - days * DAY)
            Ownership.objects.filter(asked_at__gt=self.now - 9 * DAY).update(
                asked_at=self.now - days * DAY
            )
            found = self.load()
            assert (found.unanswered, found.is_silent) == (said, is_silent), days
            assert found.columns[list(campaign.COLUMNS).index("silent")] == said
            assert bool(found.silent) == is_silent
            page = self.client.get(COUNTS).content.decode()
            assert ("Chase all 2" in page) == is_silent
            assert ("Silent people" in page) == is_silent

    def test_counts_by_one_measure_in_the_figure_and_in_its_column(self):
        self.client.force_login(Person.objects.get(pk=self.lead.pk))
        page = " ".join(self.client.get(COUNTS).content.decode().split())
        figure = re.search(r"(\d+)</[a-z]+> <[^>]*>asked, no answer yet", page)
        assert figure is not None, page
        assert int(figure[1]) == self.load().counts["silent"] == 2

    def test_says_when_they_last_had_a_mail(self):
        actions.hear(at=self.now)
        morning = mail_time(add_working_days(timezone.localdate(self.now), 1))
        actions.deliver(clock=lambda: morning)
        assert {s.told_at for s in self.load().silences} == {morning}

    def test_is_for_leads_alone(self):
        self.client.force_login(Person.objects.get(pk=self.hal.pk))
        assert self.client.get(COUNTS).status_code == 403
        self.client.force_login(Person.objects.get(pk=self.lead.pk))
        page = self.client.get(COUNTS).content.decode()
        assert "Preview and start" not in page
        Initiative.objects.filter(name="Calls").update(counting_since=None)
        assert "Preview and start" in self.client.get(COUNTS).content.decode()

    def test_asks_no_more_of_the_database_for_many(self):
        for url in (COUNTS, reverse("campaign:start"), reverse("campaign:retire")):
            self.count(url)
        few = {url: self.count(url) for url in (COUNTS, reverse("campaign:retire"))}
        for number in range(20):
            row = make_declared(
                by=self.lead, name=f"More {number}", stage=Stage.PILOT,
                unit=Unit.objects.create(name=f"Unit {number}"),
            )  # fmt: skip
            person = make_person(name=f"Person {number}")
            initiatives.ask(
                initiative=row, role=Role.BUSINESS_OWNER, person=person, by=self.lead, at=self.now
            )
            if number % 2:
                RetirementRequest.objects.create(
                    initiative=row, asked_by=person, asked_at=self.now, reason="Off."
                )
        for url, count in few.items():
            assert self.count(url) == count <= 14, url

    def test_previews_many_with_as_few_queries(self):
        Initiative.objects.filter(name__in=("Letters", "Calls")).update(counting_since=None)
        start = reverse("campaign:start")
        few = self.count(start)
        for number in range(20):
            row = make_declared(by=self.lead, name=f"More {number}", stage=Stage.PRODUCTION)
            person = make_person(name=f"Person {number}")
            initiatives.ask(
                initiative=row, role=Role.SPONSOR, person=person, by=self.lead, at=self.now
            )
            Initiative.objects.filter(pk=row.pk).update(counting_since=None)
        assert self.count(start) == few <= 16

    def count(self, url):
        self.client.force_login(Person.objects.get(pk=self.lead.pk))
        self.client.get(url)
        with CaptureQueriesContext(connection) as seen:
            assert self.client.get(url).status_code == 200
        return len(seen)


@pytest.mark.embedded
class TestBeforeAnything(Company):
    def test_says_what_to_do_where_nothing_was_imported(self):
        Initiative.objects.all().update(declared_at=None, counting_since=timezone.now())
        self.client.force_login(Person.objects.get(pk=self.lead.pk))
        assert "Nothing was imported" in self.client.get(COUNTS).content.decode()

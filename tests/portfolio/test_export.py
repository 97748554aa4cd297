"""The list as a file for a spreadsheet: the same rows, in cells that no spreadsheet runs."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from decimal import Decimal
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from audit.queries import history
from initiatives import actions
from initiatives.models import Initiative
from initiatives.stages import Role, Stage
from notifications.actions import sweep
from reviews import actions as reviews
from tests.factories import (
    make_auditor,
    make_initiative,
    make_measurement,
    make_metric,
    make_owner,
    make_person,
    make_triage,
    make_unit,
    restrict,
)
from tests.portfolio.test_pages import HIRED, LIST, Pages

EXPORT = reverse("initiatives:export")
MONEY = f"({settings.CURRENCY})"


class Exports(Pages):
    def sheet(self, query=None):
        """The rows of the file, each by its headings."""
        response = self.client.get(EXPORT, query)
        assert response.status_code == 200, query
        text = response.getvalue().decode("utf-8-sig")
        return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))

    def titles(self, query=None):
        return [row["Title"] for row in self.sheet(query)]


@pytest.mark.embedded
class TestExport(Exports):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        claims, motor = make_unit(name="Claims"), make_unit(name="Motor, “north”")
        cls.pilot = cls.declare(
            "Réclamations à l'œil 保険", Stage.PILOT, due=-23, unit=motor,
            vendor="Brightline", monthly_cost=4_100,
        )  # fmt: skip
        cls.proposal = make_initiative(
            name="Letters", unit=claims, by=cls.lead, at=cls.now - timedelta(days=20)
        )
        cls.bot = cls.declare("Phone bot", Stage.PRODUCTION, unit=motor)

    def row(self, initiative):
        (found,) = [row for row in self.sheet() if row["Reference"] == initiative.reference]
        return found

    def test_begins_with_what_tells_a_spreadsheet_its_encoding(self):
        response = self.client.get(EXPORT)
        assert response.getvalue().startswith(b"\xef\xbb\xbf")
        assert response["Content-Type"] == "text/csv; charset=utf-8"
        name = f"initiatives-{self.today}.csv"
        assert response["Content-Disposition"] == f'attachment; filename="{name}"'

    def test_says_of_each_where_it_stands(self):
        make_triage(initiative=self.pilot, yes=["talks_to_public", "bought"], at=self.now)
        sweep(at=self.now)
        found = self.row(self.pilot)
        due = self.today - timedelta(days=23)
        began = (self.now - timedelta(days=60)).date()
        assert {name: found[name] for name in list(found)[:10]} == {
            "Reference": f"AI-{self.pilot.pk:04d}",
            "Title": "Réclamations à l'œil 保険",
            "Unit": "Motor, “north”",
            "Stage": "Pilot",
            "Stage since": began.isoformat(),
            "Decision date": due.isoformat(),
            "Days late": "23",
            "Extensions": "0",
            "Control level": "Standard",
            "Legal class": "Limited risk",
        }
        assert found["Attention"]
        assert found["Bought or built"] == "bought"
        assert found["Vendor"] == "Brightline"
        assert found["Page"] == f"{settings.BASE_URL}{self.pilot.get_absolute_url()}"

    def test_says_since_when_it_is_suspended(self):
        reviews.decide(
            initiative=self.bot, kind="suspend", reason="It errs.", by=self.lead, at=self.now
        )
        assert self.row(self.bot)["Suspended since"] == self.today.isoformat()
        assert self.row(self.pilot)["Suspended since"] == ""

    def test_says_what_it_costs_in_plain_numbers(self):
        self.spend(self.pilot, 12_000)
        self.spend(self.pilot, -500)
        found = self.row(self.pilot)
        assert found[f"Spent so far {MONEY}"] == "11500"
        assert found[f"Monthly cost {MONEY}"] == "4100"
        assert self.row(self.bot)[f"Spent so far {MONEY}"] == ""

    def test_says_what_it_promised_and_what_it_has_shown(self):
        metric = make_metric(initiative=self.pilot, baseline=Decimal("14400.5"), at=self.now)
        make_metric(initiative=self.pilot, name="Score", kind="quality", is_primary=False)
        day = self.now - timedelta(days=3)
        wrong = make_measurement(metric=metric, value=90, at=self.now, measured_at=day)
        make_measurement(
            metric=metric, value=Decimal("-1.25"), at=self.now, measured_at=day, corrects=wrong
        )
        make_measurement(metric=metric, value=7, at=self.now, measured_at=day - timedelta(days=1))
        found = self.row(self.pilot)
        assert found["Primary metric"] == metric.name
        assert found["Metric unit"] == "seconds"
        bounds = [found[name] for name in ("Baseline", "Target", "Threshold")]
        assert bounds == ["14400.5", "1800", "2700"]
        assert (found["Latest value"], found["Measured on"]) == ("-1.25", day.date().isoformat())

    def test_names_each_owner_once_and_says_who_is_none_yet(self):
        self.own(self.pilot, Role.SPONSOR, self.member)
        asked = {"initiative": self.pilot, "person": self.lead, "by": None, "at": self.now}
        actions.ask(role=Role.ENGINEERING_OWNER, **asked)
        actions.decline(
            ownership=actions.ask(role=Role.BUSINESS_OWNER, **asked),
            by=self.lead, at=self.now, comment="Not mine.",
        )  # fmt: skip
        gone = make_person(name="Gone Girl", at=self.now - HIRED)
        self.own(self.pilot, Role.PRODUCTION_OWNER, gone)
        type(gone).objects.filter(pk=gone.pk).update(is_active=False)
        found = self.row(self.pilot)
        assert found["Sponsor"] == "Ada Berg"
        assert found["Business owner"] == ""
        assert found["Engineering owner"] == "Ingrid Vale (asked)"
        assert found["Production owner"] == "Gone Girl (no longer here)"
        type(gone).objects.filter(pk=gone.pk).update(is_active=True, active_since=self.now)
        assert self.row(self.pilot)["Production owner"] == "Gone Girl (has to accept again)"
        assert len(self.sheet()) == 3

    def test_is_not_late_before_its_date_nor_once_it_is_over(self):
        assert self.row(self.proposal)["Days late"] == ""
        Initiative.objects.filter(pk=self.pilot.pk).update(stage=Stage.RETIRED)
        assert self.row(self.pilot)["Days late"] == ""

    def test_holds_what_the_list_shows_in_its_order(self):
        sweep(at=self.now)
        make_owner(initiative=self.bot, role=Role.PRODUCTION_OWNER, person=self.member, at=self.now)
        for query in (
            {}, {"q": "reclam"}, {"q": "nothing of the kind"}, {"stage": "production"},
            {"unit": self.bot.unit_id}, {"unit": self.bot.unit_id, "sort": "-name"},
            {"owner": "berg ada"}, {"show": "overdue"}, {"show": "unowned"}, {"show": "killed"},
            {"flag": "decision_overdue"}, {"health": "unmeasured"}, {"catch_up": "nobody"},
            {"week": str(self.today)}, {"sort": "decision"}, {"sort": "-number"}, {"sort": "name"},
            {"stage": "nonsense"}, {"q": "\0"}, {"sort": "password"}, {"unit": "9" * 30},
        ):  # fmt: skip
            assert self.titles(query) == self.found(query), query
        assert self.titles({"q": "nothing of the kind"}) == []

    def test_holds_all_pages(self):
        for number in range(52):
            self.declare(f"Further {number:02}", Stage.PILOT)
        assert len(self.sheet({"page": "2", "size": "50", "stage": "pilot"})) == 53

    def test_is_linked_from_the_list_with_what_that_is_narrowed_by(self):
        page = self.read(f"{LIST}?stage=pilot&sort=-name&page=1&size=100")
        self.assertContains(page, f'href="{EXPORT}?stage=pilot&amp;sort=-name"')
        partial = self.client.get(LIST, {"q": "phone"}, headers={"HX-Request": "true"})
        self.assertContains(partial, f'href="{EXPORT}?q=phone"')
        self.assertNotContains(self.client.get(LIST, {"q": "zzz"}), "Export CSV")


# What a spreadsheet would run, or take for the beginning of a formula.
FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", '=HYPERLINK("x","y")')


@pytest.mark.embedded
class TestFormulas(Exports):
    def test_are_texts_in_every_column_that_people_write(self):
        for text in FORMULAS:
            initiative = self.declare(
                text, Stage.PILOT, unit=make_unit(name=text), vendor=text, system_name=text
            )
            Initiative.objects.filter(pk=initiative.pk).update(
                name=text, vendor=text, system_name=text
            )
            metric = make_metric(initiative=initiative, unit_kind="count", unit=text, name=text)
            type(metric).objects.filter(pk=metric.pk).update(name=text, unit=text)
            person = make_person(name="X", email=f"x{initiative.pk}@example.com")
            type(person).objects.filter(pk=person.pk).update(name=text)
            self.own(initiative, Role.SPONSOR, person)
        columns = ("Title", "Unit", "Vendor", "System", "Primary metric", "Metric unit", "Sponsor")
        found = self.sheet()
        assert [[row[name] for name in columns] for row in found] == [
            [f"'{text}"] * len(columns) for text in FORMULAS
        ]

    def test_are_not_suspected_in_other_texts(self):
        for text in ("1 = 1", "a@b", 'quoted "twice"', "two, with a comma", "'tis"):
            self.declare(text, Stage.PILOT)
        assert self.titles() == [
            "1 = 1", "a@b", 'quoted "twice"', "two, with a comma", "'tis",
        ]  # fmt: skip


@pytest.mark.embedded
class TestWhoMayExport(Exports):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.hidden = cls.declare("Whistleblower hints", Stage.PILOT)
        restrict(initiative=cls.hidden)
        cls.declare("Open pilot", Stage.PILOT)

    def test_is_who_sees_and_of_what_they_see(self):
        holder = make_person(name="Holly Holder", at=self.now - HIRED)
        self.own(self.hidden, Role.DATA_OWNER, holder)
        everything = ["Whistleblower hints", "Open pilot"]
        for person, titles in (
            (self.member, ["Open pilot"]),
            (self.lead, everything),
            (make_auditor(at=self.now - HIRED), everything),
            (holder, everything),
        ):
            self.client.force_login(person)
            assert self.titles() == titles, person

    def test_is_nobody_before_the_sign_in(self):
        answer = Client().get(EXPORT)
        assert answer.status_code == 302
        assert urlsplit(answer["Location"]).path == reverse("account_login")
        assert not self.exports()

    def test_is_on_record_with_how_many_and_which(self):
        self.client.force_login(self.member)
        self.sheet()
        self.sheet({"owner": "Holder", "stage": "", "page": "3", "sort": "name"})
        first, second = self.exports()
        assert (first.actor_id, first.changed) == (self.member.pk, {"count": 1})
        assert second.changed == {"count": 0, "narrowed_by": "owner=Holder&sort=name"}

    def test_takes_nothing_with_a_method_that_asks_for_nothing(self):
        for method in (self.client.head, self.client.post):
            assert method(EXPORT).status_code == 405
        assert not self.exports()

    def exports(self):
        """What the log says of exports, the oldest first."""
        return [e for e in reversed(history()) if e.kind == "initiatives.exported"]

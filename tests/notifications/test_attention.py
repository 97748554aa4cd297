"""The page Attention: how it is narrowed, grouped and paged, and who sees what."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import TestCase
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from initiatives.models import Initiative
from initiatives.stages import Role, Stage
from notifications import actions
from notifications.models import Flag
from reviews import actions as reviews
from tests.factories import make_unit
from tests.notifications.scenes import (
    make_initiative,
    make_lead,
    make_person,
    move,
    own,
    owned_by_all,
)

DAY = timedelta(days=1)
URL = reverse("notifications:attention")


class Attention(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.now, cls.today = timezone.now(), timezone.localdate()
        cls.lead = make_lead()
        cls.owner = make_person("Olga Owner")
        cls.member = make_person("Mia Member")
        cls.near = cls.make("Letters to brokers", 9, **owned_by_all(cls.owner))
        cls.late = cls.make("Claims triage", -2, **owned_by_all(cls.owner))
        cls.lost = cls.make("Fraud signals", 200, stage=Stage.PRODUCTION)
        actions.sweep(at=cls.now)

    @classmethod
    def make(cls, name, due, **more):
        made = make_initiative(
            cls.lead, name=name, due=cls.today + due * DAY, at=cls.now - 90 * DAY, **more
        )
        Initiative.objects.filter(pk=made.pk).update(touched_at=cls.now)
        return made

    def setUp(self):
        self.client.force_login(self.lead)

    def read(self, **query):
        response = self.client.get(URL, query)
        assert response.status_code == 200
        return response

    def found(self, **query):
        return [line.initiative for line in self.read(**query).context["lines"]]


class TestNarrowing(Attention):
    def test_shows_the_worst_first(self):
        assert self.found() == [self.late, self.lost, self.near]

    def test_by_severity(self):
        assert self.found(severity="notice") == [self.near]
        assert self.found(severity="critical") == [self.late, self.lost]

    def test_by_stage(self):
        assert self.found(stage="production") == [self.lost]

    def test_by_unit(self):
        unit = make_unit(name="Brokers")
        Initiative.objects.filter(pk=self.near.pk).update(unit=unit)
        assert self.found(unit=unit.pk) == [self.near]

    def test_by_words_as_the_list_does(self):
        assert self.found(q="letter brok") == [self.near]
        assert self.found(q=self.late.reference) == [self.late]

    def test_by_what_is_mine_to_do(self):
        """A lead decides and names; whoever owns without deciding has nothing to do here."""
        assert self.found(acts="mine") == [self.late, self.lost, self.near]
        sponsor = make_person("Sam Sponsor")
        own(self.near, Role.SPONSOR, sponsor, at=self.now)
        own(self.lost, Role.ON_CALL, sponsor, at=self.now)
        self.client.force_login(sponsor)
        assert self.found(acts="mine") == [self.near]
        self.client.force_login(self.member)
        own(self.late, Role.DATA_OWNER, self.member, at=self.now)
        assert self.found(acts="mine") == []

    def test_by_what_is_mine_as_the_flags_say_it(self):
        own(self.near, Role.PRODUCTION_OWNER, self.member, at=self.now)
        own(self.late, Role.ON_CALL, self.member, at=self.now)
        self.client.force_login(self.member)
        for acts, is_mine in (
            ("the business owner and the production owner", True),
            ("its owners", True),
            ("its owners and the portfolio leads", True),
            ("Mia Member", True),
            ("Mia Member, the sponsor or a portfolio lead", True),
            ("Mia Members", False),
            ("the budget owner and the sponsor", False),
            ("a portfolio lead", False),
            ("whoever has not signed", False),
        ):
            Flag.objects.filter(initiative=self.near).update(acts=acts)
            assert self.found(acts="mine") == ([self.near] if is_mine else []), acts

    def test_by_what_waits_for_my_signature(self):
        reviews.request_review(initiative=self.near, by=self.lead, at=self.now - 60 * DAY)
        actions.sweep(at=self.now)
        overdue = Flag.objects.open().filter(rule="sign_off_overdue")
        assert overdue.get().acts == "whoever has not signed"
        Flag.objects.open().exclude(rule="sign_off_overdue").update(acts="somebody else")
        assert self.found(acts="mine") == []
        self.client.force_login(self.owner)
        assert self.found(acts="mine") == [self.near]

    def test_by_what_nobody_could_do(self):
        assert self.found(acts="nobody") == [self.lost]

    def test_by_a_person_who_holds_a_role_or_is_named(self):
        own(self.lost, Role.ON_CALL, self.member, at=self.now)
        assert self.found(person="mia mem") == [self.lost]
        Flag.objects.filter(initiative=self.near).update(acts="Mia Member")
        assert self.found(person="mia") == [self.lost, self.near]

    def test_by_several_at_once(self):
        assert self.found(severity="critical", stage="pilot", person="olga") == [self.late]
        assert self.found(severity="critical", q="letters") == []

    def test_says_what_to_do_where_nothing_matches(self):
        self.assertContains(self.read(q="nothing of the kind"), "Nothing matches")

    def test_forgives_what_makes_no_sense(self):
        for query in ({"unit": "x"}, {"severity": "\0"}, {"by": "nonsense"}, {"page": "x"}):
            assert len(self.found(**query)) == 3, query

    def test_counts_initiatives_in_the_facet(self):
        self.assertContains(self.read(), "Decision near (1)")
        self.assertContains(self.read(), "3 initiatives")

    def test_asks_the_same_number_of_queries_however_much_is_mine(self):
        self.client.force_login(self.owner)
        self.found(acts="mine")
        with CaptureQueriesContext(connection) as few:
            self.found(acts="mine")
        for n in range(5):
            self.make(f"Pilot {n}", 5, **owned_by_all(self.owner))
        actions.sweep(at=self.now)
        with CaptureQueriesContext(connection) as many:
            assert len(self.found(acts="mine")) > 2
        assert len(many) == len(few)

    def test_keeps_what_was_chosen_in_its_links(self):
        page = self.read(severity="critical", by="closed")
        self.assertContains(page, 'href="/attention/?severity=critical"')
        self.assertContains(page, 'href="/attention/?severity=critical&amp;by=rules"')

    def test_gives_htmx_the_results_alone(self):
        whole = self.read()
        part = self.client.get(URL, headers={"HX-Request": "true"})
        assert b"<html" in whole.content
        assert part.content.strip().startswith(b'<div id="results"')

    def test_leaves_out_what_one_may_not_know_of_however_it_is_asked(self):
        Initiative.objects.filter(pk=self.near.pk).update(is_restricted=True)
        Flag.objects.filter(initiative=self.lost).update(closed_at=self.now)
        Initiative.objects.filter(pk=self.lost.pk).update(is_restricted=True)
        self.client.force_login(self.member)
        for query in ({}, {"q": "letters"}, {"by": "rules"}, {"by": "closed"}, {"person": "olga"}):
            page = self.read(**query)
            self.assertNotContains(page, "Letters to brokers")
            self.assertNotContains(page, "Fraud signals")
            self.assertContains(page, "Decision near (0)")


@pytest.mark.embedded
class TestByRule(Attention):
    def groups(self, **query):
        groups = self.read(by="rules", **query).context["groups"]
        return {g.rule.name: (g.count, [f.initiative for f in g.flags]) for g in groups}

    def test_groups_initiatives_under_what_was_flagged(self):
        groups = self.groups()
        assert groups["decision_near"] == (1, [self.near])
        assert list(groups) == ["decision_overdue", "unowned", "decision_near"]

    def test_shows_the_first_of_many_and_leads_to_all(self):
        for number in range(7):
            self.make(f"Pilot {number}", 8, **owned_by_all(self.owner))
        actions.sweep(at=self.now)
        count, first = self.groups()["decision_near"]
        assert (count, len(first)) == (8, 5)
        self.assertContains(self.read(by="rules"), 'href="/attention/?rule=decision_near"')

    def test_is_narrowed_as_well(self):
        assert list(self.groups(severity="notice")) == ["decision_near"]


class TestClosedLately(Attention):
    def closed(self):
        return [flag.initiative for flag in self.read(by="closed").context.get("closed", ())]

    def test_holds_what_has_closed_the_last_first(self):
        self.assertContains(self.read(by="closed"), "Nothing has closed")
        for initiative, days in ((self.late, 1), (self.near, 0)):
            move(initiative, self.today + 200 * DAY)
            actions.sweep(at=self.now - days * DAY)
        assert self.closed() == [self.near, self.late]

    def test_holds_it_for_thirty_days(self):
        Flag.objects.filter(initiative=self.near).update(closed_at=self.now - 29 * DAY)
        Flag.objects.filter(initiative=self.late).update(closed_at=self.now - 31 * DAY)
        assert self.closed() == [self.near]


@pytest.mark.embedded
class TestItsQueries(Attention):
    def test_do_not_grow(self):
        Flag.objects.filter(initiative=self.near).update(closed_at=self.now)
        few = self.counts()
        for number in range(8):
            self.make(f"Pilot {number}", 8 - 2 * number, **owned_by_all(self.owner))
        actions.sweep(at=self.now)
        Flag.objects.filter(rule="decision_near").update(closed_at=self.now)
        for flag in Flag.objects.open().filter(severity="warning"):
            actions.snooze(
                flag=flag, until=self.today + DAY, reason="Soon.", by=self.lead, at=self.now
            )
        assert self.counts() == few

    def counts(self):
        found = []
        for person in (self.lead, self.owner):
            self.client.force_login(person)
            for by in ("", "rules", "closed"):
                self.read(by=by)
                with CaptureQueriesContext(connection) as captured:
                    self.read(by=by)
                found.append(len(captured))
        assert max(found) <= 12
        return found

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import TestCase
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts import actions as people
from accounts.models import Person
from initiatives import actions as initiatives
from initiatives.models import HandOver, Ownership
from initiatives.stages import Role
from portfolio.queries.people import found
from reviews import actions, belongings
from tests.factories import (
    fresh,
    make_administrator,
    make_auditor,
    make_declared,
    make_lead,
    make_owner,
    make_person,
    make_question,
    make_unit,
    restrict,
)

DAY = timedelta(days=1)


class Pages(TestCase):
    """Ada owns one that everybody sees and one that is restricted; Bo may take them over."""

    @classmethod
    def setUpTestData(cls):
        cls.now = timezone.now()
        cls.today = timezone.localdate(cls.now)
        cls.lead, cls.admin = make_lead(), make_administrator()
        cls.unit = make_unit(name="Claims")
        cls.ada = make_person(unit=cls.unit, title="Head of intake")
        cls.bo = make_person(name="Bo Brandt")
        cls.radar = make_declared(by=cls.lead)
        cls.secret = make_declared(by=cls.lead, name="Secret scoring")
        for initiative in (cls.radar, cls.secret):
            for role in (Role.BUSINESS_OWNER, Role.PRODUCTION_OWNER):
                make_owner(initiative=initiative, role=role, person=cls.ada, by=cls.lead)
        restrict(initiative=cls.secret)

    def get(self, name, *args, by=None, **query):
        self.client.force_login(by or self.bo)
        return self.client.get(reverse(f"people:{name}", args=args), query)

    def post(self, name, *args, by=None, **sent):
        self.client.force_login(by or self.bo)
        return self.client.post(reverse(f"people:{name}", args=args), sent)

    def text(self, response):
        return response.content.decode()

    def ask(self, by=None, **more):
        by = by or self.lead
        theirs = belongings.of(self.ada, seen_by=by)
        return actions.ask_to_take_over(
            giver=self.ada, receiver=self.bo, by=by, at=self.now,
            subjects=[b.subject for b in theirs], **more,
        )  # fmt: skip


class TestTheList(Pages):
    def names(self, question, **more):
        return [Person.objects.get(pk=pk).name for pk in found(question, **more)]

    def test_finds_beginnings_of_words_whatever_their_case_and_accents(self):
        make_person(name="Hélène Marchand", email="counsel@example.com")
        for question in ("helene", "MARCH", "hel mar", "counsel"):
            assert self.names(question) == ["Hélène Marchand"], question
        assert self.names("archand") == []
        assert self.names("--") == []

    def test_finds_by_title_and_unit(self):
        assert self.names("intake") == self.names("claims") == ["Ada Berg"]

    def test_narrows_by_how_it_stands_with_them(self):
        people.record_leaving(person=self.ada, day=self.today + DAY, by=None, at=self.now)
        people.deactivate(person=self.bo, by=None, at=self.now)
        make_person(name="Ivo Inside", password="correct horse battery")
        assert self.names("", state="leaving") == ["Ada Berg"]
        assert self.names("", state="inactive") == ["Bo Brandt"]
        assert "Ivo Inside" not in self.names("", state="invited")
        assert "Bo Brandt" not in self.names("", state="active")
        assert self.names("", unit=self.unit) == ["Ada Berg"]

    def test_says_how_many_they_own_as_far_as_the_reader_may_see(self):
        for reader, expected in ((self.bo, 1), (self.lead, 2), (self.admin, 1)):
            (line,) = self.get("list", by=reader, q="ada berg").context["lines"]
            assert line.owns == expected, reader

    def test_says_what_to_do_where_nobody_is_found(self):
        assert "Nobody like that" in self.text(self.get("list", q="zzz"))

    def test_survives_what_makes_no_sense(self):
        for query in ({"unit": "x"}, {"unit": "0"}, {"state": "x"}, {"page": "-1"}, {"q": "\0"}):
            assert self.get("list", **query).status_code == 200, query


class TestThePage(Pages):
    def test_shows_everybody_what_they_own(self):
        for reader in (self.bo, self.ada, self.admin, make_auditor()):
            assert "Fraud radar" in self.text(self.get("detail", self.ada.pk, by=reader))

    def test_hides_what_is_restricted(self):
        for reader, seen in ((self.bo, False), (self.admin, False), (self.lead, True)):
            page = self.text(self.get("detail", self.ada.pk, by=reader))
            assert ("Secret scoring" in page) is seen, reader

    def test_hides_what_waits_in_what_is_restricted(self):
        for initiative in (self.radar, self.secret):
            make_question(
                initiative=initiative, question=f"Why {initiative.name}?", owner=self.ada,
                by=self.lead, at=self.now,
            )  # fmt: skip
        page = self.text(self.get("detail", self.ada.pk))
        assert "Why Fraud radar?" in page
        assert "Why Secret scoring?" not in page

    def test_says_how_it_stands(self):
        people.record_leaving(person=self.ada, day=self.today + DAY, by=None, at=self.now)
        assert "Leaves on" in self.text(self.get("detail", self.ada.pk))
        people.deactivate(person=self.ada, by=None, at=self.now)
        page = self.text(self.get("detail", self.ada.pk))
        assert "Inactive since" in page
        assert "held by nobody now" in page

    def test_offers_each_what_they_may(self):
        offers = {
            self.bo: set(), self.ada: {"hand_over", "leaving"}, self.lead: {"hand_over"},
            self.admin: {"hand_over", "leaving", "deactivate"},
        }  # fmt: skip
        for reader, expected in offers.items():
            page = self.text(self.get("detail", self.ada.pk, by=reader))
            every = ("hand_over", "leaving", "deactivate", "reactivate")
            links = {w for w in every if reverse(f"people:{w}", args=[self.ada.pk]) in page}
            assert links == expected, reader

    def test_tells_of_hand_overs_only_those_concerned(self):
        self.ask()
        address = HandOver.objects.get().get_absolute_url()
        for reader, told in ((self.bo, True), (self.lead, True), (make_auditor(), False)):
            page = self.text(self.get("detail", self.ada.pk, by=reader))
            assert (address in page) is told, reader

    def test_is_not_there_for_nobody(self):
        assert self.get("detail", 0).status_code == 404


class TestDeactivating(Pages):
    def test_says_before_what_becomes_unowned(self):
        page = self.text(self.get("deactivate", self.ada.pk, by=self.admin))
        assert "1 initiative becomes unowned at once" in page
        assert "Fraud radar" in page
        assert "Secret scoring" not in page
        assert fresh(self.ada).is_active

    def test_counts_what_else_is_theirs(self):
        make_owner(initiative=self.radar, role=Role.DATA_OWNER, person=self.ada, by=self.lead)
        page = self.get("deactivate", self.ada.pk, by=self.admin)
        assert page.context["departure"].others == 1

    def test_deactivates(self):
        response = self.post("deactivate", self.ada.pk, by=self.admin)
        assert response["Location"] == self.ada.get_absolute_url()
        assert not fresh(self.ada).is_active

    def test_is_for_administrators(self):
        for by in (self.bo, self.ada, self.lead):
            assert self.post("deactivate", self.ada.pk, by=by).status_code == 403
            assert self.get("deactivate", self.ada.pk, by=by).status_code == 403
        assert fresh(self.ada).is_active

    def test_says_what_is_refused(self):
        response = self.post("deactivate", self.admin.pk, by=self.admin)
        assert response.status_code == 422
        assert "Nobody can deactivate themselves" in self.text(response)

    def test_lets_back_in(self):
        people.deactivate(person=self.ada, by=None, at=self.now)
        assert self.post("reactivate", self.ada.pk, by=self.bo).status_code == 403
        assert self.post("reactivate", self.ada.pk, by=self.admin).status_code == 302
        assert fresh(self.ada).is_active


class TestLeaving(Pages):
    def test_records_moves_and_takes_back_a_last_day(self):
        for day in (self.today + 9 * DAY, self.today + 12 * DAY, None):
            sent = day.isoformat() if day else ""
            assert self.post("leaving", self.ada.pk, by=self.ada, day=sent).status_code == 302
            assert fresh(self.ada).leaves_on == day

    def test_is_for_those_who_know(self):
        for by in (self.bo, self.lead):
            assert self.get("leaving", self.ada.pk, by=by).status_code == 403
            assert self.post("leaving", self.ada.pk, by=by, day="2099-01-01").status_code == 403

    def test_says_what_is_refused_and_keeps_what_was_typed(self):
        day = (self.today - DAY).isoformat()
        response = self.post("leaving", self.ada.pk, by=self.admin, day=day)
        assert response.status_code == 422
        assert "This day is over" in self.text(response)
        assert day in self.text(response)


class TestHandingOver(Pages):
    def subjects(self, by=None):
        return [b.subject for b in belongings.of(self.ada, seen_by=by or self.ada)]

    def test_lists_all_of_it_ticked(self):
        page = self.text(self.get("hand_over", self.ada.pk, by=self.ada))
        for subject in self.subjects():
            assert f'value="{subject}" checked' in page

    def test_lists_for_an_administrator_what_they_may_see(self):
        page = self.text(self.get("hand_over", self.ada.pk, by=self.admin))
        assert "Fraud radar" in page
        assert "Secret scoring" not in page

    def test_asks_for_what_is_ticked(self):
        subjects = self.subjects()[:2]
        response = self.post(
            "hand_over", self.ada.pk, by=self.ada, receiver=self.bo.pk, subjects=subjects
        )
        assert response["Location"] == self.ada.get_absolute_url()
        assert {i.subject for i in HandOver.objects.get().items.all()} == set(subjects)

    def test_keeps_what_was_left_out_where_something_is_refused(self):
        first, *others = self.subjects()
        response = self.post("hand_over", self.ada.pk, by=self.ada, subjects=[first])
        assert response.status_code == 422
        page = self.text(response)
        assert f'value="{first}" checked' in page
        assert not any(f'value="{other}" checked' in page for other in others)

    def test_offers_only_people_who_are_here_and_stay(self):
        people.record_leaving(person=self.bo, day=self.today + DAY, by=None, at=self.now)
        page = self.text(self.get("hand_over", self.ada.pk, by=self.ada))
        assert "Bo Brandt" not in page

    def test_does_not_offer_again_what_waits_for_an_answer(self):
        self.ask()
        page = self.text(self.get("hand_over", self.ada.pk, by=self.ada))
        assert "Nothing is left to hand over" in page
        assert "no answer yet" in page

    def test_is_not_for_everybody(self):
        for by in (self.bo, make_auditor()):
            assert self.get("hand_over", self.ada.pk, by=by).status_code == 403
            response = self.post("hand_over", self.ada.pk, by=by, subjects=self.subjects())
            assert response.status_code == 403


@pytest.mark.embedded
class TestTakingOver(Pages):
    def accept(self, asked, hours="8", **more):
        items = list(asked.items.values_list("subject", flat=True))
        run = Ownership.objects.filter(role=Role.PRODUCTION_OWNER)
        said = {f"hours_{pk}": hours for pk in run.values_list("pk", flat=True)}
        said = {"in_objectives": "on"} | said | more
        return self.post("take_over", asked.pk, answer="accept", subjects=items, **said)

    def test_shows_the_receiver_all_of_it_restricted_ones_included(self):
        asked = self.ask(reason="Bo knows it.")
        page = self.text(self.get("take_over", asked.pk))
        for said in ("Fraud radar", "Secret scoring", "Bo knows it.", "Hours a month"):
            assert said in page

    def test_waits_under_my_work(self):
        asked = self.ask()
        self.client.force_login(self.bo)
        page = self.client.get(reverse("portfolio:my_work")).content.decode()
        assert asked.get_absolute_url() in page

    def test_takes_all_of_it_in_one_step(self):
        response = self.accept(self.ask())
        assert response["Location"] == reverse("portfolio:my_work")
        assert Ownership.objects.counting().filter(person=self.bo).count() == 4
        assert set(
            Ownership.objects.counting().filter(role=Role.PRODUCTION_OWNER)
            .values_list("hours_a_month", flat=True)
        ) == {8}  # fmt: skip

    def test_asks_for_the_hours_and_keeps_what_was_said(self):
        response = self.accept(self.ask(), hours="")
        assert response.status_code == 422
        assert "Say how many hours a month" in self.text(response)
        assert "checked" in self.text(response)

    def test_asks_once_whether_it_is_agreed_and_keeps_what_was_said(self):
        response = self.accept(self.ask(), in_objectives="")
        assert response.status_code == 422
        page = self.text(response)
        assert page.count("They are among my objectives") == 1
        assert "Say that what you run is among your objectives" in page
        assert page.count('value="8"') == 2
        assert HandOver.objects.open().exists()

    def test_takes_hours_once_for_all_but_where_others_are_said(self):
        asked = self.ask()
        first, second = Ownership.objects.filter(role=Role.PRODUCTION_OWNER).order_by("pk")
        own = {f"hours_{first.pk}": "3", f"hours_{second.pk}": ""}
        self.accept(asked, hours_of_each="12", **own)
        run = Ownership.objects.counting().filter(role=Role.PRODUCTION_OWNER)
        said = dict(run.values_list("initiative", "hours_a_month"))
        assert said == {first.initiative_id: 3, second.initiative_id: 12}

    def test_keeps_the_hours_of_all_and_the_tick_where_something_is_refused(self):
        page = self.text(self.accept(self.ask(), hours="", hours_of_each="many"))
        assert 'value="many"' in page
        assert 'id="in-objectives-all" checked' in page

    def test_asks_neither_of_whoever_runs_nothing(self):
        asked = self.ask()
        for item in asked.items.all():
            held = Ownership.objects.get(pk=int(item.subject.partition(":")[2]))
            if held.role == Role.PRODUCTION_OWNER:
                initiatives.end_ownership(ownership=held, by=self.lead, at=self.now)
        page = self.text(self.get("take_over", asked.pk))
        assert "Hours a month" not in page
        assert "among my objectives" not in page

    def test_takes_a_part(self):
        asked = self.ask()
        (item,) = asked.items.filter(initiative=self.radar)[:1]
        self.post("take_over", asked.pk, answer="accept", subjects=[item.subject])
        assert Ownership.objects.counting().get(person=self.bo).initiative == self.radar

    def test_declines_with_a_reason(self):
        asked = self.ask()
        assert self.post("take_over", asked.pk, answer="decline").status_code == 422
        assert HandOver.objects.open().exists()
        self.post("take_over", asked.pk, answer="decline", reason="Ask Cia.")
        assert HandOver.objects.get().comment == "Ask Cia."

    def test_is_read_by_those_concerned_alone(self):
        asked = self.ask(by=self.ada)
        for reader, status in (
            (self.ada, 200), (self.lead, 200), (self.admin, 200), (self.bo, 200),
            (make_auditor(), 404), (make_person(name="Cia Cole"), 404),
        ):  # fmt: skip
            assert self.get("take_over", asked.pk, by=reader).status_code == status, reader

    def test_shows_an_administrator_nothing_of_what_is_restricted(self):
        asked = self.ask()
        page = self.text(self.get("take_over", asked.pk, by=self.admin))
        assert "Fraud radar" in page
        assert "Secret scoring" not in page
        self.accept(asked)
        assert "2 of 2 things" in self.text(self.get("take_over", asked.pk, by=self.admin))
        assert "4 of 4 things" in self.text(self.get("take_over", asked.pk))

    def test_is_answered_by_the_receiver_alone(self):
        asked = self.ask()
        sent = {"answer": "accept", "subjects": [asked.items.first().subject]}
        response = self.post("take_over", asked.pk, by=self.ada, **sent)
        assert response.status_code == 422
        assert HandOver.objects.open().exists()

    def test_says_that_nothing_of_it_is_left(self):
        asked = self.ask()
        for held in Ownership.objects.open().filter(person=self.ada):
            initiatives.end_ownership(ownership=held, by=self.lead, at=self.now)
        assert "Nothing of it is left" in self.text(self.get("take_over", asked.pk))

    def test_is_taken_back(self):
        asked = self.ask()
        self.post("withdraw", asked.pk, by=self.bo)
        assert HandOver.objects.open().exists()
        response = self.post("withdraw", asked.pk, by=self.lead)
        assert response["Location"] == self.ada.get_absolute_url()
        assert not HandOver.objects.open().exists()
        assert self.post("withdraw", asked.pk, by=make_auditor()).status_code == 404


class TestQueries(Pages):
    """As few with many people and initiatives as with a few."""

    def count(self, name, *args):
        self.get(name, *args, by=self.admin)
        with CaptureQueriesContext(connection) as queries:
            assert self.client.get(reverse(f"people:{name}", args=args)).status_code == 200
        return len(queries)

    def counts(self):
        asked = HandOver.objects.get()
        return {
            "list": self.count("list"),
            "detail": self.count("detail", self.ada.pk),
            "deactivate": self.count("deactivate", self.ada.pk),
            "hand_over": self.count("hand_over", self.ada.pk),
            "take_over": self.count("take_over", asked.pk),
        }

    def test_do_not_grow(self):
        theirs = belongings.of(self.ada, seen_by=self.lead)
        actions.ask_to_take_over(
            giver=self.ada, receiver=self.bo, subjects=[theirs[0].subject], by=self.lead,
            at=self.now,
        )  # fmt: skip
        before = self.counts()
        for number in range(5):
            make_person(name=f"Person {number}")
            more = make_declared(by=self.lead, name=f"Radar {number}")
            for role in (Role.BUSINESS_OWNER, Role.PRODUCTION_OWNER):
                make_owner(initiative=more, role=role, person=self.ada, by=self.lead)
            make_question(initiative=more, owner=self.ada, by=self.lead, at=self.now)
        assert self.counts() == before
        assert max(before.values()) <= 20, before

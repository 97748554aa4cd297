from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import TestCase
from django.test.utils import CaptureQueriesContext

from accounts import actions as people
from accounts.models import Unit
from audit.models import Event
from initiatives import actions as initiatives
from initiatives.models import HandOver, Initiative, Ownership
from initiatives.models.obligations import ObligationKind
from initiatives.queries import unowned
from initiatives.stages import Role, Stage
from reviews import actions, belongings
from reviews.actions import handing_over
from tests.accounts.expectations import last_event, nothing_said, refused
from tests.factories import (
    NOON,
    TODAY,
    fresh,
    make_administrator,
    make_auditor,
    make_declared,
    make_evaluation_set,
    make_lead,
    make_metric,
    make_owner,
    make_person,
    make_question,
    make_unit,
    reloaded,
    restrict,
)
from tests.initiatives.actions.changes import changes_evidence, leaves_alone, only_touches

LATER = NOON + timedelta(hours=1)


class HandsOver(TestCase):
    """Ada owns one of everything in a system that runs; Bo may take it over."""

    @classmethod
    def setUpTestData(cls):
        cls.lead, cls.admin = make_lead(), make_administrator()
        cls.ada, cls.bo = make_person(), make_person(name="Bo Brandt")
        cls.initiative = make_declared(by=cls.lead)
        for role in (Role.BUSINESS_OWNER, Role.PRODUCTION_OWNER):
            make_owner(initiative=cls.initiative, role=role, person=cls.ada, by=cls.lead)

    def theirs(self, seen_by=None):
        return [b.subject for b in belongings.of(self.ada, seen_by=seen_by or self.lead)]

    def ask(self, subjects=None, *, receiver=None, by=None, at=NOON, **more):
        return actions.ask_to_take_over(
            giver=self.ada, receiver=receiver or self.bo, by=by or self.ada, at=at,
            subjects=self.theirs() if subjects is None else subjects, **more,
        )  # fmt: skip

    def accept(self, asked, subjects=None, *, by=None, at=LATER, hours=8, agreed=True):
        subjects = self.theirs() if subjects is None else subjects
        run = [int(s.partition(":")[2]) for s in subjects if s.startswith("ownership")]
        return actions.take_over(
            hand_over=asked, subjects=subjects, by=by or self.bo, at=at,
            hours={} if hours is None else dict.fromkeys(run, hours), in_objectives=agreed,
        )  # fmt: skip

    def holder(self, role, initiative=None):
        held = Ownership.objects.counting().filter(
            initiative=initiative or self.initiative, role=role
        )
        return held.values_list("person__name", flat=True).first()

    def role(self, role):
        return f"ownership:{Ownership.objects.open().get(person=self.ada, role=role).pk}"

    def is_unowned(self):
        return unowned(Initiative.objects.filter(pk=self.initiative.pk)).exists()


@pytest.mark.embedded
class TestAsk(HandsOver):
    def test_moves_nothing(self):
        with leaves_alone(self.initiative):
            asked = self.ask(reason=" Bo knows it. ")
        assert (asked.is_open, asked.reason, asked.items.count()) == (True, "Bo knows it.", 2)
        assert self.holder(Role.PRODUCTION_OWNER) == "Ada Berg"

    def test_says_who_asked_whom(self):
        asked = self.ask(by=self.lead)
        event = last_event()
        assert (event.kind, event.subject) == ("hand_over.asked", f"handover:{asked.pk}")
        assert event.actor_id == self.lead.pk
        assert event.changed == {"giver": self.ada.pk, "person": self.bo.pk, "items": 2}

    def test_is_for_themself_leads_and_administrators(self):
        for by in (self.ada, self.lead, self.admin):
            asked = self.ask(by=by)
            actions.withdraw_hand_over(hand_over=asked, by=by, at=NOON)

    def test_refuses_everybody_else(self):
        for by in (self.bo, make_auditor()):
            with refused("not_theirs"):
                self.ask(by=by)

    def test_refuses_for_themself_whoever_has_left(self):
        people.deactivate(person=self.ada, by=None, at=NOON)
        with refused("not_theirs"):
            self.ask(by=fresh(self.ada))

    def test_is_possible_for_whoever_has_left(self):
        people.deactivate(person=self.ada, by=None, at=NOON)
        assert self.ask(by=self.lead).items.count() == 2

    def test_refuses_to_ask_oneself(self):
        with refused("oneself", field="receiver"):
            self.ask(receiver=self.ada)

    def test_refuses_somebody_inactive(self):
        people.deactivate(person=self.bo, by=None, at=NOON)
        with refused("inactive", field="receiver"):
            self.ask()

    def test_refuses_somebody_who_leaves(self):
        people.record_leaving(person=self.bo, day=TODAY + timedelta(days=90), by=None, at=NOON)
        with refused("leaving", field="receiver"):
            self.ask()

    def test_refuses_to_ask_twice(self):
        self.ask([self.role(Role.BUSINESS_OWNER)])
        with refused("asked_already", field="receiver"):
            self.ask([self.role(Role.PRODUCTION_OWNER)])

    def test_refuses_what_another_was_asked_already(self):
        self.ask()
        cia = make_person(name="Cia Cole")
        with refused("offered_already", field="subjects"):
            self.ask(receiver=cia)

    def test_asks_anew_once_it_was_taken_back(self):
        actions.withdraw_hand_over(hand_over=self.ask(), by=self.ada, at=NOON)
        assert self.ask().is_open

    def test_asks_two_for_a_part_each(self):
        self.ask([self.role(Role.BUSINESS_OWNER)])
        cia = make_person(name="Cia Cole")
        assert self.ask([self.role(Role.PRODUCTION_OWNER)], receiver=cia).is_open

    def test_refuses_nothing(self):
        with refused("nothing_chosen", field="subjects"):
            self.ask([])

    def test_refuses_what_is_not_theirs(self):
        other = make_owner(
            initiative=self.initiative, role=Role.SPONSOR, person=self.lead, by=self.lead
        )
        for foreign in (f"ownership:{other.pk}", "ownership:0", "person:1", "x"):
            with refused("not_the_givers", field="subjects"):
                self.ask([foreign])

    def test_shows_whoever_is_asked_what_is_restricted_until_they_answer(self):
        restrict(initiative=self.initiative)
        assert not Initiative.objects.visible_to(self.bo).exists()
        asked = self.ask()
        assert Initiative.objects.visible_to(self.bo).exists()
        actions.decline_to_take_over(hand_over=asked, reason="No.", by=self.bo, at=NOON)
        assert not Initiative.objects.visible_to(self.bo).exists()

    def test_lets_no_administrator_name_what_they_may_not_see(self):
        restrict(initiative=self.initiative)
        assert self.theirs(seen_by=self.admin) == []
        with refused("not_the_givers", field="subjects"):
            self.ask(by=self.admin)
        assert self.ask(by=self.lead).items.count() == 2


@pytest.mark.embedded
class TestTakeOver(HandsOver):
    def test_moves_every_role_at_once(self):
        self.accept(self.ask())
        assert self.holder(Role.BUSINESS_OWNER) == self.holder(Role.PRODUCTION_OWNER) == "Bo Brandt"
        assert not self.is_unowned()
        assert self.theirs() == []

    def test_ends_one_spell_and_begins_another_that_is_accepted(self):
        before = Ownership.objects.get(role=Role.PRODUCTION_OWNER)
        self.accept(self.ask(by=self.lead))
        before.refresh_from_db()
        assert (before.state, before.ended_at) == ("ended", LATER)
        now = Ownership.objects.open().get(role=Role.PRODUCTION_OWNER)
        assert (now.person, now.asked_by, now.accepted_at) == (self.bo, self.lead, LATER)
        assert (now.hours_a_month, now.in_objectives) == (8, True)
        assert not Ownership.objects.open().get(role=Role.BUSINESS_OWNER).in_objectives

    def test_writes_what_asking_and_accepting_write(self):
        asked = self.ask([self.role(Role.BUSINESS_OWNER)], by=self.lead)
        seen = Event.objects.count()
        self.accept(asked, [self.role(Role.BUSINESS_OWNER)])
        said = list(Event.objects.order_by("seq")[seen:].values_list("kind", "actor_id"))
        assert said == [
            ("ownership.asked", self.lead.pk),
            ("ownership.accepted", self.bo.pk),
            ("hand_over.accepted", self.bo.pk),
        ]

    def test_changes_the_evidence_as_asking_does(self):
        asked = self.ask([self.role(Role.BUSINESS_OWNER)], by=self.lead)
        with changes_evidence(self.initiative, by=self.lead, at=LATER):
            self.accept(asked, [self.role(Role.BUSINESS_OWNER)])

    def test_works_where_the_owner_has_left(self):
        people.deactivate(person=self.ada, by=None, at=NOON)
        asked = self.ask(by=self.lead)
        assert self.is_unowned()
        self.accept(asked)
        assert not self.is_unowned()

    def test_leaves_with_the_giver_what_is_left_out(self):
        asked = self.ask()
        self.accept(asked, [self.role(Role.BUSINESS_OWNER)])
        assert self.holder(Role.BUSINESS_OWNER) == "Bo Brandt"
        assert self.holder(Role.PRODUCTION_OWNER) == "Ada Berg"
        assert asked.items.filter(moved_at=LATER).count() == 1
        assert not HandOver.objects.open().exists()

    def test_leaves_what_was_given_to_another_meanwhile(self):
        asked, wanted = self.ask(), self.theirs()
        cia = make_person(name="Cia Cole")
        make_owner(
            initiative=self.initiative, role=Role.BUSINESS_OWNER, person=cia, by=self.lead, at=NOON
        )
        self.accept(asked, wanted)
        assert self.holder(Role.BUSINESS_OWNER) == "Cia Cole"
        assert self.holder(Role.PRODUCTION_OWNER) == "Bo Brandt"

    def test_leaves_what_was_retired_meanwhile(self):
        asked, wanted = self.ask(), self.theirs()
        Initiative.objects.update(stage=Stage.RETIRED)
        with refused("nothing_chosen", field="subjects"):
            self.accept(asked, wanted)

    def test_moves_only_what_was_offered(self):
        business, production = (
            self.role(role) for role in (Role.BUSINESS_OWNER, Role.PRODUCTION_OWNER)
        )
        self.accept(self.ask([business]), [business, production])
        assert self.holder(Role.PRODUCTION_OWNER) == "Ada Berg"

    def test_refuses_everybody_but_who_was_asked(self):
        asked = self.ask()
        for by in (self.ada, self.lead, self.admin):
            with refused("not_asked"), leaves_alone(self.initiative):
                self.accept(asked, by=by)

    def test_refuses_whoever_was_deactivated_since(self):
        asked, loaded_before = self.ask(), fresh(self.bo)
        people.deactivate(person=self.bo, by=None, at=NOON)
        with refused("inactive"):
            self.accept(asked, by=loaded_before)
        with refused("not_asked"):
            self.accept(asked, by=fresh(self.bo))

    def test_refuses_whoever_leaves_themself_by_now(self):
        asked = self.ask()
        people.record_leaving(person=self.bo, day=TODAY, by=None, at=NOON)
        with refused("leaving"):
            self.accept(asked)

    def test_refuses_nothing(self):
        asked = self.ask()
        with refused("nothing_chosen", field="subjects"):
            self.accept(asked, [])

    def test_refuses_to_run_a_system_without_hours(self):
        asked = self.ask()
        with refused("hours_missing", field="subjects"), leaves_alone(self.initiative):
            self.accept(asked, hours=None)
        business = [self.role(Role.BUSINESS_OWNER)]
        self.accept(asked, business, hours=None)

    def test_refuses_to_run_a_system_that_is_not_among_their_objectives(self):
        asked = self.ask()
        with refused("objectives_missing", field="in_objectives"), leaves_alone(self.initiative):
            self.accept(asked, agreed=False)
        self.accept(asked, [self.role(Role.BUSINESS_OWNER)], agreed=False)

    def test_refuses_what_was_answered(self):
        asked, wanted = self.ask(), self.theirs()
        self.accept(asked, wanted)
        with refused("answered"):
            self.accept(asked, wanted)

    def test_refuses_what_was_taken_back(self):
        asked = self.ask()
        actions.withdraw_hand_over(hand_over=asked, by=self.ada, at=NOON)
        with refused("answered"):
            self.accept(asked)

    def test_locks_people_then_initiatives_then_the_log(self):
        asked = self.ask()
        with CaptureQueriesContext(connection) as queries:
            self.accept(asked)
        locks = [q["sql"] for q in queries if "FOR UPDATE" in q["sql"] or "FOR NO KEY" in q["sql"]]
        if connection.vendor == "postgresql":
            tables = [sql.partition('FROM "')[2].partition('"')[0] for sql in locks]
            order = ["accounts_person", "initiatives_initiative", "initiatives_handover"]
            assert tables == [*order, "audit_head"]


class TestTakeOverOfEverything(HandsOver):
    """What else somebody owns beside their roles."""

    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        about = {"by": cls.lead, "at": NOON}
        cls.question = make_question(initiative=cls.initiative, owner=cls.ada, **about)
        metric = make_metric(initiative=cls.initiative, by=cls.lead)
        cls.set = make_evaluation_set(metric=metric, owner=cls.ada, **about)
        cls.metric = initiatives.watch_metric(metric=metric, paged=cls.ada, **about)
        cls.owed, _ = initiatives.owe(
            cls.initiative, kind=ObligationKind.SPEND, what="Spend has stopped.",
            assignee=cls.ada, due_date=TODAY, **about,
        )  # fmt: skip
        cls.unit = make_unit()
        cls.unit.head = cls.ada
        cls.unit.save()

    def subject(self, kind):
        return next(s for s in self.theirs() if s.startswith(f"{kind}:"))

    def take(self, kind):
        asked, subject = self.ask([self.subject(kind)]), self.subject(kind)
        return self.accept(asked, [subject])

    def test_lists_all_of_it_by_initiative(self):
        kinds = {subject.partition(":")[0] for subject in self.theirs()}
        assert kinds == belongings.THEIRS.keys() - {"question"}
        units, of_initiative = belongings.parts(belongings.of(self.ada, seen_by=self.lead))
        assert (units.initiative, len(units.belongings)) == (None, 1)
        assert of_initiative.initiative == self.initiative
        assert [b.says for b in of_initiative.belongings[:3]] == [
            "Business owner", "Production owner", "See to it by 2 Mar 2026: Spend has stopped.",
        ]  # fmt: skip

    def test_knows_how_each_kind_is_said_and_moved(self):
        assert belongings.THEIRS.keys() == belongings.SAYS.keys() == handing_over.MOVES.keys()

    def test_lists_it_in_the_same_queries_however_much_it_is(self):
        with CaptureQueriesContext(connection) as few:
            self.theirs()
        for number in range(4):
            make_question(
                initiative=make_declared(by=self.lead, name=f"Radar {number}"), owner=self.ada,
                by=self.lead,
            )  # fmt: skip
        with CaptureQueriesContext(connection) as many:
            self.theirs()
        assert len(few) == len(many)

    def test_leaves_nothing_behind(self):
        asked = self.ask()
        self.accept(asked)
        assert self.theirs() == []
        assert len(belongings.of(self.bo, seen_by=self.lead)) == asked.items.count() == 7

    def test_moves_what_is_to_be_seen_to(self):
        with only_touches(self.initiative, at=LATER):
            self.take("obligation")
        self.owed.refresh_from_db()
        assert self.owed.assignee == self.bo
        assert "obligation.handed_over" in set(Event.objects.values_list("kind", flat=True))

    def test_moves_an_open_question(self):
        with changes_evidence(self.initiative, by=self.bo, at=LATER):
            self.take("openquestion")
        self.question.refresh_from_db()
        assert self.question.owner == self.bo

    def test_moves_an_evaluation_set(self):
        with changes_evidence(self.initiative, by=self.bo, at=LATER):
            self.take("evaluationset")
        self.set.refresh_from_db()
        assert self.set.owner == self.bo

    def test_moves_who_is_paged(self):
        with changes_evidence(self.initiative, by=self.bo, at=LATER):
            self.take("metric")
        self.metric.refresh_from_db()
        assert self.metric.paged == self.bo

    def test_moves_the_head_of_a_unit(self):
        with leaves_alone(self.initiative):
            self.take("unit")
        assert Unit.objects.get().head == self.bo

    def test_lets_whoever_takes_over_no_role_see_what_is_restricted(self):
        restrict(initiative=self.initiative)
        self.take("obligation")
        assert Initiative.objects.visible_to(self.bo).exists()

    def test_leaves_closed_questions_with_whoever_they_were_asked(self):
        initiatives.close_question(question=self.question, answer="They do.", by=self.lead, at=NOON)
        assert not any(subject.startswith("openquestion") for subject in self.theirs())

    def test_takes_as_many_queries_for_each_thing(self):
        """Nothing is asked again for what was moved before."""
        asked, wanted = self.ask(), self.theirs()
        with CaptureQueriesContext(connection) as queries:
            self.accept(asked, wanted)
        assert len(queries) <= 25 + 9 * len(wanted)


class TestDecline(HandsOver):
    def decline(self, asked, by=None, reason="Not mine: ask Cia."):
        return actions.decline_to_take_over(
            hand_over=asked, reason=reason, by=by or self.bo, at=LATER
        )

    def test_moves_nothing_and_says_why(self):
        with leaves_alone(self.initiative):
            declined = self.decline(self.ask())
        assert (declined.answer, declined.comment) == ("declined", "Not mine: ask Cia.")
        event = last_event()
        assert (event.kind, event.actor_id) == ("hand_over.declined", self.bo.pk)
        assert event.changed["reason"] == "Not mine: ask Cia."

    def test_asks_for_a_reason(self):
        asked = self.ask()
        with refused("reason_missing", field="reason"):
            self.decline(asked, reason=" ")

    def test_refuses_everybody_but_who_was_asked(self):
        asked = self.ask()
        for by in (self.ada, self.lead):
            with refused("not_asked"):
                self.decline(asked, by=by)

    def test_refuses_what_was_answered(self):
        asked = self.ask()
        self.decline(asked)
        with refused("answered"):
            self.decline(asked)


class TestWithdraw(HandsOver):
    def withdraw(self, asked, by):
        return actions.withdraw_hand_over(hand_over=asked, by=by, at=LATER)

    def test_is_for_who_asked_whose_it_is_and_leads(self):
        for by in (self.admin, self.ada, self.lead):
            taken_back = self.withdraw(self.ask(by=self.admin), by)
            assert (taken_back.answer, taken_back.answered_at) == ("withdrawn", LATER)
            assert last_event().kind == "hand_over.withdrawn"

    def test_refuses_everybody_else(self):
        asked = self.ask()
        for by in (self.bo, self.admin):
            with refused("not_theirs"):
                self.withdraw(asked, by)

    def test_refuses_whoever_has_left(self):
        asked = self.ask()
        people.deactivate(person=self.ada, by=None, at=NOON)
        with refused("not_theirs"):
            self.withdraw(asked, fresh(self.ada))

    def test_refuses_what_was_answered(self):
        asked = self.ask()
        self.accept(asked)
        with refused("answered"):
            self.withdraw(asked, self.ada)


class TestRefusals(HandsOver):
    def test_leave_everything_as_it_was(self):
        """A hand-over is all or nothing: the last thing that is refused takes the first along."""
        asked = self.ask()
        before = reloaded(self.initiative).evidence_version
        with refused("hours_missing", field="subjects"):
            self.accept(asked, hours=None)
        assert reloaded(self.initiative).evidence_version == before
        assert not asked.items.exclude(moved_at=None).exists()
        with nothing_said():
            assert self.holder(Role.BUSINESS_OWNER) == "Ada Berg"

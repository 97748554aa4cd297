from __future__ import annotations

from datetime import timedelta

from django.db import connection
from django.test import TestCase

from accounts import actions as people
from initiatives import actions
from initiatives.models import Initiative, Ownership
from initiatives.queries import unowned
from initiatives.stages import Role, Stage
from tests.accounts.expectations import last_event, nothing_said, refused
from tests.factories import (
    LONG_AGO,
    NOON,
    fresh,
    make_declared,
    make_initiative,
    make_lead,
    make_owner,
    make_person,
)
from tests.initiatives.actions.changes import changes_evidence, leaves_alone, only_touches


class Owned(TestCase):
    """A proposal of Ada's, a lead, and Bo, whom one may ask."""

    @classmethod
    def setUpTestData(cls):
        cls.lead = make_lead()
        cls.ada = make_person()
        cls.bo = make_person(name="Bo Brandt")
        cls.initiative = make_initiative(by=cls.ada)

    def ask(self, person=None, role=Role.SPONSOR, by=None, at=NOON):
        return actions.ask(
            initiative=self.initiative, role=role, person=person or self.bo, by=by or self.lead,
            at=at,
        )  # fmt: skip

    def open_ones(self):
        return list(Ownership.objects.open().filter(initiative=self.initiative))


class TestAsk(Owned):
    def test_asks_and_does_not_count_yet(self):
        with changes_evidence(self.initiative, by=self.lead):
            asked = self.ask()
        assert (asked.person, asked.role, asked.state) == (self.bo, Role.SPONSOR, "asked")
        assert (asked.asked_at, asked.asked_by, asked.counts) == (NOON, self.lead, False)

    def test_says_who_asked_whom(self):
        asked = self.ask()
        event = last_event()
        assert (event.kind, event.subject) == ("ownership.asked", f"ownership:{asked.pk}")
        assert (event.initiative_id, event.actor_id) == (self.initiative.pk, self.lead.pk)
        assert event.changed == {"role": "sponsor", "person": self.bo.pk}

    def test_does_not_ask_twice(self):
        first = self.ask()
        with nothing_said(), leaves_alone(self.initiative):
            assert self.ask(at=NOON + timedelta(days=1)) == first

    def test_makes_room_for_another(self):
        first = make_owner(initiative=self.initiative, role=Role.SPONSOR, person=self.bo)
        second = self.ask(person=self.ada)
        first.refresh_from_db()
        assert (first.state, first.ended_at) == ("ended", NOON)
        assert self.open_ones() == [second]
        assert last_event().changed["instead_of"] == self.bo.pk

    def test_asks_anew_whoever_declined(self):
        first = self.ask()
        actions.decline(ownership=first, by=self.bo, at=NOON)
        assert self.ask() != first

    def test_asks_anew_whoever_left_and_came_back(self):
        first = make_owner(initiative=self.initiative, role=Role.SPONSOR, person=self.bo)
        people.deactivate(person=self.bo, by=None, at=LONG_AGO + timedelta(days=1))
        people.reactivate(person=self.bo, by=None, at=LONG_AGO + timedelta(days=2))
        second = self.ask()
        assert (second != first, second.state) == (True, "asked")

    def test_refuses_somebody_inactive(self):
        people.deactivate(person=fresh(self.bo), by=None, at=LONG_AGO)
        with refused("owner_inactive", field="person"), leaves_alone(self.initiative):
            self.ask()  # self.bo was loaded while active: the row decides
        assert self.open_ones() == []

    def test_refuses_whoever_has_no_part_in_it(self):
        with refused("not_an_editor"), leaves_alone(self.initiative):
            self.ask(person=self.bo, by=self.bo)

    def test_refuses_what_is_retired(self):
        self.initiative = make_declared(by=self.lead, stage=Stage.RETIRED)
        with refused("retired"):
            self.ask()


class TestAccept(Owned):
    def test_counts_from_now_on(self):
        asked = self.ask()
        later = NOON + timedelta(hours=4)
        with only_touches(self.initiative, at=later):
            accepted = actions.accept(ownership=asked, by=self.bo, at=later, hours_a_month=8)
        accepted.refresh_from_db()
        assert (accepted.accepted_at, accepted.hours_a_month) == (later, 8)
        assert (accepted.counts, accepted.state) == (True, "accepted")

    def test_is_refused_to_who_has_left_since_they_opened_the_page(self):
        asked = self.ask()
        people.deactivate(person=fresh(self.bo), by=None, at=NOON)
        with refused("not_asked"):
            actions.accept(ownership=asked, by=self.bo, at=NOON)

    def test_says_who_accepted(self):
        actions.accept(ownership=self.ask(), by=self.bo, at=NOON)
        event = last_event()
        assert (event.kind, event.actor_id) == ("ownership.accepted", self.bo.pk)
        assert event.changed == {"role": "sponsor", "person": self.bo.pk}

    def test_changes_nothing_the_second_time(self):
        asked = self.ask()
        actions.accept(ownership=asked, by=self.bo, at=NOON)
        with nothing_said():
            again = actions.accept(ownership=asked, by=self.bo, at=NOON + timedelta(days=1))
        assert again.accepted_at == NOON

    def test_is_given_anew_after_coming_back(self):
        owned = make_owner(initiative=self.initiative, role=Role.SPONSOR, person=self.bo)
        back = NOON - timedelta(days=1)
        people.deactivate(person=self.bo, by=None, at=back)
        people.reactivate(person=self.bo, by=None, at=back)
        assert actions.accept(ownership=owned, by=fresh(self.bo), at=NOON).accepted_at == NOON
        assert Ownership.objects.counting().get() == owned

    def test_refuses_everybody_else_leads_included(self):
        asked = self.ask()
        for other in (self.lead, self.ada):
            with refused("not_asked"), leaves_alone(self.initiative):
                actions.accept(ownership=asked, by=other, at=NOON)

    def test_refuses_when_somebody_else_was_asked_meanwhile(self):
        asked = self.ask()
        self.ask(person=self.ada)
        with refused("not_asked"):
            actions.accept(ownership=asked, by=self.bo, at=NOON)

    def test_refuses_after_declining(self):
        asked = self.ask()
        actions.decline(ownership=asked, by=self.bo, at=NOON)
        with refused("not_asked"):
            actions.accept(ownership=asked, by=self.bo, at=NOON)

    def test_refuses_somebody_inactive(self):
        asked = self.ask()
        people.deactivate(person=self.bo, by=None, at=NOON)
        with refused("not_asked"):
            actions.accept(ownership=asked, by=fresh(self.bo), at=NOON)


class TestDecline(Owned):
    def test_leaves_the_role_empty(self):
        asked = self.ask()
        with changes_evidence(self.initiative, by=self.bo):
            declined = actions.decline(ownership=asked, by=self.bo, at=NOON, comment="Ask Ada.")
        assert (declined.declined_at, declined.comment) == (NOON, "Ask Ada.")
        assert (declined.state, self.open_ones()) == ("declined", [])

    def test_takes_back_what_was_accepted(self):
        owned = make_owner(initiative=self.initiative, role=Role.SPONSOR, person=self.bo)
        declined = actions.decline(ownership=owned, by=self.bo, at=NOON)
        assert (declined.accepted_at, declined.counts) == (None, False)

    def test_says_who_declined_and_why(self):
        actions.decline(ownership=self.ask(), by=self.bo, at=NOON, comment="Ask Ada.")
        event = last_event()
        assert (event.kind, event.actor_id) == ("ownership.declined", self.bo.pk)
        assert event.changed["comment"] == "Ask Ada."

    def test_refuses_everybody_else(self):
        asked = self.ask()
        with refused("not_asked"), leaves_alone(self.initiative):
            actions.decline(ownership=asked, by=self.lead, at=NOON)
        assert self.open_ones() == [asked]


class TestEndOwnership(Owned):
    def test_leaves_the_role_empty(self):
        owned = make_owner(initiative=self.initiative, role=Role.SPONSOR, person=self.bo)
        with changes_evidence(self.initiative, by=self.lead):
            actions.end_ownership(ownership=owned, by=self.lead, at=NOON)
        owned.refresh_from_db()
        assert (owned.ended_at, owned.counts, self.open_ones()) == (NOON, False, [])
        assert last_event().kind == "ownership.ended"

    def test_refuses_what_has_ended(self):
        owned = self.ask()
        actions.end_ownership(ownership=owned, by=self.lead, at=NOON)
        with refused("already_ended"), leaves_alone(self.initiative):
            actions.end_ownership(ownership=owned, by=self.lead, at=NOON)

    def test_refuses_whoever_has_no_part_in_it(self):
        owned = self.ask(person=self.ada)
        with refused("not_an_editor"):
            actions.end_ownership(ownership=owned, by=self.bo, at=NOON)
        assert self.open_ones() == [owned]


class TestUnowned(TestCase):
    """P23: owned is what active people have accepted since they are active; nothing is stored."""

    @classmethod
    def setUpTestData(cls):
        cls.lead = make_lead()
        cls.bo = make_person(name="Bo Brandt")
        cls.initiative = make_declared(by=cls.lead, stage=Stage.PRODUCTION)
        for role in (Role.BUSINESS_OWNER, Role.PRODUCTION_OWNER):
            make_owner(initiative=cls.initiative, role=role, person=cls.bo)

    def is_unowned(self):
        return unowned(Initiative.objects.all()).filter(pk=self.initiative.pk).exists()

    def test_is_not_what_somebody_holds(self):
        assert not self.is_unowned()

    def test_is_each_stage_without_a_role_it_requires(self):
        required = {
            Stage.PILOT: {"sponsor", "business_owner", "engineering_owner"},
            Stage.READINESS_REVIEW: {"sponsor", "business_owner", "engineering_owner"},
            Stage.PRODUCTION: {"business_owner", "production_owner"},
            Stage.PROPOSAL: set(),
            Stage.RETIRED: set(),
        }
        for stage, roles in required.items():
            made = make_declared(by=self.lead, stage=Stage.PILOT, name=stage)
            for role in Role.values:
                make_owner(initiative=made, role=role, person=self.bo)
            Initiative.objects.filter(pk=made.pk).update(stage=stage)
            missed = set()
            for role in Role.values:
                held = Ownership.objects.filter(initiative=made, role=role)
                held.update(ended_at=NOON)
                if unowned(Initiative.objects.filter(pk=made.pk)).exists():
                    missed.add(role)
                held.update(ended_at=None)
            assert missed == roles, stage

    def test_says_which_role_is_held(self):
        Ownership.objects.filter(role=Role.PRODUCTION_OWNER).update(ended_at=NOON)
        row = unowned(Initiative.objects.all()).get()
        assert (row.has_business_owner, row.has_production_owner) == (True, False)

    def test_is_what_was_asked_and_not_accepted(self):
        Ownership.objects.update(accepted_at=None)
        assert self.is_unowned()

    def test_is_what_somebody_declined(self):
        Ownership.objects.update(accepted_at=None, declined_at=NOON)
        assert self.is_unowned()

    def test_begins_with_a_deactivation(self):
        people.deactivate(person=self.bo, by=None, at=NOON)
        assert self.is_unowned()

    def test_begins_at_once_with_a_deactivation_by_raw_sql(self):
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE accounts_person SET is_active = %s WHERE id = %s", [False, self.bo.pk]
            )
        assert self.is_unowned()
        assert Ownership.objects.select_related("person").first().state == "left"

    def test_does_not_end_silently_with_a_reactivation(self):
        people.deactivate(person=self.bo, by=None, at=NOON)
        people.reactivate(person=self.bo, by=None, at=NOON)
        assert self.is_unowned()
        held = Ownership.objects.select_related("person").first()
        assert (held.counts, held.state) == (False, "returned")

    def test_does_not_end_with_a_reactivation_that_was_asked_for_before_they_accepted(self):
        """Its moment is of before it waited for the person; by the log they are back after all."""
        later = NOON + timedelta(seconds=1)
        for owned in Ownership.objects.all():
            Ownership.objects.filter(pk=owned.pk).update(accepted_at=None)
            actions.accept(ownership=owned, by=self.bo, at=later)
        people.deactivate(person=self.bo, by=None, at=NOON)
        people.reactivate(person=self.bo, by=None, at=NOON)
        assert self.is_unowned()
        assert fresh(self.bo).active_since > later

    def test_ends_when_they_accept_again(self):
        people.deactivate(person=self.bo, by=None, at=NOON)
        people.reactivate(person=self.bo, by=None, at=NOON)
        for owned in Ownership.objects.all():
            actions.accept(ownership=owned, by=fresh(self.bo), at=NOON)
        assert not self.is_unowned()

    def test_agrees_with_the_predicate_for_a_row_at_hand(self):
        for is_active in (True, False):
            for since in (LONG_AGO, LONG_AGO + timedelta(seconds=1)):
                self.bo.is_active, self.bo.active_since = is_active, since
                self.bo.save()
                counting = set(Ownership.objects.counting())
                by_row = {o for o in Ownership.objects.select_related("person") if o.counts}
                assert counting == by_row

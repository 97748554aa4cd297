from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import TestCase

from accounts import actions
from accounts.models import Group, Membership, Person, SignIn
from tests.accounts.expectations import last_event, nothing_said, refused
from tests.factories import (
    HIRED,
    NOON,
    fresh,
    make_administrator,
    make_lead,
    make_person,
    make_unit,
)


def create(**changes):
    wanted = {"email": "ida.voss@example.com", "name": "Ida Voss", "by": None, "at": NOON}
    return actions.create_person(**(wanted | changes))


@pytest.mark.embedded
class TestCreatePerson(TestCase):
    def test_makes_an_account_where_there_is_a_password(self):
        person = create(password="correct horse battery", title="Actuary", unit=make_unit())
        assert person.check_password("correct horse battery")
        assert (person.title, person.unit.name) == ("Actuary", "Claims")
        assert (person.is_invited, person.invited_at) == (False, None)

    def test_invites_where_there_is_none(self):
        person = create()
        assert (person.is_invited, person.invited_at) == (True, NOON)

    def test_counts_them_as_active_from_now_on(self):
        assert (create().is_active, create(email="b@example.com").active_since) == (True, NOON)

    def test_keeps_the_address_in_lower_case(self):
        assert create(email=" Ida.VOSS@Example.com ").email == "ida.voss@example.com"

    def test_says_who_added_whom(self):
        admin = make_administrator()
        person = create(by=admin)
        event = last_event()
        assert (event.kind, event.subject) == ("person.created", f"person:{person.pk}")
        assert (event.actor_id, event.at) == (admin.pk, NOON)
        assert event.changed == {"name": "Ida Voss", "invited": True}

    def test_refuses_an_address_that_is_taken_in_whatever_case(self):
        create()
        with refused("email_taken", field="email"):
            create(email="IDA.voss@example.com")
        assert Person.objects.filter(name="Ida Voss").count() == 1

    def test_refuses_everybody_but_administrators(self):
        lead = make_lead()
        with refused("not_an_administrator"):
            create(by=lead)
        assert not Person.objects.filter(email="ida.voss@example.com").exists()


@pytest.mark.embedded
class TestDeactivate(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.admin = make_administrator()
        cls.ada = make_person()

    def test_ends_their_access(self):
        actions.deactivate(person=self.ada, by=self.admin, at=NOON)
        assert not fresh(self.ada).is_active
        assert not self.ada.is_active

    def test_leaves_since_when_they_were_active(self):
        actions.deactivate(person=self.ada, by=self.admin, at=NOON)
        assert fresh(self.ada).active_since == HIRED

    def test_says_who_did_it(self):
        actions.deactivate(person=self.ada, by=self.admin, at=NOON)
        event = last_event()
        assert (event.kind, event.subject) == ("person.deactivated", f"person:{self.ada.pk}")
        assert (event.actor_id, event.at) == (self.admin.pk, NOON)

    def test_refuses_whom_it_finds_inactive(self):
        actions.deactivate(person=self.ada, by=self.admin, at=NOON)
        with refused("already_inactive"):
            actions.deactivate(person=self.ada, by=self.admin, at=NOON)

    def test_looks_at_the_row_and_not_at_what_was_loaded(self):
        stale = fresh(self.ada)
        actions.deactivate(person=self.ada, by=self.admin, at=NOON)
        with refused("already_inactive"):
            actions.deactivate(person=stale, by=self.admin, at=NOON)

    def test_refuses_oneself(self):
        with refused("self"):
            actions.deactivate(person=self.admin, by=self.admin, at=NOON)
        assert fresh(self.admin).is_active

    def test_refuses_everybody_but_administrators(self):
        lead = make_lead()
        with refused("not_an_administrator"):
            actions.deactivate(person=self.ada, by=lead, at=NOON)
        assert fresh(self.ada).is_active


@pytest.mark.embedded
class TestReactivate(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.admin = make_administrator()
        cls.ada = make_person()
        actions.deactivate(person=cls.ada, by=cls.admin, at=NOON)

    def test_lets_them_back_in_as_of_now(self):
        later = NOON + timedelta(days=3)
        actions.reactivate(person=self.ada, by=self.admin, at=later)
        assert (fresh(self.ada).is_active, fresh(self.ada).active_since) == (True, later)
        assert (self.ada.is_active, self.ada.active_since) == (True, later)

    def test_says_who_did_it(self):
        actions.reactivate(person=self.ada, by=self.admin, at=NOON)
        event = last_event()
        assert (event.kind, event.actor_id) == ("person.reactivated", self.admin.pk)

    def test_refuses_whom_it_finds_active(self):
        actions.reactivate(person=self.ada, by=self.admin, at=NOON)
        with refused("already_active"):
            actions.reactivate(person=self.ada, by=self.admin, at=NOON + timedelta(days=1))
        assert fresh(self.ada).active_since == NOON

    def test_refuses_everybody_but_administrators(self):
        lead = make_lead()
        with refused("not_an_administrator"):
            actions.reactivate(person=self.ada, by=lead, at=NOON)
        assert not fresh(self.ada).is_active


@pytest.mark.embedded
class TestJoin(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.admin = make_administrator()
        cls.ada = make_person()
        cls.security = Group.objects.get(key=Group.SECURITY)

    def join(self, at=NOON, by=None):
        return actions.join(person=self.ada, group=self.security, by=by or self.admin, at=at)

    def test_puts_them_in_from_now_on(self):
        self.join()
        assert fresh(self.ada).group_keys == {Group.SECURITY}
        assert Membership.objects.get(person=self.ada).joined_at == NOON

    def test_says_who_did_it(self):
        self.join()
        event = last_event()
        assert (event.kind, event.subject) == ("group.joined", f"person:{self.ada.pk}")
        assert (event.actor_id, event.changed) == (self.admin.pk, {"group": "security"})

    def test_changes_nothing_the_second_time(self):
        first = self.join()
        with nothing_said():
            assert self.join(at=NOON + timedelta(days=1)) == first
        assert Membership.objects.get(person=self.ada).joined_at == NOON

    def test_begins_anew_after_leaving(self):
        self.join()
        actions.leave(person=self.ada, group=self.security, by=self.admin, at=NOON)
        self.join(at=NOON + timedelta(days=1))
        assert Membership.objects.filter(person=self.ada).count() == 2

    def test_refuses_everybody_but_administrators(self):
        lead = make_lead()
        with refused("not_an_administrator"):
            self.join(by=lead)
        assert fresh(self.ada).group_keys == frozenset()


@pytest.mark.embedded
class TestLeave(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.admin = make_administrator()
        cls.ada = make_person(groups=[Group.SECURITY, Group.FINANCE])
        cls.security = Group.objects.get(key=Group.SECURITY)

    def leave(self, by=None):
        actions.leave(person=self.ada, group=self.security, by=by or self.admin, at=NOON)

    def test_takes_them_out_and_keeps_that_they_were_in(self):
        self.leave()
        assert fresh(self.ada).group_keys == {Group.FINANCE}
        kept = Membership.objects.get(person=self.ada, group=self.security)
        assert (kept.joined_at, kept.left_at) == (HIRED, NOON)

    def test_says_who_did_it(self):
        self.leave()
        event = last_event()
        assert (event.kind, event.changed) == ("group.left", {"group": "security"})

    def test_refuses_whoever_is_not_in_it(self):
        self.leave()
        with refused("not_a_member"):
            self.leave()

    def test_refuses_everybody_but_administrators(self):
        with refused("not_an_administrator"):
            self.leave(by=self.ada)
        assert Group.SECURITY in fresh(self.ada).group_keys


@pytest.mark.embedded
class TestRecordSignIn(TestCase):
    def test_stores_method_and_moment(self):
        ada = make_person()
        sign_in = actions.record_sign_in(person=ada, method="password", at=NOON)
        assert SignIn.objects.get() == sign_in
        assert (sign_in.person, sign_in.method, sign_in.signed_in_at) == (ada, "password", NOON)
        event = last_event()
        assert (event.kind, event.actor_id) == ("person.signed_in", ada.pk)
        assert event.changed == {"method": "password"}

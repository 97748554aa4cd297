from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import TestCase

from accounts import actions
from accounts.models import Group, Membership, Person, SignIn, Unit
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
class TestEditPerson(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.admin = make_administrator()
        cls.ada = make_person()

    def edit(self, by=None, **changes):
        wanted = {"name": self.ada.name, "title": self.ada.title, "unit": None}
        return actions.edit_person(
            person=self.ada, **(wanted | changes), by=by or self.admin, at=NOON
        )

    def test_stores_what_it_is_told(self):
        claims = make_unit()
        self.edit(name=" Ada Berg-Holm ", title="Actuary", unit=claims)
        stored = fresh(self.ada)
        assert (stored.name, stored.title, stored.unit) == ("Ada Berg-Holm", "Actuary", claims)

    def test_says_what_changed_and_no_more(self):
        self.edit(name="Ada Holm")
        event = last_event()
        assert (event.kind, event.subject) == ("person.edited", f"person:{self.ada.pk}")
        assert (event.actor_id, event.at) == (self.admin.pk, NOON)
        assert event.changed == {"name": "Ada Holm"}

    def test_says_nothing_where_nothing_changes(self):
        with nothing_said():
            self.edit()

    def test_refuses_everybody_but_administrators(self):
        lead = make_lead()
        with refused("not_an_administrator"):
            self.edit(by=lead, name="Ada Holm")
        assert fresh(self.ada).name == "Ada Berg"


@pytest.mark.embedded
class TestSaveUnit(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.admin = make_administrator()
        cls.top = make_unit(name="Insurance")
        cls.claims = make_unit(name="Claims", parent=cls.top)
        cls.motor = make_unit(name="Motor", parent=cls.claims)

    def save(self, unit, by=None, **changes):
        now = {} if unit is None else {k: getattr(unit, k) for k in ("name", "parent", "head")}
        wanted = {"name": "", "parent": None, "head": None} | now | changes
        return actions.save_unit(unit=unit, **wanted, by=by or self.admin, at=NOON)

    def test_adds_one(self):
        unit = self.save(None, name=" Life ", parent=self.top, head=self.admin)
        stored = Unit.objects.get(pk=unit.pk)
        assert (stored.name, stored.parent, stored.head) == ("Life", self.top, self.admin)
        event = last_event()
        assert (event.kind, event.subject) == ("unit.added", f"unit:{unit.pk}")
        assert event.actor_id == self.admin.pk
        assert event.changed == {"name": "Life", "parent": self.top.pk, "head": self.admin.pk}

    def test_changes_one_and_says_what(self):
        self.save(self.motor, name="Cars", parent=None)
        stored = Unit.objects.get(pk=self.motor.pk)
        assert (stored.name, stored.parent) == ("Cars", None)
        event = last_event()
        assert (event.kind, event.subject) == ("unit.edited", f"unit:{self.motor.pk}")
        assert event.changed == {"name": "Cars", "parent": None}

    def test_says_nothing_where_nothing_changes(self):
        with nothing_said():
            self.save(self.motor)

    def test_refuses_itself_and_what_is_below_it_as_its_parent(self):
        for parent in (self.top, self.claims, self.motor):
            with refused("circle", field="parent"):
                self.save(self.top, parent=parent)
        assert Unit.objects.get(pk=self.top.pk).parent is None

    def test_moves_between_branches(self):
        self.save(self.motor, parent=self.top)
        self.save(self.claims, parent=self.motor)
        assert Unit.objects.get(pk=self.claims.pk).parent == self.motor

    def test_refuses_a_name_that_is_taken(self):
        for unit in (None, self.motor):
            with refused("name_taken", field="name"):
                self.save(unit, name="Claims ")

    def test_refuses_everybody_but_administrators(self):
        lead = make_lead()
        with refused("not_an_administrator"):
            self.save(self.motor, by=lead, name="Cars")
        assert Unit.objects.get(pk=self.motor.pk).name == "Motor"


@pytest.mark.embedded
class TestSaveGroup(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.admin = make_administrator()

    def save(self, key, name, by=None):
        return actions.save_group(key=key, name=name, by=by or self.admin, at=NOON)

    def test_adds_one(self):
        group = self.save("works-council", "Works council")
        assert Group.objects.get(key="works-council").name == "Works council"
        event = last_event()
        assert (event.kind, event.subject) == ("group.added", f"group:{group.pk}")
        assert event.changed == {"group": "works-council", "name": "Works council"}

    def test_renames_one(self):
        group = self.save(Group.SECURITY, "Information security")
        assert Group.objects.get(key=Group.SECURITY).name == "Information security"
        event = last_event()
        assert (event.kind, event.subject) == ("group.renamed", f"group:{group.pk}")
        assert (event.actor_id, event.at) == (self.admin.pk, NOON)
        with nothing_said():
            self.save(Group.SECURITY, "Information security")

    def test_refuses_everybody_but_administrators(self):
        lead = make_lead()
        with refused("not_an_administrator"):
            self.save("works-council", "Works council", by=lead)
        assert not Group.objects.filter(key="works-council").exists()


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

    def test_refuses_somebody_inactive(self):
        actions.deactivate(person=self.ada, by=self.admin, at=NOON)
        with refused("inactive", field="person"):
            self.join()
        assert not Membership.objects.filter(person=self.ada).exists()

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

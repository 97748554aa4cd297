from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import TestCase

from accounts.groups import STANDARD, ensure
from accounts.models import Group, Membership, Person, Unit
from tests.factories import HIRED, NOON, fresh, make_person, make_unit


def violates(name):
    """The constraint's name is in the message on both databases where it is a CHECK."""
    return pytest.raises(IntegrityError, match=name)


@pytest.mark.embedded
class TestPerson(TestCase):
    def test_is_found_by_the_address_as_typed(self):
        ada = make_person()
        assert Person.objects.get_by_natural_key(" Ada.BERG@example.com ") == ada

    def test_has_an_address_of_their_own(self):
        make_person()
        with pytest.raises(IntegrityError), transaction.atomic():
            Person.objects.create(email="ada.berg@example.com", name="Another")

    def test_has_initials_of_first_and_last_name(self):
        names = {"Ada Berg": "AB", "Ada": "A", "Ada van der Berg": "AB", "  ": "?"}
        assert {name: Person(name=name).initials for name in names} == names

    def test_is_staff_as_administrator_while_active(self):
        admin = make_person(groups=[Group.ADMINISTRATORS])
        assert (admin.is_staff, admin.has_perm("x"), admin.has_module_perms("x")) == (True,) * 3
        admin.is_active = False
        assert (admin.is_staff, admin.has_perm("x"), admin.has_module_perms("x")) == (False,) * 3


@pytest.mark.embedded
class TestWithGroupKeys(TestCase):
    def test_loads_person_and_groups_in_one_query(self):
        ada = make_person(groups=[Group.SECURITY, Group.FINANCE])
        with self.assertNumQueries(1):
            loaded = Person.objects.with_group_keys(ada.pk)
            assert loaded.group_keys == {Group.SECURITY, Group.FINANCE}

    def test_leaves_out_groups_they_have_left(self):
        ada = make_person(groups=[Group.SECURITY, Group.FINANCE])
        Membership.objects.filter(group__key=Group.FINANCE).update(left_at=NOON)
        assert Person.objects.with_group_keys(ada.pk).group_keys == {Group.SECURITY}
        assert fresh(ada).group_keys == {Group.SECURITY}

    def test_finds_who_is_in_no_group(self):
        ada = make_person()
        assert Person.objects.with_group_keys(ada.pk).group_keys == frozenset()

    def test_finds_nobody_where_there_is_nobody(self):
        assert Person.objects.with_group_keys(4711) is None


@pytest.mark.embedded
class TestUnit(TestCase):
    def test_has_a_name_of_its_own(self):
        make_unit()
        with pytest.raises(IntegrityError), transaction.atomic():
            Unit.objects.create(name="Claims")

    def test_forms_a_tree(self):
        claims = make_unit()
        motor = make_unit(name="Motor", parent=claims)
        assert list(claims.children.all()) == [motor]


@pytest.mark.embedded
class TestMembership(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.ada = make_person(groups=[Group.SECURITY])
        cls.security = Group.objects.get(key=Group.SECURITY)

    def test_is_in_a_group_once(self):
        with pytest.raises(IntegrityError), transaction.atomic():
            Membership.objects.create(person=self.ada, group=self.security, joined_at=NOON)

    def test_ends_after_it_begins(self):
        with violates("a_membership_ends_after_it_begins"), transaction.atomic():
            Membership.objects.update(left_at=HIRED - timedelta(seconds=1))

    def test_may_end_at_once(self):
        assert Membership.objects.update(left_at=HIRED) == 1


@pytest.mark.embedded
class TestStandardGroups(TestCase):
    def test_are_there_after_migrating(self):
        assert set(STANDARD) <= set(Group.objects.values_list("key", flat=True))

    def test_come_back_when_missing_and_only_then(self):
        Group.objects.filter(key=Group.FINANCE).delete()
        Group.objects.filter(key=Group.SECURITY).update(name="Guards")
        ensure()
        assert Group.objects.get(key=Group.FINANCE).name == "Finance"
        assert Group.objects.get(key=Group.SECURITY).name == "Guards"
        assert Group.objects.count() == len(STANDARD)

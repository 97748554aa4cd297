from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import TestCase

from accounts import permissions
from accounts.models import Group
from tests.factories import make_person

# Which of these groups may, by name of the rule; nobody else (product.md §7).
MAY = {
    "is_lead": {Group.LEADS},
    "is_auditor": {Group.AUDITORS},
    "is_administrator": {Group.ADMINISTRATORS},
    "may_manage_people": {Group.ADMINISTRATORS},
    "may_read_audit_log": {Group.LEADS, Group.AUDITORS, Group.ADMINISTRATORS},
}


@pytest.mark.embedded
class TestGroups(TestCase):
    @classmethod
    def setUpTestData(cls):
        keys = Group.objects.values_list("key", flat=True)
        cls.people = {key: make_person(name=f"From {key}", groups=[key]) for key in keys}
        cls.member = make_person()

    def test_decide_what_their_members_may(self):
        for name, groups in MAY.items():
            may = getattr(permissions, name)
            assert {key for key, person in self.people.items() if may(person)} == groups, name
            assert not may(self.member), name

    def test_give_nothing_to_somebody_inactive(self):
        for person in self.people.values():
            person.is_active = False
        for name in MAY:
            may = getattr(permissions, name)
            assert not any(may(person) for person in self.people.values()), name


@pytest.mark.embedded
class TestIsSomebody(TestCase):
    def test_is_a_person_who_is_active(self):
        ada = make_person()
        assert permissions.is_somebody(ada)
        ada.is_active = False
        assert not permissions.is_somebody(ada)

    def test_is_not_a_visitor(self):
        assert not permissions.is_somebody(AnonymousUser())
        assert not permissions.is_somebody(None)

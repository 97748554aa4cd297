from __future__ import annotations

import pytest
from django.test import TestCase
from django.urls import reverse

from accounts import actions
from accounts.models import Group, Membership, Person
from tests.accounts.expectations import last_event, nothing_said
from tests.factories import NOON, make_administrator, make_person


class AdminTestCase(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.admin = make_administrator()
        cls.ada = make_person()

    def setUp(self):
        self.client.force_login(self.admin)

    def add(self, model, **data):
        return self.client.post(reverse(f"admin:accounts_{model}_add"), data)

    def change(self, model, row, **data):
        return self.client.post(reverse(f"admin:accounts_{model}_change", args=[row.pk]), data)

    def was_refused(self, response, words, rule, field=None):
        """Said on the form that was sent, at its field, and recorded."""
        assert response.status_code == 200
        form = response.context["adminform"].form
        assert form.errors == {field or "__all__": [words]}
        event = last_event()
        assert event.kind.endswith("_refused")
        assert (event.actor_id, event.changed["rule"]) == (self.admin.pk, rule)
        return True


@pytest.mark.embedded
class TestPersonAdmin(AdminTestCase):
    def test_invites_in_lower_case(self):
        assert self.add("person", email=" Ida.VOSS@example.com", name="Ida").status_code == 302
        ida = Person.objects.get(email="ida.voss@example.com")
        assert ida.is_invited
        assert (last_event().kind, last_event().actor_id) == ("person.created", self.admin.pk)

    def test_finds_who_is_there_under_other_capitals(self):
        response = self.add("person", email="ADA.Berg@example.com", name="Ada")
        assert response.status_code == 200
        assert "already exists" in response.content.decode()
        assert Person.objects.filter(email__iexact="ada.berg@example.com").count() == 1

    def test_edits_by_the_action(self):
        assert self.change("person", self.ada, name="Ada Holm", title="").status_code == 302
        assert Person.objects.get(pk=self.ada.pk).name == "Ada Holm"
        event = last_event()
        assert (event.kind, event.actor_id) == ("person.edited", self.admin.pk)


@pytest.mark.embedded
class TestMembershipAdmin(AdminTestCase):
    def join(self):
        group = Group.objects.get(key=Group.SECURITY)
        return self.add("membership", person=self.ada.pk, group=group.pk)

    def test_joins_by_the_action(self):
        assert self.join().status_code == 302
        assert last_event().kind == "group.joined"

    def test_shows_and_records_what_the_action_refuses(self):
        actions.deactivate(person=self.ada, by=None, at=NOON)
        words = "Ada Berg is inactive. Reactivate them first."
        assert self.was_refused(self.join(), words, "inactive", field="person")
        assert not Membership.objects.filter(person=self.ada).exists()


@pytest.mark.embedded
class TestGroupAdmin(AdminTestCase):
    def test_adds_and_renames_by_the_action(self):
        self.add("group", key="council", name="Council")
        group = Group.objects.get(key="council")
        assert last_event().kind == "group.added"
        self.change("group", group, name="Works council")
        assert Group.objects.get(key="council").name == "Works council"
        assert (last_event().kind, last_event().actor_id) == ("group.renamed", self.admin.pk)
        with nothing_said():
            self.change("group", group, name="Works council")

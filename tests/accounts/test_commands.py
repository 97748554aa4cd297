from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command
from django.test import TestCase

from accounts.models import Group, Person
from tests.accounts.expectations import last_event, nothing_said
from tests.factories import make_person


@pytest.mark.embedded
class TestCreateAdministrator(TestCase):
    @pytest.fixture(autouse=True)
    def password(self, monkeypatch):
        monkeypatch.setenv("GATEHOUSE_PASSWORD", "correct horse battery")
        self.monkeypatch = monkeypatch

    def create(self, email="ida.voss@example.com"):
        call_command("create_administrator", email, "Ida Voss")

    def test_makes_somebody_who_administers_and_leads(self):
        self.create()
        ida = Person.objects.get(email="ida.voss@example.com")
        assert set(ida.group_keys) == {Group.ADMINISTRATORS, Group.LEADS}
        assert ida.check_password("correct horse battery")

    def test_says_and_records_that_the_address_is_taken(self):
        make_person(name="Ida Voss")
        with pytest.raises(CommandError, match="already"):
            self.create()
        assert last_event().kind == "person.create_refused"
        assert Person.objects.count() == 1

    def test_refuses_what_is_no_address_or_no_password(self):
        with nothing_said():
            with pytest.raises(CommandError, match="valid email"):
                self.create("ida")
            self.monkeypatch.setenv("GATEHOUSE_PASSWORD", "short")
            with pytest.raises(CommandError, match="too short"):
                self.create()

from __future__ import annotations

from django.contrib.messages import get_messages
from django.test import TestCase
from django.urls import reverse

from initiatives.stages import Role
from tests.factories import make_declared, make_lead, make_owner, make_person


class TestConfirmOwnership(TestCase):
    @classmethod
    def setUpTestData(cls):
        lead, cls.pia = make_lead(), make_person(name="Pia Production")
        running = make_declared(by=lead)
        cls.owned = make_owner(initiative=running, role=Role.PRODUCTION_OWNER, person=cls.pia)

    def confirm(self, hours, person=None):
        self.client.force_login(person or self.pia)
        url = reverse("initiatives:confirm_ownership", args=[self.owned.pk])
        response = self.client.post(url, {"hours_a_month": hours})
        self.owned.refresh_from_db()
        return response

    def test_keeps_the_hours(self):
        self.confirm("12")
        assert self.owned.hours_a_month == 12
        assert self.owned.confirmed_at is not None

    def test_confirms_without_hours(self):
        self.confirm("")
        assert self.owned.confirmed_at is not None

    def test_says_which_hours_cannot_be(self):
        for hours in ("many", "-1", "401", "9" * 40):
            said = [str(m) for m in get_messages(self.confirm(hours).wsgi_request)]
            assert said[-1].startswith("Hours a month: "), hours
        assert self.owned.confirmed_at is None

    def test_is_its_holders_alone(self):
        assert self.confirm("1", make_person(name="Eve Else")).status_code == 404

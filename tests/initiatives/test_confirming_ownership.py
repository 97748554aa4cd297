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

    def confirm(self, hours, person=None, **more):
        self.client.force_login(person or self.pia)
        url = reverse("initiatives:confirm_ownership", args=[self.owned.pk])
        response = self.client.post(url, {"hours_a_month": hours} | more)
        self.owned.refresh_from_db()
        return response

    def test_keeps_the_hours(self):
        self.confirm("12")
        assert self.owned.hours_a_month == 12
        assert self.owned.confirmed_at is not None

    def test_keeps_that_it_is_agreed_and_what_was_said_before(self):
        self.confirm("12")
        assert not self.owned.in_objectives
        self.confirm("", in_objectives="on")
        assert (self.owned.hours_a_month, self.owned.in_objectives) == (12, True)
        self.confirm("8")
        assert self.owned.promised == "8 hours a month, among their objectives"

    def test_asks_on_the_page_until_it_is_said(self):
        self.client.force_login(self.pia)
        page = self.owned.initiative.get_absolute_url()
        self.assertContains(self.client.get(page), "It is among my objectives")
        self.confirm("12", in_objectives="on")
        self.assertNotContains(self.client.get(page), "It is among my objectives")
        self.assertContains(self.client.get(page), "12 hours a month, among their objectives")

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

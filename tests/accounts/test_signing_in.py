from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import TestCase
from django.urls import reverse
from django.utils import timezone

from accounts import actions
from accounts.authentication import latest
from accounts.models import Person, SignIn
from tests.accounts.expectations import last_event
from tests.factories import NOON, authentication, make_person

PASSWORD = "correct horse battery"
WAY_IN = reverse("account_login")


@pytest.mark.embedded
class TestSignIn(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.ada = make_person(password=PASSWORD)

    def sign_in(self, email="ada.berg@example.com", password=PASSWORD, **more):
        return self.client.post(WAY_IN, {"login": email, "password": password, **more})

    def test_leads_to_the_dashboard(self):
        response = self.sign_in()
        assert (response.status_code, response["Location"]) == (302, reverse("portfolio:dashboard"))

    def test_leads_to_where_one_was_going(self):
        wanted = reverse("initiatives:register")
        redirect = self.client.get(wanted)
        assert redirect.status_code == 302
        asked = urlsplit(redirect["Location"])
        assert (asked.path, parse_qs(asked.query)["next"]) == (WAY_IN, [wanted])
        assert self.sign_in(next=wanted)["Location"] == wanted

    def test_takes_the_address_in_any_case(self):
        assert self.sign_in(email="ADA.Berg@example.com").status_code == 302

    def test_stores_method_and_moment(self):
        before = timezone.now()
        self.sign_in()
        stored = SignIn.objects.get()
        assert (stored.person, stored.method) == (self.ada, "password")
        assert abs(stored.signed_in_at - before) < timedelta(minutes=1)
        assert last_event().kind == "person.signed_in"

    def test_proves_who_one_is_for_this_session(self):
        self.sign_in()
        request = self.client.get(reverse("initiatives:register")).wsgi_request
        proof = latest(request, self.ada)
        assert proof is not None
        assert proof.method == "password"
        assert proof.is_fresh(at=timezone.now(), limit=timedelta(minutes=5))

    def test_refuses_a_wrong_password(self):
        response = self.sign_in(password="wrong horse battery")
        assert response.status_code == 200
        assert "login" in response.context["form"].data
        assert not SignIn.objects.exists()

    def test_refuses_whoever_was_deactivated(self):
        actions.deactivate(person=self.ada, by=None, at=NOON)
        self.sign_in()
        assert not SignIn.objects.exists()
        assert self.client.get(reverse("portfolio:dashboard")).status_code == 302

    def test_refuses_whoever_was_only_invited(self):
        make_person(name="Ivy Invited")
        for password in ("", "!", "None"):
            self.sign_in(email="ivy.invited@example.com", password=password)
        assert not SignIn.objects.exists()

    def test_ends_at_once_on_deactivation_even_by_raw_sql(self):
        self.sign_in()
        assert self.client.get(reverse("initiatives:register")).status_code == 200
        Person.objects.filter(pk=self.ada.pk).update(is_active=False)
        assert self.client.get(reverse("initiatives:register")).status_code == 302

    def test_survives_bad_input(self):
        for text in ("", "\0", "ada\0@example.com", "x" * 1_000_000, "ada@", "💥"):
            response = self.sign_in(email=text, password=text)
            assert response.status_code in (200, 429), text[:20]

    def test_is_by_invitation_only(self):
        response = self.client.post(
            reverse("account_signup"),
            {"email": "eve@example.com", "password1": PASSWORD, "password2": PASSWORD},
        )
        assert response.status_code == 200
        assert not Person.objects.filter(email="eve@example.com").exists()


class TestFreshness:
    """A proof counts until the limit has passed, and never from the future (21 CFR 11.200)."""

    limit = timedelta(minutes=15)

    @pytest.mark.parametrize(
        ("age", "fresh"),
        [
            (timedelta(0), True),
            (timedelta(minutes=15), True),
            (timedelta(minutes=15, microseconds=1), False),
            (timedelta(microseconds=-1), False),
        ],
    )
    def test_is_lost_when_the_limit_has_passed(self, age, fresh):
        proof = authentication(at=NOON - age)
        assert proof.is_fresh(at=NOON, limit=self.limit) is fresh

"""The pages beside a signature, as those use them who sign, stand in or wait."""

from __future__ import annotations

from typing import Any

from django.test import TestCase
from django.urls import reverse
from django.utils import timezone

from accounts.models import Person
from audit import queries as audit
from initiatives import actions as initiatives
from initiatives.models import Initiative, Obligation
from reviews.models import Delegation, SignOff
from tests import factories
from tests.factories import NOON
from tests.reviews.scenes import DAY, REJECT, sign, sign_in, slot, standing


def in_a_week() -> str:
    return str(timezone.localdate() + 7 * DAY)


class SigningPages(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.cast = factories.make_cast()
        cls.initiative = factories.make_ready_for_charter(cast=cls.cast)
        cls.review = factories.make_review(
            initiative=cls.initiative, by=cls.cast.business_owner, at=NOON - DAY
        )
        cls.other = factories.make_person(name="Dana Deputy")

    def read(self, person: Person, address: str | None = None) -> str:
        sign_in(self.client, person)
        return self.client.get(address or self.review.get_absolute_url()).content.decode()

    def send(self, who: Person, name: str, pk: int, **values: Any) -> Any:
        sign_in(self.client, who)
        return self.client.post(reverse(name, args=[pk]), values)


class TestApproveIf(SigningPages):
    def approve_if(self, **values: Any) -> Any:
        said = {
            "digest": standing(self.review).digest,
            "verdict": "conditional",
            "what": "The off-switch was tried.",
            "assignee": self.cast.engineering_owner.pk,
            "due_date": in_a_week(),
        } | values
        pk = slot(self.review, "sponsor").pk
        return self.send(self.cast.sponsor, "reviews:sign", pk, **said)

    def test_signs_and_says_under_which_condition(self):
        assert self.approve_if().status_code == 302
        page = self.read(self.cast.lead)
        assert "approved with conditions" in page
        assert "The off-switch was tried." in page

    def test_says_at_each_field_what_is_missing_and_keeps_the_rest(self):
        answer = self.approve_if(what="Tried.", assignee="", due_date="")
        page = answer.content.decode()
        assert answer.status_code == 422
        assert "Choose who sees to it." in page
        assert "Say by when." in page
        assert ">\nTried.</textarea>" in page
        assert '<details class="gh-more gh-condition" open>' in page
        assert not SignOff.objects.exists()

    def test_says_at_the_day_that_it_is_too_far_away(self):
        answer = self.approve_if(due_date="2099-01-01")
        assert answer.status_code == 422
        assert "Choose a day from today on" in answer.content.decode() or (
            "cannot be right" in answer.content.decode()
        )

    def test_ignores_what_stands_there_when_it_is_a_plain_approval(self):
        assert self.approve_if(verdict="approve").status_code == 302
        assert not Obligation.objects.exists()

    def test_lets_the_assignee_confirm_from_their_work(self):
        self.approve_if()
        owed = Obligation.objects.get()
        work = self.read(self.cast.engineering_owner, reverse("portfolio:my_work"))
        assert "The off-switch was tried." in work
        address = reverse("initiatives:confirm_obligation", args=[owed.pk])
        assert address in work
        assert address in self.read(self.cast.engineering_owner, self.initiative.get_absolute_url())
        assert self.client.post(address, {"comment": "Tried."}).status_code == 302
        assert Obligation.objects.get().comment == "Tried."

    def test_shows_a_condition_that_was_missed(self):
        self.approve_if()
        Obligation.objects.update(due_date=NOON.date() - DAY, missed_at=NOON)
        page = self.read(self.cast.sponsor)
        assert "lapsed: a condition was missed" in page
        assert "has lapsed: “The off-switch was tried.” was to be done by 1 Mar 2026" in page


class TestMyPoints(SigningPages):
    def test_are_those_that_the_policy_names_for_the_signature(self):
        page = self.read(self.cast.sponsor)
        assert "Your 3 points" in page
        assert self.points(self.cast.compliance) == ["triaged", "data_audit"]

    def test_are_everybodys_where_it_names_none(self):
        assert self.points(self.cast.lead) == []

    def points(self, person: Person) -> list[str]:
        sign_in(self.client, person)
        page = self.client.get(self.review.get_absolute_url())
        return [judged.criterion.key for judged in page.context["my_points"]]


class TestReceiptPage(SigningPages):
    def test_carries_fingerprint_and_position(self):
        sign(self.review, "sponsor", self.cast.sponsor, comment="Go on.")
        signed, position = SignOff.objects.get(), audit.head()
        page = self.read(self.cast.sponsor, reverse("reviews:receipt", args=[signed.pk]))
        for said in (signed.snapshot_id, position.hash, f"<dd>{position.seq}</dd>", "Go on."):
            assert said in page

    def test_is_not_there_for_whoever_may_not_know_of_it(self):
        sign(self.review, "sponsor", self.cast.sponsor)
        Initiative.objects.filter(pk=self.initiative.pk).update(is_restricted=True)
        sign_in(self.client, self.other)
        address = reverse("reviews:receipt", args=[SignOff.objects.get().pk])
        assert self.client.get(address).status_code == 404


class TestTakeBackPage(SigningPages):
    def test_offers_it_to_whoever_rejected_and_to_nobody_else(self):
        sign(self.review, "sponsor", self.cast.sponsor, verdict=REJECT, comment="Too early.")
        assert "Take my rejection back" in self.read(self.cast.sponsor)
        assert "Take my rejection back" not in self.read(self.cast.lead)
        pk = slot(self.review, "sponsor").pk
        assert self.send(self.cast.sponsor, "reviews:take_back", pk).status_code == 302
        assert "Take my rejection back" not in self.read(self.cast.sponsor)

    def test_asks_who_they_are_first_when_that_was_long_ago(self):
        sign(self.review, "sponsor", self.cast.sponsor, verdict=REJECT, comment="Too early.")
        sign_in(self.client, self.cast.sponsor, proved=DAY)
        pk = slot(self.review, "sponsor").pk
        answer = self.client.post(reverse("reviews:take_back", args=[pk]))
        assert "next=" in answer["Location"]
        assert SignOff.objects.count() == 1


class TestStandingInPages(SigningPages):
    def hand_on(self, **values: Any) -> Any:
        said = {
            "person": self.other.pk,
            "until_date": in_a_week(),
            "reason": "Away.",
        } | values
        pk = slot(self.review, "sponsor").pk
        return self.send(self.cast.sponsor, "reviews:hand_on", pk, **said)

    def test_hand_on_sign_and_take_back(self):
        assert self.hand_on().status_code == 302
        assert "You sign as Sponsor, in the place of Sam Sponsor until" in self.read(self.other)
        given = Delegation.objects.get()
        assert "End it: Dana Deputy" in self.read(self.cast.sponsor)
        assert self.send(self.cast.sponsor, "reviews:end_delegation", given.pk).status_code == 302
        assert "You sign as" not in self.read(self.other)

    def test_keep_what_was_typed_when_it_is_refused(self):
        answer = self.hand_on(reason="")
        assert answer.status_code == 422
        assert "Say why, for the record." in answer.content.decode()

    def test_say_what_is_missing(self):
        page = self.hand_on(person="", until_date="").content.decode()
        assert "Choose a person." in page
        assert "Choose a day." in page

    def test_offer_leads_alone_to_appoint_somebody(self):
        pk = slot(self.review, "sponsor").pk
        address = reverse("reviews:appoint", args=[pk])
        assert address in self.read(self.cast.lead)
        assert address not in self.read(self.cast.business_owner)
        said = {"person": self.other.pk, "until_date": "", "reason": "Away."}
        assert self.send(self.cast.lead, "reviews:appoint", pk, **said).status_code == 422

    def test_name_a_deputy(self):
        sign_in(self.client, self.cast.sponsor)
        address = reverse("portfolio:deputy")
        assert self.client.post(address, {"deputy": self.other.pk, "until": ""}).status_code == 302
        work = self.read(self.cast.sponsor, reverse("portfolio:my_settings"))
        assert "Dana Deputy may sign in my place." in work
        mine = self.read(self.other, reverse("portfolio:my_work"))
        assert "as Sponsor, deputy of Sam Sponsor" in mine
        assert self.send_deputy(self.cast.sponsor).status_code == 422

    def send_deputy(self, deputy: Person) -> Any:
        sign_in(self.client, self.cast.sponsor)
        return self.client.post(reverse("portfolio:deputy"), {"deputy": deputy.pk, "until": ""})


class TestConfirmPage(SigningPages):
    def test_says_so_when_it_is_too_late(self):
        owed, _ = initiatives.owe(
            self.initiative, kind="condition", gate="charter", what="Tried.",
            due_date=NOON.date() - 30 * DAY, assignee=self.cast.engineering_owner,
            by=self.cast.sponsor, at=NOON - 40 * DAY,
        )  # fmt: skip
        sign_in(self.client, self.cast.engineering_owner)
        address = reverse("initiatives:confirm_obligation", args=[owed.pk])
        assert "done, after its day" in self.client.post(address, follow=True).content.decode()

    def test_refuses_whoever_it_was_not_given_to(self):
        owed, _ = initiatives.owe(
            self.initiative, kind="access", what="Every key is revoked.", due_date=NOON.date(),
            assignee=self.cast.engineering_owner, by=self.cast.sponsor, at=NOON,
        )  # fmt: skip
        answer = self.send(self.cast.business_owner, "initiatives:confirm_obligation", owed.pk)
        assert answer.status_code == 422
        assert Obligation.objects.get().is_open

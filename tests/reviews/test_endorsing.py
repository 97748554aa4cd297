from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from accounts.models import Person
from initiatives import actions as initiatives
from initiatives import facts, statement
from initiatives.models import Initiative
from initiatives.stages import Role
from notifications.rules import RULES
from reviews import actions, queries
from reviews.actions import endorsing
from reviews.models import Endorsement
from tests import factories
from tests.factories import NOON, TODAY, authentication
from tests.reviews.scenes import DAY, LaterStages, give, last_event, refusal, sign_in


class Endorsing(LaterStages):
    """A pilot whose charter was signed, and a sponsor who came after that."""

    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.new = factories.make_person(name="Nia New")
        give(cls.initiative, Role.SPONSOR, cls.new, NOON)

    def endorse(self, by: Person | None = None, minutes: int = 0, said: str | None = None):
        return actions.endorse(
            initiative=self.initiative,
            statement=statement.of(facts.load_one(self.initiative.pk)) if said is None else said,
            authentication=authentication(at=NOON - timedelta(minutes=minutes)),
            by=by or self.new,
            at=NOON,
        )

    def found(self, today=TODAY):
        return RULES["statement_unsigned"].function(
            Initiative.objects.all(), today, queries.current_policy()
        )


@pytest.mark.embedded
class TestEndorse(Endorsing):
    def test_stores_what_was_signed_and_how_they_proved_it(self):
        event = self.endorse()
        signed = Endorsement.objects.get()
        assert signed.statement == statement.of(facts.load_one(self.initiative.pk))
        assert (signed.signer, signed.printed_name) == (self.new, "Nia New")
        assert (signed.meaning, signed.authentication_method) == (endorsing.MEANING, "password")
        assert event == last_event(kind="statement.endorsed")

    def test_refuses_anybody_but_the_sponsor(self):
        assert refusal(self.endorse, self.cast.sponsor).rule == "may_not_endorse"

    def test_refuses_another_statement_than_the_one_that_stands(self):
        assert refusal(self.endorse, said="Double sales.").rule == "statement_changed"

    def test_refuses_without_a_fresh_proof_of_identity(self):
        assert refusal(self.endorse, minutes=20).rule == "authentication_too_old"

    def test_refuses_before_anything_was_promised(self):
        proposal = factories.make_ready_for_charter(cast=self.cast, name="Another")
        give(proposal, Role.SPONSOR, self.new, NOON)
        self.initiative = proposal
        assert refusal(self.endorse).rule == "may_not_endorse"


class TestStatementUnsigned(Endorsing):
    def test_asks_the_new_sponsor_within_14_days(self):
        (finding,) = self.found()
        assert finding.says == (
            f"Its new sponsor, Nia New, signs the success statement by "
            f"{TODAY + 14 * DAY:%-d %b %Y}."
        )
        assert (finding.severity, finding.acts) == ("notice", "Nia New")
        assert finding.due_date == TODAY + 14 * DAY

    def test_is_up_for_decision_the_day_after(self):
        assert self.found(TODAY + 14 * DAY)[0].severity == "notice"
        (finding,) = self.found(TODAY + 15 * DAY)
        assert (finding.severity, finding.acts) == ("critical", "a portfolio lead")
        assert finding.says.endswith(": it is up for decision.")

    def test_is_over_once_it_is_signed(self):
        self.endorse()
        assert self.found() == []

    def test_asks_no_sponsor_who_signed_the_charter(self):
        give(self.initiative, Role.SPONSOR, self.cast.sponsor, NOON - 49 * DAY - DAY)
        assert self.found() == []

    def test_asks_again_whoever_came_back(self):
        self.endorse()
        initiatives.ask(
            initiative=self.initiative, role=Role.SPONSOR, person=self.cast.sponsor, by=None,
            at=NOON + DAY,
        )  # fmt: skip
        held = facts.load_one(self.initiative.pk).owner(Role.SPONSOR)
        initiatives.accept(ownership=held, by=self.cast.sponsor, at=NOON + DAY)
        assert len(self.found()) == 1

    def test_leaves_out_what_is_retired(self):
        self.decide("kill", by=self.cast.lead, outcome="priorities", lesson="None.", at=NOON + DAY)
        assert self.found() == []


class TestPage(Endorsing):
    def test_shows_the_statement_and_takes_the_signature(self):
        sign_in(self.client, self.new)
        address = reverse("reviews:endorse", args=[self.initiative.pk])
        page = self.client.get(address)
        said = page.context["form"]["statement"].value()
        assert said in page.content.decode()
        answer = self.client.post(address, {"statement": said})
        assert answer["Location"] == self.initiative.get_absolute_url()
        assert Endorsement.objects.get().statement == said

    def test_asks_who_they_are_first_when_that_was_long_ago(self):
        sign_in(self.client, self.new, proved=None)
        address = reverse("reviews:endorse", args=[self.initiative.pk])
        said = self.client.get(address).context["form"]["statement"].value()
        answer = self.client.post(address, {"statement": said})
        assert "next=" in answer["Location"]
        assert not Endorsement.objects.exists()

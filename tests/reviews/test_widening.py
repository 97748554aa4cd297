"""Facts that change while a review is open may call for more signatures than were asked for."""

import pytest
from django.test import TestCase

from accounts.models import Group
from initiatives import actions as initiatives
from initiatives.models import Initiative
from reviews import actions
from reviews.models import SignOff
from tests import factories
from tests.factories import NOON
from tests.reviews.scenes import refusal, sign, slot, standing


class Widening(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.cast = factories.make_cast()
        cls.initiative = factories.make_ready_for_charter(cast=cls.cast)
        factories.make_group_member(group=Group.FINANCE, name="Fin Ance")
        cls.review = factories.make_review(
            initiative=cls.initiative, by=cls.cast.business_owner, at=NOON
        )

    def raise_the_budget(self):
        initiatives.edit(
            initiative=self.initiative, by=self.cast.lead, at=NOON, pilot_budget=200_000
        )

    def keys(self):
        return set(self.review.slots.values_list("key", flat=True))


@pytest.mark.embedded
class TestSlots(Widening):
    def test_are_added_when_the_facts_call_for_them(self):
        assert "finance" not in self.keys()
        self.raise_the_budget()
        actions.notice_changes(at=NOON)
        assert "finance" in self.keys()

    def test_are_named_as_missing_before_anybody_noticed(self):
        self.raise_the_budget()
        assert "Not asked to sign yet: Finance." in standing(self.review).lacking()

    def test_hold_the_decision(self):
        self.raise_the_budget()
        no = refusal(
            actions.decide,
            initiative=self.initiative,
            kind="proceed",
            reason="x",
            by=self.cast.sponsor,
            at=NOON,
        )
        assert no.rule == "gate_unmet"
        assert "Not asked to sign yet: Finance." not in no.detail["lacking"]
        assert "Not signed: Finance." in no.detail["lacking"]


class TestWhatIsSigned(Widening):
    def test_is_the_evidence_as_it_is_even_after_raw_sql(self):
        Initiative.objects.filter(pk=self.initiative.pk).update(pilot_days=30)
        sign(self.review, "sponsor", self.cast.sponsor)
        assert SignOff.objects.get().snapshot_id == standing(self.review).digest

    def test_can_be_read_on_the_page(self):
        self.client.force_login(self.cast.sponsor, backend="accounts.backends.PersonBackend")
        page = self.client.get(self.review.get_absolute_url()).content.decode()
        assert slot(self.review, "sponsor").meaning in page
        answers = self.initiative.evidence.get(criterion="data_audit").fields
        assert answers["sources"] in page


class TestQuiet(TestCase):
    def test_ends_when_a_review_is_asked_for(self):
        lead = factories.make_lead()
        quiet = factories.make_initiative(by=lead)
        factories.silence(initiative=quiet)
        factories.make_review(initiative=quiet, by=lead, at=NOON)
        assert factories.reloaded(quiet).counting_since == NOON

from __future__ import annotations

import pytest
from django.test import TestCase

from initiatives import actions
from initiatives.models import Initiative, Triage
from initiatives.queries import awaiting_confirmation
from initiatives.stages import Stage
from tests.accounts.expectations import last_event, nothing_said, refused
from tests.factories import (
    NOON,
    fresh,
    make_cast,
    make_group_member,
    make_initiative,
    make_ready_for_charter,
    make_review,
    make_triage,
    reloaded,
    sign_waiting,
)
from tests.initiatives.actions.changes import leaves_alone
from tests.initiatives.actions.triages import LITTLE, Triaged


class TestConfirm(Triaged):
    def test_keeps_who_confirmed_what_and_when(self):
        self.confirm()
        stored = Triage.objects.get()
        assert (stored.confirmed_by, stored.confirmed_at) == (self.cleo, NOON)
        assert (stored.confirmed_level, stored.confirmed_because) == ("light", "")
        assert self.in_force() == ("light", "minimal", True)
        assert reloaded(self.initiative).touched_at == NOON

    def test_says_it(self):
        self.confirm()
        event = last_event()
        assert (event.kind, event.actor_id) == ("initiative.triage_confirmed", self.cleo.pk)
        assert (event.changed["level"], event.changed["legal_class"]) == ("light", "minimal")

    def test_lowers_the_level_with_a_reason_that_is_kept(self):
        self.answer("personal_data")
        self.confirm("light", because="Names of suppliers only.")
        assert self.in_force() == ("light", "minimal", True)
        event = last_event()
        assert event.kind == "initiative.triage_decided"
        assert event.changed["because"] == "Names of suppliers only."
        assert (event.changed["computed"], event.changed["level_before"]) == (
            "standard", "standard",
        )  # fmt: skip

    def test_raises_the_level_and_sets_any_class(self):
        for legal_class in ("limited", "high", "prohibited"):
            self.confirm("full", legal_class, because="Annex III.")
            assert self.in_force() == ("full", legal_class, True)

    def test_refuses_to_lower_without_a_reason(self):
        self.answer("decides_about_people")
        for level, legal_class in (("standard", "high"), ("full", "limited"), ("light", "minimal")):
            for because in ("", "  "):
                with refused("no_reason", field="because"), leaves_alone(self.initiative):
                    self.confirm(level, legal_class, because)
        assert self.in_force() == ("full", "high", False)

    def test_refuses_everybody_who_is_not_in_compliance(self):
        gone = make_group_member(group="compliance", name="Greta Gone")
        type(gone).objects.filter(pk=gone.pk).update(is_active=False)
        security = make_group_member(group="security", name="Sol Security")
        for person in (self.ada, self.lead, security, fresh(gone)):
            with refused("not_compliance"), leaves_alone(self.initiative):
                self.confirm(by=person)
            with refused("not_compliance"):
                self.confirm("full", "prohibited", because="I say so.", by=person)
        assert self.in_force() == ("light", "minimal", False)

    def test_refuses_while_a_question_is_open(self):
        actions.answer_triage(initiative=self.initiative, answers={}, by=self.ada, at=NOON)
        with refused("triage_incomplete"):
            self.confirm("standard")
        Triage.objects.all().delete()
        with refused("triage_incomplete"):
            self.confirm("standard")

    def test_refuses_what_is_retired(self):
        Initiative.objects.update(stage=Stage.RETIRED)
        with refused("retired"):
            self.confirm()

    def test_takes_no_level_there_is_not(self):
        with pytest.raises(ValueError, match="none"):
            self.confirm("none")


class TestConfirmLight(Triaged):
    def bulk(self, *initiatives, by=None):
        return actions.confirm_light(initiatives=initiatives, by=by or self.cleo, at=NOON)

    def test_confirms_them_all_and_says_each(self):
        other = make_initiative(by=self.ada, name="Call summaries", **LITTLE)
        make_triage(initiative=other)
        done = self.bulk(other, self.initiative)
        assert (done.count, done.left) == (2, [])
        assert self.said() == ["initiative.triage_confirmed"] * 2
        assert not awaiting_confirmation(Initiative.objects.all()).exists()
        assert set(Triage.objects.values_list("confirmed_by", "confirmed_level")) == {
            (self.cleo.pk, "light")
        }

    def test_leaves_what_is_no_longer_light(self):
        self.answer("bought", "personal_data")
        done = self.bulk(self.initiative)
        assert (done.count, [row.pk for row in done.left]) == (0, [self.initiative.pk])
        assert self.in_force() == ("standard", "minimal", False)

    def test_leaves_what_is_kept_above_its_answers(self):
        self.answer("talks_to_public")
        self.confirm("standard", "limited")
        self.answer()
        assert self.bulk(self.initiative).count == 0
        assert self.in_force() == ("standard", "limited", False)

    def test_leaves_what_is_confirmed_open_or_retired(self):
        self.confirm()
        with nothing_said():
            assert self.bulk(self.initiative).count == 0
            Triage.objects.update(confirmed_at=None, confirmed_level="", bought=None)
            assert self.bulk(self.initiative).count == 0
            Triage.objects.update(bought=False)
            Initiative.objects.update(stage=Stage.RETIRED)
            assert self.bulk(self.initiative).count == 0

    def test_refuses_everybody_who_is_not_in_compliance(self):
        for person in (self.ada, self.lead):
            with refused("not_compliance"), leaves_alone(self.initiative):
                self.bulk(self.initiative, by=person)


class TestConfirmDuringAReview(TestCase):
    """The level is part of what is signed, and compliance may set it and sign for itself."""

    @classmethod
    def setUpTestData(cls):
        cls.cast = make_cast()
        cls.initiative = make_ready_for_charter(cast=cls.cast)

    def confirm(self, level):
        actions.confirm_triage(
            initiative=self.initiative,
            level=level,
            legal_class="minimal",
            because="It stays small.",
            by=self.cast.compliance,
            at=NOON,
        )

    def test_counts_as_other_evidence_where_the_level_changes(self):
        before = reloaded(self.initiative)
        self.confirm("full")
        row = reloaded(self.initiative)
        assert row.evidence_version == before.evidence_version + 1
        assert row.evidence_changed_by_id == before.evidence_changed_by_id
        self.confirm("full")
        assert reloaded(self.initiative).evidence_version == row.evidence_version

    def test_leaves_compliance_free_to_sign(self):
        self.confirm("full")
        self.confirm("standard")
        review = make_review(initiative=self.initiative, by=self.cast.business_owner, at=NOON)
        sign_waiting(review=review, by=self.cast.compliance, at=NOON)
        assert review.sign_offs.filter(signer=self.cast.compliance).exists()

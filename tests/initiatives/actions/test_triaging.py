from __future__ import annotations

import pytest
from django.test import TestCase

from audit.models import Event
from initiatives import actions
from initiatives.models import Initiative, Triage
from initiatives.queries import awaiting_confirmation
from initiatives.stages import Role, Stage
from initiatives.triage import QUESTIONS, Level
from tests.accounts.expectations import last_event, nothing_said, refused
from tests.factories import (
    NOON,
    fresh,
    make_cast,
    make_declared,
    make_group_member,
    make_initiative,
    make_lead,
    make_owner,
    make_parsed,
    make_person,
    make_pilot,
    make_ready_for_charter,
    make_review,
    make_triage,
    reloaded,
    sign_waiting,
)
from tests.initiatives.actions.changes import changes_evidence, leaves_alone

NO = dict.fromkeys(QUESTIONS, False)
LITTLE = {"pilot_budget": 10_000, "monthly_cost": 100}


@pytest.mark.embedded
class TestAnswerTriage(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.ada = make_person()
        cls.initiative = make_initiative(by=cls.ada, pilot_budget=20_000)

    def answer(self, by=None, **answers):
        return actions.answer_triage(
            initiative=self.initiative, answers=answers, by=by or self.ada, at=NOON
        )

    def test_stores_answers_and_what_follows(self):
        with changes_evidence(self.initiative, by=self.ada):
            self.answer(talks_to_public=True, personal_data=False)
        stored = Triage.objects.get()
        assert (stored.talks_to_public, stored.personal_data, stored.bought) == (True, False, None)
        assert (stored.legal_class, stored.answered_by) == ("limited", self.ada)
        assert reloaded(self.initiative).level == Level.STANDARD

    def test_sets_the_level_of_the_initiative(self):
        Initiative.objects.update(pilot_budget=1_000, monthly_cost=10)
        self.answer(**dict.fromkeys(QUESTIONS, False))
        assert reloaded(self.initiative).level == Level.LIGHT
        self.answer(**dict.fromkeys(QUESTIONS, True))
        assert reloaded(self.initiative).level == Level.FULL

    def test_answers_all_eight_anew(self):
        self.answer(bought=True)
        self.answer(personal_data=True)
        stored = Triage.objects.get()
        assert (stored.bought, stored.personal_data) == (None, True)

    def test_says_the_answers_and_the_level(self):
        self.answer(decides_about_people=True)
        event = last_event()
        assert event.kind == "initiative.triaged"
        assert event.changed["decides_about_people"] is True
        assert (event.changed["level"], event.changed["legal_class"]) == ("full", "high")

    def test_refuses_whoever_has_no_part_in_it(self):
        eve = make_person(name="Eve Else")
        with refused("not_an_editor"), leaves_alone(self.initiative):
            self.answer(by=eve, bought=True)
        assert not Triage.objects.exists()


class Triaged(TestCase):
    """Ada's proposal, light by its answers; Cleo is compliance, Lea leads."""

    @classmethod
    def setUpTestData(cls):
        cls.ada = make_person()
        cls.lead = make_lead()
        cls.cleo = make_group_member(group="compliance", name="Cleo Compliance")
        cls.initiative = make_initiative(by=cls.ada, **LITTLE)
        make_triage(initiative=cls.initiative)

    def answer(self, *yes, by=None):
        answers = NO | dict.fromkeys(yes, True)
        return actions.answer_triage(
            initiative=self.initiative, answers=answers, by=by or self.ada, at=NOON
        )

    def confirm(self, level="light", legal_class="minimal", because="", by=None):
        return actions.confirm_triage(
            initiative=self.initiative,
            level=level,
            legal_class=legal_class,
            because=because,
            by=by or self.cleo,
            at=NOON,
        )

    def in_force(self):
        stored = Triage.objects.get(initiative=self.initiative)
        is_confirmed = stored.confirmed_at is not None
        return reloaded(self.initiative).level, stored.legal_class, is_confirmed

    def said(self):
        return list(Event.objects.order_by("seq").values_list("kind", flat=True))[-2:]


@pytest.mark.embedded
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


@pytest.mark.embedded
class TestChangeAfterAConfirmation(Triaged):
    def test_is_free_before_there_was_one(self):
        self.answer("decides_about_people")
        assert self.in_force() == ("full", "high", False)
        self.answer()
        assert self.in_force() == ("light", "minimal", False)

    def test_never_lowers_it_silently(self):
        self.answer("decides_about_people")
        self.confirm("full", "high")
        self.answer()
        assert self.in_force() == ("full", "high", False)
        assert Triage.objects.get().decides_about_people is False
        assert self.said() == ["initiative.triaged", "initiative.confirmation_withdrawn"]
        assert last_event().changed["computed"] == "light"

    def test_never_lowers_it_by_a_second_change_either(self):
        self.answer("decides_about_people")
        self.confirm("full", "high")
        self.answer("personal_data")
        self.answer()
        assert self.in_force() == ("full", "high", False)
        assert self.said() == ["initiative.triaged", "initiative.level_kept"]

    def test_lets_no_lead_lower_it(self):
        self.answer("talks_to_public")
        self.confirm("standard", "limited")
        self.answer(by=self.lead)
        assert self.in_force() == ("standard", "limited", False)

    def test_falls_once_compliance_confirms_again(self):
        self.answer("decides_about_people")
        self.confirm("full", "high")
        self.answer()
        self.confirm()
        assert self.in_force() == ("light", "minimal", True)

    def test_raises_it_at_once(self):
        self.confirm()
        self.answer("decides_about_people")
        assert self.in_force() == ("full", "high", False)

    def test_leaves_it_confirmed_where_the_same_is_answered_again(self):
        self.confirm("standard", "limited", because="It will talk to the public.")
        self.answer()
        assert self.in_force() == ("standard", "limited", True)
        assert last_event().kind == "initiative.triaged"

    def test_counts_at_once_where_compliance_makes_it(self):
        self.answer("talks_to_public")
        self.confirm("standard", "limited")
        make_owner(initiative=self.initiative, role=Role.DATA_OWNER, person=self.cleo)
        self.answer(by=self.cleo)
        assert self.in_force() == ("light", "minimal", False)

    def test_lifts_no_prohibition_whoever_makes_it(self):
        self.confirm("full", "prohibited", because="Scores citizens.")
        make_owner(initiative=self.initiative, role=Role.DATA_OWNER, person=self.cleo)
        for person in (self.ada, self.cleo):
            self.answer("bought", by=person)
            assert self.in_force()[1] == "prohibited"

    def test_holds_for_amounts_as_well(self):
        self.edit(monthly_cost=2_000)
        self.confirm("standard")
        self.edit(monthly_cost=100)
        assert self.in_force() == ("standard", "minimal", False)
        assert self.said() == ["initiative.edited", "initiative.confirmation_withdrawn"]

    def test_raises_it_at_once_by_amounts(self):
        self.confirm()
        self.edit(pilot_budget=80_000)
        assert self.in_force() == ("standard", "minimal", False)

    def test_leaves_it_confirmed_by_amounts_within_the_level(self):
        self.confirm()
        self.edit(pilot_budget=20_000)
        assert self.in_force() == ("light", "minimal", True)

    def test_leaves_a_lowered_level_alone_where_it_rests_on_something_else(self):
        self.answer("personal_data")
        self.confirm("light", because="Names of suppliers only.")
        self.edit(vendor="Acme", name="Renamed")
        assert self.in_force() == ("light", "minimal", True)

    def edit(self, **changes):
        actions.edit(initiative=self.initiative, by=self.ada, at=NOON, **changes)


class TestChangeAfterTheProposal(TestCase):
    def test_never_lowers_the_level_whether_or_not_it_was_confirmed(self):
        lead = make_lead()
        running = make_declared(by=lead, stage=Stage.PILOT, **LITTLE)
        make_triage(initiative=running, yes=["decides_about_people"])
        make_triage(initiative=running, by=lead)
        assert reloaded(running).level == "full"
        assert Triage.objects.get().legal_class == "high"
        assert last_event().kind == "initiative.level_kept"

    def test_never_lowers_it_by_a_cost_that_falls(self):
        cast = make_cast()
        pilot = make_pilot(cast=cast, pilot_budget=20_000)
        actions.edit(initiative=pilot, by=cast.lead, at=NOON, monthly_cost=10)
        assert reloaded(pilot).level == "standard"
        assert last_event().kind == "initiative.level_kept"

    def test_sets_no_amount_that_a_signed_charter_froze(self):
        cast = make_cast()
        pilot = make_pilot(cast=cast)
        with refused("charter_frozen"), leaves_alone(pilot):
            actions.answer_triage(
                initiative=pilot, answers=NO, amounts={"pilot_budget": 1}, by=cast.lead, at=NOON
            )


@pytest.mark.embedded
class TestImportAfterAConfirmation(TestCase):
    ROW = {"ID": "1", "Name": "Claims triage", "Stage": "Pilot"} | dict.fromkeys(
        ("Decides about people", "Talks to public", "Personal data", "Confidential data leaves",
         "Acts without approval", "Affects employees", "Safety or regulated", "Bought"), "No",
    )  # fmt: skip

    @classmethod
    def setUpTestData(cls):
        cls.lead = make_person(name="Lea Lund", groups=["leads", "compliance"])
        cls.bring(cls, "Yes")
        cls.initiative = Initiative.objects.get()

    def bring(self, decides):
        parsed = make_parsed(rows=[self.ROW | {"Decides about people": decides}])
        actions.import_inventory(parsed=parsed, file_name="i.csv", by=self.lead, at=NOON)

    def test_never_lowers_it_whoever_imports(self):
        assert (self.initiative.level, Triage.objects.get().legal_class) == ("full", "high")
        actions.confirm_triage(
            initiative=self.initiative, level="full", legal_class="high", because="",
            by=self.lead, at=NOON,
        )  # fmt: skip
        self.bring("No")
        stored = Triage.objects.get()
        assert (stored.decides_about_people, stored.legal_class) == (False, "high")
        assert (stored.confirmed_at, stored.confirmed_by) == (None, self.lead)
        assert reloaded(self.initiative).level == "full"
        kinds = Event.objects.order_by("seq").values_list("kind", flat=True)
        assert "initiative.confirmation_withdrawn" in kinds

    def test_never_lowers_what_runs_even_unconfirmed(self):
        self.bring("No")
        assert reloaded(self.initiative).level == "full"

    def test_raises_it_at_once(self):
        self.bring("No")
        actions.confirm_triage(
            initiative=self.initiative, level="standard", legal_class="minimal", because="",
            by=self.lead, at=NOON,
        )  # fmt: skip
        self.bring("Yes")
        assert reloaded(self.initiative).level == "full"
        assert Triage.objects.get().confirmed_at is None


@pytest.mark.embedded
class TestAnswerWithAmounts(Triaged):
    def answer_with(self, **amounts):
        actions.answer_triage(
            initiative=self.initiative, answers=NO, amounts=amounts, by=self.ada, at=NOON
        )

    def test_stores_them_and_lets_the_level_follow(self):
        self.answer_with(pilot_budget=90_000)
        row = reloaded(self.initiative)
        assert (row.pilot_budget, row.monthly_cost, row.level) == (90_000, 100, "standard")
        assert last_event().changed["pilot_budget"] == [10_000, 90_000]

    def test_knows_only_the_two(self):
        with pytest.raises(TypeError, match="pilot_days"):
            self.answer_with(pilot_days=3)


@pytest.mark.embedded
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

from __future__ import annotations

import pytest
from django.test import TestCase

from audit.models import Event
from initiatives import actions
from initiatives.models import Initiative, Triage
from initiatives.stages import Role, Stage
from initiatives.triage import QUESTIONS, Level
from tests.accounts.expectations import last_event, refused
from tests.factories import (
    NOON,
    make_cast,
    make_declared,
    make_initiative,
    make_lead,
    make_owner,
    make_parsed,
    make_person,
    make_pilot,
    make_triage,
    reloaded,
)
from tests.initiatives.actions.changes import changes_evidence, leaves_alone
from tests.initiatives.actions.triages import LITTLE, NO, Triaged


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

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import TestCase
from django.utils import timezone

from accounts import actions as people
from initiatives import actions as initiatives
from initiatives import facts
from initiatives.models import Initiative, KillCondition, Metric, Ownership, Triage
from initiatives.stages import Gate, Role, Stage
from initiatives.triage import QUESTIONS
from reviews import actions, gates, queries, snapshots
from reviews.checks import Mend
from reviews.checks.verdicts import excerpt
from tests import factories
from tests.factories import LONG_AGO, NOON, TODAY
from tests.initiatives.actions.changes import changes_evidence
from tests.reviews.facts_by_hand import POLICY, known
from tests.reviews.scenes import DAY, answered, blocking, give, judged, refusal


class CharterTestCase(TestCase):
    """A proposal at standard level that lacks nothing."""

    @classmethod
    def setUpTestData(cls):
        cls.cast = factories.make_cast()
        cls.lead = cls.cast.lead
        cls.initiative = factories.make_ready_for_charter(cast=cls.cast)
        cls.metric = Metric.objects.get(initiative=cls.initiative)

    def reason(self, key: str) -> str:
        """Why this criterion blocks."""
        found = judged(self.initiative, key)
        assert not found.is_met
        assert found.blocks
        return found.verdict.reason

    def praise(self, key: str) -> str:
        """What is said of it where it is met."""
        found = judged(self.initiative, key)
        assert found.is_met
        assert not found.blocks
        return found.verdict.reason

    def mend(self, key: str) -> Mend:
        """The form that a criterion which is not met leads to."""
        found = judged(self.initiative, key)
        assert not found.is_met
        return found.mend

    def edit(self, **changes: Any) -> None:
        initiatives.edit(initiative=self.initiative, by=self.lead, at=NOON, **changes)

    def redefine(self, **changes: Any) -> None:
        initiatives.define_metric(
            initiative=self.initiative,
            metric=self.metric,
            values=factories.metric_values(**changes),
            by=self.lead,
            at=NOON,
        )

    def vacate(self, role: str) -> None:
        initiatives.end_ownership(ownership=self.owner(role), by=None, at=NOON)

    def owner(self, role: str) -> Ownership:
        return Ownership.objects.open().get(initiative=self.initiative, role=role)

    def answer(self, criterion: str, **values: Any) -> None:
        actions.answer(
            initiative=self.initiative, criterion=criterion, values=values, by=self.lead, at=NOON
        )

    def set_aside(self, criterion: str) -> Any:
        return actions.answer(
            initiative=self.initiative,
            criterion=criterion,
            values={},
            not_applicable_because="There is nothing of the kind.",
            by=self.lead,
            at=NOON,
        )


@pytest.mark.embedded
class TestCharterGate(CharterTestCase):
    def test_is_open_to_a_proposal_that_lacks_nothing(self):
        assert blocking(self.initiative) == {}

    def test_asks_at_standard_level_what_the_policy_says(self):
        found = gates.evaluate(
            facts.load_one(self.initiative.pk), Gate.CHARTER, queries.current_policy(), TODAY
        )
        assert [j.criterion.key for j in found] == [
            c.key
            for c in queries.current_policy().gates[Gate.CHARTER].criteria
            if c.key not in ("privacy_assessment", "employees_consulted")
        ]

    def test_asks_for_a_privacy_assessment_where_there_is_personal_data(self):
        factories.make_triage(initiative=self.initiative, yes=["personal_data"])
        assert blocking(self.initiative) == {"privacy_assessment": "Not answered yet."}
        self.answer("privacy_assessment", assessment="Assessed on 4 May; 90 days.")
        assert blocking(self.initiative) == {}

    def test_asks_for_the_employees_representatives_where_employees_are_affected(self):
        factories.make_triage(initiative=self.initiative, yes=["affects_employees"])
        assert blocking(self.initiative) == {"employees_consulted": "Not answered yet."}
        self.answer("employees_consulted", answer="Works council, 2 May: yes.")
        assert blocking(self.initiative) == {
            "employees_consulted": "Their answer, or the minutes is missing."
        }
        self.answer("employees_consulted", answer="Yes.", document="https://example.com/minutes")
        assert blocking(self.initiative) == {}

    def test_asks_for_more_at_the_full_level(self):
        factories.make_triage(initiative=self.initiative, yes=["safety_or_regulated"])
        assert set(blocking(self.initiative)) == {
            "data_audit",
            "integration_scope",
            "production_sketch",
            "pilot_conditions",
            "stakeholders",
        }

    def test_asks_for_less_at_the_light_level(self):
        self.edit(pilot_budget=5_000, monthly_cost=100)
        keys = {
            j.criterion.key
            for j in gates.evaluate(
                facts.load_one(self.initiative.pk), Gate.CHARTER, queries.current_policy(), TODAY
            )
        }
        assert "stakeholders" not in keys
        assert blocking(self.initiative) == {}

    def test_of_a_bare_proposal_says_everything_that_is_missing(self):
        bare = factories.make_initiative(by=self.lead, name="Bare", complete=False)
        assert blocking(bare) == {
            "described": "Still to write: the problem, who has it and the outcome wanted.",
            "process_described": (
                "Say which process it is part of, and which decision or step changes."
            ),
            "triaged": "The eight questions are not answered yet.",
            "primary_metric_complete": "No primary business metric yet.",
            "owners_accepted": (
                "Sponsor: nobody is named. Business owner: nobody is named. "
                "Engineering owner: nobody is named."
            ),
            "kill_condition_armed": "No kill condition is armed: agree on when to stop.",
            "pilot_budget_set": "No spend cap for the pilot yet.",
            "data_audit": "Not answered yet.",
            "integration_scope": "Not answered yet.",
            "production_sketch": "Not answered yet.",
            "approach_decision": "Not answered yet.",
            "pilot_conditions": "Not answered yet.",
            "stakeholders": "Not answered yet.",
        }

    def test_names_for_each_criterion_the_form_that_mends_it(self):
        found = gates.evaluate(
            facts.load_one(self.initiative.pk), Gate.CHARTER, queries.current_policy(), TODAY
        )
        assert {j.criterion.key: j.mend.form for j in found if not j.criterion.is_answered} == {
            "described": "description",
            "process_described": "process",
            "triaged": "triage",
            "primary_metric_complete": "metric",
            "owners_accepted": "owners",
            "pilot_length": "pilot_length",
            "kill_condition_armed": "kill_condition",
            "nothing_tripped": "",
            "pilot_budget_set": "budget",
        }
        assert {j.mend for j in found if j.criterion.is_answered} == {
            Mend("answer", c.key) for c in answered(Gate.CHARTER) if c.key in {
                j.criterion.key for j in found
            }
        }  # fmt: skip

    def test_names_the_role_and_the_metric_that_are_missing_something(self):
        self.vacate(Role.ENGINEERING_OWNER)
        self.vacate(Role.BUDGET_OWNER)
        self.redefine(target=None)
        assert self.mend("owners_accepted") == Mend("ask", Role.ENGINEERING_OWNER)
        assert self.mend("pilot_budget_set") == Mend("ask", Role.BUDGET_OWNER)
        assert self.mend("primary_metric_complete") == Mend("change_metric", self.metric.pk)

    def test_is_shown_as_it_is_enforced(self):
        self.edit(problem="")
        known = facts.load_one(self.initiative.pk)
        ((gate, shown),) = queries.readiness(known, TODAY)
        assert gate == Gate.CHARTER
        assert shown == gates.evaluate(known, Gate.CHARTER, queries.current_policy(), TODAY)
        assert [j.criterion.key for j in shown if j.blocks] == ["described"]

    def test_is_not_ahead_of_something_retired(self):
        Initiative.objects.filter(pk=self.initiative.pk).update(stage=Stage.RETIRED)
        assert queries.readiness(facts.load_one(self.initiative.pk), TODAY) == []


class TestDescribed(CharterTestCase):
    def test_is_met_by_problem_users_and_outcome(self):
        assert self.praise("described") == excerpt(self.initiative.problem)

    def test_names_what_is_missing(self):
        self.edit(users="")
        assert self.reason("described") == "Still to write: who has it."
        self.edit(problem="", outcome="")
        assert self.reason("described") == (
            "Still to write: the problem, who has it and the outcome wanted."
        )


class TestProcessDescribed(CharterTestCase):
    def test_is_met_by_the_process(self):
        assert self.praise("process_described") == self.initiative.process

    def test_asks_for_process_and_decision_point(self):
        self.edit(process="")
        assert self.reason("process_described") == (
            "Say which process it is part of, and which decision or step changes."
        )


class TestTriaged(CharterTestCase):
    def test_says_the_level(self):
        assert self.praise("triaged") == "All eight are answered: standard control level."

    def test_counts_open_questions(self):
        answers = dict.fromkeys(QUESTIONS, False) | {"bought": None, "personal_data": None}
        initiatives.answer_triage(
            initiative=self.initiative, answers=answers, by=self.lead, at=NOON
        )
        assert self.reason("triaged") == "2 of the eight questions are not answered yet."

    def test_is_never_met_by_what_is_prohibited(self):
        Triage.objects.update(legal_class="prohibited")
        said = "It is classed as prohibited: no gate but retirement is open to it."
        assert self.reason("triaged") == said


class TestPrimaryMetricComplete(CharterTestCase):
    def test_says_from_where_to_where(self):
        assert self.praise("primary_metric_complete") == (
            "Time until a claim is with its handler: from 4 h to 45 min."
        )

    def test_names_each_part_that_is_missing(self):
        for part, word in {
            "baseline": "baseline",
            "target": "target",
            "threshold": "threshold",
            "method": "way of measuring",
        }.items():
            with self.subTest(part):
                self.redefine(**{part: "" if part == "method" else None})
                assert self.reason("primary_metric_complete") == (
                    f"Time until a claim is with its handler has no {word}."
                )
                self.redefine()

    def test_names_all_that_is_missing_at_once(self):
        self.redefine(baseline=None, method="")
        assert self.reason("primary_metric_complete") == (
            "Time until a claim is with its handler has no baseline and no way of measuring."
        )

    def test_wants_a_unit_where_something_is_counted(self):
        KillCondition.objects.all().delete()
        self.redefine(unit_kind="count", unit="")
        assert "no unit." in self.reason("primary_metric_complete")
        self.redefine(unit_kind="count", unit="claims")
        assert self.praise("primary_metric_complete").endswith("14,400 claims to 2,700 claims.")

    def test_takes_zero_for_a_value(self):
        self.redefine(target=Decimal(0))
        assert judged(self.initiative, "primary_metric_complete").is_met

    def test_asks_of_a_models_score_what_it_is_worth(self):
        self.redefine(name="F1 of triage")
        assert self.reason("primary_metric_complete") == (
            "F1 of triage is a model's score: say what one unit of it is worth to the business."
        )
        self.redefine(name="F1 of triage", worth="A point saves 40 hours.")
        assert self.praise("primary_metric_complete") == (
            "F1 of triage: from 4 h to 45 min. One unit is worth: A point saves 40 hours."
        )

    def test_is_not_met_by_a_metric_that_is_not_primary(self):
        self.redefine(is_primary=False)
        assert self.reason("primary_metric_complete") == "No primary business metric yet."


class TestOwnersAccepted(CharterTestCase):
    def test_is_met_when_all_have_accepted(self):
        assert (
            self.praise("owners_accepted")
            == "Accepted by Sam Sponsor, Bea Business and Eli Engineer."
        )

    def test_names_an_empty_role(self):
        self.vacate(Role.SPONSOR)
        assert self.reason("owners_accepted") == "Sponsor: nobody is named."

    def test_is_not_met_by_asking(self):
        self.vacate(Role.ENGINEERING_OWNER)
        initiatives.ask(
            initiative=self.initiative,
            role=Role.ENGINEERING_OWNER,
            person=self.cast.user,
            by=None,
            at=NOON,
        )
        assert self.reason("owners_accepted") == (
            "Engineering owner: Uma User was asked on 2 Mar 2026 and has not accepted yet."
        )

    def test_is_not_met_by_a_no(self):
        ownership = self.owner(Role.SPONSOR)
        initiatives.decline(ownership=ownership, by=self.cast.sponsor, at=NOON)
        assert self.reason("owners_accepted") == "Sponsor: nobody is named."

    def test_is_not_met_by_somebody_who_left(self):
        people.deactivate(person=self.cast.sponsor, by=None, at=NOON)
        assert self.reason("owners_accepted") == "Sponsor: Sam Sponsor is no longer here."

    def test_is_not_met_again_by_somebody_who_came_back_until_they_accept(self):
        people.deactivate(person=self.cast.sponsor, by=None, at=NOON)
        people.reactivate(person=self.cast.sponsor, by=None, at=NOON + DAY)
        assert self.reason("owners_accepted") == (
            "Sponsor: Sam Sponsor was away and has not accepted again."
        )
        sponsor = factories.fresh(self.cast.sponsor)
        give(self.initiative, Role.SPONSOR, sponsor, NOON + 2 * DAY)
        assert (
            self.praise("owners_accepted")
            == "Accepted by Sam Sponsor, Bea Business and Eli Engineer."
        )

    def test_tells_all_faults_at_once(self):
        self.vacate(Role.SPONSOR)
        people.deactivate(person=self.cast.business_owner, by=None, at=NOON)
        assert self.reason("owners_accepted") == (
            "Sponsor: nobody is named. Business owner: Bea Business is no longer here."
        )


class TestPilotLength(CharterTestCase):
    def test_takes_six_weeks(self):
        assert self.praise("pilot_length") == "Ship or kill 42 days after the pilot starts."

    def test_takes_no_day_more(self):
        self.edit(pilot_days=43)
        assert self.reason("pilot_length") == (
            "43 days are too long: ship or kill within 42 days of the pilot's start."
        )

    def test_is_not_met_by_a_year(self):
        self.edit(pilot_days=365)
        assert self.reason("pilot_length").startswith("365 days are too long")


class TestKillConditionArmed(CharterTestCase):
    NONE = "No kill condition is armed: agree on when to stop."
    OTHER = "No armed kill condition is on the primary metric: agree on one that is."
    LATE = "No armed kill condition is judged by the ship-or-kill date: agree on one that is."

    def setUp(self):
        self.condition = self.initiative.kill_conditions.get()

    def remove(self) -> None:
        initiatives.remove_kill_condition(kill_condition=self.condition, by=self.lead, at=NOON)

    def replace(self, metric: Metric | None, **changes: Any) -> None:
        self.remove()
        self.condition = factories.make_kill_condition(
            initiative=self.initiative, metric=metric, **changes
        )

    def test_quotes_the_condition(self):
        assert self.praise("kill_condition_armed") == (
            "Stop if Time until a claim is with its handler is above 2 h by the decision date."
        )

    def test_is_not_met_by_nothing(self):
        self.remove()
        assert self.reason("kill_condition_armed") == self.NONE

    def test_is_not_met_by_a_spend_cap(self):
        self.replace(None)
        assert self.reason("kill_condition_armed") == self.OTHER

    def test_is_not_met_by_a_condition_on_another_metric(self):
        other = factories.make_metric(
            initiative=self.initiative, name="Wrong queues", is_primary=False
        )
        self.replace(other)
        assert self.reason("kill_condition_armed") == self.OTHER

    def test_wants_a_date_beside_measurements_in_a_row(self):
        self.replace(self.metric, by_decision_date=False, in_a_row=3)
        assert self.reason("kill_condition_armed") == self.LATE
        self.replace(self.metric, by_decision_date=True, in_a_row=3)
        said = "in 3 measurements running or by the decision date."
        assert self.praise("kill_condition_armed").endswith(said)

    def test_is_met_by_a_day_within_the_pilot_and_no_later(self):
        last = TODAY + timedelta(days=42)
        self.replace(self.metric, by_decision_date=False, due_date=last)
        assert judged(self.initiative, "kill_condition_armed").is_met
        self.replace(self.metric, by_decision_date=False, due_date=last + DAY)
        assert self.reason("kill_condition_armed") == self.LATE

    def test_is_not_met_by_one_that_has_tripped(self):
        self.replace(self.metric, by_decision_date=False, in_a_row=1)
        factories.make_measurement(metric=self.metric, value=9_000)
        assert self.reason("kill_condition_armed") == self.LATE


class TestNothingTripped(CharterTestCase):
    def test_is_met_while_nothing_has(self):
        assert self.praise("nothing_tripped") == "No kill condition has tripped."

    def test_leaves_a_proposal_alone_that_waits_past_its_own_date(self):
        Initiative.objects.update(decision_date=TODAY - DAY)
        assert initiatives.trip_kill_conditions(at=NOON) == 0
        factories.make_measurement(metric=self.metric, value=9_000)
        assert self.praise("nothing_tripped") == "No kill condition has tripped."

    def test_quotes_condition_and_cause(self):
        factories.make_kill_condition(initiative=self.initiative)
        initiatives.record_spend(
            initiative=self.initiative, amount=10_500, spent_on=TODAY, by=self.lead, at=NOON
        )
        assert self.reason("nothing_tripped") == (
            "Stop if spend passes EUR 10,000: 10,500 spent; the cap is 10,000."
        )


class TestPilotBudgetSet(CharterTestCase):
    def test_says_the_cap(self):
        assert self.praise("pilot_budget_set") == "At most EUR 60,000; Bo Budget answers for it."

    def test_wants_a_cap(self):
        self.edit(pilot_budget=None)
        assert self.reason("pilot_budget_set") == "No spend cap for the pilot yet."

    def test_takes_nothing_for_a_cap(self):
        self.edit(pilot_budget=0)
        assert self.praise("pilot_budget_set") == "At most EUR 0; Bo Budget answers for it."

    def test_wants_somebody_to_answer_for_it(self):
        self.vacate(Role.BUDGET_OWNER)
        assert self.reason("pilot_budget_set") == "Budget owner: nobody is named."

    def test_is_not_met_by_an_owner_who_left(self):
        people.deactivate(person=self.cast.budget_owner, by=None, at=NOON)
        assert self.reason("pilot_budget_set") == "Budget owner: Bo Budget is no longer here."


AUDITED = {"source": "Archive", "owner": "Maria Keller", "quality": "Good", "privacy": "None"}


class TestAnsweredCriteria(CharterTestCase):
    def test_are_met_once_all_that_is_required_is_answered(self):
        for criterion in (
            "data_audit",
            "integration_scope",
            "production_sketch",
            "approach_decision",
            "pilot_conditions",
            "stakeholders",
        ):
            assert self.praise(criterion)

    def test_are_quoted_in_a_few_words(self):
        assert self.praise("data_audit") == "Letters in the claims archive; read access in a day."
        more = [AUDITED | {"source": "claims " * 40}, AUDITED, AUDITED]
        self.answer("data_audit", sources=more)
        quoted = " ".join(["claims"] * 12)
        assert self.praise("data_audit") == f"{quoted} … And 2 more."

    def test_name_the_first_question_that_is_open(self):
        self.answer("data_audit", sources=[{**AUDITED, "quality": ""}])
        assert self.reason("data_audit") == (
            "How good is it, and how did you find out: not said yet in row 1."
        )

    def test_name_the_row_in_which_something_is_open(self):
        self.answer("data_audit", sources=[AUDITED, {**AUDITED, "owner": ""}])
        assert self.reason("data_audit") == "Who owns it: not said yet in row 2."

    def test_want_at_least_one_row(self):
        self.answer("data_audit", sources=[])
        assert self.reason("data_audit") == "Which data does it need? Nothing is listed yet."

    def test_want_rows_where_an_earlier_policy_had_a_text(self):
        self.initiative.evidence.filter(criterion="data_audit").update(
            fields={"sources": "In the archive."}
        )
        assert self.reason("data_audit") == "Which data does it need? Nothing is listed yet."

    def test_do_not_ask_what_does_not_apply(self):
        self.edit(pilot_budget=5_000, monthly_cost=100)  # light
        self.answer("data_audit", sources=[AUDITED])
        assert self.praise("data_audit") == AUDITED["source"]

    def test_can_be_set_aside_with_a_reason(self):
        for criterion in answered(Gate.CHARTER):
            applies = criterion.key not in ("privacy_assessment", "employees_consulted")
            if criterion.mandatory or not applies:
                continue
            with self.subTest(criterion.key):
                self.set_aside(criterion.key)
                found = judged(self.initiative, criterion.key)
                assert found.is_met
                assert found.not_applicable
                assert found.verdict.reason == "Not applicable: There is nothing of the kind."

    def test_refuse_to_be_set_aside_where_they_are_mandatory(self):
        for criterion in answered(Gate.CHARTER):
            if criterion.mandatory:
                with self.subTest(criterion.key), pytest.raises(actions.answering.Refused) as no:
                    self.set_aside(criterion.key)
                assert no.value.rule == "mandatory"
                assert no.value.field == "not_applicable_because"

    def test_stay_unmet_where_a_mandatory_one_was_set_aside_past_the_action(self):
        self.initiative.evidence.filter(criterion="data_audit").update(
            fields={}, not_applicable_because="No time."
        )
        assert self.reason("data_audit") == "This one has to be answered."

    def test_refuse_what_the_policy_does_not_ask(self):
        with pytest.raises(actions.answering.Refused) as no:
            self.answer("horoscope", sign="Leo")
        assert no.value.rule == "unknown_criterion"

    def test_drop_what_the_policy_does_not_know(self):
        tried = {"day": TODAY, "approach": "Rules", "kind": "Without AI", "result": "41 %"}
        self.answer(
            "approach_decision", tried=[tried | {"mood": "x"}], gap="None.", stage="production"
        )
        stored = self.initiative.evidence.get(criterion="approach_decision")
        kept = tried | {"day": TODAY.isoformat()}
        assert stored.fields == {"tried": [kept], "gap": "None."}


@pytest.mark.embedded
class TestSettingAsideWhatIsWorkedOut(CharterTestCase):
    """What ship-or-kill works out, and does not have to insist on."""

    KEY = "evaluation_run"

    def setUp(self):
        self.gate = Gate.SHIP_OR_KILL

    def set_aside_(self, key: str = KEY, because: str = "It writes poems.", **values: Any) -> Any:
        return actions.answer(
            initiative=self.initiative, criterion=key, values=values, by=self.lead, at=NOON,
            not_applicable_because=because,
        )  # fmt: skip

    def judged(self, key: str = KEY) -> gates.Judged:
        return judged(self.initiative, key, gate=self.gate)

    def test_counts_with_its_reason(self):
        assert self.judged().blocks
        with changes_evidence(self.initiative, by=self.lead):
            self.set_aside_()
        found = self.judged()
        assert (found.is_met, found.not_applicable) == (True, True)
        assert found.verdict.reason == "Not applicable: It writes poems."
        assert found.mend.form == "evaluation"

    def test_ignores_whatever_else_is_said(self):
        self.set_aside_(because=" It writes poems. ", value="99 %")
        stored = self.initiative.evidence.get(criterion=self.KEY)
        assert (stored.fields, stored.not_applicable_because) == ({}, "It writes poems.")

    def test_is_signed_with_everything_else(self):
        self.set_aside_()
        material = snapshots.material(facts.load_one(self.initiative.pk), 1)
        assert material["answer.evaluation_run.not_applicable"] == "It writes poems."

    def test_gives_way_to_facts_that_meet_it(self):
        self.set_aside_()
        factories.make_run(evaluation_set=factories.make_evaluation_set(metric=self.metric))
        found = self.judged()
        assert (found.is_met, found.not_applicable) == (True, False)
        assert found.verdict.reason == "Version 1.4 reached 40 min on 2 Mar 2026, n = 400."

    def test_is_possible_for_each_that_is_not_mandatory(self):
        policy = queries.current_policy()
        for gate in Gate:
            case = gates.case_of(facts.load_one(self.initiative.pk))
            for criterion in policy.gates[gate].criteria_for(case):
                if (
                    criterion.is_answered
                    or judged(self.initiative, criterion.key, gate=gate).is_met
                ):
                    continue
                with self.subTest(gate=gate, criterion=criterion.key):
                    if criterion.mandatory:
                        no = refusal(self.set_aside_, criterion.key)
                        assert (no.rule, no.field) == ("mandatory", "not_applicable_because")
                    else:
                        self.set_aside_(criterion.key)
                        found = judged(self.initiative, criterion.key, gate=gate)
                        assert found.not_applicable

    def test_is_taken_back_by_an_empty_reason(self):
        self.set_aside_()
        self.set_aside_(because="")
        assert self.judged().blocks
        assert self.judged().verdict.reason == (
            "No evaluation has been recorded yet: run the set, and record what came out."
        )

    def test_wants_a_reason(self):
        for nothing in ("", " \n "):
            no = refusal(self.set_aside_, because=nothing, value="99 %")
            assert (no.rule, no.field) == ("worked_out", "not_applicable_because")
            assert no.message == (
                "“The evaluation set was run” is worked out from what is recorded. "
                "Mend that, or say why it does not apply."
            )
        assert not self.initiative.evidence.filter(criterion=self.KEY).exists()

    def test_is_not_offered_where_it_is_mandatory(self):
        no = refusal(self.set_aside_, "nothing_tripped", because="")
        assert no.message == (
            "“No kill condition has tripped undecided” is worked out from what is recorded. "
            "Mend that."
        )

    def test_is_for_those_who_may_edit(self):
        no = refusal(
            actions.answer, initiative=self.initiative, criterion=self.KEY, values={},
            by=self.cast.compliance, at=NOON, not_applicable_because="It writes poems.",
        )  # fmt: skip
        assert no.rule == "not_an_editor"


class TestPeopleNamedInAnswers(CharterTestCase):
    WHO = "Who would own it in production?"

    def test_do_not_count_until_they_accept(self):
        self.answer(
            "production_sketch",
            owner=self.cast.user,
            infrastructure="Platform",
            run_cost=1,
            payer="Claims",
        )
        assert self.reason("production_sketch") == (
            f"{self.WHO}: Uma User was asked on 2 Mar 2026 and has not accepted yet."
        )
        initiatives.accept(
            ownership=self.owner("production_sketch.owner"), by=self.cast.user, at=NOON
        )
        assert self.praise("production_sketch") == "Platform"

    def test_count_at_once_where_they_answer_themselves(self):
        self.answer("stakeholders", users=self.lead)
        assert self.praise("stakeholders") == f"{self.lead}."

    def test_stop_counting_when_they_leave(self):
        people.deactivate(person=self.cast.production_owner, by=None, at=NOON)
        assert self.reason("production_sketch") == (
            f"{self.WHO}: Pia Production is no longer here."
        )

    def test_are_missing_where_nobody_is_named(self):
        self.vacate("production_sketch.owner")
        said = "Who would own it in production: nobody is named."
        assert self.reason("production_sketch") == said

    def test_are_never_stored_in_the_answer(self):
        stored = self.initiative.evidence.get(criterion="stakeholders")
        assert stored.fields == {}
        assert self.owner("stakeholders.users").person == self.cast.user


class TestEveryGate:
    def test_can_be_judged_for_an_empty_case_without_an_error(self):
        empty = known(initiative={"level": "full"})
        for gate in Gate:
            assert gates.evaluate(empty, gate, POLICY, timezone.localdate(LONG_AGO))

"""Computed checks, on facts made by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from initiatives.models import KillCondition
from initiatives.stages import Role, Stage
from reviews import gates
from reviews.checks import Mend
from reviews.checks.verdicts import met, unmet
from tests import factories
from tests.factories import NOON, TODAY
from tests.reviews.facts_by_hand import (
    COST,
    FLOOR,
    POLICY,
    QUALITY,
    check,
    days,
    known,
    measured,
    metric_of,
    owned,
    person,
    question_of,
    run_of,
    set_of,
)

# --- evaluations ------------------------------------------------------------------------------


def evaluated(run: Any = None, initiative: dict[str, Any] | None = None, **changes: Any) -> Any:
    """Facts about something with an evaluation set, and perhaps its last run."""
    return known(initiative={"evaluation_set": set_of(run, **changes)} | (initiative or {}))


class TestEvaluationRun:
    def test_wants_a_set_and_a_run(self):
        nothing = unmet(
            "No evaluation has been recorded yet: run the set, and record what came out."
        )
        assert check("evaluation_run", known()) == nothing
        assert check("evaluation_run", evaluated()) == nothing

    def test_does_not_take_a_run_on_messy_data_for_it(self):
        messy = known(initiative={"messy_set": set_of(run_of())})
        assert not check("evaluation_run", messy).is_met

    def test_says_what_which_version_reached(self):
        assert check("evaluation_run", evaluated(run_of())) == met(
            "Version 1.4 reached 40 min on 2 Mar 2026."
        )
        assert check("evaluation_run", evaluated(run_of(cases=1_400))) == met(
            "Version 1.4 reached 40 min on 2 Mar 2026, n = 1,400."
        )

    def test_is_stale_the_day_after_its_limit(self):
        assert POLICY.limits.evaluation_stale_days == 180
        at_limit = evaluated(run_of(ran_on=TODAY - days(180)))
        assert check("evaluation_run", at_limit).is_met
        assert check("evaluation_run", at_limit, today=TODAY + days(1)) == unmet(
            "Version 1.4 reached 40 min on 3 Sep 2025, 181 days ago; "
            "after 180 days it has to be run again."
        )


class TestEvaluationRunSinceLastRecertification:
    def rerun(self, ran_on: date, **initiative: Any) -> Any:
        row = {"stage": Stage.PRODUCTION, "stage_entered_at": NOON - days(100)}
        facts_ = evaluated(run_of(ran_on=ran_on), row | initiative)
        return check("evaluation_run", facts_, since=gates.certified_at(facts_))

    def test_takes_one_of_the_day_it_went_into_production_and_none_before(self):
        assert self.rerun(TODAY - days(100)).is_met
        assert self.rerun(TODAY - days(101)) == unmet(
            "Version 1.4 reached 40 min on 21 Nov 2025; run it again for this recertification."
        )

    def test_takes_one_since_it_was_recertified_last(self):
        certified = {"recertified_at": NOON - days(30)}
        assert self.rerun(TODAY - days(30), **certified).is_met
        assert not self.rerun(TODAY - days(31), **certified).is_met

    def test_still_wants_one_that_is_not_stale(self):
        long_ago = {"stage_entered_at": NOON - days(365)}
        assert "181 days ago" in self.rerun(TODAY - days(181), **long_ago).reason

    def test_counts_days_by_the_organisations_clock(self):
        evening = {"recertified_at": datetime(2026, 2, 1, 20, tzinfo=UTC)}
        assert self.rerun(date(2026, 2, 1), **evening).is_met
        with timezone.override("Pacific/Auckland"):  # where it was the 2nd already
            assert not self.rerun(date(2026, 2, 1), **evening).is_met
            assert self.rerun(date(2026, 2, 2), **evening).is_met

    def test_asks_nothing_of_the_kind_at_ship_or_kill(self):
        row = {"stage": Stage.PRODUCTION, "stage_entered_at": NOON}
        facts_ = evaluated(run_of(ran_on=TODAY - days(9)), row)
        assert check("evaluation_run", facts_).is_met


class TestEvaluationSet:
    def test_has_to_be_there(self):
        assert check("evaluation_set_described", known()) == unmet(
            "No evaluation set is described yet."
        )

    def test_says_how_large_it_is_and_who_verified_it(self):
        assert check("evaluation_set_described", evaluated()) == met(
            "Letters of May: 1,400 cases, verified by two senior handlers."
        )

    @pytest.mark.parametrize(
        ("part", "value", "said"),
        [
            ("size", None, "how large it is"),
            ("size", 0, "how large it is"),
            ("verified_by", "", "who verified its answers"),
            ("location", "", "where it is kept"),
        ],
    )
    def test_names_each_part_that_is_missing(self, part, value, said):
        assert check("evaluation_set_described", evaluated(**{part: value})) == unmet(
            f"Letters of May: not said yet {said}."
        )

    def test_names_all_that_is_missing_at_once(self):
        facts_ = evaluated(size=None, verified_by="", location="")
        assert check("evaluation_set_described", facts_) == unmet(
            "Letters of May: not said yet how large it is, who verified its answers "
            "and where it is kept."
        )

    def test_wants_somebody_who_keeps_it(self):
        nobody = unmet("Nobody is named to keep the evaluation set up to date.")
        assert check("evaluation_set_owned", known()) == nobody
        assert check("evaluation_set_owned", evaluated()) == nobody
        assert check("evaluation_set_owned", evaluated(owner=person())) == met(
            "Ada Berg keeps it up to date."
        )

    def test_is_not_kept_by_somebody_who_left(self):
        facts_ = evaluated(owner=person(is_active=False))
        assert check("evaluation_set_owned", facts_) == unmet(
            "Ada Berg, who kept it up to date, is no longer here."
        )


class TestMessyData:
    def messy(self, value: int | None, questions: tuple = (), **changes: Any) -> Any:
        run = None if value is None else run_of(value, cases=212)
        row = {"messy_set": set_of(run, is_messy=True, **changes)}
        return check("messy_data_meets_threshold", known(initiative=row, open_questions=questions))

    def test_has_to_be_tried(self):
        nothing = unmet("Nothing has been tried on messy data yet.")
        assert check("messy_data_meets_threshold", known()) == nothing
        assert check("messy_data_meets_threshold", evaluated(run_of())) == nothing
        assert self.messy(None) == nothing

    def test_is_met_at_the_threshold_and_past_it(self):
        assert self.messy(2_700) == met(
            "On messy data version 1.4 reached 45 min on 2 Mar 2026, n = 212; threshold is 45 min."
        )
        assert self.messy(2_699).is_met

    def test_knows_which_way_is_better(self):
        higher = metric_of(direction="higher")
        assert self.messy(2_700, metric=higher).is_met
        assert not self.messy(2_699, metric=higher).is_met

    def test_says_how_it_falls_short(self):
        assert self.messy(3_480) == unmet(
            "On messy data version 1.4 reached 58 min on 2 Mar 2026, n = 212; threshold is 45 min. "
            "Close the gap, or make it a blocking open question."
        )

    def test_takes_a_blocking_open_question_for_the_gap(self):
        assert self.messy(3_480, (question_of(), question_of(is_blocking=True))) == met(
            "On messy data version 1.4 reached 58 min on 2 Mar 2026, n = 212; threshold is 45 min. "
            "The gap is a blocking open question."
        )

    def test_takes_none_that_does_not_block_or_is_closed(self):
        assert not self.messy(3_480, (question_of(),)).is_met
        closed = question_of(is_blocking=True, closed_at=NOON, answer="They do.")
        assert not self.messy(3_480, (closed,)).is_met

    def test_wants_a_threshold_to_compare_with(self):
        no_threshold = metric_of(threshold=None, name="Wrong queues")
        assert self.messy(2_400, metric=no_threshold) == unmet(
            "On messy data version 1.4 reached 40 min on 2 Mar 2026, n = 212; "
            "Wrong queues has no threshold to compare with."
        )


# --- open questions ---------------------------------------------------------------------------


class TestOpenQuestionsEstimated:
    def estimated(self, *questions: Any) -> Any:
        return check("open_questions_estimated", known(open_questions=questions))

    def planned(self, **more: Any) -> Any:
        return question_of(**({"owner": person(), "estimate_days": 3} | more))

    def test_wants_at_least_one(self):
        assert self.estimated() == unmet("Nothing is listed. What did the pilot not answer?")

    def test_is_met_where_all_are_closed(self):
        assert self.estimated(question_of(closed_at=NOON, answer="Yes.")) == met(
            "All questions are closed."
        )

    def test_wants_an_owner(self):
        assert self.estimated(self.planned(owner=None)) == unmet(
            "“Do motor claims work as well?” has no owner."
        )

    def test_wants_an_owner_who_is_here(self):
        gone = self.planned(owner=person(is_active=False))
        assert self.estimated(gone) == unmet(
            "“Do motor claims work as well?”: Ada Berg is no longer here."
        )

    def test_wants_an_estimate_of_days_or_money(self):
        assert self.estimated(self.planned(estimate_days=None)) == unmet(
            "“Do motor claims work as well?” has no estimate."
        )
        assert self.estimated(self.planned(estimate_days=0)).is_met
        assert self.estimated(self.planned(estimate_days=None, estimate_cost=0)).is_met

    def test_counts_those_that_are_not_planned(self):
        bare = question_of()
        assert self.estimated(bare, self.planned(), bare, bare) == unmet(
            "“Do motor claims work as well?” has no owner. And 2 more."
        )

    def test_asks_nothing_of_closed_ones(self):
        closed = question_of(closed_at=NOON, answer="Yes.")
        assert self.estimated(closed, self.planned()) == met("1 open question: 3 days.")

    def test_shortens_a_long_question(self):
        assert self.estimated(question_of("x" * 200)) == unmet(f"“{'x' * 80}” has no owner.")

    @pytest.mark.parametrize(
        ("estimates", "said"),
        [
            ([(3, None)], "1 open question: 3 days."),
            ([(1, None)], "1 open question: 1 day."),
            ([(3, None), (2, None)], "2 open questions: 5 days."),
            ([(3, 1_200), (None, 38_000)], "2 open questions: 3 days and EUR 39,200."),
            ([(None, 800)], "1 open question: EUR 800."),
            ([(0, 0)], "1 open question."),
        ],
    )
    def test_says_the_sum_in_words(self, estimates, said):
        questions = [self.planned(estimate_days=d, estimate_cost=c) for d, c in estimates]
        assert self.estimated(*questions) == met(said)


class TestBlockingQuestionsClosed:
    def blocking(self, *questions: Any) -> Any:
        return check("blocking_questions_closed", known(open_questions=questions))

    def test_is_met_where_none_blocks(self):
        none = met("No blocking question is open.")
        closed = question_of(is_blocking=True, closed_at=NOON, answer="Yes.")
        for questions in ((), (question_of(),), (closed, question_of())):
            assert self.blocking(*questions) == none

    def test_says_who_is_to_answer_and_by_when(self):
        asked = question_of("And bicycles?", is_blocking=True, owner=person(), due_date=TODAY)
        assert self.blocking(asked) == unmet(
            "“And bicycles?” is open, with Ada Berg, due 2 Mar 2026."
        )
        theirs = question_of("And bicycles?", is_blocking=True, owner=person())
        assert self.blocking(theirs) == unmet("“And bicycles?” is open, with Ada Berg.")

    def test_quotes_the_first_and_counts_the_others(self):
        first, second = question_of("And bicycles?", is_blocking=True), question_of()
        assert self.blocking(second, first) == unmet("“And bicycles?” is open.")
        assert self.blocking(first, first, first) == unmet("“And bicycles?” is open. And 2 more.")


# --- money and owners -------------------------------------------------------------------------


class TestMoney:
    def test_spend_has_to_be_recorded(self):
        assert check("spend_recorded", known()) == unmet("No spend has been recorded yet.")
        assert check("spend_recorded", known(spent=1_200)) == met("EUR 1,200 spent.")

    def test_the_monthly_cost_has_to_be_estimated(self):
        nothing, some = known(), known(initiative={"monthly_cost": 0})
        assert check("operating_cost_estimated", nothing) == unmet(
            "What it will cost a month is not estimated yet."
        )
        assert check("operating_cost_estimated", some) == met("EUR 0 a month, by estimate.")

    def test_cost_wants_an_estimate_and_actuals_to_compare(self):
        month = {"monthly_cost": 100}
        assert check("cost_within_budget", known(spent_in_stage=1)) == unmet(
            "No monthly cost was estimated to compare with."
        )
        assert check("cost_within_budget", known(spent=9, initiative=month)) == unmet(
            "No actual cost has been recorded in this stage."
        )

    @pytest.mark.parametrize(
        ("days_ago", "months"),
        [(0, "1 month"), (30, "1 month"), (31, "2 months"), (60, "2 months"), (61, "3 months")],
    )
    def test_cost_stays_within_the_monthly_estimate(self, days_ago, months):
        month = {"monthly_cost": 100, "stage_entered_at": NOON - days(days_ago)}
        most, began = 100 * int(months[0]), f"{TODAY - days(days_ago):%-d %b %Y}"
        for spent, verdict in ((most, met), (most + 1, unmet)):
            facts_ = known(spent_in_stage=spent, initiative=month)
            assert check("cost_within_budget", facts_) == verdict(
                f"EUR {spent} in {months}, since {began}; EUR {most} was estimated."
            )

    def test_cost_counts_months_by_the_organisations_clock(self):
        entered = {"monthly_cost": 100, "stage_entered_at": datetime(2026, 1, 30, 20, tzinfo=UTC)}
        facts_ = known(spent_in_stage=150, initiative=entered)
        assert check("cost_within_budget", facts_).is_met  # 31 days: the second month began
        with timezone.override("Pacific/Auckland"):  # where it was the 31st already
            assert not check("cost_within_budget", facts_).is_met


class TestHoursOfTheProductionOwner:
    def asked(self, *ownerships: Any) -> Any:
        return check(
            "owners_accepted",
            known(ownerships=ownerships),
            roles=["business_owner", "production_owner"],
            hours_a_month_of=["production_owner"],
        )

    def test_have_to_be_said(self):
        pia = person("Pia Production")
        without = owned(Role.PRODUCTION_OWNER, pia)
        assert self.asked(owned(Role.BUSINESS_OWNER), without) == unmet(
            "Production owner: Pia Production has not said how many hours a month they have."
        )

    @pytest.mark.parametrize("hours", [0, 12])
    def test_are_met_by_any_number(self, hours):
        said = owned(Role.PRODUCTION_OWNER, hours_a_month=hours, in_objectives=True)
        assert self.asked(owned(Role.BUSINESS_OWNER), said) == met("Accepted by Ada Berg.")

    def test_have_to_be_agreed(self):
        said = owned(Role.PRODUCTION_OWNER, person("Pia Production"), hours_a_month=12)
        assert self.asked(owned(Role.BUSINESS_OWNER), said) == unmet(
            "Production owner: Pia Production has not said that it is among their objectives."
        )

    def test_are_asked_of_nobody_else(self):
        said = owned(Role.PRODUCTION_OWNER, hours_a_month=12, in_objectives=True)
        assert self.asked(owned(Role.BUSINESS_OWNER, hours_a_month=None), said).is_met

    def test_are_no_second_fault_of_somebody_who_is_missing(self):
        assert self.asked(owned(Role.BUSINESS_OWNER)) == unmet("Production owner: nobody is named.")
        gone = owned(Role.PRODUCTION_OWNER, person("Pia Production", is_active=False))
        assert self.asked(owned(Role.BUSINESS_OWNER), gone) == unmet(
            "Production owner: Pia Production is no longer here."
        )


class TestOwnersReaccepted:
    def asked(self, **said: Any) -> Any:
        facts_ = known(ownerships=(owned(Role.BUSINESS_OWNER, **said),))
        return check("owners_reaccepted", facts_, roles=["business_owner"])

    def test_takes_a_yes_of_ninety_days_ago_and_none_older(self):
        old = NOON - days(300)
        assert self.asked(accepted_at=old, confirmed_at=NOON - days(90)) == met(
            "Confirmed by Ada Berg on 2 Dec 2025."
        )
        assert self.asked(accepted_at=old, confirmed_at=NOON - days(91)) == unmet(
            "Business owner: Ada Berg said yes on 1 Dec 2025, and has to confirm it again."
        )

    def test_takes_accepting_for_a_yes(self):
        assert self.asked(accepted_at=NOON - days(90)).is_met
        assert not self.asked(accepted_at=NOON - days(91)).is_met

    def test_takes_the_later_of_the_two(self):
        """Whoever came back accepted anew, after they had confirmed."""
        assert self.asked(accepted_at=NOON, confirmed_at=NOON - days(200)).is_met

    def test_counts_days_by_the_organisations_clock(self):
        evening = datetime(2025, 12, 1, 20, tzinfo=UTC)  # 91 days ago
        assert not self.asked(accepted_at=evening).is_met
        with timezone.override("Pacific/Auckland"):  # where it was the 2nd already
            assert self.asked(accepted_at=evening).is_met

    def test_names_everybody_who_is_silent_or_missing(self):
        silent = owned(Role.BUSINESS_OWNER, accepted_at=NOON - days(200))
        asked = owned(Role.PRODUCTION_OWNER, person("Pia Production"), accepted_at=None)
        facts_ = known(ownerships=(silent, asked))
        roles = ["business_owner", "production_owner", "sponsor"]
        assert check("owners_reaccepted", facts_, roles=roles) == unmet(
            "Business owner: Ada Berg said yes on 14 Aug 2025, and has to confirm it again. "
            "Production owner: Pia Production was asked on 2 Dec 2025 and has not accepted yet. "
            "Sponsor: nobody is named."
        )

    def test_takes_no_yes_of_somebody_who_left(self):
        gone = owned(Role.BUSINESS_OWNER, person(is_active=False), confirmed_at=NOON)
        facts_ = known(ownerships=(gone,))
        assert check("owners_reaccepted", facts_, roles=["business_owner"]) == unmet(
            "Business owner: Ada Berg is no longer here."
        )


class TestConditionsMet:
    def test_is_met_while_none_can_be_attached(self):
        assert check("conditions_met", known()) == met("No approval was given under conditions.")


# --- metrics and measurements -----------------------------------------------------------------


class TestMeasuredPastThreshold:
    def test_wants_a_primary_metric_with_a_threshold(self):
        nothing = unmet("No primary metric with a threshold.")
        assert check("measured_past_threshold", known()) == nothing
        metrics = (metric_of(threshold=None),)
        assert check("measured_past_threshold", known(metrics=metrics)) == nothing

    def test_wants_a_measurement(self):
        facts_ = known(metrics=(metric_of(),))
        assert check("measured_past_threshold", facts_) == unmet(
            "Nothing has been measured yet; threshold is 45 min."
        )

    @pytest.mark.parametrize(
        ("direction", "value", "passes"),
        [
            ("lower", 2_700, True),
            ("lower", 2_701, False),
            ("higher", 2_700, True),
            ("higher", 2_699, False),
        ],
    )
    def test_is_met_at_the_threshold_and_past_it(self, direction, value, passes):
        metrics = (metric_of(direction=direction),)
        facts_ = known(metrics=metrics, measurements=(measured(value),))
        assert check("measured_past_threshold", facts_).is_met is passes

    def test_reads_the_newest_measurement(self):
        facts_ = known(metrics=(metric_of(),), measurements=(measured(2_400), measured(9_000)))
        assert check("measured_past_threshold", facts_) == met(
            "measured 40 min on 2 Mar 2026; threshold is 45 min."
        )

    def test_wants_the_minimum_sample(self):
        metrics = (metric_of(minimum_sample=500),)
        facts_ = known(metrics=metrics, measurements=(measured(2_400, 499),))
        assert check("measured_past_threshold", facts_) == unmet(
            "measured 40 min on 2 Mar 2026, n = 499; at least n = 500 was agreed."
        )
        facts_ = known(metrics=metrics, measurements=(measured(2_400, 500),))
        assert check("measured_past_threshold", facts_).is_met

    def test_does_not_take_an_unknown_sample_for_a_large_one(self):
        facts_ = known(metrics=(metric_of(minimum_sample=1),), measurements=(measured(2_400),))
        assert not check("measured_past_threshold", facts_).is_met


class TestWindowOfThePilot:
    def ran(self, began: datetime, window: int | None = 14, **initiative: Any) -> Any:
        facts_ = known(
            initiative={"stage_entered_at": began} | initiative,
            metrics=(metric_of(window_days=window),),
            measurements=(measured(2_400),),
        )
        return check("measured_past_threshold", facts_)

    def test_has_to_be_over_when_it_is_measured(self):
        assert self.ran(NOON - days(14)).is_met
        assert self.ran(NOON - days(14) + timedelta(seconds=1)) == unmet(
            "measured 40 min on 2 Mar 2026; the pilot ran 13 days then, and the window is 14 days."
        )

    def test_is_said_of_a_single_day_too(self):
        assert "the pilot ran 1 day then" in self.ran(NOON - days(1)).reason

    def test_is_not_asked_where_none_was_agreed(self):
        assert self.ran(NOON, window=None).is_met

    def test_is_not_asked_again_after_the_pilot(self):
        assert self.ran(NOON, stage=Stage.READINESS_REVIEW).is_met

    def test_begins_anew_when_it_was_sent_back(self):
        assert self.ran(NOON + days(3)) == unmet(
            "measured 40 min on 2 Mar 2026; the pilot began again after that, "
            "and the window is 14 days."
        )


WITHIN = "Wrong queues: measured 45 min on 2 Mar 2026; limit is 45 min."


class TestGuardrailsHold:
    def held(self, *metrics: Any, values: dict[int, int] | None = None, **parameters: Any) -> Any:
        taken = tuple(measured(value, metric=pk) for pk, value in (values or {}).items())
        facts_ = known(metrics=metrics, measurements=taken)
        return check("guardrails_hold", facts_, **parameters)

    def test_wants_a_guardrail(self):
        nothing = unmet("No guardrail: name a limit for quality, unit cost or latency.")
        assert self.held(metric_of()) == nothing
        assert self.held(metric_of(**QUALITY | {"threshold": None})) == nothing
        assert self.held(metric_of(**FLOOR)) == nothing

    def test_says_which_was_not_measured(self):
        assert self.held(metric_of(**QUALITY)) == unmet("Wrong queues has not been measured yet.")

    def test_says_which_fails_and_by_how_much(self):
        assert self.held(metric_of(**QUALITY), values={1: 3_600}) == unmet(
            "Wrong queues: measured 1 h on 2 Mar 2026; limit is 45 min."
        )

    def test_counts_those_that_hold(self):
        assert self.held(metric_of(**QUALITY), values={1: 2_700}) == met(WITHIN)
        both = metric_of(**QUALITY), metric_of(2, **COST)
        assert self.held(*both, values={1: 2_700, 2: 1}) == met(
            f"{WITHIN} Cost of a letter: measured 1 s on 2 Mar 2026; limit is 45 min."
        )

    def test_wants_the_kinds_that_the_policy_names(self):
        wanted = {"kinds": ["quality", "cost"]}
        quality, cost = metric_of(**QUALITY), metric_of(2, **COST)
        assert self.held(quality, values={1: 2_700}, **wanted) == unmet(
            "No guardrail for cost: name a limit."
        )
        latency = metric_of(3, name="Wait", kind="latency", is_primary=False)
        assert self.held(latency, values={3: 1}, **wanted) == unmet(
            "No guardrail for quality and cost: name a limit."
        )
        assert self.held(quality, cost, values={1: 2_700, 2: 1}, **wanted).is_met

    def test_wants_any_other_to_hold_as_well(self):
        latency = metric_of(3, name="Wait", kind="latency", is_primary=False)
        found = self.held(
            metric_of(**QUALITY), metric_of(2, **COST), latency,
            values={1: 2_700, 2: 1, 3: 2_760}, kinds=["quality", "cost"],
        )  # fmt: skip
        assert found == unmet("Wait: measured 46 min on 2 Mar 2026; limit is 45 min.")

    def test_says_all_faults_at_once(self):
        assert self.held(metric_of(**QUALITY), kinds=["quality", "cost"]) == unmet(
            "No guardrail for cost: name a limit. Wrong queues has not been measured yet."
        )


class TestMeasuredAnew:
    """What is asked anew takes no value of before it was last certified."""

    def measured(self, name: str, metric: Any, at: int, since: int) -> Any:
        values = (measured(1_000, at=NOON - days(at)),)
        facts_ = known(metrics=(metric,), measurements=values)
        return check(name, facts_, since=NOON - days(since))

    @pytest.mark.parametrize(
        ("name", "metric"),
        [("measured_against_baseline", {}), ("adoption_above_floor", FLOOR)],
    )
    def test_wants_a_value_since_then(self, name: str, metric: dict[str, Any]):
        of = metric_of(**metric)
        assert self.measured(name, of, at=29, since=30).is_met
        old = self.measured(name, of, at=30, since=30)
        assert old == unmet(f"{of.name} has not been measured since 31 Jan 2026.")
        assert old.mend == Mend("measure", of.pk)


class TestAdoption:
    def test_wants_a_metric_with_a_floor(self):
        none = unmet("No metric of adoption has a floor: say how much it has to be used.")
        floorless = metric_of(**(FLOOR | {"threshold": None}))
        for metrics in ((), (metric_of(),), (floorless,)):
            assert check("adoption_metric_set", known(metrics=metrics)) == none
            assert check("adoption_above_floor", known(metrics=metrics)) == none

    def test_is_set_before_it_is_measured(self):
        facts_ = known(metrics=(metric_of(**FLOOR),))
        assert check("adoption_metric_set", facts_) == met("Weekly users: at least 20 people.")
        assert check("adoption_above_floor", facts_) == unmet(
            "Weekly users has not been measured yet."
        )

    def test_stays_above_its_floor(self):
        metrics = (metric_of(**FLOOR),)
        low = known(metrics=metrics, measurements=(measured(19),))
        enough = known(metrics=metrics, measurements=(measured(20),))
        assert check("adoption_above_floor", low) == unmet(
            "Weekly users: measured 19 people on 2 Mar 2026; limit is 20 people."
        )
        assert check("adoption_above_floor", enough) == met(
            "Weekly users: measured 20 people on 2 Mar 2026; limit is 20 people."
        )


class TestMeasuredAgainstBaseline:
    def test_wants_a_measurement_and_a_baseline(self):
        without = known(metrics=(metric_of(baseline=None),), measurements=(measured(1),))
        for facts_ in (known(), without):
            assert check("measured_against_baseline", facts_) == unmet(
                "No primary metric with a baseline."
            )
        unmeasured = known(metrics=(metric_of(name="Time"),))
        assert check("measured_against_baseline", unmeasured) == unmet(
            "Time has not been measured yet."
        )

    @pytest.mark.parametrize(
        ("direction", "value", "better"),
        [
            ("lower", 14_399, True),
            ("lower", 14_400, False),
            ("lower", 14_401, False),
            ("higher", 14_401, True),
            ("higher", 14_400, False),
        ],
    )
    def test_is_met_only_by_better_than_before(self, direction, value, better):
        metrics = (metric_of(direction=direction),)
        facts_ = known(metrics=metrics, measurements=(measured(value),))
        assert check("measured_against_baseline", facts_).is_met is better

    def test_says_both(self):
        facts_ = known(metrics=(metric_of(),), measurements=(measured(3_600),))
        assert check("measured_against_baseline", facts_) == met(
            "Measured 1 h on 2 Mar 2026; the baseline is 4 h."
        )


class TestMonitoringDelivering:
    PIA = person("Pia Production")

    def watched(self, *measurements: Any, **changes: Any) -> Any:
        about = QUALITY | {"paged": self.PIA} | changes
        facts_ = known(metrics=(metric_of(), metric_of(2, **about)), measurements=measurements)
        return check("monitoring_delivering", facts_)

    def test_wants_something_watched(self):
        nothing = unmet("Nothing is watched: give a metric a limit, and name who is paged.")
        assert check("monitoring_delivering", known()) == nothing
        assert self.watched(paged=None) == nothing
        assert self.watched(threshold=None) == nothing

    def test_is_silent_until_production_delivered(self):
        silent = unmet("Wrong queues has not delivered a value from its production source.")
        assert self.watched() == silent
        assert self.watched(measured(1, metric=2)) == silent
        assert self.watched(measured(1, metric=1, from_production=True)) == silent

    @pytest.mark.parametrize("source", ["from_production", "is_automatic"])
    def test_is_met_by_one_value_even_an_older_one(self, source):
        delivered = measured(1, metric=2, at=NOON - days(9), **{source: True})
        assert self.watched(measured(2, metric=2), delivered) == met(
            "Wrong queues delivers from production; past 45 min Pia Production is paged."
        )

    def test_does_not_page_somebody_who_left(self):
        gone = person("Pia Production", is_active=False)
        assert self.watched(measured(1, metric=2, from_production=True), paged=gone) == unmet(
            "Pia Production, who is paged about Wrong queues, is no longer here."
        )

    def test_says_of_each_what_is_wrong(self):
        gone = person("Gus Gone", is_active=False)
        facts_ = known(
            metrics=(
                metric_of(1, name="Time", paged=self.PIA),
                metric_of(2, **QUALITY, paged=gone),
                metric_of(3, **COST, paged=self.PIA),
            ),
            measurements=(measured(1, metric=3, is_automatic=True),),
        )
        assert check("monitoring_delivering", facts_) == unmet(
            "Gus Gone, who is paged about Wrong queues, is no longer here. "
            "Time has not delivered a value from its production source."
        )


class TestTheNearestForm:
    """An unmet one leads to the form of the very thing that would meet it."""

    def test_measures_the_metric_that_misses(self):
        far = known(
            metrics=(metric_of(1), metric_of(2, **QUALITY), metric_of(3, **FLOOR)),
            measurements=(measured(9_000), measured(9_000, metric=2), measured(1, metric=3)),
        )
        for name, pk in (
            ("measured_past_threshold", 1),
            ("guardrails_hold", 2),
            ("adoption_above_floor", 3),
        ):
            assert check(name, far).mend == Mend("measure", pk), name

    def test_is_the_checks_own_where_there_is_nothing_to_point_at(self):
        for name in ("measured_past_threshold", "guardrails_hold", "monitoring_delivering"):
            assert check(name, known()).mend is None

    def test_delivers_from_production(self):
        silent = known(metrics=(metric_of(2, **QUALITY, paged=person()),))
        assert check("monitoring_delivering", silent).mend == Mend("measure", 2)

    def test_closes_or_plans_the_first_question(self):
        facts_ = known(open_questions=(question_of(pk=7, is_blocking=True, owner=None),))
        closing = check("blocking_questions_closed", facts_).mend
        assert closing == Mend("close_question", 7)
        assert check("open_questions_estimated", facts_).mend == Mend("change_question", 7)

    def test_asks_somebody_into_the_role_that_is_empty(self):
        facts_ = known(ownerships=(owned(Role.SPONSOR),))
        verdict = check("owners_accepted", facts_, roles=[Role.SPONSOR, Role.BUSINESS_OWNER])
        assert verdict.mend == Mend("ask", Role.BUSINESS_OWNER)


class TestKillConditionArmedLater:
    def test_is_met_by_any_armed_one(self):
        cap = KillCondition(**factories.condition_values(None))
        facts_ = known(kill_conditions=(cap,))
        assert check("kill_condition_armed", facts_).is_met
        assert check("production_kill_condition", facts_).is_met

    def test_goes_on_in_production_where_it_watches_who_answers(self):
        watched = KillCondition(kind="owner", missing_days=10)
        assert check("production_kill_condition", known(kill_conditions=(watched,))).is_met

    def test_is_not_met_by_one_that_is_waived(self):
        waived = KillCondition(kind="owner", missing_days=10, state="waived", waived_until=TODAY)
        assert not check("kill_condition_armed", known(kill_conditions=(waived,))).is_met
        assert check("nothing_tripped", known(kill_conditions=(waived,))).is_met

    def test_goes_on_in_production_where_it_counts_measurements(self):
        by_date = KillCondition(**factories.condition_values(metric_of()), state="armed")
        assert check("production_kill_condition", known(kill_conditions=(by_date,))) == unmet(
            "No kill condition goes on in production: agree on one that counts measurements."
        )

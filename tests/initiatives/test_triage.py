from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest

from initiatives.triage import (
    QUESTIONS,
    RISKS,
    Basis,
    LegalClass,
    Level,
    Outcome,
    Standing,
    departs,
    follow,
    legal_class,
    level,
    strictest,
    why_class,
    why_level,
)

NO = dict.fromkeys(QUESTIONS, False)
HARMLESS = ("talks_to_public", "personal_data", "confidential_data_leaves", "acts_without_approval",
            "affects_employees")  # fmt: skip


def yes(*questions):
    return NO | dict.fromkeys(questions, True)


def cheap(answers, **changes):
    return level(answers, **({"pilot_budget": 24_999, "monthly_cost": 999} | changes))


class TestLevel:
    def test_is_light_with_seven_times_no_and_little_money(self):
        assert cheap(NO) is Level.LIGHT

    def test_does_not_mind_that_it_is_bought(self):
        assert cheap(yes("bought")) is Level.LIGHT
        assert cheap(NO | {"bought": None}) is Level.LIGHT

    @pytest.mark.parametrize("question", RISKS)
    def test_is_not_light_while_a_question_is_open(self, question):
        assert cheap(NO | {question: None}) is Level.STANDARD

    @pytest.mark.parametrize("question", HARMLESS)
    def test_is_standard_with_one_yes(self, question):
        assert cheap(yes(question)) is Level.STANDARD

    def test_is_standard_with_any_two_of_the_harmless(self):
        for two in combinations(HARMLESS, 2):
            assert cheap(yes(*two)) is Level.STANDARD, two

    def test_is_full_with_any_three_of_the_seven(self):
        for three in combinations(RISKS, 3):
            assert cheap(yes(*three)) is Level.FULL, three

    def test_does_not_count_bought_among_the_three(self):
        assert cheap(yes("bought", "personal_data", "talks_to_public")) is Level.STANDARD

    @pytest.mark.parametrize("question", ["decides_about_people", "safety_or_regulated"])
    def test_is_full_in_the_high_class(self, question):
        assert cheap(yes(question)) is Level.FULL

    @pytest.mark.parametrize(
        ("money", "expected"),
        [
            ({"pilot_budget": 25_000}, Level.STANDARD),
            ({"pilot_budget": None}, Level.STANDARD),
            ({"pilot_budget": 0}, Level.LIGHT),
            ({"monthly_cost": 1_000}, Level.STANDARD),
            ({"monthly_cost": 0}, Level.LIGHT),
            ({"monthly_cost": None}, Level.STANDARD),
        ],
    )
    def test_is_light_only_under_both_amounts(self, money, expected):
        assert cheap(NO, **money) is expected


class TestLegalClass:
    @pytest.mark.parametrize(
        ("questions", "expected"),
        [
            ((), LegalClass.MINIMAL),
            (("personal_data", "bought", "affects_employees"), LegalClass.MINIMAL),
            (("talks_to_public",), LegalClass.LIMITED),
            (("decides_about_people",), LegalClass.HIGH),
            (("safety_or_regulated", "talks_to_public"), LegalClass.HIGH),
        ],
    )
    def test_is_proposed_from_the_answers(self, questions, expected):
        assert legal_class(yes(*questions)) is expected

    def test_is_never_proposed_as_prohibited(self):
        assert legal_class(dict.fromkeys(QUESTIONS, True)) is LegalClass.HIGH


LIGHT = Basis(NO, 10_000, 100)
STANDARD = replace(LIGHT, answers=yes("personal_data"))
PUBLIC = replace(LIGHT, answers=yes("talks_to_public"))
FULL = replace(LIGHT, answers=yes("decides_about_people"))


def proposed(basis, *, may_fall=True):
    return Standing(basis.outcome, is_confirmed=False, may_fall=may_fall)


def confirmed(outcome, *, may_fall=False):
    return Standing(outcome, is_confirmed=True, may_fall=may_fall)


class TestFollowBeforeAnythingIsConfirmed:
    @pytest.mark.parametrize("now", [LIGHT, STANDARD, PUBLIC, FULL])
    def test_follows_the_answers_up_and_down_in_a_proposal(self, now):
        for before in (LIGHT, STANDARD, PUBLIC, FULL):
            assert follow(before, now, proposed(before)).outcome == now.outcome

    def test_only_rises_once_it_has_left_proposal(self):
        assert follow(LIGHT, FULL, proposed(LIGHT, may_fall=False)).outcome == FULL.outcome
        assert follow(FULL, LIGHT, proposed(FULL, may_fall=False)).outcome == FULL.outcome

    def test_takes_level_and_class_each_for_itself(self):
        stands = follow(PUBLIC, STANDARD, proposed(PUBLIC, may_fall=False))
        assert stands.outcome == Outcome(Level.STANDARD, LegalClass.LIMITED)

    def test_leaves_everything_where_nothing_has_changed(self):
        raised = Standing(FULL.outcome, is_confirmed=False, may_fall=True)
        assert follow(LIGHT, LIGHT, raised) == raised

    def test_never_lifts_a_prohibition(self):
        forbidden = Outcome(Level.FULL, LegalClass.PROHIBITED)
        for may_fall in (True, False):
            stands = follow(FULL, LIGHT, Standing(forbidden, is_confirmed=True, may_fall=may_fall))
            assert stands.outcome.legal_class is LegalClass.PROHIBITED


class TestFollowAConfirmation:
    def test_stands_while_nothing_changes(self):
        stands = confirmed(Outcome(Level.LIGHT, LegalClass.LIMITED))
        assert follow(FULL, FULL, stands) == stands

    def test_is_withdrawn_by_milder_answers_and_keeps_the_level_up(self):
        stands = follow(FULL, LIGHT, confirmed(FULL.outcome))
        assert (stands.is_confirmed, stands.outcome) == (False, FULL.outcome)

    def test_keeps_the_level_up_however_often_answers_change(self):
        stands = confirmed(FULL.outcome)
        for before, now in ((FULL, STANDARD), (STANDARD, LIGHT), (LIGHT, PUBLIC)):
            stands = follow(before, now, stands)
            assert stands.outcome == FULL.outcome

    def test_is_withdrawn_by_stricter_answers_which_count_at_once(self):
        stands = follow(LIGHT, FULL, confirmed(LIGHT.outcome))
        assert (stands.is_confirmed, stands.outcome) == (False, FULL.outcome)

    def test_is_withdrawn_by_another_answer_of_the_same_weight(self):
        employees = replace(LIGHT, answers=yes("affects_employees"))
        assert not follow(STANDARD, employees, confirmed(STANDARD.outcome)).is_confirmed

    def test_covers_other_amounts_at_the_same_level(self):
        assert follow(
            LIGHT, replace(LIGHT, pilot_budget=20_000), confirmed(LIGHT.outcome)
        ).is_confirmed
        dear = replace(LIGHT, pilot_budget=900_000)
        stands = follow(LIGHT, dear, confirmed(LIGHT.outcome))
        assert (stands.is_confirmed, stands.outcome.level) == (False, Level.STANDARD)

    def test_is_withdrawn_where_amounts_would_lower_the_level(self):
        dear = replace(LIGHT, monthly_cost=5_000)
        stands = follow(dear, LIGHT, confirmed(dear.outcome))
        assert (stands.is_confirmed, stands.outcome.level) == (False, Level.STANDARD)

    def test_holds_for_no_other_amounts_where_it_lowered_the_level(self):
        dear, dearer = replace(LIGHT, pilot_budget=30_000), replace(LIGHT, pilot_budget=2_000_000)
        stands = follow(dear, dearer, confirmed(LIGHT.outcome))
        assert (stands.is_confirmed, stands.outcome.level) == (False, Level.STANDARD)

    def test_keeps_a_raised_level_and_a_stricter_class(self):
        raised = Outcome(Level.FULL, LegalClass.HIGH)
        assert follow(LIGHT, STANDARD, confirmed(raised)).outcome == raised

    def test_falls_with_the_answers_of_compliance_and_waits_for_its_word(self):
        stands = follow(FULL, LIGHT, confirmed(FULL.outcome, may_fall=True))
        assert (stands.is_confirmed, stands.outcome) == (False, LIGHT.outcome)


class TestStrictest:
    def test_is_taken_from_level_and_class_apart(self):
        one = Outcome(Level.LIGHT, LegalClass.PROHIBITED)
        other = Outcome(Level.FULL, LegalClass.MINIMAL)
        assert strictest(one, other) == Outcome(Level.FULL, LegalClass.PROHIBITED)


class TestDeparts:
    def test_is_whatever_was_not_computed(self):
        assert not departs(FULL.outcome, FULL)
        for chosen in (
            replace(FULL.outcome, level=Level.LIGHT),
            replace(FULL.outcome, legal_class=LegalClass.PROHIBITED),
        ):
            assert departs(chosen, FULL)
        assert departs(replace(LIGHT.outcome, level=Level.FULL), LIGHT)


class TestWhy:
    @pytest.mark.parametrize(
        ("basis", "says"),
        [
            (FULL, "because it decides about people"),
            (PUBLIC, "because it talks to the public"),
            (LIGHT, "because it neither decides about people, nor is safety-related"),
            (
                replace(LIGHT, answers=yes("safety_or_regulated", "decides_about_people")),
                "because it decides about people and is used in a safety-related",
            ),
        ],
    )
    def test_names_the_answers_that_led_to_the_class(self, basis, says):
        assert why_class(basis).startswith(says)

    @pytest.mark.parametrize(
        ("basis", "says"),
        [
            (LIGHT, "no to the first seven, and little money"),
            (STANDARD, "because it uses personal data"),
            (FULL, "because it decides about people"),
            (
                replace(LIGHT, answers=yes(*HARMLESS[:3])),
                "because it talks to the public, uses personal data and lets",
            ),
            (replace(LIGHT, answers=NO | {"personal_data": None}), "as long as questions are open"),
            (replace(LIGHT, pilot_budget=None), "as long as the pilot's budget and the monthly"),
            (replace(LIGHT, monthly_cost=1_000), "because of its cost; light is a pilot under 25"),
        ],
    )
    def test_names_what_led_to_the_level(self, basis, says):
        assert why_level(basis).startswith(says)


class TestBasis:
    def test_is_complete_with_all_eight(self):
        assert LIGHT.is_complete
        assert not replace(LIGHT, answers=NO | {"bought": None}).is_complete

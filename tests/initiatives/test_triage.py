from __future__ import annotations

from itertools import combinations

import pytest

from initiatives.triage import QUESTIONS, RISKS, LegalClass, Level, legal_class, level

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

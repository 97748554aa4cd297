from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from initiatives.fields import Money
from initiatives.triage import QUESTIONS, Level, level
from initiatives.units import NotAValue, UnitKind, parse


class TestMoney:
    @pytest.mark.parametrize(
        "text", ["25000", "25,000", "25.000", "25 000", "25'000", "EUR 25,000", "25.000 €"]
    )
    def test_reads_whole_units_however_they_are_grouped(self, text):
        assert Money().clean(text) == 25_000

    @pytest.mark.parametrize("text", ["2.5", "1,5", "25.50", "x12", "12abc", "0.125", "1.00.0"])
    def test_refuses_what_is_no_whole_amount(self, text):
        with pytest.raises(ValidationError):
            Money().clean(text)


class TestNumbers:
    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("0,125", "0.125"),
            ("0,5", "0.5"),
            ("1,200", "1200"),
            ("12.5", "12.5"),
            ("10,000", "10000"),
        ],
    )
    def test_reads_a_comma_by_what_stands_around_it(self, text, value):
        assert parse(text, UnitKind.PERCENT) == Decimal(value)

    def test_refuses_letters_before_a_number(self):
        with pytest.raises(NotAValue):
            parse("x12", UnitKind.COUNT)


class TestLevel:
    def test_is_not_light_while_the_monthly_cost_is_unknown(self):
        answers = dict.fromkeys(QUESTIONS, False)
        assert level(answers, pilot_budget=1_000, monthly_cost=None) is Level.STANDARD
        assert level(answers, pilot_budget=1_000, monthly_cost=100) is Level.LIGHT

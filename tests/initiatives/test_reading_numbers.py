from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.test import override_settings

from initiatives.fields import Money, Value
from initiatives.triage import QUESTIONS, Level, level
from initiatives.units import NotAValue, UnitKind, parse


class TestMoney:
    @pytest.mark.parametrize(
        "text", ["25000", "25,000", "25.000", "25 000", "25'000", "EUR 25,000", "25.000 €"]
    )
    def test_reads_whole_units_however_they_are_grouped(self, text):
        assert Money().clean(text) == 25_000

    @pytest.mark.parametrize(
        "text",
        ["2.5", "1,5", "25.50", "x12", "12abc", "0.125", "1.00.0", "0,500", "1000.000", "1.5,000"],
    )
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

    @pytest.mark.parametrize("text", ["x12", "12 5", "12,34,567", "1,200,50", "5 %", "EUR 5", "€5"])
    def test_refuses_what_is_not_surely_a_number(self, text):
        with pytest.raises(NotAValue):
            parse(text, UnitKind.COUNT)

    @pytest.mark.parametrize("text", ["$5", "5 £", "USD 5", "about 5"])
    def test_refuses_another_currency_than_the_configured(self, text):
        with pytest.raises(NotAValue):
            parse(text, UnitKind.MONEY)

    def test_takes_the_sign_of_the_configured_currency(self):
        with override_settings(CURRENCY="USD"):
            assert parse("$1,200.50", UnitKind.MONEY) == Decimal("1200.5")

    @pytest.mark.parametrize(("text", "value"), [("1.200", "1.2"), ("1 200 000", "1200000")])
    def test_takes_a_dot_for_decimals_and_spaces_for_groups(self, text, value):
        assert parse(text, UnitKind.COUNT) == Decimal(value)

    @pytest.mark.parametrize(("text", "seconds"), [("0,125 s", "0.125"), ("1 h 1,200 s", "4800")])
    def test_reads_durations_alike(self, text, seconds):
        assert parse(text, UnitKind.DURATION) == Decimal(seconds)

    def test_tells_people_how(self):
        assert "comma for thousands" in Value().help_text


class TestLevel:
    def test_is_not_light_while_the_monthly_cost_is_unknown(self):
        answers = dict.fromkeys(QUESTIONS, False)
        assert level(answers, pilot_budget=1_000, monthly_cost=None) is Level.STANDARD
        assert level(answers, pilot_budget=1_000, monthly_cost=100) is Level.LIGHT

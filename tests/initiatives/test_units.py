from __future__ import annotations

from decimal import Decimal

import pytest

from initiatives.units import LARGEST, NotAValue, UnitKind, in_words, parse


class TestParse:
    @pytest.mark.parametrize(
        ("text", "seconds"),
        [
            ("45 min", 2700), ("45min", 2700), ("4 h", 14400), ("1 h 30 min", 5400),

            ("1h30m", 5400), ("1.5 hours", 5400), ("1,5 h", 5400), ("90 s", 90),
            ("2 days", 172_800), ("8,105 s", 8105),
            ("1,000 d", 86_400_000), ("1 day, 2 hours", 93_600), (" 4\u00a0H ", 14400), ("0 s", 0),
        ],
    )  # fmt: skip
    def test_reads_durations_as_seconds(self, text, seconds):
        assert parse(text, UnitKind.DURATION) == seconds

    @pytest.mark.parametrize("text", ["4", "", "4 weeks", "h", "4 h or so", "four h", "4 h \0"])
    def test_refuses_a_duration_without_a_unit_it_knows(self, text):
        with pytest.raises(NotAValue, match="45 min"):
            parse(text, UnitKind.DURATION)

    @pytest.mark.parametrize(
        ("text", "kind", "value"),
        [
            ("12.5 %", UnitKind.PERCENT, "12.5"), ("12,5%", UnitKind.PERCENT, "12.5"),
            ("1,200", UnitKind.COUNT, "1200"), ("1 200", UnitKind.COUNT, "1200"),
            ("1'200", UnitKind.COUNT, "1200"), ("-3", UnitKind.COUNT, "-3"),
            ("EUR 9,000", UnitKind.MONEY, "9000"), ("€1,234,567.50", UnitKind.MONEY, "1234567.5"),
            ("0.91", UnitKind.SCORE, "0.91"), ("0", UnitKind.COUNT, "0"),
            ("1.2345678", UnitKind.SCORE, "1.234568"),
        ],
    )  # fmt: skip
    def test_reads_numbers_as_people_write_them(self, text, kind, value):
        assert parse(text, kind) == Decimal(value)

    @pytest.mark.parametrize("text", ["", "many", "1.2.3", "12-13", "1e5", "--1", "nan", "5\0"])
    def test_refuses_what_is_not_a_number(self, text):
        with pytest.raises(NotAValue, match="not a number"):
            parse(text, UnitKind.COUNT)

    @pytest.mark.parametrize("kind", UnitKind)
    def test_refuses_what_is_too_large_to_store(self, kind):
        unit = " d" if kind is UnitKind.DURATION else ""
        for number in (f"{LARGEST + 1}", "9" * 20):
            with pytest.raises(NotAValue, match="too large"):
                parse(f"{number}{unit}", kind)

    def test_takes_the_largest_there_is(self):
        assert parse(str(LARGEST), UnitKind.COUNT) == LARGEST

    def test_refuses_a_duration_of_more_digits_than_it_can_count(self):
        with pytest.raises(NotAValue, match="too large"):
            parse("9" * 58 + " d", UnitKind.DURATION)

    def test_quotes_the_beginning_alone(self):
        with pytest.raises(NotAValue) as caught:
            parse("x" * 1_000_000, UnitKind.COUNT)
        assert len(str(caught.value)) < 200


class TestInWords:
    @pytest.mark.parametrize(
        ("value", "words"),
        [
            ("2700", "45 min"), ("14400", "4 h"), ("5400", "1.5 h"), ("59", "59 s"),
            ("86400", "1 d"),
            ("8100", "135 min"), ("81", "81 s"), ("0.125000", "0.125 s"),
            ("0", "0 s"), ("-2700", "-45 min"), ("0.5", "0.5 s"),
        ],
    )  # fmt: skip
    def test_says_a_duration_in_the_largest_unit_that_is_exact(self, value, words):
        assert in_words(Decimal(value), UnitKind.DURATION) == words

    @pytest.mark.parametrize(
        ("value", "kind", "unit", "words"),
        [
            ("12.500000", UnitKind.PERCENT, "", "12.5 %"),
            ("1200.000000", UnitKind.COUNT, "tickets", "1,200 tickets"),
            ("100", UnitKind.COUNT, "", "100"),
            ("9000", UnitKind.MONEY, "", "EUR 9,000"),
            ("0.910000", UnitKind.SCORE, "", "0.91"),
        ],
    )
    def test_says_other_values_without_idle_zeros(self, value, kind, unit, words):
        assert in_words(Decimal(value), kind, unit) == words

    def test_says_a_dash_for_nothing(self):
        assert in_words(None, UnitKind.DURATION) == "–"

    @pytest.mark.parametrize(
        "text", ["45 min", "4 h", "1.5 h", "2 d", "30 s", "8,105 s", "0.125 s", "1,000 d"]
    )
    def test_is_read_back_as_it_was_said(self, text):
        assert in_words(parse(text, UnitKind.DURATION), UnitKind.DURATION) == text

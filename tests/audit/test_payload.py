from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from audit.payload import Words, canonical, digests, encoded, number, stamp, with_words


def encode(value: Any) -> Any:
    return encoded(value, keep=lambda text: f"digest of {text}")


class TestEncoded:
    @pytest.mark.parametrize(
        ("value", "written"),
        [
            (None, None),
            (True, True),
            (7, 7),
            ("policy-3", "policy-3"),
            (Decimal("1500.00"), "1500"),
            (date(2026, 3, 1), "2026-03-01"),
            (datetime(2026, 3, 1, 12, tzinfo=UTC), "2026-03-01T12:00:00.000000Z"),
            (["a", 1, Decimal("0.50")], ["a", 1, "0.5"]),
            ({"old": None, "new": (1, 2)}, {"old": None, "new": [1, 2]}),
            ([Words("Ada")], [{"text": "digest of Ada"}]),
        ],
    )
    def test_writes(self, value, written):
        assert encode(value) == written

    @pytest.mark.parametrize("value", [1.5, {1, 2}, object(), b"bytes", [{"deep": 0.1}]])
    def test_refuses_what_has_no_exact_text(self, value):
        with pytest.raises(TypeError):
            encode(value)

    def test_refuses_a_mapping_that_looks_like_words(self):
        with pytest.raises(ValueError, match="text"):
            encode({"text": "abc"})

    def test_refuses_keys_that_are_no_strings(self):
        with pytest.raises(TypeError):
            encode({1: "one"})


class TestNumber:
    @pytest.mark.parametrize(
        ("value", "written"),
        [("1E+3", "1000"), ("0.10", "0.1"), ("-0.00", "0"), ("100", "100"), ("-2.50", "-2.5")],
    )
    def test_writes_equal_values_alike(self, value, written):
        assert number(Decimal(value)) == written

    def test_keeps_more_digits_than_the_decimal_context(self):
        assert number(Decimal("1234567890123456789012345678901234.5")).endswith("234.5")

    @pytest.mark.parametrize("value", ["NaN", "Infinity"])
    def test_refuses_what_is_no_number(self, value):
        with pytest.raises(ValueError, match="not a number"):
            number(Decimal(value))


class TestStamp:
    def test_is_utc_wherever_the_moment_comes_from(self):
        moment = datetime(2026, 3, 1, 1, 30, tzinfo=timezone(timedelta(hours=2)))
        assert stamp(moment) == "2026-02-28T23:30:00.000000Z"

    def test_refuses_a_naive_moment(self):
        with pytest.raises(ValueError, match="time zone"):
            stamp(datetime(2026, 3, 1))  # noqa: DTZ001


class TestCanonical:
    def test_is_sorted_dense_and_ascii(self):
        assert canonical({"b": "é", "a": [1]}) == '{"a":[1],"b":"\\u00e9"}'


class TestWords:
    def test_are_found_wherever_they_stand(self):
        assert list(digests({"a": [{"text": "d1"}], "b": {"c": {"text": "d2"}}})) == ["d1", "d2"]

    def test_are_put_back(self):
        value: Any = {"a": [{"text": "d1"}, 5], "b": {"text": "d2"}}
        assert with_words(value, {"d1": "Ada"}) == {"a": ["Ada", 5], "b": "(missing)"}

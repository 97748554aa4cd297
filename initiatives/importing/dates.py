"""Dates as they come in spreadsheets, read without guessing.

A slash date is month/day/year unless its column shows otherwise. A month, a quarter or a bare year
is its first day: `Jul-25` is 1 July 2025, `2025` is 1 January 2025. What says no year, or a fiscal
year, is not a date.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from initiatives.importing.folding import fold, is_blank_with_remark

EARLIEST_YEAR = 1950
YEARS_AHEAD = 10
_EPOCH = date(1899, 12, 30)
"""Day 0 of the day count of Excel and its relatives."""

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january januar janner janvier",
            "feb february februar fevrier fev fevr",
            "mar march marz mrz maerz mars",
            "apr april avril avr",
            "may mai",
            "jun june juni juin",
            "jul july juli juillet juil",
            "aug august aout",
            "sep sept september septembre",
            "oct october okt oktober octobre",
            "nov november novembre",
            "dec december dez dezember decembre",
        ),
        start=1,
    )
    for name in names.split()
}

_LONGEST = 100
_NO_YEAR_0 = "there is no year 0; write the real date or leave the cell empty"
_NO_DATE = "not a date; write it like 2024-10-31, 10/2024 or 2024"
_TIME = re.compile(
    r"[T\s,]+\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?\s*(?:[ap]\.?m\.?)?\s*(?:z|utc|gmt|[+-]\d\d:?\d\d)?$",
    re.I,
)
_WEEKDAY = re.compile(
    r"^(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?,?\s+", re.I
)
_SLASHED = re.compile(r"(\d{1,2})([/-])(\d{1,2})\2(\d{4}|\d{2})")
_WORD_MONTH = r"([^\W\d_]{3,10})\.?"


class NotADate(ValueError):
    """The text cannot be read as a day; the message says why and what to write instead."""


@dataclass(frozen=True)
class Order:
    """How the slash dates of a column are written."""

    day_first: bool = False
    mixed: bool = False

    @property
    def words(self) -> str:
        """Say the order the way people write it."""
        return "day/month/year" if self.day_first else "month/day/year"


def order_of(texts: Iterable[str]) -> Order:
    """Find the order that a column's own values prove; month first where they prove nothing."""
    found = [
        match
        for text in texts
        if len(text) <= _LONGEST and (match := _SLASHED.fullmatch(_without_time(text)))
    ]
    day_first = sum(int(match[1]) > 12 for match in found)
    month_first = sum(int(match[3]) > 12 for match in found)
    return Order(day_first > month_first, bool(day_first and month_first))


def read_date(text: str, order: Order, today: date) -> date | None:
    """Read a day, None for a blank, or raise NotADate."""
    if is_blank_with_remark(text):
        return None
    if len(text) > _LONGEST:
        raise NotADate(_NO_DATE)
    bare = _without_time(text)
    for pattern, build in _FORMS:
        if match := pattern.fullmatch(bare):
            return _plausible(bare, build(match, order, today), today)
    raise NotADate(_why_not(bare))


def _without_time(text: str) -> str:
    return _WEEKDAY.sub("", _TIME.sub("", " ".join(text.split())))


def _day(year: int, month: int, day: int) -> date:
    """Make a date; there is no 30 February and no year 0."""
    if year == 0:
        raise NotADate(_NO_YEAR_0)
    try:
        return date(year, month, day)
    except ValueError:
        raise NotADate("there is no such day; write it like 2024-10-31") from None


def _year(text: str, today: date) -> int:
    """Read two digits as the latest year that is not more than ten years ahead."""
    if len(text) == 4:
        return int(text)
    year = 2000 + int(text)
    return year if year <= today.year + YEARS_AHEAD else year - 100


def _month(word: str) -> int:
    if month := _MONTHS.get(fold(word)):
        return month
    raise NotADate(_NO_DATE)


def _slashed(match: re.Match[str], order: Order, today: date) -> date:
    first, second = int(match[1]), int(match[3])
    day, month = (first, second) if order.day_first else (second, first)
    if month > 12 >= day:
        raise NotADate(
            f"the dates of this column are {order.words}; write this one like 2024-10-31"
        )
    return _day(_year(match[4], today), month, day)


def _plausible(text: str, day: date, today: date) -> date:
    if day.year < EARLIEST_YEAR:
        raise NotADate(_too_early(text, day, today))
    if day.year > today.year + YEARS_AHEAD:
        raise NotADate(f"the year {day.year} is more than {YEARS_AHEAD} years ahead")
    return day


def _too_early(text: str, day: date, today: date) -> str:
    """Name the year that a spreadsheet turned into a day of 1905, if that is what happened."""
    count = (day - _EPOCH).days
    if EARLIEST_YEAR <= count <= today.year + YEARS_AHEAD and len(text) > 4:
        return (
            f"before {EARLIEST_YEAR}: a spreadsheet has probably read the bare year {count} as a "
            f"count of days; write {count}, or correct it in the mapping"
        )
    return f"the year {day.year} is before {EARLIEST_YEAR}; write the real date or leave it empty"


def _why_not(text: str) -> str:
    for pattern, reason in _KNOWN_TROUBLE:
        if pattern.search(text):
            return reason(text) if callable(reason) else reason
    return _NO_DATE


def _day_count(text: str) -> str:
    day = _EPOCH + timedelta(days=int(text))
    return f"a spreadsheet's count of days; write {day} if that is meant"


_YEARLESS = (
    "it has no year: this may be a day of a month or a month of a year; write it like 2024-10"
)
_KNOWN_TROUBLE: tuple[tuple[re.Pattern[str], str | Callable[[str], str]], ...] = (
    (re.compile(r"^0+$"), _NO_YEAR_0),
    (
        re.compile(r"\bfy ?\d|\d ?fy ?\d|fiscal", re.I),
        "a fiscal year is not a date; write 2024-10-31",
    ),
    (re.compile(r"^\d{1,2}[-\s/]?[^\W\d_]{3,10}\.?$"), _YEARLESS),
    (re.compile(r"^[^\W\d_]{3,10}\.?\s\d{1,2}$"), _YEARLESS),
    (re.compile(r"^(?:1[89]|[2-6]\d)\d{3}$"), _day_count),
    (
        re.compile(r"^\d{4}\s*[-\u2013]\s*\d{4}$"),
        "a span of years is not a date; write its first day",
    ),
)

_Build = Callable[[re.Match[str], Order, date], date]
_FORMS: tuple[tuple[re.Pattern[str], _Build], ...] = tuple(
    (re.compile(pattern, re.I), build)
    for pattern, build in (
        (r"(\d{4})(?:\.0)?", lambda m, o, t: _day(int(m[1]), 1, 1)),
        (
            r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})",
            lambda m, o, t: _day(int(m[1]), int(m[2]), int(m[3])),
        ),
        (_SLASHED.pattern, _slashed),
        (
            r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4}|\d{2})",
            lambda m, o, t: _day(_year(m[3], t), int(m[2]), int(m[1])),
        ),
        (r"(\d{1,2})[/.-](\d{4})", lambda m, o, t: _day(int(m[2]), int(m[1]), 1)),
        (r"(\d{4})[-/.](\d{1,2})", lambda m, o, t: _day(int(m[1]), int(m[2]), 1)),
        (r"([12]\d{3})([01]\d)([0-3]\d)", lambda m, o, t: _day(int(m[1]), int(m[2]), int(m[3]))),
        (
            rf"{_WORD_MONTH}\s?[-/'\u2019]\s?'?(\d{{2}})",
            lambda m, o, t: _day(_year(m[2], t), _month(m[1]), 1),
        ),
        (rf"{_WORD_MONTH},?[\s/-]+(\d{{4}})", lambda m, o, t: _day(int(m[2]), _month(m[1]), 1)),
        (rf"(\d{{4}})[\s/-]+{_WORD_MONTH}", lambda m, o, t: _day(int(m[1]), _month(m[2]), 1)),
        (
            rf"(\d{{1,2}})(?:st|nd|rd|th|er|\.)?[\s/-]+(?:of )?"
            rf"{_WORD_MONTH},?[\s/-]+(\d{{4}}|\d{{2}})",
            lambda m, o, t: _day(_year(m[3], t), _month(m[2]), int(m[1])),
        ),
        (
            rf"{_WORD_MONTH}[\s-]+(\d{{1,2}})(?:st|nd|rd|th)?,?[\s-]+(\d{{4}})",
            lambda m, o, t: _day(int(m[3]), _month(m[1]), int(m[2])),
        ),
        (r"Q([1-4])[\s/-]*(\d{4})", lambda m, o, t: _day(int(m[2]), int(m[1]) * 3 - 2, 1)),
        (r"([1-4])Q[\s/-]*(\d{4})", lambda m, o, t: _day(int(m[2]), int(m[1]) * 3 - 2, 1)),
        (r"(\d{4})[\s/-]*Q([1-4])", lambda m, o, t: _day(int(m[1]), int(m[2]) * 3 - 2, 1)),
    )
)
"""The forms in which a date is understood, first match wins."""

"""Values and their units: how they are stored, how people write them and how they are said."""

import re
from decimal import Decimal, InvalidOperation

from django.conf import settings
from django.db import models


class UnitKind(models.TextChoices):
    DURATION = "duration", "Duration"
    PERCENT = "percent", "Percent"
    COUNT = "count", "Count"
    MONEY = "money", "Money"
    SCORE = "score", "Score"


class Direction(models.TextChoices):
    """Which way is better."""

    LOWER = "lower", "Lower is better"
    HIGHER = "higher", "Higher is better"


SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86400}
_SPELLINGS = {
    "s": "s", "sec": "s", "secs": "s", "second": "s", "seconds": "s",
    "m": "min", "min": "min", "mins": "min", "minute": "min", "minutes": "min",
    "h": "h", "hr": "h", "hrs": "h", "hour": "h", "hours": "h",
    "d": "d", "day": "d", "days": "d",
}  # fmt: skip
_ONE_OF = {"people": "person", "men": "man", "women": "woman", "children": "child",
           "series": "series", "news": "news", "species": "species"}  # fmt: skip
_SIGNS = {"EUR": "€", "USD": "$", "GBP": "£"}
_PART = re.compile(r"(\d+(?:[.,]\d+)?)\s*([a-z]+)")
LARGEST = Decimal(10) ** 13


class NotAValue(ValueError):
    """What was typed is not a value of that kind; the message says how to write one."""


def plain(value: Decimal) -> str:
    """A number without trailing zeros, thousands separated."""
    text = f"{value:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def in_words(value: Decimal | None, kind: UnitKind, unit: str = "") -> str:
    """Say a stored value as people do: `45 min`, `4 h`, `12.5 %`, `1,200 tickets`, `EUR 9,000`."""
    if value is None:
        return "–"
    if kind is UnitKind.DURATION:
        return _duration(value)
    if kind is UnitKind.PERCENT:
        return f"{plain(value)} %"
    if kind is UnitKind.MONEY:
        return f"{settings.CURRENCY} {plain(value)}"
    return f"{plain(value)} {singular(unit) if abs(value) == 1 else unit}".strip()


def money(amount: int) -> str:
    """A sum in the organisation's currency: `EUR 9,000`."""
    return in_words(Decimal(amount), UnitKind.MONEY)


def singular(unit: str) -> str:
    """What one of them is called: `ticket a day` of `tickets a day`, `person` of `people`.

    As written where the first word is no plural that can be told: `kg`, `staff`, `series`.
    """
    first, blank, rest = unit.partition(" ")
    return f"{_singular(first)}{blank}{rest}"


def _singular(word: str) -> str:
    if word.lower() in _ONE_OF:
        return _ONE_OF[word.lower()]
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    if re.search(r"(ch|sh|ss|x|zz)es$", word):
        return word[:-2]
    is_plural = word.endswith("s") and len(word) > 3 and not word.endswith(("ss", "us", "is"))
    return word[:-1] if is_plural else word


def _duration(seconds: Decimal) -> str:
    """In the largest unit that says it exactly with one decimal: `45 min`, `3.6 h`, `81 s`."""
    for symbol, size in reversed(SECONDS.items()):
        amount = round(seconds / size, 1)
        if abs(seconds) >= size and amount * size == seconds:
            return f"{plain(amount)} {symbol}"
    return f"{plain(seconds)} s"  # exact, because forms show it and read it back


def scale(kind: UnitKind, unit: str, largest: Decimal) -> tuple[int, str]:
    """What to divide stored values by to draw them, and the unit they are then in."""
    if kind is not UnitKind.DURATION:
        return 1, {UnitKind.PERCENT: "%", UnitKind.MONEY: settings.CURRENCY}.get(kind, unit)
    fitting = [(size, symbol) for symbol, size in SECONDS.items() if largest >= 2 * size]
    return fitting[-1] if fitting else (1, "s")


def ungrouped(text: str, separators: str = ", '") -> str:
    """Join groups of three digits: `1,200` but not `0,125`, `12,34,567` or `12 5`."""
    group = rf"(?<![\d.,'])(?<!\d )[1-9]\d{{0,2}}([{separators}])\d{{3}}(?:\1\d{{3}})*(?!\d|\1\d)"
    return re.sub(group, lambda found: found[0].replace(found[1], ""), text)


def parse(text: str, kind: UnitKind) -> Decimal:
    """Read a value as people write it; durations with their unit, as in `4 h`, `1 h 30 min`.

    A comma groups thousands and a dot begins decimals, as `in_words` says them: `1,200` is twelve
    hundred, `1.200` one and a fifth. Where it cannot group, a comma is a decimal one: `0,125`.
    """
    cleaned = ungrouped(" ".join(text.lower().split()))
    if kind is UnitKind.DURATION:
        return _bounded(_parse_duration(cleaned), text)
    if kind is UnitKind.PERCENT:
        cleaned = cleaned.removesuffix("%").rstrip()
    number = _without_currency(cleaned, kind).replace(",", ".")
    match = re.fullmatch(r"[+-]?\d{1,20}(\.\d+)?", number)
    if not match:
        raise NotAValue(f"{text[:40]!r} is not a number. Write it like 1200 or 12.5.")
    return _bounded(Decimal(match.group()), text)


def _without_currency(text: str, kind: UnitKind) -> str:
    """Let people write `EUR 9,000` or `9,000 €`, and no other word."""
    if kind is UnitKind.MONEY:
        for sign in (settings.CURRENCY.lower(), _SIGNS.get(settings.CURRENCY, "")):
            text = text.removeprefix(sign).removesuffix(sign).strip()
    return text


def _parse_duration(text: str) -> Decimal:
    parts = _PART.findall(text)
    rest = _PART.sub("", text).strip(" ,")
    if not parts or rest or any(word not in _SPELLINGS for _, word in parts):
        raise NotAValue(
            f"{text[:40]!r} is not a duration. Write it like 45 min, 4 h or 1 h 30 min."
        )
    return sum(
        (Decimal(number.replace(",", ".")) * SECONDS[_SPELLINGS[word]] for number, word in parts),
        Decimal(0),
    )


def _bounded(value: Decimal, text: str) -> Decimal:
    try:
        rounded = value.quantize(Decimal("0.000001"))
    except InvalidOperation as error:
        raise NotAValue(f"{text[:40]!r} is too large.") from error
    if abs(rounded) > LARGEST:
        raise NotAValue(f"{text[:40]!r} is too large.")
    return rounded

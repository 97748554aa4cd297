"""Stored values as people read them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from initiatives.units import UnitKind, in_words

ISO_DAY = len("2026-05-03")


def stored(value: Any, kind: str = "text") -> str:
    """Days as 3 May 2026, money with its currency, everything else as it was written."""
    if kind == "money" and isinstance(value, int):
        return in_words(Decimal(value), UnitKind.MONEY)
    text = str(value)
    try:
        return f"{date.fromisoformat(text):%-d %b %Y}" if len(text) == ISO_DAY else text
    except ValueError:
        return text

"""The words that rules and mails share: who acts, a day, an initiative."""

from __future__ import annotations

from datetime import date

from initiatives.models import Initiative

DECIDERS = "the sponsor or a portfolio lead"
LEADS = "a portfolio lead"


def called(initiative: Initiative) -> str:
    """An initiative in the subject of a mail: what people call it comes first."""
    return f"{initiative.name} ({initiative.reference})"


def in_times(count: int) -> str:
    """`once`, `twice`, `4 times`."""
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def in_words(day: date) -> str:
    """A day as people write it: `3 Nov 2026`."""
    return f"{day:%-d %b %Y}"

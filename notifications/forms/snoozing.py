"""Form of what can wait."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from crispy_forms.bootstrap import InlineRadios
from django import forms

from initiatives.fields import Day, Text
from initiatives.forms.base import ActionForm
from notifications.actions.snoozing import LONGEST
from notifications.rules.words import in_words

DAY, WEEK = timedelta(days=1), timedelta(days=7)
OTHER = "other"


class SnoozeForm(ActionForm):
    """A day, picked among the next ones or written, and why."""

    title = "Can it wait?"
    why = (
        "Nobody is reminded of it until then. It stays where it is shown, with your name and your "
        "reason, and nothing that is due moves."
    )
    button = "Snooze"

    pick = forms.ChoiceField(
        required=False, label="Until the end of which day?", widget=forms.RadioSelect
    )
    until = Day(
        required=False,
        label="Another day",
        help_text=f"{LONGEST.days} days at most. It ends sooner when it becomes critical.",
    )
    reason = Text(
        rows=2,
        max_length=1000,
        label="Why can it wait?",
        help_text="Everybody who sees it reads this. For example: the new owner starts on Monday.",
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.days = {day.isoformat(): day for day in _offered(today)}
        pick: Any = self.fields["pick"]
        offered = [(key, _called(day, today)) for key, day in self.days.items()]
        pick.choices = [*offered, (OTHER, "Another day")]
        limits = {"min": today + DAY, "max": today + LONGEST}
        self.fields["until"].widget.attrs |= {k: day.isoformat() for k, day in limits.items()}

    def layout(self) -> tuple[Any, ...]:
        return (InlineRadios("pick"), "until", "reason")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        picked, written = self.days.get(cleaned.pop("pick", "")), cleaned.get("until")
        if picked and written and picked != written:
            said = f"You picked {in_words(picked)} above."
            self.add_error("until", f"{said} Pick “Another day” there, or leave this empty.")
        elif not picked and not written and "until" not in self.errors:
            self.add_error("until", "Choose a day.")
        return cleaned | {"until": written or picked}


def _offered(today: date) -> list[date]:
    """The next Monday, in a week, in two weeks; each day once."""
    monday = today + timedelta(days=7 - today.weekday())
    return sorted({monday, today + WEEK, today + LONGEST})


def _called(day: date, today: date) -> str:
    """`Monday, 30 Nov 2026`, `In a week, 4 Dec 2026`."""
    ahead = {WEEK: "In a week", LONGEST: "In two weeks"}
    return f"{ahead.get(day - today, f'{day:%A}')}, {in_words(day)}"

"""Form fields that read what people write: amounts, values with units, days, moments."""

import re
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from accounts.models import Person
from initiatives.rules import EARLIEST
from initiatives.units import NotAValue, UnitKind, parse, ungrouped

LONGEST_TEXT = 20_000
MOST_MONEY = 10**12
LATEST_YEARS = 50


class Text(forms.CharField):
    """Some sentences."""

    def __init__(self, *, rows: int = 3, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", LONGEST_TEXT)
        kwargs.setdefault("widget", forms.Textarea(attrs={"rows": rows}))
        super().__init__(**kwargs)


class Money(forms.CharField):
    """An amount in whole units of the organisation's currency: `25000`, `25,000`, `EUR 25 000`."""

    def __init__(self, *, minimum: int | None = None, **kwargs: Any) -> None:
        self.minimum = minimum
        kwargs.setdefault("max_length", 40)
        kwargs.setdefault("widget", forms.TextInput(attrs={"inputmode": "numeric"}))
        super().__init__(**kwargs)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        try:
            # Whole units have no fraction: a dot before three digits groups, as in 25.000.
            whole = ungrouped(text, separators="., '")
            amount = parse(whole, UnitKind.MONEY)
        except NotAValue as error:
            raise ValidationError(str(error)) from error
        if amount != amount.to_integral_value() or re.search(r"[.,]\d{3}", whole):
            raise ValidationError("Write whole units, like 25,000.")
        if abs(amount) > MOST_MONEY:
            raise ValidationError("That is more money than there is. Write whole units.")
        if self.minimum is not None and amount < self.minimum:
            raise ValidationError(f"This cannot be less than {self.minimum:,}.")
        return int(amount)


class Value(forms.CharField):
    """A metric's value as people write it; `read` turns it into what is stored."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 60)
        kwargs.setdefault("help_text", "A comma for thousands, a dot for decimals: 1,200 or 0.5.")
        super().__init__(**kwargs)

    @staticmethod
    def read(text: str, kind: str) -> Decimal | None:
        """Return the stored value, or None for an empty text; raises ValidationError."""
        if not text.strip():
            return None
        try:
            return parse(text, UnitKind(kind))
        except NotAValue as error:
            raise ValidationError(str(error)) from error


class Day(forms.DateField):
    """A calendar day of this age: year 0 or 1905 is a slip, and so is one fifty years ahead."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
        kwargs.setdefault(
            "error_messages",
            {
                "required": "Choose a day.",
                "invalid": "Write a date like 2026-12-03, 3.12.2026 or 3 Dec 2026.",
            },
        )
        super().__init__(**kwargs)

    def clean(self, value: Any) -> date | None:
        day: date | None = super().clean(value)
        if day is not None and not EARLIEST <= day <= _latest():
            raise ValidationError(f"The year {day.year} cannot be right. Check the date.")
        return day


def _latest() -> date:
    from django.utils import timezone

    today = timezone.localdate()
    return date(today.year + LATEST_YEARS, 12, 31)


class QuickSelect(forms.Select):
    """A select drawn in one go: Django's asks the template engine twice for each of its options,
    which for the units took as long as the rows of the list, and for 2,000 people a third of a
    second."""

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None
    ) -> SafeString:
        chosen = "" if value is None else str(value)
        options = format_html_join(
            "",
            '<option value="{}"{}>{}</option>',
            (
                (key, mark_safe(" selected") if str(key) == chosen else "", label)
                for key, label in self.choices
            ),
        )
        given = self.build_attrs(self.attrs, {**(attrs or {}), "name": name})
        return format_html("<select{}>{}</select>", flatatt(given), options)


class PersonChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    """Somebody active here."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("queryset", Person.objects.filter(is_active=True))
        kwargs.setdefault("widget", QuickSelect)
        kwargs.setdefault("empty_label", "Choose a person …")
        kwargs.setdefault(
            "error_messages",
            {
                "required": "Choose a person.",
                "invalid_choice": "This person is not active here. Choose somebody who is.",
            },
        )
        super().__init__(**kwargs)

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name}, {obj.title}" if obj.title else str(obj.name)


class YesNo(forms.TypedChoiceField):
    """Yes, no, or not answered yet."""

    CHOICES = (("", "Not answered"), ("yes", "Yes"), ("no", "No"))

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            choices=self.CHOICES,
            coerce=lambda text: text == "yes",
            empty_value=None,
            required=kwargs.pop("required", False),
            **kwargs,
        )

    def prepare_value(self, value: Any) -> Any:
        return {True: "yes", False: "no", None: ""}.get(value, value)

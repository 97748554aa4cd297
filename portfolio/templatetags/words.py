"""Filters that say dates, sums and counts the way people here do.

What is said of a day or a sum is memoised: a list of a hundred rows asks for the same few.
"""

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from django import template
from django.conf import settings
from django.utils import timezone
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

NOTHING = "–"
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
# After this long, how many days ago it was says less than the date.
LONG_AGO = timedelta(days=30)
# A reference, an amount, a share, a day: none is torn apart at the end of a line.
TOGETHER = re.compile(
    r"\(?\bAI-\d+\b\)?|\b[A-Z]{3} [\d,]+\d\b|\b\d[\d.,]* %|\b\d{1,2} [A-Z][a-z]{2} \d{4}\b"
)


def local_day(value: date) -> date:
    """The calendar day of a date or moment, in the organisation's time zone."""
    if not isinstance(value, datetime):
        return value
    return timezone.localtime(value).date() if timezone.is_aware(value) else value.date()


@lru_cache(maxsize=4096)
def _day(value: date) -> str:
    return f"{value.day} {MONTHS[value.month - 1]} {value.year}"


@register.filter
def day(value: date | None) -> str:
    """`3 Dec 2026`, of a date or a moment."""
    return _day(local_day(value)) if value else NOTHING


@register.filter
def moment(value: datetime | None) -> str:
    """`3 Dec 2026, 14:05`, in the organisation's time zone."""
    if not value:
        return NOTHING
    return f"{day(value)}, {timezone.localtime(value):%H:%M}"


@register.filter
def utc_moment(value: datetime) -> str:
    """`2026-12-03 13:05:09 UTC`, for records that others compare."""
    return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


@register.filter
def days_away(value: date | None) -> str:
    """`today`, `in 12 days`, `23 days ago`, counted from the organisation's today."""
    if not value:
        return NOTHING
    days = (local_day(value) - timezone.localdate()).days
    near = {0: "today", 1: "tomorrow", -1: "yesterday"}.get(days)
    return near or (f"in {days:,} days" if days > 0 else f"{-days:,} days ago")


@register.filter
def ago(value: datetime | None) -> str:
    """`just now`, `5 minutes ago`, `3 hours ago`, `yesterday`, `3 days ago`, then the date."""
    if not value:
        return NOTHING
    passed = timezone.now() - value
    if passed < -MINUTE or passed > LONG_AGO:
        return day(value)
    if passed < MINUTE:
        return "just now"
    if passed < HOUR:
        return f"{plural_word(passed // MINUTE, 'minute,minutes')} ago"
    if local_day(value) == timezone.localdate():
        return f"{plural_word(passed // HOUR, 'hour,hours')} ago"
    return days_away(value)


@lru_cache(maxsize=4096)
def _money(value: int) -> str:
    sign = "-" if value < 0 else ""
    return f"{sign}{settings.CURRENCY}\u00a0{abs(value):,}"


@register.filter
def money(value: int | None) -> str:
    """`EUR 412,000`: whole units of the organisation's one currency, kept on one line."""
    return NOTHING if value is None else _money(int(value))


@register.filter
def money_short(value: int | None) -> str:
    """`412k`, `1.2m`: for a figure or a cell whose heading names the currency."""
    if value is None:
        return NOTHING
    for size, letter in ((1_000_000_000, "bn"), (1_000_000, "m"), (1_000, "k")):
        # From where it would be rounded up to 1, so that 999,999 is 1m and not 1000k.
        if abs(value) >= size * 0.9995:
            scaled = value / size
            return (
                f"{scaled:.0f}{letter}"
                if abs(scaled) >= 99.95
                else f"{scaled:.1f}".removesuffix(".0") + letter
            )
    return f"{value:,}"


@register.filter
def number(value: int | None) -> str:
    """`2,133`."""
    return NOTHING if value is None else f"{value:,}"


@register.filter
def plural_word(count: int | None, words: str) -> str:
    """`1 day`, `12 days`, from `{{ days|plural_word:"day,days" }}`."""
    one, many = words.split(",")
    count = count or 0
    return f"{count:,} {one if abs(count) == 1 else many}"


@register.filter
def without_sign(value: int) -> int:
    """How many days late something is, from how many days are left."""
    return abs(value)


@register.filter
def initials(name: str) -> str:
    """`MK`: first letters of the first and the last word of a name."""
    words = name.split()
    return "".join(word[0] for word in words[:1] + words[1:][-1:]).upper() or "?"


@register.filter
def unbroken(text: str) -> SafeString:
    """Text in which a reference, `(AI-0019)`, an amount, `EUR 7,000`, a share and a day stay on one
    line each; hyphen and spaces stay what they are, so that it can be copied and searched for."""
    return _set_apart(text, 'class="gh-nowrap"')


@register.filter
def unbroken_in_mail(text: str) -> SafeString:
    """The same by a style of its own: mail programs know no others for certain."""
    return _set_apart(text, 'style="white-space:nowrap"')


def _set_apart(text: str, how: str) -> SafeString:
    escaped = conditional_escape(text)
    return mark_safe(TOGETHER.sub(rf"<span {how}>\g<0></span>", escaped))  # noqa: S308, escaped

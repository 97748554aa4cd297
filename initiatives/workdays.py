"""Days on which people work; Saturdays and Sundays are not worked."""

from datetime import date, timedelta


def add_working_days(day: date, count: int) -> date:
    """The date `count` working days after `day`."""
    while count:
        day += timedelta(days=1)
        count -= day.weekday() < 5
    return day

"""Days on which people work; Saturdays and Sundays are not worked."""

from datetime import date, timedelta

SATURDAY = 5  # as `weekday` counts


def add_working_days(day: date, count: int) -> date:
    """The date `count` working days after `day`."""
    while count:
        day += timedelta(days=1)
        count -= works_on(day)
    return day


def works_on(day: date) -> bool:
    """Whether people work on this day."""
    return day.weekday() < SATURDAY


def first_working_day(day: date) -> date:
    """This day, or the first after it on which people work."""
    return day if works_on(day) else add_working_days(day, 1)


def last_working_day(day: date) -> date:
    """This day, or the last before it on which people work."""
    while not works_on(day):
        day -= timedelta(days=1)
    return day

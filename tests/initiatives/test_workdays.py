from datetime import date

from initiatives.workdays import (
    add_working_days,
    first_working_day,
    last_working_day,
    works_on,
)

FRIDAY, SATURDAY, SUNDAY, MONDAY = (date(2026, 3, day) for day in (6, 7, 8, 9))


class TestWorkdays:
    def test_leave_out_weekends(self):
        assert [works_on(day) for day in (FRIDAY, SATURDAY, SUNDAY, MONDAY)] == [1, 0, 0, 1]

    def test_are_counted_from_a_day_that_may_be_none(self):
        assert add_working_days(FRIDAY, 1) == MONDAY
        assert add_working_days(SATURDAY, 1) == MONDAY
        assert add_working_days(SUNDAY, 5) == date(2026, 3, 13)
        assert add_working_days(SUNDAY, 0) == SUNDAY

    def test_are_found_after_a_day_and_before_it(self):
        assert [first_working_day(day) for day in (FRIDAY, SATURDAY, SUNDAY)] == [
            FRIDAY, MONDAY, MONDAY,
        ]  # fmt: skip
        assert [last_working_day(day) for day in (SATURDAY, SUNDAY, MONDAY)] == [
            FRIDAY, FRIDAY, MONDAY,
        ]  # fmt: skip

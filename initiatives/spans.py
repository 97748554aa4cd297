"""How many whole days lie between two moments or two days, counted by the database."""

from collections.abc import Mapping
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Expression, F, Func, IntegerField
from django.db.models.sql.compiler import SQLCompiler


class Days(Func):
    """Days from one calendar day to another."""

    template = "(%(expressions)s)"
    arg_joiner = " - "
    output_field = IntegerField()

    def __init__(self, start: Expression | F, end: Expression | F) -> None:
        super().__init__(end, start)

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: Any
    ) -> tuple[str, tuple[str | int, ...]]:
        parts = [compiler.compile(part) for part in self.get_source_expressions()]
        days = " - ".join(f"julianday({sql})" for sql, _ in parts)
        params = tuple(param for _, given in parts for param in given)
        # A second more, since days in floating point fall short of whole ones.
        return f"CAST({days} + 1.0 / 86400 AS INTEGER)", params


class WholeDays(Days):
    """Whole days from one moment to another, whatever is left of a day dropped."""

    template = "EXTRACT(DAY FROM (%(expressions)s))::integer"


def median(counted: Mapping[int, int]) -> int | None:
    """The median of whole days, rounded down, from how many lasted so many days."""
    total = sum(counted.values())
    if not total:
        return None
    return (_nth(counted, (total - 1) // 2) + _nth(counted, total // 2)) // 2


def _nth(counted: Mapping[int, int], place: int) -> int:
    for days in sorted(counted):
        place -= counted[days]
        if place < 0:
            return days
    raise IndexError(place)

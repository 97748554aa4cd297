"""Rows of a query as CSV, in constant memory; its cells are ready when they leave the database."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import DecimalField, Func, QuerySet, TextField
from django.db.models.sql.compiler import SQLCompiler

from audit.payload import number

BLOCK = 64 * 1024  # bytes that are sent at a time
ROWS = 500  # that are read at a time where there is no COPY
BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"  # by which Excel knows that it is UTF-8
# A spreadsheet takes a text that begins with one of these for a formula, or for its beginning.
BEGINS_A_FORMULA = ", ".join(str(ord(sign)) for sign in "=+-@\t\n\r＝＋－＠")


class Text(Func):
    """A text that no spreadsheet runs: one that would be a formula gets an apostrophe before it.

    For columns: the expression is written three times, so it may have no parameters.
    """

    template = (
        f"CASE WHEN %(function)s(%(expressions)s) IN ({BEGINS_A_FORMULA}) "
        "THEN '''' || %(expressions)s ELSE NULLIF(%(expressions)s, '') END"
    )
    function = "ASCII"
    arity = 1
    output_field = TextField()

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> Any:
        return self.as_sql(compiler, connection, function="UNICODE", **context)


class Number(Func):
    """A decimal without the zeros at its end."""

    function = "TRIM_SCALE"
    arity = 1
    output_field = DecimalField(max_digits=20, decimal_places=6)

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> Any:
        return self.as_sql(compiler, connection, function="", **context)  # `_plain` drops them


def as_csv(headings: Sequence[str], rows: QuerySet[Any, Any]) -> Iterator[bytes]:
    """The headings, then a line for each row, in blocks of some size.

    PostgreSQL writes the lines itself. An error on the way ends the answer without its end, which
    a browser reports as a failed download.
    """
    heading = BYTE_ORDER_MARK + _written([headings])
    lines = _copied(rows) if connection.vendor == "postgresql" else _read(rows)
    yield from _in_blocks(heading.encode(), lines)


def _copied(rows: QuerySet[Any, Any]) -> Iterator[bytes]:
    # A query that can find nothing is asked all the same: it answers with no lines.
    sql, params = rows.query.get_compiler(connection=connection, elide_empty=False).as_sql()
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY ({sql}) TO STDOUT (FORMAT csv)", params) as copy,
    ):
        yield from copy


def _read(rows: QuerySet[Any, Any]) -> Iterator[bytes]:
    for row in rows.iterator(ROWS):
        yield _written([row]).encode()


def _written(rows: Iterable[Iterable[Any]]) -> str:
    output = io.StringIO()
    sheet = csv.writer(output, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    sheet.writerows(map(_plain, row) for row in rows)
    return output.getvalue()


def _plain(value: Any) -> Any:
    return number(value) if isinstance(value, Decimal) else value


def _in_blocks(first: bytes, lines: Iterable[bytes]) -> Iterator[bytes]:
    held, size = [first], len(first)
    for line in lines:
        held.append(line)
        size += len(line)
        if size >= BLOCK:
            yield b"".join(held)
            held, size = [], 0
    yield b"".join(held)

"""What takes long to make and is wanted by many tests that commit: made once, then copied back."""

from __future__ import annotations

from collections.abc import Callable

from django.apps import apps
from django.core.management.color import no_style
from django.db import connection, transaction

Tables = dict[str, bytes]


class Kept:
    """The whole database as it is after `make`, on PostgreSQL; the next time it is copied back."""

    def __init__(self, make: Callable[[], object]) -> None:
        self._make = make
        self._tables: Tables = {}

    def load(self) -> None:
        if self._tables:
            _restore(self._tables)
        else:
            self._make()
            self._tables = _copied()


def _copied() -> Tables:
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.django_table_names(only_existing=True):
            with cursor.copy(f'COPY "{table}" TO STDOUT') as copy:
                found[table] = b"".join(bytes(part) for part in copy)
    return found


@transaction.atomic
def _restore(tables: Tables) -> None:
    """Past all triggers: foreign keys hold among the tables as they were, and so does the log."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for table, rows in tables.items():
            cursor.execute(f'DELETE FROM "{table}"')
            with cursor.copy(f'COPY "{table}" FROM STDIN') as copy:
                copy.write(rows)
        for statement in connection.ops.sequence_reset_sql(no_style(), apps.get_models()):
            cursor.execute(statement)

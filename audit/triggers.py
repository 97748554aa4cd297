"""The database itself refuses to change an event (reliability.md, Audit log)."""

from __future__ import annotations

from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

TABLE = "audit_event"
REFUSAL = "audit_event is append-only"

POSTGRESQL_BODY = f"""
BEGIN
    RAISE EXCEPTION '{REFUSAL}: % refused', TG_OP USING ERRCODE = 'restrict_violation';
END
"""
POSTGRESQL_FUNCTION = f"""
CREATE OR REPLACE FUNCTION audit_event_refuse() RETURNS trigger
LANGUAGE plpgsql AS $body${POSTGRESQL_BODY}$body$
"""
# name → (what it stands before, pg_trigger.tgtype)
POSTGRESQL = {
    "audit_event_no_change": ("UPDATE OR DELETE ON audit_event FOR EACH ROW", 27),
    "audit_event_no_truncate": ("TRUNCATE ON audit_event FOR EACH STATEMENT", 34),
}
# INSERT OR REPLACE deletes without firing a DELETE trigger, by seq or by the hidden rowid.
SQLITE = {
    "audit_event_no_update": f"""CREATE TRIGGER audit_event_no_update
BEFORE UPDATE ON audit_event
BEGIN SELECT RAISE(ABORT, '{REFUSAL}: UPDATE refused'); END""",
    "audit_event_no_delete": f"""CREATE TRIGGER audit_event_no_delete
BEFORE DELETE ON audit_event
BEGIN SELECT RAISE(ABORT, '{REFUSAL}: DELETE refused'); END""",
    "audit_event_no_replace": f"""CREATE TRIGGER audit_event_no_replace
BEFORE INSERT ON audit_event
WHEN EXISTS (SELECT 1 FROM audit_event WHERE seq = NEW.seq OR rowid = NEW.rowid)
BEGIN SELECT RAISE(ABORT, '{REFUSAL}: REPLACE refused'); END""",  # noqa: S608
}


def missing(using: str = DEFAULT_DB_ALIAS) -> list[str]:
    """Return the names of the triggers that are absent, disabled or not as we wrote them."""
    connection = connections[using]
    intact = _intact_postgresql if connection.vendor == "postgresql" else _intact_sqlite
    return sorted(_expected(connection) - intact(connection))


def require(using: str = DEFAULT_DB_ALIAS) -> None:
    """Refuse to go on without them; a server calls this as it starts."""
    if absent := missing(using):
        raise ImproperlyConfigured(
            f"The audit log is not protected: {', '.join(absent)} missing. Run manage.py migrate."
        )


def install(using: str = DEFAULT_DB_ALIAS) -> None:
    """Put right what is missing; does nothing, and takes no lock, when all is in place."""
    connection = connections[using]
    if not is_migrated(using):
        return
    if absent := missing(using):
        create = _create_postgresql if connection.vendor == "postgresql" else _create_sqlite
        create(connection, absent)


def drop(using: str = DEFAULT_DB_ALIAS) -> None:
    """Take the protection away: for the flush between tests, and for experiments."""
    connection = connections[using]
    if not is_migrated(using):
        return
    with connection.cursor() as cursor:
        for name in _expected(connection):
            cursor.execute(_drop(connection, name))


def is_migrated(using: str = DEFAULT_DB_ALIAS) -> bool:
    """Tell whether the table that the triggers stand before exists."""
    connection = connections[using]
    with connection.cursor() as cursor:
        return TABLE in connection.introspection.table_names(cursor)


def _expected(connection: BaseDatabaseWrapper) -> set[str]:
    return set(POSTGRESQL if connection.vendor == "postgresql" else SQLITE)


def _drop(connection: BaseDatabaseWrapper, name: str) -> str:
    table = f" ON {TABLE}" if connection.vendor == "postgresql" else ""
    return f"DROP TRIGGER IF EXISTS {name}{table}"


def _intact_postgresql(connection: BaseDatabaseWrapper) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT tgname, tgtype FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid
            WHERE tgrelid = to_regclass(%s) AND tgenabled = 'A' AND tgqual IS NULL
              AND tgattr::text = '' AND prosrc = %s
            """,
            [TABLE, POSTGRESQL_BODY],
        )
        found = dict(cursor.fetchall())
    return {name for name, (_, kind) in POSTGRESQL.items() if found.get(name) == kind}


def _intact_sqlite(connection: BaseDatabaseWrapper) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s", [TABLE]
        )
        found = dict(cursor.fetchall())
    return {name for name, sql in SQLITE.items() if found.get(name) == sql}


def _create_postgresql(connection: BaseDatabaseWrapper, names: list[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(POSTGRESQL_FUNCTION)
        for name in names:
            before, _ = POSTGRESQL[name]
            cursor.execute(_drop(connection, name))
            cursor.execute(
                f"CREATE TRIGGER {name} BEFORE {before} EXECUTE FUNCTION audit_event_refuse()"
            )
            cursor.execute(f"ALTER TABLE {TABLE} ENABLE ALWAYS TRIGGER {name}")


def _create_sqlite(connection: BaseDatabaseWrapper, names: list[str]) -> None:
    with connection.cursor() as cursor:
        for name in names:
            cursor.execute(_drop(connection, name))
            cursor.execute(SQLITE[name])

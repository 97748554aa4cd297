from __future__ import annotations

from io import StringIO

import pytest
from django.core.checks import Tags, run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.sql import emit_post_migrate_signal
from django.db import IntegrityError, connection, models, transaction
from django.test import TestCase, TransactionTestCase

from audit import triggers
from audit.models import Event
from audit.verification import verify
from tests.audit.entries import make_events

COLUMNS = "seq, payload, prev, hash, mac, key_id, at, kind, subject, initiative_id, actor_id"


def refuses(sql: str) -> bool:
    with (
        pytest.raises(IntegrityError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)
    return True


@pytest.mark.embedded
class TestTriggers(TestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        make_events(3)

    def test_refuse_an_update(self):
        assert refuses("UPDATE audit_event SET kind = 'x' WHERE seq = 2")

    def test_refuse_a_delete(self):
        assert refuses("DELETE FROM audit_event WHERE seq = 2")

    def test_refuse_the_orm_too(self):
        with pytest.raises(IntegrityError), transaction.atomic():
            Event.objects.filter(seq=2).delete()
        with pytest.raises(IntegrityError), transaction.atomic():
            Event.objects.get(seq=2).save()

    def test_refuse_to_empty_the_table(self):
        if connection.vendor == "postgresql":
            assert refuses("TRUNCATE audit_event")
            assert refuses("TRUNCATE audit_event CASCADE")
        assert refuses("DELETE FROM audit_event")

    def test_refuse_to_replace_a_row(self):
        if connection.vendor == "postgresql":
            assert refuses(
                f"INSERT INTO audit_event ({COLUMNS}) SELECT {COLUMNS} FROM audit_event "
                "WHERE seq = 2 ON CONFLICT (seq) DO UPDATE SET kind = 'x'"
            )
            return
        source = "FROM audit_event WHERE seq = 2"
        replace = f"INSERT OR REPLACE INTO audit_event ({COLUMNS}) SELECT {COLUMNS} {source}"
        assert refuses(replace)
        rest = COLUMNS.removeprefix("seq, ")
        assert refuses(
            f"INSERT OR REPLACE INTO audit_event (rowid, {COLUMNS}) "
            f"SELECT rowid, 99, {rest} {source}"
        )
        assert refuses("UPDATE OR REPLACE audit_event SET seq = 3 WHERE seq = 2")

    def test_hold_in_a_replica_session(self):
        if connection.vendor != "postgresql":
            self.skipTest("Only PostgreSQL has session_replication_role.")
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
        assert refuses("DELETE FROM audit_event WHERE seq = 2")


@pytest.mark.embedded
class TestMissing(TestCase):
    def test_finds_nothing_when_all_are_there(self):
        assert triggers.missing() == []
        triggers.require()

    def test_names_those_that_were_dropped(self):
        triggers.drop()
        assert len(triggers.missing()) == (2 if connection.vendor == "postgresql" else 3)
        with pytest.raises(ImproperlyConfigured, match="audit_event_no_"):
            triggers.require()

    def test_names_one_that_was_hollowed_out(self):
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute("ALTER TABLE audit_event DISABLE TRIGGER audit_event_no_change")
                assert triggers.missing() == ["audit_event_no_change"]
            else:
                cursor.execute("DROP TRIGGER audit_event_no_delete")
                cursor.execute(
                    "CREATE TRIGGER audit_event_no_delete BEFORE DELETE ON audit_event "
                    "WHEN 0 BEGIN SELECT 1; END"
                )
                assert triggers.missing() == ["audit_event_no_delete"]

    def test_names_both_when_their_function_was_emptied(self):
        if connection.vendor != "postgresql":
            self.skipTest("SQLite's triggers have no function.")
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE OR REPLACE FUNCTION audit_event_refuse() RETURNS trigger "
                "LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"
            )
        assert triggers.missing() == ["audit_event_no_change", "audit_event_no_truncate"]
        triggers.install()
        assert triggers.missing() == []

    def test_is_reported_by_the_database_check(self):
        triggers.drop()
        found = run_checks(tags=[Tags.database], databases=["default"])
        assert [message.id for message in found] == ["audit.W001"]

    def test_is_put_right_by_installing_twice(self):
        triggers.drop()
        triggers.install()
        triggers.install()
        assert triggers.missing() == []


@pytest.mark.embedded
class TestInstall(TransactionTestCase):
    def test_follows_a_migration_that_loses_triggers(self):
        old = Event._meta.get_field("kind")
        new = models.CharField(max_length=81)
        new.set_attributes_from_name("kind")
        new.model = Event
        for before, after in ((old, new), (new, old)):
            with connection.schema_editor() as editor:
                editor.alter_field(Event, before, after)
            emit_post_migrate_signal(verbosity=0, interactive=False, db="default")
            assert triggers.missing() == []

    def test_comes_and_goes_with_the_table(self):
        call_command("migrate", "audit", "zero", stdout=StringIO())
        assert not triggers.is_migrated()
        call_command("migrate", "audit", stdout=StringIO())
        assert triggers.missing() == []


@pytest.mark.embedded
class TestFlush(TransactionTestCase):
    """Each of the two finds an empty, protected log, whichever comes first."""

    def test_leaves_an_empty_log(self):
        assert not Event.objects.exists()
        make_events(2)
        assert verify().clean

    def test_leaves_a_protected_log(self):
        assert not Event.objects.exists()
        make_events(2)
        assert triggers.missing() == []

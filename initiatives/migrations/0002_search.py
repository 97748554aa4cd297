"""The index that full-text search uses on PostgreSQL; SQLite reads the folded text with LIKE."""

from typing import Any

from django.db import migrations

NAME = "initiative_search"


def create(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            f"CREATE INDEX {NAME} ON initiatives_initiative USING gin "
            "(to_tsvector('simple'::regconfig, COALESCE(search_text, '')))"
        )


def drop(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"DROP INDEX {NAME}")


class Migration(migrations.Migration):
    dependencies = [("initiatives", "0001_registry")]

    operations = [migrations.RunPython(create, drop)]

"""A scratch database on a server, gone when the block ends; and Django set up for it."""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote


def set_up() -> None:
    """Set Django up as an installation on trial: static files without the manifest that wants
    collectstatic first, and mails that go nowhere."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django
    from django.conf import settings

    plain = "django.contrib.staticfiles.storage.StaticFilesStorage"
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": plain}}
    quiet = {"level": "CRITICAL"}  # refusals are wanted here
    settings.LOGGING = {**settings.LOGGING, "loggers": {"django": quiet}}
    django.setup()


@contextlib.contextmanager
def database() -> Iterator[None]:
    """Migrate a database of its own, connect to it, and drop it in the end."""
    from django.db import connection

    name = f"gatehouse_proof_{secrets.token_hex(4)}"
    is_file = connection.vendor == "sqlite"
    connection.settings_dict["TEST"]["NAME"] = (
        str(Path(tempfile.gettempdir()) / f"{name}.sqlite3") if is_file else name
    )
    before = str(connection.settings_dict["NAME"])
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        yield
    finally:
        connection.creation.destroy_test_db(before, verbosity=0)


def address() -> str:
    """The URL of the database that this process is connected to."""
    from django.db import connection

    at = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{at['NAME']}"
    secret = quote(at["PASSWORD"], safe="")
    return f"postgres://{at['USER']}:{secret}@{at['HOST']}:{at['PORT']}/{at['NAME']}"

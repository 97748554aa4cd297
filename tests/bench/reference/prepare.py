"""Fill the reference database, and print the cookie of somebody who is signed in: run as
`python -m tests.bench.reference.prepare`."""

import json
from datetime import UTC, date, datetime, timedelta

import django
from django.conf import settings

ROWS = 20_000


def main() -> None:
    django.setup()
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.auth.models import User
    from django.contrib.sessions.backends.db import SessionStore
    from django.core.management import call_command
    from django.db import connection

    from tests.bench.reference.models import Row

    call_command("migrate", run_syncdb=True, verbosity=0)
    Row.objects.bulk_create(row(number) for number in range(ROWS))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    user = User.objects.create_user("somebody")
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    print(json.dumps({"cookie": f"{settings.SESSION_COOKIE_NAME}={session.session_key}"}))


def row(number: int):
    from tests.bench.reference.models import Row

    return Row(
        name=f"Triage for claims and invoices, number {number}",
        unit=f"customer service {number % 40}",
        stage=Row.Stage.values[number % 3],
        owner=f"Ana Berg {number % 700}",
        cost=number * 7 % 90_000,
        score=number % 100 / 7,
        due_date=date(2026, 1, 1) + timedelta(days=number % 300),
        touched_at=datetime(2026, 1, 1, 9, tzinfo=UTC) + timedelta(hours=number % 5_000),
        is_open=number % 5 != 0,
    )


if __name__ == "__main__":
    main()

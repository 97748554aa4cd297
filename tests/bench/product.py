"""What is measured inside the product, in a process of its own and without a web server:
`python -m tests.bench.product generate|pages|counts|sweep|newly_due|import`, which prints JSON."""

from __future__ import annotations

import csv
import io
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.models import Group, Person  # noqa: E402
from initiatives.models import Initiative, Ownership  # noqa: E402
from initiatives.stages import UNDECIDED, Gate, Stage  # noqa: E402
from notifications.actions import sweeping  # noqa: E402
from reviews.models import Review  # noqa: E402
from reviews.policy import Policy  # noqa: E402
from reviews.queries import current_policy  # noqa: E402
from tests.bench import references  # noqa: E402

NEWLY_DUE = 1_000
IMPORTED = 2_000


@contextmanager
def counted() -> Iterator[list[str]]:
    """Collect the statements that are executed, those of savepoints left out."""
    statements: list[str] = []

    def wrapper(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if "SAVEPOINT" not in sql:
            statements.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(wrapper):
        yield statements


def generate(initiatives: str, seed: str) -> dict[str, Any]:
    output = io.StringIO()
    call_command(
        "generate_portfolio",
        initiatives=int(initiatives),
        seed=int(seed),
        json=True,
        stdout=output,
    )
    _tidy()
    made: dict[str, Any] = json.loads(output.getvalue())
    return made


def _tidy() -> None:
    """Do what autovacuum would have done within minutes: the planner knows of the new rows."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def pages() -> dict[str, Any]:
    """The addresses that are asked for, and the cookie of a portfolio lead who is signed in."""
    lead = Person.objects.filter(memberships__group__key=Group.LEADS).earliest("pk")
    session = SessionStore()
    session[SESSION_KEY] = str(lead.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = lead.get_session_auth_hash()
    session.save()
    busy = (
        Initiative.objects.filter(stage=Stage.PRODUCTION, metrics__measurements__isnull=False)
        .exclude(kill_conditions=None)
        .earliest("pk")
    )
    signed = Review.objects.open().filter(gate=Gate.CHARTER, sign_offs__isnull=False)
    review = signed.filter(slots__group__isnull=False).earliest("pk")
    return {
        "cookie": f"{settings.SESSION_COOKIE_NAME}={session.session_key}",
        "paths": {
            "list": "/initiatives/?size=100",
            "search": "/initiatives/?size=100&q=fraud+invoi",
            "facet": "/initiatives/?size=100&stage=pilot&flag=decision_near",
            "dashboard": "/",
            "initiative": busy.get_absolute_url(),
            "attention": "/attention/",
            "my work": "/my-work/",
            "review": review.get_absolute_url(),
        },
    }


def counts() -> dict[str, int | None]:
    """How many queries each page needs, those for session and person included; None where the
    page fails."""
    found = pages()
    client = Client(raise_request_exception=False, headers={"host": "localhost"})
    client.cookies.load(found["cookie"])
    return {name: _count(client, path) for name, path in found["paths"].items()}


def _count(client: Client, path: str) -> int | None:
    client.get(path)  # what is read once per process is read now
    with counted() as statements:
        response = client.get(path)
    return len(statements) if response.status_code == 200 else None


def sweep() -> dict[str, Any]:
    """The first sweep of a portfolio, which opens every flag, and the next, which changes none."""
    rules: dict[str, int] = {}
    apply = sweeping._apply

    def counting(name: str, policy: Policy, at: datetime) -> sweeping.Counted:
        with counted() as statements:
            result = apply(name, policy, at)
        rules[name] = max(len(statements), rules.get(name, 0))
        return result

    sweeping._apply = counting
    seconds, queries = [], []
    for _ in range(2):
        with counted() as statements:
            swept = sweeping.sweep(at=timezone.now())
        seconds.append(swept.seconds)
        queries.append(len(statements))
    _tidy()
    flags = sum(counted.open for counted in swept.rules.values())
    return {"seconds": seconds, "queries": queries, "rules": rules, "flags": flags}


def newly_due() -> dict[str, Any]:
    """Find and flag a thousand whose date has just passed, and in turn claim a thousand rows."""
    ratios, queries = [], 0
    yesterday = timezone.localdate() - timedelta(days=1)
    ahead = Initiative.objects.counting().filter(
        stage__in=UNDECIDED, decision_date__gt=timezone.localdate()
    )
    chosen = list(ahead.order_by("pk")[:NEWLY_DUE])
    rows = Initiative.objects.filter(pk__in=[row.pk for row in chosen])
    for _ in range(5):
        rows.update(decision_date=yesterday)
        claim = references.claim()
        with counted() as statements:
            began = perf_counter()
            sweeping._apply("decision_overdue", current_policy(), timezone.now())
            ratios.append((perf_counter() - began) / claim)
        queries = max(queries, len(statements))
        Initiative.objects.bulk_update(chosen, ["decision_date"])
        sweeping._apply("decision_overdue", current_policy(), timezone.now())
    return {"ratio": median(ratios), "queries": queries, "due": len(chosen)}


def import_() -> dict[str, Any]:
    """Import a CSV file of 2,000 new rows, three times from different sources."""
    found: dict[str, list[float]] = {"seconds": [], "ratio": [], "queries": []}
    owners = list(Ownership.objects.values_list("person__email", flat=True).distinct()[:300])
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "inventory.csv"
        file.write_text(_inventory(owners))
        for source in ("first", "second", "third"):
            copy_in = references.copy_in()
            output = io.StringIO()
            with counted() as statements:
                began = perf_counter()
                call_command("import_initiatives", file, source=source, json=True, stdout=output)
                seconds = perf_counter() - began
            assert json.loads(output.getvalue())["created"] == IMPORTED, output.getvalue()[:500]
            found["seconds"].append(seconds)
            found["ratio"].append(seconds / copy_in)
            found["queries"].append(len(statements))
    return {key: median(values) for key, values in found.items()}


def _inventory(owners: list[str]) -> str:
    output = io.StringIO()
    sheet = csv.writer(output)
    sheet.writerow(
        ["ID", "Name", "Department", "Stage", "Problem", "Vendor", "Owner email", "Start date"]
    )
    stages = ("Proposal", "Pilot", "In production", "Retired")
    for n in range(IMPORTED):
        sheet.writerow(
            [
                f"UC-{n:05d}",
                f"Sorting of incoming letters {n}",
                f"Department {n % 30}",
                stages[n % len(stages)],
                "Letters are sorted by hand, which takes a person the whole morning.",
                ("", "Contoso", "Fabrikam")[n % 3],
                owners[n % len(owners)],
                f"2025-{n % 12 + 1:02d}-15",
            ]
        )
    return output.getvalue()


COMMANDS: dict[str, Callable[..., Any]] = {
    "generate": generate,
    "pages": pages,
    "counts": counts,
    "sweep": sweep,
    "newly_due": newly_due,
    "import": import_,
}

if __name__ == "__main__":
    print(json.dumps(COMMANDS[sys.argv[1]](*sys.argv[2:])))

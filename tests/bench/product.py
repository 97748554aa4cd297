"""What is measured inside the product, in a process of its own and without a web server:
`python -m tests.bench.product generate|pages|counts|sweep|judge|newly_due|import|mails`, which
prints JSON."""

from __future__ import annotations

import io
import json
import sys
import tempfile
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import cycle
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.models import Person  # noqa: E402
from config import start  # noqa: E402
from initiatives import actions as initiatives  # noqa: E402
from initiatives.models import Initiative, Metric, Ownership  # noqa: E402
from initiatives.stages import UNDECIDED, Stage  # noqa: E402
from notifications.actions import deliver, sweeping  # noqa: E402
from notifications.models import Flag, Reminder, subject_of  # noqa: E402
from notifications.rules import RULES  # noqa: E402
from notifications.rules.words import in_words  # noqa: E402
from reviews import actions as reviews  # noqa: E402
from reviews.models import UnmetCriterion  # noqa: E402
from reviews.queries import current_policy  # noqa: E402
from tests.bench import mails as sink  # noqa: E402
from tests.bench import pages, references, sweeps  # noqa: E402
from tests.bench.inventory import inventory  # noqa: E402
from tests.bench.pages import counted  # noqa: E402

NEWLY_DUE = 1_000
IMPORTED = 2_000
PARTS = 4  # in which mails are sent, ours and those of the reference in turn


def generate(count: str, seed: str) -> dict[str, Any]:
    output = io.StringIO()
    call_command(
        "generate_portfolio",
        initiatives=int(count),
        seed=int(seed),
        json=True,
        stdout=output,
    )
    _tidy()
    made: dict[str, Any] = json.loads(output.getvalue())
    return made | {"mebibytes": _size()}


def _size() -> float:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        return cursor.fetchone()[0] / 2**20


def _tidy() -> None:
    """Do what autovacuum would have done within minutes: the planner knows of the new rows."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def sweep() -> dict[str, Any]:
    """Three sweeps; see `sweeps`."""
    found = sweeps.sweep()
    _tidy()
    return found


def judge() -> dict[str, Any]:
    """The first pass over a portfolio, a tick with nothing new, one after a hundred measurements,
    and the pass of a new day: seconds and queries of each."""
    now = timezone.now()
    seconds, queries = [], []
    for number, act in enumerate((None, None, _measure_a_hundred, None)):
        if act is not None:
            act(now)
        with counted() as statements:
            began = perf_counter()
            reviews.judge(at=now + timedelta(days=number // 3))
            seconds.append(perf_counter() - began)
        queries.append(len(statements))
        if number == 0:
            _tidy()
    spells = UnmetCriterion.objects.open().count()
    return {"seconds": seconds, "queries": queries, "spells": spells}


def _measure_a_hundred(at: datetime) -> None:
    running = Initiative.objects.counting().exclude(stage=Stage.RETIRED)
    metrics = Metric.objects.filter(is_primary=True, initiative__in=running)
    for metric in metrics.order_by("pk")[:100]:
        initiatives.record_measurement(
            metric=metric, value=Decimal(7), measured_at=at, by=None, at=at
        )


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
            sweeping.apply(
                "decision_overdue", Initiative.objects.all(), current_policy(), timezone.now()
            )
            ratios.append((perf_counter() - began) / claim)
        queries = max(queries, len(statements))
        Initiative.objects.bulk_update(chosen, ["decision_date"])
        sweeping.apply(
            "decision_overdue", Initiative.objects.all(), current_policy(), timezone.now()
        )
    return {"ratio": median(ratios), "queries": queries, "due": len(chosen)}


def import_() -> dict[str, Any]:
    """Import a CSV file of 2,000 new rows, three times from different sources."""
    found: dict[str, list[float]] = {"seconds": [], "ratio": [], "queries": []}
    owners = list(Ownership.objects.values_list("person__email", flat=True).distinct()[:300])
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "inventory.csv"
        file.write_text(inventory(IMPORTED, owners))
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


def mails(count: str) -> dict[str, Any]:
    """Deliver so many reminders that are due, a quarter at a time, and in turn send as many mails
    that are ready to the same server."""
    people = list(Person.objects.filter(is_active=True).order_by("pk")[: int(count) // PARTS])
    flags = Flag.objects.open().filter(rule="decision_overdue", initiative__is_restricted=False)
    late = list(flags.select_related("initiative"))
    ours, references = [], []
    for part in range(PARTS):
        _owe(people, late, part)
        references.append(sink.send(settings.EMAIL_HOST, settings.EMAIL_PORT, len(people)))
        with counted() as statements:
            began = perf_counter()
            done = deliver()
            ours.append(perf_counter() - began)
        assert done.sent == len(people), done
    return {
        "sent": PARTS * len(people),
        "ratio": median(own / reference for own, reference in zip(ours, references, strict=True)),
        "seconds": sum(ours),
        "reference": sum(references),
        "queries": len(statements) / len(people),
    }


def _owe(people: list[Person], late: list[Flag], part: int) -> None:
    """Each of them, and nobody else, is to hear now of a decision that is late."""
    Reminder.objects.owed().update(state=Reminder.State.CANCELLED)
    told = zip(people, cycle(late), strict=False)
    Reminder.objects.bulk_create(_reminder(person, flag, part) for person, flag in told)


def _reminder(person: Person, flag: Flag, part: int) -> Reminder:
    return Reminder(
        kind=RULES[flag.rule].reminds,
        subject=subject_of(flag.subject, flag.initiative_id),
        initiative=flag.initiative,
        due_date=flag.due_date,
        step=1_000 + part,  # as no ladder has it
        recipient=person,
        says=f"Decide by {in_words(flag.due_date)}: {flag.initiative}",
        detail=flag.says,
        why="You are its business owner.",
        path=flag.initiative.get_absolute_url(),
        is_urgent=True,
        planned_at=timezone.now(),
    )


COMMANDS: dict[str, Callable[..., Any]] = {
    "generate": generate,
    "pages": pages.pages,
    "counts": pages.counts,
    "sweep": sweep,
    "judge": judge,
    "newly_due": newly_due,
    "import": import_,
    "mails": mails,
}

if __name__ == "__main__":
    start.settle_memory()  # as a worker does
    print(json.dumps(COMMANDS[sys.argv[1]](*sys.argv[2:])))

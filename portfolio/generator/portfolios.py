"""A whole portfolio, all of it or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from random import Random

from django.db import connection, transaction

from audit import queries as audit
from initiatives.models import Initiative
from initiatives.stages import Stage
from portfolio.generator import events, lives, people, writing
from portfolio.generator.world import World
from reviews import queries

CHUNK = 1_000


class NotEmpty(Exception):
    """The database holds initiatives already; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Generated:
    """What was made, in rows."""

    initiatives: int
    people: int
    units: int
    ownerships: int
    measurements: int
    reviews: int
    events: int
    stages: dict[str, int]


def generate(*, initiatives: int, seed: int, at: datetime, append_to: bool = False) -> Generated:
    """Make a portfolio, all of it or nothing; `NotEmpty` where there is one, unless appended to."""
    if not append_to and Initiative.objects.exists():
        raise NotEmpty(
            "This database already holds initiatives. Made-up ones would mix with them for good: "
            "use an empty database, or say --append."
        )
    with transaction.atomic():
        before = audit.head().seq
        dice = Random(seed)  # noqa: S311
        world = World(dice, at, queries.current_version())
        people.make(world, max(40, initiatives // 25))
        stages: dict[str, int] = dict.fromkeys(Stage.values, 0)
        for start in range(0, initiatives, CHUNK):
            made = [lives.make(world) for _ in range(min(CHUNK, initiatives - start))]
            writing.write(made, world)
            for life in made:
                stages[life.row.stage] += 1
        events.log(world)
        events.mark_heard(before)
    _refresh_statistics()
    rows = {key: world.rows.get(key, 0) for key in ("ownership", "measurement", "review")}
    return Generated(
        initiatives=initiatives,
        people=len(world.people),
        units=len(world.units),
        ownerships=rows["ownership"],
        measurements=rows["measurement"],
        reviews=rows["review"],
        events=audit.head().seq - before,
        stages=stages,
    )


def _refresh_statistics() -> None:
    """Let the planner know of so many new rows at once; both databases have the word."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")

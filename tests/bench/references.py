"""The reference points that are statements: claiming 1,000 of 20,000 rows, copying 2,000 in.

They run against the reference database, whose URL is in REFERENCE_URL, and leave nothing behind.
"""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from statistics import median
from time import perf_counter

import psycopg

TIMES = 7
CLAIM = """
    UPDATE reference_row SET claimed_at = now()
    WHERE id IN (
        SELECT id FROM reference_row WHERE claimed_at IS NULL AND due_date < '2027-01-01'
        ORDER BY id LIMIT 1000 FOR UPDATE SKIP LOCKED
    )
    RETURNING id
"""
COPY_IN = (
    "COPY reference_row (name, unit, stage, owner, cost, score, due_date, touched_at, is_open) "
    "FROM STDIN"
)
ROW = (
    "Sorting of incoming letters", "Department 7", "pilot", "ana.berg@generated.example", 1200,
    4.5, date(2026, 3, 1), datetime(2026, 3, 1, tzinfo=UTC), True,
)  # fmt: skip


def claim() -> float:
    """Seconds of one set-based claim, the median of several."""
    return _median(lambda cursor: cursor.execute(CLAIM).fetchall())


def copy_in() -> float:
    """Seconds of a COPY of 2,000 rows, the median of several."""
    return _median(_copy)


def _copy(cursor: psycopg.Cursor) -> None:
    with cursor.copy(COPY_IN) as copy:
        for _ in range(2_000):
            copy.write_row(ROW)


def _median(act) -> float:
    seconds = []
    with psycopg.connect(os.environ["REFERENCE_URL"]) as connection:
        for _ in range(TIMES):
            began = perf_counter()
            act(connection.cursor())
            seconds.append(perf_counter() - began)
            connection.rollback()
    return median(seconds)

"""Proof k: deadlines in five time zones, lived through (`proofs/reminders/calendar.py`)."""

from __future__ import annotations

import contextlib
from datetime import date
from time import monotonic

from django.db import transaction

from proofs.racing import named
from proofs.reminders import calendar
from proofs.reporting import Findings

# In each zone a date about which something is odd: clocks that change on it, by half an hour too,
# a 29 February, a year's end.
DUES = {
    "America/Los_Angeles": date(2028, 3, 12),
    "Europe/Paris": date(2028, 10, 29),
    "Australia/Lord_Howe": date(2028, 4, 2),
    "Asia/Kolkata": date(2028, 2, 29),
    "Pacific/Kiritimati": date(2028, 1, 1),
}


def prove(findings: Findings, *, is_every_day: bool, plant: str = "") -> None:
    """Each step once, on its day there; overdue at midnight there, whatever the clock does."""
    began, heard = monotonic(), 0
    zones = calendar.ZONES[-1:] if plant else calendar.ZONES
    with named(plant)() if plant else contextlib.nullcontext():
        for zone in zones:
            findings.say(f"k: {zone} …")
            heard += _live_in(zone, findings, is_every_day=is_every_day)
    days = f"{calendar.DAYS} days" if is_every_day else "the days about a date"
    findings.figure(
        f"k: {days} in each of {len(zones)} time zones: {heard} reminders, each once, on its day",
        began,
    )


def _live_in(zone: str, findings: Findings, *, is_every_day: bool) -> int:
    """How many were heard of; the world is as before afterwards."""
    dues = DUES.values() if is_every_day else [DUES[zone]]
    days = calendar.every_day() if is_every_day else calendar.days_about(DUES[zone])
    with transaction.atomic(), calendar.living_in(zone):
        walk = calendar.prepare(zone, dues)
        calendar.live(walk, calendar.few_moments(days, zone))
        transaction.set_rollback(True)
    wrong = walk.failures(until=calendar.BEGIN + calendar.DAYS * calendar.DAY)
    findings.require(not wrong, f"k: {len(wrong)} wrong, the first: {wrong[:1]}")
    return len(walk.heard)

"""Proofs a, b, k and o: how large each is, and the defects that each has to find."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from proofs import scratch
from proofs.reminders import killing, leaving, living, ticking
from proofs.reporting import Findings

PLANTS = "proofs.reminders.plants"


@dataclass(frozen=True)
class Size:
    """How many are reminded and killed, how long the clocks tick, how often people leave, and
    whether every day of more than a year is lived through."""

    reminders: int
    kills: int
    seconds: int
    rounds: int
    is_every_day: bool = False


USUAL = Size(reminders=5_000, kills=50, seconds=60, rounds=40)
FULL = Size(reminders=5_000, kills=50, seconds=600, rounds=200, is_every_day=True)
PLANTED = Size(reminders=1_500, kills=30, seconds=30, rounds=40)
SMALL = Size(reminders=200, kills=4, seconds=5, rounds=10)

Experiment = Callable[[Findings, Size, str], None]
EXPERIMENTS: dict[str, Experiment] = {
    "a": lambda findings, size, plant: killing.prove(
        findings, reminders=size.reminders, kills=size.kills, plant=plant
    ),
    "b": lambda findings, size, plant: ticking.prove(findings, seconds=size.seconds, plant=plant),
    "k": lambda findings, size, plant: living.prove(
        findings, is_every_day=size.is_every_day, plant=plant
    ),
    "o": lambda findings, size, plant: leaving.prove(findings, rounds=size.rounds, plant=plant),
}
DEFECTS = {
    "mark-then-send": ("a", f"{PLANTS}:mark_then_send"),
    "no-unique-key": ("b", f"{PLANTS}:no_unique_key"),
    "days-of-utc": ("k", f"{PLANTS}:days_of_utc"),
    "without-is-active": ("o", f"{PLANTS}:without_is_active"),
    "without-active-since": ("o", f"{PLANTS}:without_active_since"),
}


def prove(findings: Findings, size: Size, defect: str = "") -> None:
    """Each on a database of its own; with a defect the one that has to find it."""
    only, plant = DEFECTS[defect] if defect else ("", "")
    for name, experiment in EXPERIMENTS.items():
        if only in ("", name):
            with scratch.database():
                experiment(findings, size, plant)

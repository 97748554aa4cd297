"""What it has been through: its stays in stages, the stepper, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from initiatives.facts import Facts
from initiatives.stages import ORDER, Stage
from portfolio.queries.beside import moment
from reviews.models import Decision


@dataclass(frozen=True)
class Step:
    """One stage of the stepper."""

    label: str
    state: str  # done, current, ahead or skipped
    note: str


@dataclass(frozen=True)
class Stay:
    """One stay in a stage; a declared one passed no gate."""

    stage: Stage
    entered_at: datetime
    extensions: int
    is_declared: bool


@dataclass(frozen=True)
class Ended:
    """How it came to be retired: the decision, and what the next team should know."""

    how: str
    at: datetime
    by: str
    reason: str
    lesson: str


def stays(known: Facts) -> list[Stay]:
    """Its stays in stages, in their order."""
    row: Any = known.initiative
    found = [
        Stay(Stage(s["stage"]), moment(s["at"]), s["extensions"], bool(s["declared"]))
        for s in row.beside_spells or ()
    ]
    return sorted(found, key=lambda stay: stay.entered_at)


def changes(stays: list[Stay]) -> list[tuple[str, datetime]]:
    """Which stage it entered when, for the charts."""
    return [(str(stay.stage.label), stay.entered_at) for stay in stays]


def steps(known: Facts, stays: list[Stay]) -> list[Step]:
    """The five stages, each with when it was last entered; those that a declared one never
    passed are said to be skipped."""
    here = ORDER.index(Stage(known.initiative.stage))
    entered = {stay.stage: stay for stay in stays}
    return [_step(stage, place - here, entered.get(stage)) for place, stage in enumerate(ORDER)]


def _step(stage: Stage, ahead: int, stay: Stay | None) -> Step:
    state = "current" if ahead == 0 else "ahead" if ahead > 0 else "done"
    if state == "done" and stay is None:
        return Step(str(stage.label), "skipped", "")
    note = ""
    if stay is not None and state != "ahead":
        since = f"{'since ' if ahead == 0 else ''}{timezone.localdate(stay.entered_at):%-d %b %Y}"
        note = f"{since}, declared" if stay.is_declared else since
    return Step(str(stage.label), state, note)


def ended(known: Facts) -> Ended | None:
    """How it came to be retired, or None while it is not."""
    row: Any = known.initiative
    for said in row.beside_endings or ():
        how = Decision.Outcome(said["outcome"]).label if said["outcome"] else "Retired"
        return Ended(str(how), moment(said["at"]), said["by"], said["reason"], said["lesson"])
    return None

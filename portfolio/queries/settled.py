"""What holds on while only measurements and the like follow: it takes passes over the whole
portfolio, every ownership and every stay in a stage, and owners and stages change seldom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.db.models import BigIntegerField, CharField, Count, F, QuerySet, Value
from django.db.models.functions import Cast

from accounts.models import Person
from audit.queries import News
from initiatives.models import Initiative
from initiatives.models.registry import InitiativeQuerySet
from initiatives.queries import unowned
from initiatives.stages import Stage
from portfolio.queries import catch_up, keeping, stages
from portfolio.queries import counts as counting
from portfolio.queries import health as doing
from portfolio.queries.catch_up import Answer, CatchUp
from portfolio.queries.counts import Counts
from portfolio.queries.keeping import Moment
from portfolio.queries.stages import Passage, Stopped
from reviews.policy import Limits

LIVING = tuple(stage for stage in Stage if stage != Stage.RETIRED)
Row = tuple[str, int | None, int, int]
Parts = dict[str, QuerySet[Any, Any]]
# What is said most often, and what it leaves as it was. Kinds that are in none of these sets count
# as changes of everything, so that a new one can only cost time.
CHANGES_HEALTH = frozenset({
    "measurement.corrected",
    "measurement.recorded",
    "metric.changed",
    "metric.defined",
})  # fmt: skip
# Moves no date, spends nothing …
CHANGES_NO_COUNT = CHANGES_HEALTH | {
    "baseline.proposed",
    "calendar.made",
    "calendar.revoked",
    "campaign.chased",
    "channel.entered",
    "channel.removed",
    "channel.switched",
    "chat.chosen",
    "flag.snoozed",
    "flag.woken",
    "initiative.off_confirmed",
    "initiatives.exported",
    "initiative.lapsed",
    "kill_condition.added",
    "kill_condition.rearmed",
    "kill_condition.removed",
    "kill_condition.tripped",
    "kill_condition.waived",
    "mails.chosen",
    "message.retried",
    "override.asked",
    "override.countersigned",
    "override.declined",
    "override.ended",
    "override.regularised",
    "person.signed_in",
}
# … makes nobody an owner, moves no stage and hides nothing.
CHANGES_NO_OWNER = CHANGES_NO_COUNT | {
    "document.added",
    "evaluation.described",
    "evaluation.recorded",
    "evidence.recorded",
    "initiative.confirmation_withdrawn",
    "initiative.level_kept",
    "initiative.triage_confirmed",
    "initiative.triage_decided",
    "initiative.triaged",
    "metric.watched",
    "ownership.confirmed",
    "question.changed",
    "question.closed",
    "question.raised",
    "spend.recorded",
}
# Makes owners and asks signers, which changes no more for those who see everything anyway.
CHANGES_OWNERS = frozenset({
    "ownership.accepted",
    "ownership.asked",
    "ownership.declined",
    "ownership.ended",
    "person.created",
    "person.deactivated",
    "person.edited",
    "person.reactivated",
    "review.evidence_changed",
    "review.requested",
    "review.signed",
})  # fmt: skip


@dataclass(frozen=True)
class Settled:
    """What there is by stage, who owns it, how it passed through the stages, how systems do."""

    counts: Counts
    unowned: int
    answers: dict[str, int]
    passages: dict[str, Passage]
    stopped: Stopped
    health: dict[int, str]

    @property
    def catch_up(self) -> CatchUp:
        """What owners of declared ones said; nobody was asked for whatever the answers leave."""
        declared = self.counts.sum("imported", LIVING)
        known = {answer: self.answers.get(answer, 0) for answer in Answer}
        known[Answer.NOBODY] = declared - sum(known.values())
        return CatchUp(
            **{str(answer): count for answer, count in known.items()},
            owing=self.counts.sum("owing", LIVING),
            late=self.counts.sum("late_to_catch_up", LIVING),
        )


def load(
    person: Person, visible: InitiativeQuerySet, today: date, now: Moment, limits: Limits
) -> Settled:
    """What holds as of now, as little of it computed as what has happened since allows."""

    def renewed(known: Settled, news: list[News]) -> Settled:
        kinds = {kind for kind, _ in news}
        harmless = CHANGES_OWNERS if keeping.sight(person) == keeping.ALL else frozenset()
        if not kinds <= CHANGES_NO_OWNER | harmless:
            return compute(visible, today, limits)
        changed: dict[str, Any] = {}
        if not kinds <= CHANGES_NO_COUNT | harmless:
            changed["counts"] = counting.compute(visible, today, limits)
        if not kinds <= CHANGES_NO_OWNER:
            changed |= _owned(_in_one_query(_owners(visible)))
        if measured := {pk for kind, pk in news if kind in CHANGES_HEALTH and pk is not None}:
            changed["health"] = known.health | doing.of(visible, today, limits, measured)
        return replace(known, **changed)

    key = f"settled:{today}:{keeping.sight(person)}"
    return keeping.held(key, now, lambda: compute(visible, today, limits), renewed)


def compute(visible: InitiativeQuerySet, today: date, limits: Limits) -> Settled:
    """Compute it all anew, in three queries."""
    found = _in_one_query(_owners(visible) | _passed(visible))
    return Settled(
        counts=counting.compute(visible, today, limits),
        **_owned(found),
        passages=stages.passages(found["passages"]),
        stopped=_stopped(found["stopped"]),
        health=doing.of(visible, today, limits),
    )


def _owners(visible: InitiativeQuerySet) -> Parts:
    return {"unowned": _unowned(visible), "answers": _shaped(catch_up.answers(visible))}


def _passed(visible: InitiativeQuerySet) -> Parts:
    return {
        "passages": _shaped(stages.spells(visible), key="stage", days="lasted", other="other"),
        "stopped": _shaped(stages.stops(visible), other="other"),
    }


def _owned(found: dict[str, list[Row]]) -> dict[str, Any]:
    return {
        "unowned": sum(number for _, _, number, _ in found["unowned"]),
        "answers": {key: number for key, _, number, _ in found["answers"] if key},
    }


def _unowned(visible: InitiativeQuerySet) -> QuerySet[Any, Any]:
    ids = unowned(visible.counting()).order_by().values("pk")
    counted = Initiative.objects.order_by().filter(pk__in=ids).annotate(key=Value("")).values("key")
    return _shaped(counted.annotate(number=Count("pk")))


def _shaped(
    counted: QuerySet[Any, Any], key: str = "key", days: str = "", other: str = ""
) -> QuerySet[Any, Any]:
    """The columns that all parts have: key, days, number, and another sum."""
    whole, text = BigIntegerField(), CharField()
    return counted.values_list(
        Cast(F(key), text),
        Cast(F(days) if days else Value(None), whole),
        "number",
        Cast(F(other) if other else Value(0), whole),
    )


def _in_one_query(parts: Parts) -> dict[str, list[Row]]:
    """The rows of each part, read as one union; each row says first whose it is."""
    named = [rows.annotate(part=Value(name)) for name, rows in parts.items()]
    found: dict[str, list[Row]] = defaultdict(list)
    for *row, part in named[0].union(*named[1:], all=True):
        found[part].append(tuple(row))
    return found


def _stopped(rows: Iterable[Row]) -> Stopped:
    counts = {key: number for key, _, number, _ in rows}
    released = sum(other for *_, other in rows)
    return Stopped(counts.get("killed", 0), counts.get("decommissioned", 0), released)

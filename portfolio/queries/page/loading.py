"""The page of one initiative, loaded in few queries: its row, and with it what stands beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import F, FilteredRelation, Q
from django.db.models.functions import MD5
from django.utils.text import capfirst

from accounts import permissions as people
from accounts.models import Person
from initiatives import facts as initiative_facts
from initiatives import permissions, rules, statement
from initiatives.facts import Facts
from initiatives.models import Ownership, StageSpell, Waiver
from initiatives.queries import basis_of
from initiatives.stages import Role, Stage
from notifications.models import Flag, Snooze, times_snoozed
from notifications.permissions import may_snooze_again, may_snooze_facts
from notifications.rules.finding import Severity
from portfolio.queries.beside import moment, rows_of_initiative
from portfolio.queries.charts import Chart, chart
from portfolio.queries.page import acts, ahead, lines, past
from reviews import gates, rebaselines
from reviews import permissions as deciding
from reviews import queries as reviews
from reviews.answers import Answered, conditions
from reviews.models import Decision, Override, Review


@dataclass(frozen=True)
class Page:
    facts: Facts
    statement: str
    steps: list[past.Step]
    gates: list[ahead.GateAhead]
    catch_up: ahead.CatchUp | None
    charter: ahead.SignedCharter | None
    roles: list[lines.RoleLine]
    named: list[Ownership]
    charts: list[Chart]
    conditions: list[Answered]
    kill_conditions: list[lines.KillLine]
    flags: list[Flag]
    answers: list[tuple[str, str]]
    bar_to_waiving: str
    reached: str
    decisions: list[tuple[str, str]]
    shut: str | None
    is_prohibited: bool
    may_confirm_off: bool
    days: int | None
    may_edit: bool
    may_decide: bool
    may_restrict: bool
    may_confirm: bool
    may_snooze: bool
    mine: list[Ownership]
    to_confirm: set[int]
    ended: past.Ended | None
    obligations: list[lines.ObligationLine]
    is_to_endorse: bool

    @property
    def is_triaged(self) -> bool:
        """All eight questions are answered, so that there is a class to be confirmed."""
        stored = self.facts.triage
        return stored is not None and basis_of(self.facts.initiative, stored).is_complete

    @property
    def tripped(self) -> list[lines.KillLine]:
        """What has to be answered before anything else; of a retired one nothing has."""
        is_over = self.facts.initiative.stage == Stage.RETIRED
        return [] if is_over else [line for line in self.kill_conditions if line.has_tripped]

    @property
    def lapsed(self) -> str:
        return deciding.lapsed(self.facts)


OPEN_SNOOZE = Q(snoozes__ended_at=None)  # at most one of a flag
# What comes along with the initiative's row, so that the page is loaded in at most ten queries.
BESIDE = {
    "beside_policy": reviews.policy_in_force(),
    "beside_spells": rows_of_initiative(
        StageSpell.objects.all(),
        stage="stage",
        at="entered_at",
        extensions="extensions",
        declared="is_declared",
    ),
    "beside_reviews": rows_of_initiative(
        Review.objects.open().annotate(digest=MD5("policy__text")),
        pk="pk",
        gate="gate",
        at="opened_at",
        by="opened_by__name",
        version="policy__version",
        digest="digest",
    ),
    "beside_waivers": rows_of_initiative(
        Waiver.objects.filter(ended_at=None).annotate(initiative=F("condition__initiative")),
        condition="condition_id",
        by="printed_name",
        reason="reason",
    ),
    "beside_overrides": rows_of_initiative(
        Override.objects.open().annotate(initiative=F("review__initiative")),
        gate="review__gate",
        criteria="criteria",
        until="expires_on",
        asked="asked_by__name",
        signed="countersigned_by__name",
        reason="reason",
    ),
    "beside_baselines": rows_of_initiative(
        rebaselines.versions(),
        number="number",
        since="in_force_since",
        reason="reason",
        by="decided_by",
        charter="charter",
    ),
    "beside_endings": rows_of_initiative(
        Decision.objects.filter(to_stage=Stage.RETIRED),
        kind="kind",
        at="decided_at",
        by="decided_by__name",
        reason="reason",
        outcome="outcome",
        lesson="lesson",
    ),
    "beside_flags": rows_of_initiative(
        Flag.objects.open().annotate(
            times=times_snoozed(), asleep=FilteredRelation("snoozes", condition=OPEN_SNOOZE)
        ),
        pk="pk",
        rule="rule",
        severity="severity",
        says="says",
        acts="acts",
        since="since",
        times="times",
        snooze="asleep__pk",
        until="asleep__until",
        by="asleep__by__name",
        reason="asleep__reason",
    ),
}


def load(person: Person, pk: int, today: date) -> Page | None:
    """Load one initiative's page for a person, or None where they may not know of it."""
    known = initiative_facts.visible_to(person, pk, **BESIDE)
    if known is None:
        return None
    initiative = known.initiative
    row: Any = initiative
    stays = past.stays(known)
    may_edit = permissions.may_edit_facts(person, known) and initiative.stage != Stage.RETIRED
    return Page(
        facts=known,
        statement=statement.of(known),
        steps=past.steps(known, stays),
        gates=ahead.next_gates(known, today, may_edit=may_edit),
        catch_up=ahead.catch_up(known, today, may_edit=may_edit),
        charter=ahead.charter(known),
        roles=lines.roles(known),
        named=[o for o in known.ownerships if o.role not in Role.values],
        charts=[
            chart(metric, known.recent(metric), past.changes(stays)) for metric in known.metrics
        ],
        conditions=conditions(reviews.policy_named(row.beside_policy), known),
        kill_conditions=lines.kill_conditions(person, known, today),
        flags=_flags(known, person, today),
        answers=acts.answers(person, known, today),
        bar_to_waiving=deciding.bar_to_waiving(person, known) or "",
        reached=_reached(known, today),
        decisions=acts.decisions(person, known),
        shut=gates.shut(known),
        is_prohibited=gates.prohibition(known) is not None,
        may_confirm_off=permissions.may_confirm_off(person, known),
        days=_days(known, today),
        may_edit=may_edit,
        may_decide=deciding.may_decide(person, known),
        may_restrict=people.is_lead(person) and initiative.stage != Stage.RETIRED,
        may_confirm=permissions.may_confirm_triage(person) and initiative.stage != Stage.RETIRED,
        may_snooze=may_snooze_facts(person, known),
        mine=[o for o in known.ownerships if o.person_id == person.pk and o.waits],
        to_confirm=acts.to_confirm(person, known),
        ended=past.ended(known),
        obligations=lines.obligations(person, known, today),
        is_to_endorse=acts.is_to_endorse(person, known),
    )


def _reached(known: Facts, today: date) -> str:
    """What a pilot has shown that need not wait for its date, or nothing."""
    row, last = known.initiative, rules.reached(known)
    is_early = row.stage == Stage.PILOT and not row.is_overdue(today) and not row.is_quiet
    if last is None or not is_early or row.is_suspended or known.primary_metric is None:
        return ""
    metric = known.primary_metric
    needed = metric.words(metric.threshold)
    return f"{capfirst(metric.name)} is at {metric.words(last.value)}; {needed} was needed."


def _days(known: Facts, today: date) -> int | None:
    left = known.initiative.days_to_decision(today)
    return None if left is None or known.initiative.stage == Stage.RETIRED else left.days


SAID_ABOVE = ("kill_condition_tripped", "decision_lapsed", "threshold_reached")


def _flags(known: Facts, person: Person, today: date) -> list[Flag]:
    """Its open flags, the worst first and what is snoozed last, but for those that say what is said
    above already: what has tripped or lapsed, what is reached, and, until that is late, that it is
    suspended. That something is snoozed is said in any case."""
    row: Any = known.initiative
    flags = [_flag(said, person, today) for said in row.beside_flags or ()]
    worst = list(Severity)
    shown = [f for f in flags if f.snooze or not _is_said_above(f)]
    return sorted(
        shown,
        key=lambda f: (f.snooze is not None, worst.index(Severity(f.severity)), f.since),
    )


def _is_said_above(flag: Flag) -> bool:
    is_off = (flag.rule, flag.severity) == ("suspended", Severity.WARNING)
    return flag.rule in SAID_ABOVE or is_off


def _flag(said: Mapping[str, Any], person: Person, today: date) -> Any:
    """A flag as it came along, with the snooze in force, if there is one, and how often it was."""
    columns = ("pk", "rule", "severity", "says", "acts")
    flag: Any = Flag(since=moment(said["since"]), **{name: said[name] for name in columns})
    flag.times = said["times"]
    flag.may_again = may_snooze_again(person, flag.times_snoozed)
    flag.in_force = [_snooze(said)] if _is_asleep(said, flag, today) else []
    return flag


def _is_asleep(said: Mapping[str, Any], flag: Flag, today: date) -> bool:
    return bool(said["until"]) and flag.may_wait and date.fromisoformat(said["until"]) >= today


def _snooze(said: Mapping[str, Any]) -> Snooze:
    until = date.fromisoformat(said["until"])
    return Snooze(pk=said["snooze"], until=until, by=Person(name=said["by"]), reason=said["reason"])

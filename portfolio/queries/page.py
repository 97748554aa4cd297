"""Everything the page of one initiative shows at first view."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db.models import F
from django.db.models.functions import MD5
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst

from accounts import permissions as people
from accounts.models import Person
from initiatives import facts as initiative_facts
from initiatives import permissions, rules, statement
from initiatives.facts import Facts
from initiatives.models import KillCondition, Obligation, Ownership, StageSpell, Waiver
from initiatives.queries import basis_of
from initiatives.stages import ORDER, REQUIRED_ROLES, Gate, Role, SpecialReview, Stage
from notifications.models import Flag
from notifications.rules.finding import Severity
from portfolio.queries.beside import listed, moment, rows_of_initiative
from portfolio.queries.charts import Chart, chart
from portfolio.templatetags.words import day
from reviews import catching_up, gates, rebaselines
from reviews import permissions as deciding
from reviews import queries as reviews
from reviews.answers import Answered, conditions
from reviews.checks import Mend
from reviews.models import Decision, Override, Review
from reviews.policy import Policy
from reviews.rebaselines import Rebaseline, Version


@dataclass(frozen=True)
class Step:
    """One stage of the stepper."""

    label: str
    state: str  # done, current, ahead or skipped
    note: str


@dataclass(frozen=True)
class Item:
    """A line of the checklist with the link that mends it."""

    title: str
    is_met: bool
    reason: str
    blocking: bool
    url: str
    label: str
    aside: str  # where to say why it does not apply, for what is worked out
    is_overridden: bool = False

    @property
    def blocks(self) -> bool:
        return self.blocking and not self.is_met and not self.is_overridden

    @property
    def state(self) -> str:
        return "overridden" if self.is_overridden else ""


@dataclass(frozen=True)
class AskedFor:
    """An open review: where it is, since when, who asked for it, and the policy it goes by."""

    url: str
    at: datetime
    by: str
    policy: Policy


@dataclass(frozen=True)
class Stay:
    """One stay in a stage; a declared one passed no gate."""

    stage: Stage
    entered_at: datetime
    extensions: int
    is_declared: bool


@dataclass(frozen=True)
class KillLine:
    """A kill condition with how far it is from tripping, who waived it and why, or where this
    person may."""

    condition: KillCondition
    distance: str
    waived_by: str = ""
    waived_because: str = ""
    waive_url: str = ""

    @property
    def has_tripped(self) -> bool:
        return self.condition.state == KillCondition.State.TRIPPED


@dataclass(frozen=True)
class ObligationLine:
    """What somebody sees to, and whether the viewer may confirm it."""

    obligation: Obligation
    is_late: bool
    may_confirm: bool


@dataclass(frozen=True)
class GateAhead:
    """A gate with everything it asks, and its open review, if one was asked for."""

    key: str
    title: str
    items: list[Item]
    review: AskedFor | None
    version: int
    in_force: int

    @property
    def unmet(self) -> int:
        return sum(item.blocks for item in self.items)

    @property
    def overridden(self) -> int:
        return sum(item.is_overridden and not item.is_met for item in self.items)

    @property
    def missing(self) -> list[Item]:
        return [item for item in self.items if not item.is_met]

    @property
    def met(self) -> list[Item]:
        return [item for item in self.items if item.is_met]


@dataclass(frozen=True)
class CatchUp:
    """What it owes of the gates that it never passed, and by when it has caught up."""

    gate: GateAhead
    due: date | None
    days: int | None


@dataclass(frozen=True)
class SignedCharter:
    """The charter in force, what was changed on the way there, and the open review of another."""

    number: int
    since: datetime
    rebaselines: list[Rebaseline]
    review: AskedFor | None


@dataclass(frozen=True)
class Ended:
    """How it came to be retired: the decision, and what the next team should know."""

    how: str
    at: datetime
    by: str
    reason: str
    lesson: str


@dataclass(frozen=True)
class RoleLine:
    """A role with whoever was asked into it."""

    role: str
    label: str
    ownership: Ownership | None
    is_required: bool
    url: str


@dataclass(frozen=True)
class Page:
    facts: Facts
    statement: str
    steps: list[Step]
    gates: list[GateAhead]
    catch_up: CatchUp | None
    charter: SignedCharter | None
    roles: list[RoleLine]
    named: list[Ownership]
    charts: list[Chart]
    conditions: list[Answered]
    kill_conditions: list[KillLine]
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
    mine: list[Ownership]
    to_confirm: set[int]
    ended: Ended | None
    obligations: list[ObligationLine]
    is_to_endorse: bool

    @property
    def is_triaged(self) -> bool:
        """All eight questions are answered, so that there is a class to be confirmed."""
        stored = self.facts.triage
        return stored is not None and basis_of(self.facts.initiative, stored).is_complete

    @property
    def tripped(self) -> list[KillLine]:
        """What has to be answered before anything else; of a retired one nothing has."""
        is_over = self.facts.initiative.stage == Stage.RETIRED
        return [] if is_over else [line for line in self.kill_conditions if line.has_tripped]

    @property
    def lapsed(self) -> str:
        return deciding.lapsed(self.facts)


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
        Flag.objects.open(),
        rule="rule",
        severity="severity",
        says="says",
        acts="acts",
        since="since",
    ),
}


def load(person: Person, pk: int, today: date) -> Page | None:
    """Load one initiative's page for a person, or None where they may not know of it."""
    known = initiative_facts.visible_to(person, pk, **BESIDE)
    if known is None:
        return None
    initiative = known.initiative
    row: Any = initiative
    stays = _stays(known)
    may_edit = permissions.may_edit_facts(person, known) and initiative.stage != Stage.RETIRED
    return Page(
        facts=known,
        statement=statement.of(known),
        steps=_steps(known, stays),
        gates=_gates(known, today, may_edit=may_edit),
        catch_up=_catch_up(known, today, may_edit=may_edit),
        charter=_charter(known),
        roles=_roles(known),
        named=[o for o in known.ownerships if o.role not in Role.values],
        charts=[chart(metric, known.recent(metric), _changes(stays)) for metric in known.metrics],
        conditions=conditions(reviews.policy_named(row.beside_policy), known),
        kill_conditions=_kill_conditions(person, known, today),
        flags=_flags(known),
        answers=_answers(person, known, today),
        bar_to_waiving=deciding.bar_to_waiving(person, known) or "",
        reached=_reached(known, today),
        decisions=_decisions(person, known),
        shut=gates.shut(known),
        is_prohibited=gates.prohibition(known) is not None,
        may_confirm_off=permissions.may_confirm_off(person, known),
        days=_days(known, today),
        may_edit=may_edit,
        may_decide=deciding.may_decide(person, known),
        may_restrict=people.is_lead(person) and initiative.stage != Stage.RETIRED,
        may_confirm=permissions.may_confirm_triage(person) and initiative.stage != Stage.RETIRED,
        mine=[o for o in known.ownerships if o.person_id == person.pk and o.state == "asked"],
        to_confirm=_to_confirm(person, known),
        ended=_ended(known),
        obligations=_obligations(person, known, today),
        is_to_endorse=_is_to_endorse(person, known),
    )


def _is_to_endorse(person: Person, known: Facts) -> bool:
    """Whether this person is its new sponsor, and asked to sign what was promised before."""
    row: Any = known.initiative
    sponsor = known.counted_owner(Role.SPONSOR)
    is_sponsor = sponsor is not None and sponsor.person_id == person.pk
    return is_sponsor and any(f["rule"] == "statement_unsigned" for f in row.beside_flags or ())


def _obligations(person: Person, known: Facts, today: date) -> list[ObligationLine]:
    """What is still to be seen to, the next due first."""
    return [
        ObligationLine(o, o.is_missed(today), permissions.may_confirm_obligation(person, o))
        for o in sorted(known.obligations, key=lambda o: (o.due_date, o.pk))
        if o.is_open
    ]


def _kill_conditions(person: Person, known: Facts, today: date) -> list[KillLine]:
    row: Any = known.initiative
    in_force = {w["condition"]: w for w in row.beside_waivers or ()}
    may_waive = deciding.bar_to_waiving(person, known) is None
    return [
        KillLine(
            k,
            rules.distance_to_tripping(k, known, today),
            waived_by=in_force[k.pk]["by"] if k.pk in in_force else "",
            waived_because=in_force[k.pk]["reason"] if k.pk in in_force else "",
            waive_url=reverse("reviews:waive", args=[k.pk]) if may_waive else "",
        )
        for k in known.kill_conditions
    ]


def _answers(person: Person, known: Facts, today: date) -> list[tuple[str, str]]:
    """The decisions of this person that answer what has tripped, beside waiving it. To extend
    has to answer all of it."""
    kinds = {Decision.Kind.KILL, Decision.Kind.DECOMMISSION}
    if len(rules.answered_by_extension(known, today)) == len(known.tripped):
        kinds.add(Decision.Kind.EXTEND)
    return [
        (str(kind.label), reverse("reviews:decide", args=[known.initiative.pk, kind]))
        for kind in reviews.possible_decisions(person, known)
        if kind in kinds
    ]


def _reached(known: Facts, today: date) -> str:
    """What a pilot has shown that need not wait for its date, or nothing."""
    row, last = known.initiative, rules.reached(known)
    is_early = row.stage == Stage.PILOT and not row.is_overdue(today) and not row.is_quiet
    if last is None or not is_early or row.is_suspended or known.primary_metric is None:
        return ""
    metric = known.primary_metric
    needed = metric.words(metric.threshold)
    return f"{capfirst(metric.name)} is at {metric.words(last.value)}; {needed} was needed."


def _ended(known: Facts) -> Ended | None:
    row: Any = known.initiative
    for said in row.beside_endings or ():
        how = Decision.Outcome(said["outcome"]).label if said["outcome"] else "Retired"
        return Ended(str(how), moment(said["at"]), said["by"], said["reason"], said["lesson"])
    return None


def _gates(known: Facts, today: date, *, may_edit: bool) -> list[GateAhead]:
    """The gates ahead, each by the policy that its open review pinned, else by the one in force."""
    in_force, open_at = _in_force(known), _open_at(known)
    pinned = {gate: review.policy for gate, review in open_at.items()}
    asides = _asides(known, today)
    return [
        _ahead(known, gate, judged, asides, may_edit=may_edit)
        for gate, judged in reviews.readiness(known, today, in_force, pinned)
    ]


def _asides(known: Facts, today: date) -> dict[tuple[str, str], str]:
    """What overrides in force set aside, by gate and criterion: until when, by whom and why."""
    row: Any = known.initiative
    return {
        (said["gate"], key): f"Overridden until {day(until)} by {said['asked']} and "
        f"{said['signed']}, because: {said['reason']}"
        for said in row.beside_overrides or ()
        if (until := date.fromisoformat(said["until"])) >= today
        for key in listed(said["criteria"])
    }


def _overridden(item: Item, aside: str | None) -> Item:
    if aside is None or item.is_met:
        return item
    return replace(item, reason=f"{item.reason} {aside}", is_overridden=True)


def _ahead(
    known: Facts,
    gate: Gate | SpecialReview,
    judged: list[gates.Judged],
    asides: Mapping[tuple[str, str], str],
    *,
    may_edit: bool,
) -> GateAhead:
    in_force, review = _in_force(known), _open_at(known).get(gate)
    return GateAhead(
        key=gate,
        title=str(gate.label),
        items=[
            _overridden(
                _item(j, known.initiative.pk, may_edit=may_edit),
                asides.get((gate, j.criterion.key)),
            )
            for j in judged
        ],
        review=review,
        version=(review.policy if review else in_force).version,
        in_force=in_force.version,
    )


def _in_force(known: Facts) -> Policy:
    row: Any = known.initiative
    return reviews.policy_named(row.beside_policy)


def _open_at(known: Facts) -> dict[str, AskedFor]:
    """The open reviews, by what they review."""
    row: Any = known.initiative
    return {review["gate"]: _asked_for(review) for review in row.beside_reviews or ()}


def _catch_up(known: Facts, today: date, *, may_edit: bool) -> CatchUp | None:
    """What it owes, by the policy that its open review pinned, else by the one in force."""
    review = _open_at(known).get(SpecialReview.CATCH_UP)
    policy = review.policy if review else _in_force(known)
    if (owed := gates.owed(known, policy)) is None:
        return None
    judged = gates.evaluate_all(known, owed, policy, today)
    due = catching_up.due_date(known.initiative, _in_force(known).limits)
    asides = _asides(known, today)
    gate = _ahead(known, SpecialReview.CATCH_UP, judged, asides, may_edit=may_edit)
    return CatchUp(gate, due, (due - today).days if due else None)


def _charter(known: Facts) -> SignedCharter | None:
    row: Any = known.initiative
    came = sorted((_version(said) for said in row.beside_baselines or ()), key=lambda v: v.number)
    if not came:
        return None
    review = _open_at(known).get(SpecialReview.REBASELINE)
    changed = rebaselines.compared(came, known)
    return SignedCharter(came[-1].number, came[-1].since, changed, review)


def _version(said: Mapping[str, Any]) -> Version:
    """A baseline as it came along; SQLite hands JSON within JSON over as text."""
    charter = said["charter"]
    read = json.loads(charter) if isinstance(charter, str) else charter
    return Version(said["number"], moment(said["since"]), said["reason"], said["by"] or "", read)


def _asked_for(review: Mapping[str, Any]) -> AskedFor:
    return AskedFor(
        reverse("reviews:detail", args=[review["pk"]]),
        moment(review["at"]),
        review["by"],
        reviews.policy_named(review),
    )


def _to_confirm(person: Person, known: Facts) -> set[int]:
    """What this person may say again to be theirs: in production, where recertification asks;
    before, whoever is to run it and has not said how many hours they have."""
    mine = [o for o in known.ownerships if o.person_id == person.pk and o.counts]
    if known.initiative.stage == Stage.PRODUCTION:
        return {o.pk for o in mine}
    return {o.pk for o in mine if o.role == Role.PRODUCTION_OWNER and o.hours_a_month is None}


def _days(known: Facts, today: date) -> int | None:
    left = known.initiative.days_to_decision(today)
    return None if left is None or known.initiative.stage == Stage.RETIRED else left.days


def _stays(known: Facts) -> list[Stay]:
    """Its stays in stages, in their order."""
    row: Any = known.initiative
    found = [
        Stay(Stage(s["stage"]), moment(s["at"]), s["extensions"], bool(s["declared"]))
        for s in row.beside_spells or ()
    ]
    return sorted(found, key=lambda stay: stay.entered_at)


def _changes(stays: list[Stay]) -> list[tuple[str, datetime]]:
    return [(str(stay.stage.label), stay.entered_at) for stay in stays]


def _steps(known: Facts, stays: list[Stay]) -> list[Step]:
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


SAID_ABOVE = ("kill_condition_tripped", "decision_lapsed", "threshold_reached")


def _flags(known: Facts) -> list[Flag]:
    """Its open flags, the worst first, but for those that say what is said above already: what has
    tripped or lapsed, what is reached, and, until that is late, that it is suspended."""
    row: Any = known.initiative
    flags = [Flag(**f | {"since": moment(f["since"])}) for f in row.beside_flags or ()]
    worst = list(Severity)
    flags = [f for f in flags if f.rule not in SAID_ABOVE]
    flags = [f for f in flags if (f.rule, f.severity) != ("suspended", Severity.WARNING)]
    return sorted(flags, key=lambda flag: (worst.index(Severity(flag.severity)), flag.since))


# Which form answers which part of a checklist: of the initiative, about one metric, role or
# criterion of it, and about a question or an obligation.
ABOUT = {
    "answer": ("reviews:answer", "Answer"),
    "ask": ("initiatives:ask", "Ask somebody"),
    "measure": ("initiatives:measure", "Measure it"),
    "change_metric": ("initiatives:change_metric", "Complete it"),
}
OF_PARTS = {
    "change_question": ("initiatives:change_question", "Plan it"),
    "close_question": ("initiatives:close_question", "Close it"),
    "obligation": ("initiatives:confirm_obligation", "Confirm it"),
}
MENDS = {
    "description": ("initiatives:edit", ("description",), "Describe it"),
    "process": ("initiatives:edit", ("process",), "Describe it"),
    "pilot_length": ("initiatives:edit", ("pilot-length",), "Change it"),
    "budget": ("initiatives:edit", ("budget",), "Set it"),
    "triage": ("initiatives:triage", (), "Answer"),
    "kill_condition": ("initiatives:kill_condition", (), "Agree on one"),
    "metric": ("initiatives:define_metric", (), "Define it"),
    "spend": ("initiatives:spend", (), "Record it"),
    "questions": ("initiatives:raise_question", (), "Add a question"),
    "evaluation_set": ("initiatives:describe_evaluation_set", (), "Describe it"),
    "evaluation": ("initiatives:record_run", (), "Record a run"),
    "messy": ("initiatives:record_messy_run", (), "Record a run"),
    "watch": ("initiatives:watch_metric", (), "Name who is paged"),
}


def _item(judged: gates.Judged, pk: int, *, may_edit: bool) -> Item:
    criterion = judged.criterion
    url, label = _mend(judged.mend, pk) if may_edit else ("", "")
    if judged.is_met and not criterion.is_answered:
        url, label = "", ""
    elif judged.is_met:
        label = "Change" if label else ""
    aside = reverse("reviews:answer", args=[pk, criterion.key]) if may_edit else ""
    if judged.not_applicable:
        url, label, aside = aside, "Change" if aside else "", ""
    elif judged.is_met or criterion.is_answered or not criterion.takes_an_answer:
        aside = ""
    return Item(
        criterion.title, judged.is_met, judged.verdict.reason, criterion.blocking, url, label, aside
    )


def _mend(mend: Mend, pk: int) -> tuple[str, str]:
    """Where to mend it, and in which words; nothing where no form does."""
    about = str(mend.about).replace("_", "-") if mend.form == "ask" else mend.about
    if mend.form == "owners":
        return "#owners", "See who"
    if mend.form in OF_PARTS:
        name, label = OF_PARTS[mend.form]
        return reverse(name, args=[about]), label
    if mend.form in ABOUT:
        name, label = ABOUT[mend.form]
        return reverse(name, args=[pk, about]), label
    if mend.form not in MENDS:
        return "", ""
    name, args, label = MENDS[mend.form]
    return reverse(name, args=[pk, *args]), label


def _roles(known: Facts) -> list[RoleLine]:
    required = REQUIRED_ROLES[known.initiative.stage]
    return [
        RoleLine(
            role=role,
            label=str(role.label),
            ownership=known.owner(role),
            is_required=role in required,
            url=reverse("initiatives:ask", args=[known.initiative.pk, role.replace("_", "-")]),
        )
        for role in Role
    ]


def _decisions(person: Person, known: Facts) -> list[tuple[str, str]]:
    """What this person may decide without a review; advancing is decided on the review."""
    here = (
        Decision.Kind.EXTEND, Decision.Kind.PAUSE, Decision.Kind.SUSPEND, Decision.Kind.RESUME,
        Decision.Kind.KILL, Decision.Kind.DECOMMISSION,
    )  # fmt: skip
    return [
        (str(kind.label), reverse("reviews:decide", args=[known.initiative.pk, kind]))
        for kind in reviews.possible_decisions(person, known)
        if kind in here
    ]

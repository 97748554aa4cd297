"""A made-up portfolio of any size, for benchmarks, query counts and a look at what many rows do.

It bypasses the actions on purpose: twenty thousand initiatives through them would take hours, and
what is measured afterwards is reading, not writing. It keeps to every constraint and convention of
the models (spells, versions, folded search text, baselines, snapshots), and appends audit events
in batches, so that `verify_audit` stays clean. Left out are the reviews behind decisions of the
past, whose evidence isn't invented, and some events: of each metric's measurements the newest is
told, of an accepted ownership that it was accepted, of answers and spend nothing.

The same seed and moment make the same portfolio, but for keys and the salts of the audit log.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from itertools import groupby
from random import Random
from typing import Any, NamedTuple, TypeVar

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Model
from django.utils import timezone

from accounts.models import Group, Membership, Person, Unit
from audit import queries as audit
from audit.actions import Entry, Value, Words, append
from initiatives import search, triage
from initiatives.actions.charter import charter_of
from initiatives.actions.counting import DAYS_FOR_IMPORTED_PILOTS
from initiatives.facts import Facts
from initiatives.models import (
    Baseline,
    Evidence,
    ImportedRow,
    Initiative,
    KillCondition,
    Measurement,
    Metric,
    OpenToGroup,
    Ownership,
    Spend,
    StageSpell,
    Triage,
)
from initiatives.models.charter import Comparator, KillConditionKind, MetricKind
from initiatives.stages import ORDER, REQUIRED_ROLES, UNDECIDED, Gate, Role, Stage
from initiatives.units import Direction, UnitKind
from notifications.models import Cursor
from reviews import gates, queries, snapshots
from reviews.actions.reviewing import add_working_days
from reviews.models import Decision, PolicyVersion, Review, SignOff, Slot, Snapshot
from reviews.policy import Field, Policy

CHUNK = 1_000
LONG_AGO = 900  # days
# How many of a hundred stand where, and how they came to be here.
STAGES = {
    Stage.PROPOSAL: 24,
    Stage.PILOT: 24,
    Stage.READINESS_REVIEW: 9,
    Stage.PRODUCTION: 31,
    Stage.RETIRED: 12,
}
ORIGINS = {"registered": 58, "declared": 12, "campaign": 16, "quiet": 14}
LATE = 0.1  # of those that wait for a decision: about one in twenty of all
DAYS = {Stage.PROPOSAL: 30, Stage.READINESS_REVIEW: 60}
STAYED = {  # days in a stage that is over
    Stage.PROPOSAL: (5, 40),
    Stage.PILOT: (28, 60),
    Stage.READINESS_REVIEW: (20, 70),
    Stage.PRODUCTION: (100, 600),
}

TASKS = (
    "Triage", "Summaries", "Forecast", "Search", "Draft answers", "Fraud signals", "Routing",
    "Quality checks", "Translation", "Extraction", "Matching", "Anomaly alerts", "Coding help",
    "Price advice", "Voice notes", "Planning", "Deduplication", "Risk scores",
)  # fmt: skip
OBJECTS = (
    "claims", "invoices", "support tickets", "contracts", "tenders", "sensor readings", "CVs",
    "maintenance logs", "call recordings", "supplier offers", "customer mails", "lab reports",
    "safety notices", "purchase orders", "site photos", "loan files", "shift rosters",
    "travel expenses", "product returns", "warranty cases", "patent filings", "audit findings",
)  # fmt: skip
PLACES = ("north", "south", "Iberia", "Nordics", "retail", "wholesale", "group-wide", "Leeds")
VENDORS = ("", "", "", "Contoso", "Fabrikam", "Northwind", "Tailspin", "Wide World")
DEPARTMENTS = (
    "Claims", "Customer service", "Underwriting", "Operations", "Human resources", "Finance",
    "Legal", "Procurement", "Logistics", "Engineering", "Research", "Marketing",
)  # fmt: skip
FIRST = (
    "Ana", "Bo", "Chidi", "Dana", "Eva", "Farid", "Grete", "Hugo", "Ines", "Jun", "Kofi",
    "Lena", "Maya", "Nils", "Olga", "Pia", "Quim", "Rosa", "Sami", "Tove", "Uma", "Vera",
)  # fmt: skip
LAST = (
    "Abara", "Berg", "Conti", "Duarte", "Egger", "Fisk", "Gruber", "Holm", "Ito", "Jansen",
    "Kaur", "Lind", "Moreau", "Novak", "Okafor", "Prates", "Quist", "Ruiz", "Sato", "Tanaka",
)  # fmt: skip
TITLES = ("Analyst", "Engineer", "Head of department", "Product manager", "Team lead", "Director")
GROUPS = {
    Group.LEADS: 3,
    Group.SECURITY: 3,
    Group.COMPLIANCE: 3,
    Group.FINANCE: 3,
    Group.OPERATIONS: 3,
    Group.AUDITORS: 1,
    Group.ADMINISTRATORS: 1,
}


class Kind(NamedTuple):
    """A metric as it is often agreed: from where, to where, and in what."""

    name: str
    unit_kind: UnitKind
    unit: str
    direction: Direction
    baseline: int
    threshold: int
    target: int


KINDS = (
    Kind("time until an answer", UnitKind.DURATION, "", Direction.LOWER, 14_400, 7_200, 5_400),
    Kind("cases closed a week", UnitKind.COUNT, "cases", Direction.HIGHER, 400, 520, 600),
    Kind("share answered at once", UnitKind.PERCENT, "", Direction.HIGHER, 30, 45, 55),
    Kind("cost of a case", UnitKind.MONEY, "", Direction.LOWER, 38, 28, 24),
    Kind("days of backlog", UnitKind.COUNT, "days", Direction.LOWER, 12, 6, 4),
    Kind("share with an error", UnitKind.PERCENT, "", Direction.LOWER, 18, 9, 6),
)


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


@dataclass
class _World:
    """The clock, the dice and the cast, and what is said at the end in the audit log."""

    rng: Random
    at: datetime
    version: PolicyVersion
    units: list[Unit] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    groups: dict[str, Group] = field(default_factory=dict)
    members: dict[str, list[Person]] = field(default_factory=dict)
    said: list[tuple[int, Entry]] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)

    @cached_property
    def policy(self) -> Policy:
        return queries.parsed(self.version)

    def ago(self, days: int) -> datetime:
        return self.at - timedelta(days=max(days, 0))

    def day(self, days: int) -> date:
        """The calendar day so many days ago, or, below zero, ahead."""
        return timezone.localdate(self.at) - timedelta(days=days)

    def happens(self, share: float) -> bool:
        return self.rng.random() < share

    def say(self, days: int, kind: str, life: _Life, by: Person | None, **more: Any) -> None:
        """Note an event of so many days ago."""
        subject = more.pop("subject", None) or f"initiative:{life.row.pk}"
        actor = by.pk if by else None
        self.said.append((max(days, 0), Entry(kind, subject, life.row.pk, actor, more)))


@dataclass
class _Life:
    """One initiative with the rows that belong to it; days count back from today."""

    row: Initiative
    origin: str
    path: list[tuple[Stage, int]]  # stages with the day each was entered
    begun: int  # when it was registered, declared or imported here
    triage: Triage | None = None
    ownerships: list[Ownership] = field(default_factory=list)
    metrics: list[Metric] = field(default_factory=list)
    measurements: list[Measurement] = field(default_factory=list)
    kill_conditions: list[KillCondition] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)
    spend: list[Spend] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)

    @property
    def since(self) -> int:
        return self.path[-1][1]

    @property
    def passed_charter(self) -> int | None:
        """When the charter was signed, where it was."""
        entered = [days for stage, days in self.path[1:] if stage == Stage.PILOT]
        return entered[0] if entered else None

    @property
    def facts(self) -> Facts:
        return Facts(
            initiative=self.row,
            triage=self.triage,
            ownerships=tuple(o for o in self.ownerships if o.is_open),
            metrics=tuple(self.metrics),
            measurements=tuple(reversed(self.measurements)),
            kill_conditions=tuple(self.kill_conditions),
            evidence=tuple(self.evidence),
            spent=sum(spend.amount for spend in self.spend),
        )

    def owner(self, role: str) -> Person | None:
        """Whoever holds the role, or was asked into it."""
        return next((o.person for o in self.ownerships if o.role == role and o.is_open), None)


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
        world = _World(dice, at, queries.current_version())
        _people(world, max(40, initiatives // 25))
        stages: dict[str, int] = dict.fromkeys(Stage.values, 0)
        for start in range(0, initiatives, CHUNK):
            lives = [_life(world) for _ in range(min(CHUNK, initiatives - start))]
            _write(lives, world)
            for life in lives:
                stages[life.row.stage] += 1
        _log(world)
        _heard(before)
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


Row = TypeVar("Row", bound=Model)


def _store(world: _World, rows: Iterable[Row]) -> list[Row]:
    """Write rows of one model, and count them."""
    given = list(rows)
    if given:
        type(given[0])._default_manager.bulk_create(given)
        name = given[0]._meta.model_name or ""
        world.rows[name] = world.rows.get(name, 0) + len(given)
    return given


def _people(world: _World, count: int) -> None:
    """Units with heads, and people, of whom some have left and a few have come back."""
    known = {unit.name: unit for unit in Unit.objects.all()}
    names = [*DEPARTMENTS, *(f"{d}, {p}" for d in DEPARTMENTS[: count // 40] for p in PLACES[:4])]
    _store(world, [Unit(name=name) for name in names if name not in known])
    world.units = list(Unit.objects.filter(name__in=names).order_by("name"))
    world.people = _store(world, _new_people(world, count))
    for unit, head in zip(world.units, world.people, strict=False):
        unit.head = head
        unit.parent = next((u for u in world.units if unit.name.startswith(f"{u.name}, ")), None)
    Unit.objects.bulk_update(world.units, ["head", "parent"])
    world.groups = {group.key: group for group in Group.objects.all()}
    staff = iter(world.people)
    world.members = {key: [next(staff) for _ in range(n)] for key, n in GROUPS.items()}
    _store(
        world,
        [
            Membership(person=person, group=world.groups[key], joined_at=world.ago(LONG_AGO))
            for key, members in world.members.items()
            for person in members
        ],
    )


def _new_people(world: _World, count: int) -> Iterator[Person]:
    offset = Person.objects.count()
    staff = sum(GROUPS.values())
    for place in range(count):
        first, last = world.rng.choice(FIRST), world.rng.choice(LAST)
        person = Person(
            email=f"{first}.{last}.{offset + place}@generated.example".lower(),
            name=f"{first} {last}",
            title=world.rng.choice(TITLES),
            unit=world.rng.choice(world.units),
            is_active=place < staff or not world.happens(0.04),
            active_since=world.ago(
                20 if place >= staff and world.happens(0.02) else LONG_AGO + 100
            ),
        )
        # Leads can sign in where the demo has a password; nobody else has one.
        person.set_password(settings.DEMO_PASSWORD or None if place < GROUPS[Group.LEADS] else None)
        yield person


def _life(world: _World) -> _Life:
    """One initiative and what became of it, not yet written."""
    stage = world.rng.choices(list(STAGES), list(STAGES.values()))[0]
    origin = world.rng.choices(list(ORIGINS), list(ORIGINS.values()))[0]
    if origin == "declared" and stage in (Stage.PROPOSAL, Stage.RETIRED):
        origin = "registered"
    row = _described(world)
    given = _triage(world, row, origin)
    lasts = _days_given(world, stage, origin, row)
    path, clock = _path(world, stage, origin, lasts)
    life = _Life(row, origin, path, _begun(world, origin, path, clock), given)
    counting = {"registered": life.begun, "declared": life.begun, "campaign": clock}.get(origin)
    quietest = min(life.begun, clock, life.since, 60)
    row.stage, row.stage_entered_at = stage, world.ago(life.since)
    row.decision_date = (
        world.day(clock - lasts) if lasts is not None and counting is not None else None
    )
    row.registered_at = world.ago(life.begun)
    row.declared_at = None if origin == "registered" else row.registered_at
    row.counting_since = None if counting is None else world.ago(counting)
    row.touched_at = world.ago(world.rng.randint(0, quietest))
    row.version = len(path) if origin == "registered" else 1
    row.search_text = search.text_of(row)
    _own(world, life)
    _measure(world, life)
    _charter(world, life)
    _spend(world, life)
    _decide(world, life)
    return life


def _described(world: _World) -> Initiative:
    rng = world.rng
    task, what, where = rng.choice(TASKS), rng.choice(OBJECTS), rng.choice(PLACES)
    hours = rng.randint(2, 90)
    return Initiative(
        name=f"{task} for {what}, {where}",
        problem=f"People spend {hours} hours a week on {what}, and one in {hours % 9 + 3} waits "
        "longer than was promised.",
        users=f"{rng.randint(4, 900)} colleagues who work with {what}",
        outcome=f"The {what} are dealt with on the day they come in.",
        process=f"Intake of {what}: the step in which somebody decides what happens next.",
        scope=f"Only {where}; nothing that concerns payments.",
        unit=rng.choice(world.units),
        vendor=rng.choice(VENDORS),
        system_name=f"{task.split()[0]}Desk" if world.happens(0.4) else "",
        pilot_days=rng.choice((42, 42, 42, 56, 84)),
        pilot_budget=rng.randint(8, 160) * 1_000 if world.happens(0.9) else None,
        monthly_cost=rng.randint(2, 400) * 100 if world.happens(0.8) else None,
        is_restricted=world.happens(0.02),
    )


def _triage(world: _World, row: Initiative, origin: str) -> Triage | None:
    """Most are triaged; an import leaves questions open. The level follows."""
    if origin == "registered" and world.happens(0.1):
        return None
    sure = 0.5 if origin in ("campaign", "quiet") else 1.0
    answers = {
        question: world.happens(0.12) if world.happens(sure) else None
        for question in triage.QUESTIONS
    }
    row.level = triage.level(answers, pilot_budget=row.pilot_budget, monthly_cost=row.monthly_cost)
    return Triage(initiative=row, legal_class=triage.legal_class(answers), **answers)


def _days_given(world: _World, stage: Stage, origin: str, row: Initiative) -> int | None:
    """How many days the stage is given."""
    if stage == Stage.PILOT:
        return DAYS_FOR_IMPORTED_PILOTS.days if origin == "campaign" else row.pilot_days
    if stage == Stage.PRODUCTION:
        return world.policy.limits.recertification_days[row.level]
    return DAYS.get(stage)


def _path(
    world: _World, stage: Stage, origin: str, lasts: int | None
) -> tuple[list[tuple[Stage, int]], int]:
    """The stages behind it, and how many days ago the clock of the present one began."""
    late = stage in UNDECIDED and world.happens(LATE)
    given = lasts if lasts is not None else 600
    clock = given + world.rng.randint(1, 45) if late else world.rng.randint(0, given)
    if origin != "registered":  # it was there before we heard of it
        return [(stage, clock + world.rng.randint(20, 900))], clock
    last = stage
    if stage == Stage.RETIRED:
        last = world.rng.choices((Stage.PROPOSAL, Stage.PILOT, Stage.PRODUCTION), (2, 5, 3))[0]
    before = list(ORDER[: ORDER.index(last) + (last != stage)])
    path, entered = [(stage, clock)], clock
    for passed in reversed(before):
        entered += world.rng.randint(*STAYED[passed])
        path.insert(0, (passed, entered))
    return path, clock


def _begun(world: _World, origin: str, path: list[tuple[Stage, int]], clock: int) -> int:
    """When it came to be here."""
    if origin == "registered":
        return path[0][1]
    if origin == "declared":
        return clock
    return clock + world.rng.randint(0, 9) if origin == "campaign" else world.rng.randint(1, 30)


def _own(world: _World, life: _Life) -> None:
    """Who was asked, and what they said: some never answered, some are gone."""
    stage = life.row.stage
    if life.origin == "quiet":
        if world.happens(0.7):
            _ask(world, life, Role.BUSINESS_OWNER, life.begun, accepts=False, by_import=True)
        return
    roles = list(REQUIRED_ROLES[stage] or (Role.BUSINESS_OWNER,))
    if stage == Stage.PRODUCTION or life.passed_charter is not None:
        roles = list(dict.fromkeys([*roles, Role.SPONSOR, Role.ENGINEERING_OWNER]))
        roles += [Role.BUDGET_OWNER] if world.happens(0.6) else []
        roles += [Role.ON_CALL] if stage == Stage.PRODUCTION and world.happens(0.5) else []
    for role in roles:
        if world.happens(0.02):
            continue
        asked = life.begun
        if asked > 30 and world.happens(0.05):
            asked = world.rng.randint(5, asked - 5)
            _ask(world, life, role, life.begun, accepts=True, until=asked)
        _ask(world, life, role, asked, accepts=not world.happens(0.03))


def _ask(
    world: _World,
    life: _Life,
    role: str,
    asked: int,
    *,
    accepts: bool,
    until: int | None = None,
    by_import: bool = False,
) -> None:
    """Ask somebody into a role; executives sponsor, everybody else does the rest."""
    tenth = max(len(world.people) // 10, 8)
    people = world.people[:tenth] if role == Role.SPONSOR else world.people[tenth:]
    accepted = max(asked - world.rng.randint(0, 4), until or 0)
    life.ownerships.append(
        Ownership(
            initiative=life.row,
            person=world.rng.choice(people),
            role=role,
            asked_at=world.ago(asked),
            asked_by=None if by_import else world.members[Group.LEADS][0],
            accepted_at=world.ago(accepted) if accepts else None,
            ended_at=None if until is None else world.ago(until),
        )
    )


def _measure(world: _World, life: _Life) -> None:
    """Metrics, and what was measured since the pilot, or production, began."""
    share = {"registered": 1.0, "declared": 0.8, "campaign": 0.4, "quiet": 0.0}[life.origin]
    if not world.happens(share * (0.7 if life.row.stage == Stage.PROPOSAL else 1)):
        return
    for place in range(2 if world.happens(0.35) else 1):
        metric = _metric(world, life.row, is_primary=place == 0)
        life.metrics.append(metric)
        life.measurements += _measured(world, life, metric)


def _metric(world: _World, row: Initiative, *, is_primary: bool) -> Metric:
    kind = world.rng.choice(KINDS)
    factor = Decimal(world.rng.randint(70, 130)) / 100
    scaled = {
        bound: round(getattr(kind, bound) * factor, 1)
        for bound in ("baseline", "threshold", "target")
    }
    return Metric(
        initiative=row,
        name=kind.name,
        kind=MetricKind.BUSINESS if is_primary else MetricKind.QUALITY,
        is_primary=is_primary,
        unit_kind=kind.unit_kind,
        unit=kind.unit,
        direction=kind.direction,
        method="From the work system, over all cases of the week.",
        source="Work system, nightly",
        window_days=7,
        cadence_days=7,
        **scaled,
    )


def _measured(world: _World, life: _Life, metric: Metric) -> Iterator[Measurement]:
    """Weekly in a pilot, monthly in production, from the baseline towards what was promised."""
    first, last = _running(life)
    if first is None:
        return
    every = 30 if life.row.stage in (Stage.PRODUCTION, Stage.RETIRED) else 7
    moments = list(range(first, last - 1, -every))[-14:]
    assert metric.baseline is not None
    assert metric.threshold is not None
    fails = 0.05 if life.row.stage == Stage.PRODUCTION else 0.35
    reach = Decimal(world.rng.randint(0, 40) if world.happens(fails) else 110) / 100
    for place, days in enumerate(moments, start=1):
        way = reach * Decimal(place) / len(moments) * world.rng.randint(92, 108) / 100
        yield Measurement(
            metric=metric,
            value=round(metric.baseline + (metric.threshold - metric.baseline) * way, 1),
            measured_at=world.ago(days),
            sample_size=world.rng.randint(30, 900),
            is_automatic=world.rng.random() < 0.8,
            recorded_at=world.ago(days),
        )


def _running(life: _Life) -> tuple[int | None, int]:
    """From when until when it ran, as days ago; from None where it never has."""
    ran = [days for stage, days in life.path if REQUIRED_ROLES.get(stage)]
    retired = life.row.stage == Stage.RETIRED
    return (ran[0] if ran else None), (life.since if retired else 0)


def _charter(world: _World, life: _Life) -> None:
    """Kill conditions on the primary metric and on spend; answers, where a charter was signed."""
    for metric in life.metrics[:1]:
        if not world.happens(0.95):
            continue
        assert metric.baseline is not None
        assert metric.threshold is not None
        lower = metric.direction == Direction.LOWER
        running = life.row.stage == Stage.PRODUCTION
        life.kill_conditions.append(
            KillCondition(
                initiative=life.row,
                metric=metric,
                comparator=Comparator.ABOVE if lower else Comparator.BELOW,
                threshold=round((metric.baseline + metric.threshold) / 2, 1),
                by_decision_date=not running,
                in_a_row=3 if running else None,
            )
        )
        _trip(world, life)
    if life.row.pilot_budget and world.happens(0.15):
        cap = life.row.pilot_budget * 6 // 5
        spending = KillCondition(initiative=life.row, kind=KillConditionKind.SPEND, spend_cap=cap)
        life.kill_conditions.append(spending)
    if life.passed_charter is not None:
        _answer(world, life, life.passed_charter)


def _trip(world: _World, life: _Life) -> None:
    """Let one in fifty have tripped, a few days ago, undecided since."""
    if life.row.stage not in UNDECIDED or not life.measurements or not world.happens(0.02):
        return
    tripped = life.kill_conditions[-1]
    tripped.state = KillCondition.State.TRIPPED
    tripped.tripped_at = world.ago(world.rng.randint(0, min(life.since, 12)))
    tripped.tripped_because = "the last value was past the limit that had been agreed"


def _answer(world: _World, life: _Life, signed: int) -> None:
    """Answer what the charter asked of it."""
    case = gates.case_of(life.facts)
    for criterion in world.policy.gates[Gate.CHARTER].criteria_for(case):
        if not criterion.is_answered:
            continue
        fields = criterion.fields_for(case)
        for asked in (f for f in fields if f.type == "person"):
            _ask(world, life, f"{criterion.key}.{asked.key}", signed + 4, accepts=True)
        life.evidence.append(
            Evidence(
                initiative=life.row,
                criterion=criterion.key,
                fields={f.key: _says(world, f) for f in fields if f.type != "person"},
                recorded_at=world.ago(signed + 4),
                recorded_by=life.owner(Role.BUSINESS_OWNER),
            )
        )


def _says(world: _World, asked: Field) -> Any:
    if asked.type == "choice":
        return world.rng.choice(asked.choices)
    if asked.type in ("money", "number"):
        return world.rng.randint(100, 9_000)
    if asked.type == "date":
        return world.day(world.rng.randint(0, 90)).isoformat()
    return "Looked at by hand with two colleagues; 12 of 200 cases were wrong, none badly."


def _spend(world: _World, life: _Life) -> None:
    """A sum for each month that it ran, eight at most; a few went past their cap."""
    first, last = _running(life)
    if first is None or life.origin == "quiet" or world.happens(0.15):
        return
    usual = (life.row.pilot_budget or 60_000) // (5 if world.happens(0.03) else 12)
    life.spend += [
        Spend(
            initiative=life.row,
            amount=max(usual * world.rng.randint(60, 130) // 100, 1),
            spent_on=world.day(days),
            is_estimate=world.happens(0.2),
            recorded_at=world.ago(days),
            recorded_by=life.owner(Role.BUSINESS_OWNER),
        )
        for days in list(range(first, last - 1, -30))[-8:]
    ]


def _decide(world: _World, life: _Life) -> None:
    """One decision for each stage left behind."""
    steps = zip(life.path, life.path[1:], strict=False)
    for version, ((left, _), (entered, days)) in enumerate(steps, start=1):
        stops = entered == Stage.RETIRED
        kind = Decision.Kind.PROCEED
        if stops:
            kind = Decision.Kind.DECOMMISSION if left == Stage.PRODUCTION else Decision.Kind.KILL
        elif entered == Stage.PRODUCTION:
            kind = Decision.Kind.SHIP
        life.decisions.append(
            Decision(
                initiative=life.row,
                kind=kind,
                from_stage=left,
                to_stage=entered,
                version=version,
                decided_at=world.ago(days),
                decided_by=life.owner(Role.SPONSOR) or world.members[Group.LEADS][1],
                reason="It did not reach what it had promised." if stops else "The evidence held.",
                outcome=world.rng.choice(Decision.Outcome.values[:5]) if stops else "",
                lesson="Look at the data before the pilot, not during it." if stops else "",
            )
        )


# --- writing ---------------------------------------------------------------------------------


def _write(lives: Sequence[_Life], world: _World) -> None:
    """Write a chunk, parents before what points at them, and note what is to be said of it."""
    for life in lives:
        by = life.owner(Role.BUSINESS_OWNER) or world.members[Group.LEADS][0]
        imported = life.origin in ("campaign", "quiet")
        life.row.registered_by = life.row.evidence_changed_by = None if imported else by
        if life.triage is not None:
            life.triage.answered_at = life.row.registered_at
            life.triage.answered_by = life.row.registered_by
    _store(world, [life.row for life in lives])
    _store(world, [life.triage for life in lives if life.triage is not None])
    _store(world, [spell for life in lives for spell in _spells(world, life)])
    _store(world, [row for life in lives for row in life.ownerships])
    _store(world, [row for life in lives for row in life.metrics])
    _store(world, [row for life in lives for row in life.measurements])
    _store(world, [row for life in lives for row in life.kill_conditions])
    _store(world, [row for life in lives for row in life.evidence])
    _store(world, [row for life in lives for row in life.spend])
    _store(world, [row for life in lives for row in life.decisions])
    _store(world, [row for life in lives for row in _baselines(world, life)])
    _store(world, [row for life in lives for row in _imported(world, life)])
    for life in lives:
        _tell(world, life)
    _open_reviews(world, [life for life in lives if _is_reviewed(world, life)])


def _spells(world: _World, life: _Life) -> Iterator[StageSpell]:
    for place, (stage, entered) in enumerate(life.path):
        is_last = place == len(life.path) - 1
        given = _days_given(world, stage, life.origin, life.row)
        due = life.row.decision_date if is_last else world.day(entered - (given or 0))
        yield StageSpell(
            initiative=life.row,
            stage=stage,
            entered_at=world.ago(entered),
            left_at=None if is_last else world.ago(life.path[place + 1][1]),
            decision_date=due,
            is_declared=life.origin != "registered",
        )


def _baselines(world: _World, life: _Life) -> Iterator[Baseline]:
    if (signed := life.passed_charter) is not None:
        yield Baseline(
            initiative=life.row,
            version=1,
            charter=charter_of(life.facts),
            reason="The evidence held.",
            in_force_since=world.ago(signed),
        )


def _imported(world: _World, life: _Life) -> Iterator[ImportedRow]:
    if life.origin in ("campaign", "quiet"):
        values = {"name": life.row.name, "stage": life.row.stage, "unit": str(life.row.unit)}
        yield ImportedRow(
            initiative=life.row,
            source="Generated inventory",
            identity=f"id:{life.row.pk}",
            values=values,
            original=values,
            row_number=life.row.pk,
            file_name="generated.csv",
            imported_at=life.row.registered_at,
        )


def _is_reviewed(world: _World, life: _Life) -> bool:
    """Whether a review of the next gate is open."""
    row = life.row
    ready = row.stage in UNDECIDED and row.counting_since is not None and bool(life.metrics)
    return ready and life.since > 0 and world.happens(0.1)


def _open_reviews(world: _World, lives: list[_Life]) -> None:
    """Open reviews with their frozen evidence, some signatures given."""
    opened = [_review(world, life, world.rng.randint(0, min(life.since, 9))) for life in lives]
    _store(world, [review.snapshot for review, *_ in opened])
    _store(world, [review for review, *_ in opened])
    slots = [_slots(world, review, life) for review, life, _ in opened]
    _store(world, [slot for row in slots for slot in row])
    signed = [
        list(_sign_offs(world, life, row, days))
        for row, (_, life, days) in zip(slots, opened, strict=True)
    ]
    _store(world, [sign_off for row in signed for sign_off in row])
    _store(world, [o for row in slots for o in _opened_to(world, row)])
    for (review, life, days), given in zip(opened, signed, strict=True):
        _tell_review(world, life, review, days, given)


def _review(world: _World, life: _Life, days: int) -> tuple[Review, _Life, int]:
    facts = life.facts
    text = snapshots.canonical(snapshots.material(facts, world.policy.version))
    at = world.ago(days)
    snapshot = Snapshot(digest=snapshots.digest(text), material=text, taken_at=at)
    limits = world.policy.limits
    review = Review(
        initiative=life.row,
        gate=str(life.row.next_gate),
        policy=world.version,
        snapshot=snapshot,
        requested_snapshot=snapshot,
        observed=snapshots.observed(facts),
        seen_version=life.row.evidence_version,
        opened_at=at,
        opened_by=life.owner(Role.BUSINESS_OWNER) or world.members[Group.LEADS][0],
        due_date=add_working_days(world.day(days), limits.request_working_days),
    )
    return review, life, days


def _slots(world: _World, review: Review, life: _Life) -> list[Slot]:
    gate = world.policy.gates[review.gate]
    return [
        Slot(
            review=review,
            key=slot.key,
            title=slot.title,
            role=slot.role or "",
            group=world.groups[slot.group] if slot.group else None,
            quorum=slot.quorum,
            meaning=slot.meaning,
        )
        for slot in gate.slots_for(gates.case_of(life.facts))
    ]


def _sign_offs(world: _World, life: _Life, slots: list[Slot], days: int) -> Iterator[SignOff]:
    for slot in slots:
        owner = life.facts.counted_owner(slot.role)
        holder = owner.person if owner else None
        by = world.members[slot.group.key][0] if slot.group else holder
        if by is None or (slot.group and by.pk == slot.review.opened_by_id):
            continue
        if not world.happens(0.3 if slot.group else 0.5):
            continue
        at = world.ago(max(days - 1, 0))
        yield SignOff(
            slot=slot,
            review=slot.review,
            signer=by,
            printed_name=by.name,
            role=slot.role,
            group=slot.group.key if slot.group else "",
            meaning=slot.meaning,
            verdict=SignOff.Verdict.APPROVE,
            signed_at=at,
            authentication_method="password",
            authenticated_at=at,
            snapshot=slot.review.snapshot,
            policy_version=world.version.version,
        )


def _opened_to(world: _World, slots: list[Slot]) -> Iterator[OpenToGroup]:
    """A restricted initiative is open to the groups that are asked to sign."""
    asked = {slot.group.key: slot for slot in slots if slot.group}
    for slot in asked.values():
        row = slot.review.initiative
        if row.is_restricted and slot.group:
            yield OpenToGroup(initiative=row, group=slot.group, opened_at=slot.review.opened_at)


# --- what the audit log says ------------------------------------------------------------------


def _tell(world: _World, life: _Life) -> None:
    """Note the events of one initiative."""
    by, name = life.row.registered_by, Words(life.row.name)
    stage = str(life.row.stage)
    if life.origin == "registered":
        world.say(life.begun, "initiative.registered", life, by, name=name)
    else:
        kind = "declared" if life.origin == "declared" else "imported"
        world.say(life.begun, f"initiative.{kind}", life, by, name=name, stage=stage)
    for ownership in life.ownerships:
        _tell_ownership(world, life, ownership)
    for metric in life.metrics:
        subject = f"metric:{metric.pk}"
        world.say(
            life.begun, "metric.defined", life, by, subject=subject, metric=Words(metric.name)
        )
    for condition in life.kill_conditions:
        said = Words(condition.sentence())
        subject = f"killcondition:{condition.pk}"
        world.say(life.begun, "kill_condition.added", life, by, subject=subject, condition=said)
    for measurement in {m.metric_id: m for m in life.measurements}.values():
        _tell_measurement(world, life, measurement)
    if life.origin == "campaign" and life.row.counting_since:
        world.say((world.at - life.row.counting_since).days, "campaign.counting_started", life, by)
    for decision, (_, days) in zip(life.decisions, life.path[1:], strict=True):
        _tell_decision(world, life, decision, days)


def _tell_ownership(world: _World, life: _Life, row: Ownership) -> None:
    changed: dict[str, Value] = {"role": row.role, "person": row.person_id}
    subject = f"ownership:{row.pk}"
    if row.accepted_at is not None:
        days = (world.at - row.accepted_at).days
        world.say(days, "ownership.accepted", life, row.person, subject=subject, **changed)
    elif row.asked_by is not None:
        days = (world.at - row.asked_at).days
        world.say(days, "ownership.asked", life, row.asked_by, subject=subject, **changed)
    if row.ended_at is not None:
        days = (world.at - row.ended_at).days
        world.say(days, "ownership.ended", life, row.asked_by, subject=subject, **changed)


def _tell_measurement(world: _World, life: _Life, row: Measurement) -> None:
    world.say(
        (world.at - row.measured_at).days,
        "measurement.recorded",
        life,
        None,
        subject=f"measurement:{row.pk}",
        metric=Words(row.metric.name),
        value=row.value,
        words=Words(row.metric.words(row.value)),
        automatic=row.is_automatic,
    )


def _tell_decision(world: _World, life: _Life, row: Decision, days: int) -> None:
    changed: dict[str, Any] = {"decision": str(row.kind), "reason": Words(row.reason)}
    changed |= {"from": str(row.from_stage), "to": str(row.to_stage), "digest": None}
    if row.outcome:
        changed |= {"outcome": str(row.outcome), "lesson": Words(row.lesson)}
    world.say(days, "decision.made", life, row.decided_by, **changed)


def _tell_review(
    world: _World, life: _Life, review: Review, days: int, signed: list[SignOff]
) -> None:
    subject, gate = f"review:{review.pk}", str(review.gate)
    digest = review.snapshot_id
    by = review.opened_by
    world.say(days, "review.requested", life, by, subject=subject, gate=gate, digest=digest)
    for row in signed:
        world.say(
            max(days - 1, 0),
            "review.signed",
            life,
            row.signer,
            subject=subject,
            gate=gate,
            verdict=str(row.verdict),
            slots=[row.slot.key],
            digest=digest,
        )


def _log(world: _World) -> None:
    """Append what was noted, the oldest day first, a day at a time."""
    world.said.sort(key=lambda noted: -noted[0])
    for days, noted in groupby(world.said, key=lambda noted: noted[0]):
        append([entry for _, entry in noted], at=world.ago(days))


def _heard(before: int) -> None:
    """Nobody is owed news of what is made up: who had heard all before, has heard this too."""
    Cursor.objects.get_or_create(name="hear")
    Cursor.objects.filter(name="hear", seq=before).update(seq=audit.head().seq)


def _refresh_statistics() -> None:
    """Let the planner know of so many new rows at once; both databases have the word."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")

"""One initiative and what became of it: what it is, the stages behind it, what was decided."""

from __future__ import annotations

from accounts.models import Group
from initiatives import search, triage
from initiatives.actions.counting import DAYS_FOR_IMPORTED_PILOTS
from initiatives.models import Initiative, Triage
from initiatives.stages import ORDER, UNDECIDED, Role, Stage
from portfolio.generator import charters, owners
from portfolio.generator.people import PLACES
from portfolio.generator.world import Life, World
from reviews.models import Decision

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
FAILED = "It did not reach what it had promised."
LEARNED = "Look at the data before the pilot, not during it."
VENDORS = ("", "", "", "Contoso", "Fabrikam", "Northwind", "Tailspin", "Wide World")


def make(world: World) -> Life:
    """One initiative and what became of it, not yet written."""
    stage = world.rng.choices(list(STAGES), list(STAGES.values()))[0]
    origin = world.rng.choices(list(ORIGINS), list(ORIGINS.values()))[0]
    if origin == "declared" and stage in (Stage.PROPOSAL, Stage.RETIRED):
        origin = "registered"
    row = _described(world, stage)
    given = _triage(world, row, origin)
    lasts = days_given(world, stage, origin, row)
    path, clock = _path(world, stage, origin, lasts)
    life = Life(row, origin, path, _begun(world, origin, path, clock), given)
    _date(world, life, lasts, clock)
    row.version = len(path) if origin == "registered" else 1
    owners.name(world, life)
    charters.measure(world, life)
    charters.agree(world, life)
    charters.spend(world, life)
    _decide(world, life)
    row.search_text = search.text_of(row)
    return life


def _date(world: World, life: Life, lasts: int | None, clock: int) -> None:
    """When it came here, entered its stage and began to count, and when it is decided."""
    row, begun = life.row, life.begun
    counting = {"registered": begun, "declared": begun, "campaign": clock}.get(life.origin)
    if lasts is not None and counting is not None:
        row.decision_date = world.day(clock - lasts)
    row.stage_entered_at = world.ago(life.since)
    row.registered_at = world.ago(begun)
    if life.origin != "registered":
        row.declared_at, row.declared_stage = row.registered_at, life.path[0][0]
    row.counting_since = None if counting is None else world.ago(counting)
    row.touched_at = world.ago(world.rng.randint(0, min(begun, clock, life.since, 60)))


def _described(world: World, stage: Stage) -> Initiative:
    rng = world.rng
    task, what, where = rng.choice(TASKS), rng.choice(OBJECTS), rng.choice(PLACES)
    hours = rng.randint(2, 90)
    return Initiative(
        stage=stage,
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


def _triage(world: World, row: Initiative, origin: str) -> Triage | None:
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


def days_given(world: World, stage: Stage, origin: str, row: Initiative) -> int | None:
    """How many days the stage is given."""
    if stage == Stage.PILOT:
        return DAYS_FOR_IMPORTED_PILOTS.days if origin == "campaign" else row.pilot_days
    if stage == Stage.PRODUCTION:
        return world.policy.limits.recertification_days[row.level]
    return DAYS.get(stage)


def _path(
    world: World, stage: Stage, origin: str, lasts: int | None
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


def _begun(world: World, origin: str, path: list[tuple[Stage, int]], clock: int) -> int:
    """When it came to be here."""
    if origin == "registered":
        return path[0][1]
    if origin == "declared":
        return clock
    return clock + world.rng.randint(0, 9) if origin == "campaign" else world.rng.randint(1, 30)


def _decide(world: World, life: Life) -> None:
    """One decision for each stage left behind."""
    steps = zip(life.path, life.path[1:], strict=False)
    for version, ((left, _), (entered, days)) in enumerate(steps, start=1):
        stops = entered == Stage.RETIRED
        life.decisions.append(
            Decision(
                initiative=life.row,
                kind=_kind(left, entered),
                from_stage=left,
                to_stage=entered,
                version=version,
                decided_at=world.ago(days),
                decided_by=life.owner(Role.SPONSOR) or world.members[Group.LEADS][1],
                reason=FAILED if stops else "The evidence held.",
                outcome=world.rng.choice(Decision.Outcome.values[:5]) if stops else "",
                lesson=LEARNED if stops else "",
            )
        )
        if stops:
            life.row.ended_because, life.row.lesson = FAILED, LEARNED


def _kind(left: Stage, entered: Stage) -> Decision.Kind:
    """The decision that led from one stage to the other."""
    if entered == Stage.RETIRED:
        return Decision.Kind.DECOMMISSION if left == Stage.PRODUCTION else Decision.Kind.KILL
    return Decision.Kind.SHIP if entered == Stage.PRODUCTION else Decision.Kind.PROCEED

"""The table of decisions (product.md §4): it is the product, so it is written out."""

from dataclasses import dataclass

from initiatives.facts import Facts
from initiatives.stages import ON_TRIAL, RUNNING, UNDECIDED, Gate, SpecialReview, Stage
from reviews.checks.verdicts import SUSPENDED, prohibition
from reviews.models import Decision


@dataclass(frozen=True, slots=True)
class Move:
    """A row of the table of product.md §4: from where, to where, and what it needs.

    While it is suspended nothing is decided but what says so by `while_suspended`; while a kill
    condition has tripped and nobody has answered it, nothing but what says so by `while_tripped`.
    It is of the next gate's review, unless it `decides_on` another.
    """

    origins: tuple[Stage, ...]
    to: dict[Stage, Stage]
    needs_review: bool = False
    decides_on: SpecialReview | None = None
    needs_signatures: bool = False
    needs_gate: Gate | None = None
    needs_outcome: bool = False
    needs_days: bool = False
    while_suspended: bool = False
    while_tripped: bool = False


TABLE: dict[str, Move] = {
    Decision.Kind.PROCEED: Move(
        origins=(Stage.PROPOSAL, Stage.PILOT),
        to={Stage.PROPOSAL: Stage.PILOT, Stage.PILOT: Stage.READINESS_REVIEW},
        needs_review=True,
        needs_signatures=True,
    ),
    Decision.Kind.SHIP: Move(
        origins=(Stage.READINESS_REVIEW,),
        to={Stage.READINESS_REVIEW: Stage.PRODUCTION},
        needs_review=True,
        needs_signatures=True,
    ),
    Decision.Kind.SEND_BACK: Move(
        origins=(*UNDECIDED, Stage.PRODUCTION), to={}, needs_review=True, while_suspended=True
    ),
    Decision.Kind.EXTEND: Move(origins=ON_TRIAL, to={}, needs_days=True, while_tripped=True),
    Decision.Kind.PAUSE: Move(origins=ON_TRIAL, to={}, needs_days=True),
    Decision.Kind.RECERTIFY: Move(
        origins=(Stage.PRODUCTION,), to={}, needs_review=True, needs_signatures=True
    ),
    Decision.Kind.REBASELINE: Move(
        origins=RUNNING,
        to={},
        needs_review=True,
        decides_on=SpecialReview.REBASELINE,
        needs_signatures=True,
    ),
    Decision.Kind.CATCH_UP: Move(
        origins=RUNNING,
        to={},
        needs_review=True,
        decides_on=SpecialReview.CATCH_UP,
        needs_signatures=True,
    ),
    Decision.Kind.SUSPEND: Move(origins=RUNNING, to={}, while_tripped=True),
    Decision.Kind.RESUME: Move(origins=RUNNING, to={}, while_suspended=True),
    Decision.Kind.KILL: Move(
        origins=UNDECIDED,
        to=dict.fromkeys(UNDECIDED, Stage.RETIRED),
        needs_outcome=True,
        while_suspended=True,
        while_tripped=True,
    ),
    Decision.Kind.DECOMMISSION: Move(
        origins=(Stage.PRODUCTION,),
        to={Stage.PRODUCTION: Stage.RETIRED},
        needs_gate=Gate.RETIREMENT,
        needs_outcome=True,
        while_suspended=True,
        while_tripped=True,
    ),
}


# How a tripped kill condition is answered in each stage.
WAYS_OUT: dict[str, str] = {
    Stage.PROPOSAL: "Kill or waive it",
    Stage.PILOT: "Kill, extend or waive it",
    Stage.READINESS_REVIEW: "Kill, extend or waive it",
    Stage.PRODUCTION: "Decommission or waive it",
    Stage.RETIRED: "Leave it",
}


def ends(kind: str, gate: str) -> bool:
    """Whether a decision of this kind may be the one on a review of this gate; what needs no review
    may be taken at any time."""
    move = TABLE[kind]
    if not move.needs_review or kind == Decision.Kind.SEND_BACK:
        return True
    return (move.decides_on or "") == (gate if gate in SpecialReview.values else "")


@dataclass(frozen=True, slots=True)
class Bar:
    """What stands in the way of a decision, and the rule that says so."""

    says: str
    rule: str


def bar(kind: str, facts: Facts) -> Bar | None:
    """Why what is suspended, or what is not, or where a kill condition has tripped, cannot be
    decided on like this, or None."""
    return _bar_while_suspended(kind, facts) or _bar_while_tripped(kind, facts)


def _bar_while_suspended(kind: str, facts: Facts) -> Bar | None:
    row = facts.initiative
    if kind == Decision.Kind.RESUME:
        return _bar_to_resuming(facts)
    if kind == Decision.Kind.CATCH_UP and not row.owes_gates:
        return Bar("It owes nothing of the gates before its stage.", "owes_nothing")
    if kind == Decision.Kind.REBASELINE and facts.charter is None:
        return Bar("No charter is signed yet that could change.", "no_charter")
    if not row.is_suspended or TABLE[kind].while_suspended:
        return None
    if kind == Decision.Kind.SUSPEND:
        return Bar("It is suspended already. Somebody may just have done it.", "already_suspended")
    return Bar(SUSPENDED, "suspended")


def _bar_while_tripped(kind: str, facts: Facts) -> Bar | None:
    """A tripped condition is answered before anything else: it is killed, extended where that
    answers it, or waived (product.md P8). Switching off is always possible."""
    tripped = facts.tripped
    if not tripped or TABLE[kind].while_tripped:
        return None
    ways = WAYS_OUT[facts.initiative.stage]
    because = tripped[0].tripped_because
    return Bar(f"A kill condition has tripped: {because}. {ways} before anything else.", "tripped")


def _bar_to_resuming(facts: Facts) -> Bar | None:
    if not facts.initiative.is_suspended:
        return Bar("It is not suspended. Somebody may have resumed it already.", "not_suspended")
    if prohibition(facts):
        return Bar("It is classed as prohibited: it can be retired, not resumed.", "prohibited")
    return None

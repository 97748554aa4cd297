"""The table of decisions (product.md §4): it is the product, so it is written out."""

from dataclasses import dataclass

from initiatives.stages import ON_TRIAL, UNDECIDED, Gate, Stage
from reviews.models import Decision


@dataclass(frozen=True, slots=True)
class Move:
    """A row of the table of product.md §4: from where, to where, and what it needs."""

    origins: tuple[Stage, ...]
    to: dict[Stage, Stage]
    needs_review: bool = False
    needs_signatures: bool = False
    needs_gate: Gate | None = None
    needs_outcome: bool = False
    needs_days: bool = False


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
    Decision.Kind.SEND_BACK: Move(origins=(*UNDECIDED, Stage.PRODUCTION), to={}, needs_review=True),
    Decision.Kind.EXTEND: Move(origins=ON_TRIAL, to={}, needs_days=True),
    Decision.Kind.PAUSE: Move(origins=ON_TRIAL, to={}, needs_days=True),
    Decision.Kind.RECERTIFY: Move(
        origins=(Stage.PRODUCTION,), to={}, needs_review=True, needs_signatures=True
    ),
    Decision.Kind.KILL: Move(
        origins=UNDECIDED,
        to=dict.fromkeys(UNDECIDED, Stage.RETIRED),
        needs_outcome=True,
    ),
    Decision.Kind.DECOMMISSION: Move(
        origins=(Stage.PRODUCTION,),
        to={Stage.PRODUCTION: Stage.RETIRED},
        needs_gate=Gate.RETIREMENT,
        needs_outcome=True,
    ),
}

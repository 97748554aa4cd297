"""What stopping leaves to be done: access revoked, data deleted or kept, spend stopped, each
confirmed by one person (product.md §3, Retirement)."""

from collections.abc import Iterable
from datetime import datetime

from django.utils import timezone

from accounts.models import Person
from audit.actions import Entry
from initiatives import actions as initiatives
from initiatives.facts import Facts
from initiatives.models import Initiative
from initiatives.models.obligations import ObligationKind
from initiatives.stages import Role, Stage
from initiatives.workdays import add_working_days
from reviews.models import Decision

WORKING_DAYS = 10
DATA = "tidying_up"  # the retirement gate's question, in which people may be named

# What is to be done, and who does it: the first of these who is here, else whoever decided.
TIDYING: dict[ObligationKind, tuple[str, tuple[str, ...]]] = {
    ObligationKind.ACCESS: (
        "Every account, key and permission of it is revoked.",
        ("tidying_up.access", Role.ENGINEERING_OWNER, Role.PRODUCTION_OWNER, Role.SPONSOR),
    ),
    ObligationKind.DELETION: (
        "Its data is deleted, or it is written down what is kept, and until when.",
        (Role.DATA_OWNER, "tidying_up.access", Role.ENGINEERING_OWNER, Role.SPONSOR),
    ),
    ObligationKind.SPEND: (
        "Spending has stopped: contracts are ended and the last invoice is paid.",
        ("tidying_up.spend", Role.BUDGET_OWNER, Role.SPONSOR),
    ),
}


def tidy_up(
    decision: Decision, row: Initiative, known: Facts, *, by: Person, at: datetime
) -> list[Entry]:
    """Ask people to confirm what stopping leaves to be done; return what the log says of it."""
    due_date = add_working_days(timezone.localdate(at), WORKING_DAYS)
    owed = []
    for kind in _left_to_do(Stage(decision.from_stage), row, known):
        owed.append(
            initiatives.owe(
                row,
                kind=kind,
                what=_what(kind, known),
                assignee=_assignee(TIDYING[kind][1], known) or by,
                due_date=due_date,
                by=by,
                at=at,
            )
        )
    decision.obligations.set([obligation for obligation, _ in owed])
    return [entry for _, entry in owed]


def _left_to_do(stage: Stage, row: Initiative, known: Facts) -> Iterable[ObligationKind]:
    """A proposal has touched nothing yet, but it may have cost money; nobody is asked twice, as
    things stand once the decision has released what it had asked before."""
    kinds = list(TIDYING) if stage != Stage.PROPOSAL else []
    if known.spent and ObligationKind.SPEND not in kinds:
        kinds.append(ObligationKind.SPEND)
    asked = set(row.obligations.open().values_list("kind", flat=True))
    return [kind for kind in kinds if kind not in asked]


def _what(kind: ObligationKind, known: Facts) -> str:
    said = known.answer(DATA)
    if kind == ObligationKind.DELETION and said is not None and said.fields.get("data"):
        return str(said.fields["data"])
    return TIDYING[kind][0]


def _assignee(roles: Iterable[str], known: Facts) -> Person | None:
    people = (owner.person for role in roles if (owner := known.owner(role)))
    return next((person for person in people if person.is_active), None)

"""Answering a criterion that the policy asks."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from accounts.models import Person
from audit.refusals import Refused, records_refusals
from initiatives import actions as initiatives
from initiatives import facts
from initiatives.documents import Offered
from initiatives.models import Evidence, Initiative
from reviews import gates, queries
from reviews.policy import Case, Criterion, Field


@records_refusals("criterion.answer")
def answer(
    *,
    initiative: Initiative,
    criterion: str,
    values: Mapping[str, Any],
    by: Person,
    at: datetime,
    not_applicable_because: str = "",
) -> Evidence:
    """Answer a criterion, or say why it does not apply; what the policy does not ask is refused.

    One that is worked out can only be set aside, and an empty reason takes that back.
    """
    known = facts.load_one(initiative.pk)
    asked = _asked(criterion, initiative)
    not_applicable_because = not_applicable_because.strip()
    if not_applicable_because and asked.mandatory:
        raise Refused(
            f"“{asked.title}” has to be answered: it cannot be set aside.",
            rule="mandatory",
            field="not_applicable_because",
        )
    case = gates.case_of(known)
    fields = {f.key: f for f in asked.fields_for(case)}
    people = {k: values.get(k) for k, f in fields.items() if f.type == "person"}
    before = known.answer(criterion)
    if not (asked.is_answered or not_applicable_because or gates.set_aside(known, asked)):
        instead = "" if asked.mandatory else ", or say why it does not apply"
        raise Refused(
            f"“{asked.title}” is worked out from what is recorded. Mend that{instead}.",
            rule="worked_out",
            field="not_applicable_because",
        )
    stands = before.fields if before is not None else {}
    plain = {
        k: _given(f, values.get(k), stands.get(k), case)
        for k, f in fields.items()
        if k not in people
    }
    return initiatives.record_evidence(
        initiative=initiative,
        criterion=criterion,
        fields={} if not_applicable_because else plain,
        people={} if not_applicable_because else people,
        by=by,
        at=at,
        not_applicable_because=not_applicable_because,
    )


def _asked(key: str, initiative: Initiative) -> Criterion:
    if asked := queries.criterion(key, initiative):
        return asked
    raise Refused("The policy does not ask this.", rule="unknown_criterion")


def _given(field: Field, value: Any, stands: Any, case: Case) -> Any:
    """What is to be stored: of a table the columns that are asked; of a file's link a document,
    unless it stands there."""
    if field.type == "table":
        keys = [column.key for column in field.columns_for(case)]
        return [{key: stored(row.get(key, "")) for key in keys} for row in gates.rows_of(value)]
    if field.type == "file" and value and isinstance(value, str) and value != stands:
        return Offered(url=value)
    return stored(value)


def stored(value: Any) -> Any:
    """A field's value as JSON keeps it, without losing exactness."""
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return value.isoformat() if isinstance(value, date) else value

"""What answers a tripped kill condition, before anything else (product.md P8): kill, extend, waive.

To kill ends it. An extension answers a condition that would not have tripped with the later date:
one due by the decision date, unless so many measurements running have failed as well. It is armed
again, with that date. Every other one (money, an owner, measurements running, a day of its own) is
not about the date that moves, so it is answered by a waiver: a signature that it stops nothing
until a day. When that is over it is armed again, and may trip again. Nothing is extended while a
condition stays tripped that the extension does not answer. A waiver lasts no longer than one
extension: it gives the same time for the same reason, and must not be the longer way round.
"""

from datetime import date, datetime, timedelta

from django.utils import timezone

from accounts.authentication import Authentication
from accounts.models import Person
from audit.actions import Entry, Words, append
from audit.refusals import Refused, records_refusals
from initiatives import actions as initiatives
from initiatives import facts as initiative_facts
from initiatives.facts import Facts
from initiatives.models import Initiative, KillCondition, Waiver
from initiatives.stages import Stage
from reviews import permissions, queries
from reviews.actions.lapsing import lapse_if_due
from reviews.actions.proving import require_fresh
from reviews.actions.reviewing import locked_initiative
from reviews.policy import Policy

State = KillCondition.State
RETIRED = "A retired initiative stays as it was."
MEANING = (
    "I know that this condition has come true, and I answer for going on all the same until that "
    "day. Then it is armed again."
)


@records_refusals("kill_condition.waive")
def waive(
    *,
    kill_condition: KillCondition,
    reason: str,
    expires_on: date,
    authentication: Authentication | None,
    by: Person,
    at: datetime,
) -> Waiver:
    """Sign that a tripped condition stops nothing until the end of a day."""
    row = locked_initiative(kill_condition.initiative_id)
    initiatives.trip_those_of(row, at=at)
    lapse_if_due(row, at=at)
    known, policy = initiative_facts.load_one(row.pk), queries.current_policy()
    if barred := permissions.bar_to_waiving(by, known):
        raise Refused(barred, rule="may_not_waive")
    if row.stage == Stage.RETIRED:
        raise Refused(RETIRED, rule="retired")
    condition = next((k for k in known.tripped if k.pk == kill_condition.pk), None)
    if condition is None:
        raise Refused("It is not tripped any more: there is nothing to waive.", rule="not_tripped")
    if not reason.strip():
        raise Refused("Say why, for the record.", rule="reason_missing", field="reason")
    _require_within_limit(expires_on, policy, timezone.localdate(at))
    proof = require_fresh(authentication, policy, row.level, at)
    waiver = _sign(condition, reason.strip(), expires_on, proof, by, at)
    Initiative.objects.filter(pk=row.pk).update(touched_at=at)
    append([_entry(waiver)], at=at)
    return waiver


def longest(policy: Policy, today: date) -> date:
    """The last day until which a condition may be waived."""
    return today + timedelta(days=policy.limits.extension_days)


def _require_within_limit(expires_on: date, policy: Policy, today: date) -> None:
    if not today < expires_on <= longest(policy, today):
        raise Refused(
            f"Choose a day after today, until {longest(policy, today):%-d %b %Y}.",
            rule="waived_too_long",
            field="expires_on",
        )


def _sign(
    condition: KillCondition,
    reason: str,
    expires_on: date,
    proof: Authentication,
    by: Person,
    at: datetime,
) -> Waiver:
    assert condition.tripped_at is not None  # a constraint says so
    condition.state, condition.waived_until = State.WAIVED, expires_on
    condition.save(update_fields=["state", "waived_until"])
    return Waiver.objects.create(
        condition=condition,
        tripped_at=condition.tripped_at,
        tripped_because=condition.tripped_because,
        reason=reason,
        meaning=MEANING,
        waived_at=at,
        waived_by=by,
        printed_name=by.name,
        expires_on=expires_on,
        authentication_method=proof.method,
        authenticated_at=proof.authenticated_at,
    )


def _entry(waiver: Waiver) -> Entry:
    condition = waiver.condition
    return Entry(
        "kill_condition.waived",
        f"killcondition:{condition.pk}",
        condition.initiative_id,
        waiver.waived_by_id,
        {
            "condition": Words(condition.sentence()),
            "because": Words(waiver.tripped_because),
            "until": waiver.expires_on,
            "reason": Words(waiver.reason),
        },
    )


def answer_by_extension(known: Facts, *, at: datetime) -> None:
    """Arm again what a later date answers; refuse while anything else is tripped."""
    left = initiatives.rearm_by_extension(known, at=at)
    if left:
        raise Refused(
            f"A kill condition has tripped that a later date does not answer: "
            f"{left[0].tripped_because}. Kill it, or waive that condition first.",
            rule="tripped",
        )

"""Decisions: the one place where an initiative changes its stage."""

from datetime import date, datetime, timedelta

from django.utils import timezone

from accounts.models import Person
from audit.actions import Entry, Value, Words, append
from audit.refusals import Refused, records_refusals
from initiatives import actions as initiatives
from initiatives import facts as initiative_facts
from initiatives.facts import Facts
from initiatives.models import Initiative, OpenToGroup, Overtaken
from initiatives.stages import Gate, Stage
from reviews import gates, permissions, queries, snapshots
from reviews.actions.reviewing import locked_initiative, notice, review_entry
from reviews.models import Decision, Review
from reviews.policy import Policy
from reviews.transitions import TABLE, Move

# The retirement gate's own question, which the decision's form asks.
WHY_IT_STOPS = "why_it_stops"


@records_refusals("decision")
def decide(
    *,
    initiative: Initiative,
    kind: str,
    reason: str,
    by: Person,
    at: datetime,
    outcome: str = "",
    lesson: str = "",
) -> Decision:
    """Decide what becomes of an initiative, and move it where the decision leads.

    One transaction: lock, compare the evidence, evaluate the criteria and signatures again, move
    where the version is still the one read, close the spell and open the next, write the event.
    """
    row = locked_initiative(initiative.pk)
    move = TABLE[kind]
    known = initiative_facts.load_one(row.pk)
    _require_origin(row, kind, move)
    if bar := permissions.bar_to_deciding(by, known, kind):
        raise Refused(bar, rule="may_not_decide")
    _require_words(move, reason, outcome, lesson)
    today = timezone.localdate(at)
    review = _review_for(row, kind, move, today, at)
    if move.needs_outcome:
        _write_down_why(row, reason, lesson, by, at)
    if move.needs_gate is not None:
        _require_gate(initiative_facts.load_one(row.pk), move.needs_gate, today)
    decision = _record(row, known, kind, move, review, reason, outcome, lesson, by, at)
    if move.to:
        _enter(row, Stage(decision.to_stage), review, reason, today, at)
    _close_reviews(row, review, kind, at)
    append([_entry(decision, by)], at=at)
    return decision


def _require_origin(row: Initiative, kind: str, move: Move) -> None:
    if row.stage not in move.origins:
        raise Refused(
            f"“{Decision.Kind(kind).label}” is not possible in the stage "
            f"“{row.get_stage_display()}”. Somebody may have decided in the meantime.",
            rule="wrong_stage",
        )


def _require_words(move: Move, reason: str, outcome: str, lesson: str) -> None:
    if not reason.strip():
        raise Refused("Say why, for the record.", rule="reason_missing", field="reason")
    if move.needs_outcome and outcome not in Decision.Outcome.values:
        raise Refused("Say which way it ended.", rule="outcome_missing", field="outcome")
    if move.needs_outcome and not lesson.strip():
        raise Refused("Say what the next team should know.", rule="lesson_missing", field="lesson")


def _review_for(row: Initiative, kind: str, move: Move, today: date, at: datetime) -> Review | None:
    """The open review a decision stands on, complete where the decision advances."""
    if not move.needs_review:
        return None
    review = (
        Review.objects.open()
        .filter(initiative=row, gate=row.next_gate)
        .select_related("policy", "snapshot", "initiative")
        .first()
    )
    if review is None:
        raise Refused("No review is open. Ask for one first.", rule="no_open_review")
    notice(review, row, at)
    if move.needs_signatures:
        _require_complete(queries.standing(review, today))
    return review


def _require_complete(standing: queries.Standing) -> None:
    if lacking := standing.lacking():
        raise Refused(
            f"The gate stays shut. {lacking[0]}"
            + (f" And {len(lacking) - 1} more." if len(lacking) > 1 else ""),
            rule="gate_unmet",
            detail={"lacking": lacking},
        )


def _write_down_why(row: Initiative, reason: str, lesson: str, by: Person, at: datetime) -> None:
    """Answer the retirement gate's own question, so that nobody has to say it twice."""
    initiatives.record_evidence(
        initiative=row,
        criterion=WHY_IT_STOPS,
        fields={"reason": reason.strip(), "lesson": lesson.strip()},
        people={},
        by=by,
        at=at,
    )


def _require_gate(known: Facts, gate: Gate, today: date) -> None:
    judged = gates.evaluate(known, gate, queries.current_policy(), today)
    if open_ones := [j for j in judged if j.blocks]:
        first = open_ones[0]
        raise Refused(
            f"{first.criterion.title}: {first.verdict.reason}",
            rule="gate_unmet",
            detail={"lacking": [f"{j.criterion.title}: {j.verdict.reason}" for j in open_ones]},
        )


def _record(
    row: Initiative,
    known: Facts,
    kind: str,
    move: Move,
    review: Review | None,
    reason: str,
    outcome: str,
    lesson: str,
    by: Person,
    at: datetime,
) -> Decision:
    return Decision.objects.create(
        initiative=row,
        review=review,
        kind=kind,
        from_stage=row.stage,
        to_stage=move.to.get(Stage(row.stage), row.stage),
        version=row.version,
        decided_at=at,
        decided_by=by,
        reason=reason.strip(),
        outcome=outcome,
        lesson=lesson.strip(),
        snapshot=review.snapshot if review else None,
        observed=snapshots.observed(known),
    )


def _enter(
    row: Initiative, stage: Stage, review: Review | None, reason: str, today: date, at: datetime
) -> None:
    passed_charter = review is not None and review.gate == Gate.CHARTER
    policy = queries.parsed(review.policy) if review else queries.current_policy()
    try:
        row.enter(stage, at=at, decision_date=_decision_date(row, stage, policy, today))
    except Overtaken as overtaken:
        raise Refused(str(overtaken), rule="overtaken") from overtaken
    begun = row.counting_since or at  # whoever decided on it has ended its quiet
    Initiative.objects.filter(pk=row.pk).update(touched_at=at, counting_since=begun)
    if passed_charter:
        initiatives.freeze_baseline(initiative=row, reason=reason, at=at)


def _decision_date(row: Initiative, stage: Stage, policy: Policy, today: date) -> date | None:
    """The day by which the stage that begins is decided."""
    limits = policy.limits
    days = {
        Stage.PILOT: row.pilot_days,
        Stage.READINESS_REVIEW: limits.readiness_days,
        Stage.PRODUCTION: limits.recertification_days[row.level],
    }
    return today + timedelta(days=days[stage]) if stage in days else None


def _close_reviews(row: Initiative, decided: Review | None, kind: str, at: datetime) -> None:
    """Close the review that was decided, and, when it stops, all others."""
    closing = Review.Closing
    if decided is not None:
        how = closing.SENT_BACK if kind == Decision.Kind.SEND_BACK else closing.DECIDED
        Review.objects.filter(pk=decided.pk).update(closed_at=at, closing=how)
    if row.stage == Stage.RETIRED:
        open_ones = Review.objects.open().filter(initiative=row)
        open_ones.update(closed_at=at, closing=closing.STOPPED)
    if not Review.objects.open().filter(initiative=row).exists():
        OpenToGroup.objects.filter(initiative=row).delete()


def _entry(decision: Decision, by: Person) -> Entry:
    changed: dict[str, Value] = {
        "decision": decision.kind,
        "from": decision.from_stage,
        "to": decision.to_stage,
        "digest": decision.snapshot_id,
        "reason": Words(decision.reason),
    }
    if decision.outcome:
        changed |= {"outcome": decision.outcome, "lesson": Words(decision.lesson)}
    if decision.review is not None:
        return review_entry("decision.made", decision.review, by, changed)
    return Entry(
        "decision.made",
        f"initiative:{decision.initiative_id}",
        decision.initiative_id,
        by.pk,
        changed,
    )

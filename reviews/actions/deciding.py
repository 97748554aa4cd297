"""Decisions: the one place where an initiative changes its stage."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone

from accounts.models import Person
from audit.actions import Entry, Value, Words, append
from audit.refusals import Refused, records_refusals
from initiatives import actions as initiatives
from initiatives import facts as initiative_facts
from initiatives.facts import Facts
from initiatives.models import Initiative, Overtaken
from initiatives.stages import Gate, Stage
from reviews import gates, permissions, queries, snapshots
from reviews.actions import lapsing, postponing, waiving
from reviews.actions.reviewing import (
    end_what_was_asked,
    locked_initiative,
    notice,
    release_conditions,
    review_entry,
)
from reviews.actions.tidying import tidy_up
from reviews.models import Decision, Review, SignOff
from reviews.policy import Policy
from reviews.transitions import TABLE, Move, bar

# The retirement gate's own question, which the decision's form asks.
WHY_IT_STOPS = "why_it_stops"


@dataclass(frozen=True)
class Said:
    """What somebody decided, as they said it."""

    kind: str
    reason: str
    by: Person
    at: datetime
    outcome: str = ""
    lesson: str = ""
    days: int | None = None
    to_pilot: bool = False
    review: Review | None = None

    @property
    def move(self) -> Move:
        return TABLE[self.kind]

    @property
    def today(self) -> date:
        return timezone.localdate(self.at)


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
    days: int | None = None,
    to_pilot: bool = False,
    review: Review | None = None,
) -> Decision:
    """Decide what becomes of an initiative, and move it where the decision leads.

    One transaction: lock, trip and lapse what is due by now, compare the evidence, evaluate the
    criteria and signatures again, move where the version is still the one read, close the spell
    and open the next, write the event.
    To ship a light pilot takes both of its reviews in one sitting, and records two decisions.
    `review` says which open one is sent back, where it is not that of a gate.
    """
    said = Said(kind, reason, by, at, outcome, lesson, days, to_pilot, review)
    row = locked_initiative(initiative.pk)
    initiatives.trip_those_of(row, at=at)
    lapsing.lapse_if_due(row, at=at)
    known = initiative_facts.load_one(row.pk)
    if kind == Decision.Kind.SHIP and may_take_one_sitting(row):
        return _decide_in_one_sitting(row, known, said)
    _require_allowed(row, known, said)
    found = _review_for(row, known, said, said.move.decides_on or row.next_gate)
    return _carry_out(row, known, said, found)


def may_take_one_sitting(row: Initiative) -> bool:
    """Light ones may take ship-or-kill and go-live together (product.md §3, Go-live)."""
    both = Review.objects.open().filter(initiative=row, gate=Gate.GO_LIVE)
    return row.stage == Stage.PILOT and queries.is_light(row) and both.exists()


def _decide_in_one_sitting(row: Initiative, known: Facts, said: Said) -> Decision:
    """Both gates are held against the evidence as it is now, before the first of them moves it."""
    proceed = replace(said, kind=Decision.Kind.PROCEED)
    _require_allowed(row, known, proceed)
    first = _review_for(row, known, proceed, Gate.SHIP_OR_KILL)
    second = _review_for(row, known, said, Gate.GO_LIVE)
    _carry_out(row, known, proceed, first)
    return _carry_out(row, initiative_facts.load_one(row.pk), said, second)


def _carry_out(row: Initiative, known: Facts, said: Said, review: Review | None) -> Decision:
    """Record the decision and do what it says."""
    if said.move.needs_outcome:
        _write_down_why(row, said)
        known = initiative_facts.load_one(row.pk)
    if said.move.needs_gate is not None:
        _require_gate(known, said.move.needs_gate, said.today)
    policy = queries.parsed(review.policy) if review else queries.current_policy()
    decision = _record(row, known, said, review)
    try:
        _move(row, known, Stage(decision.to_stage), said, review, policy)
    except Overtaken as overtaken:
        raise Refused(str(overtaken), rule="overtaken") from overtaken
    _close_reviews(row, review, said)
    stops = decision.to_stage == Stage.RETIRED
    left = tidy_up(decision, row, known, by=said.by, at=said.at) if stops else []
    append([_entry(decision, said), *left], at=said.at)
    return decision


def _require_allowed(row: Initiative, known: Facts, said: Said) -> None:
    if row.stage not in said.move.origins:
        raise Refused(
            f"“{Decision.Kind(said.kind).label}” is not possible in the stage "
            f"“{row.get_stage_display()}”. Somebody may have decided in the meantime.",
            rule="wrong_stage",
        )
    if barred := bar(said.kind, known):
        raise Refused(barred.says, rule=barred.rule)
    if not_theirs := permissions.bar_to_deciding(said.by, known, said.kind):
        raise Refused(not_theirs, rule="may_not_decide")
    _require_words(said)
    if said.move.needs_days:
        postponing.require_within_limits(
            row, said.kind, said.days, by=said.by, at=said.at, policy=queries.current_policy()
        )


def _require_words(said: Said) -> None:
    if not said.reason.strip():
        raise Refused("Say why, for the record.", rule="reason_missing", field="reason")
    if said.move.needs_outcome and said.outcome not in Decision.Outcome.values:
        raise Refused("Say which way it ended.", rule="outcome_missing", field="outcome")
    if said.move.needs_outcome and not said.lesson.strip():
        raise Refused("Say what the next team should know.", rule="lesson_missing", field="lesson")


def _review_for(row: Initiative, known: Facts, said: Said, gate: str | None) -> Review | None:
    """The open review a decision stands on, complete where the decision advances.

    Any can be sent back: of a light pilot go-live alone may be open.
    """
    if not said.move.needs_review:
        return None
    open_ones = Review.objects.open().filter(initiative=row).order_by("pk")
    if said.kind != Decision.Kind.SEND_BACK:
        open_ones = open_ones.filter(gate=gate)
    elif said.review is not None:
        open_ones = open_ones.filter(pk=said.review.pk)
    elif open_ones.of_gates().exists():
        open_ones = open_ones.of_gates()
    review = open_ones.select_related("policy", "snapshot", "initiative").first()
    if review is None:
        raise Refused("No review is open. Ask for one first.", rule="no_open_review")
    limits = queries.current_policy().limits
    if late := permissions.bar_to_ending(said.by, known, review.gate, said.today, limits):
        raise Refused(late, rule="may_not_decide")
    notice(review, row, said.at, known)
    if said.move.needs_signatures:
        _require_complete(queries.standing(review, said.today, known))
    return review


def _require_complete(standing: queries.Standing) -> None:
    if lacking := standing.lacking():
        raise Refused(
            f"The gate stays shut. {lacking[0]}"
            + (f" And {len(lacking) - 1} more." if len(lacking) > 1 else ""),
            rule="gate_unmet",
            detail={"lacking": lacking},
        )


def _write_down_why(row: Initiative, said: Said) -> None:
    """Answer the retirement gate's own question, so that nobody has to say it twice, and keep it
    where whoever begins the like finds it."""
    initiatives.remember(row, because=said.reason.strip(), lesson=said.lesson.strip())
    initiatives.record_evidence(
        initiative=row,
        criterion=WHY_IT_STOPS,
        fields={"reason": said.reason.strip(), "lesson": said.lesson.strip()},
        people={},
        by=said.by,
        at=said.at,
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


def _record(row: Initiative, known: Facts, said: Said, review: Review | None) -> Decision:
    to = said.move.to.get(Stage(row.stage), Stage(row.stage))
    back = said.kind == Decision.Kind.SEND_BACK and said.to_pilot
    if back and row.stage == Stage.READINESS_REVIEW:
        to = Stage.PILOT
    standing = queries.standing(review, said.today, known) if review else None
    return Decision.objects.create(
        initiative=row,
        review=review,
        kind=said.kind,
        from_stage=row.stage,
        to_stage=to,
        version=row.version,
        decided_at=said.at,
        decided_by=said.by,
        reason=said.reason.strip(),
        outcome=said.outcome,
        lesson=said.lesson.strip(),
        days=said.days if said.move.needs_days else None,
        snapshot=review.snapshot if review else None,
        observed=snapshots.observed(standing.facts, standing.judged) | _set_aside(standing)
        if standing
        else snapshots.observed(known),
    )


def _set_aside(standing: queries.Standing) -> dict[str, Any]:
    """Which overrides the decision stands on, where it does."""
    used = sorted({override.pk for _, override in standing.overridden})
    return {"overrides": used} if used else {}


def _move(
    row: Initiative, known: Facts, to: Stage, said: Said, review: Review | None, policy: Policy
) -> None:
    """Let the initiative stand where the decision leads."""
    had_lapsed = row.has_lapsed
    if said.move.needs_days:
        assert said.days is not None
        postponing.postpone(row, said.kind, said.days, at=said.at)
        waiving.answer_by_extension(known, at=said.at)
    elif said.kind == Decision.Kind.RECERTIFY:
        row.recertify(at=said.at, decision_date=_recertified_until(row, policy, said.today))
    elif said.kind == Decision.Kind.REBASELINE:
        assert review is not None
        assert review.baseline is not None
        initiatives.put_in_force(row=row, baseline=review.baseline, by=said.by, at=said.at)
    elif said.kind == Decision.Kind.CATCH_UP:
        _catch_up(row, known, said)
    elif said.kind == Decision.Kind.SUSPEND:
        initiatives.suspend(row, because=said.reason.strip(), by=said.by, at=said.at)
    elif said.kind == Decision.Kind.RESUME:
        row.resume()
    elif to != row.stage:
        row.enter(to, at=said.at, decision_date=_decision_date(row, said, to, policy))
        if review is not None and review.gate == Gate.CHARTER:
            initiatives.freeze_baseline(initiative=row, reason=said.reason, at=said.at, known=known)
    if had_lapsed and not row.has_lapsed:
        lapsing.release(row, at=said.at)
    begun = row.counting_since or said.at  # whoever decided on it has ended its quiet
    Initiative.objects.filter(pk=row.pk).update(touched_at=said.at, counting_since=begun)


def _catch_up(row: Initiative, known: Facts, said: Said) -> None:
    """Owe nothing any more; what was signed for the charter is frozen like one."""
    row.catch_up(at=said.at)
    if known.charter is None:
        initiatives.freeze_baseline(initiative=row, reason=said.reason, at=said.at, known=known)


def _decision_date(row: Initiative, said: Said, to: Stage, policy: Policy) -> date | None:
    """The day by which the stage that begins is decided."""
    limits = policy.limits
    if to == Stage.PRODUCTION:
        return _recertified_until(row, policy, said.today)
    if to == Stage.PILOT:
        # What is sent back has had its pilot: it is given one extension's time, not a new one.
        days = limits.extension_days if said.kind == Decision.Kind.SEND_BACK else row.pilot_days
        return said.today + timedelta(days=days)
    if to == Stage.READINESS_REVIEW:
        return said.today + timedelta(days=limits.readiness_days)
    return None


def _recertified_until(row: Initiative, policy: Policy, today: date) -> date:
    return today + timedelta(days=policy.limits.recertification_days[row.level])


def _close_reviews(row: Initiative, decided: Review | None, said: Said) -> None:
    """Close the review that was decided; when it stops, all others, and when it goes back, those
    of other gates. What approvals of those depended on is not asked for any more."""
    closing = Review.Closing
    goes_back = said.kind == Decision.Kind.SEND_BACK
    given_up = _given_up(row, decided, said)
    release_conditions(SignOff.objects.filter(review__in=given_up), said.at)
    if decided is not None:
        how = closing.SENT_BACK if goes_back else closing.DECIDED
        Review.objects.filter(pk=decided.pk).update(closed_at=said.at, closing=how)
    how = closing.SENT_BACK if goes_back else closing.STOPPED
    Review.objects.filter(pk__in=given_up).update(closed_at=said.at, closing=how)
    end_what_was_asked(row, said.at)


def _given_up(row: Initiative, decided: Review | None, said: Said) -> list[int]:
    """Ids of the open reviews that end undecided, or sent back."""
    open_ones = Review.objects.open().filter(initiative=row)
    if row.stage == Stage.RETIRED:
        return list(open_ones.values_list("pk", flat=True))
    if said.kind != Decision.Kind.SEND_BACK or decided is None:
        return []
    is_of_a_gate = decided.gate in Gate.values
    back = open_ones.of_gates() if is_of_a_gate else open_ones.filter(pk=decided.pk)
    return list(back.values_list("pk", flat=True))


def _entry(decision: Decision, said: Said) -> Entry:
    changed: dict[str, Value] = {
        "decision": decision.kind,
        "from": decision.from_stage,
        "to": decision.to_stage,
        "digest": decision.snapshot_id,
        "reason": Words(decision.reason),
    }
    if decision.outcome:
        changed |= {"outcome": decision.outcome, "lesson": Words(decision.lesson)}
    if decision.days is not None:
        changed["days"] = decision.days
    if decision.review is not None:
        return review_entry("decision.made", decision.review, said.by, changed)
    return Entry(
        "decision.made",
        f"initiative:{decision.initiative_id}",
        decision.initiative_id,
        said.by.pk,
        changed,
    )

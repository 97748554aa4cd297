"""How the initiatives of the stories get past their gates, or do not."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.utils import timezone

from accounts.authentication import Authentication
from accounts.models import Person
from audit.refusals import Refused
from initiatives import actions as initiatives
from initiatives.models import Ownership
from initiatives.stages import Gate, Role, SpecialReview
from portfolio.stories.deeds import Deeds, answered, joined, lasting, reaccepted, watched
from portfolio.stories.papers import FOR_PRODUCTION
from portfolio.stories.people import GROUPS
from portfolio.stories.story import Act, Deed, Scene
from reviews import actions as reviews
from reviews.models import Decision, Review, SignOff, Slot

MOST_SIGNERS = 7
Kind, Outcome = Decision.Kind, Decision.Outcome


@dataclass(frozen=True)
class Told:
    """What an approval depends on: who sees to it, within how many days."""

    what: str
    by: str
    days: int


@dataclass(frozen=True)
class Signing:
    """Why slots are rejected, and on what conditions others are approved, by their keys."""

    rejects: dict[str, str] = field(default_factory=dict)
    on_condition: dict[str, Told] = field(default_factory=dict)


def asked_for(
    days: float,
    *,
    waits: tuple[str, ...] = (),
    rejects: dict[str, str] | None = None,
    on_condition: dict[str, Told] | None = None,
    gate: str | None = None,
) -> Deeds:
    """A review is asked for, and everybody signs but those slots that wait or reject; some if
    something is done."""
    said = Signing(rejects or {}, on_condition or {})
    return (Deed(days, _request(gate, waits)), *_signatures(days, gate, said))


def _signatures(days: float, gate: str | None, said: Signing) -> Deeds:
    """One after the other, as many as there are."""
    moments = (days - 0.5 - place * 0.35 for place in range(MOST_SIGNERS))
    return tuple(Deed(moment, _signature(gate, said)) for moment in moments if moment > 0)


def _request(gate: str | None, waits: tuple[str, ...]) -> Act:
    def request(scene: Scene) -> None:
        review = reviews.request_review(
            initiative=scene.initiative, by=scene.owner, at=scene.at, gate=gate
        )
        scene.to_sign[gate or ""] = _asked_to_sign(review, waits)

    return request


def _asked_to_sign(review: Review, waits: tuple[str, ...]) -> list[Slot]:
    return list(review.slots.select_related("group").exclude(key__in=waits).order_by("pk"))


def _signature(gate: str | None, said: Signing) -> Act:
    """The next who has not signed yet signs, with that for every role they hold."""

    def sign(scene: Scene) -> None:
        if not (waiting := scene.to_sign[gate or ""]):
            return
        slot = waiting.pop(0)
        review = Review.objects.get(pk=slot.review_id)
        signer = _signer(scene, review, slot)
        _sign(scene, review, slot, signer, said)
        if slot.role:
            signed = SignOff.objects.filter(review=review, signer=signer)
            filled = set(signed.values_list("slot", flat=True))
            waiting[:] = [other for other in waiting if other.pk not in filled]

    return sign


def _sign(scene: Scene, review: Review, slot: Slot, by: Person, said: Signing) -> None:
    objection, depends = said.rejects.get(slot.key, ""), said.on_condition.get(slot.key)
    verdicts = SignOff.Verdict
    verdict = verdicts.CONDITIONAL if depends else verdicts.APPROVE
    reviews.sign(
        slot=slot,
        verdict=verdicts.REJECT if objection else verdict,
        digest=review.snapshot_id,
        authentication=Authentication("password", scene.at - timedelta(minutes=1)),
        comment=objection,
        conditions=[_condition(scene, depends)] if depends else [],
        by=by,
        at=scene.at,
    )


def _condition(scene: Scene, told: Told) -> reviews.Condition:
    due_date = timezone.localdate(scene.at) + timedelta(days=told.days)
    return reviews.Condition(told.what, scene.who(told.by), due_date)


def _signer(scene: Scene, review: Review, slot: Slot) -> Person:
    """Whoever holds the role; of a group the first member who may and has no part in it."""
    if slot.group is None:
        held = Ownership.objects.counting().filter(initiative=scene.initiative, role=slot.role)
        return held.select_related("person").get().person
    keys = GROUPS[slot.group.key]
    scene.initiative.refresh_from_db(fields=["evidence_changed_by"])
    barred = {review.opened_by_id, scene.initiative.evidence_changed_by_id}
    members = [scene.cast.people[key] for key in keys if key not in scene.story.owners.values()]
    return next(person for person in members if person.pk not in barred)


def decided(
    days: float, kind: str, reason: str, /, *, by: str = Role.SPONSOR, **more: Any
) -> Deeds:
    """The sponsor decides, unless somebody else is named."""

    def decide(scene: Scene) -> None:
        reviews.decide(
            initiative=scene.initiative, kind=kind, reason=reason, by=scene.who(by), at=scene.at,
            **more,
        )  # fmt: skip
        scene.initiative.refresh_from_db()

    return (Deed(days, decide),)


def refused(days: float, kind: str, reason: str, *, by: str) -> Deeds:
    """Somebody tries to decide what the rules do not allow; that they tried is kept."""

    def attempt(scene: Scene) -> None:
        with suppress(Refused):
            reviews.decide(
                initiative=scene.initiative, kind=kind, reason=reason, by=scene.who(by),
                at=scene.at,
            )  # fmt: skip
            raise AssertionError(f"{kind} of {scene.story.name} was not refused")

    return (Deed(days, attempt),)


def passed(days: float, reason: str, kind: str = Kind.PROCEED) -> Deeds:
    """Asked for, signed by everybody within three days, and decided."""
    return (*asked_for(days + 3.5), *decided(days, kind, reason))


def proposed(
    days: float, bounds: dict[str, str], reason: str, *, waits: tuple[str, ...] = ()
) -> Deeds:
    """Another charter is proposed, with these bounds of its primary metric; everybody signs but
    those slots that wait."""

    def propose(scene: Scene) -> None:
        told = next(m for m in scene.story.metrics if m.is_primary)
        metric = f"metric.{scene.metrics[told.name].pk}"
        review = reviews.propose_baseline(
            initiative=scene.initiative, reason=reason, by=scene.owner, at=scene.at,
            changes={f"{metric}.{name}": told.value(said) for name, said in bounds.items()},
        )  # fmt: skip
        scene.to_sign[review.gate] = _asked_to_sign(review, waits)

    return (Deed(days, propose), *_signatures(days, SpecialReview.REBASELINE, Signing()))


def rebaselined(days: float, bounds: dict[str, str], reason: str, decided_because: str) -> Deeds:
    return (
        *proposed(days + 3.5, bounds, reason),
        *decided(days, Kind.REBASELINE, decided_because),
    )


# What has no answer any more, where it runs already.
NOT_OWED = ("integration_scope", "production_sketch", "approach_decision", "pilot_conditions")


def caught_up(days: float, reason: str, limit: str) -> Deeds:
    """All that it owed is written down, signed once and decided."""
    before = (Gate.CHARTER, Gate.SHIP_OR_KILL, Gate.GO_LIVE)
    return (
        *lasting(days + 5.5, limit),
        *watched(days + 5.2),
        *(deed for gate in before for deed in answered(days + 5, gate, leave=NOT_OWED)),
        *asked_for(days + 3.5, gate=SpecialReview.CATCH_UP),
        *decided(days, Kind.CATCH_UP, reason),
    )


def chartered(days: float, reason: str) -> Deeds:
    return (*answered(days + 5), *passed(days, reason))


def proven(days: float, reason: str) -> Deeds:
    """Past ship-or-kill."""
    return (*answered(days + 4.5, Gate.SHIP_OR_KILL), *passed(days, reason))


def made_ready(days: float, limit: str, *, leave: tuple[str, ...] = ()) -> Deeds:
    """All that go-live asks is there: owners, a lasting kill condition, somebody paged, answers."""
    return (
        *joined_for_production(days + 2),
        *lasting(days + 1.5, limit),
        *watched(days + 1.2),
        *answered(days + 1, Gate.GO_LIVE, leave=leave),
    )


def joined_for_production(days: float) -> Deeds:
    """Those whom production needs are asked; who they are the story's owners say."""
    return tuple(deed for role in FOR_PRODUCTION for deed in joined(days, role, role))


def shipped(days: float, reason: str, limit: str) -> Deeds:
    """Made ready, signed and live."""
    return (*made_ready(days + 6, limit), *passed(days, reason, Kind.SHIP))


def overridden(
    days: float, key: str, reason: str, *, until: int, by: str, second: str = ""
) -> Deeds:
    """A lead asks for a criterion of the open review to be set aside; unless somebody signs second,
    it waits for that."""

    def override(scene: Scene) -> None:
        asked = reviews.ask_for_override(
            review=Review.objects.open().get(initiative=scene.initiative),
            criteria=[key],
            reason=reason,
            expires_on=timezone.localdate(scene.at) + timedelta(days=until),
            by=scene.who(by),
            at=scene.at,
        )
        proof = Authentication("password", scene.at - timedelta(minutes=1))
        if second:
            reviews.countersign_override(
                override=asked, authentication=proof, by=scene.who(second), at=scene.at
            )

    return (Deed(days, override),)


def recertified(days: float, reason: str) -> Deeds:
    return (
        *reaccepted(days + 6),
        *answered(days + 5, Gate.RECERTIFICATION),
        *passed(days, reason, Kind.RECERTIFY),
    )


def killed(
    days: float,
    outcome: str,
    reason: str,
    lesson: str,
    *,
    by: str = Role.SPONSOR,
    leave: tuple[str, ...] = (),
) -> Deeds:
    """It stops, and within a week people have tidied up but for what they leave."""
    return (
        *decided(days, Kind.KILL, reason, by=by, outcome=outcome, lesson=lesson),
        *_tidied(days - 6, leave),
    )


def _tidied(days: float, leave: tuple[str, ...] = ()) -> Deeds:
    def tidy_up(scene: Scene) -> None:
        for owed in scene.initiative.obligations.open().exclude(kind__in=leave):
            initiatives.confirm_obligation(
                obligation=owed, by=owed.assignee, at=scene.at, comment="Done and looked at."
            )

    return (Deed(days, tidy_up),)


def asks(days: float, by: str, of: str, text: str, *, answer: str = "", about: str = "") -> Deeds:
    """Somebody asks before they sign; a day later there may be an answer."""

    def ask(scene: Scene) -> None:
        review = Review.objects.open().get(initiative=scene.initiative)
        asked = reviews.ask(
            review=review, text=text, criterion=about, asked_of=scene.who(of), by=scene.who(by),
            at=scene.at,
        )  # fmt: skip
        if answer:
            reviews.answer_question(
                question=asked, answer=answer, by=asked.asked_of, at=scene.later(hours=5)
            )

    return (Deed(days, ask),)


def extended(days: float, by_days: int, reason: str, *, by: str = Role.SPONSOR) -> Deeds:
    return decided(days, Kind.EXTEND, reason, by=by, days=by_days)


def paused(days: float, by_days: int, reason: str) -> Deeds:
    return decided(days, Kind.PAUSE, reason, days=by_days)


def suspended(days: float, by: str, reason: str) -> Deeds:
    """Somebody switches it off: whoever runs it, or security."""
    return decided(days, Kind.SUSPEND, reason, by=by)


def resumed(days: float, reason: str) -> Deeds:
    return decided(days, Kind.RESUME, reason)


def sent_back(days: float, reason: str, *, to_pilot: bool = False) -> Deeds:
    return decided(days, Kind.SEND_BACK, reason, to_pilot=to_pilot)


def decommissioned(days: float, reason: str, lesson: str, achieved: str) -> Deeds:
    said = {"leaving_production": {"value_realised": achieved}}
    return (
        *answered(days + 8, Gate.RETIREMENT, more=said),
        *decided(
            days, Kind.DECOMMISSION, reason, outcome=Outcome.DECOMMISSIONED, lesson=lesson
        ),
        *_tidied(days - 6),
    )  # fmt: skip


def shipped_in_one_sitting(days: float, reason: str, limit: str) -> Deeds:
    """A light one takes ship-or-kill and go-live together."""
    return (
        *answered(days + 7, Gate.SHIP_OR_KILL),
        *made_ready(days + 6, limit),
        *asked_for(days + 4.5, gate=Gate.SHIP_OR_KILL),
        *asked_for(days + 4.4, gate=Gate.GO_LIVE),
        *decided(days, Kind.SHIP, reason),
    )

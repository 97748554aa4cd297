"""A review as it stands: against the live evidence, or as it was when it was closed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Any

from django.db.models import Exists, OuterRef

from accounts.models import Person
from initiatives import facts as initiative_facts
from initiatives import statement
from initiatives.facts import Facts
from initiatives.models import Ownership
from reviews import gates, results, reviewed, signing, snapshots
from reviews.answers import Answered, answered, conditions
from reviews.models import Decision, Override, Review, SignOff
from reviews.policy import FIXED_CHECKS, GatePolicy, Policy
from reviews.queries.policies import parsed

PROMISED = {
    "problem": "Problem",
    "users": "Who has it",
    "outcome": "Outcome wanted",
    "process": "Process and decision point",
    "scope": "Scope",
}


@dataclass(frozen=True)
class Standing:
    """A review as it stands now: live evidence, criteria, slots and what a decision still lacks."""

    review: Review
    facts: Facts
    policy: Policy
    digest: str
    material: str
    slots: list[signing.SlotState]
    today: date
    decision: Decision | None = None
    overrides: tuple[Override, ...] = ()

    @property
    def statement(self) -> str:
        return statement.of(self.facts)

    @property
    def results(self) -> list[str]:
        return results.of(self.facts)

    @property
    def kill_conditions(self) -> list[str]:
        return [condition.sentence_now() for condition in self.facts.kill_conditions]

    @property
    def conditions(self) -> list[Answered]:
        return conditions(self.policy, self.facts)

    @property
    def worth(self) -> str:
        """What one unit of the primary metric is worth to the business, where that was said: a
        model's score is signed with it (product.md P1)."""
        content = json.loads(self.material)
        primary = (key for key, said in content.items() if key.endswith(".is_primary") and said)
        key = next(primary, "").removesuffix("is_primary")
        return content.get(f"{key}worth") or ""

    def promised(self) -> list[tuple[str, str]]:
        """What the charter says, in its own words."""
        content = json.loads(self.material)
        return [(label, content[key]) for key, label in PROMISED.items() if content.get(key)]

    @cached_property
    def gate(self) -> GatePolicy:
        return reviewed.gate_of(self.review, self.facts, self.policy)

    @cached_property
    def judged(self) -> list[gates.Judged]:
        """The criteria of the gate; a signature alone asks for none."""
        return gates.evaluate_all(self.facts, self.gate, self.policy, self.today)

    @property
    def overridden(self) -> list[tuple[gates.Judged, Override]]:
        """What would hold the gate if no override in force set it aside, each with the first that
        does."""
        in_force = [o for o in self.overrides if o.is_in_force(self.today)]
        aside = {key: override for override in reversed(in_force) for key in override.criteria}
        unmet = [judged for judged in self.judged if judged.blocks]
        return [(j, aside[j.criterion.key]) for j in unmet if j.criterion.key in aside]

    @property
    def blocking(self) -> list[gates.Judged]:
        """What holds the gate: unmet, and not set aside by two people until a day."""
        aside = {judged.criterion.key for judged, _ in self.overridden}
        return [j for j in self.judged if j.blocks and j.criterion.key not in aside]

    @property
    def overridable(self) -> list[gates.Judged]:
        """What two people may set aside: all that holds the gate but what is the product (§3)."""
        return [j for j in self.blocking if j.criterion.check not in FIXED_CHECKS]

    @property
    def proposed_override(self) -> Override | None:
        """The one that waits for its second signature."""
        return next((o for o in self.overrides if o.is_proposed), None)

    def titles_of(self, override: Override) -> str:
        """What an override sets aside, by name."""
        known = {criterion.key: criterion.title for criterion in self.gate.criteria}
        return ", ".join(known.get(key, key) for key in override.criteria)

    def lacking(self) -> list[str]:
        """Everything a decision to advance still lacks, one sentence each; empty when nothing."""
        shut = gates.shut(self.facts)
        criteria = [f"{j.criterion.title}: {j.verdict.reason}" for j in self.blocking]
        asked = {state.slot.key for state in self.slots}
        wanted = self.gate.slots_for(gates.case_of(self.facts))
        unasked = [f"Not asked to sign yet: {s.title}." for s in wanted if s.key not in asked]
        unsigned = [f"Not signed: {title}." for title in self.unsigned]
        people = signing.people_missing(self.slots, self.gate, self.facts)
        return [said for said in (shut, *criteria, *unasked, *unsigned, people) if said]

    def lacking_in_short(self) -> list[str]:
        """The same with all missing signatures in one sentence, for a page that lists them too."""
        each = {f"Not signed: {title}." for title in self.unsigned}
        others = [said for said in self.lacking() if said not in each]
        return [*others, f"Not signed: {', '.join(self.unsigned)}."] if each else others

    @property
    def unsigned(self) -> list[str]:
        """The signatures that are missing, by their titles."""
        return [state.slot.title for state in self.slots if not state.is_filled]

    def points(self) -> list[tuple[gates.Judged, list[Answered], str]]:
        """Every criterion with what was answered to it, or else why it is met or not: what a
        signer signs, to be read."""
        answers = [answered(judged.criterion, self.facts) for judged in self.judged]
        return [
            (judged, said, "" if judged.is_met and said else judged.verdict.reason)
            for judged, said in zip(self.judged, answers, strict=True)
        ]

    def points_of(self, slots: Iterable[signing.SlotState]) -> list[gates.Judged]:
        """What whoever signs these slots is to look at first (product.md §6.5)."""
        first = self.gate.points_of({state.slot.key for state in slots})
        return [judged for judged in self.judged if judged.criterion.key in first]

    def slots_waiting_for(self, person: Person) -> list[signing.SlotState]:
        return [state for state in self.slots if state.waits_for(person)]

    def changes_since(self, signature: SignOff) -> list[tuple[str, str, str]]:
        """What differs between what was signed and what stands: label, before, after."""
        return in_words(signature.snapshot.material, self.material, self.facts)


@dataclass(frozen=True)
class Closed(Standing):
    """A review that is over, as it was read when it ended: nothing that happens later changes it
    (product.md §4, a decided review never goes stale)."""

    observed: Mapping[str, Any] = field(default_factory=dict)

    @property
    def statement(self) -> str:
        return str(self.observed.get("statement", ""))

    @property
    def results(self) -> list[str]:
        return list(self.observed.get("results", ()))

    @property
    def kill_conditions(self) -> list[str]:
        return list(self.observed.get("kill_conditions", ()))

    @cached_property
    def judged(self) -> list[gates.Judged]:
        """The verdicts as they were."""
        known = reviewed.criteria_of(self.review, self.policy)
        return [
            gates.Judged(
                known[said["criterion"]],
                gates.Verdict(said["met"], said["reason"]),
                said["not_applicable"],
            )
            for said in self.observed.get("verdicts", ())
        ]


def in_words(before: str, after: str, facts: Facts) -> list[tuple[str, str, str]]:
    """The differences of two snapshots in words, with people named."""
    changes = snapshots.changes(before, after)
    ids = snapshots.people_in(changes)
    people = dict(Person.objects.filter(pk__in=ids).values_list("pk", "name")) if ids else {}
    return [snapshots.label(change, facts, people) for change in changes]


def standing(review: Review, today: date, facts: Facts | None = None) -> Standing:
    """Evaluate a review against the evidence as it is now, not as it was noticed last; a closed
    one stands as it was closed."""
    known = facts or initiative_facts.load_one(review.initiative_id)
    if not review.is_open:
        return _closed(review, today, known)
    under = parsed(review.policy)
    material = snapshots.canonical(snapshots.of_review(review, known, under.version))
    digest = snapshots.digest(material)
    return Standing(
        review=review,
        facts=reviewed.facts_of(review, known),
        policy=under,
        digest=digest,
        material=material,
        slots=signing.states(review, known, digest, today),
        today=today,
        overrides=overrides_of(review),
    )


def has_overrides() -> Exists:
    """Annotate a review with whether anything was ever asked to be set aside in it."""
    return Exists(Override.objects.filter(review=OuterRef("pk")))


def overrides_of(review: Review) -> tuple[Override, ...]:
    """What was asked to be set aside in it, with who asked and who signed; asked only where there
    may be any."""
    if not getattr(review, "has_overrides", True):
        return ()
    return tuple(review.overrides.select_related("asked_by", "countersigned_by"))


def _closed(review: Review, today: date, known: Facts) -> Closed:
    decision = _ended_by(review)
    own = decision if decision and decision.review_id == review.pk else None
    snapshot = (own.snapshot if own else None) or review.snapshot
    then = _as_it_was(known, json.loads(snapshot.material))
    return Closed(
        review=review,
        facts=then,
        policy=parsed(review.policy),
        digest=snapshot.digest,
        material=snapshot.material,
        slots=signing.states(review, then, snapshot.digest, today),
        today=today,
        decision=decision,
        observed=own.observed if own else review.observed,
        overrides=overrides_of(review),
    )


def _ended_by(review: Review) -> Decision | None:
    """The decision on it, or the one that stopped the initiative and closed it with that."""
    assert review.closed_at is not None
    ended = Decision.objects.filter(initiative=review.initiative_id, decided_at=review.closed_at)
    found = list(ended.select_related("snapshot", "decided_by"))
    return next((d for d in found if d.review_id == review.pk), found[0] if found else None)


def _as_it_was(known: Facts, content: snapshots.Material) -> Facts:
    """The facts with the answers, and the people named, that were signed."""
    roles = snapshots.owners_in(content)
    people = Person.objects.in_bulk(roles.values())
    return replace(
        known,
        evidence=snapshots.answers_in(content),
        ownerships=tuple(
            Ownership(initiative=known.initiative, role=role, person=people[pk])
            for role, pk in roles.items()
        ),
    )

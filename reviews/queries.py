"""Reads about how it moves: the policy in force, the live evidence, what waits for whom."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import Any

from django.db.models import Exists, JSONField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import MD5, JSONObject

from accounts.models import Membership, Person
from initiatives import facts as initiative_facts
from initiatives import statement
from initiatives.facts import Facts
from initiatives.models import Baseline, Initiative, Ownership
from initiatives.stages import RUNNING, Gate, Role, Stage
from initiatives.triage import Basis, Level
from reviews import (
    gates,
    permissions,
    policy,
    results,
    reviewed,
    signing,
    snapshots,
    transitions,
)
from reviews.answers import Answered, answered, conditions
from reviews.models import (
    Decision,
    Endorsement,
    Override,
    PolicyVersion,
    Question,
    Review,
    SignOff,
    Slot,
)
from reviews.policy import FIXED_CHECKS, Case, Criterion, GatePolicy, Policy


@lru_cache(maxsize=32)
def _parsed(version: int, text: str) -> Policy:
    return policy.published(text, version=version)


def parsed(row: PolicyVersion) -> Policy:
    """A published version, read once per process: it never changes."""
    return _parsed(row.version, row.text)


@lru_cache(maxsize=32)
def _published(version: int, digest: str) -> Policy:
    return parsed(PolicyVersion.objects.get(version=version))


def policy_in_force() -> Subquery:
    """Annotate any row with the name of the policy in force, which `policy_named` reads."""
    newest = PolicyVersion.objects.order_by("-version").annotate(digest=MD5("text"))
    return Subquery(
        newest.values(named=JSONObject(version="version", digest="digest"))[:1],
        output_field=JSONField(),
    )


def policy_named(name: Mapping[str, Any]) -> Policy:
    """The policy of this name; asked for once per process, since a published one never changes."""
    return _published(name["version"], name["digest"])


def current_version() -> PolicyVersion:
    """The policy that new reviews are opened under."""
    return PolicyVersion.objects.latest("version")


def version_in_force() -> dict[str, Subquery]:
    """Annotate any row with the number of the version in force, and since when it is."""
    newest = PolicyVersion.objects.order_by("-version")
    return {
        "in_force": Subquery(newest.values("version")[:1]),
        "in_force_since": Subquery(newest.values("published_at")[:1]),
    }


def current_policy() -> Policy:
    return parsed(current_version())


def policies_of(initiative: Initiative) -> list[Policy]:
    """What it goes by: the versions that its open reviews pinned, then the one in force."""
    pinned = PolicyVersion.objects.filter(
        pk__in=Review.objects.open().filter(initiative=initiative).values("policy")
    )
    in_force = current_version()
    rows = {row.version: row for row in (*pinned.order_by("version"), in_force)}
    return [parsed(row) for row in rows.values()]


def criterion(key: str, initiative: Initiative | None = None) -> Criterion | None:
    """What is asked by this key; where gates differ, what people can say something to.

    Of an initiative under review it is what its review goes by, however newer versions ask it.
    """
    policies = policies_of(initiative) if initiative else [current_policy()]
    for asked in policies:
        of_all = (c for gate in asked.gates.values() for c in gate.criteria)
        found = [c for c in of_all if c.key == key]
        if found:
            return min(found, key=lambda c: (not c.is_answered, c.mandatory))
    return None


def asked_before(keys: Collection[str]) -> list[Criterion]:
    """What earlier versions asked by these keys, each as the last of them did; for answers that
    stay when a policy no longer asks for them."""
    found: dict[str, Criterion] = {}
    for row in PolicyVersion.objects.order_by("-version") if keys else ():
        for gate in parsed(row).gates.values():
            found |= {c.key: c for c in gate.criteria if c.key in keys and c.key not in found}
    return list(found.values())


def titles() -> dict[str, str]:
    """What the current policy calls each criterion that takes an answer, by key."""
    gates_of = current_policy().gates.values()
    return {c.key: c.title for gate in gates_of for c in gate.criteria if c.takes_an_answer}


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


def signed_together(signature: SignOff) -> list[SignOff]:
    """All slots that this signature filled, in one act of its signer."""
    rows = SignOff.objects.filter(
        review=signature.review_id, signer=signature.signer_id, signed_at=signature.signed_at
    )
    found = list(rows.select_related("slot").prefetch_related("conditions__assignee"))
    return sorted(found, key=lambda s: s.slot_id)


def signing_event(signature: SignOff) -> dict[str, Any]:
    """What names the event of this signature in the log."""
    return {
        "kind": "review.signed",
        "subject": f"review:{signature.review_id}",
        "actor_id": signature.signer_id,
        "at": signature.signed_at,
    }


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


def readiness(
    facts: Facts,
    today: date,
    under: Policy | None = None,
    pinned: Mapping[str, Policy] = MappingProxyType({}),
) -> list[tuple[Gate, list[gates.Judged]]]:
    """The gates ahead, each with its criteria, met or unmet; none where no gate is ahead.

    A gate under review goes by the version that its review pinned.
    """
    policy = under or current_policy()
    return [
        (gate, gates.evaluate(facts, gate, pinned.get(gate, policy), today))
        for gate in gates_ahead(facts.initiative)
    ]


def what_it_asks(initiative: Initiative, basis: Basis, level: str) -> str:
    """What the next gate would ask at this level: `the charter asks 12 questions …`."""
    if initiative.next_gate is None:
        return ""
    gate = current_policy().gates[initiative.next_gate]
    case = Case(
        stage=initiative.stage,
        level=level,
        answers=basis.answers,
        pilot_budget=basis.pilot_budget,
        monthly_cost=basis.monthly_cost,
    )
    signatures = len(gate.slots_for(case))
    title = gate.title.lower()
    return f"the {title} asks {gate.questions(case)} questions and {signatures} signatures"


def open_reviews_for(person: Person, today: date) -> list[Review]:
    """Open reviews in which this person holds a slot's role, is in a slot's group, or stands in.

    Both are looked for apart: as one condition it would be tried on each review that is open.
    """
    groups = Membership.objects.filter(person=person, left_at=None).values("group")
    in_group = Slot.objects.filter(group__in=groups).order_by().values("review")
    of_mine = Q(is_held=True) | Q(deputy_of__isnull=False) | Q(is_delegated=True)
    as_owner = signing.slots_with_holder(person, today).filter(of_mine, review__closed_at=None)
    asked = in_group.union(as_owner.order_by().values("review"))
    reviews = Review.objects.open().filter(pk__in=asked).order_by("due_date", "pk")
    return list(reviews.select_related("initiative", "policy", "baseline"))


@dataclass(frozen=True)
class Request:
    """A signature asked of somebody."""

    review: Review
    slots: list[signing.SlotState]


def requests_for(person: Person, today: date) -> list[Request]:
    """What waits for this person's signature now, the most urgent first."""
    reviews = open_reviews_for(person, today)
    waiting = signing.waiting_for(person, reviews, _digests(reviews), today)
    return [Request(review, waiting[review.pk]) for review in reviews if review.pk in waiting]


def unsigned_sponsorships() -> QuerySet[Ownership]:
    """New sponsors of what runs under a charter who have signed neither its success statement nor
    a review since they accepted (product.md §4, Absence)."""
    mine = {"signer": OuterRef("person"), "signed_at__gte": OuterRef("accepted_at")}
    of_it = OuterRef("initiative")
    reviewed = SignOff.objects.filter(role=Role.SPONSOR, review__initiative=of_it, **mine)
    chartered = Baseline.objects.filter(
        initiative=of_it, in_force_since__lt=OuterRef("accepted_at")
    )
    return Ownership.objects.counting().filter(
        Exists(chartered),
        ~Exists(reviewed),
        ~Exists(Endorsement.objects.filter(initiative=of_it, **mine)),
        role=Role.SPONSOR,
        initiative__stage__in=RUNNING,
        initiative__counting_since__isnull=False,
    )


def questions_to(person: Person) -> list[Question]:
    """What this person was asked about reviews that are open, and has not answered."""
    rows = Question.objects.filter(asked_of=person, answered_at=None, review__closed_at=None)
    return list(rows.select_related("review__initiative", "asked_by"))


def _digests(reviews: list[Review]) -> dict[int, str]:
    """The current evidence of each review; computed only where it has moved on unnoticed."""
    behind = [r for r in reviews if r.seen_version != r.initiative.evidence_version]
    known = initiative_facts.load(r.initiative_id for r in behind) if behind else {}
    live = {
        r.pk: snapshots.digest(
            snapshots.canonical(snapshots.of_review(r, known[r.initiative_id], r.policy.version))
        )
        for r in behind
    }
    return {r.pk: live.get(r.pk, r.snapshot_id) for r in reviews}


def is_light(initiative: Initiative) -> bool:
    return initiative.level == Level.LIGHT


def gates_ahead(initiative: Initiative) -> list[Gate]:
    """The next gate; for a light pilot go-live as well, since one sitting may do for both."""
    if initiative.next_gate is None:
        return []
    if initiative.stage == Stage.PILOT and is_light(initiative):
        return [initiative.next_gate, Gate.GO_LIVE]
    return [initiative.next_gate]


def possible_decisions(person: Person, facts: Facts) -> list[Decision.Kind]:
    """The decisions that the table allows from this stage and that this person may take."""
    return [
        Decision.Kind(kind)
        for kind, move in transitions.TABLE.items()
        if _begins_at(kind, move, facts.initiative)
        and transitions.bar(kind, facts) is None
        and permissions.bar_to_deciding(person, facts, kind) is None
    ]


def _begins_at(kind: str, move: transitions.Move, initiative: Initiative) -> bool:
    """Whether the table allows it from here; a light pilot may be shipped in one sitting."""
    in_one_sitting = kind == Decision.Kind.SHIP and len(gates_ahead(initiative)) > 1
    return initiative.stage in move.origins or in_one_sitting

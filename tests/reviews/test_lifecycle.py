"""Random people do random things to an initiative; whatever they do, the promises hold.

Each run begins before the charter, in a pilot, in readiness review, or with everything signed for
production. After each step what became of it is read again, independently: from the rows, not from
what the actions say. `LIFECYCLE=longer` makes many and longer runs.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from decimal import Decimal
from html import escape
from typing import Any
from unittest.mock import patch

import pytest
import time_machine
from django.db import transaction
from django.db.models import F
from django.test import Client
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine

from accounts import actions as people
from accounts.models import Person
from audit.refusals import Refused
from initiatives import actions as initiatives
from initiatives import facts, statement
from initiatives.models import (
    Evidence,
    Initiative,
    KillCondition,
    Metric,
    Obligation,
    Ownership,
    StageSpell,
    Waiver,
)
from initiatives.stages import Gate, Role, SpecialReview, Stage
from notifications.actions import sweep
from reviews import actions, gates, queries, reviewed, snapshots
from reviews.actions import deciding
from reviews.models import Decision, Delegation, Override, Review, SignOff, Slot
from tests import factories
from tests.factories import NOON
from tests.reviews import scenes
from tests.reviews.scenes import DAY, MINUTE

pytestmark = pytest.mark.embedded

LONGER = os.environ.get("LIFECYCLE") == "longer"
RUNS, STEPS = (80, 60) if LONGER else (8, 16)
BEGINNINGS = ("proposal", "pilot", "readiness", "signed")
PARTS = (
    "sponsor", "business_owner", "engineering_owner", "production_owner", "budget_owner", "user",
    "compliance", "lead", "security", "operations",
)  # fmt: skip
WHO = st.sampled_from(PARTS)
SOMETIMES = st.sampled_from((False, False, False, True))
KINDS = st.sampled_from(
    [*(2 * [Decision.Kind.PROCEED, Decision.Kind.SHIP]), *Decision.Kind]
)  # what passes a gate is tried more often
ADVANCING = (
    Decision.Kind.PROCEED, Decision.Kind.SHIP, Decision.Kind.RECERTIFY, Decision.Kind.REBASELINE,
)  # fmt: skip
COUNTERSIGNED = (
    "criteria", "reason", "expires_on", "asked_by", "asked_at", "countersigned_by",
    "countersigned_at", "meaning", "snapshot",
)  # fmt: skip
# What nothing sets aside (product.md §3).
NEVER_ASIDE = {
    "owners_accepted", "primary_metric_complete", "kill_condition_armed", "nothing_tripped",
}  # fmt: skip


class Lifecycle(RuleBasedStateMachine):
    """What can happen to an initiative; a rule of the product may refuse any of it."""

    scene: TestLifecycle

    def __init__(self) -> None:
        super().__init__()
        self.undo = transaction.atomic()
        self.undo.__enter__()
        self.now = NOON
        self.signed: dict[tuple[str, int], tuple[Any, ...]] = {}
        self.client = Client()
        self.explained: tuple[Any, ...] = ()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.undo.__exit__(None, None, None)

    @initialize(begins=st.sampled_from(BEGINNINGS))
    def begin(self, begins: str) -> None:
        self.scene.initiative = self.scene.pilot
        if begins == "proposal":
            self.scene.initiative = factories.make_ready_for_charter(
                cast=self.scene.cast, name="Another", at=NOON - 20 * DAY
            )
        elif begins != "pilot":
            self.scene.reach_readiness_review()
        if begins == "signed":
            self.scene.answer_and_sign(Gate.GO_LIVE, NOON - 2 * DAY)
        self.stage = self.row.stage

    # --- what people do ---

    def attempt(self, act: Callable[..., Any], /, **given: Any) -> Any:
        """Let somebody try, a minute later than what was before; a refusal changes nothing."""
        self.now += MINUTE
        before = self.standing_of_things()
        try:
            with transaction.atomic():
                return act(**given, at=self.now)
        except Refused:
            assert self.standing_of_things() == before
            return None

    @rule(who=WHO, gate=st.sampled_from([None, None, *Gate]))
    def ask_for_review(self, who: str, gate: str | None) -> None:
        self.attempt(actions.request_review, initiative=self.row, by=self.person(who), gate=gate)

    @rule(who=WHO, rejects=SOMETIMES, place=st.integers(0, 6))
    def sign(self, who: str, rejects: bool, place: int) -> None:
        if not (review := self.open_review()):
            return
        slots = list(review.slots.select_related("review").order_by("pk"))
        self.attempt(
            actions.sign,
            slot=slots[place % len(slots)],
            verdict=scenes.REJECT if rejects else scenes.APPROVE,
            comment="Not like this." if rejects else "",
            digest=queries.standing(review, self.now.date()).digest,
            authentication=factories.authentication(at=self.now),
            by=self.person(who),
        )

    @rule()
    def let_everybody_sign(self) -> None:
        for who in PARTS:
            if review := self.open_review():
                standing = queries.standing(review, self.now.date())
                for state in standing.slots_waiting_for(self.person(who))[:1]:
                    self.attempt(
                        actions.sign,
                        slot=state.slot,
                        verdict=scenes.APPROVE,
                        digest=standing.digest,
                        authentication=factories.authentication(at=self.now),
                        by=self.person(who),
                    )

    @rule(who=WHO, whom=WHO, days=st.sampled_from((0, 3, 30)))
    def approve_if(self, who: str, whom: str, days: int) -> None:
        """Under a condition that somebody has to see to, and may miss."""
        if not (review := self.open_review()):
            return
        standing = queries.standing(review, self.now.date())
        due_date = self.now.date() + timedelta(days=days)
        for state in standing.slots_waiting_for(self.person(who))[:1]:
            self.attempt(
                actions.sign,
                slot=state.slot,
                verdict=SignOff.Verdict.CONDITIONAL,
                conditions=[actions.Condition("Try the switch.", self.person(whom), due_date)],
                digest=standing.digest,
                authentication=factories.authentication(at=self.now),
                by=self.person(who),
            )

    @rule(who=WHO)
    def confirm_what_is_owed(self, who: str) -> None:
        owed = Obligation.objects.open().filter(initiative=self.row).order_by("due_date", "pk")
        if (first := owed.first()) is not None:
            by = self.person(who)
            self.attempt(initiatives.confirm_obligation, obligation=first, by=by)

    @rule(who=WHO)
    def take_a_rejection_back(self, who: str) -> None:
        given = SignOff.objects.filter(review=self.open_review(), verdict=scenes.REJECT)
        signature = given.select_related("slot__review").order_by("pk").last()
        if signature is not None:
            proof = factories.authentication(at=self.now)
            taken = {"slot": signature.slot, "authentication": proof, "by": self.person(who)}
            self.attempt(actions.take_back, **taken)

    @rule(who=WHO, whom=WHO, days=st.sampled_from((3, 30)), appoints=SOMETIMES)
    def hand_on(self, who: str, whom: str, days: int, appoints: bool) -> None:
        if not (review := self.open_review()):
            return
        until = self.now.date() + timedelta(days=days)
        for slot in review.slots.select_related("review").order_by("pk"):
            given = self.attempt(
                actions.appoint if appoints else actions.hand_on,
                slot=slot,
                person=self.person(whom),
                reason="Away.",
                until_date=until,
                by=self.person(who),
            )
            if given is not None:
                return

    @rule(who=WHO, whom=WHO)
    def name_a_deputy(self, who: str, whom: str) -> None:
        person = self.person(who)
        given = {"deputy": self.person(whom), "until": None, "by": person}
        self.attempt(people.name_deputy, person=person, **given)

    @rule(who=st.sampled_from(("sponsor", *PARTS)))
    def take_the_statement_over(self, who: str) -> None:
        proof = factories.authentication(at=self.now)
        said = statement.of(facts.load_one(self.row.pk))
        given = {"statement": said, "authentication": proof, "by": self.person(who)}
        self.attempt(actions.endorse, initiative=self.row, **given)

    @rule(who=st.sampled_from(("lead", "watcher", "sponsor")), second=WHO, days=st.integers(1, 30))
    def override(self, who: str, second: str, days: int) -> None:
        """All that can be set aside, signed by a second person or left waiting."""
        if not (review := self.open_review()):
            return
        unmet = queries.standing(review, self.now.date()).overridable
        asked = self.attempt(
            actions.ask_for_override,
            review=review,
            criteria=[judged.criterion.key for judged in unmet],
            reason="It comes later.",
            expires_on=self.now.date() + timedelta(days=days),
            by=self.person(who),
        )
        waiting = asked or Override.objects.proposed().filter(review=review).first()
        if waiting is not None:
            proof = factories.authentication(at=self.now)
            by = self.person(second)
            self.attempt(
                actions.countersign_override, override=waiting, authentication=proof, by=by
            )

    @rule(who=WHO, threshold=st.sampled_from((2_500, 2_700, 3_000)))
    def propose_another_charter(self, who: str, threshold: int) -> None:
        metric = Metric.objects.get(initiative=self.row, is_primary=True)
        self.attempt(
            actions.propose_baseline,
            initiative=self.row,
            changes={f"metric.{metric.pk}.threshold": Decimal(threshold)},
            reason="Nobody knew.",
            by=self.person(who),
        )

    @rule(who=st.sampled_from(("sponsor", "sponsor", "lead", "user")), days=st.integers(1, 28))
    def waive(self, who: str, days: int) -> None:
        tripped = KillCondition.objects.filter(initiative=self.row).exclude(tripped_at=None)
        for condition in tripped.order_by("pk"):
            self.attempt(
                actions.waive,
                kill_condition=condition,
                reason="The data comes on Monday.",
                expires_on=self.now.date() + timedelta(days=days),
                authentication=factories.authentication(at=self.now),
                by=self.person(who),
            )

    @rule(who=WHO)
    def withdraw(self, who: str) -> None:
        if review := self.open_review():
            self.attempt(actions.withdraw, review=review, reason="Later.", by=self.person(who))

    @rule(
        who=st.sampled_from(("sponsor", "lead", "lead", "security", "business_owner")), kind=KINDS
    )
    def decide(self, who: str, kind: str) -> None:
        before = facts.load_one(self.row.pk)
        kept = self.why_shut(before, kind)
        made = self.attempt(
            actions.decide,
            initiative=self.row,
            kind=kind,
            reason="It is time.",
            by=self.person(who),
            days=10,
            outcome="priorities",
            lesson="Ask earlier.",
        )
        if made is None:
            return
        assert kind not in ADVANCING or not kept, f"{kind} although {kept}"
        self.stage = made.to_stage

    @rule(who=WHO, gate=st.sampled_from(list(Gate)))
    def answer(self, who: str, gate: str) -> None:
        """Everything that a gate asks, in one go."""
        by = self.person(who)
        case = gates.case_of(facts.load_one(self.row.pk))
        for criterion in queries.current_policy().gates[gate].criteria_for(case):
            if criterion.is_answered:
                named = self.person("user")
                values = {f.key: scenes.value_of(f, named) for f in criterion.fields_for(case)}
                given = {"criterion": criterion.key, "values": values, "by": by}
                if self.attempt(actions.answer, initiative=self.row, **given) is None:
                    return

    @rule(who=WHO, metric=st.integers(0, 3), value=st.sampled_from((1, 4, 25, 2_400, 20_000)))
    def measure(self, who: str, metric: int, value: int) -> None:
        known = list(Metric.objects.filter(initiative=self.row).order_by("pk"))
        self.attempt(
            initiatives.record_measurement,
            metric=known[metric % len(known)],
            value=Decimal(value),
            measured_at=self.now,
            by=self.person(who),
        )

    @rule(who=WHO, amount=st.sampled_from((100, 900, 50_000)))
    def spend(self, who: str, amount: int) -> None:
        given = {"initiative": self.row, "amount": amount, "spent_on": self.now.date()}
        self.attempt(initiatives.record_spend, by=self.person(who), **given)

    @rule(who=WHO, text=st.sampled_from(("Letters wait.", "Claims wait.")))
    def edit(self, who: str, text: str) -> None:
        self.attempt(initiatives.edit, initiative=self.row, scope=text, by=self.person(who))

    @rule(who=WHO)
    def drop_a_kill_condition(self, who: str) -> None:
        armed = KillCondition.objects.filter(initiative=self.row).first()
        if armed is not None:
            given = {"kill_condition": armed, "by": self.person(who)}
            self.attempt(initiatives.remove_kill_condition, **given)

    @rule(who=WHO, whom=WHO, role=st.sampled_from(list(Role)), accepts=st.booleans())
    def change_an_owner(self, who: str, whom: str, role: str, accepts: bool) -> None:
        person = self.person(whom)
        asked = self.attempt(
            initiatives.ask, initiative=self.row, role=role, person=person, by=self.person(who)
        )
        if isinstance(asked, Ownership) and asked.accepted_at is None:
            answer = initiatives.accept if accepts else initiatives.decline
            self.attempt(answer, ownership=asked, by=person)

    @rule(whom=WHO)
    def leave_or_come_back(self, whom: str) -> None:
        person = self.person(whom)
        act = people.deactivate if person.is_active else people.reactivate
        self.attempt(act, person=person, by=None)

    @rule(days=st.sampled_from((1, 3, 14, 45)))
    def let_time_pass(self, days: int) -> None:
        self.now += timedelta(days=days)
        sweep(at=self.now)

    @precondition(lambda self: self.row.is_suspended)
    @rule(who=WHO)
    def confirm_that_it_is_off(self, who: str) -> None:
        self.attempt(initiatives.confirm_off, initiative=self.row, by=self.person(who))

    # --- what holds all the while ---

    @invariant()
    def no_signature_is_lost(self) -> None:
        """Nor what it was given under, a waiver or the second signature of an override."""
        overrides = Override.objects.signed().values_list("pk", *COUNTERSIGNED)
        signed: dict[str, Iterable[tuple[Any, ...]]] = {
            "signature": SignOff.objects.values_list(),
            "condition": SignOff.conditions.through.objects.values_list(),
            "waiver": Waiver.objects.values_list(),
            "override": overrides,
        }
        now = {(kind, row[0]): row for kind, rows in signed.items() for row in rows}
        assert all(now.get(what) == row for what, row in self.signed.items())
        self.signed = now

    @invariant()
    def one_review_of_a_gate_is_open(self) -> None:
        open_ones = list(Review.objects.open().values_list("initiative", "gate"))
        assert len(open_ones) == len(set(open_ones))

    @invariant()
    def its_stage_is_what_was_decided(self) -> None:
        assert self.row.stage == self.stage
        spells = StageSpell.objects.filter(initiative=self.row, left_at=None)
        assert [spell.stage for spell in spells] == [self.stage]

    @invariant()
    def it_explains_itself(self) -> None:
        """Its page and its reviews' say what is missing, each criterion by its name."""
        if self.explained == (state := (self.standing_of_things(), self.now.date())):
            return
        self.explained = state
        with time_machine.travel(self.now, tick=False):
            lead = self.person("lead")
            if not lead.is_active:
                lead = factories.fresh(self.scene.watcher)
            self.client.force_login(lead)
            page = self.page(self.row.get_absolute_url())
            gate = self.row.next_gate
            review = self.open_review()
            if gate is not None and review is None:
                known = facts.load_one(self.row.pk)
                judged = gates.evaluate(known, gate, queries.current_policy(), self.now.date())
                missing = [j.criterion.title for j in judged if j.blocks]
                assert not [title for title in missing if escape(title) not in page]
            if review is not None:
                page = self.page(review.get_absolute_url())
                lacking = queries.standing(review, self.now.date()).lacking_in_short()
                assert not [line for line in lacking if escape(line) not in page]

    # --- how it is read ---

    def page(self, url: str) -> str:
        response = self.client.get(url)
        assert response.status_code == 200, url
        return response.content.decode()

    @property
    def row(self) -> Initiative:
        return factories.reloaded(self.scene.initiative)

    def person(self, part: str) -> Person:
        return factories.fresh(getattr(self.scene, part, None) or getattr(self.scene.cast, part))

    def open_review(self) -> Review | None:
        found = Review.objects.open().filter(initiative=self.scene.initiative)
        return found.select_related("policy", "snapshot", "initiative").order_by("pk").first()

    def standing_of_things(self) -> tuple[Any, ...]:
        return (
            Initiative.objects.filter(pk=self.scene.initiative.pk).values_list().get(),
            SignOff.objects.count(),
            Decision.objects.count(),
            Review.objects.open().count(),
            list(Obligation.objects.order_by("pk").values_list()),
            list(KillCondition.objects.order_by("pk").values_list()),
            list(Override.objects.order_by("pk").values_list()),
            Delegation.objects.count(),
        )

    def why_shut(self, known: facts.Facts, kind: str) -> list[str]:
        """Why this gate may not be passed now, worked out from the rows; empty where it may."""
        today = (self.now + MINUTE).date()
        wanted: list[str | None]
        if kind == Decision.Kind.REBASELINE:
            wanted = [SpecialReview.REBASELINE]
        elif kind == Decision.Kind.SHIP and known.initiative.stage == Stage.PILOT:
            wanted = [Gate.SHIP_OR_KILL, Gate.GO_LIVE]
        else:
            wanted = [known.initiative.next_gate]
        return [why for gate in wanted for why in self.why_shut_at(gate, known, today)]

    def why_shut_at(self, gate: str | None, known: facts.Facts, today: date) -> list[str]:
        review = Review.objects.open().filter(initiative=known.initiative, gate=gate).first()
        if gate is None or review is None:
            return ["no review is open"]
        policy = queries.parsed(review.policy)
        about = reviewed.facts_of(review, known)
        asked = reviewed.gate_of(review, about, policy)
        aside = set_aside(review, today)
        judged = gates.evaluate_all(about, asked, policy, today)
        found = [j.criterion.key for j in judged if j.blocks and j.criterion.key not in aside]
        material = snapshots.of_review(review, known, policy.version)
        digest = snapshots.digest(snapshots.canonical(material))
        signers: set[int] = set()
        for slot in review.slots.all():
            last = last_signatures(slot, digest)
            approved = {s.signer_id for s in last if s.verdict == scenes.APPROVE or kept(s, today)}
            is_rejected = any(s.verdict == scenes.REJECT for s in last)
            if len(approved) < slot.quorum or is_rejected:
                found.append(slot.key)
            signers |= approved
        wanted = asked.slots_for(gates.case_of(about))
        found += sorted({s.key for s in wanted} - {s.key for s in review.slots.all()})
        if len(signers) < asked.people_needed[known.initiative.level]:
            found.append("too few people")
        return found


def set_aside(review: Review, today: date) -> set[str]:
    """What two people signed for, until a day that is not over; never the four."""
    signed = Override.objects.filter(review=review, ended_at=None, regularised_at=None)
    signed = signed.exclude(countersigned_by=None).exclude(countersigned_by=F("asked_by"))
    return {key for o in signed.filter(expires_on__gte=today) for key in o.criteria} - NEVER_ASIDE


def last_signatures(slot: Slot, digest: str) -> list[SignOff]:
    """The last of each person on this very evidence."""
    given = SignOff.objects.filter(slot=slot, snapshot=digest).order_by("signed_at", "pk")
    return list({signature.signer_id: signature for signature in given}.values())


def kept(signature: SignOff, today: date) -> bool:
    """Whether it is an approval under conditions, and none of their days went by unconfirmed."""
    if signature.verdict != SignOff.Verdict.CONDITIONAL:
        return False
    return all(
        (owed.confirmed_at.date() if owed.confirmed_at else today) <= owed.due_date
        for owed in signature.conditions.all()
    )


class TestLifecycle(scenes.LaterStages):
    def setUp(self):
        super().setUp()
        self.watcher = factories.make_lead(name="Wil Watcher")
        self.pilot = self.initiative

    def machine(self) -> type[Lifecycle]:
        return type("Lifecycle", (Lifecycle,), {"scene": self})

    def begun(self, begins: str) -> Lifecycle:
        steps = self.machine()()
        self.addCleanup(steps.teardown)
        steps.begin(begins=begins)
        return steps

    def test_keeps_its_promises_whatever_people_do(self):
        run_machine(
            self.machine(),
            settings=settings(
                max_examples=RUNS,
                stateful_step_count=STEPS,
                derandomize=not LONGER,
                database=None,
                deadline=None,
                print_blob=False,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            ),
        )

    def test_is_seen_to_break_one_when_the_gate_is_not_looked_at(self):
        steps = self.begun("proposal")
        steps.ask_for_review(who="business_owner", gate=None)
        with (
            patch.object(deciding, "_require_complete", lambda standing: None),
            pytest.raises(AssertionError, match="proceed although"),
        ):
            steps.decide(who="sponsor", kind=Decision.Kind.PROCEED)

    def test_is_seen_to_break_one_when_a_lapsed_approval_counts(self):
        steps = self.promised()
        steps.now += 2 * DAY
        with (
            patch.object(SignOff, "has_lapsed", lambda signature, today: False),
            pytest.raises(AssertionError, match=r"proceed although .*sponsor"),
        ):
            steps.decide(who="sponsor", kind=Decision.Kind.PROCEED)

    def test_is_seen_to_break_one_when_one_person_overrides(self):
        steps = self.lacking()
        steps.override(who="watcher", second="user", days=10)
        steps.let_everybody_sign()
        with (
            patch.object(Override, "is_signed", True),
            pytest.raises(AssertionError, match=r"proceed although .*approach_decision"),
        ):
            steps.decide(who="sponsor", kind=Decision.Kind.PROCEED)

    def test_is_seen_to_break_one_when_a_signature_is_lost(self):
        steps = self.begun("signed")
        steps.no_signature_is_lost()
        SignOff.objects.all()[:1].get().delete()
        with pytest.raises(AssertionError):
            steps.no_signature_is_lost()

    def test_goes_all_the_way_when_nobody_is_in_the_way(self):
        """That a gate opens at all: what always refuses would keep every promise."""
        steps = self.begun("signed")
        steps.decide(who="sponsor", kind=Decision.Kind.SHIP)
        assert steps.stage == Stage.PRODUCTION
        steps.it_explains_itself()

    def test_goes_on_with_what_was_promised_and_done(self):
        steps = self.promised()
        steps.confirm_what_is_owed(who="engineering_owner")
        steps.now += 2 * DAY
        steps.decide(who="sponsor", kind=Decision.Kind.PROCEED)
        assert steps.stage == Stage.PILOT

    def test_goes_on_with_what_two_people_set_aside(self):
        steps = self.lacking()
        steps.override(who="watcher", second="compliance", days=10)
        steps.let_everybody_sign()
        steps.decide(who="sponsor", kind=Decision.Kind.PROCEED)
        assert steps.stage == Stage.PILOT

    def test_goes_on_after_a_rejection_is_taken_back_with_another_charter(self):
        steps = self.begun("readiness")
        steps.propose_another_charter(who="business_owner", threshold=3_000)
        steps.sign(who="sponsor", rejects=True, place=0)
        steps.take_a_rejection_back(who="sponsor")
        steps.let_everybody_sign()
        steps.decide(who="sponsor", kind=Decision.Kind.REBASELINE)
        metric = Metric.objects.get(initiative=steps.row, is_primary=True)
        assert metric.threshold == 3_000

    def promised(self) -> Lifecycle:
        """A charter that everybody has signed, its sponsor under a condition due today."""
        steps = self.begun("proposal")
        steps.ask_for_review(who="business_owner", gate=None)
        steps.approve_if(who="sponsor", whom="engineering_owner", days=0)
        steps.let_everybody_sign()
        return steps

    def lacking(self) -> Lifecycle:
        """A charter under review that lacks one answer."""
        steps = self.begun("proposal")
        Evidence.objects.filter(initiative=steps.row, criterion="approach_decision").delete()
        steps.ask_for_review(who="business_owner", gate=None)
        return steps

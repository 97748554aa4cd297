"""What already ran catches up once on the gates it never passed (product.md §2, Catch-up)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.test import TestCase
from django.utils import timezone

from initiatives import actions as initiatives
from initiatives import facts
from initiatives.models import Baseline, Initiative
from initiatives.stages import Role, Stage
from reviews import actions, catching_up, gates, queries
from reviews.models import Review
from reviews.policy import GatePolicy
from tests import factories
from tests.factories import NOON, TODAY
from tests.reviews.scenes import (
    DAY,
    answer_gate,
    find_out,
    give,
    publish_policy,
    refusal,
    sign,
    standing,
    watch,
)
from tests.reviews.test_views import text_of

LIMITS = {"light": 180, "standard": 90, "full": 60}
LAPSED = "Its catch-up lapsed on {day}: the portfolio leads decide on it now, not the sponsor."


class Declared(TestCase):
    """A system that a lead declared as running 30 days ago."""

    stage: str = Stage.PRODUCTION

    @classmethod
    def setUpTestData(cls):
        cls.cast = factories.make_cast()
        cls.security = factories.make_group_member(group="security", name="Sia Security")
        cls.operations = factories.make_group_member(group="operations", name="Oz Operations")
        cls.initiative = factories.make_declared(
            by=cls.cast.lead, stage=cls.stage, at=NOON - 30 * DAY, pilot_budget=60_000,
            monthly_cost=2_000, **factories.DESCRIPTION,
        )  # fmt: skip
        factories.make_triage(initiative=cls.initiative, by=cls.cast.lead, at=NOON - 30 * DAY)

    def now(self) -> Initiative:
        return factories.reloaded(self.initiative)

    def owed(self) -> GatePolicy | None:
        return gates.owed(facts.load_one(self.initiative.pk), queries.current_policy())

    def keys(self) -> set[str]:
        owed = self.owed()
        assert owed is not None
        return {criterion.key for criterion in owed.criteria}

    def slots(self) -> set[str]:
        owed = self.owed()
        assert owed is not None
        return {slot.key for slot in owed.slots}

    def ask(self, **more: Any) -> Review:
        said = {"by": self.cast.lead, "at": NOON, "gate": "catch_up"} | more
        return actions.request_review(initiative=self.initiative, **said)

    def decide(self, **more: Any) -> Any:
        said = {"kind": "catch_up", "reason": "Looked at.", "by": self.cast.sponsor, "at": NOON}
        return actions.decide(initiative=self.initiative, **(said | more))


@pytest.mark.embedded
class TestOwed(Declared):
    def test_is_what_is_still_meaningful_of_all_gates_before_it(self):
        keys = self.keys()
        assert {"described", "data_audit", "measured_past_threshold", "rollback"} <= keys
        assert not keys & {"pilot_length", "pilot_conditions", "conditions_ledger",
                           "production_sketch", "spend_recorded"}  # fmt: skip

    def test_is_asked_once_and_as_the_last_gate_asks_it(self):
        owed = self.owed()
        assert owed is not None
        (owners,) = (c for c in owed.criteria if c.key == "owners_accepted")
        assert "production_owner" in owners.parameters["roles"]

    def test_is_signed_once_by_each_role_and_group(self):
        assert self.slots() == {
            "sponsor", "business_owner", "engineering_owner", "production_owner",
            "group_compliance", "group_security", "group_operations",
        }  # fmt: skip

    def test_is_not_signed_by_the_person_of_an_answer_that_is_not_asked(self):
        assert "production_sketch_owner" not in self.slots()

    def test_takes_as_many_people_as_the_strictest_gate(self):
        owed = self.owed()
        assert owed is not None
        assert owed.people_needed == {"light": 2, "standard": 3, "full": 4}
        assert owed.outsider_from == {"standard", "full"}

    def test_goes_by_what_a_policy_says_is_caught_up_on(self):
        assert "stakeholders" in self.keys()
        publish_policy(
            lambda text: text.replace(
                'key = "stakeholders"\n', 'key = "stakeholders"\ncatch_up = "never"\n'
            )
        )
        assert "stakeholders" not in self.keys()

    def test_goes_by_its_level(self):
        Initiative.objects.update(level="light")
        assert "rollback" not in self.keys()
        assert "group_security" not in self.slots()

    def test_is_nothing_once_it_has_caught_up_or_is_retired(self):
        Initiative.objects.update(caught_up_at=NOON)
        assert self.owed() is None
        Initiative.objects.update(caught_up_at=None, stage=Stage.RETIRED)
        assert self.owed() is None

    def test_is_nothing_of_what_was_registered_here(self):
        row = factories.make_pilot(cast=self.cast)
        assert gates.owed(facts.load_one(row.pk), queries.current_policy()) is None
        assert row.declared_stage == ""

    def test_is_nothing_of_an_imported_proposal(self):
        row = factories.make_declared(by=self.cast.lead, stage=Stage.PROPOSAL, name="Idea")
        assert not row.owes_gates
        assert row not in Initiative.objects.owing()

    def test_counts_in_the_database_as_it_does_here(self):
        assert list(Initiative.objects.owing()) == [self.initiative]
        factories.silence(initiative=self.initiative)
        assert not Initiative.objects.owing().exists()


class TestOwedByAPilot(Declared):
    stage = Stage.PILOT

    def test_is_the_charter(self):
        keys = self.keys()
        assert {"pilot_length", "pilot_conditions", "production_sketch"} <= keys
        assert not keys & {"rollback", "evaluation_run", "conditions_ledger"}
        assert self.slots() == {
            "sponsor", "business_owner", "engineering_owner", "group_compliance",
        }  # fmt: skip

    def test_stays_the_charter_when_it_passes_the_next_gates(self):
        Initiative.objects.update(stage=Stage.PRODUCTION)
        keys = self.keys()
        assert "data_audit" in keys
        assert not keys & {"pilot_length", "rollback"}


class TestOwedByAReadinessReview(Declared):
    stage = Stage.READINESS_REVIEW

    def test_is_the_charter_and_ship_or_kill(self):
        assert {"pilot_conditions", "conditions_ledger", "evaluation_run"} <= self.keys()
        assert "rollback" not in self.keys()

    def test_is_signed_by_whoever_would_run_it(self):
        assert "production_sketch_owner" in self.slots()


class TestDue(Declared):
    def due(self) -> date | None:
        return catching_up.due_date(self.now(), queries.current_policy().limits)

    def test_counts_from_when_it_counts_by_level(self):
        begun = timezone.localdate(NOON - 30 * DAY)
        for level, days in LIMITS.items():
            Initiative.objects.update(level=level)
            assert self.due() == begun + days * DAY

    def test_is_open_while_it_is_quiet(self):
        factories.silence(initiative=self.initiative)
        assert self.due() is None

    def test_is_late_from_the_day_after_by_what_the_database_knows(self):
        limits = queries.current_policy().limits
        for level, days in LIMITS.items():
            for at, expected in ((days, []), (days + 1, [self.initiative])):
                Initiative.objects.update(level=level, counting_since=NOON - at * DAY)
                found = catching_up.overdue(Initiative.objects.all(), TODAY, limits)
                assert list(found) == expected, (level, at)

    def test_is_due_no_more_once_it_has_caught_up(self):
        Initiative.objects.update(caught_up_at=NOON, counting_since=NOON - 300 * DAY)
        limits = queries.current_policy().limits
        assert not catching_up.overdue(Initiative.objects.all(), TODAY, limits).exists()


class TestLapse(Declared):
    """Fourteen days after its day, by comparison alone."""

    def begin(self, days: int) -> None:
        """Let it have counted for so many days beyond what its level gives it, and those after
        which it lapses."""
        begun = NOON - (LIMITS[self.now().level] + 14 + days) * DAY
        Initiative.objects.update(counting_since=begun)

    def lapsed(self) -> str:
        return catching_up.lapsed(self.now(), TODAY, queries.current_policy().limits)

    def test_comes_the_day_after_the_policys_days(self):
        for level in LIMITS:
            Initiative.objects.update(level=level)
            self.begin(0)
            assert self.lapsed() == "", level
            self.begin(1)
            assert self.lapsed() == LAPSED.format(day="2 Mar 2026"), level

    def test_follows_the_policy_in_force(self):
        self.begin(6)
        assert self.lapsed() == LAPSED.format(day="25 Feb 2026")
        publish_policy(lambda text: text.replace("lapse_days = 14", "lapse_days = 20"))
        assert self.lapsed() == ""

    def test_never_comes_to_what_is_quiet_or_owes_nothing(self):
        self.begin(1)
        Initiative.objects.update(caught_up_at=NOON)
        assert self.lapsed() == ""
        Initiative.objects.update(caught_up_at=None)
        factories.silence(initiative=self.initiative)
        assert self.lapsed() == ""

    def test_leaves_the_review_to_the_leads(self):
        give(self.initiative, Role.SPONSOR, self.cast.sponsor)
        self.ask()
        self.begin(1)
        for kind in ("catch_up", "send_back"):
            no = refusal(self.decide, kind=kind)
            assert (no.rule, no.message) == ("may_not_decide", LAPSED.format(day="2 Mar 2026"))
        assert refusal(self.decide, by=factories.make_lead(name="Lou Lead")).rule == "gate_unmet"
        assert self.decide(kind="send_back", by=self.cast.lead)

    def test_is_judged_by_the_day_without_a_sweep(self):
        give(self.initiative, Role.SPONSOR, self.cast.sponsor)
        self.ask()
        self.begin(0)
        assert refusal(self.decide).rule == "gate_unmet"
        assert refusal(self.decide, at=NOON + DAY).rule == "may_not_decide"

    def test_leaves_the_sponsor_everything_else(self):
        give(self.initiative, Role.SPONSOR, self.cast.sponsor)
        self.ask()
        self.ask(gate="recertification")
        self.begin(1)
        assert self.decide(kind="send_back").review.gate == "recertification"
        assert self.decide(kind="suspend")


class TestRequest(Declared):
    def test_asks_everybody_whom_a_gate_would_have_asked(self):
        review = self.ask()
        assert review.gate == "catch_up"
        assert set(review.slots.values_list("key", flat=True)) == self.slots()
        assert "catch-up" in str(review).lower()

    def test_means_that_it_stands_for_the_gates_it_never_passed(self):
        assert {slot.meaning for slot in self.ask().slots.all()} == {gates.CAUGHT_UP_MEANS}

    def test_is_one_at_a_time(self):
        self.ask()
        assert refusal(self.ask).rule == "already_open"

    def test_stands_beside_the_review_of_the_gate_ahead(self):
        self.ask()
        assert self.ask(gate="recertification").is_open

    def test_is_for_what_owes_something(self):
        Initiative.objects.update(caught_up_at=NOON)
        assert refusal(self.ask).rule == "owes_nothing"

    def test_wakes_what_is_quiet(self):
        factories.silence(initiative=self.initiative)
        self.ask()
        assert self.now().counting_since == NOON

    def test_is_for_those_who_may_edit(self):
        outsider = factories.make_person(name="Otto Outsider")
        assert refusal(self.ask, by=outsider).rule == "not_an_editor"


class TestCatchUp(Declared):
    """The decision on it."""

    def show_everything(self) -> None:
        """Record what all three gates ask of something that runs."""
        at = NOON - 20 * DAY
        for role, person in self.cast.owners.items():
            give(self.initiative, role, person, at)
        for role in (Role.PRODUCTION_OWNER, Role.ON_CALL, Role.DATA_OWNER):
            give(self.initiative, role, self.cast.production_owner, at, hours=12)
        metric = factories.make_metric(initiative=self.initiative, by=self.cast.lead, at=at)
        factories.make_kill_condition(
            initiative=self.initiative, metric=metric, at=at, by_decision_date=False, in_a_row=3
        )
        for name, kind, more in (
            ("Wrong queues", "quality", {}), ("Cost of a letter", "cost", {}),
            ("Weekly users", "adoption", {"unit_kind": "count", "unit": "people"}),
        ):  # fmt: skip
            other = factories.make_metric(
                initiative=self.initiative, name=name, kind=kind, is_primary=False, at=at, **more
            )
            factories.make_measurement(metric=other, value=2_000, at=at)
            watch(other, self.cast.production_owner, 2_000, at)
        factories.make_measurement(metric=metric, value=2_400, at=at)
        watch(metric, self.cast.production_owner, 2_400, at)
        find_out(self.initiative, self.cast.lead, at)
        for gate in ("charter", "ship_or_kill", "go_live"):
            answer_gate(self.initiative, gate, self.cast.lead, at)

    def signed(self) -> Review:
        self.show_everything()
        review = self.ask()
        signers = (*self.cast.signers, self.cast.production_owner, self.security, self.operations)
        factories.sign_in_turn(review=review, by=signers, at=NOON)
        return review

    def test_ends_what_it_owes_and_moves_nothing(self):
        before = self.now()
        review = self.signed()
        assert standing(review).lacking() == []
        decision = self.decide()
        now = self.now()
        assert now.caught_up_at == NOON
        assert (now.stage, now.decision_date) == (before.stage, before.decision_date)
        assert (decision.kind, decision.from_stage, decision.to_stage) == (
            "catch_up", "production", "production",
        )  # fmt: skip
        assert not now.owes_gates

    def test_freezes_what_was_signed_like_a_charter(self):
        self.signed()
        self.decide()
        frozen = Baseline.objects.in_force().get()
        assert frozen.version == 1
        assert frozen.charter["problem"] == factories.DESCRIPTION["problem"]

    def test_is_read_afterwards_as_it_was_signed(self):
        review = self.signed()
        self.decide()
        closed = standing(review)
        assert {j.criterion.key for j in closed.judged} >= {"data_audit", "rollback"}
        assert all(state.live for state in closed.slots)

    def test_needs_every_criterion_and_every_signature(self):
        self.ask()
        give(self.initiative, Role.SPONSOR, self.cast.sponsor)
        no = refusal(self.decide)
        assert no.rule == "gate_unmet"
        assert self.now().caught_up_at is None

    def test_needs_a_review(self):
        give(self.initiative, Role.SPONSOR, self.cast.sponsor)
        assert refusal(self.decide).rule == "no_open_review"

    def test_is_refused_where_nothing_is_owed(self):
        Initiative.objects.update(caught_up_at=NOON)
        give(self.initiative, Role.SPONSOR, self.cast.sponsor)
        assert refusal(self.decide).rule == "owes_nothing"

    def test_is_decided_by_the_sponsor_or_another_lead(self):
        self.signed()
        assert refusal(self.decide, by=self.cast.lead).rule == "may_not_decide"  # edited it last
        assert refusal(self.decide, by=self.security).rule == "may_not_decide"
        assert self.decide(by=factories.make_lead(name="Lou Lead"))

    def test_is_not_decided_while_it_is_suspended(self):
        self.signed()
        self.decide(kind="suspend")
        assert refusal(self.decide).rule == "suspended"

    def test_can_be_sent_back(self):
        self.ask()
        self.decide(kind="send_back", by=self.cast.lead)
        assert self.now().owes_gates
        assert self.ask().is_open

    def test_leaves_the_next_gate_as_it_is(self):
        self.signed()
        self.decide()
        assert self.now().next_gate == "recertification"
        assert actions.request_review(initiative=self.initiative, by=self.cast.sponsor, at=NOON)

    def test_makes_a_signature_stale_when_evidence_changes(self):
        self.show_everything()
        review = self.ask()
        sign(review, "sponsor", self.cast.sponsor)
        initiatives.edit(initiative=self.initiative, problem="Another.", by=self.cast.lead, at=NOON)
        slot = next(s for s in standing(review).slots if s.slot.key == "sponsor")
        assert slot.stale
        assert not slot.live


class TestPages(Declared):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        give(cls.initiative, Role.SPONSOR, cls.cast.sponsor)

    def setUp(self):
        self.client.force_login(self.cast.lead)

    def page(self) -> str:
        return text_of(self.client.get(self.initiative.get_absolute_url()))

    def test_lists_what_it_owes_and_by_when(self):
        Initiative.objects.update(counting_since=timezone.now())
        said = self.page()
        assert "Catch-up: gates it never passed" in said
        assert "The data was looked at" in said
        assert "It is reviewed and signed once, by" in said
        assert "Ask for the catch-up review" in said

    def test_says_how_late_it_is(self):
        Initiative.objects.update(counting_since=timezone.now() - 100 * DAY)
        assert "10 days late" in self.page()

    def test_says_that_a_quiet_one_waits(self):
        factories.silence(initiative=self.initiative)
        assert "after the campaign has started" in self.page()

    def test_leads_to_its_review(self):
        Initiative.objects.update(counting_since=timezone.now())
        answer = self.client.post(
            f"/reviews/of/{self.initiative.pk}/request/", {"gate": "catch_up"}, follow=True
        )
        assert "Catch-up review" in text_of(answer)
        assert "Open the catch-up review" in self.page()

    def test_says_nothing_of_it_once_it_has_caught_up(self):
        Initiative.objects.update(caught_up_at=NOON)
        said = self.page()
        assert "Catch-up: gates" not in said
        assert "caught up on its gates 2 Mar 2026" in said

    def test_offers_the_decision_on_its_review_alone(self):
        Initiative.objects.update(counting_since=timezone.now())
        review = self.ask(at=timezone.now())
        other = self.ask(at=timezone.now(), gate="recertification")
        self.client.force_login(self.cast.sponsor)
        said = text_of(self.client.get(review.get_absolute_url()))
        assert "Caught up …" in said
        assert "Recertify …" not in said
        said = text_of(self.client.get(other.get_absolute_url()))
        assert "Caught up …" not in said

    def late(self) -> str:
        """Let it have lapsed today; return what has to be said."""
        now = timezone.now()
        Initiative.objects.update(counting_since=now - 105 * DAY)
        return LAPSED.format(day=f"{timezone.localdate(now):%-d %b %Y}")

    def test_say_that_it_has_lapsed_and_who_decides(self):
        review = self.ask(at=timezone.now())
        said = self.late()
        for person in (self.cast.lead, self.cast.sponsor):
            self.client.force_login(person)
            assert said in self.page()
            assert said in text_of(self.client.get(review.get_absolute_url()))

    def test_bar_the_decision_to_the_sponsor_once_it_has_lapsed(self):
        review = self.ask(at=timezone.now())
        said = self.late()
        self.client.force_login(self.cast.sponsor)
        page = text_of(self.client.get(review.get_absolute_url()))
        assert "Caught up …" not in page
        assert "Send back …" not in page
        assert "Decommission …" in page
        for kind in ("catch_up", "send_back"):
            address = f"/reviews/of/{self.initiative.pk}/decide/{kind}/?review={review.pk}"
            assert said in text_of(self.client.get(address))
            assert self.client.post(address, {"reason": "So."}).status_code == 422
        self.client.force_login(factories.make_lead(name="Lou Lead"))
        assert "Caught up …" in text_of(self.client.get(review.get_absolute_url()))

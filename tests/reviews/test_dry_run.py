"""What a draft would change: against facts made by hand, and against what then happens."""

from __future__ import annotations

from django.db import connection
from django.test import TestCase
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Group, Person
from initiatives import facts
from initiatives.models import Initiative
from initiatives.stages import Stage
from portfolio import generator
from reviews import drafts, dry_run, gates, policy, queries
from reviews.checks import CHECKS
from reviews.dry_run import DryRun, Tally
from tests import factories
from tests.factories import NOON, TODAY
from tests.reviews import facts_by_hand as by_hand
from tests.reviews.facts_by_hand import known
from tests.reviews.scenes import DAY
from tests.reviews.test_drafting import Drafting, stricter

TEXT = policy.default_text()


def changed(old: str, new: str) -> policy.Policy:
    assert old in TEXT
    return policy.parse(TEXT.replace(old, new), version=2, checks=CHECKS)


def run_of(draft: policy.Policy, person: Person | None = None) -> DryRun:
    return DryRun(person or Person(name="Nobody"), by_hand.POLICY, draft, TODAY)


class TestCompare:
    """By facts that are made by hand: a proposal with a pilot of 40 days and nothing else."""

    proposal = known(initiative={"stage": Stage.PROPOSAL, "pilot_days": 40})

    def test_is_the_same_under_the_same_policy(self):
        found = run_of(by_hand.POLICY).compare(self.proposal)
        assert found.before == found.after != {}
        assert (found.more, found.less) == ([], [])
        assert not found.is_newly_blocked
        assert not found.is_newly_freed

    def test_says_which_criterion_would_hold_it(self):
        found = run_of(changed("pilot_days = 42", "pilot_days = 30")).compare(self.proposal)
        assert found.more == ["pilot_length"]
        assert found.after["pilot_length"] == (
            "40 days are too long: ship or kill within 30 days of the pilot's start."
        )
        assert not found.is_newly_blocked  # it is held by others now
        assert found.concerns("charter.pilot_length")
        assert not found.concerns("blocked")

    def test_says_which_would_no_longer_hold_it(self):
        old = 'key = "data_audit"\ntitle = "The data was looked at"\nmandatory = true'
        found = run_of(changed(old, old + "\nblocking = false")).compare(self.proposal)
        assert (found.more, found.less) == ([], ["data_audit"])

    def test_judges_again_what_is_asked_otherwise(self):
        """A criterion of the same key with another field is not the one that was judged."""
        run = run_of(changed('key = "workflow"\n', 'key = "workflows"\n'))
        assert "integration_scope" in run.compare(self.proposal).after

    def test_says_what_is_newly_blocked_and_newly_freed(self):
        found = dry_run.Compared(Initiative(pk=1), "charter", {}, {"a": "No."})
        assert found.is_newly_blocked
        assert found.concerns("blocked")
        found = dry_run.Compared(Initiative(pk=1), "charter", {"a": "No."}, {})
        assert found.is_newly_freed
        assert found.concerns("freed")


class TestCatchUp:
    """By facts that are made by hand: what runs, and never passed a gate."""

    NOT_ASKED = changed('key = "rollback"\n', 'key = "rollback"\ncatch_up = "never"\n')
    running = known(initiative={"stage": Stage.PRODUCTION, "declared_stage": Stage.PRODUCTION})

    def test_owes_the_same_under_the_same_policy(self):
        found = run_of(by_hand.POLICY).compare(self.running)
        assert found.owed_before == found.owed_after != {}
        assert (found.owes_more, found.owes_less) == ([], [])

    def test_owes_less_where_a_criterion_is_not_caught_up_on_any_more(self):
        found = run_of(self.NOT_ASKED).compare(self.running)
        assert (found.owes_more, found.owes_less) == ([], ["rollback"])
        assert found.because("owes-less") == {"rollback": "Not answered yet."}
        assert found.concerns("owes-less")
        assert not found.concerns("owes-more")
        assert (found.more, found.less) == ([], [])  # its next gate asks what it asked

    def test_owes_more_where_it_is_caught_up_on_from_now_on(self):
        run = DryRun(Person(name="Nobody"), self.NOT_ASKED, by_hand.POLICY, TODAY)
        found = run.compare(self.running)
        assert (found.owes_more, found.owes_less) == (["rollback"], [])
        assert found.because("owes-more") == {"rollback": "Not answered yet."}

    def test_owes_nothing_more_of_what_is_met(self):
        asked = 'key = "process_described"\n'
        assert asked in TEXT
        never = changed(asked, f'{asked}catch_up = "never"\n')
        row = {"stage": Stage.PRODUCTION, "declared_stage": Stage.PRODUCTION, "process": "Mail."}
        found = DryRun(Person(name="Nobody"), never, by_hand.POLICY, TODAY).compare(
            known(initiative=row)
        )
        assert found.owes_more == []

    def test_is_nothing_of_what_was_registered_here(self):
        found = run_of(self.NOT_ASKED).compare(known(initiative={"stage": Stage.PRODUCTION}))
        assert found.owed_before == found.owed_after == {}


class TestTally:
    def test_counts_each_by_its_criteria(self):
        tally = Tally()
        tally.add(dry_run.Compared(Initiative(pk=3), "charter", {}, {"a": "", "b": ""}))
        tally.add(dry_run.Compared(Initiative(pk=5), "charter", {"b": ""}, {"a": "", "b": ""}))
        tally.add(dry_run.Compared(Initiative(pk=9), "go_live", {"c": ""}, {}))
        assert (tally.looked_at, tally.after) == (3, 9)
        assert (tally.blocked, tally.freed, tally.more, tally.less) == (1, 1, 2, 1)
        assert tally.holds == {"charter.a": 2, "charter.b": 1}
        assert tally.releases == {"go_live.c": 1}

    def test_counts_what_has_more_or_less_to_catch_up_on(self):
        tally = Tally()
        tally.add(dry_run.Compared(Initiative(pk=3), "charter", {}, {}, {}, {"a": "", "b": ""}))
        tally.add(dry_run.Compared(Initiative(pk=5), "charter", {}, {}, {"b": ""}, {"a": ""}))
        tally.add(dry_run.Compared(Initiative(pk=9), "charter", {}, {}, {"b": ""}, {"b": ""}))
        assert (tally.owes_more, tally.owes_less) == (2, 1)
        assert (tally.more, tally.less) == (0, 0)


class TestDryRun(Drafting):
    """Against what happens: the same initiatives before and after publishing."""

    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.cast = factories.make_cast()
        cls.ready = factories.make_ready_for_charter(cast=cls.cast, at=NOON - 20 * DAY)
        cls.empty = factories.make_initiative(by=cls.cast.lead, name="Empty", at=NOON - DAY)
        cls.pilot = factories.make_pilot(cast=cls.cast, at=NOON - 30 * DAY, name="A pilot")
        cls.review = factories.make_review(
            initiative=cls.ready, by=cls.cast.business_owner, at=NOON - DAY
        )

    def blocked(self, read: policy.Policy) -> dict[int, set[str]]:
        """What holds each living one at its next gate, by the function that enforces it."""
        living = Initiative.objects.exclude(stage=Stage.RETIRED).values_list("pk", flat=True)
        return {
            pk: {
                j.criterion.key
                for j in gates.evaluate(f, f.initiative.next_gate, read, TODAY)
                if j.blocks
            }
            for pk, f in facts.load(living).items()
        }

    def run_now(self) -> DryRun:
        looked = drafts.looked_at()
        return DryRun(self.ada, queries.parsed(looked.in_force), looked.policy, TODAY)

    def test_counts_what_then_happens(self):
        draft = self.drafted()
        tally = self.run_now().go_on(Tally())
        before = self.blocked(queries.current_policy())
        self.publish(draft)
        after = self.blocked(queries.current_policy())
        assert tally.is_done
        assert tally.total == tally.covered == len(before) == 3
        assert tally.blocked == sum(bool(after[pk]) and not before[pk] for pk in before) == 1
        assert tally.freed == sum(bool(before[pk]) and not after[pk] for pk in before) == 0
        assert tally.more == sum(bool(after[pk] - before[pk]) for pk in before)
        held = [key for pk in before for key in after[pk] - before[pk]]
        assert {w.partition(".")[2]: n for w, n in tally.holds.items()} == {
            key: held.count(key) for key in held
        }
        assert tally.holds["charter.works_council"] == 2

    def test_looks_only_where_something_can_be_different(self):
        text = TEXT.replace(
            '[[gates.charter.slots]]\nkey = "finance"', '[[gates.charter.slots]]\nkey = "money"'
        )
        self.save(self.start(), text)
        tally = self.run_now().go_on(Tally())
        assert (tally.same, tally.looked_at, tally.covered) == (3, 0, 3)

    def test_goes_on_where_it_was_left(self):
        self.drafted()
        run = self.run_now()
        whole = run.go_on(Tally())
        block, dry_run.BLOCK = dry_run.BLOCK, 1
        try:
            tally, times = Tally(), 0
            while not tally.is_done:
                tally, times = run.go_on(tally, seconds=0), times + 1
                assert tally.covered <= tally.total
        finally:
            dry_run.BLOCK = block
        assert times > 2
        assert tally == whole

    def test_lists_those_that_a_figure_counts(self):
        self.drafted()
        run = self.run_now()
        listed, further = run.listed("blocked", after=0)
        assert [c.initiative for c in listed] == [self.ready]
        assert further is None
        listed, _ = run.listed("charter.works_council", after=0)
        assert [c.initiative for c in listed] == [self.ready, self.empty]
        assert run.listed("freed", after=0) == ([], None)

    def test_looks_at_what_has_to_catch_up_behind_its_stage(self):
        """Its next gate asks what it asked; a gate that it never passed does not."""
        at = NOON - 5 * DAY
        row = factories.make_declared(by=self.cast.lead, stage=Stage.PRODUCTION, at=at)
        quiet = factories.make_declared(by=self.cast.lead, stage=Stage.PRODUCTION, at=at)
        factories.silence(initiative=quiet)
        factories.make_declared(by=self.cast.lead, stage=Stage.PILOT, at=at)  # go-live is ahead
        old = 'key = "rollback"\n'
        self.save(self.start(), TEXT.replace(old, f'{old}catch_up = "never"\n'))
        run = self.run_now()
        tally = run.go_on(Tally())
        assert (tally.owes_more, tally.owes_less) == (0, 2)
        assert (tally.more, tally.less, tally.holds, tally.releases) == (0, 0, {}, {})
        listed, _ = run.listed("owes-less", after=0)
        assert [c.initiative for c in listed] == [row, quiet]
        assert run.listed("owes-more", after=0) == ([], None)

    def test_says_what_open_reviews_would_need(self):
        text = stricter(TEXT).replace(
            "applies = { pilot_budget_from = 150_000 }", "applies = { pilot_budget_from = 1 }"
        )
        self.save(self.start(), text)
        (needs,) = self.run_now().would_need(list(self.run_now().reviews()))
        assert needs.review == self.review
        assert needs.slots == ["Finance"]
        assert ("The works council was heard", "Not answered yet.") in needs.criteria

    def test_of_a_member_covers_what_they_may_see(self):
        factories.restrict(initiative=self.empty)
        self.drafted()
        looked = drafts.looked_at()
        run = DryRun(self.member, queries.parsed(looked.in_force), looked.policy, TODAY)
        assert run.go_on(Tally()).total == 2


class TestQueries(TestCase):
    def count(self) -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries_made:
            tally = self.dry.go_on(Tally())
        assert tally.is_done
        assert tally.looked_at
        return len(queries_made)

    def test_do_not_grow_with_the_portfolio(self):
        at = timezone.now()
        generator.generate(initiatives=100, seed=2, at=at)
        lead = Person.objects.filter(memberships__group__key=Group.LEADS).earliest("pk")
        draft = changed("evaluation_stale_days = 180", "evaluation_stale_days = 1")
        self.dry = DryRun(lead, queries.current_policy(), draft, timezone.localdate(at))
        assert lead.group_keys  # looked up once for each person
        few = self.count()
        generator.generate(initiatives=200, seed=3, at=at, append_to=True)
        assert self.count() == few <= 14

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from django.test import TestCase

from accounts import actions as people
from initiatives import actions
from initiatives.models import EvaluationRun, EvaluationSet, Initiative, OpenQuestion, Ownership
from initiatives.stages import Role, Stage
from tests.accounts.expectations import last_event, nothing_said, refused
from tests.factories import (
    LONG_AGO,
    NOON,
    TODAY,
    fresh,
    make_declared,
    make_evaluation_set,
    make_initiative,
    make_lead,
    make_metric,
    make_owner,
    make_person,
    make_question,
    make_run,
    reloaded,
)
from tests.initiatives.actions.changes import changes_evidence, leaves_alone, only_touches

DAY = timedelta(days=1)


class Found(TestCase):
    """A proposal of Ada's with one metric, a lead, and Eve, who has no part in it."""

    @classmethod
    def setUpTestData(cls):
        cls.lead = make_lead()
        cls.ada = make_person()
        cls.bo = make_person(name="Bo Brandt")
        cls.eve = make_person(name="Eve Else")
        cls.initiative = make_initiative(by=cls.ada)
        cls.metric = make_metric(initiative=cls.initiative)

    def retire(self) -> None:
        Initiative.objects.filter(pk=self.initiative.pk).update(stage=Stage.RETIRED)

    def let_bo_go(self) -> None:
        """`self.bo` was loaded while active: the row decides."""
        people.deactivate(person=fresh(self.bo), by=None, at=NOON)


class TestRaiseQuestion(Found):
    def ask(self, *, by=None, question="Do motor claims work as well?", **values) -> OpenQuestion:
        return actions.raise_question(
            initiative=self.initiative,
            values={"question": question, **values},
            by=by or self.ada,
            at=NOON,
        )

    def test_stores_what_is_not_known_yet(self):
        with changes_evidence(self.initiative, by=self.ada):
            made = self.ask(
                owner=self.bo, estimate_days=3, estimate_cost=1_200, due_date=TODAY + DAY,
                is_blocking=True,
            )  # fmt: skip
        made.refresh_from_db()
        assert made.initiative == self.initiative
        assert (made.owner, made.estimate_days, made.estimate_cost) == (self.bo, 3, 1_200)
        assert (made.due_date, made.is_blocking, made.is_open) == (TODAY + DAY, True, True)
        assert (made.raised_at, made.raised_by) == (NOON, self.ada)

    def test_takes_the_question_alone(self):
        made = self.ask()
        made.refresh_from_db()
        assert (made.owner, made.estimate_days, made.estimate_cost) == (None, None, None)
        assert (made.due_date, made.is_blocking) == (None, False)

    def test_says_what_was_asked_and_whether_it_blocks(self):
        made = self.ask(is_blocking=True)
        event = last_event()
        assert (event.kind, event.subject) == ("question.raised", f"openquestion:{made.pk}")
        assert (event.initiative_id, event.actor_id) == (self.initiative.pk, self.ada.pk)
        assert event.changed == {"question": "Do motor claims work as well?", "blocking": True}

    def test_may_be_done_at_the_command_line(self):
        with changes_evidence(self.initiative, by=None):
            made = make_question(initiative=self.initiative)
        assert made.raised_by is None

    def test_refuses_nothing(self):
        for nothing in ("", " \n "):
            with refused("no_question", field="question"), leaves_alone(self.initiative):
                self.ask(question=nothing)
        assert not OpenQuestion.objects.exists()

    def test_refuses_an_owner_who_left(self):
        self.let_bo_go()
        with refused("inactive", field="owner"), leaves_alone(self.initiative):
            self.ask(owner=self.bo)

    def test_refuses_whoever_has_no_part_in_it(self):
        with refused("not_an_editor"), leaves_alone(self.initiative):
            self.ask(by=self.eve)

    def test_refuses_what_is_retired(self):
        self.retire()
        with refused("retired"), leaves_alone(self.initiative):
            self.ask(by=self.lead)


class TestChangeQuestion(Found):
    def setUp(self):
        self.question = make_question(
            initiative=self.initiative, owner=self.bo, estimate_days=3, at=LONG_AGO
        )

    def change(self, *, by=None, **values) -> OpenQuestion:
        known = {"question": self.question.question, "owner": self.bo, "estimate_days": 3}
        return actions.change_question(
            question=self.question, values=known | values, by=by or self.ada, at=NOON
        )

    def test_stores_what_is_better_known_now(self):
        with changes_evidence(self.initiative, by=self.ada):
            self.change(owner=self.ada, estimate_days=5, is_blocking=True)
        self.question.refresh_from_db()
        assert (self.question.owner, self.question.estimate_days) == (self.ada, 5)
        assert self.question.is_blocking

    def test_keeps_what_is_not_said(self):
        actions.change_question(
            question=self.question, values={"question": "And bicycles?"}, by=self.ada, at=NOON
        )
        self.question.refresh_from_db()
        assert (self.question.question, self.question.owner) == ("And bicycles?", self.bo)

    def test_says_from_what_to_what(self):
        self.change(owner=self.ada, estimate_days=5)
        event = last_event()
        assert event.kind == "question.changed"
        assert event.subject == f"openquestion:{self.question.pk}"
        assert event.initiative_id == self.initiative.pk
        assert event.changed == {
            "question": "Do motor claims work as well?",
            "owner_id": [self.bo.pk, self.ada.pk],
            "estimate_days": [3, 5],
        }

    def test_says_the_old_question_beside_the_new_one(self):
        self.change(question="And bicycles?")
        assert last_event().changed == {
            "question": ["Do motor claims work as well?", "And bicycles?"]
        }

    def test_says_nothing_where_nothing_changes(self):
        with nothing_said(), leaves_alone(self.initiative):
            self.change()

    def test_refuses_to_leave_no_question(self):
        with refused("no_question", field="question"), leaves_alone(self.initiative):
            self.change(question=" ")

    def test_refuses_an_owner_who_left(self):
        self.let_bo_go()
        with refused("inactive", field="owner"), leaves_alone(self.initiative):
            self.change(estimate_days=5)

    def test_refuses_one_that_is_closed(self):
        actions.close_question(question=self.question, answer="Yes.", by=self.ada, at=LONG_AGO)
        with refused("closed"), leaves_alone(self.initiative):
            self.change(estimate_days=5)  # self.question was loaded while open

    def test_refuses_whoever_has_no_part_in_it(self):
        with refused("not_an_editor"), leaves_alone(self.initiative):
            self.change(by=self.eve, estimate_days=5)

    def test_refuses_what_is_retired(self):
        self.retire()
        with refused("retired"), leaves_alone(self.initiative):
            self.change(by=self.lead, estimate_days=5)


class TestCloseQuestion(Found):
    def setUp(self):
        self.question = make_question(initiative=self.initiative, at=LONG_AGO)

    def close(self, answer="They do, from May on.", *, by=None, at=NOON) -> OpenQuestion:
        return actions.close_question(
            question=self.question, answer=answer, by=by or self.ada, at=at
        )

    def test_keeps_what_was_found(self):
        with changes_evidence(self.initiative, by=self.ada):
            self.close(" They do. ")
        self.question.refresh_from_db()
        assert (self.question.answer, self.question.is_open) == ("They do.", False)
        assert (self.question.closed_at, self.question.closed_by) == (NOON, self.ada)

    def test_says_question_and_answer(self):
        self.close()
        event = last_event()
        assert event.kind == "question.closed"
        assert event.subject == f"openquestion:{self.question.pk}"
        assert (event.initiative_id, event.actor_id) == (self.initiative.pk, self.ada.pk)
        assert event.changed == {
            "question": "Do motor claims work as well?",
            "answer": "They do, from May on.",
        }

    def test_refuses_to_close_it_without_an_answer(self):
        for nothing in ("", " \n "):
            with refused("no_answer", field="answer"), leaves_alone(self.initiative):
                self.close(nothing)
        self.question.refresh_from_db()
        assert self.question.is_open

    def test_refuses_to_close_it_twice(self):
        self.close(at=LONG_AGO)
        with refused("closed"), leaves_alone(self.initiative):
            self.close("They do not.")
        self.question.refresh_from_db()
        assert self.question.answer == "They do, from May on."

    def test_refuses_whoever_has_no_part_in_it(self):
        with refused("not_an_editor"), leaves_alone(self.initiative):
            self.close(by=self.eve)

    def test_refuses_what_is_retired(self):
        self.retire()
        with refused("retired"), leaves_alone(self.initiative):
            self.close(by=self.lead)


class TestDescribeEvaluationSet(Found):
    def describe(self, known=None, *, by=None, **values) -> EvaluationSet:
        about = {"name": "Letters of May", "metric": self.metric, "size": 400}
        return actions.describe_evaluation_set(
            initiative=self.initiative,
            values=about | values,
            by=by or self.ada,
            at=NOON,
            evaluation_set=known,
        )

    def test_stores_how_versions_are_measured(self):
        with changes_evidence(self.initiative, by=self.ada):
            made = self.describe(
                verified_by="two handlers", location="https://example.com/set", owner=self.bo
            )
        made.refresh_from_db()
        assert made.initiative == self.initiative
        assert (made.name, made.metric, made.size) == ("Letters of May", self.metric, 400)
        assert (made.verified_by, made.owner) == ("two handlers", self.bo)
        assert (made.location, made.is_messy) == ("https://example.com/set", False)
        assert (made.described_at, made.described_by, made.last_run) == (NOON, self.ada, None)

    def test_lets_gates_read_it(self):
        made = self.describe()
        row = reloaded(self.initiative)
        assert (row.evaluation_set, row.messy_set) == (made, None)

    def test_keeps_the_messy_one_beside_it(self):
        clean = self.describe()
        messy = self.describe(name="Letters as they come", is_messy=True)
        row = reloaded(self.initiative)
        assert messy.is_messy
        assert (row.evaluation_set, row.messy_set) == (clean, messy)

    def test_lets_a_later_one_take_the_place_of_an_earlier_one(self):
        first = self.describe()
        second = self.describe(name="Letters of June")
        assert reloaded(self.initiative).evaluation_set == second
        assert EvaluationSet.objects.filter(pk=first.pk).exists()

    def test_changes_one_and_leaves_it_what_it_is(self):
        messy = self.describe(is_messy=True)
        with changes_evidence(self.initiative, by=self.ada):
            again = self.describe(messy, size=500, is_messy=False)
        again.refresh_from_db()
        assert (again.pk, again.size, again.is_messy) == (messy.pk, 500, True)
        row = reloaded(self.initiative)
        assert (row.evaluation_set, row.messy_set) == (None, again)

    def test_says_which_set_and_what_changed(self):
        made = self.describe()
        event = last_event()
        assert (event.kind, event.subject) == ("evaluation.described", f"evaluationset:{made.pk}")
        assert (event.initiative_id, event.actor_id) == (self.initiative.pk, self.ada.pk)
        self.describe(made, size=500, owner=self.bo)
        assert last_event().changed == {
            "set": "Letters of May",
            "size": [400, 500],
            "owner_id": [None, self.bo.pk],
        }

    def test_keeps_the_runs_of_one_that_was_run_meanwhile(self):
        made = self.describe()
        run = make_run(evaluation_set=made)
        self.describe(made, size=500)  # made was loaded before the run
        stored = EvaluationSet.objects.get()
        assert (stored.size, stored.last_run) == (500, run)

    def test_takes_another_metric_until_it_is_run(self):
        made = self.describe()
        other = make_metric(initiative=self.initiative, name="Wrong queues", is_primary=False)
        self.describe(made, metric=other)
        made.refresh_from_db()
        assert made.metric == other

    def test_refuses_another_metric_once_it_was_run(self):
        made = self.describe()
        make_run(evaluation_set=made)
        other = make_metric(initiative=self.initiative, name="Wrong queues", is_primary=False)
        with refused("already_run", field="metric"), leaves_alone(self.initiative):
            self.describe(made, metric=other)  # made was loaded before the run
        made.refresh_from_db()
        assert made.metric == self.metric

    def test_refuses_a_metric_of_another_initiative_or_none(self):
        other = make_metric(initiative=make_initiative(by=self.ada, name="Other"))
        for metric in (other, None):
            with refused("no_metric", field="metric"), leaves_alone(self.initiative):
                self.describe(metric=metric)
        assert not EvaluationSet.objects.exists()

    def test_refuses_a_set_of_another_initiative(self):
        other = make_metric(initiative=make_initiative(by=self.ada, name="Other"))
        foreign = make_evaluation_set(metric=other)
        with refused("foreign_set"), leaves_alone(self.initiative):
            self.describe(foreign)

    def test_refuses_one_without_a_name(self):
        with refused("no_name", field="name"), leaves_alone(self.initiative):
            self.describe(name=" ")

    def test_refuses_an_owner_who_left(self):
        self.let_bo_go()
        with refused("inactive", field="owner"), leaves_alone(self.initiative):
            self.describe(owner=self.bo)

    def test_refuses_whoever_has_no_part_in_it(self):
        with refused("not_an_editor"), leaves_alone(self.initiative):
            self.describe(by=self.eve)

    def test_refuses_what_is_retired(self):
        self.retire()
        with refused("retired"), leaves_alone(self.initiative):
            self.describe(by=self.lead)


class TestRecordRun(Found):
    def setUp(self):
        self.set = make_evaluation_set(metric=self.metric, at=LONG_AGO)

    def run_(self, ran_on=TODAY, *, value=2_400, by=None, at=NOON, **more) -> EvaluationRun:
        return actions.record_run(
            evaluation_set=self.set, ran_on=ran_on, version="1.4", value=Decimal(value),
            by=by or self.ada, at=at, **more,
        )  # fmt: skip

    def last(self) -> EvaluationRun | None:
        return EvaluationSet.objects.get().last_run

    def test_stores_what_a_version_reached(self):
        run = self.run_(cases=400, comment="With the new prompt.")
        run.refresh_from_db()
        assert (run.evaluation_set, run.ran_on, run.version) == (self.set, TODAY, "1.4")
        assert (run.value, run.cases, run.comment) == (2_400, 400, "With the new prompt.")
        assert (run.recorded_at, run.recorded_by) == (NOON, self.ada)

    def test_is_observed_so_that_signatures_stay(self):
        with only_touches(self.initiative):
            self.run_()

    def test_says_which_version_reached_what(self):
        self.run_()
        event = last_event()
        assert event.kind == "evaluation.recorded"
        assert event.subject == f"evaluationset:{self.set.pk}"
        assert (event.initiative_id, event.actor_id) == (self.initiative.pk, self.ada.pk)
        assert event.changed == {"set": "Letters of May", "version": "1.4", "words": "40 min"}

    def test_shows_the_newest_by_the_day_it_ran(self):
        first = self.run_(TODAY - 5 * DAY)
        assert self.last() == first
        second = self.run_(TODAY - DAY)
        assert self.last() == second
        self.run_(TODAY - 3 * DAY)  # found in the notes afterwards
        assert self.last() == second

    def test_shows_the_one_recorded_last_of_two_on_a_day(self):
        self.run_()
        again = self.run_(value=2_300)
        assert self.last() == again

    def test_leaves_other_sets_alone(self):
        messy = make_evaluation_set(metric=self.metric, is_messy=True, at=LONG_AGO)
        self.run_()
        messy.refresh_from_db()
        assert messy.last_run is None

    def test_takes_today_and_refuses_tomorrow(self):
        self.run_(TODAY)
        with refused("future", field="ran_on"), leaves_alone(self.initiative):
            self.run_(TODAY + DAY)
        assert EvaluationRun.objects.count() == 1

    def test_knows_today_by_the_organisations_clock(self):
        with self.settings(TIME_ZONE="Pacific/Auckland"):
            assert self.run_(TODAY + DAY).ran_on == TODAY + DAY  # there it is past midnight
        with self.settings(TIME_ZONE="America/Los_Angeles"), refused("future", field="ran_on"):
            self.run_(TODAY, at=NOON - timedelta(hours=11))  # there it is still Sunday

    def test_refuses_whoever_has_no_part_in_it(self):
        with refused("not_an_editor"), leaves_alone(self.initiative):
            self.run_(by=self.eve)

    def test_refuses_what_is_retired(self):
        self.retire()
        with refused("retired"), leaves_alone(self.initiative):
            self.run_(by=self.lead)


class TestWatchMetric(Found):
    def watch(self, paged=None, *, by=None):
        return actions.watch_metric(
            metric=self.metric, paged=paged or self.bo, by=by or self.ada, at=NOON
        )

    def test_names_who_is_paged(self):
        with changes_evidence(self.initiative, by=self.ada):
            self.watch()
        self.metric.refresh_from_db()
        assert self.metric.paged == self.bo

    def test_says_about_which_metric_and_whom(self):
        self.watch()
        event = last_event()
        assert (event.kind, event.subject) == ("metric.watched", f"metric:{self.metric.pk}")
        assert (event.initiative_id, event.actor_id) == (self.initiative.pk, self.ada.pk)
        assert event.changed == {"metric": self.metric.name, "person": self.bo.pk}

    def test_says_nothing_the_second_time(self):
        self.watch()
        with nothing_said(), leaves_alone(self.initiative):
            self.watch()

    def test_passes_to_somebody_else(self):
        self.watch()
        self.watch(self.ada)
        self.metric.refresh_from_db()
        assert self.metric.paged == self.ada

    def test_is_open_after_the_charter_froze_the_metric(self):
        Initiative.objects.filter(pk=self.initiative.pk).update(stage=Stage.PILOT)
        actions.freeze_baseline(initiative=reloaded(self.initiative), reason="Agreed.", at=LONG_AGO)
        assert self.watch(by=self.lead).paged == self.bo

    def test_refuses_somebody_who_left(self):
        self.let_bo_go()
        with refused("inactive", field="paged"), leaves_alone(self.initiative):
            self.watch()

    def test_refuses_whoever_has_no_part_in_it(self):
        with refused("not_an_editor"), leaves_alone(self.initiative):
            self.watch(by=self.eve)

    def test_refuses_what_is_retired(self):
        self.retire()
        with refused("retired"), leaves_alone(self.initiative):
            self.watch(by=self.lead)


class TestConfirm(Found):
    """Said again in production, long after it was accepted."""

    def setUp(self):
        self.running = make_declared(by=self.lead)
        self.owned = make_owner(
            initiative=self.running, role=Role.PRODUCTION_OWNER, person=self.bo, hours_a_month=8
        )

    def confirm(self, ownership=None, *, by=None, at=NOON) -> Ownership:
        return actions.confirm(ownership=ownership or self.owned, by=by or self.bo, at=at)

    def test_keeps_when_it_was_accepted_and_when_it_was_confirmed(self):
        with only_touches(self.running):
            self.confirm()
        self.owned.refresh_from_db()
        assert (self.owned.accepted_at, self.owned.confirmed_at) == (LONG_AGO, NOON)
        assert (self.owned.hours_a_month, self.owned.counts) == (8, True)

    def test_says_who_confirmed(self):
        self.confirm()
        event = last_event()
        assert (event.kind, event.subject) == ("ownership.confirmed", f"ownership:{self.owned.pk}")
        assert (event.initiative_id, event.actor_id) == (self.running.pk, self.bo.pk)
        assert event.changed == {"role": "production_owner", "person": self.bo.pk}

    def test_can_be_said_every_year(self):
        self.confirm()
        self.confirm(at=NOON + 365 * DAY)
        self.owned.refresh_from_db()
        assert self.owned.confirmed_at == NOON + 365 * DAY

    def test_refuses_what_was_never_accepted(self):
        asked = actions.ask(
            initiative=self.running, role=Role.ON_CALL, person=self.bo, by=None, at=LONG_AGO
        )
        with refused("not_accepted"), leaves_alone(self.running):
            self.confirm(asked)

    def test_refuses_a_yes_from_before_they_left(self):
        self.let_bo_go()
        people.reactivate(person=self.bo, by=None, at=NOON)
        with refused("not_accepted"), leaves_alone(self.running):
            self.confirm(by=fresh(self.bo))

    def test_refuses_everybody_else_leads_included(self):
        for other in (self.lead, self.eve):
            with refused("not_asked"), leaves_alone(self.running):
                self.confirm(by=other)

    def test_refuses_once_somebody_else_was_asked(self):
        actions.ask(
            initiative=self.running, role=Role.PRODUCTION_OWNER, person=self.ada, by=None, at=NOON
        )
        with refused("not_asked"):
            self.confirm()

    def test_refuses_what_is_retired(self):
        Initiative.objects.filter(pk=self.running.pk).update(stage=Stage.RETIRED)
        with refused("retired"), leaves_alone(self.running):
            self.confirm()

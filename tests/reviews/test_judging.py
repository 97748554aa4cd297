"""The spells in which a criterion holds an initiative back, as the tick keeps them."""

from __future__ import annotations

from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import TestCase
from django.test.utils import CaptureQueriesContext

from accounts import actions as people
from initiatives import actions as initiatives
from initiatives.models import Initiative
from initiatives.stages import Gate, Role, Stage
from reviews import actions, tasks
from reviews.models import JudgedUpTo, Judgement, UnmetCriterion
from tests import factories
from tests.factories import LONG_AGO, NOON
from tests.reviews.scenes import DAY, MINUTE, LaterStages, blocking, give, publish_policy


def held(initiative: Initiative, gate: str = Gate.CHARTER) -> set[str]:
    """What holds it, as the tick has kept it."""
    spells = UnmetCriterion.objects.open().filter(initiative=initiative, gate=gate)
    return set(spells.values_list("key", flat=True))


def spell(initiative: Initiative, key: str) -> UnmetCriterion:
    return UnmetCriterion.objects.get(initiative=initiative, key=key)


@pytest.mark.embedded
class TestJudge(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.cast = factories.make_cast()
        cls.lead = cls.cast.lead
        cls.bare = factories.make_initiative(by=cls.lead, name="Letters")
        cls.ready = factories.make_ready_for_charter(cast=cls.cast)

    def judge(self, at: datetime = NOON) -> tuple[int, int, int]:
        done = actions.judge(at=at)
        return done.initiatives, done.opened, done.closed

    def test_keeps_what_the_gate_itself_says(self):
        self.judge()
        assert held(self.bare) == blocking(self.bare).keys() != set()
        assert held(self.ready) == blocking(self.ready).keys() == set()

    def test_dates_the_first_look_back_to_when_it_came_before_its_gate(self):
        self.judge()
        assert spell(self.bare, "data_audit").since == LONG_AGO

    def test_changes_nothing_the_second_time(self):
        self.judge()
        assert self.judge(NOON + MINUTE) == (0, 0, 0)

    def test_ends_a_spell_when_the_criterion_is_met_and_begins_another_when_it_is_not(self):
        self.judge()
        give(self.ready, Role.ON_CALL, self.cast.user)  # any event of it
        owner = self.ready.ownerships.get(role=Role.SPONSOR)
        initiatives.end_ownership(ownership=owner, by=self.lead, at=NOON)
        assert self.judge(NOON + MINUTE)[0] == 1
        (key,) = held(self.ready)
        assert spell(self.ready, key).since == NOON + MINUTE
        give(self.ready, Role.SPONSOR, self.cast.sponsor)
        assert self.judge(NOON + 2 * MINUTE) == (1, 0, 1)
        assert spell(self.ready, key).until == NOON + 2 * MINUTE

    def test_looks_at_what_a_person_held_when_they_leave(self):
        self.judge()
        people.deactivate(person=self.cast.sponsor, by=None, at=NOON)
        assert self.judge(NOON + MINUTE)[0] == 1
        assert held(self.ready) == blocking(self.ready).keys() != set()

    def test_looks_at_everything_on_a_new_day_and_under_a_new_policy(self):
        self.judge()
        assert self.judge(NOON + DAY)[0] == 2
        publish_policy(lambda text: text)
        assert self.judge(NOON + DAY + MINUTE)[0] == 2
        assert self.judge(NOON + DAY + MINUTE)[0] == 0

    def test_goes_by_the_policy_that_an_open_review_pinned(self):
        factories.make_review(initiative=self.ready, by=self.cast.business_owner, at=NOON)
        publish_policy(lambda text: text.replace("pilot_days = 42", "pilot_days = 7"))
        self.judge()
        assert held(self.ready) == set()
        assert "pilot_length" in held(self.bare)

    def test_asks_nothing_of_quiet_ones(self):
        self.judge()
        factories.silence(initiative=self.bare)
        Judgement.objects.update(is_due=True)
        self.judge(NOON + MINUTE)
        assert held(self.bare) == set()
        Initiative.objects.filter(pk=self.bare.pk).update(counting_since=NOON + DAY)
        assert self.judge(NOON + 2 * DAY)[0] == 2
        again = UnmetCriterion.objects.open().get(initiative=self.bare, key="data_audit")
        assert again.since == NOON + DAY, "when it began to count, which nobody had looked at"

    def test_ends_all_spells_of_what_is_retired_and_keeps_them(self):
        self.judge()
        before = UnmetCriterion.objects.filter(initiative=self.bare).count()
        actions.decide(
            initiative=self.bare, kind="kill", reason="No.", outcome="priorities",
            lesson="Ask first.", by=self.lead, at=NOON,
        )  # fmt: skip
        assert self.judge(NOON + MINUTE) == (1, 0, before)
        ended = UnmetCriterion.objects.filter(initiative=self.bare)
        assert {row.until for row in ended} == {NOON + MINUTE}
        assert self.judge(NOON + DAY)[0] == 1, "the other one"

    def test_catches_up_what_a_short_slice_left(self):
        for number in range(3):
            factories.make_initiative(by=self.lead, name=f"Letters {number}")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("reviews.actions.judging.BATCH", 2)
            assert actions.judge(at=NOON, slice_=timedelta(0)).initiatives == 2
            assert actions.judge(at=NOON, slice_=timedelta(0)).initiatives == 2
            assert actions.judge(at=NOON, slice_=timedelta(0)).initiatives == 1
        assert self.judge() == (0, 0, 0)

    def test_reads_on_from_where_it_was_in_the_log(self):
        self.judge()
        JudgedUpTo.objects.update(seq=0)
        assert self.judge(NOON + MINUTE)[0] == 2

    def test_does_no_harm_when_another_opened_the_same_spell(self):
        self.judge()
        Judgement.objects.all().delete()
        assert self.judge(NOON + MINUTE)[1:] == (0, 0)
        keys = UnmetCriterion.objects.open().values_list("initiative", "gate", "key")
        assert len(keys) == len(set(keys))

    def test_takes_as_many_queries_for_many_as_for_few(self):
        self.judge()
        counts = []
        for more in (1, 12):
            for number in range(more):
                factories.make_initiative(by=self.lead, name=f"Letters {number}")
            with CaptureQueriesContext(connection) as asked:
                self.judge(NOON + more * DAY)
            counts.append(len(asked))
        assert counts[0] == counts[1] <= 45

    def test_is_a_command_and_a_tick(self):
        out = StringIO()
        call_command("judge", stdout=out)
        assert out.getvalue().startswith("2 initiatives judged: ")
        out = StringIO()
        call_command("judge", stdout=out)
        assert out.getvalue().startswith("0 initiatives judged: ")
        assert settings.CELERY_BEAT_SCHEDULE["judge"]["task"] == tasks.judge.name
        Judgement.objects.update(is_due=True)
        tasks.judge()
        assert not Judgement.objects.filter(is_due=True).exists()


class TestJudgeLaterStages(LaterStages):
    def test_asks_a_light_pilot_for_both_of_its_gates_and_others_for_the_next(self):
        actions.judge(at=NOON)
        gates = UnmetCriterion.objects.open().values_list("gate", flat=True).distinct()
        assert set(gates) == {Gate.SHIP_OR_KILL}

    def test_lets_recertification_hold_nobody_until_it_comes_near(self):
        near = NOON.date() + timedelta(days=60)
        Initiative.objects.update(stage=Stage.PRODUCTION, decision_date=near + DAY)
        actions.judge(at=NOON)
        assert not UnmetCriterion.objects.exists()
        actions.judge(at=NOON + DAY)
        spells = UnmetCriterion.objects.open()
        assert {s.gate for s in spells} == {Gate.RECERTIFICATION}
        assert {s.since.date() for s in spells} <= {NOON.date() + DAY}

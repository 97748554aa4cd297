from __future__ import annotations

from datetime import date, datetime

import pytest
from django.test import TestCase
from django.urls import reverse

from accounts.models import Person
from initiatives import actions as initiatives
from initiatives.models import Initiative, KillCondition, Metric, StageSpell
from initiatives.stages import Stage
from notifications import actions as notifications
from notifications.models import Flag, Reminder
from reviews import actions, queries
from reviews.models import Decision, Review
from tests import factories
from tests.accounts.expectations import last_event, refused
from tests.factories import NOON, TODAY
from tests.initiatives.actions.changes import leaves_alone
from tests.notifications.scenes import open_rules, owed
from tests.reviews.scenes import DAY, sign, standing, state
from tests.reviews.test_views import text_of

DUE = TODAY + 22 * DAY  # of a pilot of 42 days that began 20 days ago


class PostponingTestCase(TestCase):
    """A pilot in its third week."""

    @classmethod
    def setUpTestData(cls):
        cls.cast = factories.make_cast()
        cls.sponsor, cls.lead = cls.cast.sponsor, cls.cast.lead
        cls.initiative = factories.make_pilot(cast=cls.cast, at=NOON - 20 * DAY)
        assert cls.initiative.decision_date == DUE

    def decide(
        self,
        kind: str,
        days: int | None = 14,
        by: Person | None = None,
        *,
        at: datetime = NOON,
        reason: str = "The second office joins on Monday.",
    ) -> Decision:
        return actions.decide(
            initiative=self.initiative, kind=kind, reason=reason, by=by or self.sponsor, at=at,
            days=days,
        )  # fmt: skip

    def extend(self, *args, **kwargs) -> Decision:
        return self.decide("extend", *args, **kwargs)

    def pause(self, *args, **kwargs) -> Decision:
        return self.decide("pause", *args, **kwargs)

    def now(self) -> Initiative:
        return factories.reloaded(self.initiative)

    def spell(self) -> StageSpell:
        return StageSpell.objects.get(initiative=self.initiative, left_at=None)

    def due(self, day: date | None) -> None:
        Initiative.objects.filter(pk=self.initiative.pk).update(decision_date=day)

    def enter(self, stage: Stage, due: date = TODAY + 60 * DAY) -> None:
        """Let it stand in another stage, past the gate before it."""
        self.now().enter(stage, at=NOON, decision_date=due)


@pytest.mark.embedded
class TestExtend(PostponingTestCase):
    def test_moves_the_date_and_counts_it_for_life(self):
        before = self.now()
        self.extend(28)
        after, spell = self.now(), self.spell()
        assert after.decision_date == DUE + 28 * DAY
        assert (spell.decision_date, spell.extensions) == (DUE + 28 * DAY, 1)
        assert (after.extensions, after.pauses, after.paused_until) == (1, 0, None)
        assert after.version == before.version + 1
        assert after.touched_at == NOON
        assert (after.stage, after.stage_entered_at) == (Stage.PILOT, before.stage_entered_at)

    def test_is_recorded_with_its_days(self):
        version = self.now().version
        decision = self.extend(14)
        assert (decision.kind, decision.days, decision.version) == ("extend", 14, version)
        assert (decision.from_stage, decision.to_stage) == (Stage.PILOT, Stage.PILOT)
        assert (decision.decided_by, decision.decided_at) == (self.sponsor, NOON)
        assert (decision.review, decision.snapshot) == (None, None)

    def test_says_so_in_the_log(self):
        self.extend(14)
        event = last_event()
        assert event.kind == "decision.made"
        assert event.subject == f"initiative:{self.initiative.pk}"
        assert event.actor_id == self.sponsor.pk
        assert event.changed == {
            "decision": "extend",
            "from": "pilot",
            "to": "pilot",
            "digest": None,
            "reason": "The second office joins on Monday.",
            "days": 14,
        }

    def test_takes_one_day_and_up_to_twenty_eight(self):
        self.extend(1)
        assert self.now().decision_date == DUE + DAY
        self.extend(28, self.lead)
        assert self.now().decision_date == DUE + 29 * DAY

    def test_refuses_more_or_none(self):
        for days in (None, -1, 0, 29):
            with refused("too_many_days", field="days"), leaves_alone(self.initiative):
                self.extend(days)
        assert not Decision.objects.filter(kind="extend").exists()

    def test_wants_a_reason(self):
        with refused("reason_missing", field="reason"), leaves_alone(self.initiative):
            self.extend(reason=" ")

    def test_is_the_sponsors_or_a_leads_the_first_time(self):
        for who in (self.cast.business_owner, self.cast.compliance):
            with refused("may_not_decide"), leaves_alone(self.initiative):
                self.extend(by=who)
        assert self.extend(by=self.lead).decided_by == self.lead

    def test_is_a_leads_the_second_time(self):
        self.extend(by=self.lead)
        with refused("second_extension"), leaves_alone(self.initiative):
            self.extend()
        assert self.extend(by=self.lead).decided_by == self.lead

    def test_is_nobodys_the_third_time(self):
        self.extend()
        self.extend(by=self.lead)
        for who in (self.sponsor, self.lead):
            with refused("no_third_extension"), leaves_alone(self.initiative):
                self.extend(by=who)
        assert self.now().extensions == 2

    def test_is_counted_for_each_stage(self):
        self.extend()
        self.extend(by=self.lead)
        self.enter(Stage.READINESS_REVIEW)
        assert self.extend(20).from_stage == Stage.READINESS_REVIEW
        assert self.now().decision_date == TODAY + 80 * DAY
        assert (self.now().extensions, self.spell().extensions) == (3, 1)

    def test_is_not_given_back_by_sending_it_back(self):
        self.extend()
        self.enter(Stage.READINESS_REVIEW)
        self.enter(Stage.PILOT)
        with refused("second_extension"):
            self.extend()
        self.extend(by=self.lead)
        assert self.spell().extensions == 1
        with refused("no_third_extension"):
            self.extend(by=self.lead)

    def test_refuses_a_date_that_would_be_over_already(self):
        late = NOON + 51 * DAY  # DUE was 29 days ago
        with refused("already_over", field="days"), leaves_alone(self.initiative):
            self.extend(28, at=late, by=self.lead)
        assert self.extend(28, at=late - DAY, by=self.lead).pk  # today is the day, and not over yet
        assert self.now().decision_date == late.date() - DAY

    def test_refuses_where_there_is_no_date(self):
        self.due(None)
        with refused("no_decision_date"), leaves_alone(self.initiative):
            self.extend()

    def test_is_for_pilots_and_readiness_reviews(self):
        for stage in (Stage.PROPOSAL, Stage.PRODUCTION, Stage.RETIRED):
            Initiative.objects.filter(pk=self.initiative.pk).update(stage=stage)
            with refused("wrong_stage"), leaves_alone(self.initiative):
                self.extend()


@pytest.mark.embedded
class TestPage(PostponingTestCase):
    def said(self, kind: str, by: Person) -> str:
        self.client.force_login(by)
        return text_of(self.client.get(reverse("reviews:decide", args=[self.initiative.pk, kind])))

    def test_says_before_anything_is_typed_that_nothing_is_left(self):
        assert "extended" not in self.said("extend", self.sponsor)
        self.extend()
        assert "A second extension is a portfolio lead" in self.said("extend", self.sponsor)
        self.extend(by=self.lead)
        assert "there is no third extension" in self.said("extend", self.lead)
        self.pause()
        assert "It was paused once already" in self.said("pause", self.sponsor)


class TestPause(PostponingTestCase):
    def test_moves_the_date_and_says_until_when(self):
        before = self.now()
        decision = self.pause(30)
        after, spell = self.now(), self.spell()
        assert after.decision_date == DUE + 30 * DAY
        assert after.paused_until == TODAY + 30 * DAY
        assert (after.extensions, after.pauses) == (0, 1)
        assert (spell.decision_date, spell.extensions) == (DUE + 30 * DAY, 0)
        assert after.version == before.version + 1
        assert (decision.kind, decision.days, decision.to_stage) == ("pause", 30, Stage.PILOT)

    def test_refuses_more_than_thirty_days_or_none(self):
        for days in (None, 0, 31):
            with refused("too_many_days", field="days"), leaves_alone(self.initiative):
                self.pause(days)

    def test_happens_once_in_a_life(self):
        self.pause()
        for who in (self.sponsor, self.lead):
            with refused("paused_already"), leaves_alone(self.initiative):
                self.pause(by=who)
        self.enter(Stage.READINESS_REVIEW)
        with refused("paused_already"):
            self.pause()

    def test_is_no_extension(self):
        self.pause()
        assert self.extend().decided_by == self.sponsor
        after = self.now()
        assert after.paused_until == TODAY + 14 * DAY  # as it was
        assert after.decision_date == DUE + 28 * DAY
        assert (after.extensions, after.pauses) == (1, 1)

    def test_refuses_a_date_that_would_be_over_already(self):
        KillCondition.objects.all().delete()  # it would have tripped by then
        with refused("already_over", field="days"):
            self.pause(30, at=NOON + 53 * DAY, by=self.lead)
        assert self.pause(30, at=NOON + 52 * DAY, by=self.lead).pk

    def test_refuses_where_there_is_no_date(self):
        self.due(None)
        with refused("no_decision_date"):
            self.pause()

    def test_is_the_sponsors_or_a_leads(self):
        with refused("may_not_decide"):
            self.pause(by=self.cast.engineering_owner)
        assert self.pause(by=self.lead).pk


class TestWhatIsDueByTheDate(PostponingTestCase):
    def setUp(self):
        factories.make_measurement(
            metric=Metric.objects.get(initiative=self.initiative), value=9_000, at=NOON - DAY
        )

    def trips_on(self, day: date) -> int:
        return initiatives.trip_kill_conditions(at=NOON + (day - TODAY))

    def test_trips_the_day_after_where_nobody_moved_it(self):
        assert self.trips_on(DUE) == 0
        assert self.trips_on(DUE + DAY) == 1

    def test_follows_an_extension(self):
        self.extend(28)
        assert self.trips_on(DUE + 28 * DAY) == 0
        assert KillCondition.objects.get().state == "armed"
        assert self.trips_on(DUE + 29 * DAY) == 1
        assert "the limit by 21 Apr 2026" in KillCondition.objects.get().tripped_because

    def test_follows_a_pause(self):
        self.pause(30)
        assert self.trips_on(DUE + 30 * DAY) == 0
        assert self.trips_on(DUE + 31 * DAY) == 1


class TestOpenReviews(PostponingTestCase):
    """The decision date is part of what is signed."""

    def setUp(self):
        self.review = factories.make_review(
            initiative=self.initiative, by=self.cast.business_owner, at=NOON - DAY
        )
        sign(self.review, "sponsor", self.sponsor, at=NOON - DAY)
        assert state(self.review, "sponsor").live

    def test_stay_open_and_lose_their_signatures(self):
        self.extend(28)
        assert Review.objects.get(pk=self.review.pk).is_open
        found = state(self.review, "sponsor")
        assert (len(found.live), len(found.stale)) == (0, 1)

    def test_say_what_changed_since_it_was_signed(self):
        self.extend(28)
        (signature,) = state(self.review, "sponsor").stale
        assert standing(self.review).changes_since(signature) == [
            ("Decision date", "24 Mar 2026", "21 Apr 2026")
        ]

    def test_wait_for_their_signers_again(self):
        assert queries.requests_for(self.sponsor, TODAY) == []
        self.extend(28)
        (request,) = queries.requests_for(self.sponsor, TODAY)
        assert (request.review, [s.slot.key for s in request.slots]) == (self.review, ["sponsor"])

    def test_are_noticed_by_the_sweep(self):
        self.extend(28)
        swept = notifications.sweep(at=NOON)
        assert swept.noticed == 1
        assert Review.objects.get(pk=self.review.pk).snapshot_id == standing(self.review).digest

    def test_leave_the_last_editor_who_they_were(self):
        before = self.now().evidence_changed_by_id
        self.pause(by=factories.make_lead(name="Lou Lead"))
        assert self.now().evidence_changed_by_id == before


class TestFlagsAndReminders(PostponingTestCase):
    """What was due by the old date is not owed any more."""

    LATE = NOON + 23 * DAY  # the day after DUE

    def test_of_an_overdue_decision_close(self):
        notifications.sweep(at=self.LATE)
        assert "decision_overdue" in open_rules(self.initiative)
        self.extend(28, at=self.LATE)
        notifications.sweep(at=self.LATE)
        assert "decision_overdue" not in open_rules(self.initiative)
        closed = Flag.objects.get(initiative=self.initiative, rule="decision_overdue")
        assert (closed.due_date, closed.closed_at) == (DUE, self.LATE)

    def test_are_planned_anew_for_the_new_date(self):
        near = NOON + 8 * DAY  # 14 days before DUE
        notifications.sweep(at=near)
        assert owed(kind="decision_date", due_date=DUE)
        self.extend(28, at=near)
        notifications.sweep(at=near)
        assert owed(kind="decision_date") == []
        assert open_rules(self.initiative).isdisjoint({"decision_near", "decision_overdue"})
        notifications.sweep(at=near + 28 * DAY)
        assert set(Reminder.objects.owed().values_list("due_date", flat=True)) >= {DUE + 28 * DAY}
        assert {name for _, _, name in owed(kind="decision_date")} == {
            self.cast.business_owner.name,
            self.cast.engineering_owner.name,
        }

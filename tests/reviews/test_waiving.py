from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import TestCase
from django.urls import reverse
from django.utils import timezone

from accounts import actions as people
from audit.queries import history
from initiatives import actions as initiatives
from initiatives import facts
from initiatives.models import Baseline, Initiative, KillCondition, Metric, Waiver
from initiatives.stages import Stage
from notifications import actions as notifications
from portfolio.queries.history import of_kill_conditions
from reviews import actions, queries
from reviews.models import Decision
from tests import factories
from tests.accounts.expectations import last_event, refused
from tests.factories import NOON, TODAY
from tests.initiatives.actions.changes import leaves_alone
from tests.notifications.scenes import open_rules
from tests.reviews.scenes import DAY, judged, standing

DUE = TODAY - DAY
UNTIL = TODAY + 14 * DAY


class WaivingTestCase(TestCase):
    """A pilot that was to be decided yesterday, and has nothing to show."""

    @classmethod
    def setUpTestData(cls):
        cls.cast = factories.make_cast()
        cls.sponsor, cls.lead = cls.cast.sponsor, cls.cast.lead
        cls.pilot = factories.make_pilot(cast=cls.cast, at=NOON - 43 * DAY)
        assert cls.pilot.decision_date == DUE
        cls.condition = KillCondition.objects.get(initiative=cls.pilot)
        cls.metric = Metric.objects.get(initiative=cls.pilot)

    def trip(self) -> None:
        assert initiatives.trip_kill_conditions(at=NOON) == 1

    def waive(self, **changes: Any) -> Waiver:
        wanted = {
            "kill_condition": self.condition, "reason": "The data comes on Monday.",
            "expires_on": UNTIL, "authentication": factories.authentication(), "by": self.sponsor,
            "at": NOON,
        }  # fmt: skip
        return actions.waive(**(wanted | changes))

    def decide(self, kind: str, by=None, at=NOON, **more: Any) -> Decision:
        return actions.decide(
            initiative=self.pilot, kind=kind, reason="So.", by=by or self.sponsor, at=at, **more
        )

    def now(self) -> KillCondition:
        return KillCondition.objects.get(pk=self.condition.pk)


class TestWaive(WaivingTestCase):
    def setUp(self):
        self.trip()

    def test_stops_it_from_stopping_anything_until_a_day(self):
        self.waive()
        assert (self.now().state, self.now().waived_until) == ("waived", UNTIL)

    def test_is_not_for_what_has_ended(self):
        self.decide("kill", outcome="priorities", lesson="Ask earlier.")
        assert self.now().state == "tripped"
        with refused("retired"):
            self.waive()
        self.client.force_login(self.sponsor)
        page = self.client.get(reverse("reviews:waive", args=[self.condition.pk]))
        assert "A retired initiative stays as it was." in page.content.decode()

    def test_is_kept_as_a_signature(self):
        waiver = self.waive()
        assert (waiver.waived_by, waiver.printed_name) == (self.sponsor, self.sponsor.name)
        assert (waiver.authentication_method, waiver.authenticated_at) == ("password", NOON)
        assert waiver.tripped_because == "nothing was measured by 1 Mar 2026"
        assert "armed again" in waiver.meaning
        event = last_event()
        assert (event.kind, event.actor_id) == ("kill_condition.waived", self.sponsor.pk)
        assert event.changed["until"] == UNTIL.isoformat()
        assert event.changed["reason"] == "The data comes on Monday."

    def test_is_the_sponsors(self):
        for person in (self.cast.business_owner, self.lead, self.cast.compliance):
            with refused("may_not_waive"):
                self.waive(by=person)

    def test_is_a_leads_where_nobody_is_sponsor(self):
        people.deactivate(person=self.sponsor, by=None, at=NOON)
        with refused("may_not_waive"):
            self.waive(by=self.cast.business_owner)
        assert self.waive(by=self.lead).pk

    def test_is_a_leads_once_it_has_lapsed(self):
        later: dict[str, Any] = {"at": NOON + 14 * DAY, "expires_on": UNTIL + 9 * DAY}
        later["authentication"] = factories.authentication(at=NOON + 14 * DAY)
        with refused("may_not_waive"):
            self.waive(**later)
        assert self.waive(by=self.lead, **later).pk

    def test_needs_a_reason(self):
        with refused("reason_missing", field="reason"):
            self.waive(reason="  ")

    def test_lasts_no_longer_than_an_extension(self):
        for days in (-1, 0, 29):
            with refused("waived_too_long", field="expires_on"):
                self.waive(expires_on=TODAY + days * DAY)
        assert self.waive(expires_on=TODAY + 28 * DAY).pk

    def test_needs_a_fresh_proof_of_identity(self):
        for proof in (None, factories.authentication(at=NOON - timedelta(minutes=16))):
            with refused("authentication_too_old"):
                self.waive(authentication=proof)

    def test_leaves_alone_what_has_not_tripped(self):
        self.waive()
        with refused("not_tripped"):
            self.waive()

    def test_changes_no_evidence(self):
        before = factories.reloaded(self.pilot).evidence_version
        self.waive()
        assert factories.reloaded(self.pilot).evidence_version == before

    def test_is_said_wherever_the_condition_is(self):
        self.waive()
        review = factories.make_review(initiative=self.pilot, by=self.cast.business_owner, at=NOON)
        assert standing(review).kill_conditions[0].endswith("(waived until 16 Mar 2026)")

    def test_asks_for_another_condition_meanwhile(self):
        self.waive()
        held = judged(self.pilot, "kill_condition_armed", gate="ship_or_kill")
        assert held.verdict.reason == (
            "The kill condition is waived until 16 Mar 2026: agree on another until then."
        )

    def test_says_the_day_in_its_history_as_everywhere_else(self):
        self.waive()
        (line, *_) = of_kill_conditions(self.pilot.pk)
        assert "waived a kill condition until 16 Mar 2026: " in line.sentence

    def test_keeps_the_condition_from_being_removed(self):
        self.waive()
        Initiative.objects.update(stage=Stage.PROPOSAL)
        Baseline.objects.all().delete()
        with refused("tripped"):
            initiatives.remove_kill_condition(kill_condition=self.condition, by=self.lead, at=NOON)

    def test_cannot_be_stored_without_its_day(self):
        with pytest.raises(IntegrityError), transaction.atomic():
            KillCondition.objects.update(state="waived")


class TestWhenItIsOver(WaivingTestCase):
    def setUp(self):
        self.trip()
        self.waive()

    def test_it_is_armed_again_and_may_trip_again(self):
        factories.make_measurement(metric=self.metric, value=60, at=NOON)
        notifications.sweep(at=NOON + 14 * DAY)
        assert self.now().state == "waived"
        notifications.sweep(at=NOON + 15 * DAY)
        again = self.now()
        assert (again.state, again.waived_until, again.tripped_because) == ("armed", None, "")
        assert Waiver.objects.get().ended_at == NOON + 15 * DAY
        factories.make_measurement(metric=self.metric, value=9_000, at=NOON + 15 * DAY)
        assert self.now().state == "tripped"

    def test_it_trips_at_once_where_it_is_still_true(self):
        assert initiatives.trip_kill_conditions(at=NOON + 15 * DAY) == 1
        assert self.now().tripped_at == NOON + 15 * DAY
        assert last_event().kind == "kill_condition.tripped"

    def test_a_decision_is_judged_by_the_day_before_the_sweep_has_noticed(self):
        Initiative.objects.update(decision_date=TODAY + 10 * DAY)
        self.decide("pause", days=5, at=NOON)
        with refused("tripped"):
            self.decide("send_back", at=NOON + 16 * DAY)

    def test_it_is_left_alone_in_what_is_retired(self):
        self.decide("kill", outcome="priorities", lesson="None.")
        assert initiatives.trip_kill_conditions(at=NOON + 15 * DAY) == 0
        assert self.now().state == "waived"


class TestDecisionsWhileTripped(WaivingTestCase):
    def setUp(self):
        self.trip()

    def test_are_refused_but_for_those_that_answer_it(self):
        known = facts.load_one(self.pilot.pk)
        possible = set(queries.possible_decisions(self.sponsor, known))
        assert possible == {"kill", "extend", "suspend"}

    def test_refuses_all_others(self):
        factories.make_review(initiative=self.pilot, by=self.cast.business_owner, at=NOON)
        for kind, more in (
            ("proceed", {}), ("pause", {"days": 9}), ("send_back", {}),
        ):  # fmt: skip
            with refused("tripped"), leaves_alone(self.pilot):
                self.decide(kind, **more)

    def test_refuses_to_resume_it(self):
        self.decide("suspend")
        with refused("tripped"):
            self.decide("resume")

    def test_refuses_to_send_it_back_to_the_pilot(self):
        Initiative.objects.update(stage=Stage.READINESS_REVIEW)
        factories.make_review(initiative=self.pilot, by=self.cast.business_owner, at=NOON)
        with refused("tripped"):
            self.decide("send_back", to_pilot=True)

    def test_refuses_to_recertify_and_lets_it_be_decommissioned(self):
        Initiative.objects.update(stage=Stage.PRODUCTION)
        known = facts.load_one(self.pilot.pk)
        assert set(queries.possible_decisions(self.sponsor, known)) == {"decommission", "suspend"}
        with refused("tripped"):
            self.decide("recertify")

    def test_lets_it_be_killed(self):
        self.decide("kill", outcome="approach_wrong", lesson="Measure earlier.")
        assert factories.reloaded(self.pilot).stage == Stage.RETIRED

    def test_are_free_again_once_it_is_waived(self):
        self.waive()
        assert self.decide("pause", days=9).pk


class TestExtend(WaivingTestCase):
    def test_arms_again_what_is_due_by_the_decision_date(self):
        self.trip()
        self.decide("extend", days=14)
        assert (self.now().state, self.now().tripped_at) == ("armed", None)
        assert initiatives.trip_kill_conditions(at=NOON + 13 * DAY) == 0
        assert initiatives.trip_kill_conditions(at=NOON + 14 * DAY) == 1

    def test_says_so_in_the_log(self):
        self.trip()
        self.decide("extend", days=14)
        kinds = [e.kind for e in history(limit=5)]
        assert kinds[:2] == ["decision.made", "kill_condition.rearmed"]

    def test_trips_first_what_the_sweep_has_not_noticed(self):
        self.decide("extend", days=14)
        kinds = [e.kind for e in history(limit=5)]
        assert kinds[:3] == ["decision.made", "kill_condition.rearmed", "kill_condition.tripped"]

    def refuses(self) -> None:
        with refused("tripped"), leaves_alone(self.pilot):
            self.decide("extend", days=14)

    def test_does_not_answer_money(self):
        factories.make_kill_condition(initiative=self.pilot, spend_cap=10)
        initiatives.record_spend(initiative=self.pilot, amount=11, spent_on=TODAY, by=None, at=NOON)
        self.refuses()

    def test_does_not_answer_a_day_of_its_own(self):
        factories.make_kill_condition(
            initiative=self.pilot, metric=self.metric, at=NOON - 9 * DAY,
            by_decision_date=False, due_date=DUE,
        )  # fmt: skip
        self.refuses()

    def test_does_not_answer_measurements_running(self):
        KillCondition.objects.update(in_a_row=2)
        for days in (2, 1):
            at = NOON - days * DAY
            factories.make_measurement(metric=self.metric, value=9_000, at=at)
        assert self.now().state == "tripped"
        self.refuses()

    def test_goes_on_once_what_it_does_not_answer_is_waived(self):
        other = factories.make_kill_condition(initiative=self.pilot, spend_cap=10)
        initiatives.record_spend(initiative=self.pilot, amount=11, spent_on=TODAY, by=None, at=NOON)
        self.waive(kill_condition=other)
        self.decide("extend", days=14)
        assert self.now().state == "armed"
        assert KillCondition.objects.get(pk=other.pk).state == "waived"


class TestPages(WaivingTestCase):
    def setUp(self):
        self.trip()
        self.client.force_login(self.sponsor)
        self.address = reverse("reviews:waive", args=[self.condition.pk])

    def page(self) -> str:
        return self.client.get(self.pilot.get_absolute_url()).content.decode()

    def post(self, **data: Any):
        wanted = {"reason": "The data comes on Monday.", "expires_on": self.later()}
        return self.client.post(self.address, wanted | data)

    def later(self) -> str:
        return (timezone.localdate() + 5 * DAY).isoformat()

    def ahead(self) -> None:
        """A day that lies ahead of whenever this runs."""
        Initiative.objects.update(decision_date=None)

    def test_offer_the_three_answers(self):
        self.ahead()
        page = self.page()
        assert "A kill condition has tripped" in page
        for kind in ("kill", "extend"):
            assert reverse("reviews:decide", args=[self.pilot.pk, kind]) in page
        assert self.address in page

    def test_offer_nothing_to_who_may_not_answer(self):
        self.client.force_login(self.cast.engineering_owner)
        assert self.address not in self.page()
        assert "A kill condition has tripped" in self.page()

    def test_do_not_offer_an_extension_that_would_answer_nothing(self):
        KillCondition.objects.update(by_decision_date=False, due_date=DUE)
        self.ahead()
        section = self.page().split('id="tripped"')[1].split("</section>")[0]
        assert reverse("reviews:decide", args=[self.pilot.pk, "extend"]) not in section

    def test_do_not_offer_one_where_measurements_running_failed_as_well(self):
        KillCondition.objects.update(in_a_row=1)
        factories.make_measurement(metric=self.metric, value=9_000, at=NOON)
        section = self.page().split('id="tripped"')[1].split("</section>")[0]
        assert reverse("reviews:decide", args=[self.pilot.pk, "extend"]) not in section
        assert self.address in section

    def test_say_what_the_signature_means(self):
        page = self.client.get(self.address).content.decode()
        assert "Your signature means: I know that this condition has come true" in page

    def test_ask_for_the_password_first(self):
        self.ahead()
        response = self.post()
        assert response.status_code == 302
        assert self.now().state == "tripped"  # who they are has to be proved first

    def test_are_not_there_for_whom_it_is_hidden_from(self):
        factories.restrict(initiative=self.pilot)
        self.client.force_login(factories.make_person(name="Nosy Parker"))
        assert self.client.get(self.address).status_code == 404
        past = reverse("initiatives:kill_history", args=[self.pilot.pk])
        assert self.client.get(past).status_code == 404

    def test_bar_who_may_not(self):
        self.client.force_login(self.cast.business_owner)
        assert "Only its sponsor waives" in self.client.get(self.address).content.decode()

    def test_tell_the_whole_history(self):
        self.waive()
        initiatives.trip_kill_conditions(at=NOON + 15 * DAY)
        past = reverse("initiatives:kill_history", args=[self.pilot.pk])
        page = self.client.get(past).content.decode()
        said = ["tripped: ", "armed again, because its waiver is over", "waived a kill condition"]
        places = [page.index(words) for words in said]
        assert places == sorted(places)
        assert past in self.page()

    def test_say_until_when_it_is_waived_and_by_whom(self):
        self.waive()
        page = self.page()
        assert "Waived until 16 Mar 2026" in page
        assert f"by {self.sponsor.name}: The data comes on Monday." in page


class TestTheFlag(WaivingTestCase):
    def test_closes_once_it_is_waived(self):
        notifications.sweep(at=NOON)
        assert "kill_condition_tripped" in open_rules(self.pilot)
        self.waive()
        notifications.sweep(at=NOON)
        assert "kill_condition_tripped" not in open_rules(self.pilot)

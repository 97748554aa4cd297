from __future__ import annotations

import gc
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

import pytest
from django.core import mail
from django.db import IntegrityError, connection, transaction
from django.test import TestCase
from django.test.utils import CaptureQueriesContext

from accounts import actions as people
from initiatives import actions as initiatives
from initiatives.models import Initiative, KillCondition, registry
from initiatives.stages import Stage
from notifications import actions
from notifications.actions import Counted, Planned, sweeping
from notifications.models import Flag, Reminder, Sweep
from notifications.rules.words import called
from reviews import queries as reviews
from tests.notifications.scenes import (
    NOON,
    TODAY,
    make_initiative,
    make_lead,
    make_person,
    make_quiet,
    move,
    open_rules,
    owed,
    own,
    owned_by_all,
    trip_by_spend,
)

DAY = timedelta(days=1)


class SweepTestCase(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.lead = make_lead()
        cls.owner = make_person("Olga Owner")
        cls.initiative = make_initiative(cls.lead, due=TODAY + 60 * DAY, **owned_by_all(cls.owner))


@pytest.mark.embedded
class TestSweep(SweepTestCase):
    def test_opens_updates_and_closes(self):
        move(self.initiative, TODAY + 10 * DAY)
        assert actions.sweep(at=NOON).rules["decision_near"] == Counted(1, 0, 0, 1)
        move(self.initiative, TODAY + 12 * DAY)
        assert actions.sweep(at=NOON).rules["decision_near"] == Counted(0, 1, 0, 1)
        assert Flag.objects.get().says == "Its ship-or-kill date is 14 Mar 2026."
        move(self.initiative, TODAY + 60 * DAY)
        assert actions.sweep(at=NOON).rules["decision_near"] == Counted(0, 0, 1, 0)
        assert Flag.objects.get().closed_at == NOON

    def test_changes_nothing_the_second_time(self):
        make_initiative(self.lead, stage=Stage.PRODUCTION, due=TODAY - 5 * DAY)
        make_initiative(self.lead, due=TODAY - 5 * DAY)
        trip_by_spend(self.initiative)
        actions.sweep(at=NOON)
        before = list(Flag.objects.values()), list(Reminder.objects.values())
        again = actions.sweep(at=NOON)
        assert (again.tripped, again.noticed) == (0, 0)
        assert all((c.opened, c.updated, c.closed) == (0, 0, 0) for c in again.rules.values())
        assert again.reminders == Planned()
        assert (list(Flag.objects.values()), list(Reminder.objects.values())) == before

    def test_passes_from_near_to_overdue_at_local_midnight(self):
        move(self.initiative, TODAY)
        with self.settings(TIME_ZONE="America/Los_Angeles"):
            actions.sweep(at=datetime(2026, 3, 3, 7, 59, tzinfo=UTC))
            assert open_rules(self.initiative) == {"decision_near"}
            actions.sweep(at=datetime(2026, 3, 3, 8, 0, tzinfo=UTC))
            assert open_rules(self.initiative) == {"decision_overdue"}

    def test_flags_what_a_deactivated_person_owned(self):
        actions.sweep(at=NOON)
        assert open_rules(self.initiative) == set()
        people.deactivate(person=self.owner, by=None, at=NOON)
        actions.sweep(at=NOON + timedelta(minutes=5))
        assert open_rules(self.initiative) == {"unowned"}
        assert owed() == [("unowned", 0, "Lea Lead")]

    def test_keeps_the_day_an_initiative_became_unowned(self):
        people.deactivate(person=self.owner, by=None, at=NOON)
        actions.sweep(at=NOON)
        actions.sweep(at=NOON + 9 * DAY)
        flag = Flag.objects.get(rule="unowned")
        assert (flag.due_date, flag.since) == (TODAY, NOON)

    def test_tells_everyone_concerned_of_each_who_leaves(self):
        bea, pia = make_person("Bea Business"), make_person("Pia Production")
        sponsor, other = make_person("Sam Sponsor"), make_person("Nils New")
        owners = {"business_owner": bea, "production_owner": pia, "sponsor": sponsor}
        system = make_initiative(self.lead, stage=Stage.PRODUCTION, **owners)
        first = [("unowned", 0, name) for name in ("Lea Lead", "Pia Production", "Sam Sponsor")]
        assert self.told_when(system, bea, NOON) == first
        second = [("unowned", 0, "Lea Lead"), ("unowned", 0, "Sam Sponsor")]
        assert self.told_when(system, pia, NOON + 31 * DAY) == second
        flag = Flag.objects.get(rule="unowned", initiative=system)
        assert flag.says.endswith("its business owner or production owner.")
        assert (flag.due_date, flag.since) == (TODAY + 31 * DAY, NOON)
        own(system, "business_owner", other, NOON + 32 * DAY)
        assert self.told_when(system, None, NOON + 32 * DAY) == [("unowned", 0, "Nils New")]
        assert self.told_when(system, None, NOON + 40 * DAY) == []

    def test_tells_the_next_day_of_who_leaves_on_the_same(self):
        bea, pia = make_person("Bea Business"), make_person("Pia Production")
        owners = {"business_owner": bea, "production_owner": pia}
        system = make_initiative(self.lead, stage=Stage.PRODUCTION, **owners)
        assert len(self.told_when(system, bea, NOON)) == 2
        assert self.told_when(system, pia, NOON + timedelta(hours=1)) == []
        assert self.told_when(system, None, NOON + DAY) == [("unowned", 0, "Lea Lead")]

    def test_tells_of_a_role_that_is_emptied_by_hand_after_another(self):
        sponsor = make_person("Sam Sponsor")
        own(self.initiative, "sponsor", sponsor)
        for days, role in ((0, "business_owner"), (3, "engineering_owner")):
            held = self.initiative.ownerships.get(role=role, ended_at=None)
            initiatives.end_ownership(ownership=held, by=None, at=NOON + days * DAY)
            told = self.told_when(self.initiative, None, NOON + days * DAY)
            assert ("unowned", 0, "Sam Sponsor") in told, role

    def told_when(self, initiative, leaver, at):
        """What is owed about who is missing, once somebody has left; urgent, and sent."""
        if leaver is not None:
            people.deactivate(person=leaver, by=None, at=at)
        for _ in range(2):  # the second changes nothing
            actions.sweep(at=at)
        unsent = Reminder.objects.owed().filter(initiative=initiative, kind="unowned")
        told = owed(initiative=initiative, kind="unowned")
        assert all(r.is_urgent for r in unsent) or initiative.stage != Stage.PRODUCTION
        actions.deliver(clock=lambda: at)
        unsent.update(state=Reminder.State.MUTED)
        return told

    def test_trips_what_has_fallen_due_and_flags_it(self):
        metric = initiatives.define_metric(
            initiative=self.initiative,
            values={"name": "Resolution time", "is_primary": True, "unit": "min"},
            by=None,
            at=NOON,
        )
        values: dict[str, Any] = {
            "metric_id": metric.pk,
            "comparator": "above",
            "threshold": 45,
            "due_date": TODAY,
        }
        initiatives.add_kill_condition(initiative=self.initiative, values=values, by=None, at=NOON)
        assert actions.sweep(at=NOON).tripped == 0
        swept = actions.sweep(at=NOON + DAY)
        assert swept.tripped == 1
        assert swept.rules["kill_condition_tripped"].opened == 1

    def test_tells_whoever_runs_it_that_a_condition_has_tripped(self):
        owners = {"production_owner": "Pia Production", "on_call": "Ono Oncall"}
        people = {role: make_person(name) for role, name in owners.items()}
        trip_by_spend(make_initiative(self.lead, stage=Stage.PRODUCTION, **people))
        actions.sweep(at=NOON)
        told = owed(kind="kill_condition_tripped")
        assert {name for *_, name in told} == set(owners.values())

    def test_closes_a_tripped_condition_when_it_is_decided(self):
        trip_by_spend(self.initiative)
        actions.sweep(at=NOON)
        KillCondition.objects.update(state=KillCondition.State.WAIVED, waived_until=TODAY)
        actions.sweep(at=NOON)
        assert open_rules(self.initiative) == set()
        assert owed() == []

    def test_is_quiet_about_what_is_quiet(self):
        make_quiet(make_initiative(self.lead, due=TODAY - DAY))
        assert sum(counted.open for counted in actions.sweep(at=NOON).rules.values()) == 0
        actions.start_campaign(by=self.lead, at=NOON)
        assert actions.sweep(at=NOON).rules["unowned"].open == 1

    def test_records_its_run_and_forgets_old_ones(self):
        old = Sweep.objects.create(at=NOON, finished_at=NOON - 400 * DAY)
        actions.sweep(at=NOON, by=self.lead)
        assert not Sweep.objects.filter(pk=old.pk).exists()
        run = Sweep.objects.get()
        assert (run.at, run.by) == (NOON, self.lead)
        assert {"unowned", "reminders"} <= run.seconds.keys()


@contextmanager
def of_two():
    """Parts of two initiatives, for rules and for reminders."""
    with (
        mock.patch.object(registry, "PART", 2),
        mock.patch.object(sweeping, "FOUND_AT_ONCE", 2),
    ):
        yield


class TestParts(SweepTestCase):
    """Part by part, a sweep of many more initiatives than one part holds does the same."""

    def setUp(self):
        for days in range(1, 6):
            make_initiative(self.lead, due=TODAY - days * DAY, **owned_by_all(self.owner))

    def opened_and_owed(self):
        flags = Flag.objects.open().order_by("initiative", "rule")
        reminders = Reminder.objects.owed().order_by("initiative", "kind", "recipient")
        return (
            list(flags.values_list("initiative", "rule", "says")),
            list(reminders.values_list("initiative", "kind", "step", "recipient")),
        )

    def test_open_and_owe_what_the_whole_does(self):
        with transaction.atomic():
            swept = actions.sweep(at=NOON)
            whole = self.opened_and_owed()
            transaction.set_rollback(True)
        with of_two():
            assert len(list(Initiative.objects.in_parts())) >= 3
            in_parts = actions.sweep(at=NOON)
        assert self.opened_and_owed() == whole
        assert (in_parts.rules, in_parts.reminders) == (swept.rules, swept.reminders)
        assert swept.rules["decision_overdue"] == Counted(5, 0, 0, 5)

    def test_close_and_cancel_in_every_part(self):
        with of_two():
            actions.sweep(at=NOON)
            Initiative.objects.update(decision_date=TODAY + 60 * DAY)
            swept = actions.sweep(at=NOON)
        assert swept.rules["decision_overdue"] == Counted(0, 0, 5, 0)
        assert not Flag.objects.open().exists()
        assert not Reminder.objects.owed().exists()


class TestMemory(SweepTestCase):
    """A sweep makes no rings, so that none are looked for while it runs."""

    def setUp(self):
        self.addCleanup(gc.set_threshold, *gc.get_threshold())
        self.addCleanup(gc.callbacks.remove, self.looked)
        self.times = 0
        gc.callbacks.append(self.looked)
        gc.collect()
        gc.set_threshold(1_000)

    def looked(self, phase, info):
        self.times += phase == "start" and gc.isenabled()

    def test_is_not_searched_for_garbage_until_it_is_over(self):
        before = self.times
        actions.sweep(at=NOON)
        assert self.times <= before + 1  # by itself once, afterwards; otherwise some twenty times
        assert gc.isenabled()


class TestFlag(SweepTestCase):
    def test_is_open_once_for_a_rule_and_subject(self):
        move(self.initiative, TODAY)
        actions.sweep(at=NOON)
        flag = Flag.objects.get()
        flag.pk = None
        with pytest.raises(IntegrityError), transaction.atomic():
            flag.save(force_insert=True)


class TestLadder(SweepTestCase):
    """Which step is owed, and to whom, on which day."""

    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.sponsor = make_person("Sam Sponsor")
        cls.initiative = make_initiative(
            cls.lead,
            due=TODAY,
            sponsor=cls.sponsor,
            business_owner=cls.owner,
            engineering_owner=cls.owner,
        )

    def on(self, days):
        actions.sweep(at=NOON + days * DAY)
        mine = owed(kind="decision_date", initiative=self.initiative)
        return [(step, name) for _, step, name in mine]

    def comes(self, name, days, role="business_owner"):
        person = make_person(name)
        own(self.initiative, role, person, NOON + days * DAY)
        return person

    def test_tells_whoever_comes_into_a_role_what_they_missed(self):
        self.on(0)
        self.comes("Nora New", 4)
        assert self.on(4) == [(0, "Nora New"), (3, "Sam Sponsor")]
        told = Reminder.objects.get(recipient__name="Nora New")
        assert told.says.startswith("Have it ready now: ")
        assert told.why == "You are its business owner."
        assert self.on(8) == [(0, "Nora New"), (7, "Lea Lead")]
        actions.deliver(clock=lambda: NOON + 8 * DAY)
        assert [m.to for m in mail.outbox] == [["lea.lead@example.com"], ["nora.new@example.com"]]

    def test_tells_nobody_who_was_there_again_nor_whoever_came_before_it(self):
        self.comes("Nora New", -1)
        assert (0, "Nora New") in self.on(0)
        assert self.on(3) == [(3, "Sam Sponsor")]

    def test_tells_nobody_twice_who_hears_of_it_in_another_role(self):
        own(self.initiative, "engineering_owner", self.sponsor, NOON + 4 * DAY)
        assert self.on(4) == [(3, "Sam Sponsor")]

    def test_climbs_from_the_owners_to_the_sponsor_to_the_leads(self):
        expected = {
            -15: [],
            -14: [(-14, "Olga Owner")],
            -4: [(-14, "Olga Owner")],
            -3: [(-3, "Olga Owner")],
            0: [(0, "Olga Owner")],
            2: [(0, "Olga Owner")],
            3: [(3, "Sam Sponsor")],
            7: [(7, "Lea Lead")],
            14: [(7, "Lea Lead")],
            15: [],  # it has lapsed, which says so by itself
        }
        assert {days: self.on(days) for days in expected} == expected

    def test_owes_only_the_newest_step_of_what_is_created_late(self):
        assert self.on(-2) == [(-3, "Olga Owner")]
        assert Reminder.objects.filter(kind="decision_date").count() == 1

    def test_goes_to_the_leads_where_there_is_no_sponsor(self):
        people.deactivate(person=self.sponsor, by=None, at=NOON)
        assert self.on(3) == [(3, "Lea Lead")]

    def test_sends_nothing_again_that_was_sent(self):
        self.on(0)
        message = self.owner_was_told()
        assert self.on(1) == []
        assert Reminder.objects.get(message=message).state == "sent"

    def owner_was_told(self):
        from notifications.actions.composing import compose
        from notifications.models import Message

        compose(at=NOON)
        Message.objects.update(state="sent", sent_at=NOON)
        Reminder.objects.filter(kind="decision_date").update(state="sent")
        return Message.objects.get(recipient=self.owner)

    def test_sends_only_the_newest_step_after_an_outage_whoever_begins(self):
        """Nothing ran for three days, and the sender is back before the sweep."""
        self.on(-3)
        due = NOON + timedelta(minutes=1)
        assert actions.deliver(clock=lambda: due).cancelled == 1
        assert owed(kind="decision_date") == []
        assert self.on(0) == [(0, "Olga Owner")]
        assert actions.deliver(clock=lambda: due).sent == 1
        sent = Reminder.objects.filter(kind="decision_date", state="sent")
        assert [reminder.step for reminder in sent] == [0]

    def test_cancels_what_was_planned_when_the_date_moves_and_revives_it_when_it_moves_back(self):
        self.on(0)
        move(self.initiative, TODAY + 10 * DAY)
        swept = actions.sweep(at=NOON)
        assert swept.reminders == Planned(planned=1, cancelled=1)
        assert owed(kind="decision_date") == [("decision_date", -14, "Olga Owner")]
        move(self.initiative, TODAY)
        assert actions.sweep(at=NOON).reminders == Planned(revived=1, cancelled=1)
        assert owed(kind="decision_date") == [("decision_date", 0, "Olga Owner")]

    def test_cancels_when_the_flag_closes(self):
        self.on(0)
        Initiative.objects.filter(pk=self.initiative.pk).update(stage=Stage.RETIRED)
        assert self.on(0) == []

    def test_stops_reminding_somebody_who_is_no_longer_an_owner(self):
        self.on(0)
        people.deactivate(person=self.owner, by=None, at=NOON)
        assert self.on(0) == []

    def test_says_what_to_do_why_and_where(self):
        self.on(0)
        reminder = Reminder.objects.get(kind="decision_date")
        assert reminder.says == f"Have it ready by 2 Mar 2026: {called(self.initiative)}"
        assert reminder.detail == "Its ship-or-kill date is 2 Mar 2026."
        assert reminder.why == "You are its business owner and engineering owner."
        assert reminder.url == f"http://localhost:8000/initiatives/{self.initiative.pk}/"
        assert not reminder.is_urgent

    def test_says_afterwards_that_it_is_overdue(self):
        self.on(3)
        reminder = Reminder.objects.get(kind="decision_date")
        assert reminder.says == f"Decide now: {called(self.initiative)}, late since 2 Mar 2026"


class TestUrgent(SweepTestCase):
    def test_unowned_in_production_is_urgent_and_in_a_pilot_is_not(self):
        running = make_initiative(self.lead, stage=Stage.PRODUCTION)
        pilot = make_initiative(self.lead, due=TODAY + 60 * DAY)
        actions.sweep(at=NOON)
        urgent = dict(Reminder.objects.values_list("initiative", "is_urgent"))
        assert urgent == {running.pk: True, pilot.pk: False}

    def test_asks_the_sponsor_to_decide_and_the_others_to_prepare_it(self):
        engineer = make_person("Eli Engineer")
        owners = owned_by_all(self.owner) | {"engineering_owner": engineer}
        initiative = make_initiative(self.lead, due=TODAY + 60 * DAY, **owners)
        trip_by_spend(initiative)
        actions.sweep(at=NOON)
        asked = dict(Reminder.objects.values_list("recipient__name", "says"))
        tripped = f"{called(initiative)}, a kill condition has tripped"
        assert asked == {
            "Olga Owner": f"Decide now: {tripped}",
            "Eli Engineer": f"Prepare the decision: {tripped}",
        }

    def test_a_tripped_condition_is_urgent_for_owners_then_goes_to_the_leads(self):
        trip_by_spend(self.initiative)
        actions.sweep(at=NOON)
        assert owed() == [("kill_condition_tripped", 0, "Olga Owner")]
        assert Reminder.objects.get().is_urgent
        actions.sweep(at=NOON + 3 * DAY)
        assert owed() == [("kill_condition_tripped", 3, "Lea Lead")]


class TestQueryCounts(SweepTestCase):
    def flagged(self, count):
        for n in range(count):
            one = make_initiative(self.lead, name=f"Number {n}", due=TODAY - n % 14 * DAY)
            if n % 3 == 0:
                trip_by_spend(one)

    def queries(self, at):
        with CaptureQueriesContext(connection) as captured:
            actions.sweep(at=at)
        return [q["sql"] for q in captured if "SAVEPOINT" not in q["sql"]]

    def test_are_the_same_for_20_and_for_200(self):
        self.flagged(20)
        few = [len(self.queries(NOON)), len(self.queries(NOON + DAY)), len(self.queries(NOON))]
        Flag.objects.all().delete()
        Reminder.objects.all().delete()
        self.flagged(180)
        many = [len(self.queries(NOON)), len(self.queries(NOON + DAY)), len(self.queries(NOON))]
        assert few == many

    def test_are_at_most_five_for_a_rule(self):
        self.flagged(9)
        policy = reviews.current_policy()
        actions.sweep(at=NOON)
        moved = Initiative.objects.filter(decision_date__lt=TODAY).order_by("pk")
        move(moved[0], TODAY - 5 * DAY)
        move(moved[1], TODAY + 50 * DAY)
        make_initiative(self.lead, due=TODAY - DAY)
        with CaptureQueriesContext(connection) as captured:
            counted = sweeping.apply("decision_overdue", Initiative.objects.all(), policy, NOON)
        assert counted.opened == counted.updated == counted.closed == 1
        assert len([q for q in captured if "SAVEPOINT" not in q["sql"]]) <= 5

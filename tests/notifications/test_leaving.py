from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client, TestCase
from django.urls import reverse
from django.utils import timezone

from accounts import actions as people
from accounts.models import Person
from initiatives import actions as initiatives
from initiatives.models import HandOver, Initiative
from initiatives.queries import unowned
from initiatives.stages import Role, Stage
from notifications import actions, ladders
from notifications.actions import Counted
from notifications.models import Flag, Reminder
from reviews import actions as reviews
from reviews import belongings
from reviews.queries import current_policy
from tests.factories import fresh, make_administrator, restrict
from tests.notifications.scenes import (
    NOON,
    TODAY,
    found_by,
    make_initiative,
    make_lead,
    make_person,
    make_quiet,
    open_rules,
    owed,
    own,
    owned_by_all,
    swept_and_heard,
)

DAY = timedelta(days=1)


class Leaves(TestCase):
    """A pilot of three people, whose engineering owner may leave."""

    @classmethod
    def setUpTestData(cls):
        cls.lead = make_lead()
        cls.sponsor, cls.owner = make_person("Sam Sponsor"), make_person("Olga Owner")
        cls.leaver = make_person("Eli Engineer")
        cls.initiative = make_initiative(
            cls.lead,
            sponsor=cls.sponsor,
            business_owner=cls.owner,
            engineering_owner=cls.leaver,
        )

    def leaves_in(self, days, person=None, at=NOON):
        day = None if days is None else timezone.localdate(at) + days * DAY
        people.record_leaving(person=person or self.leaver, day=day, by=None, at=at)


class TestTheRule(Leaves):
    def test_finds_the_first_and_the_last_of_thirty_days(self):
        for days, expected in ((31, 0), (30, 1), (0, 1)):
            self.leaves_in(days)
            assert len(found_by("leaving")) == expected, days

    def test_tells_others_from_the_second_reminder_on_and_leads_at_the_last(self):
        def told(*days):
            ladder = replace(current_policy().reminders, leaving_days_before=days)
            return [(s.days, bool(s.roles), s.leads) for s in ladders.leaving(ladder)]

        assert told(14, 30, 7) == [(-30, False, False), (-14, True, False), (-7, True, True)]
        assert told(20, 5) == [(-20, False, False), (-5, True, True)]
        assert told(10) == [(-10, True, True)]
        assert told() == []

    def test_leaves_the_day_after_to_the_rule_of_what_is_unowned(self):
        self.leaves_in(0)
        assert found_by("leaving", TODAY + DAY) == []

    def test_says_who_leaves_what_and_when(self):
        own(self.initiative, Role.BUSINESS_OWNER, self.leaver)
        self.leaves_in(9)
        (finding,) = found_by("leaving")
        assert finding.says == (
            "Eli Engineer, its engineering owner and business owner, leaves on 11 Mar 2026."
        )
        assert finding.acts == "Eli Engineer, the sponsor or a portfolio lead"
        assert (finding.due_date, finding.severity) == (TODAY + 9 * DAY, "warning")

    def test_finds_one_for_each_who_leaves(self):
        self.leaves_in(9)
        self.leaves_in(12, self.sponsor)
        assert len(found_by("leaving")) == 2

    def test_knows_of_nobody_whose_day_was_not_said(self):
        assert found_by("leaving") == []

    def test_leaves_out_a_role_that_the_stage_does_not_need(self):
        own(self.initiative, Role.DATA_OWNER, make_person("Dan Data"))
        self.leaves_in(9, Person.objects.get(name="Dan Data"))
        assert found_by("leaving") == []

    def test_leaves_out_whoever_has_not_accepted(self):
        other = make_person("Nils New")
        initiatives.ask(
            initiative=self.initiative, role=Role.SPONSOR, person=other, by=None, at=NOON
        )
        self.leaves_in(9, other)
        assert found_by("leaving") == []

    def test_leaves_out_what_is_quiet_proposed_or_retired(self):
        self.leaves_in(9)
        make_quiet(self.initiative)
        assert found_by("leaving") == []
        for stage in (Stage.PROPOSAL, Stage.RETIRED):
            Initiative.objects.update(stage=stage, counting_since=NOON)
            assert found_by("leaving") == [], stage

    def test_counts_days_where_the_organisation_is(self):
        """At 11 in the evening of London it is tomorrow in Kiritimati, thirty days before."""
        late = NOON + timedelta(hours=11)
        people.record_leaving(person=self.leaver, day=TODAY + 31 * DAY, by=None, at=NOON)
        actions.sweep(at=late)
        assert "leaving" not in open_rules(self.initiative)
        with self.settings(TIME_ZONE="Pacific/Kiritimati"):
            actions.sweep(at=late)
        assert "leaving" in open_rules(self.initiative)


@pytest.mark.embedded
class TestItsFlag(Leaves):
    def test_opens_moves_with_the_day_and_closes_when_they_stay(self):
        self.leaves_in(20)
        actions.sweep(at=NOON)
        self.leaves_in(12)
        actions.sweep(at=NOON)
        flag = Flag.objects.open().get(rule="leaving")
        assert (flag.due_date, flag.since) == (TODAY + 12 * DAY, NOON)
        self.leaves_in(None)
        actions.sweep(at=NOON)
        assert "leaving" not in open_rules(self.initiative)

    def test_closes_once_somebody_else_has_accepted(self):
        self.leaves_in(9)
        actions.sweep(at=NOON)
        other = make_person("Nils New")
        asked = initiatives.ask(
            initiative=self.initiative, role=Role.ENGINEERING_OWNER, person=other, by=None, at=NOON
        )
        actions.sweep(at=NOON)
        assert "unowned" in open_rules(self.initiative)
        initiatives.accept(ownership=asked, by=other, at=NOON)
        actions.sweep(at=NOON)
        assert not {"leaving", "unowned"} & open_rules(self.initiative)

    def test_gives_way_to_unowned_in_the_sweep_after_the_last_day(self):
        self.leaves_in(0)
        actions.sweep(at=NOON)
        assert "leaving" in open_rules(self.initiative)
        assert "unowned" not in open_rules(self.initiative)
        actions.sweep(at=NOON + DAY)
        assert not fresh(self.leaver).is_active
        assert "unowned" in open_rules(self.initiative)
        assert "leaving" not in open_rules(self.initiative)

    def test_takes_a_day_that_is_only_tried_out_for_no_fact(self):
        self.leaves_in(0)
        actions.sweep(at=NOON + DAY, trips=False)
        assert fresh(self.leaver).is_active


class TestItsReminders(Leaves):
    def reminded(self, days):
        self.leaves_in(days)
        actions.sweep(at=NOON)
        return owed(kind="leaving")

    def test_go_to_whoever_leaves_first(self):
        assert self.reminded(30) == [("leaving", -30, "Eli Engineer")]

    def test_go_to_the_sponsor_two_weeks_before(self):
        found = self.reminded(14)
        assert found == [("leaving", -14, "Eli Engineer"), ("leaving", -14, "Sam Sponsor")]

    def test_go_to_the_leads_in_the_last_week(self):
        assert {name for *_, name in self.reminded(7)} == {
            "Eli Engineer", "Sam Sponsor", "Lea Lead",
        }  # fmt: skip

    def test_ask_each_for_what_is_theirs_to_do(self):
        self.reminded(14)
        own_one = Reminder.objects.get(kind="leaving", recipient=self.leaver)
        assert own_one.says == "Hand over by 16 Mar 2026: Claims triage (AI-0001)".replace(
            "AI-0001", self.initiative.reference
        )
        assert own_one.path == reverse("people:hand_over", args=[self.leaver.pk])
        others = Reminder.objects.get(kind="leaving", recipient=self.sponsor)
        assert others.says.startswith("Name who takes over by 16 Mar 2026: ")
        assert others.path == self.initiative.get_absolute_url()

    def test_are_planned_anew_where_the_day_moves(self):
        self.reminded(30)
        self.leaves_in(29)
        actions.sweep(at=NOON)
        (moved,) = Reminder.objects.owed().filter(kind="leaving")
        assert moved.due_date == TODAY + 29 * DAY

    def test_change_nothing_in_the_same_sweep_again(self):
        self.reminded(7)
        again = actions.sweep(at=NOON)
        assert (again.reminders.planned, again.reminders.cancelled) == (0, 0)

    def test_go_out_once_where_a_part_is_handed_over_meanwhile(self):
        own(self.initiative, Role.DATA_OWNER, self.leaver)
        own(self.initiative, Role.SPONSOR, self.leaver)
        self.reminded(30)
        actions.deliver(clock=lambda: NOON)
        for role in (Role.ENGINEERING_OWNER, Role.DATA_OWNER):
            own(self.initiative, role, self.owner, NOON)
        assert actions.sweep(at=NOON).rules["leaving"] == Counted(updated=1, open=1)
        flag = Flag.objects.open().get(rule="leaving")
        assert flag.says == "Eli Engineer, its sponsor, leaves on 1 Apr 2026."
        assert owed(kind="leaving") == []

    def test_go_out_for_each_initiative(self):
        make_initiative(self.lead, name="Radar", engineering_owner=self.leaver)
        assert self.reminded(30) == [("leaving", -30, "Eli Engineer")] * 2

    def test_tell_nobody_of_a_restricted_one_who_may_not_know_of_it(self):
        restrict(initiative=self.initiative)
        names = {name for *_, name in self.reminded(7)}
        assert names == {"Eli Engineer", "Sam Sponsor", "Lea Lead"}


class TestWhoeverIsSaidToLeave(Leaves):
    def test_hears_it_unless_they_said_so_themself(self):
        day = TODAY + 40 * DAY
        people.record_leaving(person=self.owner, day=day, by=self.owner, at=NOON)
        people.record_leaving(person=self.leaver, day=day, by=make_administrator(), at=NOON)
        swept_and_heard()
        assert owed(kind="leaving_recorded") == [("leaving_recorded", 0, "Eli Engineer")]

    def test_hears_each_change_once_also_of_a_day_that_was_said_before(self):
        for minutes, days in enumerate((40, 50, 40)):
            at = NOON + timedelta(minutes=minutes)
            self.leaves_in(days)
            for _ in range(2):
                actions.hear(at=at)
                actions.deliver(clock=lambda at=at: at)
        told = Reminder.objects.filter(kind="leaving_recorded").order_by("pk")
        assert [(r.state, (r.due_date - TODAY).days) for r in told] == [
            ("sent", 40), ("sent", 50), ("sent", 40),
        ]  # fmt: skip

    def test_hears_once_of_what_was_changed_and_changed_back_before_the_mail(self):
        for days in (40, 50, 40):
            self.leaves_in(days)
            actions.hear(at=NOON)
        actions.deliver(clock=lambda: NOON)
        sent = Reminder.objects.filter(kind="leaving_recorded", state=Reminder.State.SENT)
        assert [r.due_date for r in sent] == [TODAY + 40 * DAY]

    def test_hears_nothing_of_what_was_taken_back(self):
        self.leaves_in(40)
        self.leaves_in(None)
        swept_and_heard()
        assert owed(kind="leaving_recorded") == []


class TestWhoeverComesBack(Leaves):
    """What they had accepted before waits for their answer, from the day on which they are back."""

    BACK = NOON + 40 * DAY

    def setUp(self):
        people.deactivate(person=self.leaver, by=None, at=NOON)
        people.reactivate(person=self.leaver, by=None, at=self.BACK)
        self.client.force_login(fresh(self.leaver))

    def role(self):
        return self.initiative.ownerships.select_related("person").get(role=Role.ENGINEERING_OWNER)

    def test_is_asked_again_and_chased_like_others(self):
        for days, step in ((0, 0), (3, 3), (14, 14)):
            actions.sweep(at=self.BACK + days * DAY)
            assert owed(kind="ownership_asked") == [("ownership_asked", step, "Eli Engineer")]
        told = Reminder.objects.owed().get(kind="ownership_asked")
        assert told.due_date == self.BACK.date()
        assert told.says.startswith("Accept or decline: engineering owner of Claims triage")
        assert told.detail.startswith("You were its engineering owner before you were away.")
        actions.sweep(at=self.BACK + 17 * DAY)
        assert owed(kind="ownership_silent") == [("ownership_silent", 17, "Lea Lead")]

    def test_is_asked_also_what_they_had_taken_on_by_themself(self):
        self.initiative.ownerships.update(asked_by=self.leaver)
        actions.sweep(at=self.BACK)
        assert owed(kind="ownership_asked") == [("ownership_asked", 0, "Eli Engineer")]

    def test_accepts_where_it_is_asked(self):
        answer = reverse("initiatives:answer_ownership", args=[self.role().pk])
        for page in (self.initiative.get_absolute_url(), reverse("portfolio:my_work")):
            assert answer in self.client.get(page).content.decode(), page
        self.client.post(answer, {"answer": "accept"})
        assert self.role().counts
        actions.sweep(at=timezone.now())
        assert owed(kind="ownership_asked") == []

    def test_accepts_or_declines_all_of_it_on_one_page(self):
        mine = reverse("campaign:mine")
        assert "Claims triage" in self.client.get(mine).content.decode()
        initiatives.disown(ownerships=[self.role()], by=fresh(self.leaver), at=self.BACK)
        assert self.role().state == "declined"
        assert "Claims triage" not in self.client.get(mine).content.decode()


class TestHandOvers(Leaves):
    """What the receiver, and then whoever asked, hears."""

    def setUp(self):
        self.bo = make_person("Bo Brandt")
        self.other = make_initiative(self.lead, name="Radar", engineering_owner=self.leaver)

    def ask(self):
        theirs = belongings.of(self.leaver, seen_by=self.lead)
        return reviews.ask_to_take_over(
            giver=self.leaver, receiver=self.bo, subjects=[b.subject for b in theirs],
            by=self.lead, at=NOON,
        )  # fmt: skip

    def test_ask_the_receiver_once_for_all_of_it(self):
        asked = self.ask()
        actions.hear(at=NOON)
        (reminder,) = Reminder.objects.owed().filter(recipient=self.bo)
        assert reminder.says == "Accept or decline what Eli Engineer hands over: 2 things"
        assert reminder.path == asked.get_absolute_url()
        assert not reminder.is_urgent

    def test_do_not_wait_where_the_owner_leaves_or_has_left(self):
        self.leaves_in(20)
        self.ask()
        actions.hear(at=NOON)
        assert Reminder.objects.get(kind="hand_over_asked").is_urgent

    def test_are_not_asked_about_once_they_were_taken_back(self):
        asked = self.ask()
        actions.hear(at=NOON)
        reviews.withdraw_hand_over(hand_over=asked, by=self.lead, at=NOON)
        actions.deliver(clock=lambda: NOON)
        assert Reminder.objects.get(kind="hand_over_asked").state == Reminder.State.CANCELLED

    def test_send_whoever_asked_to_somebody_else_when_declined(self):
        reviews.decline_to_take_over(hand_over=self.ask(), reason="No.", by=self.bo, at=NOON)
        actions.hear(at=NOON)
        assert {name for *_, name in owed(kind="hand_over_answered")} == {
            "Lea Lead", "Eli Engineer",
        }  # fmt: skip

    def test_say_nothing_when_all_of_it_was_taken_over(self):
        asked = self.ask()
        subjects = list(asked.items.values_list("subject", flat=True))
        reviews.take_over(hand_over=asked, subjects=subjects, by=self.bo, at=NOON)
        actions.hear(at=NOON)
        assert owed(kind="hand_over_answered") == []

    def test_say_nothing_of_what_has_found_somebody_else(self):
        reviews.decline_to_take_over(hand_over=self.ask(), reason="No.", by=self.bo, at=NOON)
        actions.hear(at=NOON)
        other = make_person("Nils New")
        for initiative in (self.initiative, self.other):
            own(initiative, Role.ENGINEERING_OWNER, other, NOON)
        actions.deliver(clock=lambda: NOON)
        reminders = Reminder.objects.filter(kind="hand_over_answered")
        assert set(reminders.values_list("state", flat=True)) == {Reminder.State.CANCELLED}

    def test_say_that_a_part_is_left(self):
        asked = self.ask()
        subjects = list(asked.items.values_list("subject", flat=True))[:1]
        reviews.take_over(hand_over=asked, subjects=subjects, by=self.bo, at=NOON)
        actions.hear(at=NOON)
        assert Reminder.objects.filter(kind="hand_over_answered").first().says == (
            "Find somebody else: Bo Brandt took over a part of what Eli Engineer owns"
        )
        assert HandOver.objects.get().answer == "accepted"


@pytest.mark.embedded
class TestDeactivation(TestCase):
    """A page, the admin and raw SQL alike: unowned at once; flag and mail with the next tick."""

    @classmethod
    def setUpTestData(cls):
        cls.lead, cls.admin = make_lead(), make_administrator()
        cls.owner = make_person("Olga Owner")
        cls.initiative = make_initiative(
            cls.lead, stage=Stage.PRODUCTION, **owned_by_all(cls.owner, Stage.PRODUCTION)
        )
        swept_and_heard()

    def page(self):
        client = Client()
        client.force_login(self.admin)
        address = reverse("people:deactivate", args=[self.owner.pk])
        assert client.post(address).status_code == 302

    def admin_action(self):
        client = Client()
        client.force_login(self.admin)
        chosen = {"action": "deactivate", "_selected_action": [self.owner.pk]}
        assert client.post(reverse("admin:accounts_person_changelist"), chosen).status_code == 302

    def raw_sql(self):
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE accounts_person SET is_active = %s WHERE id = %s", [False, self.owner.pk]
            )

    def is_unowned(self):
        return unowned(Initiative.objects.filter(pk=self.initiative.pk)).exists()

    def test_by_any_way_is_true_at_once_and_heard_with_the_next_tick(self):
        for way in (self.page, self.admin_action, self.raw_sql):
            with self.subTest(way=way.__name__):
                session = Client()
                session.force_login(self.owner)
                assert session.get(reverse("people:list")).status_code == 200
                assert not self.is_unowned()
                way()
                assert self.is_unowned()
                assert session.get(reverse("people:list")).status_code == 302
                at = timezone.now()
                assert open_rules(self.initiative) == set()
                actions.sweep(at=at)
                assert "unowned" in open_rules(self.initiative)
                assert ("unowned", 0, "Lea Lead") in owed(kind="unowned")
                assert Reminder.objects.owed().filter(kind="unowned", is_urgent=True).exists()
                self.give_back()

    def give_back(self):
        """As it was before, for the next way."""
        Flag.objects.all().delete()
        Reminder.objects.all().delete()
        Person.objects.filter(pk=self.owner.pk).update(is_active=True)

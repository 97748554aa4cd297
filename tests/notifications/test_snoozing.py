from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import TestCase
from django.urls import reverse
from django.utils import timezone

from audit.refusals import Refused
from initiatives.models import Initiative
from notifications import actions, permissions, queries
from notifications.actions.snoozing import LONGEST
from notifications.forms.snoozing import SnoozeForm
from notifications.models import Flag, Message, Snooze
from portfolio.queries import history
from tests.accounts.expectations import last_event
from tests.notifications.scenes import (
    NOON,
    TODAY,
    make_initiative,
    make_lead,
    make_person,
    move,
    owed,
    owned_by_all,
    swept_and_heard,
    trip_by_spend,
)

DAY = timedelta(days=1)


class Snoozing(TestCase):
    """A pilot whose decision is near, and its flag."""

    @classmethod
    def setUpTestData(cls):
        cls.lead = make_lead()
        cls.owner = make_person("Olga Owner")
        cls.stranger = make_person("Stan Stranger")
        cls.near = make_initiative(cls.lead, due=TODAY + 14 * DAY, **owned_by_all(cls.owner))
        actions.sweep(at=NOON)
        cls.flag = Flag.objects.get(initiative=cls.near, rule="decision_near")

    def snooze(self, flag=None, by=None, days=7, reason="The new owner starts on Monday.", at=NOON):
        until = timezone.localdate(at) + days * DAY
        return actions.snooze(
            flag=flag or self.flag, until=until, reason=reason, by=by or self.owner, at=at
        )

    def refused(self, rule, **wanted):
        with pytest.raises(Refused) as refusal:
            self.snooze(**wanted)
        assert refusal.value.rule == rule
        return refusal.value

    def sweep(self, days):
        at = NOON + days * DAY
        actions.sweep(at=at)
        return at

    def make_critical(self):
        """Its day has passed without a decision."""
        move(self.near, TODAY - DAY)
        self.sweep(0)


class TestSnooze(Snoozing):
    def test_is_for_its_owners_and_leads(self):
        assert self.snooze(by=self.owner).by == self.owner
        actions.wake(snooze=Snooze.objects.get(), by=self.lead, at=NOON)
        assert self.snooze(by=self.lead).by == self.lead

    def test_is_nobody_elses(self):
        self.refused("not_an_owner", by=self.stranger)
        assert last_event().kind == "flag.snooze_refused"

    def test_is_on_record_with_its_reason(self):
        self.snooze()
        assert last_event().initiative_id == self.near.pk
        line = history.of_initiative(self.near.pk)[0]
        assert line.sentence == (
            "Olga Owner snoozed the flag “decision near” until 9 Mar 2026: "
            "The new owner starts on Monday."
        )

    def test_moves_no_date_and_is_no_act_on_the_initiative(self):
        before = Initiative.objects.filter(pk=self.near.pk).values().get()
        self.snooze()
        assert Initiative.objects.filter(pk=self.near.pk).values().get() == before
        self.flag.refresh_from_db()
        assert (self.flag.due_date, self.flag.closed_at) == (TODAY + 14 * DAY, None)

    def test_says_why(self):
        assert self.refused("no_reason", reason="  ").field == "reason"

    def test_ends_on_a_day_ahead_and_within_two_weeks(self):
        assert self.refused("no_day_ahead", days=0).field == "until"
        assert self.refused("too_long", days=LONGEST.days + 1).field == "until"
        assert self.snooze(days=LONGEST.days).until == TODAY + LONGEST

    def test_is_not_for_what_is_critical(self):
        condition = trip_by_spend(self.near)
        actions.sweep(at=NOON)
        tripped = Flag.objects.get(subject=f"killcondition:{condition.pk}")
        assert "cannot wait" in self.refused("critical", flag=tripped).message

    def test_is_not_for_what_has_closed(self):
        Flag.objects.update(closed_at=NOON)
        self.refused("closed")

    def test_is_there_once(self):
        self.snooze()
        assert "Olga Owner has snoozed it until 9 Mar 2026" in self.refused("snoozed").message
        with pytest.raises(IntegrityError), transaction.atomic():
            Snooze.objects.create(
                flag=self.flag, by=self.lead, at=NOON, until=TODAY + DAY, reason="Twice."
            )

    def test_makes_room_for_another_once_it_is_over(self):
        first = self.snooze(days=1)
        self.snooze(at=NOON + 2 * DAY)
        first.refresh_from_db()
        assert first.ended_at == NOON + 2 * DAY


class TestAgain(Snoozing):
    """From the third time on it takes a lead."""

    def snooze_twice(self):
        for _ in range(2):
            actions.wake(snooze=self.snooze(), by=self.owner, at=NOON)

    def test_is_said_by_a_lead_alone_from_the_third_time_on(self):
        self.snooze_twice()
        refusal = self.refused("snoozed_often")
        assert refusal.message.startswith("It was snoozed twice before: from now on only portfolio")
        assert self.snooze(by=self.lead).by == self.lead

    def test_is_what_the_page_asks_as_well(self):
        for person in (self.owner, self.lead):
            for times in range(5):
                may = permissions.may_snooze_again(person, times)
                assert may is (times < 2 or person == self.lead), times


class TestWhileItIsSnoozed(Snoozing):
    def test_nobody_is_reminded(self):
        self.snooze()
        self.sweep(0)
        assert owed(kind="decision_date") == []

    def test_what_was_owed_before_is_not_sent(self):
        assert owed(kind="decision_date") == [("decision_date", -14, "Olga Owner")]
        self.snooze()
        actions.deliver(clock=lambda: NOON)
        assert Message.objects.get().state == Message.State.CANCELLED

    def test_on_its_last_day_nobody_is_reminded(self):
        self.snooze(days=11)
        self.sweep(11)
        assert owed(kind="decision_date") == []

    def test_only_the_newest_step_is_owed_when_it_is_over(self):
        self.snooze(days=12)  # the reminders of 14 and 3 days before came meanwhile
        self.sweep(13)
        assert owed(kind="decision_date") == [("decision_date", -3, "Olga Owner")]

    def test_it_stays_counted_and_shown_below_the_others(self):
        later = make_initiative(self.lead, due=TODAY + 14 * DAY, **owned_by_all(self.owner))
        actions.sweep(at=NOON)
        self.snooze()
        lines = queries.Lines(queries.open_for(self.stranger), TODAY)
        assert [line.initiative for line in lines] == [later, self.near]
        assert queries.counts(self.stranger)["decision_near"] == 2


class TestTheEndOfASnooze(Snoozing):
    def in_force(self, day=TODAY):
        return Snooze.objects.in_force(day).exists()

    def test_comes_by_itself_after_its_day(self):
        self.snooze(days=3)
        assert self.in_force(TODAY + 3 * DAY)
        assert not self.in_force(TODAY + 4 * DAY)
        at = self.sweep(4)
        assert Snooze.objects.get().ended_at == at

    def test_comes_at_once_when_it_becomes_critical(self):
        self.snooze()
        Flag.objects.filter(pk=self.flag.pk).update(severity="critical")
        assert not self.in_force()

    def test_is_not_undone_when_it_is_no_longer_critical(self):
        self.snooze()
        Flag.objects.filter(pk=self.flag.pk).update(severity="critical")
        actions.snoozing.end_snoozes(at=NOON)
        Flag.objects.filter(pk=self.flag.pk).update(severity="notice")
        assert not self.in_force()

    def test_comes_with_the_end_of_the_flag(self):
        self.snooze()
        self.make_critical()  # another rule's flag takes its place
        assert not self.in_force()
        assert Snooze.objects.get().ended_at == NOON
        assert ("decision_date", -3, "Olga Owner") not in owed()

    def test_can_be_said_by_whoever_may_snooze(self):
        snooze = self.snooze()
        with pytest.raises(Refused) as refusal:
            actions.wake(snooze=snooze, by=self.stranger, at=NOON)
        assert refusal.value.rule == "not_an_owner"
        actions.wake(snooze=snooze, by=self.lead, at=NOON)
        assert not self.in_force()
        assert last_event().kind == "flag.woken"
        self.sweep(0)
        assert owed(kind="decision_date") == [("decision_date", -14, "Olga Owner")]

    def test_is_said_once(self):
        snooze = self.snooze()
        actions.wake(snooze=snooze, by=self.lead, at=NOON)
        with pytest.raises(Refused) as refusal:
            actions.wake(snooze=snooze, by=self.lead, at=NOON)
        assert refusal.value.rule == "ended"


@pytest.mark.embedded
class TestPagesOfASnooze(TestCase):
    """As they are today, because pages know no other day."""

    @classmethod
    def setUpTestData(cls):
        cls.now, cls.today = timezone.now(), timezone.localdate()
        cls.lead = make_lead()
        cls.owner = make_person("Olga Owner")
        cls.near = make_initiative(
            cls.lead, due=cls.today + 9 * DAY, at=cls.now - 90 * DAY, **owned_by_all(cls.owner)
        )
        Initiative.objects.update(touched_at=cls.now)
        swept_and_heard(cls.now)
        cls.flag = Flag.objects.get(rule="decision_near")
        cls.url = reverse("notifications:snooze", args=[cls.flag.pk])

    def test_the_form_keeps_what_was_typed_and_says_what_is_wrong(self):
        self.client.force_login(self.owner)
        response = self.client.post(self.url, {"until": self.today, "reason": "Because."})
        assert response.status_code == 422
        self.assertContains(response, "Choose a day that lies ahead.", status_code=422)
        self.assertContains(response, "Because.", status_code=422)

    def test_everybody_reads_until_when_by_whom_and_why(self):
        self.client.force_login(self.owner)
        until = self.today + 2 * DAY
        assert (
            self.client.post(self.url, {"until": until, "reason": "On leave."}).status_code == 302
        )
        self.client.force_login(make_person("Stan Stranger"))
        words = f"Snoozed until {until:%-d %b %Y} by Olga Owner: On leave."
        for url in (reverse("notifications:attention"), self.near.get_absolute_url()):
            page = self.client.get(url)
            self.assertContains(page, words)
            self.assertNotContains(page, "Take back")

    def test_whoever_may_takes_it_back_on_either_page(self):
        snooze = actions.snooze(
            flag=self.flag, until=self.today + DAY, reason="Soon.", by=self.owner, at=self.now
        )
        self.client.force_login(self.owner)
        for url in (reverse("notifications:attention"), self.near.get_absolute_url()):
            self.assertContains(self.client.get(url), "Take back")
        self.client.post(reverse("notifications:wake", args=[snooze.pk]))
        assert not Snooze.objects.in_force(self.today).exists()

    def test_says_how_often_it_was_and_offers_it_once_more_to_leads_alone(self):
        for _ in range(2):
            snooze = actions.snooze(
                flag=self.flag, until=self.today + DAY, reason="Soon.", by=self.lead, at=self.now
            )
            actions.wake(snooze=snooze, by=self.lead, at=self.now)
        for person, may in ((self.owner, False), (self.lead, True)):
            self.client.force_login(person)
            for url in (reverse("notifications:attention"), self.near.get_absolute_url()):
                page = self.client.get(url).content.decode()
                assert "; snoozed twice" in page
                assert (self.url in page) is may, (person, url)
                assert ("only a portfolio lead may snooze it again" in page) is not may

    def test_goes_back_to_where_one_came_from(self):
        self.client.force_login(self.owner)
        attention = f"{reverse('notifications:attention')}?severity=notice"
        listed = self.client.get(attention).content.decode()
        (link,) = re.findall(rf'href="({re.escape(self.url)}\?next=[^"]+)"', listed)
        place = f"{attention}#flag-{self.flag.pk}"
        assert f'id="flag-{self.flag.pk}"' in listed
        assert f'href="{place}">Cancel' in self.client.get(link).content.decode()
        sent = {"until": self.today + DAY, "reason": "Soon."}
        assert self.client.post(link, sent)["Location"] == place
        wake = reverse("notifications:wake", args=[Snooze.objects.get().pk])
        assert f'name="next" value="{place}"' in self.client.get(attention).content.decode()
        assert self.client.post(wake, {"next": place})["Location"] == place

    def test_goes_nowhere_but_here(self):
        self.client.force_login(self.owner)
        elsewhere = (
            "https://example.com/",
            "//example.com/",
            "/\\example.com",
            "javascript:x",
            "x",
        )
        for path in elsewhere:
            page = self.client.get(self.url, {"next": path}).content.decode()
            assert f'href="{self.near.get_absolute_url()}">Cancel' in page, path
        sent = {"until": self.today + DAY, "reason": "Soon.", "next": elsewhere[1]}
        assert self.client.post(self.url, sent)["Location"] == self.near.get_absolute_url()

    def test_offers_days_to_pick_and_the_limits_of_others(self):
        self.client.force_login(self.owner)
        page = self.client.get(self.url).content.decode()
        for days in (7, 14):
            assert f'value="{(self.today + days * DAY).isoformat()}"' in page
        assert f'min="{(self.today + DAY).isoformat()}"' in page
        assert f'max="{(self.today + LONGEST).isoformat()}"' in page
        assert "Another day" in page
        picked = {"pick": (self.today + 7 * DAY).isoformat(), "reason": "Soon."}
        both = picked | {"until": self.today + DAY}
        response = self.client.post(self.url, both)
        self.assertContains(response, "or leave this empty.", status_code=422)
        nothing = self.client.post(self.url, {"reason": "Soon."})
        self.assertContains(nothing, "Choose a day.", status_code=422)
        assert self.client.post(self.url, picked).status_code == 302
        assert Snooze.objects.get().until == self.today + 7 * DAY

    def test_offers_each_day_once(self):
        for today in (TODAY + n * DAY for n in range(7)):
            days = list(SnoozeForm(today=today).days.values())
            assert days == sorted({*days, today + 7 * DAY, today + 14 * DAY})
            assert any(day.weekday() == 0 and day > TODAY for day in days)

    def test_what_is_critical_offers_none(self):
        self.client.force_login(self.owner)
        page = reverse("notifications:attention")
        self.assertContains(self.client.get(page), self.url)
        Flag.objects.update(severity="critical")
        self.assertNotContains(self.client.get(page), self.url)

    def test_of_what_one_may_not_know_is_not_there(self):
        Initiative.objects.update(is_restricted=True)
        self.client.force_login(make_person("Stan Stranger"))
        assert self.client.get(self.url).status_code == 404
        assert self.client.post(self.url, {"until": self.today + DAY}).status_code == 404

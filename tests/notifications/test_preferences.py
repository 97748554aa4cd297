from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client, TestCase
from django.urls import reverse

from accounts.models import Person
from audit.models import Event
from audit.refusals import Refused
from notifications import actions, mail, queries, unsubscribing
from notifications.actions.checking import STILL_DUE
from notifications.ladders import LADDERS
from notifications.models import Message, Preference, Reminder
from notifications.preferences import (
    DIGEST,
    IS_NAMED,
    TOPIC_OF,
    TOPICS,
    Channel,
    Pace,
    is_named,
    topics_on,
)
from notifications.rules import production, words
from reviews.policy import default_text, published
from tests.notifications.scenes import (
    LONG_AGO,
    NOON,
    TODAY,
    make_initiative,
    make_lead,
    make_person,
    owe_one,
)

SETTINGS = reverse("mails:settings")
RESET = reverse("mails:reset")
CHAT = reverse("mails:chat")


class PreferencesTestCase(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.lead = make_lead()
        cls.owner = make_person("Olga Owner")

    def choose(self, **paces):
        actions.choose_paces(person=self.owner, paces=paces, by=self.owner, at=NOON)

    def kept(self):
        rows = Preference.objects.filter(person=self.owner)
        return dict(rows.values_list("topic", "pace"))


class TestTopics(TestCase):
    def test_hold_every_kind_of_reminder_once(self):
        kinds = [kind for topic in TOPICS.values() for kind in topic.kinds]
        assert sorted(kinds) == sorted({*mail.ACTIONS, DIGEST})
        assert {*STILL_DUE, DIGEST} - {"shown_only"} == set(TOPIC_OF)

    def test_say_why_where_they_cannot_be_turned_off(self):
        for topic in TOPICS.values():
            assert topic.may_be_off != bool(topic.because)
            assert topic.default in topic.paces

    def test_cannot_be_turned_off_where_somebody_is_named_to_act(self):
        named = ("sign_off_asked", "ownership_asked", "obligation_owed", "question_asked")
        for kind in (*named, "decision_date", "override_asked", "statement_unsigned"):
            assert not TOPICS[TOPIC_OF[kind]].may_be_off, kind


class TestNamed(PreferencesTestCase):
    """Who is named to act: the same for composing, the link in a mail and the words of the page."""

    def test_says_the_same_in_a_query(self):
        initiative = make_initiative(self.lead)
        for kind in TOPIC_OF:
            for step in (-7, 0, 7):
                owe_one(self.owner, initiative, kind=kind, step=step, is_urgent=False)
        for topic in TOPICS.values():
            for kind in topic.kinds:
                for row in Reminder.objects.filter(kind=kind):
                    found = Reminder.objects.filter(IS_NAMED, pk=row.pk).exists()
                    named = found or not topic.may_be_off
                    assert is_named(kind, row.step) is named is not row.may_be_off, row

    def test_is_whoever_a_rule_says_has_to_act(self):
        """At the first step of the ladder: so nobody who has to act can turn it off."""
        acting = {
            "falls_short": production.OWNERS, "measurement_stale": production.OWNERS,
            "evaluation_stale": production.BUILDERS, "over_budget": production.PAYERS,
            "unowned": words.DECIDERS, "slot_unfillable": words.LEADS,
        }  # fmt: skip
        ladder = published(default_text(), version=1).reminders
        for kind, acts in acting.items():
            for step in LADDERS[kind](ladder):
                roles = [f"the {str(role.label).lower()}" for role in step.roles]
                heard = [*roles, *(["a portfolio lead"] if step.leads else [])]
                if any(role in acts for role in heard):
                    assert is_named(kind, step.days), (kind, step)

    def test_is_said_on_the_page_where_a_topic_may_be_off(self):
        for topic in TOPICS.values():
            named = {is_named(kind, 0) for kind in topic.kinds}
            assert bool(topic.named) == (topic.may_be_off and True in named), topic.title
        self.client.force_login(self.owner)
        page = self.client.get(SETTINGS).content.decode()
        assert page.count("What you are named to act on comes once a day all the same") == 3

    def test_is_offered_no_link_to_stop_it(self):
        initiative = make_initiative(self.lead)
        message = Message(pk=1, recipient=self.owner, is_urgent=False)

        def stops(*steps):
            rows = [
                owe_one(self.owner, initiative, kind="falls_short", step=step, is_urgent=False)
                for step in steps
            ]
            written = mail.written(message, rows, {}, TODAY)
            Reminder.objects.all().delete()
            return "List-Unsubscribe" in written.extra_headers

        assert not stops(0)
        assert stops(7)
        assert stops(0, 7)


@pytest.mark.embedded
class TestChoosing(PreferencesTestCase):
    def test_keeps_what_differs_from_the_default(self):
        self.choose(health="weekly", missing="daily", receipts="off")
        assert self.kept() == {"health": "weekly", "receipts": "off"}
        assert queries.paces_of(self.owner)["health"] == "weekly"
        self.choose(health="daily")
        assert self.kept() == {"receipts": "off"}

    def test_is_an_event_if_something_changed(self):
        self.choose(health="off")
        self.choose(health="off", missing="daily")
        (event,) = Event.objects.filter(kind="mails.chosen")
        assert event.actor_id == self.owner.pk

    def test_refuses_to_turn_off_what_is_asked_by_name(self):
        for pace in ("off", "weekly"):
            with pytest.raises(Refused, match="because it is asked of you by name") as refused:
                self.choose(signatures=pace)
            assert refused.value.field == "signatures"
        assert self.kept() == {}

    def test_refuses_for_somebody_else(self):
        with pytest.raises(Refused, match="their own mails"):
            actions.choose_paces(person=self.owner, paces={"health": "off"}, by=self.lead, at=NOON)

    def test_refuses_what_there_is_not(self):
        with pytest.raises(Refused, match="no such mails"):
            self.choose(weather="off")

    def test_the_digest_is_for_leads_unless_they_say_otherwise(self):
        assert queries.digest_readers(NOON) == [self.lead.pk]
        assert queries.paces_of(self.owner)["digest"] == Pace.OFF
        self.choose(digest="weekly")
        actions.choose_paces(person=self.lead, paces={"digest": "off"}, by=self.lead, at=NOON)
        assert queries.digest_readers(NOON) == [self.owner.pk]

    def test_the_digest_is_not_for_those_who_became_leads_later_or_have_left(self):
        assert queries.digest_readers(LONG_AGO - timedelta(hours=1)) == []
        Person.objects.filter(pk=self.lead.pk).update(is_active=False)
        assert queries.digest_readers(NOON) == []


class TestChatSettings(PreferencesTestCase):
    def setUp(self):
        self.client.force_login(self.owner)

    def send(self, **paces):
        now = queries.paces_of(self.owner, Channel.CHAT)
        return self.client.post(CHAT, {**now, **paces})

    def test_offer_each_topic_that_comes_there_and_mark_the_default(self):
        page = self.client.get(CHAT).content.decode()
        topics = topics_on(Channel.CHAT)
        assert "receipts" not in topics
        assert page.count("(default)") == len(topics) == len(TOPICS) - 1
        assert page.count("What is sent at once (default)") == len(topics) - 1
        assert "Cannot be turned off" not in page
        assert "You have no chat here yet." in page

    def test_keep_what_was_chosen_apart_from_the_mails(self):
        assert self.send(signatures="off", health="daily").status_code == 302
        assert self.kept() == {"signatures": "off", "health": "daily"}
        assert queries.paces_of(self.owner)["signatures"] == "at_once"
        assert queries.paces_of(self.owner, Channel.CHAT)["signatures"] == "off"
        (event,) = Event.objects.filter(kind="chat.chosen")
        assert event.actor_id == self.owner.pk

    def test_go_back_to_the_defaults_of_chat_alone(self):
        self.choose(health="off")
        self.send(signatures="off")
        assert self.client.post(reverse("mails:reset_chat")).status_code == 302
        assert self.kept() == {"health": "off"}

    def test_refuse_what_is_not_offered(self):
        response = self.send(health="weekly")
        assert response.status_code == 422
        assert "Choose one of these." in response.content.decode()
        assert self.kept() == {}


class TestMailSettings(PreferencesTestCase):
    def setUp(self):
        self.client.force_login(self.owner)

    def send(self, **paces):
        return self.client.post(SETTINGS, {**queries.paces_of(self.owner), **paces})

    def test_shows_each_topic_with_what_it_holds_and_marks_the_default(self):
        page = self.client.get(SETTINGS).content.decode()
        for topic in TOPICS.values():
            assert topic.title in page
        assert page.count("(default)") == len(TOPICS)
        assert "Cannot be turned off: it is asked of you by name." in page
        assert "At once means from 07:00 on, on any day." in page

    def test_saves_what_was_chosen(self):
        assert self.send(health="off").status_code == 302
        assert self.kept() == {"health": "off"}
        assert re.search(
            r'value="off"[^>]*checked|checked[^>]*value="off"',
            self.client.get(SETTINGS).content.decode(),
        )

    def test_offers_no_way_to_turn_off_what_is_asked_by_name(self):
        response = self.send(signatures="off")
        assert response.status_code == 422
        assert "Choose one of these." in response.content.decode()
        assert self.kept() == {}

    def test_goes_back_to_the_defaults(self):
        self.send(health="off", digest="weekly")
        assert self.client.post(RESET).status_code == 302
        assert self.kept() == {}
        assert self.client.get(RESET).status_code == 405

    def test_lists_what_was_not_sent_and_may_be_seen(self):
        initiative = make_initiative(self.lead)
        owe_one(self.owner, initiative, state=Reminder.State.MUTED, says="Measure it again")
        assert "Measure it again" in self.client.get(SETTINGS).content.decode()
        type(initiative).objects.update(is_restricted=True)
        assert "Measure it again" not in self.client.get(SETTINGS).content.decode()

    def test_is_linked_from_my_settings(self):
        assert SETTINGS in self.client.get(reverse("portfolio:my_settings")).content.decode()


class TestUnsubscribe(PreferencesTestCase):
    def setUp(self):
        self.client = Client(enforce_csrf_checks=True)
        self.url = unsubscribing.link(self.owner.pk, ("health", "receipts"))

    def test_opening_it_changes_nothing(self):
        page = self.client.get(self.url)
        assert page.status_code == 200
        assert "Stop these mails?" in page.content.decode()
        assert "Production health" in page.content.decode()
        assert self.kept() == {}
        assert self.client.head(self.url).status_code == 200
        assert self.kept() == {}

    def test_confirming_it_needs_no_sign_in(self):
        page = self.client.post(self.url)
        assert page.status_code == 200
        assert "No more of these mails" in page.content.decode()
        assert self.kept() == {"health": "off", "receipts": "off"}

    def test_is_done_by_the_one_post_of_a_mail_program(self):
        assert self.client.post(self.url, {"List-Unsubscribe": "One-Click"}).status_code == 200
        assert self.kept() == {"health": "off", "receipts": "off"}

    def test_is_bound_to_its_person_and_topics(self):
        token = self.url.rstrip("/").rpartition("/")[2]
        for other in (f"x{token}", token[:-1], token.swapcase(), "WzEsWyJoZWFsdGgiXV0"):
            address = reverse("mails:unsubscribe", args=[other])
            for response in (self.client.get(address), self.client.post(address)):
                assert response.status_code == 404
                assert "This link does not work" in response.content.decode()
        assert not Preference.objects.exists()

    def test_does_nothing_for_somebody_who_has_left(self):
        Person.objects.filter(pk=self.owner.pk).update(is_active=False)
        assert self.client.post(self.url).status_code == 404
        assert not Preference.objects.exists()

    def test_cannot_turn_off_what_is_asked_by_name(self):
        url = unsubscribing.link(self.owner.pk, ("signatures",))
        assert self.client.post(url).status_code == 404
        assert self.kept() == {}

    def test_is_kept_by_no_cache(self):
        assert "no-store" in self.client.get(self.url)["Cache-Control"]

"""What goes to chat: to a server on loopback that answers as it is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from django.test import TestCase, override_settings
from django.urls import reverse

from accounts import actions as people
from audit.models import Event, Text
from audit.refusals import Refused
from initiatives.models import Initiative
from initiatives.stages import Stage
from notifications import actions, chat, preferences, sealing
from notifications.actions import delivering, posting
from notifications.models import Channel, Flag, Message, Reminder
from tests.factories import make_administrator, make_declared
from tests.notifications.scenes import (
    NOON,
    make_initiative,
    make_lead,
    make_person,
    owe_one,
    trip_by_spend,
)
from tests.notifications.test_delivering import Clock

INTERNAL = {"APPRISE_SCHEMES": ["json"], "CHANNELS_MAY_BE_INTERNAL": True}
SLACK = f"slack://T0000000A/B0000000A/{'a' * 20}WxYz"


class Room:
    """A chat that keeps what it is told, and answers with `status`."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        self.status = 200
        room = self

        class Answers(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if room.status == 200:
                    room.told.append(json.loads(body) | {"path": self.path})
                self.send_response(room.status)
                if room.status == 302:
                    self.send_header("Location", f"http://127.0.0.1:{room.port}/elsewhere")
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        self.port = self.server.server_address[1]
        self.url = f"json://127.0.0.1:{self.port}/hook"
        Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def room(settings: Any) -> Iterator[Room]:
    for name, value in INTERNAL.items():
        setattr(settings, name, value)
    found = Room()
    yield found
    found.server.shutdown()
    found.server.server_close()


class Posting(TestCase):
    room: Room

    @pytest.fixture(autouse=True)
    def real_room(self, room):
        self.room = room

    @classmethod
    def setUpTestData(cls):
        cls.lead = make_lead()
        cls.system = make_initiative(cls.lead, name="Fraud signals", stage=Stage.PRODUCTION)

    def deliver(self, clock=None):
        return actions.deliver(clock=clock or Clock())

    def chats(self):
        return Message.objects.exclude(channel="email")

    def states(self):
        return list(self.chats().values_list("state", flat=True))


class TestAPersonsChannel(Posting):
    def setUp(self):
        actions.enter_channel(url=self.room.url, by=self.lead, at=NOON)

    def test_gets_what_is_urgent_beside_the_mail(self):
        reminder = owe_one(self.lead, self.system)
        done = self.deliver()
        assert done.sent == 2
        (told,) = self.room.told
        assert told["title"] == " ".join(reminder.says.split())
        assert reminder.url in told["message"]
        reminder.refresh_from_db()
        assert reminder.state == Reminder.State.SENT
        assert reminder.message.channel == "email"

    def test_gets_nothing_of_what_can_wait(self):
        owe_one(self.lead, self.system, is_urgent=False)
        self.deliver()
        assert self.room.told == []

    def test_gets_what_belongs_together_in_one_message(self):
        for step in range(12):
            owe_one(self.lead, self.system, step=step)
        self.deliver()
        (told,) = self.room.told
        assert told["title"].startswith("12 things cannot wait:")
        assert "And 2 more: http://localhost:8000/my-work/" in told["message"]

    def test_says_what_asks_before_what_is_news_and_never_copies_a_receipt(self):
        owe_one(self.lead, self.system, kind="sign_off_receipt", says="Receipt")
        self.deliver()
        assert self.room.told == []
        owe_one(self.lead, self.system, kind="sign_off_receipt", says="Receipt", step=1)
        owe_one(self.lead, self.system, kind="mentioned", says="Ana mentioned you")
        owe_one(self.lead, self.system, says="Name who answers")
        self.deliver()
        (told,) = self.room.told
        assert told["title"] == "Name who answers …"
        assert "Ana mentioned you" in told["message"]
        assert "Receipt" not in told["message"]

    def test_is_each_persons_own(self):
        owe_one(make_person("Olga Other", "leads"), self.system)
        self.deliver()
        assert self.room.told == []

    def test_gets_nothing_while_it_is_off(self):
        actions.switch_channel(is_on=False, by=self.lead, at=NOON)
        owe_one(self.lead, self.system)
        assert self.deliver().sent == 1
        actions.switch_channel(is_on=True, by=self.lead, at=NOON)
        owe_one(self.lead, self.system, step=1)
        self.deliver()
        assert len(self.room.told) == 1

    def test_gets_nothing_once_it_is_off_or_gone_though_it_was_owed(self):
        for end in (self.switch_off, self.remove):
            owe_one(self.lead, self.system, step=Reminder.objects.count())
            delivering.compose(at=NOON)
            end()
            self.deliver()
            actions.enter_channel(url=self.room.url, by=self.lead, at=NOON)
        assert self.states() == ["cancelled", "cancelled"]
        assert self.room.told == []

    def switch_off(self):
        actions.switch_channel(is_on=False, by=self.lead, at=NOON)

    def remove(self):
        actions.remove_channel(by=self.lead, at=NOON)

    def test_gets_nothing_that_is_over(self):
        owe_one(self.lead, self.system)
        delivering.compose(at=NOON)
        Flag.objects.update(closed_at=NOON)
        self.deliver()
        assert self.room.told == []
        assert self.states() == ["cancelled"]

    def test_gets_nothing_once_its_person_has_left(self):
        owe_one(self.lead, self.system)
        delivering.compose(at=NOON)
        people.deactivate(person=self.lead, by=make_administrator(), at=NOON)
        self.deliver()
        assert self.room.told == []

    def test_is_tried_again_and_then_given_up_while_the_mail_goes_out(self):
        self.room.status, clock = 500, Clock()
        owe_one(self.lead, self.system)
        done = self.deliver(clock)
        assert (done.sent, done.deferred) == (1, 1)
        for _ in range(4):
            clock.forward(timedelta(hours=3))
            done = self.deliver(clock)
        assert done.failed == 1
        assert self.chats().get().last_error == "NotPosted: JSON did not take it."
        self.client.force_login(self.lead)
        self.assertContains(self.client.get(reverse("notifications:operations")), "JSON did not")

    def test_gets_what_was_deferred_once_and_none_is_lost(self):
        self.room.status, clock = 500, Clock()
        owe_one(self.lead, self.system)
        self.deliver(clock)
        self.room.status = 200
        clock.forward(timedelta(minutes=2))
        for _ in range(3):
            self.deliver(clock)
        assert len(self.room.told) == 1
        assert self.states() == ["sent"]

    def test_follows_no_redirect(self):
        self.room.status = 302
        owe_one(self.lead, self.system)
        assert self.deliver().deferred == 1
        assert self.room.told == []

    def test_is_looked_at_again_before_it_is_used(self):
        owe_one(self.lead, self.system)
        with override_settings(CHANNELS_MAY_BE_INTERNAL=False):
            assert self.deliver().failed == 1
        assert self.room.told == []


class TestWhatSomebodyChoseOfIt(Posting):
    """By topic: without a choice what is sent at once."""

    def setUp(self):
        actions.enter_channel(url=self.room.url, by=self.lead, at=NOON)

    def choose(self, **paces):
        chosen = {"person": self.lead, "paces": paces, "by": self.lead, "at": NOON}
        actions.choose_paces(**chosen, channel=preferences.Channel.CHAT)

    def owe(self, kind="unowned", *, is_urgent=False, **said):
        return owe_one(self.lead, self.system, kind=kind, is_urgent=is_urgent, **said)

    def titles(self, clock=None):
        self.deliver(clock)
        return [told["title"] for told in self.room.told]

    def test_may_be_the_mail_of_the_day_once_and_of_the_topic_alone(self):
        self.choose(missing="daily")
        self.owe(says="Name who answers")
        self.owe("mentioned", says="Ana mentioned you")
        assert self.titles() == self.titles() == ["Name who answers"]
        assert "Ana" not in self.room.told[0]["message"]

    def test_says_how_much_of_the_day_there_is_to_do(self):
        self.choose(missing="daily")
        for step in (0, 3):
            self.owe(step=step, says=f"Name {step}")
        (title,) = self.titles()
        assert title.startswith("2 things to do: Name")

    def test_may_be_off_though_it_cannot_wait_while_the_mail_goes_out(self):
        self.choose(missing="off")
        reminder = self.owe(is_urgent=True)
        assert self.titles() == []
        reminder.refresh_from_db()
        assert reminder.state == Reminder.State.SENT

    def test_counts_from_the_next_message_on_though_it_is_owed(self):
        self.owe("mentioned", is_urgent=True)
        delivering.compose(at=NOON)
        self.choose(talk="off")
        assert self.titles() == []
        assert self.states() == ["cancelled"]

    def test_is_nothing_of_what_no_mail_is_wanted_of(self):
        paces = {"talk": "off"}
        actions.choose_paces(person=self.lead, paces=paces, by=self.lead, at=NOON)
        self.choose(talk="daily")
        self.owe("mentioned")
        assert self.titles() == []

    def test_may_be_the_digest_of_the_week_in_short(self):
        make_initiative(self.lead, name="Claims", due=NOON.date() - timedelta(days=4))
        self.choose(digest="weekly")
        for hours in (0, 24):
            actions.plan_digests(at=NOON + timedelta(hours=hours))
            self.deliver()
        (told,) = self.room.told
        assert told["title"] == "Decide 1 late: the portfolio in the week of 2 Mar 2026"
        assert "· Claims (AI-" in told["message"]

    def test_is_no_digest_without_a_choice(self):
        make_initiative(self.lead, name="Claims", due=NOON.date() - timedelta(days=4))
        actions.plan_digests(at=NOON)
        assert self.titles() == []

    def test_goes_with_the_mail_that_takes_up_what_an_outage_left(self):
        self.choose(missing="daily")
        self.owe(says="Name who answers")
        delivering.compose(at=NOON)
        assert self.titles(Clock(NOON + timedelta(days=1))) == ["Name who answers"]
        assert sorted(self.states()) == ["cancelled", "sent"]

    def test_holds_no_receipts(self):
        with pytest.raises(Refused, match="no such mails"):
            self.choose(receipts="daily")
        with pytest.raises(Refused, match="choose at once or once a day or not at all"):
            self.choose(decisions="weekly")


class TestItsAddress(Posting):
    def refused(self, url, **settings):
        with override_settings(**settings), pytest.raises(Refused) as refusal:
            actions.enter_channel(url=url, by=self.lead, at=NOON)
        assert refusal.value.field == "url"
        return refusal.value.message

    def test_is_kept_sealed_and_said_nowhere(self):
        with override_settings(APPRISE_SCHEMES=["slack"]):
            actions.enter_channel(url=SLACK, by=self.lead, at=NOON)
        kept = Channel.objects.values().get()
        assert (kept["service"], kept["ending"]) == ("Slack", SLACK[-4:])
        assert "T0000000A" not in str(kept)
        assert not Event.objects.filter(payload__contains="T0000000A").exists()
        assert not Text.objects.filter(words__contains="T0000000A").exists()
        assert sealing.opened(kept["sealed"]) == SLACK
        self.client.force_login(self.lead)
        page = self.client.get(reverse("portfolio:my_settings"))
        self.assertContains(page, "Slack")
        self.assertNotContains(page, SLACK[:-4])

    def test_outlives_a_change_of_the_secret_key_where_the_former_is_kept(self):
        text = sealing.sealed(SLACK)
        with self.settings(SECRET_KEY="new", SECRET_KEY_FALLBACKS=[self.key()]):
            assert sealing.opened(text) == SLACK
        lost = self.settings(SECRET_KEY="new", SECRET_KEY_FALLBACKS=[])
        with lost, pytest.raises(sealing.Unreadable):
            sealing.opened(text)

    def key(self):
        from django.conf import settings

        return settings.SECRET_KEY

    def test_is_of_a_service_that_is_allowed(self):
        assert "not used here" in self.refused("json://example.com/hook", APPRISE_SCHEMES=["slack"])
        for url in ("mailto://a:b@example.com", "file:///etc/passwd", "nonsense", "https://a.b/c"):
            self.refused(url)

    def test_is_encrypted_and_of_a_public_host(self):
        closed = {"CHANNELS_MAY_BE_INTERNAL": False}
        assert "not encrypted" in self.refused("json://example.com/hook", **closed)
        for host in ("127.0.0.1", "localhost", "10.0.0.7", "[::1]", "169.254.169.254", "0.0.0.0"):
            self.refused(f"jsons://{host}/hook", **closed)

    def test_asks_for_the_extra_where_it_is_missing(self):
        """As where it was not installed: nothing of it can be found."""
        with pytest.MonkeyPatch.context() as without:
            without.setattr(chat, "find_spec", lambda name: None)
            assert self.refused(self.room.url) == chat.NOT_INSTALLED
            self.client.force_login(self.lead)
            page = self.client.get(reverse("portfolio:my_settings"))
            self.assertContains(page, "are not installed here")


class TestThePortfoliosChannel(Posting):
    def setUp(self):
        settings = override_settings(PORTFOLIO_CHANNEL_URL=self.room.url)
        settings.enable()
        self.addCleanup(settings.disable)

    def flag(self, at=NOON):
        trip_by_spend(self.system, at=at)
        actions.sweep(at=at)

    def told(self):
        return [told["message"] for told in self.room.told]

    def test_gets_urgent_flags_once(self):
        self.flag()
        for _ in range(3):
            self.deliver()
        (told,) = self.told()
        assert "Fraud signals (AI-" in told
        assert f"http://localhost:8000{self.system.get_absolute_url()}" in told

    def test_gets_nothing_of_what_is_not_urgent(self):
        make_initiative(self.lead, due=NOON.date() - timedelta(days=3))
        actions.sweep(at=NOON)
        Flag.objects.exclude(rule="decision_overdue").delete()
        self.deliver()
        assert self.told() == []

    def test_gets_nothing_of_a_campaign_that_has_just_begun(self):
        Initiative.objects.all().update(stage=Stage.RETIRED)
        declared = make_declared(by=self.lead, at=NOON - timedelta(days=1))
        Initiative.objects.filter(pk=declared.pk).update(counting_since=NOON)
        actions.sweep(at=NOON)
        assert Flag.objects.open().get(rule="unowned").severity == "critical"
        self.deliver()
        assert self.told() == []

    def test_never_hears_of_what_is_restricted(self):
        self.flag()
        posting.tell_the_portfolio(at=NOON)
        Initiative.objects.update(is_restricted=True)
        self.deliver()
        assert self.told() == []
        assert self.states() == ["cancelled"]
        Flag.objects.update(told_in=None)
        assert posting.tell_the_portfolio(at=NOON) == 0

    def test_gets_nothing_of_long_ago(self):
        self.flag(at=NOON - timedelta(days=2))
        Flag.objects.update(opened_at=NOON - timedelta(days=2))
        self.deliver()
        assert self.told() == []

    def test_gets_what_was_deferred(self):
        self.flag()
        self.room.status, clock = 500, Clock()
        self.deliver(clock)
        self.room.status = 200
        clock.forward(timedelta(minutes=2))
        self.deliver(clock)
        assert len(self.told()) == 1

    def test_is_silent_where_there_is_none(self):
        self.flag()
        with override_settings(PORTFOLIO_CHANNEL_URL=""):
            self.deliver()
        assert not self.chats().exists()


class TestItsDigestOfTheWeek(Posting):
    """NOON is a Monday's."""

    def setUp(self):
        settings = override_settings(PORTFOLIO_CHANNEL_URL=self.room.url)
        settings.enable()
        self.addCleanup(settings.disable)
        self.late = make_initiative(self.lead, name="Claims", due=NOON.date() - timedelta(days=4))

    def week(self, at=NOON):
        actions.plan_digests(at=at)
        actions.deliver(clock=Clock(at))
        return self.room.told

    def test_says_how_it_stands_what_is_to_be_decided_and_where_to_read_on(self):
        actions.sweep(at=NOON - timedelta(days=1))
        Flag.objects.exclude(rule="decision_overdue").delete()
        (told,) = self.week()
        assert told["title"] == "Decide 1 late: the portfolio in the week of 2 Mar 2026"
        lines = told["message"].splitlines()
        assert "1 decision late, 1 more than a week before" in lines
        assert f"· Claims ({self.late.reference}): 4 days late" in lines
        assert f"http://localhost:8000{self.late.get_absolute_url()}" in lines
        assert lines[-1] == "The dashboard: http://localhost:8000/"

    def test_comes_with_the_first_mails_of_the_week_once(self):
        assert self.week(NOON - timedelta(hours=6)) == []
        for hours in range(-5, 6 * 24, 7):
            told = self.week(NOON + timedelta(hours=hours))
        assert len(told) == 1
        assert len(self.week(NOON + timedelta(days=7))) == 2

    def test_comes_later_in_the_week_where_nothing_ran_before(self):
        assert len(self.week(NOON + timedelta(days=2))) == 1

    def test_never_tells_of_what_is_restricted_nor_counts_it(self):
        make_initiative(self.lead, name="Open one", due=NOON.date() - timedelta(days=2))
        Initiative.objects.filter(pk=self.late.pk).update(is_restricted=True)
        actions.sweep(at=NOON - timedelta(days=8))
        (told,) = self.week()
        assert told["title"].startswith("Decide 1 late")
        assert "Claims" not in told["message"]
        assert "Open one" in told["message"]

    def test_tells_no_costs(self):
        trip_by_spend(self.late)
        (told,) = [told for told in self.week() if "in the week of" in told["title"]]
        assert "EUR" not in told["message"]

    def test_names_a_few_and_says_how_many_more(self):
        for number in range(6):
            make_initiative(self.lead, name=f"More {number}", due=NOON.date())
        (told,) = self.week()
        assert told["message"].count("· ") == 5
        assert (
            "And 2 more: http://localhost:8000/initiatives/?show=due&sort=decision"
            in (told["message"])
        )

    def test_is_not_sent_where_there_is_nothing_to_say_nor_tried_again(self):
        Initiative.objects.update(counting_since=None)
        assert self.week() == self.week(NOON + timedelta(days=1)) == []
        assert self.states() == ["cancelled"]

    def test_is_tried_again_where_it_was_not_taken(self):
        self.room.status = 500
        assert self.week() == []
        self.room.status = 200
        assert len(self.week(NOON + timedelta(minutes=2))) == 1
        assert self.states() == ["sent"]

    def test_is_owed_to_nobody_where_there_is_no_channel(self):
        with override_settings(PORTFOLIO_CHANNEL_URL=""):
            self.week()
        assert not self.chats().exists()


class TestTheSettingsOfChat(Posting):
    def setUp(self):
        self.client.force_login(self.lead)

    def post(self, name, **data):
        return self.client.post(reverse(f"portfolio:{name}"), data, follow=True)

    def test_enter_switch_and_remove_it(self):
        self.assertContains(self.post("enter_channel", url=self.room.url), "from now on")
        self.assertContains(self.post("channel_off"), "Switched off")
        self.assertContains(self.post("channel_on"), "Switch it off")
        self.assertContains(self.post("remove_channel"), "is forgotten")
        self.assertContains(self.post("remove_channel"), "There is no channel any more.")

    def test_say_what_is_wrong_with_an_address(self):
        answer = self.client.post(reverse("portfolio:enter_channel"), {"url": "nonsense"})
        self.assertContains(answer, "no address of a chat", status_code=422)

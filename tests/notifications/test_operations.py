"""Whether the machinery runs: the page, the line on every page, and sending again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import TestCase
from django.urls import reverse
from django.utils import timezone

from accounts.models import Group, Person
from audit.models import Event
from audit.refusals import Refused
from notifications import actions, operations
from notifications.actions.composing import compose
from notifications.models import Message, Reminder, Sweep
from tests.notifications.conftest import Sink
from tests.notifications.scenes import (
    NOON,
    make_initiative,
    make_lead,
    make_person,
    owe_one,
    states,
)

HOUR = timedelta(hours=1)
NO_SUCH_BOX = "550 no such mailbox"


class OperationsTestCase(TestCase):
    sink: Sink

    @pytest.fixture(autouse=True)
    def real_server(self, sink: Sink):
        self.sink = sink
        cache.clear()

    @classmethod
    def setUpTestData(cls):
        cls.lead = make_lead()
        cls.administrator = make_person("Adam Ins", Group.ADMINISTRATORS)
        cls.member = make_person("Mia Member")
        cls.initiative = make_initiative(cls.lead, name="A secret plan")

    def give_up(self, person: Person) -> Message:
        """A mail to them that the server refuses for good."""
        owe_one(person, self.initiative)
        self.sink.refuse[person.email] = NO_SUCH_BOX
        assert actions.deliver(clock=lambda: NOON).failed == 1
        return Message.objects.get(recipient=person)

    def page(self, person: Person, name: str = "notifications:operations") -> str:
        self.client.force_login(person)
        response = self.client.get(reverse(name))
        assert response.status_code == 200
        return response.content.decode()


@pytest.mark.embedded
class TestRetry(OperationsTestCase):
    def test_sends_what_was_given_up_once_its_address_takes_mail_again(self):
        message = self.give_up(self.member)
        self.sink.refuse.clear()
        actions.deliver(clock=lambda: NOON + HOUR)
        assert not self.sink.to(self.member.email)
        actions.retry(message=message, by=self.administrator, at=NOON + HOUR)
        assert actions.deliver(clock=lambda: NOON + HOUR).sent == 1
        assert len(self.sink.to(self.member.email)) == 1
        assert states(Message) == {"sent": 2}  # and whoever could mend it was told

    def test_has_all_its_attempts_ahead_of_it(self):
        message = self.give_up(self.member)
        actions.retry(message=message, by=self.lead, at=NOON + HOUR)
        message.refresh_from_db()
        assert (message.state, message.attempts) == ("queued", 0)

    def test_is_in_the_log(self):
        message = self.give_up(self.member)
        actions.retry(message=message, by=self.lead, at=NOON)
        event = Event.objects.get(kind="message.retried")
        assert (event.subject, event.actor_id) == (f"message:{message.pk}", self.lead.pk)

    def test_is_for_administrators_and_leads(self):
        message = self.give_up(self.member)
        with pytest.raises(Refused) as refused:
            actions.retry(message=message, by=self.member, at=NOON)
        assert refused.value.rule == "may_not_operate"
        assert states(Message) == {"failed": 1}

    def test_refuses_what_waits_already(self):
        owe_one(self.member, self.initiative)
        compose(at=NOON)
        with pytest.raises(Refused) as refused:
            actions.retry(message=Message.objects.get(), by=self.lead, at=NOON)
        assert refused.value.rule == "not_failed"

    def test_is_a_button_of_the_page(self):
        message = self.give_up(self.member)
        self.client.force_login(self.administrator)
        address = reverse("notifications:retry", args=[message.pk])
        page = self.client.post(address, follow=True).content.decode()
        assert "Queued. It goes out within a minute" in page
        assert states(Message) == {"queued": 1}
        assert "or was sent." in self.client.post(address, follow=True).content.decode()
        self.client.force_login(self.member)
        assert self.client.post(address).status_code == 403


@pytest.mark.embedded
class TestRefused(OperationsTestCase):
    """Who hears that a mail could not be delivered."""

    def told(self) -> list[tuple[str, str]]:
        told = Reminder.objects.filter(kind="mail_refused").order_by("due_date", "recipient")
        return list(told.values_list("recipient__name", "says"))

    def test_are_the_administrators_with_the_mail_of_the_day(self):
        self.give_up(self.member)
        assert self.told() == [("Adam Ins", "Mend an address: one mail could not be delivered")]
        assert actions.deliver(clock=lambda: NOON + HOUR).sent == 1
        (got,) = self.sink.to(self.administrator.email)
        body = got.get_body(("plain",)).get_content()
        assert f"· Mia Member: {NO_SUCH_BOX}" in body
        assert "secret" not in body

    def test_are_the_leads_where_there_is_no_administrator_to_be_reached(self):
        self.give_up(self.administrator)
        assert [name for name, _ in self.told()] == ["Lea Lead"]

    def test_is_nobody_once_it_was_sent_again(self):
        message = self.give_up(self.member)
        actions.retry(message=message, by=self.administrator, at=NOON)
        self.sink.refuse.clear()
        actions.deliver(clock=lambda: NOON + HOUR)
        assert [to for to, _ in self.sink.mails] == [self.member.email]

    def test_are_told_anew_of_what_fails_on_another_day(self):
        self.give_up(self.member)
        owe_one(self.member, self.initiative, step=1)
        actions.deliver(clock=lambda: NOON + 24 * HOUR)
        says = "Mend an address: 2 mails could not be delivered"
        assert self.told()[-1] == ("Adam Ins", says)
        assert len(self.told()) == 2


@pytest.mark.embedded
class TestPage(OperationsTestCase):
    def test_is_for_administrators_and_leads(self):
        self.client.force_login(self.member)
        assert self.client.get(reverse("notifications:operations")).status_code == 403
        for person in (self.lead, self.administrator):
            assert "Operations" in self.page(person)

    def test_counts_what_waits(self):
        self.give_up(self.member)
        owe_one(self.lead, self.initiative)
        compose(at=NOON)
        owe_one(self.administrator, self.initiative)
        queue = operations.queue()
        assert (queue.reminders, queue.mails, queue.deferred, queue.failed) == (1, 2, 0, 1)
        assert queue.oldest == NOON

    def test_says_what_the_server_said_and_not_what_the_mail_does(self):
        self.give_up(self.member)
        page = self.page(self.administrator)
        assert self.member.email in page
        assert NO_SUCH_BOX in page
        assert "secret" not in page

    def test_says_how_long_each_rule_took_the_slowest_first(self):
        actions.sweep(at=NOON)
        parts = operations.slowest_first(Sweep.objects.get())
        assert [seconds for _, seconds in parts] == sorted((s for _, s in parts), reverse=True)
        assert {"Unowned", "Reminders"} <= {name for name, _ in parts}
        assert "Unowned" in self.page(self.lead)

    def test_says_what_to_do_before_the_first_sweep(self):
        assert "Nothing has been checked yet." in self.page(self.lead)


@pytest.mark.embedded
class TestStandingStill(OperationsTestCase):
    LINE = "Nothing has been checked since"

    def sweep(self, ago: timedelta) -> None:
        actions.sweep(at=NOON)
        Sweep.objects.update(finished_at=timezone.now() - ago)
        cache.clear()

    def test_is_said_on_every_page_to_those_who_can_do_something_about_it(self):
        self.sweep(operations.OLDEST_SWEEP + timedelta(seconds=30))
        for person in (self.lead, self.administrator):
            assert self.LINE in self.page(person, "notifications:attention")
        assert self.LINE not in self.page(self.member, "notifications:attention")

    def test_is_not_said_before_three_sweeps_were_missed(self):
        self.sweep(operations.OLDEST_SWEEP - timedelta(seconds=30))
        assert self.LINE not in self.page(self.lead, "notifications:attention")

    def test_is_not_said_of_what_has_never_swept(self):
        assert self.LINE not in self.page(self.lead, "notifications:attention")

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.test import TestCase, TransactionTestCase
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts import actions as people
from accounts.models import Group
from initiatives import actions as initiatives
from initiatives.models import Initiative
from initiatives.stages import Stage
from notifications import actions, mail
from notifications.actions import Delivered
from notifications.actions.composing import compose
from notifications.models import Flag, Message, Reminder
from notifications.rules.words import called
from reviews import actions as reviews
from tests.notifications.conftest import Sink
from tests.notifications.scenes import (
    NOON,
    TODAY,
    make_initiative,
    make_lead,
    make_person,
    owe_one,
    states,
)

MINUTE = timedelta(minutes=1)
ELSEWHERE = "00000000-0000-4000-8000-000000000000"  # the token of another sender


def deadlock(execute, sql, params, many, context):
    """What the database may say to whoever marks reminders as sent."""
    if sql.startswith('UPDATE "notifications_reminder"') and "sent" in params:
        raise OperationalError("deadlock detected")
    return execute(sql, params, many, context)


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, now=NOON):
        self.now = now

    def __call__(self):
        return self.now

    def forward(self, passed):
        self.now += passed


class DeliverTestCase(TestCase):
    sink: Sink

    @pytest.fixture(autouse=True)
    def real_server(self, sink):
        self.sink = sink

    @classmethod
    def setUpTestData(cls):
        cls.lead = make_lead()
        cls.other = make_person("Olga Other", Group.LEADS)
        cls.initiative = make_initiative(cls.lead)

    def setUp(self):
        self.clock = Clock()

    def deliver(self):
        return actions.deliver(clock=self.clock)


@pytest.mark.embedded
class TestDeliver(DeliverTestCase):
    def test_sends_and_says_so(self):
        reminder = owe_one(self.lead, self.initiative)
        assert self.deliver() == Delivered(sent=1)
        (got,) = self.sink.to("lea.lead@example.com")
        reminder.refresh_from_db()
        assert reminder.state == "sent"
        assert reminder.message is not None
        assert reminder.message.sent_at == NOON
        assert reminder.message.subject == got["Subject"]
        assert got["Subject"] == f"Name who answers for {self.initiative}"

    def test_sends_nothing_the_second_time(self):
        owe_one(self.lead, self.initiative)
        owe_one(self.other, self.initiative, is_urgent=False)
        assert self.deliver() == Delivered(sent=2)
        assert self.deliver() == Delivered()
        assert len(self.sink.mails) == 2

    def test_groups_what_is_urgent_now_and_what_can_wait_by_day(self):
        for step in range(3):
            owe_one(self.lead, self.initiative, step=step)
            owe_one(self.lead, self.initiative, step=10 + step, is_urgent=False)
        assert self.deliver() == Delivered(sent=2)
        owe_one(self.lead, self.initiative, step=20)
        owe_one(self.lead, self.initiative, step=21, is_urgent=False)
        assert self.deliver() == Delivered(sent=1)
        assert len(self.sink.mails) == 3
        self.clock.forward(timedelta(hours=19))  # seven in the morning
        assert self.deliver() == Delivered(sent=1)
        assert states(Reminder) == {"sent": 8}

    def test_identifies_itself_the_same_way_each_time(self):
        owe_one(self.lead, self.initiative)
        self.deliver()
        (got,) = self.sink.to("lea.lead@example.com")
        assert got["Message-ID"] == f"<message-{Message.objects.get().pk}@localhost>"
        assert got["Auto-Submitted"] == "auto-generated"

    def test_sends_first_what_cannot_wait(self):
        for n in range(60):
            owe_one(make_person(f"Person {n}"), self.initiative, is_urgent=False)
        self.clock.forward(timedelta(hours=19))  # seven in the morning
        compose(at=self.clock.now)
        owe_one(self.lead, self.initiative)
        assert self.deliver().sent == 61
        assert self.sink.mails[0][0] == self.lead.email

    def test_uses_one_connection_for_many(self):
        for n in range(60):
            owe_one(make_person(f"Person {n}", Group.LEADS), self.initiative)
        assert self.deliver() == Delivered(sent=60)
        assert self.sink.connections == 2  # of fifty, and of ten

    def test_needs_one_statement_for_one_more_mail(self):
        """To say that what it told was sent; all else is asked and said of many."""
        self.statements(1)  # the first time makes the row that lets one process compose
        assert self.statements(20) - self.statements(10) == 10

    def statements(self, mails):
        for n in range(mails):
            owe_one(make_person(f"Person {mails} {n}", Group.LEADS), self.initiative)
        with CaptureQueriesContext(connection) as asked:
            assert self.deliver() == Delivered(sent=mails)
        return sum("SAVEPOINT" not in query["sql"] for query in asked)


class TestRefusals(DeliverTestCase):
    def test_one_bad_address_delays_nobody(self):
        self.sink.refuse["olga.other@example.com"] = "550 No such person here"
        third = make_person("Tom Third", Group.LEADS)
        for person in (self.lead, self.other, third):
            owe_one(person, self.initiative)
        assert self.deliver() == Delivered(sent=2, failed=1)
        failed = Message.objects.get(recipient=self.other)
        assert failed.state == "failed"
        assert failed.last_error == "550 No such person here"
        assert failed.attempts == 1
        assert self.deliver() == Delivered(sent=2)  # and who can mend it hears of it
        assert not self.sink.to(self.other.email)

    def test_tries_again_after_1_5_30_and_120_minutes_and_then_fails(self):
        self.sink.refuse["lea.lead@example.com"] = "451 Try again later"
        owe_one(self.lead, self.initiative)
        for minutes in (1, 5, 30, 120):
            assert self.deliver() == Delivered(deferred=1)
            self.clock.forward(minutes * MINUTE - timedelta(seconds=1))
            assert self.deliver() == Delivered()
            self.clock.forward(timedelta(seconds=1))
        assert self.deliver() == Delivered(failed=1)

    def test_sends_when_the_server_has_come_to_terms(self):
        self.sink.refuse["lea.lead@example.com"] = "451 Greylisted"
        owe_one(self.lead, self.initiative)
        assert self.deliver() == Delivered(deferred=1)
        assert Message.objects.get().last_error == "451 Greylisted"
        del self.sink.refuse["lea.lead@example.com"]
        self.clock.forward(MINUTE)
        assert self.deliver() == Delivered(sent=1)

    def test_an_outage_however_long_loses_nothing(self):
        owe_one(self.lead, self.initiative)
        owe_one(self.other, self.initiative)
        with self.settings(EMAIL_PORT=1):
            for _ in range(8):
                assert self.deliver() == Delivered(deferred=2)
                self.clock.forward(120 * MINUTE)
        assert "refused" in Message.objects.first().last_error.lower()
        assert self.deliver() == Delivered(sent=2)

    def test_a_server_that_hangs_up_in_the_middle_delays_one_message_only(self):
        self.sink.refuse["lea.lead@example.com"] = "421 Closing"
        owe_one(self.lead, self.initiative)
        owe_one(self.other, self.initiative)
        assert self.deliver() == Delivered(sent=1, deferred=1)

    def test_a_message_that_cannot_be_written_delays_nobody(self):
        owe_one(self.lead, self.initiative)
        owe_one(self.other, self.initiative)
        type(self.lead).objects.filter(pk=self.lead.pk).update(email="no\naddress")
        with self.assertLogs("notifications", "ERROR"):
            assert self.deliver() == Delivered(sent=1, deferred=1)


class TestStillDue(DeliverTestCase):
    def test_does_not_tell_of_a_flag_that_has_closed(self):
        owe_one(self.lead, self.initiative)
        Flag.objects.update(closed_at=NOON)
        assert self.deliver() == Delivered(cancelled=1)
        assert states(Reminder) == {"cancelled": 1}

    def test_does_not_write_to_somebody_who_has_left(self):
        owe_one(self.other, self.initiative)
        people.deactivate(person=self.other, by=None, at=NOON)
        assert self.deliver() == Delivered(cancelled=1)
        assert not self.sink.mails

    def test_does_not_tell_of_what_its_reader_may_not_see(self):
        stranger = make_person("Stan Stranger")
        Initiative.objects.update(is_restricted=True)
        owe_one(stranger, self.initiative)
        owe_one(self.lead, self.initiative)
        assert self.deliver() == Delivered(sent=1, cancelled=1)

    def test_leaves_out_of_a_mail_what_is_no_longer_due(self):
        other = make_initiative(self.lead, name="Old one")
        owe_one(self.lead, self.initiative)
        owe_one(self.lead, other)
        Flag.objects.filter(initiative=other).update(closed_at=NOON)
        assert self.deliver() == Delivered(sent=1)
        assert "Old one" not in self.sink.mails[0][1].get_body(("plain",)).get_content()

    def test_does_not_ask_for_a_signature_that_was_given_or_a_review_that_closed(self):
        own = make_initiative(self.lead, stage=Stage.PROPOSAL, sponsor=self.other)
        review = reviews.request_review(initiative=own, by=self.lead, at=NOON)
        actions.hear(at=NOON)
        type(review).objects.update(closed_at=NOON)
        assert self.deliver() == Delivered(cancelled=1)

    def test_asks_for_a_signature_that_is_still_wanted(self):
        own = make_initiative(self.lead, stage=Stage.PROPOSAL, sponsor=self.other)
        reviews.request_review(initiative=own, by=self.lead, at=NOON)
        actions.hear(at=NOON)
        assert self.deliver() == Delivered(sent=1)
        (got,) = self.sink.to(self.other.email)
        assert got["Subject"] == f"Sign by Mon 9 Mar: {called(own)}, charter"

    def test_does_not_ask_for_an_answer_that_was_given(self):
        ownership = initiatives.ask(
            initiative=self.initiative, role="sponsor", person=self.other, by=None, at=NOON
        )
        actions.hear(at=NOON)
        initiatives.accept(ownership=ownership, by=self.other, at=NOON)
        assert self.deliver() == Delivered(cancelled=1)

    def test_a_kind_that_nobody_knows_how_to_check_is_not_sent(self):
        owe_one(self.lead, self.initiative, kind="from_a_newer_version")
        with pytest.raises(KeyError):
            self.deliver()
        assert not self.sink.mails


class TestLease(DeliverTestCase):
    def test_is_respected_until_it_ends(self):
        owe_one(self.lead, self.initiative)
        compose(at=NOON)
        Message.objects.update(token=ELSEWHERE, lease_until=NOON + 2 * MINUTE)
        assert self.deliver() == Delivered()
        self.clock.forward(2 * MINUTE)
        assert self.deliver() == Delivered(sent=1)

    def test_is_renewed_when_half_a_minute_is_over_and_lost_mails_are_left_to_who_has_them(self):
        """The third of three mails is taken over while the second is on its way."""
        people = [make_person(f"Person {n}", Group.LEADS) for n in range(3)]
        for person in people:
            owe_one(person, self.initiative)

        def clock():
            if len(self.sink.mails) == 2:
                Message.objects.filter(recipient=people[2]).update(token=ELSEWHERE)
            return NOON + len(self.sink.mails) * timedelta(seconds=20)

        assert actions.deliver(clock=clock) == Delivered(sent=2)
        assert [to for to, _ in self.sink.mails] == [person.email for person in people[:2]]
        assert states(Message) == {"sent": 2, "queued": 1}

    def test_of_who_was_killed_before_they_marked_messages_sends_nothing_again(self):
        owe_one(self.lead, self.initiative)
        compose(at=NOON)
        Reminder.objects.update(state="sent")  # at once after the mail; then it was over
        Message.objects.update(token=ELSEWHERE, lease_until=NOON + 2 * MINUTE)
        self.clock.forward(2 * MINUTE)
        assert self.deliver() == Delivered()
        assert not self.sink.mails
        assert states(Message) == {"sent": 1}
        assert Message.objects.get().subject == f"Name who answers for {self.initiative}"

    def test_a_slice_that_is_used_up_leaves_the_rest_to_the_next(self):
        for n in range(3):
            owe_one(make_person(f"Person {n}", Group.LEADS), self.initiative)
        ticking = iter(NOON + n * timedelta(seconds=1) for n in range(1000))
        first = actions.deliver(clock=lambda: next(ticking), slice_=timedelta(seconds=8))
        assert 0 < first.sent < 3
        assert not Message.objects.filter(lease_until__isnull=False).exists()
        self.clock.forward(MINUTE)
        assert self.deliver() == Delivered(sent=3 - first.sent)


class TestMark(TransactionTestCase):
    sink: Sink

    @pytest.fixture(autouse=True)
    def real_server(self, sink):
        self.sink = sink

    def test_that_fails_costs_a_copy_and_loses_nothing(self):
        lead = make_lead()
        owe_one(lead, make_initiative(lead))
        with connection.execute_wrapper(deadlock), pytest.raises(OperationalError):
            actions.deliver(clock=Clock())
        assert (states(Message), states(Reminder)) == ({"queued": 1}, {"owed": 1})
        assert actions.deliver(clock=Clock()) == Delivered(sent=1)
        assert [to for to, _ in self.sink.mails] == [lead.email] * 2
        assert states(Reminder) == {"sent": 1}


class TestConstraints(DeliverTestCase):
    def test_a_reminder_is_owed_once(self):
        owe_one(self.lead, self.initiative)
        with pytest.raises(IntegrityError), transaction.atomic():
            owe_one(self.lead, self.initiative)

    def test_a_person_gets_one_mail_a_day_of_what_can_wait(self):
        row = {
            "recipient": self.lead,
            "is_urgent": False,
            "day": TODAY,
            "created_at": NOON,
            "next_attempt_at": NOON,
        }
        Message.objects.create(**row)
        with pytest.raises(IntegrityError), transaction.atomic():
            Message.objects.create(**row)


class TestMail(DeliverTestCase):
    def body(self, kind):
        (got,) = self.sink.to(self.lead.email)
        return got.get_body((kind,)).get_content()

    def test_says_what_why_until_when_and_where(self):
        owe_one(self.lead, self.initiative)
        self.deliver()
        for kind in ("plain", "html"):
            body = self.body(kind)
            for words in (
                "Lea Lead",
                f"Name who answers for {self.initiative}",
                "Nobody owns it.",
                "You are a portfolio lead.",
                f"http://localhost:8000/initiatives/{self.initiative.pk}/",
                "Why did I get this?",
            ):
                assert words in body, (kind, words)

    def test_says_until_when_or_since_when(self):
        for days, words in ((2, "in 2 days"), (0, "today"), (-1, "1 day ago")):
            reminder = owe_one(self.lead, self.initiative, kind="decision_date", step=days)
            reminder.due_date = TODAY + timedelta(days=days)
            message = Message(pk=1, recipient=self.lead, is_urgent=True)
            body = str(mail.written(message, [reminder], {}, TODAY).body)
            assert ("Was due" if days < 0 else "Until") in body
            assert words in body

    def test_says_how_many_things_wait(self):
        for step in range(3):
            owe_one(self.lead, self.initiative, step=step, says=f"Name who answers for {step}")
        self.deliver()
        ((_, got),) = self.sink.mails
        assert got["Subject"].strip().startswith("3 things wait for you: Name who answers")
        assert "3 things wait for you" in self.body("plain")

    def test_puts_what_is_only_to_be_kept_last_and_does_not_count_it(self):
        owe_one(self.lead, self.initiative, kind="sign_off_receipt")
        for step in range(2):
            owe_one(self.lead, self.initiative, step=step, says=f"Name who answers for {step}")
        self.deliver()
        ((_, got),) = self.sink.mails
        assert got["Subject"].strip().startswith("2 things wait for you: Name who answers")
        body = " ".join(self.body("plain").split())
        assert "2 things wait for you, and 1 more is for your records." in body

    def test_puts_news_after_what_asks_and_does_not_count_it(self):
        owe_one(self.lead, self.initiative, kind="sign_off_receipt")
        owe_one(self.lead, self.initiative, kind="mentioned", says="Ana mentioned you")
        owe_one(self.lead, self.initiative, says="Name who answers")
        self.deliver()
        ((_, got),) = self.sink.mails
        assert got["Subject"].strip() == "Name who answers …"
        body = " ".join(self.body("plain").split())
        assert "one thing waits for you, and 1 more is to be read, and 1 more is for your" in body
        assert body.index("2. Ana mentioned you") < body.index("3. Name who answers for")

    def test_says_of_each_kind_why_it_came(self):
        said = {}
        for kind in (*mail.BECAUSE, "unowned", "ownership_silent"):
            reminder = owe_one(self.lead, self.initiative, kind=kind)
            message = Message(pk=1, recipient=self.lead, is_urgent=True)
            body = str(mail.written(message, [reminder], {}, TODAY).body)
            said[kind] = " ".join(body.partition("Why did I get this?")[2].split())
        for kind, because in mail.BECAUSE.items():
            assert said[kind].startswith(f"In Gatehouse at Our organisation {because}."), kind
            assert mail.ACTS not in said[kind]
        for kind in ("unowned", "ownership_silent"):
            assert said[kind].startswith(f"In Gatehouse at Our organisation {mail.ACTS}."), kind

    def test_says_that_a_receipt_asks_for_nothing(self):
        last_week = NOON - timedelta(days=3)
        owe_one(
            self.lead,
            self.initiative,
            kind="sign_off_receipt",
            is_urgent=False,
            planned_at=last_week,
        )
        self.deliver()
        body = " ".join(self.body("plain").split())
        assert "nothing waits for you; this is for your records." in body
        assert "In Gatehouse at Our organisation you have signed." in body
        assert "could not wait" not in body

    def test_lists_what_is_too_much_to_tell_in_full(self):
        for step in range(23):
            owe_one(self.lead, self.initiative, step=step, says=f"Name who answers for {step}")
        self.deliver()
        assert "And 3 more:" in self.body("plain")
        assert self.body("plain").count(f"/initiatives/{self.initiative.pk}/") == 23

    def test_escapes_what_people_wrote(self):
        owe_one(self.lead, self.initiative, detail="<script>alert(1)</script> & so on")
        self.deliver()
        assert "<script>" not in self.body("html")
        assert "<script>alert(1)</script> & so on" in self.body("plain")

    def test_keeps_a_subject_on_one_line_and_short(self):
        owe_one(self.lead, self.initiative, says="Sign\r\nBcc: all@example.com " + "x" * 400)
        self.deliver()
        ((_, got),) = self.sink.mails
        assert got["Bcc"] is None
        assert len(got["Subject"].strip()) == 150

    def test_tells_whom_it_invites_how_to_get_in(self):
        owe_one(self.lead, self.initiative)
        self.deliver()
        way_in = f"http://localhost:8000{reverse('account_reset_password')}"
        assert f"First time here? Set your password:\r\n{way_in}\r\n" in self.body("plain")
        assert f'href="{way_in}"' in self.body("html")

    def test_does_not_tell_who_has_a_password(self):
        self.lead.set_password("correct horse battery")
        self.lead.save()
        owe_one(self.lead, self.initiative)
        self.deliver()
        for kind in ("plain", "html"):
            assert "First time here?" not in self.body(kind)

    def test_uses_none_of_the_words_of_the_code(self):
        owe_one(self.lead, self.initiative)
        self.deliver()
        for word in ("digest", "slot", "sweep", "snapshot"):
            assert word not in self.body("plain").lower()
            assert word not in self.body("html").lower()


class TestNow(DeliverTestCase):
    def test_takes_the_real_clock_unless_told_otherwise(self):
        owe_one(self.lead, self.initiative)
        actions.deliver()
        sent_at = Message.objects.get().sent_at
        assert sent_at is not None
        assert timezone.now() - sent_at < MINUTE

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.core import mail
from django.test import TestCase
from django.urls import reverse

from accounts import actions as people
from accounts.authentication import Authentication
from accounts.models import Group, Person
from audit import queries as audit
from audit.actions import append
from initiatives import actions as initiatives
from initiatives.models import Initiative, Obligation
from initiatives.stages import Stage
from notifications import actions
from notifications.models import Flag, Message, Reminder
from notifications.rules.words import called
from reviews import actions as reviews
from reviews.actions import Condition
from reviews.models import Review, SignOff, Slot
from tests.notifications.scenes import (
    NOON,
    TODAY,
    make_initiative,
    make_lead,
    make_person,
    open_rules,
    owed,
)

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
DUE = TODAY + 7 * DAY


class TellingTestCase(TestCase):
    """A charter under review, which its sponsor approves if its owner does something."""

    @classmethod
    def setUpTestData(cls):
        cls.lead = make_lead()
        cls.sponsor = make_person("Sam Sponsor")
        cls.owner = make_person("Olga Owner")
        cls.compliance = make_person("Carla Compliance", Group.COMPLIANCE)
        cls.initiative = make_initiative(
            cls.lead, stage=Stage.PROPOSAL, sponsor=cls.sponsor, business_owner=cls.owner
        )
        cls.review = reviews.request_review(initiative=cls.initiative, by=cls.lead, at=NOON)
        actions.hear(at=NOON)
        Reminder.objects.all().delete()  # what setting the scene had made owed

    def slot(self) -> Slot:
        return Slot.objects.select_related("review").get(review=self.review, role="sponsor")

    def sign(self, at=NOON, conditions=()) -> SignOff:
        verdicts = SignOff.Verdict
        reviews.sign(
            slot=self.slot(),
            verdict=verdicts.CONDITIONAL if conditions else verdicts.APPROVE,
            digest=Review.objects.get(pk=self.review.pk).snapshot_id,
            authentication=Authentication("password", at),
            by=self.sponsor,
            at=at,
            conditions=conditions,
        )
        return SignOff.objects.latest("pk")

    def approve_if(self) -> Obligation:
        self.sign(conditions=[Condition("The off-switch was tried.", self.owner, DUE)])
        return Obligation.objects.get()

    def heard(self, kind: str, at=NOON) -> Reminder:
        actions.hear(at=at)
        return Reminder.objects.get(kind=kind)


@pytest.mark.embedded
class TestReceipt(TellingTestCase):
    def test_carries_fingerprint_and_position(self):
        signed = self.sign()
        receipt = self.heard("sign_off_receipt")
        position = audit.head()
        assert receipt.recipient == self.sponsor
        assert receipt.says == f"Receipt: {called(self.initiative)}, charter review"
        lines = receipt.detail.splitlines()
        assert {signed.snapshot_id, position.hash} < set(lines), "each by itself, to be copied"
        assert f"position {position.seq} of the audit log" in receipt.detail
        assert receipt.path == f"/reviews/receipts/{signed.pk}/"

    def sent(self, at):
        actions.deliver(clock=lambda: at)
        return [m.subject for m in mail.outbox if m.to == [self.sponsor.email]]

    def test_goes_with_the_next_mail_of_the_day(self):
        self.sign(at=NOON - 7 * HOUR)
        actions.hear(at=NOON - 7 * HOUR)
        assert self.sent(NOON - 6 * HOUR) == []
        (subject,) = self.sent(NOON)
        assert "Receipt" in subject

    def test_comes_at_once_to_those_who_chose_so(self):
        actions.choose_paces(
            person=self.sponsor, paces={"receipts": "at_once"}, by=self.sponsor, at=NOON
        )
        actions.deliver(clock=lambda: NOON)
        Message.objects.create(
            recipient=self.sponsor, is_urgent=False, day=TODAY, created_at=NOON,
            next_attempt_at=NOON, state="sent", sent_at=NOON,
        )  # fmt: skip
        self.sign()
        actions.hear(at=NOON)
        (subject,) = self.sent(NOON)
        assert "Receipt" in subject

    def test_is_no_news_after_a_week(self):
        self.sign()
        actions.hear(at=NOON + 8 * DAY)
        assert not Reminder.objects.filter(kind="sign_off_receipt").exists()


class TestConditions(TellingTestCase):
    def test_tell_whoever_is_to_see_to_it(self):
        owed_one = self.approve_if()
        told = self.heard("obligation_owed")
        assert told.recipient == self.owner
        assert told.says == f"See to it by 9 Mar 2026: {called(self.initiative)}"
        assert (told.detail, told.is_urgent) == ("The off-switch was tried.", False)
        assert told.path == f"/initiatives/obligations/{owed_one.pk}/confirm/"
        assert told.why == "Sam Sponsor approved under this condition, and gave it to you."

    def test_are_told_apart_from_what_stopping_leaves_by_what_that_is(self):
        for kind in ("access", "deletion", "spend"):
            _, entry = initiatives.owe(
                self.initiative, kind=kind, what="As agreed.", assignee=self.owner, due_date=DUE,
                by=self.lead, at=NOON,
            )  # fmt: skip
            append([entry], at=NOON)
        actions.hear(at=NOON)
        told = Reminder.objects.filter(kind="obligation_owed").order_by("says")
        it = called(self.initiative)
        assert [reminder.says for reminder in told] == [
            f"Confirm by 9 Mar 2026 that access is revoked: {it}",
            f"Confirm by 9 Mar 2026 that its data is deleted or kept: {it}",
            f"Confirm by 9 Mar 2026 that spend has stopped: {it}",
        ]
        assert {reminder.why for reminder in told} == {"Lea Lead gave it to you."}

    def test_say_so_where_one_gave_it_to_oneself(self):
        self.owner = self.sponsor
        self.approve_if()
        assert self.heard("obligation_owed").why == "You took it on."

    def test_ask_the_signer_again_when_they_are_missed(self):
        self.approve_if()
        actions.hear(at=NOON)
        late = NOON + 8 * DAY
        actions.sweep(at=late)
        asked = self.heard("sign_off_lapsed", late)
        assert (asked.recipient, asked.is_urgent) == (self.sponsor, True)
        assert "The off-switch was tried." in asked.detail

    def test_are_not_sent_once_they_are_done(self):
        owed_one = self.approve_if()
        actions.hear(at=NOON)
        initiatives.confirm_obligation(obligation=owed_one, by=self.owner, at=NOON)
        actions.deliver(clock=lambda: NOON)
        assert mail.outbox == []  # and the receipt waits for a mail that asks for something


class TestOverdue(TellingTestCase):
    """The flag about what somebody did not see to in time, and who hears of it."""

    def sweep(self, days: int) -> list[str]:
        actions.sweep(at=NOON + days * DAY)
        return [
            r
            for r in open_rules(self.initiative)
            if r in ("condition_overdue", "obligation_unconfirmed")
        ]

    def test_is_open_from_the_day_after(self):
        self.approve_if()
        assert self.sweep(7) == []
        assert self.sweep(8) == ["condition_overdue"]
        flag = Flag.objects.get(rule="condition_overdue")
        assert flag.says == (
            "A condition of an approval was not met by 9 Mar 2026: The off-switch was tried."
        )
        assert (flag.acts, flag.due_date) == ("Olga Owner", DUE)

    def test_is_closed_once_it_is_confirmed(self):
        owed_one = self.approve_if()
        self.sweep(8)
        initiatives.confirm_obligation(obligation=owed_one, by=self.owner, at=NOON + 8 * DAY)
        assert self.sweep(8) == []

    def test_is_closed_once_the_approval_is_given_anew(self):
        self.approve_if()
        self.sweep(8)
        self.sign(at=NOON + 8 * DAY)
        assert self.sweep(8) == []

    def test_reminds_the_assignee_then_the_sponsor_then_the_leads(self):
        self.approve_if()
        told = {days: self.told(days) for days in (8, 10, 14)}
        assert told == {
            8: ["Olga Owner"],
            10: ["Olga Owner", "Sam Sponsor"],
            14: ["Lea Lead", "Olga Owner"],
        }

    def test_asks_to_confirm_it_whoever_may(self):
        """The sponsor reads whom to ask, and is not asked to confirm what was given to another."""
        obligation = self.approve_if()
        self.told(8)  # the assignee heard, and nobody else has to yet
        self.told(10)
        Reminder.objects.exclude(kind="obligation").delete()
        actions.deliver(clock=lambda: NOON + 10 * DAY)
        confirm = reverse("initiatives:confirm_obligation", args=[obligation.pk])
        page = f"{self.initiative.get_absolute_url()}#obligations"
        for person, says, action, path in (
            (self.owner, "Confirm that it is done: ", "Confirm it:", confirm),
            (self.sponsor, "See that it is done: ", "See what is open:", page),
        ):
            (written,) = [m for m in mail.outbox if m.to == [person.email]]
            assert written.subject.startswith(says)
            assert f"{action}\n{settings.BASE_URL}{path}" in written.body
        assert "Also asked: Olga Owner." in written.body

    def told(self, days: int) -> list[str]:
        actions.sweep(at=NOON + days * DAY)
        return sorted(name for _, _, name in owed(kind="obligation"))

    def test_says_so_of_what_stopping_left(self):
        initiatives.owe(
            self.initiative, kind="access", what="Every key is revoked.", assignee=self.owner,
            due_date=DUE, by=self.lead, at=NOON,
        )  # fmt: skip
        assert self.sweep(8) == ["obligation_unconfirmed"]

    def test_reaches_whoever_holds_no_role_on_what_is_restricted(self):
        self.initiative.ownerships.update(ended_at=NOON)
        Initiative.objects.update(is_restricted=True)
        initiatives.owe(
            self.initiative, kind="access", what="Every key is revoked.", assignee=self.owner,
            due_date=DUE, by=self.lead, at=NOON,
        )  # fmt: skip
        self.sweep(8)
        actions.deliver(clock=lambda: NOON + 8 * DAY)
        sent = Reminder.objects.filter(kind="obligation", recipient=self.owner)
        assert [reminder.state for reminder in sent] == [Reminder.State.SENT]

    def test_tells_the_sponsor_in_the_place_of_whoever_has_left(self):
        self.approve_if()
        people.deactivate(person=self.owner, by=None, at=NOON)
        assert self.told(8) == ["Sam Sponsor"]

    def test_tells_the_leads_where_there_is_no_sponsor_either(self):
        self.approve_if()
        for person in (self.owner, self.sponsor):
            people.deactivate(person=person, by=None, at=NOON)
        assert self.told(8) == ["Lea Lead"]


class TestQuestions(TellingTestCase):
    def ask(self, text: str = "Which data leaves?", **more):
        said = {"asked_of": self.owner, "by": self.compliance} | more
        return reviews.ask(review=self.review, text=text, at=NOON, **said)

    def test_go_at_once_to_whoever_is_asked(self):
        self.ask()
        told = self.heard("question_asked")
        assert (told.recipient, told.is_urgent) == (self.owner, True)
        assert told.says == f"Answer Carla Compliance: {called(self.initiative)}, charter review"
        assert told.detail == "Which data leaves?"

    def test_come_back_to_whoever_asked(self):
        asked = self.ask()
        reviews.answer_question(question=asked, answer="None.", by=self.owner, at=NOON)
        told = self.heard("question_answered")
        assert (told.recipient, told.detail) == (self.compliance, "None.")

    def test_are_told_to_those_mentioned_who_may_see_it(self):
        self.ask("Does @Sam Sponsor know? And @Olga Owner?")
        assert self.heard("mentioned").recipient == self.sponsor

    def test_tell_whoever_is_mentioned_in_the_question_and_in_its_answer_of_both(self):
        asked = self.ask("Does @Sam Sponsor know?")
        actions.hear(at=NOON)
        reviews.answer_question(
            question=asked, answer="@Sam Sponsor does.", by=self.owner, at=NOON
        )  # fmt: skip
        actions.hear(at=NOON)
        told = Reminder.objects.filter(kind="mentioned", recipient=self.sponsor).order_by("pk")
        assert [r.detail for r in told] == ["Does @Sam Sponsor know?", "@Sam Sponsor does."]

    def test_are_not_sent_once_they_are_answered(self):
        asked = self.ask()
        actions.hear(at=NOON)
        reviews.answer_question(question=asked, answer="None.", by=self.owner, at=NOON)
        actions.deliver(clock=lambda: NOON)
        assert not [m for m in mail.outbox if m.to == [self.owner.email]]


class TestStandingIn(TellingTestCase):
    def other(self) -> Person:
        return make_person("Dana Deputy")

    def test_asks_whoever_it_was_handed_on_to(self):
        reviews.hand_on(
            slot=self.slot(), person=self.other(), reason="Away.", until_date=DUE,
            by=self.sponsor, at=NOON,
        )  # fmt: skip
        asked = self.heard_by("Dana Deputy")
        assert asked.why == (
            "Your signature is asked for: Sponsor (in the place of Sam Sponsor until 9 Mar 2026)."
        )

    def test_asks_a_deputy_about_what_is_open_already(self):
        people.name_deputy(
            person=self.sponsor, deputy=self.other(), until=None, by=self.sponsor, at=NOON
        )
        assert self.heard_by("Dana Deputy").kind == "sign_off_asked"

    def heard_by(self, name: str) -> Reminder:
        actions.hear(at=NOON)
        return Reminder.objects.get(recipient__name=name)

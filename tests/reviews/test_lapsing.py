from __future__ import annotations

from datetime import date, datetime

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.db import IntegrityError, connection, transaction
from django.test import TestCase
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import actions as people
from accounts.models import Person
from initiatives import facts
from initiatives.models import Initiative, Obligation
from initiatives.stages import Stage
from notifications import actions as notifications
from notifications.models import Flag
from notifications.rules.words import called
from reviews import actions, permissions, queries
from reviews.models import Decision
from tests import factories
from tests.accounts.expectations import last_event, nothing_said, refused
from tests.factories import NOON, TODAY
from tests.notifications.scenes import open_rules, owed, swept_and_heard
from tests.reviews.scenes import DAY, publish_policy

DUE = TODAY - 15 * DAY  # fourteen days are over since
LAPSED = "It lapsed on 2 Mar 2026: the portfolio leads decide now, not the sponsor."


class LapsingTestCase(TestCase):
    """A pilot whose ship-or-kill date lies fifteen days back."""

    @classmethod
    def setUpTestData(cls):
        cls.cast = factories.make_cast()
        cls.sponsor, cls.lead = cls.cast.sponsor, cls.cast.lead
        cls.pilot = factories.make_pilot(cast=cls.cast, at=NOON - 57 * DAY)
        assert cls.pilot.decision_date == DUE
        cls.pilot.kill_conditions.all().delete()  # it would have tripped as well

    def lapse(self, at: datetime = NOON) -> int:
        return actions.lapse_undecided(at=at)

    def now(self) -> Initiative:
        return factories.reloaded(self.pilot)

    def move(self, **values) -> None:
        Initiative.objects.filter(pk=self.pilot.pk).update(**values)

    def decide(self, kind: str, by: Person | None = None, **more) -> Decision:
        return actions.decide(
            initiative=self.pilot, kind=kind, reason="So.", by=by or self.sponsor, at=NOON, **more
        )


@pytest.mark.embedded
class TestLapse(LapsingTestCase):
    def test_comes_when_the_policys_days_after_the_date_are_over(self):
        for days, lapses in ((13, 0), (14, 0), (15, 1)):
            self.move(decision_date=TODAY - days * DAY, lapsed_at=None)
            assert self.lapse() == lapses, days

    def test_follows_the_policy_in_force(self):
        publish_policy(lambda text: text.replace("lapse_days = 14", "lapse_days = 20"))
        assert self.lapse() == 0

    def test_is_a_fact_with_an_event(self):
        assert self.lapse() == 1
        assert self.now().lapsed_at == NOON
        lapsed = [e for e in (last_event(),) if e.kind == "obligation.owed"]
        assert lapsed  # what follows from it is said after it

    def test_happens_once(self):
        assert (self.lapse(), self.lapse(), self.lapse(NOON + DAY)) == (1, 0, 0)

    def test_concerns_all_that_should_be_decided_and_nothing_else(self):
        for stage in Stage:
            self.move(stage=stage, lapsed_at=None)
            expected = stage in (Stage.PROPOSAL, Stage.PILOT, Stage.READINESS_REVIEW)
            assert self.lapse() == expected, stage
            self.move(stage=Stage.PILOT)

    def test_never_comes_to_what_is_quiet(self):
        self.move(counting_since=None)
        with nothing_said():
            assert self.lapse(NOON + 400 * DAY) == 0

    def test_takes_all_that_are_due_at_once(self):
        factories.make_pilot(cast=self.cast, at=NOON - 57 * DAY, name="Another")
        assert self.lapse() == 2

    def test_needs_as_many_queries_for_three_as_for_one(self):
        with CaptureQueriesContext(connection) as of_one:
            assert self.lapse() == 1
        for name in ("Second", "Third", "Fourth"):
            factories.make_pilot(cast=self.cast, at=NOON - 57 * DAY, name=name)
        with CaptureQueriesContext(connection) as of_three:
            assert self.lapse() == 3
        assert len(of_three) == len(of_one)

    def test_cannot_be_said_of_what_is_in_production(self):
        with pytest.raises(IntegrityError), transaction.atomic():
            self.move(stage=Stage.PRODUCTION, lapsed_at=NOON)


class TestSpend(LapsingTestCase):
    def owed(self) -> Obligation:
        return Obligation.objects.get(initiative=self.pilot)

    def test_is_asked_about_of_the_budget_owner_within_five_working_days(self):
        self.lapse()
        assert self.owed().assignee == self.cast.budget_owner
        assert (self.owed().kind, self.owed().due_date) == ("spend", date(2026, 3, 9))

    def test_is_asked_about_of_the_sponsor_where_nobody_owns_the_budget(self):
        people.deactivate(person=self.cast.budget_owner, by=None, at=NOON)
        self.lapse()
        assert self.owed().assignee == self.sponsor

    def test_is_asked_about_of_nobody_where_neither_is_there(self):
        for person in (self.cast.budget_owner, self.sponsor):
            people.deactivate(person=person, by=None, at=NOON)
        assert self.lapse() == 1
        assert not Obligation.objects.exists()

    def test_is_asked_about_once_while_nobody_has_confirmed(self):
        self.lapse()
        self.move(lapsed_at=None)
        self.lapse()
        assert Obligation.objects.count() == 1

    def test_is_not_asked_about_any_more_once_a_lead_has_decided(self):
        self.lapse()
        self.decide("extend", self.lead, days=28)
        assert self.owed().released_at == NOON


class TestDeciding(LapsingTestCase):
    def test_is_not_the_sponsors_any_more(self):
        self.lapse()
        for kind, more in (("extend", {"days": 28}), ("pause", {"days": 30})):
            with refused("may_not_decide"):
                self.decide(kind, **more)

    def test_is_judged_by_the_day_before_the_sweep_has_noticed(self):
        with refused("may_not_decide"):
            self.decide("extend", days=28)
        assert self.now().lapsed_at is None  # a refusal changes nothing
        self.move(decision_date=DUE + DAY)
        assert self.decide("extend", days=28).pk

    def test_leaves_the_sponsor_to_kill_it(self):
        self.lapse()
        self.decide("kill", outcome="priorities", lesson="Decide in time.")
        assert (self.now().stage, self.now().lapsed_at) == (Stage.RETIRED, None)

    def test_leaves_the_sponsor_to_switch_it_off(self):
        self.lapse()
        assert self.decide("suspend").pk

    def test_is_the_leads(self):
        self.lapse()
        self.decide("extend", self.lead, days=28)
        assert (self.now().lapsed_at, self.now().decision_date) == (None, DUE + 28 * DAY)

    def test_can_lapse_again_after_that(self):
        self.lapse()
        self.decide("extend", self.lead, days=28)
        assert self.lapse(NOON + 27 * DAY) == 0
        assert self.lapse(NOON + 28 * DAY) == 1

    def test_says_so_to_the_sponsor(self):
        self.lapse()
        known = facts.load_one(self.pilot.pk)
        said = permissions.bar_to_deciding(self.sponsor, known, "extend")
        assert said == f"{LAPSED} You may still kill it."
        assert set(queries.possible_decisions(self.sponsor, known)) == {"kill", "suspend"}
        assert permissions.bar_to_deciding(self.lead, known, "extend") is None


class TestTheSweep(LapsingTestCase):
    def test_lapses_flags_and_tells_the_leads(self):
        swept = notifications.sweep(at=NOON)
        assert swept.lapsed == 1
        assert "decision_overdue" not in open_rules(self.pilot)
        flag = Flag.objects.get(rule="decision_lapsed")
        assert (flag.severity, flag.acts, flag.due_date) == ("critical", "a portfolio lead", TODAY)
        assert owed(kind="decision_lapsed") == [("decision_lapsed", 0, self.lead.name)]
        assert notifications.sweep(at=NOON).lapsed == 0

    def sent(self, person: Person) -> list[EmailMessage]:
        """What this person is sent once a lapse was swept and heard."""
        swept_and_heard()
        notifications.deliver(clock=lambda: NOON)
        return [message for message in mail.outbox if message.to == [person.email]]

    def test_mails_the_budget_owner_what_to_confirm_and_where(self):
        (sent,) = self.sent(self.cast.budget_owner)
        obligation = Obligation.objects.get(initiative=self.pilot)
        assert sent.subject == f"Confirm by Mon 9 Mar that spend has stopped: {called(self.pilot)}"
        said = " ".join(sent.body.split())
        assert (
            "Confirm that nothing is spent on it any more: it lapsed undecided on 2 Mar 2026."
        ) in said
        assert reverse("initiatives:confirm_obligation", args=[obligation.pk]) in said
        self.client.force_login(self.cast.budget_owner)
        address = reverse("initiatives:confirm_obligation", args=[obligation.pk])
        assert self.client.post(address, {"comment": "Budget line closed."}).status_code == 302
        obligation.refresh_from_db()
        assert obligation.confirmed_by == self.cast.budget_owner

    def test_mails_the_sponsor_instead_where_nobody_owns_the_budget(self):
        people.deactivate(person=self.cast.budget_owner, by=None, at=NOON)
        assert "spend has stopped" in " ".join(message.body for message in self.sent(self.sponsor))

    def test_asks_nobody_to_confirm_what_a_lead_has_decided_before_the_mail_left(self):
        swept_and_heard()
        self.decide("extend", self.lead, days=28)
        assert self.sent(self.cast.budget_owner) == []

    def test_closes_the_flag_once_it_is_decided(self):
        notifications.sweep(at=NOON)
        self.decide("extend", self.lead, days=28)
        notifications.sweep(at=NOON)
        assert "decision_lapsed" not in open_rules(self.pilot)

    def test_lapses_nothing_for_a_day_that_is_only_tried_out(self):
        assert notifications.sweep(at=NOON, trips=False).lapsed == 0


class TestPages(LapsingTestCase):
    def setUp(self):
        self.lapse()

    def test_say_that_it_has_lapsed_and_who_decides(self):
        self.client.force_login(self.sponsor)
        page = self.client.get(self.pilot.get_absolute_url()).content.decode()
        assert LAPSED in page
        assert reverse("reviews:decide", args=[self.pilot.pk, "kill"]) in page
        assert reverse("reviews:decide", args=[self.pilot.pk, "extend"]) not in page

    def test_bar_the_form_to_the_sponsor(self):
        self.client.force_login(self.sponsor)
        address = reverse("reviews:decide", args=[self.pilot.pk, "extend"])
        assert LAPSED in self.client.get(address).content.decode()
        assert self.client.post(address, {"reason": "So.", "days": 9}).status_code == 422

    def test_list_it_among_what_has_lapsed(self):
        self.client.force_login(self.lead)
        page = self.client.get(reverse("initiatives:list") + "?show=lapsed").content.decode()
        assert self.pilot.reference in page

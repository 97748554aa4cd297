"""What is switched off is said on every page that shows it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from initiatives import actions
from initiatives.stages import Role, Stage
from notifications.actions import sweep
from portfolio.templatetags.words import day
from reviews import actions as reviews
from tests.factories import (
    NOON,
    make_group_member,
    make_measurement,
    make_metric,
    make_person,
    make_triage,
    reloaded,
    restrict,
)
from tests.portfolio.test_dashboard import MINUTE, Figures
from tests.portfolio.test_keeping import Kept
from tests.portfolio.test_pages import HIRED, page_of

WHY = "Two customers saw another's policy."
SHUT = "It is suspended: resume or retire it first."
KINDS = ("suspend", "resume", "extend", "pause", "kill", "decommission")


class Suspended(Figures):
    """A system and a pilot, both with owners."""

    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        hired = cls.now - HIRED
        cls.sponsor = make_person(name="Sam Sponsor", at=hired)
        cls.on_call = make_person(name="Olaf Oncall", at=hired)
        cls.security = make_group_member(group="security", name="Sia Security", at=hired)
        cls.system = cls.declare("Chat", Stage.PRODUCTION, due=90)
        cls.pilot = cls.declare("Trial", Stage.PILOT, due=5)
        for made in (cls.system, cls.pilot):
            cls.own(made, Role.SPONSOR, cls.sponsor)
            cls.own(made, Role.ON_CALL, cls.on_call)

    def decide(self, kind, initiative=None, by=None, reason=WHY, **more):
        reviews.decide(
            initiative=initiative or self.system, kind=kind, reason=reason,
            by=by or self.sponsor, at=self.now, **more,
        )  # fmt: skip

    def suspend(self, initiative=None, by=None):
        self.decide("suspend", initiative, by or self.on_call)

    def words(self, person=None, initiative=None):
        self.client.force_login(person or self.lead)
        return " ".join(self.text(page_of(initiative or self.system)).split())

    def offered(self, person, initiative=None):
        """Which decisions the page offers this person."""
        made = initiative or self.system
        text = self.words(person, made)
        return [k for k in KINDS if reverse("reviews:decide", args=[made.pk, k]) in text]


@pytest.mark.embedded
class TestThePageOfOne(Suspended):
    def test_says_who_switched_it_off_why_and_until_when(self):
        self.suspend()
        text = self.words()
        assert f"Suspended since {day(self.today)} by Olaf Oncall" in text
        assert "Two customers saw another's policy." in text
        assert f"Resume or retire it by {day(reloaded(self.system).suspended_until)}." in text

    def test_says_at_the_top_of_the_gate_that_it_is_shut(self):
        assert SHUT not in self.words()
        self.suspend()
        assert SHUT in self.words().split("Next gate: Recertification")[1]

    def test_says_it_once_more_where_it_is_late(self):
        self.suspend()
        for days, times in ((0, 1), (9, 2)):
            sweep(at=self.now + timedelta(days=days))
            assert self.words().count("Suspended since") == times, days

    def test_says_nothing_of_it_otherwise(self):
        assert "Suspended since" not in self.words()
        self.suspend()
        self.decide("resume")
        assert "Suspended since" not in self.words()

    def test_does_not_speak_of_resuming_what_is_prohibited(self):
        make_triage(initiative=self.system, at=self.now)
        actions.confirm_triage(
            initiative=self.system, level="full", legal_class="prohibited",
            because="Article 5.", at=self.now,
            by=make_group_member(group="compliance", name="Cleo", at=self.now - HIRED),
        )  # fmt: skip
        text = self.words()
        assert f"Suspended since {day(self.today)} by Cleo" in text
        assert "It is classed as prohibited." in text
        assert "<strong>Retire it by" in text
        assert "It is classed as prohibited: no gate but retirement is open to it." in text
        assert self.offered(self.lead) == ["decommission"]

    def test_offers_to_suspend_to_those_who_may(self):
        assert self.offered(self.lead) == ["suspend", "decommission"]
        assert self.offered(self.sponsor) == ["suspend", "decommission"]
        assert self.offered(self.on_call) == ["suspend"]
        assert self.offered(self.security) == ["suspend"]
        assert self.offered(self.member) == []

    def test_offers_to_resume_to_those_who_may(self):
        self.suspend()
        assert self.offered(self.lead) == ["resume", "decommission"]
        assert self.offered(self.sponsor) == ["resume", "decommission"]
        for person in (self.on_call, self.security, self.member):
            assert self.offered(person) == [], person

    def test_offers_no_more_time_to_a_pilot_that_is_off(self):
        assert self.offered(self.lead, self.pilot) == ["suspend", "extend", "pause", "kill"]
        self.suspend(self.pilot)
        assert self.offered(self.lead, self.pilot) == ["resume", "kill"]

    def test_is_not_there_for_security_where_it_is_restricted(self):
        restrict(initiative=self.system)
        self.client.force_login(self.security)
        url = reverse("reviews:decide", args=[self.system.pk, "suspend"])
        assert self.client.get(page_of(self.system)).status_code == 404
        assert self.client.post(url, {"reason": WHY}).status_code == 404
        assert not reloaded(self.system).is_suspended


@pytest.mark.embedded
class TestConfirmingThatItIsOff(Suspended):
    SAYS = "Confirm that it is off"

    def setUp(self):
        super().setUp()
        self.suspend(by=self.security)

    def press(self, person):
        self.client.force_login(person)
        url = reverse("initiatives:confirm_off", args=[self.system.pk])
        return self.client.post(url, follow=True)

    def test_is_offered_to_those_who_answer_for_it(self):
        for person, may in (
            (self.on_call, True), (self.sponsor, True), (self.lead, True),
            (self.security, False), (self.member, False),
        ):  # fmt: skip
            text = self.words(person)
            assert "Nobody has confirmed yet that it is off." in text
            assert (self.SAYS in text) == may, person

    def test_is_said_with_who_did_and_not_asked_again(self):
        assert "it is on record that it is off" in self.press(self.on_call).content.decode()
        text = self.words()
        assert f"It is off: Olaf Oncall confirmed it on {day(self.today)}." in text
        assert self.SAYS not in text
        assert "confirmed already" in self.press(self.lead).content.decode()

    def test_is_refused_to_others_with_a_reason(self):
        said = self.press(self.security).content.decode()
        assert "Ask one of its owners." in said
        assert reloaded(self.system).off_confirmed_at is None

    def test_is_told_in_the_history(self):
        self.press(self.on_call)
        history = self.text(reverse("initiatives:history", args=[self.system.pk]))
        assert "Olaf Oncall confirmed that it is off" in history
        assert "Sia Security decided: suspend." in history

    def test_is_not_there_for_whoever_may_not_see_it(self):
        restrict(initiative=self.system)
        assert self.press(self.member).status_code == 404

    def test_takes_a_press_not_a_look(self):
        url = reverse("initiatives:confirm_off", args=[self.system.pk])
        assert self.client.get(url).status_code == 405


class TestDeciding(Suspended):
    def page(self, kind, by):
        self.client.force_login(by)
        return self.text(reverse("reviews:decide", args=[self.system.pk, kind]))

    def send(self, kind, by, **values):
        self.client.force_login(by)
        url = reverse("reviews:decide", args=[self.system.pk, kind])
        return self.client.post(url, {"reason": WHY} | values)

    def test_says_what_it_means_and_asks_for_the_reason_alone(self):
        text = self.page("suspend", self.security)
        assert "It is to be switched off now." in text
        assert "within five working days" in text
        assert 'name="reason"' in text
        for field in ("outcome", "lesson", "days", "to_pilot"):
            assert f'name="{field}"' not in text
        self.suspend()
        assert "It may be used again" in self.page("resume", self.sponsor)

    def test_suspends_and_resumes(self):
        assert self.send("suspend", self.security).status_code == 302
        assert reloaded(self.system).is_suspended
        assert self.send("resume", self.sponsor).status_code == 302
        assert not reloaded(self.system).is_suspended

    def test_wants_a_reason(self):
        answer = self.send("suspend", self.security, reason="")
        assert answer.status_code == 422
        assert "Say why, for the record." in answer.content.decode()

    def test_says_that_somebody_was_faster(self):
        self.suspend()
        assert "It is suspended already." in self.page("suspend", self.security)
        assert self.send("suspend", self.security).status_code == 409
        assert self.send("recertify", self.sponsor).status_code == 409
        self.decide("resume")
        assert self.send("resume", self.sponsor).status_code == 409

    def test_says_whose_it_is(self):
        assert "Only its production owner, on-call contact" in self.page("suspend", self.member)
        assert self.send("suspend", self.member).status_code == 422


@pytest.mark.embedded
class TestListAndFigures(Suspended):
    def measured(self, initiative, value):
        metric = make_metric(initiative=initiative, by=self.lead, at=self.now)
        make_measurement(metric=metric, value=value, by=self.lead, at=self.now)

    def health(self, person=None):
        return {line.label: line for line in self.shown(person).health if line.count}

    def test_are_said_in_the_list(self):
        url = reverse("initiatives:list")
        assert "</span>suspended</span>" not in self.text(url)
        self.suspend()
        assert self.text(url).count("</span>suspended</span>") == 1
        assert self.found({"show": "suspended"}) == ["Chat"]

    def test_are_a_line_of_their_own_whatever_was_measured(self):
        bare = self.declare("Bare", Stage.PRODUCTION)
        fine = self.declare("Fine", Stage.PRODUCTION)
        for made in (self.system, fine):
            self.measured(made, 40 * MINUTE)
        self.suspend()
        self.decide("suspend", bare, self.lead)
        self.decide("suspend", self.pilot, self.lead)
        health, shown = self.health(), self.shown()
        assert {label: line.count for label, line in health.items()} == {
            "Suspended": 2, "Holds its threshold": 1,
        }  # fmt: skip
        assert sum(line.count for line in shown.health) == shown.systems == 3
        assert self.behind(health["Suspended"].url) == ["Bare", "Chat"]
        assert self.behind(health["Holds its threshold"].url) == ["Fine"]
        assert self.found({"health": "unmeasured"}) == []

    def test_leave_out_what_somebody_may_not_see(self):
        self.suspend()
        restrict(initiative=self.system)
        assert self.health(self.member) == {}
        self.client.force_login(self.member)
        assert self.found({"health": "suspended"}) == []
        assert self.found({"show": "suspended"}) == []

    def test_say_so_before_somebody_decides_on_it(self):
        brief = reverse("initiatives:brief", args=[self.pilot.pk])
        assert "Suspended since" not in self.text(brief)
        self.suspend(self.pilot)
        assert f"Suspended since {day(self.today)}" in self.text(brief)
        assert WHY in self.text(brief)

    def test_say_so_where_its_decision_is_due(self):
        assert self.shown().rows[0].waiting_for == "evidence and review"
        self.suspend(self.pilot)
        assert self.shown().rows[0].waiting_for == "Sam Sponsor: it is suspended"
        row = self.shown(self.sponsor).rows[0]
        assert (row.waiting_for, row.is_mine) == ("you: it is suspended", True)


class TestWhatIsKept(Kept):
    """What the dashboard keeps between requests is renewed."""

    def shown(self):
        return {line.label: line.count for line in self.load().health if line.count}

    def decide(self, kind):
        reviews.decide(initiative=self.radar, kind=kind, reason="So.", by=self.lead, at=NOON)

    def test_counts_what_is_suspended_and_resumed_at_once(self):
        make_measurement(metric=self.metric, value=60, at=NOON)
        assert self.shown() == {"Holds its threshold": 1}
        self.decide("suspend")
        assert self.shown() == {"Suspended": 1}
        make_measurement(metric=self.metric, value=Decimal(61), at=NOON + timedelta(hours=1))
        assert self.shown() == {"Suspended": 1}
        self.decide("resume")
        assert self.shown() == {"Holds its threshold": 1}

    def test_counts_what_was_classed_as_prohibited_at_once(self):
        make_triage(initiative=self.radar, at=NOON)
        assert self.shown() == {"Not measured lately": 1}
        actions.confirm_triage(
            initiative=self.radar, level="full", legal_class="prohibited", because="Article 5.",
            by=make_group_member(group="compliance", name="Cleo"), at=NOON,
        )  # fmt: skip
        assert self.shown() == {"Suspended": 1}

    def test_stays_where_it_is_confirmed_to_be_off(self):
        self.decide("suspend")
        self.load()
        actions.confirm_off(initiative=self.radar, by=self.ida, at=NOON)
        self.load()
        assert not self.has_counted_owners()
        assert self.shown() == {"Suspended": 1}

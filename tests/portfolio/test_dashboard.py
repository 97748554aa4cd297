"""The figures below the headline: each by its rule, for whoever may see it, as its list shows."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from initiatives import actions, facts
from initiatives.models import Initiative, Measurement, Metric, Ownership, StageSpell
from initiatives.stages import Role, Stage
from portfolio.queries import debt, timeline
from portfolio.queries.stages import Passage
from reviews import actions as reviews
from reviews import gates
from reviews.queries import current_policy
from tests.factories import (
    make_cast,
    make_initiative,
    make_measurement,
    make_metric,
    restrict,
    silence,
)
from tests.portfolio.test_pages import DASHBOARD, HIRED, Pages

MINUTE = 60
DEBT = reverse("portfolio:debt")
OWING = ("Accepted", "Declined", "Silent", "Asked again", "Nobody")
HOUR = 60 * MINUTE


def unmet(initiative):
    """How many blocking criteria of the gates that it never passed are open."""
    known, policy = facts.load_one(initiative.pk), current_policy()
    judged = gates.evaluate_all(known, gates.owed(known, policy), policy, timezone.localdate())
    return sum(j.blocks for j in judged)


class Figures(Pages):
    """What the dashboard shows, and the lists that its links open."""

    def shown(self, person=None):
        self.client.force_login(person or self.lead)
        return self.read(DASHBOARD).context["dashboard"]

    def behind(self, url):
        """The names in the list of this address, sorted."""
        return sorted(row.name for row in self.read(url).context["page"].paginator.object_list)

    @classmethod
    def lived(cls, name, *stays, declared=False):
        """One that spent so many days in each of these stages, and is in the last one still."""
        now = stays[-1][0]
        made = make_initiative(by=cls.lead, name=name, at=cls.now - timedelta(days=300))
        StageSpell.objects.filter(initiative=made).delete()
        at = cls.now - timedelta(days=sum(days for _, days in stays))
        for number, (stage, days) in enumerate(stays):
            ends = at + timedelta(days=days)
            StageSpell.objects.create(
                initiative=made,
                stage=stage,
                entered_at=at,
                left_at=None if number == len(stays) - 1 else ends,
                is_declared=declared and number == 0,
            )
            at = ends
        changes = {"declared_at": made.registered_at} if declared else {}
        Initiative.objects.filter(pk=made.pk).update(stage=now, **changes)
        return Initiative.objects.get(pk=made.pk)


class TestPassage:
    def test_takes_the_middle_of_an_odd_number_of_stays(self):
        assert Passage(days={40: 1, 3: 1, 10: 1}).median == 10

    def test_takes_the_mean_of_the_two_in_the_middle(self):
        assert Passage(days={10: 2, 20: 2}).median == 15
        assert Passage(days={1: 1, 2: 1}).median == 1

    def test_has_no_median_while_no_stay_is_over(self):
        assert Passage(entered=3).median is None


@pytest.mark.embedded
class TestStages(Figures):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.lived("Proposed", (Stage.PROPOSAL, 9))
        cls.lived("Piloted", (Stage.PROPOSAL, 10), (Stage.PILOT, 5))
        cls.lived("Killed", (Stage.PROPOSAL, 20), (Stage.PILOT, 31), (Stage.RETIRED, 3))
        cls.live = cls.lived(
            "Live", (Stage.PROPOSAL, 30), (Stage.PILOT, 41), (Stage.READINESS_REVIEW, 50),
            (Stage.PRODUCTION, 7),
        )  # fmt: skip
        cls.lived("Declared", (Stage.PILOT, 200), (Stage.READINESS_REVIEW, 8), declared=True)

    def line(self, stage, person=None):
        found = next(line for line in self.shown(person).stages if line.stage == stage)
        return found.entered, found.went_on, found.median

    def test_say_how_many_of_those_that_entered_went_on_and_after_how_long(self):
        assert self.line(Stage.PROPOSAL) == (4, 3, 20)
        assert self.line(Stage.PILOT) == (3, 1, 36)

    def test_leave_out_stays_that_were_declared_and_what_followed_from_them(self):
        entered, went_on, median = self.line(Stage.PILOT)
        assert (entered, went_on, median) == (3, 1, 36)
        assert self.line(Stage.READINESS_REVIEW) == (2, 1, 50)

    def test_say_so_in_words(self):
        text = self.text(DASHBOARD)
        for words in ("3 of 4 went on", "median 36 days", "0 of 1 decommissioned"):
            assert words in text, words

    def test_leave_out_what_somebody_may_not_see(self):
        restrict(initiative=self.live)
        assert self.line(Stage.PILOT, self.member) == (2, 0, 31)
        assert self.line(Stage.PILOT) == (3, 1, 36)

    def test_count_whole_days(self):
        spell = StageSpell.objects.filter(stage=Stage.READINESS_REVIEW, left_at__isnull=False)
        entered = spell.get().entered_at
        for hours, days in ((24 * 50 - 1, 49), (24 * 50, 50), (24 * 51 - 1, 50)):
            spell.update(left_at=entered + timedelta(hours=hours))
            assert self.line(Stage.READINESS_REVIEW)[2] == days, hours


@pytest.mark.embedded
class TestStopped(Figures):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.killed = cls.declare("Killed", Stage.PILOT, monthly_cost=3_000)
        reviews.decide(
            initiative=cls.killed, kind="kill", reason="No use.", outcome="withdrawn",
            lesson="Ask earlier.", by=cls.lead, at=cls.now,
        )  # fmt: skip
        decommissioned = cls.lived("Decommissioned", (Stage.PRODUCTION, 90), (Stage.RETIRED, 2))
        Initiative.objects.filter(pk=decommissioned.pk).update(monthly_cost=400)
        cls.declare("Declared as over", Stage.RETIRED, monthly_cost=50_000)

    def test_counts_what_was_ended_here_and_what_that_released(self):
        stopped = self.shown().stopped
        assert (stopped.killed, stopped.decommissioned, stopped.released) == (1, 1, 3_400)
        text = self.text(DASHBOARD)
        assert "3,400 a month, est." in text

    def test_counts_as_many_as_its_lists_show(self):
        assert self.found({"show": "stopped"}) == ["Killed", "Decommissioned"]
        assert self.found({"show": "killed"}) == ["Killed"]

    def test_leaves_out_what_somebody_may_not_see(self):
        restrict(initiative=self.killed)
        stopped = self.shown(self.member).stopped
        assert (stopped.killed, stopped.total, stopped.released) == (0, 1, 400)


@pytest.mark.embedded
class TestCatchUp(Figures):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        made = {
            name: cls.declare(name, Stage.PRODUCTION)
            for name in ("Accepted", "Declined", "Silent", "Asked again", "Nobody", "Quiet", "Gone")
        }
        cls.own(made["Accepted"], Role.BUSINESS_OWNER, cls.member)
        for name in ("Declined", "Asked again", "Silent", "Quiet", "Gone"):
            cls.ask(made[name])
        for name in ("Declined", "Asked again"):
            actions.decline(
                ownership=Ownership.objects.get(initiative=made[name]), by=cls.member, at=cls.now
            )
        cls.ask(made["Asked again"])
        cls.ask(made["Nobody"], role=Role.SPONSOR)
        silence(initiative=made["Quiet"])
        Initiative.objects.filter(pk=made["Gone"].pk).update(stage=Stage.RETIRED)
        cls.ask(make_initiative(by=cls.lead, name="Registered here", at=cls.now))
        cls.made = made

    @classmethod
    def ask(cls, initiative, role=Role.BUSINESS_OWNER):
        actions.ask(initiative=initiative, role=role, person=cls.member, by=cls.lead, at=cls.now)

    def counted(self, person=None):
        said = self.shown(person).catch_up
        return said.asked, said.accepted, said.declined, said.silent, said.nobody

    def test_counts_what_owners_said_leaving_out_the_quiet_and_the_retired(self):
        assert self.counted() == (4, 1, 1, 2, 1)

    def test_counts_as_many_as_its_lists_show(self):
        for answer, names in (
            ("accepted", ["Accepted"]),
            ("declined", ["Declined"]),
            ("silent", ["Silent", "Asked again"]),
            ("nobody", ["Nobody"]),
            ("asked", ["Accepted", "Declined", "Silent", "Asked again"]),
        ):
            assert self.found({"catch_up": answer}) == names, answer
            assert f"?catch_up={answer}" in self.text(DASHBOARD)

    def test_counts_what_has_still_to_catch_up_and_what_is_late(self):
        late = self.made["Silent"]
        Initiative.objects.filter(pk=late.pk).update(counting_since=self.now - timedelta(days=91))
        Initiative.objects.filter(pk=self.made["Accepted"].pk).update(caught_up_at=self.now)
        said = self.shown().catch_up
        assert (said.owing, said.late) == (4, 1)
        assert self.found({"catch_up": "owing"}) == ["Declined", "Silent", "Asked again", "Nobody"]
        assert self.found({"catch_up": "late"}) == ["Silent"]
        text = self.text(DASHBOARD)
        assert "?catch_up=owing" in text
        assert "?catch_up=late" in text

    def test_sums_what_is_owed(self):
        self.client.force_login(self.lead)
        first = self.read(DEBT).context["debt"]
        assert (first.initiatives, first.looked_at, first.is_done) == (5, 5, True)
        assert first.criteria == sum(unmet(self.made[name]) for name in OWING)
        assert "criteria owed" in self.text(DEBT)

    def test_sums_what_somebody_may_see(self):
        restrict(initiative=self.made["Nobody"])
        self.client.force_login(self.cast().budget_owner)
        assert self.read(DEBT).context["debt"].initiatives == 4

    def test_says_how_far_it_is_where_it_takes_long(self):
        found = debt.load(self.lead, timezone.localdate(), block=2, seconds=0)
        assert (found.initiatives, found.looked_at, found.is_done) == (5, 2, False)
        said = render_to_string("portfolio/_debt.html", {"debt": found})
        assert "owed by the first 2, counting" in said
        assert DEBT in said

    def test_leaves_out_what_somebody_may_not_see(self):
        restrict(initiative=self.made["Nobody"])
        restrict(initiative=self.made["Declined"])
        stranger = self.cast().budget_owner
        assert self.counted(stranger) == (3, 1, 0, 2, 0)

    def cast(self):
        return make_cast(at=self.now - HIRED)

    def test_is_not_there_where_nothing_was_declared(self):
        Initiative.objects.update(declared_at=None, counting_since=self.now)
        assert "Catch-up" not in self.text(DASHBOARD)


@pytest.mark.embedded
class TestWeeks(Figures):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        monday = timeline.monday(cls.today)
        cls.days = {
            "Yesterday": cls.today - timedelta(days=1),
            "Today": cls.today,
            "Sunday": monday + timedelta(days=6),
            "Next Monday": monday + timedelta(days=7),
            "Last Sunday": monday + timedelta(days=12 * 7 - 1),
            "Too far": monday + timedelta(days=12 * 7),
        }
        for name, day in cls.days.items():
            cls.declare(name, Stage.PILOT, due=(day - cls.today).days)
        cls.declare("Recertified", Stage.PRODUCTION, due=0)
        silence(initiative=cls.declare("Quiet", Stage.PILOT, due=0))

    def test_begin_with_what_is_late(self):
        bars = self.shown().weeks
        assert len(bars) == 13
        assert [bar.count for bar in bars] == [1, 2, 1, *[0] * 9, 1]
        assert bars[0].is_late
        assert bars[0].count == self.shown().overdue

    def test_count_as_many_as_their_lists_show(self):
        names = [self.behind(bar.url) for bar in self.shown().weeks]
        assert names[:3] == [["Yesterday"], ["Sunday", "Today"], ["Next Monday"]]
        assert names[12] == ["Last Sunday"]
        assert [len(found) for found in names] == [bar.count for bar in self.shown().weeks]

    def test_are_read_out_in_words(self):
        text = self.text(DASHBOARD)
        assert "1 decision late" in text
        assert "2 decisions this week" in text
        assert self.shown().in_weeks == 5

    def test_leave_out_what_somebody_may_not_see(self):
        restrict(initiative=Initiative.objects.get(name="Today"))
        assert self.shown(self.member).weeks[1].count == 1

    def test_say_what_to_do_where_there_are_none(self):
        Initiative.objects.update(decision_date=None)
        assert "A proposal gets its date when it is registered" in self.text(DASHBOARD)

    def test_are_the_whole_list_with_a_day_that_is_none(self):
        for week in ("x", "2026-02-31", "\0", "9" * 40):
            assert len(self.found({"week": week})) == 8, week


@pytest.mark.embedded
class TestHealth(Figures):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        # From four hours to 45 minutes, lower is better.
        cls.good = cls.measured("Good", 40 * MINUTE, 20)
        cls.measured("At its threshold", 45 * MINUTE, 1)
        cls.measured("At its baseline", 4 * HOUR, 1)
        cls.measured("Below baseline", 5 * HOUR, 1)
        cls.measured("Not for long", 40 * MINUTE, 45)
        cls.measured("Too long ago", 40 * MINUTE, 46)
        cls.measured("Weekly, and late", 40 * MINUTE, 11, cadence_days=7)
        cls.measured("Weekly", 40 * MINUTE, 10, cadence_days=7)
        higher = {"direction": "higher", "unit_kind": "percent", "baseline": Decimal(10)}
        higher |= {"threshold": Decimal(50), "target": Decimal(60)}
        cls.measured("Higher", 50, 1, **higher)
        cls.measured("Higher, and below", 49, 1, **higher)
        cls.measured("Higher, and below baseline", 9, 1, **higher)
        cls.declare("Without a metric", Stage.PRODUCTION)
        make_metric(initiative=cls.declare("Never measured", Stage.PRODUCTION), at=cls.now)
        silence(initiative=cls.measured("Quiet", 5 * HOUR, 1))
        cls.measured("In its pilot", 5 * HOUR, 1, stage=Stage.PILOT)

    @classmethod
    def measured(cls, name, value, days, stage=Stage.PRODUCTION, **metric):
        made = cls.declare(name, stage)
        defined = make_metric(initiative=made, by=cls.lead, at=cls.now, **metric)
        at = cls.now - timedelta(days=days)
        make_measurement(metric=defined, value=value, measured_at=at, by=cls.lead, at=cls.now)
        return made

    EXPECTED: tuple[tuple[str, list[str]], ...] = (
        ("suspended", []),
        ("below_baseline", ["Below baseline", "Higher, and below baseline"]),
        ("below_threshold", ["At its baseline", "Higher, and below"]),
        ("stale", ["Never measured", "Too long ago", "Weekly, and late"]),
        ("unmeasured", ["Without a metric"]),
        ("good", ["At its threshold", "Good", "Higher", "Not for long", "Weekly"]),
    )

    def test_counts_each_system_once_as_its_list_shows(self):
        shown = self.shown()
        assert [line.count for line in shown.health] == [len(names) for _, names in self.EXPECTED]
        assert sum(line.count for line in shown.health) == shown.systems == 13
        for line, (health, names) in zip(shown.health, self.EXPECTED, strict=True):
            assert self.behind(line.url) == sorted(names), health

    def test_looks_at_what_corrects_a_measurement(self):
        metric = Metric.objects.get(initiative=self.good)
        wrong = Measurement.objects.get(metric=metric)
        actions.record_measurement(
            metric=metric, value=Decimal(5 * HOUR), measured_at=wrong.measured_at, corrects=wrong,
            comment="Typed in minutes.", by=self.lead, at=self.now,
        )  # fmt: skip
        assert "Good" in self.found({"health": "below_baseline"})

    def test_leaves_out_the_quiet_and_says_so(self):
        assert self.shown().quiet_systems == 1
        assert "1 quiet ones are left out" in self.text(DASHBOARD)

    def test_leaves_out_what_somebody_may_not_see(self):
        restrict(initiative=self.good)
        shown = self.shown(self.member)
        assert (shown.systems, shown.health[-1].count) == (12, 4)
        assert "Good" not in self.behind(shown.health[-1].url)

    def test_says_what_will_show_where_there_is_no_system(self):
        Initiative.objects.update(stage=Stage.PROPOSAL)
        assert "No system in production owes a measurement yet" in self.text(DASHBOARD)

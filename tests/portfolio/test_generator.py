import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import TestCase
from django.utils import timezone

from accounts.models import Person
from audit.queries import head
from audit.verification import verify
from initiatives import search
from initiatives.facts import load
from initiatives.models import (
    Baseline,
    ImportedRow,
    Initiative,
    KillCondition,
    Measurement,
    Metric,
    Ownership,
    StageSpell,
)
from initiatives.rules import metric_faults
from initiatives.stages import UNDECIDED, Stage
from notifications.actions import hear, sweep
from notifications.models import Flag, Reminder
from portfolio import generator
from reviews import queries as reviews
from reviews.models import Decision, Review, SignOff

COUNT = 300


class GeneratePortfolio(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.at = timezone.now()
        cls.made = generator.generate(initiatives=COUNT, seed=7, at=cls.at)
        cls.rows = list(Initiative.objects.select_related("unit"))

    def test_makes_as_many_as_asked_in_every_stage(self):
        assert len(self.rows) == COUNT == sum(self.made.stages.values())
        assert {row.stage for row in self.rows} == set(Stage.values)

    def test_leaves_a_log_that_verifies(self):
        verification = verify()
        assert verification.clean
        assert verification.rows == self.made.events > COUNT

    def test_tells_the_log_in_the_order_of_days(self):
        from audit.models import Event

        moments = list(Event.objects.order_by("seq").values_list("at", flat=True))
        assert moments == sorted(moments)

    def test_stores_the_folded_search_text(self):
        assert all(row.search_text == search.text_of(row) for row in self.rows)
        word = self.rows[0].name.split()[0]
        assert self.rows[0] in search.search(Initiative.objects.all(), word)

    def test_keeps_one_open_spell_that_agrees_with_the_row(self):
        spells = {s.initiative_id: s for s in StageSpell.objects.filter(left_at=None)}
        for row in self.rows:
            spell = spells[row.pk]
            assert (spell.stage, spell.entered_at) == (row.stage, row.stage_entered_at)
            assert spell.decision_date == row.decision_date

    def test_decides_once_for_each_version(self):
        assert Decision.objects.exists()
        for row in self.rows:
            versions = Decision.objects.filter(initiative=row).values_list("version", flat=True)
            assert sorted(versions) == list(range(1, row.version))

    def test_freezes_the_charter_of_those_that_passed_it(self):
        for baseline in Baseline.objects.all():
            facts = load([baseline.initiative_id])[baseline.initiative_id]
            frozen = {metric["id"] for metric in baseline.charter["metrics"]}
            assert frozen == {metric.pk for metric in facts.metrics}

    def test_agrees_on_metrics_that_do_not_contradict_themselves(self):
        for metric in Metric.objects.all():
            assert not metric_faults(vars(metric))
        assert {c.state for c in KillCondition.objects.all()} >= {"armed"}

    def test_spreads_decision_dates_around_today(self):
        today = timezone.localdate(self.at)
        waiting = [r for r in self.rows if r.stage in UNDECIDED and r.counting_since]
        late = [r for r in waiting if r.decision_date < today]
        assert 0.02 <= len(late) / COUNT <= 0.1
        assert all(r.decision_date <= today + timedelta(days=90) for r in waiting)

    def test_leaves_some_quiet_and_without_a_date(self):
        quiet = [r for r in self.rows if r.counting_since is None]
        assert quiet
        assert all(r.decision_date is None and r.declared_at for r in quiet)
        assert ImportedRow.objects.filter(initiative__in=quiet).count() == len(quiet)

    def test_has_owners_in_every_state(self):
        states = {o.state for o in Ownership.objects.select_related("person")}
        assert states == {"accepted", "asked", "ended", "left", "returned"}

    def test_does_nothing_in_the_future(self):
        assert not Measurement.objects.filter(measured_at__gt=self.at).exists()
        assert not Initiative.objects.filter(touched_at__gt=self.at).exists()
        assert not Ownership.objects.filter(accepted_at__gt=self.at).exists()
        assert not StageSpell.objects.filter(entered_at__gt=self.at).exists()

    def test_agrees_on_kill_conditions_when_an_initiative_comes_here(self):
        agreed = KillCondition.objects.values_list("agreed_at", "initiative__registered_at")
        assert agreed
        assert all(at == registered_at for at, registered_at in agreed)

    def test_measures_for_months(self):
        first, last = (Measurement.objects.order_by(o).first() for o in ("measured_at", "-pk"))
        assert last.measured_at - first.measured_at > timedelta(days=90)

    def test_opens_reviews_whose_evidence_still_stands(self):
        opened = Review.objects.open().select_related("initiative", "policy", "snapshot")
        assert opened
        today = timezone.localdate(self.at)
        for review in opened:
            assert reviews.standing(review, today).digest == review.snapshot_id
        assert SignOff.objects.exists()

    def test_owes_nobody_news_of_the_past(self):
        assert hear(at=self.at).events == 0

    def test_gives_the_sweep_something_of_each_rule(self):
        sweep(at=self.at)
        rules = set(Flag.objects.open().values_list("rule", flat=True))
        assert rules >= {"decision_near", "decision_overdue", "unowned"}
        assert Reminder.objects.exists()


class TheSameSeed(TestCase):
    def test_makes_the_same_portfolio(self):
        at = timezone.now()
        made = [generator.generate(initiatives=40, seed=5, at=at, append_to=True) for _ in range(2)]
        names = list(Initiative.objects.values_list("name", "stage", "decision_date", "touched_at"))
        assert made[0] == made[1]
        assert names[:40] == names[40:]

    def test_is_not_another_one(self):
        at = timezone.now()
        for seed in (1, 2):
            generator.generate(initiatives=20, seed=seed, at=at, append_to=True)
        names = list(Initiative.objects.values_list("name", flat=True))
        assert names[:20] != names[20:]


class GeneratePortfolioCommand(TestCase):
    def test_prints_one_json_object(self):
        output = StringIO()
        call_command("generate_portfolio", initiatives=30, seed=3, json=True, stdout=output)
        assert json.loads(output.getvalue())["initiatives"] == 30

    def test_refuses_where_initiatives_are(self):
        call_command("generate_portfolio", initiatives=10, stdout=StringIO())
        before = head()
        with pytest.raises(CommandError, match="already holds initiatives"):
            call_command("generate_portfolio", initiatives=10, stdout=StringIO())
        assert head() == before
        assert Initiative.objects.count() == 10

    def test_appends_when_told_to(self):
        for _ in range(2):
            call_command("generate_portfolio", initiatives=10, append=True, stdout=StringIO())
        assert Initiative.objects.count() == 20
        assert verify().clean
        assert Person.objects.count() == 80

    def test_refuses_a_number_that_is_none(self):
        with pytest.raises(CommandError, match="give a number"):
            call_command("generate_portfolio", initiatives=0, stdout=StringIO())

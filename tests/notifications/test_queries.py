from __future__ import annotations

from datetime import timedelta

from django.core.paginator import Paginator
from django.test import TestCase

from initiatives.models import Initiative
from initiatives.stages import Stage
from notifications import actions, queries
from notifications.models import Sweep
from notifications.rules.words import called
from tests.notifications.scenes import (
    NOON,
    TODAY,
    make_initiative,
    make_lead,
    make_person,
    owned_by_all,
    trip_by_spend,
)

DAY = timedelta(days=1)


class TestQueries(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.lead = make_lead()
        cls.owner = make_person("Olga Owner")
        cls.near = make_initiative(cls.lead, due=TODAY + 9 * DAY, **owned_by_all(cls.owner))
        cls.late = make_initiative(cls.lead, due=TODAY - 5 * DAY, **owned_by_all(cls.owner))
        cls.lost = make_initiative(cls.lead, stage=Stage.PRODUCTION)
        actions.sweep(at=NOON)

    def test_flags_come_worst_first(self):
        rules = [flag.rule for flag in queries.open_flags(self.owner)]
        assert rules == ["decision_overdue", "unowned", "decision_near"]

    def test_flags_of_what_one_may_not_see_are_not_there(self):
        Initiative.objects.filter(pk=self.lost.pk).update(is_restricted=True)
        assert queries.counts(self.owner) == {"decision_near": 1, "decision_overdue": 1}
        assert queries.counts(self.lead)["unowned"] == 1
        assert len(self.lines(self.owner)) == 2
        assert self.lost not in {flag.initiative for flag in queries.open_flags(self.owner)}

    def test_flags_of_initiatives_are_grouped(self):
        trip_by_spend(self.near)
        actions.sweep(at=NOON)
        found = queries.flags_of([self.near.pk, self.late.pk])
        assert [said.severity for said in found[self.near.pk]] == ["critical", "notice"]
        assert set(found) == {self.near.pk, self.late.pk}

    def test_attention_counts_initiatives_and_is_paged_by_the_database(self):
        trip_by_spend(self.near)
        actions.sweep(at=NOON)
        with self.assertNumQueries(4):
            page = Paginator(self.lines(self.lead), 2).get_page(1)
            lines = list(page)
        assert [line.initiative for line in lines] == [self.late, self.near]
        assert [f.severity for f in lines[1].flags] == ["critical", "notice"]
        assert page.paginator.count == 3
        assert self.lines(self.lead)[0].initiative == self.late

    def lines(self, person):
        return queries.Lines(queries.open_for(person), TODAY)

    def test_last_sweep(self):
        last = queries.last_sweep()
        assert last is not None
        assert last.at == NOON
        Sweep.objects.all().delete()
        assert queries.last_sweep() is None

    def test_a_person_sees_what_was_sent_and_what_comes(self):
        assert len(queries.reminders_ahead(self.owner)) == 2
        assert list(queries.sent_to(self.owner)) == []
        actions.deliver(clock=lambda: NOON)
        assert queries.reminders_ahead(self.owner) == []
        assert {r.says for r in queries.sent_to(self.owner)} == {
            f"Decide now: {called(self.late)}, late since 25 Feb 2026",
            f"Have it ready by 11 Mar 2026: {called(self.near)}",
        }

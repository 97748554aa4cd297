"""The small versions of proofs a and o, with a plant each; `./script/manage prove reminders` is the
large one, on both databases, with b, whose six processes take long to start."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import TransactionTestCase

from proofs.reminders.experiments import DEFECTS, EXPERIMENTS, SMALL
from proofs.reporting import Findings

pytestmark = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="races are promised on PostgreSQL"
)

TRIES = 3  # they do not always meet


class ReminderTestCase(TransactionTestCase):
    def findings(self, experiment: str, defect: str = "") -> Findings:
        plant = DEFECTS[defect][1] if defect else ""
        findings = Findings(is_quiet=True)
        EXPERIMENTS[experiment](findings, SMALL, plant)
        return findings


class TestKilling(ReminderTestCase):
    def test_loses_nothing_and_costs_at_most_one_extra_copy_each(self):
        findings = self.findings("a")
        assert findings.wrong == []
        assert findings.figures[0].startswith("a: 196 reminders, 2 workers, 4 kills: 0 lost")


class TestLeaving(ReminderTestCase):
    def test_leaves_nothing_owned_by_who_is_gone(self):
        assert self.findings("o").wrong == []

    def test_finds_an_ownership_of_somebody_who_has_left(self):
        for _ in range(TRIES):
            found = self.findings("o", "without-is-active").wrong
            if found:
                assert found == ["o: somebody who has left counts as an owner"]
                return
            self._fixture_teardown()
        pytest.fail("It was not found.")

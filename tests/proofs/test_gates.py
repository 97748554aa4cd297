"""The small version of proofs c and d, with one plant; `./script/manage prove gates` is the large
one, and puts in the others with `--plant all`."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import TransactionTestCase

from proofs.gates.experiments import DEFECTS, SMALL, Gates
from proofs.reporting import Findings

pytestmark = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="races are promised on PostgreSQL"
)
TRIES = 3  # twenty people do not always meet


class GatesTestCase(TransactionTestCase):
    def findings(self, defect: str = "") -> Findings:
        only, plant = DEFECTS[defect] if defect else ("", "")
        gates = Gates(SMALL, plant, Findings(is_quiet=True))
        gates.run(only)
        return gates.findings


class TestGates(GatesTestCase):
    def test_hold_when_many_act_at_once(self):
        findings = self.findings()
        assert findings.wrong == []
        assert len(findings.figures) == 3


class TestPlants(GatesTestCase):
    def assert_found(self, defect: str, says: str) -> None:
        for _ in range(TRIES):
            found = self.findings(defect)
            if not found.passed:
                assert [line for line in found.wrong if says in line], found.wrong
                return
            self._fixture_teardown()
        pytest.fail(f"{defect} was not found.")

    def test_a_check_outside_the_lock_is_found(self):
        self.assert_found("check-outside-the-lock", "that their signer never read")

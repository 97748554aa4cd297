"""How `prove` ends: operators and CI tell a found defect from a proof that finds nothing."""

from __future__ import annotations

from proofs.__main__ import FAILED, NOT_FOUND, PASSED, _planted, _proved
from proofs.reporting import Findings


def proving(*wrong: str) -> Findings:
    return Findings(wrong=list(wrong), figures=["2 rounds"], is_quiet=True)


class TestProve:
    def test_ends_with_0_on_a_pass_alone(self, capsys):
        assert _proved("gates", proving()) == PASSED == 0
        assert capsys.readouterr().out == "gates: proved: 2 rounds\n"
        assert _proved("gates", proving("lost one")) == FAILED == 1

    def test_tells_a_planted_defect_that_was_found(self, capsys):
        assert _planted("gates", lambda full, defect: proving("lost one"), ["a", "b"]) == FAILED
        said = capsys.readouterr().out
        assert said == "gates, with defects planted: a found; b found\n"

    def test_tells_a_planted_defect_that_was_not_found(self, capsys):
        def blind(full: bool, defect: str) -> Findings:
            return proving() if defect == "b" else proving("lost one")

        assert _planted("gates", blind, ["a", "b"]) == NOT_FOUND == 3
        assert "a found; b NOT found" in capsys.readouterr().out

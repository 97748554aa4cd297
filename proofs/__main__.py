"""Runs an experiment inside the environment of a scratch installation; see the command `prove`."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Callable, Iterable, Iterator
from time import monotonic

from proofs import scratch
from proofs.reporting import Findings

PASSED, FAILED, NOT_FOUND = 0, 1, 3
PROCESSES = 2
Experiment = Callable[[bool, str], Findings]
Prepared = tuple[Experiment, list[str]]


def main() -> int:
    parser = argparse.ArgumentParser(prog="prove")
    parser.add_argument("experiment", choices=list(EXPERIMENTS))
    parser.add_argument("--plant", default="")
    parser.add_argument("--full", action="store_true")
    options = parser.parse_args()
    scratch.set_up()
    with EXPERIMENTS[options.experiment]() as (experiment, defects):
        if not options.plant:
            return _proved(options.experiment, experiment(options.full, ""))
        chosen = defects if options.plant == "all" else [options.plant]
        if unknown := [name for name in chosen if name not in defects]:
            parser.error(f"no such plant: {unknown[0]}. There are: {', '.join(defects)}")
        return _planted(options.experiment, experiment, chosen)


def _proved(name: str, findings: Findings) -> int:
    findings.tell()
    verdict = "proved" if findings.passed else f"FAILED, {len(findings.wrong)} findings"
    _say(f"{name}: {verdict}: {'; '.join(findings.figures)}")
    return PASSED if findings.passed else FAILED


def _planted(name: str, experiment: Experiment, defects: Iterable[str]) -> int:
    """Put each defect in; a proof that passes although it is in cannot fail, and is no proof."""
    missed, said = [], []
    for defect in defects:
        began = monotonic()
        findings = experiment(False, defect)
        found = not findings.passed
        missed += [] if found else [defect]
        first = f": {findings.wrong[0]}" if found else ""
        said.append(f"{defect} {'found' if found else 'NOT found'}")
        sys.stderr.write(
            f"{'✓' if found else '✗'} {said[-1]}{first} ({monotonic() - began:.0f} s)\n"
        )
    _say(f"{name}, with defects planted: {'; '.join(said)}")
    return NOT_FOUND if missed else FAILED


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


@contextlib.contextmanager
def _gates() -> Iterator[Prepared]:
    """Each run has a database of its own: what raced in one may have broken it."""
    from proofs.gates import experiments

    def prove(is_full: bool, defect: str) -> Findings:
        only, plant = experiments.DEFECTS[defect] if defect else ("", "")
        size = experiments.FULL if is_full else experiments.USUAL
        gates = experiments.Gates(experiments.PLANTED if defect else size, plant)
        with scratch.database():
            gates.run(only)
        return gates.findings

    yield prove, list(experiments.DEFECTS)


@contextlib.contextmanager
def _permissions() -> Iterator[Prepared]:
    """All runs share one world: every request is taken back."""
    from proofs.permissions import plants, world
    from proofs.permissions.experiment import Permissions

    with scratch.database():
        made = world.build()
        defects = plants.every()

        def prove(is_full: bool, defect: str) -> Findings:
            if not defect:
                whole = Permissions(made, is_full=is_full)
                whole.run(PROCESSES)
                return whole.findings
            narrowed = world.narrowed(made)
            proof = Permissions(narrowed, is_whole=False)
            proof.fill_in()
            with defects[defect]():
                found = proof.finds()
            proof.findings.require(not found, found)
            return proof.findings

        yield prove, list(defects)


@contextlib.contextmanager
def _reminders() -> Iterator[Prepared]:
    """Each experiment has a database of its own; which server it is on is told with its name."""
    from django.db import connection

    from proofs.reminders import experiments

    def prove(is_full: bool, defect: str) -> Findings:
        size = experiments.FULL if is_full else experiments.USUAL
        findings = Findings(figures=[connection.vendor])
        experiments.prove(findings, experiments.PLANTED if defect else size, defect)
        return findings

    yield prove, list(experiments.DEFECTS)


EXPERIMENTS: dict[str, Callable[[], contextlib.AbstractContextManager[Prepared]]] = {
    "gates": _gates,
    "permissions": _permissions,
    "reminders": _reminders,
}

if __name__ == "__main__":
    sys.exit(main())

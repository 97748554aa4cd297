"""Processes that deliver, and are killed: real ones, by SIGKILL, amid real mail.

`python -m proofs.reminders.workers` sets up Django once and then forks a worker for each line that
it reads, so that fifty of them cost no fifty starts; a plant is put in before.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta

from proofs import scratch
from proofs.racing import ROOT, named

LEASE = 10  # seconds instead of 120, so that the mails of a killed worker are soon free again
IDLE = 0.05  # seconds between two looks at the queue


class Workers:
    """Starts workers and kills them."""

    def __init__(self, forks: subprocess.Popen[str]) -> None:
        self._forks = forks

    def start(self) -> int:
        """Start one; its process id."""
        assert self._forks.stdin is not None
        assert self._forks.stdout is not None
        self._forks.stdin.write("start\n")
        self._forks.stdin.flush()
        said = self._forks.stdout.readline()
        if not said:
            raise RuntimeError("The workers ended before they were told to.")
        return int(said)

    def kill(self, pid: int) -> None:
        os.kill(pid, signal.SIGKILL)


@contextlib.contextmanager
def workers(port: int, *, plant: str = "", lease: int = LEASE) -> Iterator[Workers]:
    """Yield what starts workers on this database that send to this port."""
    wanted = {"plant": plant, "lease": lease}
    given = {"DATABASE_URL": scratch.address(), "EMAIL_URL": f"smtp://127.0.0.1:{port}"}
    with subprocess.Popen(
        [sys.executable, "-m", "proofs.reminders.workers", json.dumps(wanted)],
        cwd=ROOT,
        env=os.environ | given,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as forks:
        assert forks.stdin is not None
        try:
            yield Workers(forks)
        finally:
            forks.stdin.close()  # the sign to go home


# --- the other side: what the forking process and its workers do ------------------------------


def main() -> None:
    wanted = json.loads(sys.argv[1])
    scratch.set_up()
    from notifications.actions import delivering

    delivering.LEASE = timedelta(seconds=wanted["lease"])
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those who were killed
    running: list[int] = []
    with named(wanted["plant"])() if wanted["plant"] else contextlib.nullcontext():
        for _ in sys.stdin:
            running.append(_fork())
            print(running[-1], flush=True)  # noqa: T201
    for pid in running:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _fork() -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        _deliver()
    finally:
        os._exit(1)


def _deliver() -> None:
    from notifications import actions

    while True:
        actions.deliver()
        time.sleep(IDLE)


if __name__ == "__main__":
    main()

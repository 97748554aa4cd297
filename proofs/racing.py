"""Real processes that all do the same at one moment, round after round, on PostgreSQL.

`python -m proofs.racing` sets up Django once, and for one race after the other forks, lets each
thread open its connection, and in each round drops the flag for all of them together. What comes
back, one word for each act: `done`, the rule that refused it, or `ERROR …`. An act is named
`module:function` and is called with the number of its thread and what is given to the round; a
plant is put in before the processes part, and is gone with them.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import multiprocessing
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import Any

from proofs import scratch

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 120  # seconds for the slowest to reach the starting line
Given = dict[str, Any]
Round = Callable[[Given], Counter[str]]
Runners = contextlib.AbstractContextManager[Round]


@contextlib.contextmanager
def runners(
    act: str, *, processes: int, threads: int, plant: str = "", pages: bool = False
) -> Iterator[Round]:
    """Yield what runs one round: let all of them at it, and count how it ended for them. Those who
    act through `pages` have them read before they part, once for all."""
    with host(pages=pages) as racing, racing.runners(act, processes, threads, plant) as run:
        yield run


@contextlib.contextmanager
def host(*, pages: bool = False) -> Iterator[Host]:
    """Yield where races take place, one after the other, on the database of this process."""
    with subprocess.Popen(
        [sys.executable, "-m", "proofs.racing", *(["pages"] if pages else [])],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": scratch.address()},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        try:
            yield Host(process)
        finally:
            process.stdin.close()  # the sign to go home


class Host:
    """A process that is set up already. It answers each line before it is sent the next, for
    those whom it forks go on reading where it stopped."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    @contextlib.contextmanager
    def runners(self, act: str, processes: int, threads: int, plant: str = "") -> Iterator[Round]:
        """Yield what runs one round of this race."""
        self._asked({"act": act, "processes": processes, "threads": threads, "plant": plant})
        try:
            yield lambda given: Counter(self._asked(given))
        finally:
            with contextlib.suppress(RuntimeError, OSError):
                self._asked(None)

    def _asked(self, said: Given | None) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(said) + "\n")
        self._process.stdin.flush()
        heard = self._process.stdout.readline()
        if not heard:
            raise RuntimeError("The runners ended before the round did.")
        return json.loads(heard)


def outcome(action: Callable[..., Any], **arguments: Any) -> str:
    """Say in one word how an action ended."""
    from audit.refusals import Refused

    try:
        action(**arguments)
    except Refused as refusal:
        return refusal.rule
    except Exception as error:  # whatever it is, whoever counts has to hear of it
        return f"ERROR {type(error).__name__}: {error}"
    return "done"


def named(path: str) -> Any:
    """What `module:name` names."""
    module, _, name = path.partition(":")
    return getattr(importlib.import_module(module), name)


# --- the other side: what the runners' process does -------------------------------------------


def main() -> None:
    scratch.set_up()
    if "pages" in sys.argv:
        from proofs import visiting

        visiting.load()
    while told := sys.stdin.readline():
        if pid := os.fork():
            _, status = os.waitpid(pid, 0)
            if status:
                sys.exit("The runners failed.")
        else:
            _hold(json.loads(told))
            sys.exit()


def _hold(wanted: Given) -> None:
    with named(wanted["plant"])() if wanted["plant"] else contextlib.nullcontext():
        _fork(named(wanted["act"]), wanted["processes"], wanted["threads"])
    _say(None)


def _say(what: Any) -> None:
    print(json.dumps(what), flush=True)  # noqa: T201


def _fork(act: Callable[..., str], processes: int, threads: int) -> None:
    context = multiprocessing.get_context("fork")
    line, ends = context.Barrier(processes * threads), context.SimpleQueue()
    pipes = [context.Pipe(duplex=False) for _ in range(processes)]
    started = [
        context.Process(target=_process, args=(place, threads, act, pipe, line, ends))
        for place, (pipe, _) in enumerate(pipes)
    ]
    for process in started:
        process.start()
    _say("ready")
    while (given := json.loads(sys.stdin.readline() or "null")) is not None:
        for _, pipe in pipes:
            pipe.send(given)
        _say([ends.get() for _ in range(processes * threads)])
    for _, pipe in pipes:
        pipe.send(None)
    for process in started:
        process.join()


def _process(
    place: int, threads: int, act: Callable[..., str], pipe: Any, line: Any, ends: Any
) -> None:
    while (given := pipe.recv()) is not None:
        running = [
            Thread(target=_thread, args=(place * threads + step, act, given, line, ends))
            for step in range(threads)
        ]
        for thread in running:
            thread.start()
        for thread in running:
            thread.join()


def _thread(number: int, act: Callable[..., str], given: Given, line: Any, ends: Any) -> None:
    from django.db import connection

    end = "ERROR never started"
    try:
        connection.ensure_connection()
        line.wait(PATIENCE)
        end = act(number, given)
    except Exception as error:
        end = f"ERROR {type(error).__name__}: {error}"
    finally:
        connection.close()
        ends.put(end)


if __name__ == "__main__":
    main()

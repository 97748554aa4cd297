"""The databases and web servers of one run."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import psycopg

from proofs.servers import end, end_with_parent, free_port

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 30
PRODUCT = "tests.bench.settings"
REFERENCE = "tests.bench.reference.settings"


@dataclass(frozen=True)
class Installation:
    """Settings, database and secrets that programs of one side run with."""

    settings: str
    database: str
    given: dict[str, str]

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            **self.given,
            "DATABASE_URL": self.database,
            "DJANGO_SETTINGS_MODULE": self.settings,
            "LOG_LEVEL": "WARNING",
        }

    def on(self, database: str) -> Installation:
        """The same with another database of the same server."""
        url = f"{self.database.rpartition('/')[0]}/{database}"
        return Installation(self.settings, url, self.given)

    def run(self, module: str, *arguments: str) -> Any:
        """Run a module of this package to its end, and return the JSON it prints last."""
        command = [sys.executable, "-m", module, *arguments]
        done = subprocess.run(
            command, env=self.environment, cwd=ROOT, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{module} {' '.join(arguments)} failed:\n{done.stderr[-3000:]}")
        return json.loads(done.stdout.splitlines()[-1])

    def product(self, *arguments: str) -> Any:
        """Run one of the measurements inside the product."""
        return self.run("tests.bench.product", *arguments)

    def manage(self, *arguments: str) -> None:
        command = [sys.executable, "manage.py", *arguments]
        subprocess.run(command, env=self.environment, cwd=ROOT, check=True)

    @contextlib.contextmanager
    def serve(self, application: str) -> Iterator[Web]:
        """Serve a WSGI application by gunicorn with two sync workers."""
        port = free_port()
        command = [sys.executable, "-m", "gunicorn", application, "--bind", f"127.0.0.1:{port}"]
        command += ["--workers", "2", "--log-level", "warning", "--no-control-socket"]
        process = subprocess.Popen(
            command,
            env=self.environment,
            cwd=ROOT,
            preexec_fn=lambda: end_with_parent(signal.SIGTERM),
        )
        try:
            _wait_for(process, port)
            yield Web(port, process.pid)
        finally:
            end(process, signal.SIGTERM)


@dataclass(frozen=True)
class Web:
    """A web server that answers."""

    port: int
    pid: int

    def workers(self) -> list[Path]:
        """What the kernel says of each."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return [Path(f"/proc/{child}") for child in children]

    def memory(self) -> float:
        """MiB that the larger of its workers holds, its share of common pages counted in part."""
        return max(_mebibytes(worker / "smaps_rollup", "Pss:") for worker in self.workers())

    def growth(self, act: Callable[[], object]) -> float:
        """MiB by which the memory of a worker grows at most while this is done."""
        before = {worker: _mebibytes(worker / "status", "VmRSS:") for worker in self.workers()}
        for worker in before:
            (worker / "clear_refs").write_text("5")  # forgets the peak so far
        act()
        return max(_mebibytes(w / "status", "VmHWM:") - held for w, held in before.items())


def _mebibytes(file: Path, name: str) -> float:
    lines = file.read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024


def _wait_for(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            urlopen(f"http://127.0.0.1:{port}/", timeout=5).close()
        except HTTPError:  # it answers, be it with 404
            return
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("gunicorn did not start.")


def create_database(url: str, name: str, template: str = "template1") -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')

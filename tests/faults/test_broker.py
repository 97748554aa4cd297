"""Redis is gone, or hangs: pages do not notice, and the clock goes on once it is back."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test import TransactionTestCase

from notifications.models import Sweep
from proofs import visiting
from tests.faults.processes import Given, Web, clock, of_the_test_database, web
from tests.faults.proxy import Proxy, standing_before, wait_until
from tests.notifications.scenes import make_lead

QUICK = 10  # seconds, on a machine with other work; to publish to a Redis that hangs took over 60
BACK = 60

pytestmark = pytest.mark.skipif(connection.vendor != "postgresql", reason="as it is run with Redis")


class BrokerTestCase(TransactionTestCase):
    proxy: Proxy
    folder: Path

    @pytest.fixture(autouse=True)
    def redis(self, tmp_path: Path):
        url = urlsplit(os.environ["REDIS_URL"])
        assert url.hostname
        assert url.port
        with standing_before(url.hostname, url.port) as proxy:
            self.proxy, self.folder = proxy, tmp_path
            yield

    def given(self) -> Given:
        return Given(of_the_test_database(), f"redis://127.0.0.1:{self.proxy.port}/7")


class TestPages(BrokerTestCase):
    def assert_work(self, pages: Web) -> None:
        for path in ("/", "/my-work/", "/initiatives/"):
            answer = pages.get(path)
            assert (answer.status, answer.seconds < QUICK) == (200, True), path
        ready = pages.get("/readyz", is_anonymous=True)
        assert (ready.status, "does not answer" in ready.body) == (503, True)
        assert ready.seconds < QUICK

    def test_work_without_it(self):
        session = visiting.session(make_lead())
        with web(self.given(), session) as pages:
            self.proxy.down()
            self.assert_work(pages)
            self.proxy.up()
            self.proxy.hang()
            self.assert_work(pages)


class TestClock(BrokerTestCase):
    def test_goes_on_when_it_is_back(self):
        with clock(self.given(), self.folder):
            wait_until(Sweep.objects.exists, BACK)
            for trouble in (self.proxy.down, self.proxy.hang):
                trouble()
                self.assert_stands_still()
                self.proxy.down()
                self.proxy.up()
                before = Sweep.objects.count()
                wait_until(lambda so_far=before: Sweep.objects.count() > so_far, BACK)

    def assert_stands_still(self) -> None:
        """What was under way comes to an end; then nothing happens, which costs nothing."""
        with pytest.raises(AssertionError, match="not within"):
            wait_until(self.more_than_before, 4)

    def more_than_before(self) -> bool:
        before = getattr(self, "_before", None)
        self._before = Sweep.objects.count()
        return before is not None and self._before > before + 1

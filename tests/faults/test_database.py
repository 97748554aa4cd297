"""The database is restarted: a page says so at once, and everything is back when it is."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test import TransactionTestCase

from notifications.models import Sweep
from proofs import visiting
from tests.faults.processes import Given, clock, of_the_test_database, web
from tests.faults.proxy import Proxy, standing_before, wait_until
from tests.notifications.scenes import make_lead

AT_ONCE = 5  # seconds
SOON = 10
STARTS = 60

pytestmark = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no server")


class TestDatabase(TransactionTestCase):
    proxy: Proxy
    folder: Path

    @pytest.fixture(autouse=True)
    def database(self, tmp_path: Path):
        url = urlsplit(os.environ["DATABASE_URL"])
        assert url.hostname
        with standing_before(url.hostname, url.port or 5432) as proxy:
            self.proxy, self.folder = proxy, tmp_path
            yield

    def given(self) -> Given:
        return Given(of_the_test_database(self.proxy), os.environ["REDIS_URL"][:-1] + "8")

    def test_that_is_away_is_told_by_a_page_until_it_is_back(self):
        session = visiting.session(make_lead())
        with web(self.given(), session) as pages:
            assert pages.get("/").status == 200
            self.proxy.down()
            away = pages.get("/")
            assert (away.status, away.headers["Retry-After"]) == (503, "5")
            assert "Gatehouse is away for a moment" in away.body
            assert away.seconds < AT_ONCE
            assert pages.get("/livez", is_anonymous=True).status == 200
            assert pages.get("/readyz", is_anonymous=True).status == 503
            self.proxy.up()
            wait_until(lambda: pages.get("/").status == 200, SOON)

    def test_that_was_away_is_swept_again(self):
        with clock(self.given(), self.folder):
            wait_until(Sweep.objects.exists, STARTS)
            self.proxy.down()
            before = Sweep.objects.count()
            self.proxy.up()
            wait_until(lambda: Sweep.objects.count() > before + 1, STARTS)

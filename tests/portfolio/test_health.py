"""/livez, /readyz and /metrics: what machines ask, without signing in."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import TestCase, override_settings
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from audit import triggers
from notifications.actions import sweep
from notifications.models import Reminder, Sweep
from proofs.servers import free_port
from tests.notifications.scenes import make_initiative, make_lead


@pytest.mark.embedded
class TestLivez(TestCase):
    def test_answers_without_a_sign_in_and_without_the_database(self):
        with self.assertNumQueries(0):
            response = self.client.get("/livez")
        assert (response.status_code, response.content) == (200, b"ok")
        assert "no-store" in response["Cache-Control"]


@pytest.mark.embedded
@override_settings(CELERY_BROKER_URL=os.environ["REDIS_URL"], CELERY_BROKER_TRANSPORT_OPTIONS={})
class TestReadyz(TestCase):
    """Ready is 200; anything else is 503 and says of each part what is wrong."""

    def ready(self):
        response = self.client.get("/readyz")
        said = response.json()
        assert response.status_code == (200 if said.pop("ready") else 503)
        assert "no-store" in response["Cache-Control"]
        return {part: words for part, words in said.items() if words != "ok"}

    def setUp(self):
        sweep(at=timezone.now())

    def test_says_so_when_nothing_is_wrong(self):
        assert self.ready() == {}

    def test_names_every_part(self):
        parts = set(self.client.get("/readyz").json())
        assert parts == {"ready", "database", "broker", "migrations", "audit", "sweep"}

    def test_says_that_the_broker_does_not_answer(self):
        with self.settings(CELERY_BROKER_URL=f"redis://127.0.0.1:{free_port()}/0"):
            assert self.ready() == {"broker": "does not answer"}

    def test_says_how_long_ago_the_last_sweep_was(self):
        ago = timezone.now() - timedelta(minutes=15, seconds=30)
        Sweep.objects.update(finished_at=ago)
        assert self.ready() == {"sweep": "last ran 15 min ago"}
        Sweep.objects.update(finished_at=ago + timedelta(minutes=1))
        assert self.ready() == {}

    def test_says_that_the_sweep_has_never_run(self):
        Sweep.objects.all().delete()
        assert self.ready() == {"sweep": "has never run"}

    def test_says_which_migrations_are_missing(self):
        applied = MigrationRecorder(connection).migration_qs
        applied.filter(app="notifications").last().delete()
        assert self.ready() == {"migrations": "1 not applied"}

    def test_says_that_the_log_can_be_changed(self):
        triggers.drop("default")
        assert self.ready() == {"audit": "the log's triggers are missing"}


@pytest.mark.embedded
class TestMetrics(TestCase):
    TOKEN = "one-that-is-long-enough"

    def ask(self, token=TOKEN):
        return self.client.get("/metrics", headers={"Authorization": f"Bearer {token}"})

    def test_are_not_there_without_a_token_in_the_settings(self):
        assert self.ask("").status_code == 404

    def test_are_refused_to_who_sends_another_token_or_none(self):
        with self.settings(METRICS_TOKEN=self.TOKEN):
            assert self.ask("another").status_code == 401
            assert self.client.get("/metrics").status_code == 401

    def figures(self):
        with self.settings(METRICS_TOKEN=self.TOKEN):
            answer = self.ask()
        assert answer.status_code == 200
        assert answer["Content-Type"].startswith("text/plain")
        families = text_string_to_metric_families(answer.content.decode())
        return {(s.name, *s.labels.values()): s.value for f in families for s in f.samples}

    def test_tell_of_the_clock_the_queue_and_the_portfolio(self):
        lead = make_lead()
        make_initiative(lead, due=timezone.localdate() - timedelta(days=2))
        sweep(at=timezone.now())
        found = self.figures()
        assert found["gatehouse_initiatives", "pilot"] == 1
        assert found["gatehouse_flags_open", "decision_overdue"] == 1
        assert found["gatehouse_flags_open", "stalled"] == 0
        assert found["gatehouse_reminders_owed",] == Reminder.objects.owed().count() > 0
        assert found["gatehouse_mails", "queued"] == 0
        assert 0 <= found["gatehouse_sweep_age_seconds",] < 60
        assert ("gatehouse_sweep_part_seconds", "unowned") in found

    def test_leave_out_what_has_not_begun(self):
        assert ("gatehouse_sweep_age_seconds",) not in self.figures()

    def test_take_seven_queries(self):
        sweep(at=timezone.now())
        with self.settings(METRICS_TOKEN=self.TOKEN), self.assertNumQueries(7):
            self.ask()

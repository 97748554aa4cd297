from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import SimpleTestCase, TestCase
from django.utils import timezone

from initiatives import actions as initiatives
from initiatives.models import KillCondition
from initiatives.stages import Stage
from notifications import tasks
from notifications.management.commands.sweep import moment
from notifications.models import Sweep
from tests.notifications.scenes import make_initiative, make_lead, make_quiet

A_TUESDAY = datetime(2026, 3, 3, 12, tzinfo=UTC)  # on which mails of what can wait go out


def run(*command: str) -> Any:
    out = StringIO()
    call_command(*command, "--json", stdout=out)
    return json.loads(out.getvalue())


class TestMoment(SimpleTestCase):
    def test_reads_days_and_moments(self):
        assert moment("2026-11-03") == datetime(2026, 11, 3, tzinfo=UTC)
        assert moment("2026-11-03T09:30:00+02:00") == datetime(2026, 11, 3, 7, 30, tzinfo=UTC)

    def test_takes_the_time_of_the_organisation(self):
        with self.settings(TIME_ZONE="Europe/Paris"):
            assert moment("2026-11-03 09:30") == datetime(2026, 11, 3, 8, 30, tzinfo=UTC)

    def test_says_how_to_write_it(self):
        for text in ("soon", "", "2026-13-01", "0000-01-01", "0001-01-01", "9999-12-31"):
            with pytest.raises(CommandError, match="Write 2026-11-03"):
                moment(text)


@pytest.mark.embedded
@time_machine.travel(A_TUESDAY)
class TestCommands(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.lead = make_lead()
        now = timezone.now()
        late = now - timedelta(days=60)
        cls.initiative = make_initiative(cls.lead, stage=Stage.PRODUCTION, at=late)
        make_initiative(cls.lead, name="Routing", at=late, due=(now - timedelta(days=9)).date())

    def test_sweep_counts_what_it_changed_and_then_nothing(self):
        first = run("sweep")
        assert first["rules"]["unowned"] == {"opened": 2, "updated": 0, "closed": 0, "open": 2}
        assert first["reminders"] == {"planned": 3, "revived": 0, "cancelled": 0}
        assert {"at", "tripped", "noticed", "seconds"} <= first.keys()
        second = run("sweep")
        assert second["rules"]["unowned"] == {"opened": 0, "updated": 0, "closed": 0, "open": 2}
        assert set(second["reminders"].values()) == {0}

    def test_sweep_pretends_that_it_is_another_day(self):
        before = run("sweep", "--at", "2020-01-01")
        assert before["rules"]["decision_overdue"]["open"] == 0
        assert before["at"] == "2020-01-01T00:00:00+00:00"

    def test_sweep_trips_nothing_on_a_day_that_is_still_to_come(self):
        now = timezone.now()
        metric = initiatives.define_metric(
            initiative=self.initiative,
            values={"name": "Resolution time", "is_primary": True, "unit": "min"},
            by=None,
            at=now,
        )
        values: dict[str, Any] = {
            "metric_id": metric.pk,
            "comparator": "above",
            "threshold": 45,
            "due_date": now.date() + timedelta(days=9),
        }
        condition = initiatives.add_kill_condition(
            initiative=self.initiative, values=values, by=None, at=now
        )
        later = (now + timedelta(days=20)).date().isoformat()
        assert run("sweep", "--at", later)["tripped"] == 0
        assert KillCondition.objects.get().tripped_at is None
        KillCondition.objects.filter(pk=condition.pk).update(
            due_date=now.date() - timedelta(days=9)
        )
        earlier = (now - timedelta(days=1)).isoformat()
        assert run("sweep", "--at", earlier)["tripped"] == 1

    def test_deliver_sends_and_then_nothing(self):
        run("sweep")
        first = run("deliver")
        assert (first["sent"], first["failed"]) == (2, 0)  # what is urgent, and the rest
        assert first["heard"]["events"] > 0
        assert len(mail.outbox) == 2
        second = run("deliver")
        assert second.pop("heard") == {"events": 0, "planned": 0, "revived": 0}
        assert set(second.values()) == {0}

    def test_start_campaign_starts_once(self):
        make_quiet(self.initiative)
        assert run("start_campaign") == {"started": 1}
        assert run("start_campaign") == {"started": 0}

    def test_each_speaks_to_people_too(self):
        out = StringIO()
        for command in ("sweep", "deliver", "start_campaign"):
            call_command(command, stdout=out)
        assert "Unowned: 2 open (2 new, 0 changed, 0 closed)." in out.getvalue()
        assert "Mails: 2 sent" in out.getvalue()
        assert "Nothing is quiet" in out.getvalue()


class TestTasks(TestCase):
    def test_take_no_arguments_and_do_the_work(self):
        late, lead = timezone.now() - timedelta(days=60), make_lead()
        make_initiative(lead, stage=Stage.PRODUCTION, at=late)
        tasks.sweep()
        tasks.hear_and_deliver()
        assert Sweep.objects.count() == 1
        (mine,) = (m for m in mail.outbox if m.subject.startswith("Name who answers for"))
        assert mine.to == [lead.email]

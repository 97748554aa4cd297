"""One part of a tick fails: the others are done, and whoever looks after it all is told."""

from __future__ import annotations

import gc
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.test import TestCase
from django.urls import reverse

from audit.actions import Entry, append
from notifications import actions, tasks
from notifications.metrics import exposition
from notifications.models import Flag, Reminder, Sweep, Trouble
from tests.notifications.conftest import Sink
from tests.notifications.scenes import (
    NOON,
    TODAY,
    make_initiative,
    make_lead,
    make_person,
    open_rules,
    owe_one,
)

DAY = timedelta(days=1)


def no_kill_conditions(execute, sql, params, many, context):
    """What a database says that has lost a table."""
    if 'FROM "initiatives_killcondition"' in sql:
        raise OperationalError("could not read block 7\nDETAIL: of a row that names somebody")
    return execute(sql, params, many, context)


class TryingTestCase(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.lead = make_lead()
        cls.late = make_initiative(cls.lead, due=TODAY - DAY)

    def setUp(self):
        cache.clear()

    def sweep_badly(self):
        with (
            connection.execute_wrapper(no_kill_conditions),
            self.assertLogs("notifications", "ERROR"),
            pytest.raises(ExceptionGroup) as failed,
        ):
            actions.sweep(at=NOON)
        return failed.value.exceptions

    def page(self, name):
        self.client.force_login(self.lead)
        return self.client.get(reverse(name)).content.decode()


@pytest.mark.embedded
class TestSweep(TryingTestCase):
    def test_goes_on_where_a_rule_fails(self):
        errors = self.sweep_badly()
        assert {type(error) for error in errors} == {OperationalError}
        assert "decision_overdue" in open_rules(self.late)
        assert Reminder.objects.owed().exists()
        assert Sweep.objects.exists()
        assert gc.isenabled()

    def test_leaves_flags_of_what_fails_as_they_are(self):
        flag = {"due_date": TODAY, "severity": "critical", "says": "So.", "acts": "a lead"}
        mine = {"initiative": self.late, "since": NOON, "opened_at": NOON}
        Flag.objects.create(rule="kill_condition_tripped", **flag, **mine)
        self.sweep_badly()
        assert "kill_condition_tripped" in open_rules(self.late)

    def test_notes_what_fails_since_when_until_it_works_again(self):
        self.sweep_badly()
        self.sweep_badly()
        parts = set(Trouble.objects.values_list("part", "since"))
        assert ("kill_condition_tripped", NOON) in parts
        assert ("kill_conditions", NOON) in parts
        assert not {part for part, _ in parts} & {"decision_overdue", "reminders"}
        actions.sweep(at=NOON + DAY)
        assert not Trouble.objects.exists()

    def test_closes_flags_of_rules_that_there_are_no_more(self):
        actions.sweep(at=NOON)
        Flag.objects.filter(rule="decision_overdue").update(rule="from_a_former_version")
        actions.sweep(at=NOON)
        assert not Flag.objects.open().filter(rule="from_a_former_version").exists()
        assert "decision_overdue" in open_rules(self.late)

    def test_is_told_of_by_the_command_in_a_line_each(self):
        with (
            connection.execute_wrapper(no_kill_conditions),
            self.assertLogs("notifications", "ERROR"),
            pytest.raises(CommandError, match="OperationalError: could not read block 7"),
        ):
            call_command("sweep")


@pytest.mark.embedded
class TestHearing(TryingTestCase):
    sink: Sink

    @pytest.fixture(autouse=True)
    def real_server(self, sink):
        self.sink = sink

    def test_that_fails_keeps_no_mail_from_going_out(self):
        append([Entry("review.requested", "review:none of them", self.late.pk)], at=NOON)
        owe_one(self.lead, self.late)
        with self.assertLogs("notifications", "ERROR"), pytest.raises(ExceptionGroup):
            tasks.hear_and_deliver()
        assert [to for to, _ in self.sink.mails] == [self.lead.email]
        assert list(Trouble.objects.values_list("part", flat=True)) == ["hearing"]


@pytest.mark.embedded
class TestTold(TryingTestCase):
    def test_on_operations_with_what_was_said_and_no_row(self):
        self.sweep_badly()
        page = self.page("notifications:operations")
        assert "What fails" in page
        assert "Kill condition tripped" in page
        assert "OperationalError: could not read block 7" in page
        assert "names somebody" not in page

    def test_by_a_line_on_every_page_of_whoever_operates(self):
        self.sweep_badly()
        line = "Part of the flags and mails has been failing since"
        assert line in self.page("portfolio:dashboard")
        assert line not in self.page("notifications:operations")  # which says what
        self.client.force_login(make_person("Mia Member"))
        assert line not in self.client.get(reverse("portfolio:dashboard")).content.decode()

    def test_by_no_line_where_all_is_well(self):
        actions.sweep(at=NOON)
        assert "has been failing" not in self.page("portfolio:dashboard")
        assert "What fails" not in self.page("notifications:operations")

    def test_to_prometheus(self):
        assert b"gatehouse_parts_failing 0.0" in exposition()
        self.sweep_badly()
        assert b"gatehouse_parts_failing 0.0" not in exposition()

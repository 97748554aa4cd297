from __future__ import annotations

from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import models, transaction
from django.test import TestCase, TransactionTestCase

from audit.actions import append
from audit.models import Event, Text
from audit.queries import history
from audit.refusals import Refused, records_refusals
from tests.audit.entries import NOON, make_entry

ADA = SimpleNamespace(pk=3)


@records_refusals("initiative.advance")
def advance(*, initiative: Any = None, row: Any = None, by: Any, at: datetime) -> str:
    append([make_entry("initiative.advanced")], at=at)
    if initiative is not None and initiative.pk == 1:
        return "advanced"
    raise Refused("Ask Bo to accept first.", rule="owner_unaccepted", field="owner")


@records_refusals("meeting.decide")
def decide(*, initiative: Any, by: Any, at: datetime) -> None:
    advance(initiative=initiative, by=by, at=at)


class Slot(models.Model):
    """A row that belongs to an initiative, of no table."""

    initiative_id = models.BigIntegerField()

    class Meta:
        app_label = "tests"
        managed = False

    def __str__(self) -> str:
        return f"slot {self.pk}"


def refused(**arguments: Any) -> Event:
    with pytest.raises(Refused):
        advance(**{"by": ADA, "at": NOON, **arguments})
    return Event.objects.get()


@pytest.mark.embedded
class TestRecordsRefusals(TestCase):
    def test_lets_a_success_pass(self):
        assert advance(initiative=SimpleNamespace(pk=1), by=ADA, at=NOON) == "advanced"
        assert [record.kind for record in history()] == ["initiative.advanced"]

    def test_records_who_tried_what_and_which_rule_refused(self):
        refused(initiative=SimpleNamespace(pk=42))
        (record,) = history()
        assert (record.kind, record.actor_id, record.at) == ("initiative.advance_refused", 3, NOON)
        assert record.changed == {"rule": "owner_unaccepted", "message": "Ask Bo to accept first."}
        assert Text.objects.get().words == "Ask Bo to accept first."

    def test_names_the_initiative(self):
        event = refused(initiative=SimpleNamespace(pk=42), row=Slot(pk=7, initiative_id=42))
        assert (event.subject, event.initiative_id) == ("initiative:42", 42)

    def test_names_what_belongs_to_an_initiative(self):
        event = refused(row=Slot(pk=7, initiative_id=42))
        assert (event.subject, event.initiative_id) == ("slot:7", 42)

    def test_names_whatever_row_was_passed(self):
        event = refused(row=ContentType(pk=5))
        assert (event.subject, event.initiative_id) == ("contenttype:5", None)

    def test_names_the_person_when_there_is_nothing_else(self):
        assert refused(initiative=SimpleNamespace(pk=None)).subject == "person:3"

    def test_names_the_system_when_nobody_acts(self):
        event = refused(by=None)
        assert (event.subject, event.actor_id) == ("system", None)

    def test_keeps_the_refusal_as_it_was(self):
        with pytest.raises(Refused) as caught:
            advance(by=ADA, at=NOON)
        assert (caught.value.rule, caught.value.field) == ("owner_unaccepted", "owner")
        assert str(caught.value) == caught.value.message == "Ask Bo to accept first."

    def test_records_other_errors_not_at_all(self):
        @records_refusals("x")
        def fails(*, by: Any, at: datetime) -> None:
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fails(by=ADA, at=NOON)
        assert not Event.objects.exists()

    def test_needs_an_actor_and_a_clock(self):
        with pytest.raises(TypeError, match="`at` and `by`"):
            records_refusals("x")(lambda: None)

    def test_leaves_one_event_for_an_action_in_an_action(self):
        with pytest.raises(Refused):
            decide(initiative=SimpleNamespace(pk=42), by=ADA, at=NOON)
        assert [record.kind for record in history()] == ["meeting.decide_refused"]


@pytest.mark.embedded
class TestRecordsRefusalsCommits(TransactionTestCase):
    def test_keeps_the_event_though_the_action_was_rolled_back(self):
        with pytest.raises(Refused):
            advance(initiative=SimpleNamespace(pk=42), by=ADA, at=NOON)
        assert not transaction.get_connection().in_atomic_block
        assert [record.kind for record in history()] == ["initiative.advance_refused"]

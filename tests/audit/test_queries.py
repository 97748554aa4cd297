from __future__ import annotations

import pytest
from django.test import TestCase

from audit.chain import GENESIS
from audit.queries import Head, events_after, head, history
from tests.audit.entries import NOON, make_events


@pytest.mark.embedded
class TestHistory(TestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        make_events(3)
        make_events(2, initiative_id=7, subject="initiative:7")

    def test_shows_the_newest_first(self):
        assert [record.seq for record in history(limit=3)] == [5, 4, 3]

    def test_shows_one_initiative(self):
        assert [record.seq for record in history(initiative_id=42, limit=10)] == [3, 2, 1]

    def test_pages_on(self):
        assert [record.seq for record in history(limit=2, before_seq=4)] == [3, 2]

    def test_resolves_words(self):
        (record,) = history(initiative_id=42, limit=1)
        assert record.changed == {"name": "Name 3", "step": 3}
        assert (record.at, record.kind, record.subject, record.actor_id, record.initiative_id) == (
            NOON,
            "initiative.edited",
            "initiative:42",
            3,
            42,
        )

    def test_takes_two_queries_for_any_number(self):
        for limit in (1, 5):
            with self.assertNumQueries(2):
                history(limit=limit)


@pytest.mark.embedded
class TestEventsAfter(TestCase):
    def test_hears_each_event_once_in_order(self):
        make_events(4)
        assert [record.seq for record in events_after(1, limit=2)] == [2, 3]
        assert [record.seq for record in events_after(3, limit=2)] == [4]
        assert events_after(4, limit=2) == []


@pytest.mark.embedded
class TestHead(TestCase):
    def test_is_genesis_before_anything_happened(self):
        assert head() == Head(0, GENESIS)

    def test_is_the_last_event_in_one_query(self):
        *_, last = make_events(3)
        with self.assertNumQueries(1):
            assert head() == Head(3, last.hash)

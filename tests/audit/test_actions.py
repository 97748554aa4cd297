from __future__ import annotations

import hashlib
import hmac
import json
import threading
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import TestCase, TransactionTestCase
from django.test.utils import CaptureQueriesContext

from audit.actions import LogBroken, Words, append, erase
from audit.chain import GENESIS
from audit.models import Event, Head, Text
from audit.queries import head, history
from audit.request import request_id
from audit.verification import verify
from tests.audit.entries import NOON, make_entry, make_events


@pytest.mark.embedded
class TestAppend(TestCase):
    def test_writes_the_exact_payload(self):
        (event,) = make_events(1, changed={"to": "pilot"})
        assert event.payload == (
            '{"actor":3,"at":"2026-03-01T12:00:00.123456Z","changed":{"to":"pilot"},'
            '"initiative":42,"kind":"initiative.edited","seq":1,"subject":"initiative:42","v":1}'
        )

    def test_hashes_and_seals_as_documented(self):
        first, second = make_events(2)
        bound = f"audit/v1\n2\n{first.hash}\n{second.payload}"
        assert first.prev == GENESIS
        assert second.hash == hashlib.sha256(bound.encode()).hexdigest()
        key = settings.AUDIT_KEY.encode()
        assert second.mac == hmac.new(key, second.hash.encode(), "sha256").hexdigest()
        assert second.key_id == hashlib.sha256(key).hexdigest()[:8]

    def test_continues_where_the_log_ended(self):
        make_events(2)
        (third,) = make_events(1)
        assert third.seq == 3
        assert (head().seq, head().hash) == (3, third.hash)

    def test_keeps_words_out_of_the_payload(self):
        (event,) = make_events(1, changed={"owner": Words("Ada Lovelace")})
        text = Text.objects.get(event_seq=1)
        assert "Ada" not in event.payload
        assert text.words == "Ada Lovelace"
        digest = hashlib.sha256((text.salt + text.words).encode()).hexdigest()
        assert json.loads(event.payload)["changed"] == {"owner": {"text": digest}}

    def test_gives_equal_words_different_digests(self):
        make_events(2, changed={"owner": Words("Ada")})
        assert Text.objects.values("digest").distinct().count() == 2

    def test_stores_words_that_a_database_refuses(self):
        make_events(1, changed={"reason": Words("a\0b\ud800")})
        assert history()[0].changed == {"reason": "a\ufffdb?"}
        assert verify().clean

    def test_names_the_request(self):
        token = request_id.set("req-1")
        (event,) = make_events(1)
        request_id.reset(token)
        assert json.loads(event.payload)["request"] == "req-1"

    def test_writes_nothing_for_no_entries(self):
        assert append([], at=NOON) == []
        assert head().seq == 0

    def test_takes_as_many_queries_for_a_thousand_as_for_one(self):
        make_events(1)
        with CaptureQueriesContext(connection) as one:
            make_events(1)
        with CaptureQueriesContext(connection) as many:
            make_events(1_000)
        # SQLite takes a limited number of variables in one statement.
        slices = 0 if connection.vendor == "postgresql" else 20
        assert len(one) == 6  # savepoint, lock, texts, events, head, release
        assert len(many) <= len(one) + slices

    def test_refuses_to_start_again_when_the_head_was_deleted(self):
        make_events(1)
        Head.objects.all().delete()
        with pytest.raises(LogBroken):
            make_events(1)


@pytest.mark.embedded
class TestAppendCommits(TransactionTestCase):
    def test_refuses_outside_a_transaction(self):
        with pytest.raises(transaction.TransactionManagementError, match="belongs in"):
            append([make_entry()], at=NOON)

    def test_leaves_no_gap_after_a_rollback(self):
        make_events(1)
        with transaction.atomic():
            append([make_entry()], at=NOON)
            transaction.set_rollback(True)
        make_events(1)
        assert list(Event.objects.order_by("seq").values_list("seq", flat=True)) == [1, 2]
        assert verify().clean


class TestAppendRaces(TransactionTestCase):
    """On PostgreSQL only: Django's SQLite tests share one in-memory database between threads."""

    def setUp(self) -> None:
        if connection.vendor != "postgresql":
            self.skipTest("Races are tried on PostgreSQL.")

    def test_starts_the_log_once_when_two_find_it_empty(self):
        """The other's first append commits just after this one found no head."""
        others: list[threading.Thread] = []

        def other_first(execute, sql, params, many, context):
            result = execute(sql, params, many, context)
            if not others and "audit_head" in sql:
                others.append(threading.Thread(target=append_elsewhere))
                others[0].start()
                others[0].join(30)
            return result

        def append_elsewhere() -> None:
            make_events(2)
            connection.close()

        with connection.execute_wrapper(other_first):
            (event,) = make_events(1)
        assert event.seq == 3
        assert verify().clean

    def test_can_be_verified_meanwhile(self):
        done = threading.Event()

        def appends() -> None:
            while not done.is_set():
                make_events(3)
            connection.close()

        thread = threading.Thread(target=appends)
        thread.start()
        found = [verify() for _ in range(30)]
        done.set()
        thread.join(30)
        assert [each.first_bad for each in found if not each.clean] == []
        assert found[-1].rows > found[0].rows

    def test_leaves_no_gap_between_twenty_threads(self):
        failures: list[Exception] = []
        together = threading.Barrier(20)

        def appends() -> None:
            try:
                together.wait(30)
                for _ in range(20):
                    make_events(1)
            except Exception as failure:
                failures.append(failure)
            finally:
                connection.close()

        threads = [threading.Thread(target=appends) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
        assert failures == []
        assert verify().clean
        assert verify().rows == Event.objects.count() == 400


@pytest.mark.embedded
class TestErase(TestCase):
    def test_forgets_words_and_salt_but_keeps_the_chain(self):
        make_events(2)
        erase(Text.objects.filter(words="Name 1"), subject="person:9", actor_id=3, at=NOON)
        text = Text.objects.get(event_seq=1)
        assert (text.words, text.salt, text.erased_at) == ("", "", NOON)
        assert verify().clean
        assert [record.changed.get("name") for record in history()] == [None, "Name 2", "(erased)"]

    def test_says_so(self):
        make_events(1)
        event = erase(Text.objects.all(), subject="person:9", actor_id=3, at=NOON)
        assert (event.kind, event.subject, event.actor_id) == ("audit.erased", "person:9", 3)
        assert json.loads(event.payload)["changed"] == {"texts": [Text.objects.get().id]}

    def test_leaves_what_was_erased_before(self):
        make_events(1)
        erase(Text.objects.all(), subject="person:9", at=NOON)
        erase(Text.objects.all(), subject="person:9", at=NOON + timedelta(days=1))
        assert Text.objects.get().erased_at == NOON

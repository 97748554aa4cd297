from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import TestCase, override_settings

from audit import triggers
from audit.actions import append, erase
from audit.chain import link, seal
from audit.models import Event, Head, Text
from audit.queries import head
from audit.verification import Fault, verify
from tests.audit.entries import NOON, make_entry, make_events

ROWS = 12


def sql(statement: str, *parameters: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def rehash(seq: int, *, key: str | None = None) -> None:
    """Make a row consistent in itself, as an attacker without the key can (or with it)."""
    row = Event.objects.get(seq=seq)
    row.hash = link(row.seq, row.prev, row.payload)
    if key is not None:
        row.mac = seal(row.hash, key)
    sql("UPDATE audit_event SET hash = %s, mac = %s WHERE seq = %s", row.hash, row.mac, seq)


def edit(seq: int) -> None:
    row = Event.objects.get(seq=seq)
    payload = row.payload.replace("initiative.edited", "initiative.killed")
    sql(
        "UPDATE audit_event SET payload = %s, kind = 'initiative.killed' WHERE seq = %s",
        payload,
        seq,
    )


def edit_and_rehash() -> None:
    edit(6)
    rehash(6)


def rewrite_from(seq: int, *, key: str | None = None) -> None:
    """Change a row and make all that follow consistent with it, the head included."""
    edit(seq)
    rehash(seq, key=key)
    for later in range(seq + 1, ROWS + 1):
        before = Event.objects.get(seq=later - 1).hash
        sql("UPDATE audit_event SET prev = %s WHERE seq = %s", before, later)
        rehash(later, key=key)
    Head.objects.update(hash=Event.objects.get(seq=ROWS).hash)


def swap(one: int, other: int) -> None:
    for old, new in ((one, 99), (other, one), (99, other)):
        sql("UPDATE audit_event SET seq = %s WHERE seq = %s", new, old)


def delete_and_renumber(seq: int) -> None:
    sql("DELETE FROM audit_event WHERE seq = %s", seq)
    for later in range(seq + 1, ROWS + 1):
        sql("UPDATE audit_event SET seq = %s WHERE seq = %s", later - 1, later)
    Head.objects.update(seq=ROWS - 1)


def forge() -> Event:
    """Insert a row after the last, consistent but for the seal."""
    last = Event.objects.get(seq=ROWS)
    forged = Event.objects.get(seq=ROWS)
    content = json.loads(last.payload) | {"seq": ROWS + 1, "changed": {}}
    forged.seq, forged.prev = ROWS + 1, last.hash
    forged.payload = json.dumps(content, sort_keys=True, separators=(",", ":"))
    forged.hash = link(forged.seq, forged.prev, forged.payload)
    forged.save(force_insert=True)
    return forged


def forge_with_head() -> None:
    forged = forge()
    Head.objects.update(seq=forged.seq, hash=forged.hash)


def cut_the_tail() -> None:
    sql("DELETE FROM audit_event WHERE seq > %s", ROWS - 2)


def cut_the_tail_and_set_the_head_back() -> None:
    cut_the_tail()
    last = Event.objects.get(seq=ROWS - 2)
    Head.objects.update(seq=last.seq, hash=last.hash)


def empty() -> None:
    table = "TRUNCATE audit_event" if connection.vendor == "postgresql" else None
    sql(table or "DELETE FROM audit_event")


def empty_with_head() -> None:
    empty()
    Head.objects.all().delete()


def replay() -> None:
    """Overwrite a row with one that was once truly sealed for its number, elsewhere."""
    row = Event.objects.get(seq=6)
    row.prev = hashlib.sha256(b"another log").hexdigest()
    sql("UPDATE audit_event SET prev = %s WHERE seq = 6", row.prev)
    rehash(6, key=settings.AUDIT_KEY)


def set_the_head_back() -> None:
    row = Event.objects.get(seq=ROWS - 1)
    Head.objects.update(seq=row.seq, hash=row.hash)


ATTACKS: dict[str, tuple[Callable[[], object], int, str]] = {
    "update": (lambda: edit(6), 6, "changed"),
    "update+rehash": (edit_and_rehash, 6, "mac"),
    "rewrite the rest": (lambda: rewrite_from(6), 6, "mac"),
    "delete": (lambda: sql("DELETE FROM audit_event WHERE seq = 6"), 6, "missing"),
    "delete the first": (lambda: sql("DELETE FROM audit_event WHERE seq = 1"), 1, "missing"),
    "delete+renumber": (lambda: delete_and_renumber(6), 6, "swapped"),
    "swap": (lambda: swap(6, 7), 6, "swapped"),
    "forge": (forge, ROWS + 1, "inserted"),
    "forge+head": (forge_with_head, ROWS + 1, "mac"),
    "replay": (replay, 6, "inserted"),
    "cut the tail": (cut_the_tail, ROWS - 1, "missing"),
    "cut the tail+head": (cut_the_tail_and_set_the_head_back, ROWS - 1, "missing"),
    "truncate": (empty, 1, "missing"),
    "truncate+head": (empty_with_head, 1, "missing"),
    "head hash": (lambda: Head.objects.update(hash="0" * 64), ROWS, "head"),
    "head back": (set_the_head_back, ROWS, "head"),
    "head deleted": (lambda: Head.objects.all().delete(), 1, "head"),
    "no json": (lambda: sql("UPDATE audit_event SET payload = '[' WHERE seq = 6"), 6, "changed"),
    "mac": (lambda: sql("UPDATE audit_event SET mac = 'é' WHERE seq = 6"), 6, "mac"),
    "key id": (lambda: sql("UPDATE audit_event SET key_id = 'x' WHERE seq = 6"), 6, "mac"),
    "text": (lambda: Text.objects.filter(event_seq=6).update(words="Eve"), 6, "text"),
    "text gone": (lambda: Text.objects.filter(event_seq=6).delete(), 6, "text"),
    "text moved": (lambda: Text.objects.filter(event_seq=6).update(event_seq=5), 5, "text"),
    "text erased in part": (
        lambda: Text.objects.filter(event_seq=6).update(erased_at=NOON),
        6,
        "text",
    ),
}
for column, other in {
    "at": "2020-01-01 00:00:00+00",
    "kind": "x",
    "subject": "x",
    "initiative_id": 1,
    "actor_id": None,
}.items():
    change = f"UPDATE audit_event SET {column} = %s WHERE seq = 6"
    ATTACKS[f"look-up {column}"] = (
        lambda change=change, other=other: sql(change, other),  # type: ignore[misc]
        6,
        "look-up",
    )


@pytest.fixture
def unprotected_log(db: None) -> None:
    make_events(ROWS)
    assert verify().clean
    triggers.drop()


@pytest.mark.embedded
@pytest.mark.usefixtures("unprotected_log")
class TestAttacks:
    @pytest.mark.parametrize("name", ATTACKS)
    def test_are_detected_and_the_row_named(self, name):
        attack, seq, what = ATTACKS[name]
        attack()
        found = verify()
        assert found.first_bad is not None
        assert (found.first_bad.seq, found.first_bad.what) == (seq, what)
        assert str(seq) in found.first_bad.says

    def test_with_the_key_are_detected_by_an_anchor(self):
        anchor = {8: Event.objects.get(seq=8).hash}
        rewrite_from(6, key=settings.AUDIT_KEY)
        assert verify().clean  # nothing inside the database can tell
        found = verify(anchor).first_bad
        assert found == Fault(8, "anchor", "Row 8 is not the one that its anchor witnessed.")

    def test_that_cut_the_tail_and_its_texts_are_detected_by_an_anchor(self):
        anchor = {ROWS: head().hash}
        cut_the_tail_and_set_the_head_back()
        Text.objects.filter(event_seq__gt=ROWS - 2).delete()
        assert verify().clean
        found = verify(anchor).first_bad
        assert found is not None
        assert (found.seq, found.what) == (ROWS - 1, "missing")

    def test_with_an_impossible_moment_do_not_stop_verification(self):
        value = "infinity" if connection.vendor == "postgresql" else "garbage"
        sql("UPDATE audit_event SET at = %s WHERE seq = 6", value)
        found = verify().first_bad
        assert found is not None
        assert (found.seq, found.what) == (6, "look-up")


@pytest.mark.embedded
class TestVerify(TestCase):
    def test_finds_an_empty_log_clean(self):
        assert (verify().clean, verify().rows) == (True, 0)

    def test_counts_rows_and_what_is_anchored(self):
        events = make_events(5)
        found = verify({3: events[2].hash})
        assert (found.clean, found.rows, found.anchored_to, found.head) == (True, 5, 3, head())

    def test_accepts_an_erased_text(self):
        make_events(3)
        erase(Text.objects.filter(event_seq=2), subject="person:9", at=NOON)
        assert verify().clean

    def test_accepts_rows_sealed_with_a_retired_key(self):
        with override_settings(AUDIT_KEY="an old key"):
            make_events(2)
        make_events(2)
        assert not verify().clean
        with override_settings(AUDIT_KEY_FALLBACKS=["an old key"]):
            assert verify().clean

    def test_takes_the_same_queries_for_any_number_of_rows(self):
        make_events(2)
        with self.assertNumQueries(6):
            verify()
        make_events(300)
        with self.assertNumQueries(6):
            verify()

    def test_accepts_events_without_words_among_those_with(self):
        make_events(2)
        append([make_entry()], at=NOON)
        make_events(2)
        assert verify().clean


def run(*arguments: str) -> str:
    output = StringIO()
    call_command("verify_audit", *arguments, stdout=output)
    return output.getvalue()


@pytest.mark.embedded
class TestVerifyAudit(TestCase):
    def test_says_what_is_anchored_and_what_not(self):
        events = make_events(4)
        said = run("--anchor", f"3:{events[2].hash}")
        assert said == "Clean: 4 events. 1 to 3 anchored, 4 to 4 not yet.\n"

    def test_admits_what_it_cannot_see_without_an_anchor(self):
        make_events(4)
        assert "No anchor was given" in run()

    def test_exits_with_1_and_names_the_row(self):
        make_events(4)
        Text.objects.filter(event_seq=3).update(words="Eve")
        output = StringIO()
        with pytest.raises(SystemExit) as left:
            call_command("verify_audit", stdout=output)
        assert left.value.code == 1
        assert output.getvalue() == (
            "NOT CLEAN. A text of row 3 was changed. 2 before it are sound.\n"
        )

    def test_speaks_json(self):
        make_events(4)
        said = json.loads(run("--json"))
        assert (said["clean"], said["rows"], said["first_bad"]) == (True, 4, None)
        assert said["head"]["seq"] == 4

    def test_refuses_an_anchor_that_is_none(self):
        with pytest.raises(CommandError, match="SEQ:HASH"):
            run("--anchor", "3")

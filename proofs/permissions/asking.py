"""One request, and what came of it in one word; whatever it wrote is taken back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from audit.models import Event
from proofs import visiting
from proofs.permissions.world import Asker

YES, NO, ABSENT, SIGN_IN = "yes", "no", "404", "sign in"
# Neither allowed nor forbidden: the state of things refused it, the form did, nothing came of it.
REFUSED, INVALID, NOTHING, NO_SUCH = "refused", "invalid", "nothing", "–"
SIGN_IN_PAGES = ("/accounts/login/", "/admin/login/")
# Rules that say: not you.
ABOUT_WHO = {
    "auditor",
    "barred_from_signing",
    "may_not_countersign",
    "may_not_decide",
    "may_not_endorse",
    "may_not_override",
    "may_not_waive",
    "not_a_lead",
    "not_a_member",
    "not_an_administrator",
    "not_an_editor",
    "not_an_owner",
    "not_asked",
    "not_assigned",
    "not_compliance",
    "not_theirs",
    "not_your_slot",
    "nothing_rejected",
    "only_looks",
    "own_draft",
}
# What is written without anything having been done: the log of a refusal, and sessions.
KEPT_APART = ("audit_event", "audit_head", "audit_text", "django_session")
Sent = dict[str, Any] | None


@dataclass(frozen=True)
class Answer:
    """What came of a request: a word, whether anything was changed, and the status."""

    word: str
    changed: str
    status: int

    def __str__(self) -> str:
        return f"{self.word} ({self.status}{', changed ' + self.changed if self.changed else ''})"


class Asking:
    """Requests to one scratch database, each in a transaction that is rolled back."""

    def ask(
        self,
        asker: Asker,
        address: str,
        sent: Sent = None,
        *,
        htmx: bool = False,
        first: Callable[[], None] | None = None,
    ) -> Answer:
        """Ask for an address, or post to it, as this person."""
        for file in (value for value in (sent or {}).values() if hasattr(value, "seek")):
            file.seek(0)  # it was read for whoever came before
        headers = {"HX-Request": "true"} if htmx else {}
        client = visiting.client(asker.session)
        with transaction.atomic():
            if first is not None:
                first()
            before = Event.objects.values_list("seq", flat=True).last() or 0
            with transaction.atomic(), _written() as written:
                response: Any = (
                    client.get(address, headers=headers)
                    if sent is None
                    else client.post(address, dict(sent), headers=headers)
                )
                if response.streaming:
                    b"".join(response)
                events = list(Event.objects.filter(seq__gt=before).order_by("seq"))
                said = [event.kind for event in events if not _is_refusal(event)]
                stands = digests() if written and not said else {}
                transaction.set_rollback(True)
            if stands:  # the log tells nothing: the tables do, now that they are as they were
                said = [name for name, stood in digests().items() if stands[name] != stood]
            transaction.set_rollback(True)
        changed = ", ".join(said)
        return Answer(_word(response, events, changed, sent), changed, response.status_code)

    def page(self, asker: Asker, address: str, first: Callable[[], None] | None) -> str:
        """The page at an address, as this person sees it."""
        with transaction.atomic():
            if first is not None:
                first()
            response = visiting.client(asker.session).get(address)
            transaction.set_rollback(True)
        is_page = response.status_code == 200 and response["Content-Type"].startswith("text/html")
        return response.content.decode() if is_page else ""


def _word(response: Any, events: list[Event], changed: str, sent: Sent) -> str:
    status = response.status_code
    if status == 302 and response["Location"].startswith(SIGN_IN_PAGES):
        return SIGN_IN
    if status in (403, 404, 405):
        return {403: NO, 404: ABSENT, 405: NO_SUCH}[status]
    if status >= 500:
        return f"ERROR {status}"
    if rules := [json.loads(e.payload)["changed"]["rule"] for e in events if _is_refusal(e)]:
        return NO if ABOUT_WHO & set(rules) else REFUSED
    if sent is None:
        return YES if status in (200, 302) else f"ERROR {status}"
    if changed or status == 200:
        return YES
    return INVALID if status in (400, 409, 422) else NOTHING


def _is_refusal(event: Event) -> bool:
    return event.kind.endswith("_refused")


@contextmanager
def _written() -> Iterator[list[str]]:
    """Collect the statements that write."""
    statements: list[str] = []

    def notice(execute: Any, sql: str, *rest: Any) -> Any:
        if sql.lstrip()[:6].upper() in ("INSERT", "UPDATE", "DELETE"):
            statements.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(notice):
        yield statements


def digests() -> dict[str, str]:
    """Of every table, but the log and the sessions, a digest of its rows."""
    found = {}
    with connection.cursor() as cursor:
        for name in connection.introspection.table_names(cursor):
            if name not in KEPT_APART:
                cursor.execute(f"SELECT * FROM {connection.ops.quote_name(name)}")  # noqa: S608
                rows = sorted(repr(row) for row in cursor.fetchall())
                found[name] = hashlib.sha256("\n".join(rows).encode()).hexdigest()
    return found

"""The defects that proofs c and d have to find, each patched in from outside."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from threading import local
from typing import Any
from unittest.mock import patch

from django.db.models import F
from django.utils import timezone

from accounts.models import Person
from audit import actions as audit
from audit.models import Event, Head
from initiatives.models import Initiative
from reviews import actions, queries
from reviews.actions import deciding, signing
from reviews.models import Review, Slot


@contextlib.contextmanager
def no_lock_and_no_version() -> Iterator[None]:
    """A decision reads without locking and writes whatever the version has become."""
    with (
        patch.object(deciding, "locked_initiative", _unlocked),
        patch.object(Initiative, "_write", _whatever_the_version),
    ):
        yield


def _unlocked(pk: int) -> Initiative:
    return Initiative.objects.get(pk=pk)


def _whatever_the_version(row: Initiative, values: dict[str, Any]) -> None:
    Initiative.objects.filter(pk=row.pk).update(**values, version=F("version") + 1)
    row.version += 1


@contextlib.contextmanager
def log_read_before_the_lock() -> Iterator[None]:
    """Signers lock neither the initiative nor the log, whose head they read when they begin: two
    events take the same number, and one signature is lost with its transaction."""
    begun = local()

    def begin(pk: int) -> Initiative:
        begun.head = Head.objects.get()
        return _unlocked(pk)

    def as_it_was() -> Head:
        return begun.__dict__.pop("head", None) or Head.objects.get()

    with (
        patch.object(signing, "locked_initiative", begin),
        patch.object(audit, "_locked_head", as_it_was),
    ):
        yield


@contextlib.contextmanager
def check_outside_the_lock() -> Iterator[None]:
    """That the evidence is what the signer read is looked at before the lock, and not again."""
    sign, check = actions.sign, signing._require_same_evidence

    def checked_before(*, slot: Slot, digest: str, by: Person, **given: Any) -> Event:
        review = Review.objects.select_related("policy", "initiative").get(pk=slot.review_id)
        check(queries.standing(review, timezone.localdate()), digest)
        return sign(slot=slot, digest=digest, by=by, **given)

    with (
        patch.object(signing, "_require_same_evidence", lambda standing, digest: None),
        patch.object(actions, "sign", checked_before),
    ):
        yield

"""What every write of the registry is asked: did it count as a change of the evidence?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from accounts.models import Person
from initiatives.models import Initiative
from tests.factories import NOON, reloaded


@contextmanager
def changes_evidence(
    initiative: Initiative, *, by: Person | None, at: datetime = NOON
) -> Iterator[None]:
    """Expect one more version of the evidence, by this person, and a touch."""
    before = reloaded(initiative).evidence_version
    yield
    row = reloaded(initiative)
    assert row.evidence_version == before + 1
    assert row.evidence_changed_by_id == (by.pk if by else None)
    assert row.touched_at == at


@contextmanager
def only_touches(initiative: Initiative, *, at: datetime = NOON) -> Iterator[None]:
    """Expect the same evidence as before, and a touch."""
    before = reloaded(initiative)
    yield
    row = reloaded(initiative)
    assert row.evidence_version == before.evidence_version
    assert row.evidence_changed_by_id == before.evidence_changed_by_id
    assert row.touched_at == at


@contextmanager
def leaves_alone(initiative: Initiative) -> Iterator[None]:
    """Expect the row to stay as it was, to the letter."""
    before = Initiative.objects.filter(pk=initiative.pk).values().get()
    yield
    assert Initiative.objects.filter(pk=initiative.pk).values().get() == before

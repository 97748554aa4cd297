"""What tests of actions look at: the refusal with its event, and what was said in the log."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from audit.models import Event
from audit.queries import EventRecord, history
from audit.refusals import Refused


@contextmanager
def refused(rule: str, *, field: str | None = None) -> Iterator[None]:
    """Expect a refusal by this rule, recorded as the one event of the block."""
    before = Event.objects.count()
    with pytest.raises(Refused) as caught:
        yield
    assert (caught.value.rule, caught.value.field) == (rule, field)
    assert Event.objects.count() == before + 1, "a refusal leaves one event, and no other"
    assert last_event().kind.endswith("_refused")
    assert last_event().changed["rule"] == rule


def last_event() -> EventRecord:
    """The newest event, with its words put back."""
    return history(limit=1)[0]


@contextmanager
def nothing_said() -> Iterator[None]:
    """Expect that the block leaves no event."""
    before = Event.objects.count()
    yield
    assert Event.objects.count() == before

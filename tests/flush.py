"""How tests that commit clean up: the audit triggers refuse TRUNCATE and DELETE."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def flush_past_the_triggers() -> Iterator[None]:
    """Drop the triggers before each flush of a TransactionTestCase, and reinstall them after."""
    from django.test import TransactionTestCase

    from audit import triggers

    teardown = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]

    def teardown_without_triggers(case: TransactionTestCase) -> None:
        aliases = case._databases_names(include_mirrors=False)  # type: ignore[attr-defined]
        for alias in aliases:
            triggers.drop(alias)
        try:
            teardown(case)
        finally:
            for alias in aliases:
                triggers.install(alias)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", teardown_without_triggers)
        yield

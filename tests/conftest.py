"""What every test has; the servers come from tests/services.py."""

import pytest

from tests.flush import flush_past_the_triggers  # noqa: F401


@pytest.fixture(scope="session", autouse=True)
def static_files_are_looked_for_when_asked_for() -> None:
    """To list them all first, as is right for a server, takes 25 ms for each test with a client."""
    from django.conf import settings

    settings.WHITENOISE_AUTOREFRESH = True

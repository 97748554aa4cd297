"""What every test has; the servers come from tests/services.py."""

import gc
from collections.abc import Iterator

import pytest

from tests.flush import flush_past_the_triggers  # noqa: F401

FEW_COLLECTIONS = (50_000, 20, 50)


@pytest.fixture(scope="session", autouse=True)
def what_costs_time_alone_is_left_out() -> Iterator[None]:
    """Listing all static files first is right for a server, and takes 25 ms for each test with a
    client; a hash that is slow on purpose takes 80; and to look for garbage among all that was
    imported a twentieth of everything."""
    from django.conf import settings
    from django.test import override_settings

    from config import start

    fast = "django.contrib.auth.hashers.MD5PasswordHasher"
    start.settle_memory()
    gc.set_threshold(*FEW_COLLECTIONS)
    with override_settings(
        WHITENOISE_AUTOREFRESH=True, PASSWORD_HASHERS=[fast, *settings.PASSWORD_HASHERS]
    ):
        yield

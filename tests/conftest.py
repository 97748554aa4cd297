"""What every test has; the servers come from tests/services.py."""

from tests.flush import flush_past_the_triggers  # noqa: F401

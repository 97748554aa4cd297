"""Parts of a tick that fail by themselves: what is wrong with one keeps no other from its work."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from notifications.models import Trouble

LENGTH = 500  # of what is kept of an error
Done = TypeVar("Done")
log = logging.getLogger(__name__)


class Attempts:
    """The parts of one tick, each done whatever became of those before it.

    What fails is noted for whoever looks after the machinery (`Trouble`) until it works again, and
    `end` raises it, so that the tick itself counts as failed.
    """

    def __init__(self, at: datetime) -> None:
        self.at = at
        self.errors: list[Exception] = []
        self.failed_before = set(Trouble.objects.values_list("part", flat=True))

    def __call__(self, part: str, act: Callable[[], Done], otherwise: Done) -> Done:
        """Do it and return what it returns, or `otherwise` where it fails."""
        try:
            done = act()
        except Exception as error:  # whatever it is, the others have to be done
            self._note(part, error)
            return otherwise
        if part in self.failed_before:
            Trouble.objects.filter(part=part).delete()
        return done

    def end(self) -> None:
        """Raise what went wrong, if anything did."""
        if self.errors:
            raise ExceptionGroup("Parts of a tick failed; the others were done.", self.errors)

    def _note(self, part: str, error: Exception) -> None:
        log.error("%s failed.", part, exc_info=error)
        self.errors.append(error)
        # The first line alone: databases name the row in the second.
        said = f"{type(error).__name__}: {error}".splitlines()[0][:LENGTH]
        first = {"error": said, "since": self.at}
        Trouble.objects.update_or_create(part=part, defaults={"error": said}, create_defaults=first)

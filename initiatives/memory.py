"""What the interpreter does with memory, where many thousands of rows are held at once."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collector() -> Iterator[None]:
    """Look for no garbage meanwhile. Rows refer to nothing in a ring, so that little would be found
    among them, and looking takes a seventh to a third of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def collect_rings() -> None:
    """Free what little refers to itself, of what was made since the last time: at the end of a part
    of the work hardly anything of that is left to be looked at."""
    gc.collect(0)

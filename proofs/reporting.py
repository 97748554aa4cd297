"""What an experiment found wrong, its figures, and its progress on standard error."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from time import monotonic

MOST_TOLD = 40


@dataclass
class Findings:
    """What is wrong, each said once; nothing wrong is a pass."""

    wrong: list[str] = field(default_factory=list)
    figures: list[str] = field(default_factory=list)
    is_quiet: bool = False

    @property
    def passed(self) -> bool:
        return not self.wrong

    def require(self, is_right: bool, otherwise: str) -> None:
        if not is_right and otherwise not in self.wrong:
            self.wrong.append(otherwise)

    def say(self, line: str) -> None:
        """Tell whoever waits how far it is."""
        if not self.is_quiet:
            sys.stderr.write(f"· {line}\n")

    def figure(self, line: str, began: float) -> None:
        self.figures.append(f"{line} ({monotonic() - began:.0f} s)")

    def tell(self) -> None:
        """Say what is wrong."""
        for line in self.wrong[:MOST_TOLD]:
            sys.stderr.write(f"✗ {line}\n")
        if len(self.wrong) > MOST_TOLD:
            sys.stderr.write(f"✗ … and {len(self.wrong) - MOST_TOLD} more\n")

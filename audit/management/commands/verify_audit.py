from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, ArgumentTypeError
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand

from audit.verification import Verification, verify


def anchor(given: str) -> tuple[int, str]:
    """Read a witness such as a signer's receipt: the seq, a colon and the hash."""
    seq, _, digest = given.partition(":")
    if not seq.isdigit() or len(digest) != 64:
        raise ArgumentTypeError(f"{given!r} is not SEQ:HASH, as on a receipt.")
    return int(seq), digest.lower()


class Command(BaseCommand):
    """Exit 0 when the log is what was written, 1 when it is not."""

    help = "Verify the audit log and name the first bad row."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument(
            "--anchor",
            action="append",
            default=[],
            type=anchor,
            metavar="SEQ:HASH",
            help="a row as a receipt or checkpoint witnessed it; may be repeated",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        found = verify(dict(options["anchor"]))
        self.stdout.write(_as_json(found) if options["json"] else _as_words(found))
        if not found.clean:
            sys.exit(1)


def _as_json(found: Verification) -> str:
    return json.dumps({"clean": found.clean, **asdict(found)}, sort_keys=True)


def _as_words(found: Verification) -> str:
    if found.first_bad is not None:
        sound = f"{found.rows} before it are sound." if found.rows else "None before it is sound."
        return f"NOT CLEAN. {found.first_bad.says} {sound}"
    return f"Clean: {found.rows} events. {_anchored(found)}"


def _anchored(found: Verification) -> str:
    if not found.anchored_to:
        return "No anchor was given, so a cut tail could not be seen."
    if found.anchored_to == found.rows:
        return f"1 to {found.rows} anchored."
    return f"1 to {found.anchored_to} anchored, {found.anchored_to + 1} to {found.rows} not yet."

"""Compute every rule over the portfolio, and plan the reminders."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from notifications import actions
from notifications.actions import Swept
from notifications.rules import RULES

YEARS = range(2000, 2101)


def moment(text: str) -> datetime:
    """Read a day or a moment as ISO writes it; without an offset it is the organisation's time."""
    try:
        given = datetime.fromisoformat(text.strip())
        if given.year not in YEARS:
            raise ValueError(text)
        return given if given.tzinfo else timezone.make_aware(given)
    except ValueError as error:
        raise CommandError(
            f"--at {text!r} is not a day or a moment between {YEARS[0]} and {YEARS[-1]}. "
            "Write 2026-11-03, 2026-11-03T09:30 or 2026-11-03T09:30:00+00:00."
        ) from error


def told(failed: ExceptionGroup) -> str:
    """What went wrong, a line each."""
    errors = (f"{type(error).__name__}: {error}" for error in failed.exceptions)
    return "\n".join([f"{failed.message}", *errors])


class Command(BaseCommand):
    help = (
        "Open, update and close flags over the whole portfolio, and plan the reminders. Safe to "
        "repeat: the same run again changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--at",
            help="take it to be this day or moment (ISO). Flags and reminders follow it until the "
            "next sweep; kill conditions that trip and decisions that lapse, which is for "
            "good, are left alone where it is still to come",
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, **options: Any) -> None:
        now = timezone.now()
        at = now if options["at"] is None else moment(options["at"])
        try:
            swept = actions.sweep(at=at, trips=at <= now)
        except ExceptionGroup as failed:
            raise CommandError(told(failed)) from failed
        if options["json"]:
            self.stdout.write(json.dumps(asdict(swept) | {"at": at.isoformat()}))
        else:
            self._tell(swept)

    def _tell(self, swept: Swept) -> None:
        for name, counted in swept.rules.items():
            self.stdout.write(
                f"{RULES[name].title}: {counted.open} open "
                f"({counted.opened} new, {counted.updated} changed, {counted.closed} closed)."
            )
        self.stdout.write(
            f"{swept.tripped} kill conditions tripped, {swept.lapsed} decisions lapsed; the "
            f"evidence of {swept.noticed} reviews had changed."
        )
        reminders = swept.reminders
        self.stdout.write(
            f"Reminders: {reminders.planned} planned, {reminders.revived} revived, "
            f"{reminders.cancelled} cancelled. {swept.seconds:.1f} s."
        )

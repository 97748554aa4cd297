"""End the quiet that follows an import."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from notifications import actions


class Command(BaseCommand):
    help = (
        "Let deadlines begin for everything imported; everybody who is said to own something is "
        "asked by mail. Safe to repeat."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, **options: Any) -> None:
        started = actions.start_campaign(by=None, at=timezone.now())
        if options["json"]:
            self.stdout.write(json.dumps({"started": started}))
        elif started:
            self.stdout.write(f"Deadlines have begun for {started} initiatives. Mails will follow.")
        else:
            self.stdout.write("Nothing is quiet: deadlines count for everything already.")

"""Turn what people did into reminders, and send what is owed."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand

from notifications import actions


class Command(BaseCommand):
    help = "Send every mail that is owed. Safe to repeat, and to run beside the worker."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, **options: Any) -> None:
        heard, done = actions.hear_and_deliver()
        if options["json"]:
            self.stdout.write(json.dumps({"heard": asdict(heard), **asdict(done)}))
            return
        self.stdout.write(
            f"{heard.events} events read, {heard.planned} reminders planned. Mails: "
            f"{done.sent} sent, {done.deferred} to be tried again, {done.failed} failed, "
            f"{done.cancelled} no longer due."
        )

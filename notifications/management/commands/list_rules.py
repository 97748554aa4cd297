"""Print the page that lists all rules (docs/rules.md)."""

from typing import Any

from django.core.management.base import BaseCommand

from notifications import described


class Command(BaseCommand):
    help = "Print docs/rules.md: every rule by which something deserves attention."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(described.page(), ending="")

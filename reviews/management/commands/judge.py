"""Say which criteria hold which initiatives back, as far as something has happened."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from reviews import actions


class Command(BaseCommand):
    help = (
        "Keep the blockers: judge every initiative to which something happened since the last "
        "time, and all of them on a new day or under a new policy. Safe to repeat."
    )

    def handle(self, **options: Any) -> None:
        done = actions.judge(at=timezone.now())
        self.stdout.write(
            f"{done.initiatives:,} initiatives judged: {done.opened:,} criteria began to hold "
            f"one back, {done.closed:,} hold it no more."
        )

"""Bring the database and the static files up to date; in demo mode, fill an empty database."""

from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from accounts.models import Person
from audit import triggers
from initiatives.models import Initiative
from portfolio import demo, personas

FIRST_ADMINISTRATOR = (
    "Nobody can sign in yet. Make the first administrator:\n"
    '  ./script/manage create_administrator you@example.org "Your Name"'
)
DEMO_WITHOUT_SIGN_IN = (
    "DEMO is 1, but DEMO_PASSWORD is empty: people of a demo loaded without it cannot sign in.\n"
    "Set DEMO_PASSWORD, and load the demo into an empty database."
)


class Command(BaseCommand):
    help = (
        "Migrate, collect static files, and load the demo portfolio in demo mode. Safe to repeat."
    )

    def handle(self, **options: Any) -> None:
        if _is_behind() or triggers.missing():
            self.stdout.write("Preparing the database …")
            call_command("migrate", verbosity=0)
        if (settings.BASE_DIR / "node_modules").exists():  # an image has them collected already
            call_command("collectstatic", interactive=False, verbosity=0)
        if settings.DEMO:
            self._demo()
        elif not _somebody_can_sign_in():
            self.stdout.write(FIRST_ADMINISTRATOR)

    def _demo(self) -> None:
        if not Initiative.objects.exists():
            self.stdout.write("Loading the demo portfolio: two years in half a minute or so …")
            demo.load(with_mails=True)
        if not settings.DEMO_PASSWORD:
            self.stdout.write(DEMO_WITHOUT_SIGN_IN)
            return
        self.stdout.write("Sign in as one of these (also offered on the sign-in page):")
        for persona in personas.DEMO_PERSONAS:
            self.stdout.write(f"  {persona.email:32} {persona.title}")
        self.stdout.write(f"  Password of all: {settings.DEMO_PASSWORD}")


def _somebody_can_sign_in() -> bool:
    active = Person.objects.filter(is_active=True)
    return active.exclude(password__startswith=UNUSABLE_PASSWORD_PREFIX).exists()


def _is_behind() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))

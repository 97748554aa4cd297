"""Bring the database and the static files up to date; in demo mode, fill an empty database."""

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from audit import triggers
from initiatives.models import Initiative
from portfolio import demo, personas


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

    def _demo(self) -> None:
        if not Initiative.objects.exists():
            self.stdout.write("Loading the demo portfolio …")
            demo.load()
        self.stdout.write("Sign in as one of these (also offered on the sign-in page):")
        for persona in personas.DEMO_PERSONAS:
            self.stdout.write(f"  {persona.email:32} {persona.title}")
        password = settings.DEMO_PASSWORD or "(set DEMO_PASSWORD before loading the demo)"
        self.stdout.write(f"  Password of all: {password}")


def _is_behind() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))

"""Run the experiments of docs/reliability.md on scratch databases."""

import os
import subprocess
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = (
        "Prove, by experiment, what docs/reliability.md promises. Servers of its own are started, "
        "unless DATABASE_URL names one, on which a scratch database is made and dropped. Needs "
        "the test requirements. Ends with 0 only on a pass; with a planted defect with 1 where "
        "it was found, and 3 where it was not: then the proof proves nothing."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("experiment", choices=["gates", "permissions", "reminders"])
        parser.add_argument(
            "--plant", default="", metavar="NAME", help="put this defect in, or one by one all"
        )
        parser.add_argument("--full", action="store_true", help="more rounds, for the long figures")

    def handle(self, **options: Any) -> None:
        from proofs import servers

        command = [sys.executable, "-m", "proofs", options["experiment"]]
        command += [f"--plant={options['plant']}"] if options["plant"] else []
        command += ["--full"] if options["full"] else []
        databases = _both if options["experiment"] == "reminders" else _one
        with servers.running() as given:
            ended = [
                subprocess.run(
                    command, env={**os.environ, **given, **on}, cwd=settings.BASE_DIR, check=False
                ).returncode
                for on in databases()
            ]
        sys.exit(max(ended))


def _one() -> list[dict[str, str]]:
    return [{}]


def _both() -> list[dict[str, str]]:
    """What holds of reminders holds on SQLite too, unless a server was named to try it on."""
    return [{}] if os.environ.get("DATABASE_URL") else [{}, {"DATABASE_URL": "sqlite:///scratch"}]

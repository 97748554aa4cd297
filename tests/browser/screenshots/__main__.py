"""Take the pictures. Django is set up here, after the environment has said where things are."""

from __future__ import annotations

import os
import secrets
import sys
from argparse import ArgumentParser, Namespace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import django
import time_machine
from django.conf import settings

from proofs.servers import free_port

DAY = datetime(2026, 11, 18, 9, 30, tzinfo=UTC)  # a Wednesday
FOLDER = Path(__file__).resolve().parents[3] / "docs" / "screenshots"


def main() -> None:
    options = arguments()
    began = perf_counter()
    with TemporaryDirectory() as folder:
        arrange(Path(folder))
        with time_machine.travel(DAY):
            django.setup()
            settings.MEDIA_ROOT = Path(folder) / "media"
            from tests.browser.screenshots import shooting

            taken, problems = shooting.run(options.to, set(options.only), mails=options.mails)
    print(f"{taken} pictures in {options.to}, in {perf_counter() - began:.0f} s")
    if problems:
        sys.exit("\n".join(["Something went wrong in the browser:", *problems]))


def arguments() -> Namespace:
    parser = ArgumentParser(
        prog="script/screenshots",
        description="Take pictures of every page, at a desk and at a phone, light and dark.",
    )
    parser.add_argument(
        "only", nargs="*", help="names of pages, such as dashboard; otherwise all of them"
    )
    parser.add_argument("--mails", action="store_true", help="the mails instead of the pages")
    parser.add_argument("--to", type=Path, default=FOLDER, help="another folder")
    return parser.parse_args()


def arrange(folder: Path) -> None:
    """An installation of its own, whatever the environment says of others."""
    port = free_port()
    os.environ.update(
        DATABASE_URL=f"sqlite:///{folder / 'gatehouse.sqlite3'}",
        EMAIL_URL=f"filemail:///{folder / 'mail'}",
        BASE_URL=f"http://localhost:{port}",
        DEBUG="0",
        DEMO="1",
        DEMO_PASSWORD=secrets.token_urlsafe(12),
        DJANGO_SETTINGS_MODULE="config.settings",
        # Playwright's loop runs in this thread; Django takes it for an asynchronous one.
        DJANGO_ALLOW_ASYNC_UNSAFE="true",
        LOG_LEVEL="ERROR",
    )


if __name__ == "__main__":
    main()

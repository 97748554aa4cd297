"""A server of the demo portfolio, a browser in front of it, and the camera."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management import call_command
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from playwright.sync_api import Browser, Page, sync_playwright

from accounts.models import Person
from tests.browser.screenshots.mails import shoot_mails
from tests.browser.screenshots.pages import Shot, shots
from tests.browser.visitors import CHROMIUM, DESKTOP, FLAGS, HOW_TO_GET_IT, PHONE, Visitor

WIDTHS: dict[str, dict[str, Any]] = {
    "1440": {"viewport": DESKTOP},
    "390": {"viewport": PHONE, "has_touch": True, "is_mobile": True},
}
SCHEMES = ("light", "dark")
FIRST_SIGHT = {"width": 1440, "height": 860}  # of the pictures in the README
SETTLED = """() => {
  const still = !document.querySelector(".htmx-request, [hx-trigger~=revealed]");
  const drawn = [...document.querySelectorAll("canvas")].every((canvas) => {
    if (!canvas.width || !canvas.height) return false;
    const copy = new OffscreenCanvas(60, 60).getContext("2d", { willReadFrequently: true });
    copy.drawImage(canvas, 0, 0, 60, 60);
    return copy.getImageData(0, 0, 60, 60).data.some((value) => value);
  });
  return still && drawn && document.fonts.status === "loaded";
}"""


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing: what goes wrong is noticed in the browser."""


@contextmanager
def server() -> Iterator[str]:
    """The application as gunicorn would load it, with a demo portfolio, in a thread."""
    with redirect_stdout(StringIO()):
        call_command("prepare")
    from config.wsgi import application

    logging.getLogger("django.request").setLevel(logging.ERROR)  # some answers are to be 403 or 404
    serving = ThreadedWSGIServer(("127.0.0.1", urlsplit(settings.BASE_URL).port or 80), Quiet)
    serving.set_app(application)
    thread = threading.Thread(target=serving.serve_forever, daemon=True)
    thread.start()
    yield settings.BASE_URL
    serving.shutdown()
    thread.join()
    serving.server_close()


@contextmanager
def chromium() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        sys.exit(HOW_TO_GET_IT)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, chromium_sandbox=False, args=FLAGS
        )
        yield browser
        browser.close()


@dataclass
class Camera:
    """Goes from page to page as whoever sees most there, and notes what goes wrong."""

    browser: Browser
    base: str
    folder: Path
    taken: int = 0
    problems: list[str] = field(default_factory=list)
    _states: dict[int, Any] = field(default_factory=dict)

    def shoot(self, wanted: list[Shot]) -> None:
        """Every width and scheme has a browser of its own, as people have."""
        for width, look in WIDTHS.items():
            for scheme in SCHEMES:
                visitors: dict[int | None, Visitor] = {}
                for shot in wanted:
                    key = shot.who.pk if shot.who else None
                    if key not in visitors:
                        visitors[key] = self._visitor(shot.who, color_scheme=scheme, **look)
                    visitor = visitors[key]
                    visitor.problems.clear()
                    self._open(visitor, shot)
                    self._take(visitor.page, f"{shot.name}-{width}-{scheme}", full_page=True)
                    self.problems += [f"{shot.name}: {said}" for said in visitor.problems]
                for visitor in visitors.values():
                    visitor.context.close()

    def first_sight(self, wanted: list[Shot]) -> None:
        """What somebody sees at a desk before they scroll; README and docs show these."""
        for shot in wanted:
            visitor = self._visitor(shot.who, color_scheme="light", viewport=FIRST_SIGHT)
            self._open(visitor, shot)
            self._take(visitor.page, shot.name, full_page=False)
            visitor.context.close()

    def _visitor(self, who: Person | None, **look: Any) -> Visitor:
        """Somebody who has signed in; how they did is kept for the next of their browsers."""
        more = {"reduced_motion": "reduce", "locale": "en-GB"} | look
        if who is None:
            return Visitor(self.browser.new_context(**more), self.base)
        if who.pk not in self._states:
            visitor = Visitor(self.browser.new_context(), self.base)
            visitor.open("account_login")
            visitor.page.get_by_role("button", name=who.name).click()
            visitor.page.wait_for_url(f"{self.base}/")
            self._states[who.pk] = visitor.context.storage_state()
            visitor.context.close()
        state = self._states[who.pk]
        return Visitor(self.browser.new_context(storage_state=state, **more), self.base)

    def _open(self, visitor: Visitor, shot: Shot) -> None:
        with nullcontext() if shot.status == 200 else visitor.expecting(shot.status):
            visitor.open(shot.view, *shot.args, query=shot.query)
        page = visitor.page
        page.evaluate("document.querySelector('.gh-demo-password')?.remove()")
        page.evaluate("document.querySelector('[hx-trigger~=revealed]')?.scrollIntoView()")
        page.wait_for_function(SETTLED)
        if shot.then is not None:
            shot.then(page)
            page.wait_for_function(SETTLED)
        page.evaluate("scrollTo(0, 0)")

    def _take(self, page: Page, name: str, *, full_page: bool) -> None:
        """A whole page is seen in a window of its length, so that what sticks to the foot of the
        window does not stand in its middle."""
        window = page.viewport_size
        assert window is not None
        if full_page:
            length = page.evaluate("document.documentElement.scrollHeight")
            page.set_viewport_size({"width": window["width"], "height": length})
        page.screenshot(path=self.folder / f"{name}.png", animations="disabled")
        page.set_viewport_size(window)
        self.taken += 1


def run(folder: Path, only: set[str], *, mails: bool) -> tuple[int, list[str]]:
    """Take the pictures; return how many there are, and what went wrong in the browser."""
    folder.mkdir(parents=True, exist_ok=True)
    with server() as base, chromium() as browser:
        if mails:
            return shoot_mails(browser, folder / "mails"), []
        found = [shot for shot in shots() if not only or shot.name in only]
        if unknown := only - {shot.name for shot in found}:
            sys.exit(f"There is no page called {', '.join(sorted(unknown))}.")
        camera = Camera(browser, base, folder)
        camera.first_sight([shot for shot in found if shot.is_shown])
        camera.shoot(found)
        return camera.taken, camera.problems

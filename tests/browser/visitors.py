"""Somebody at a browser, and everything that went wrong there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

from django.contrib.auth.hashers import make_password
from django.contrib.sessions.backends.db import SessionStore
from django.urls import reverse
from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Request, Response

from accounts.models import Person

CHROMIUM = Path("/usr/bin/chromium-headless-shell")  # a third faster than the browser whole
HOW_TO_GET_IT = (
    f"There is no {CHROMIUM}. Install it with `apt-get install {CHROMIUM.name}`, or run "
    "./script/test as root, which does."
)
FLAGS = ["--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]
DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
# Of each answer of 400 or more, which `_answered` judges; and what htmx says of a request that it
# gives up, as when somebody leaves the page early or types on.
SAID_ELSEWHERE = (
    "Failed to load resource: the server responded",
    "htmx:sendAbort",
    "htmx:afterRequest",
)
PATIENCE = 10_000  # milliseconds
PASSWORD = "correct horse battery"
# The console hears of it through the same ears as of everything else.
SAY_VIOLATIONS = """addEventListener("securitypolicyviolation", (event) => console.error(
  `Against the policy: ${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}`));"""


def let_in(*people: Person) -> None:
    """Give these people a password, or everybody."""
    chosen = Person.objects.filter(pk__in=[p.pk for p in people]) if people else Person.objects
    chosen.update(password=make_password(PASSWORD))


class Visitor:
    """Somebody at a browser, who acts through pages alone."""

    def __init__(self, context: BrowserContext, base: str) -> None:
        self.base = base
        self.context = context
        self.problems: list[str] = []
        self.taps = 0
        self._expected: set[int] = set()
        context.set_default_timeout(PATIENCE)
        context.add_init_script(SAY_VIOLATIONS)
        self.page = context.new_page()
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.problems.append(f"script: {error}"))
        self.page.on("requestfailed", self._failed)
        self.page.on("response", self._answered)

    # --- what went wrong ---

    def _console(self, message: ConsoleMessage) -> None:
        if message.type not in ("error", "warning"):
            return
        if not message.text.startswith(SAID_ELSEWHERE):
            self.problems.append(f"console: {message.text}")

    def _failed(self, request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":  # which it is for whoever leaves the page early
            self.problems.append(f"request: {request.method} {request.url} {request.failure}")

    def _answered(self, response: Response) -> None:
        if response.status >= HTTPStatus.BAD_REQUEST and response.status not in self._expected:
            self.problems.append(
                f"answer: {response.status} to {response.request.method} {response.url}"
            )

    @contextmanager
    def expecting(self, status: int) -> Iterator[None]:
        """Whatever the page is asked for within is answered like this."""
        answers: list[int] = []

        def note(response: Response) -> None:
            if response.request.is_navigation_request():
                answers.append(response.status)

        self._expected.add(status)
        self.page.on("response", note)
        yield
        self.page.wait_for_load_state()
        self.page.remove_listener("response", note)
        self._expected.discard(status)
        assert status in answers, f"expected an answer of {status}, not {answers}"

    # --- what they do ---

    def open(self, name: str, *args: Any, query: str = "") -> None:
        """Type the address of a page."""
        self.page.goto(f"{self.base}{reverse(name, args=args)}{query}")

    def sign_in(self, person: Person, password: str = PASSWORD) -> Visitor:
        self.open("account_login")
        self.fill("Email", person.email)
        self.fill("Password", password)
        self.press("Sign in")
        self.page.wait_for_url(f"{self.base}{reverse('portfolio:dashboard')}")
        return self

    def field(self, label: str) -> Locator:
        return self.page.locator("main").get_by_label(label)

    def fill(self, label: str, text: str) -> None:
        self.field(label).fill(text)

    def choose(self, label: str, option: str) -> None:
        self.field(label).select_option(label=option)

    def press(self, name: str, within: str = "main") -> None:
        """Press the one button of this name."""
        self.page.locator(within).get_by_role("button", name=name, exact=True).click()

    def follow(self, name: str, within: str = "main") -> None:
        """Follow the one link of this name."""
        self.page.locator(within).get_by_role("link", name=name).click()

    def tap(self, role: Any, name: str) -> None:
        """Touch it with a finger, and count."""
        self.taps += 1
        self.page.locator("main").get_by_role(role, name=name).tap()

    def sees(self, text: str, within: str = "main") -> bool:
        """Whether this stands there, sooner or later."""
        self.page.locator(within).get_by_text(text).first.wait_for()
        return True

    def age_authentication(self, by: timedelta) -> None:
        """Let time pass since they last proved who they are: in the session's record of it."""
        key = next(c["value"] for c in self.context.cookies() if c["name"] == "gatehouse-session")
        session = SessionStore(key)
        for record in session["account_authentication_methods"]:
            record["at"] -= by.total_seconds()
        session.save()


Visit = Callable[..., Visitor]

"""A real browser: Debian's Chromium, driven by Playwright, in front of Django's live server.

Each visitor has a browser context of their own. Whatever goes wrong in it unasked fails the test:
an error in the console or in a script, a violation of the content security policy, a request that
fails, an answer of 400 or more. A test that provokes one says so: `with visitor.expecting(422):`.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any

import pytest
from django.core.cache import cache
from playwright.sync_api import Browser, sync_playwright

from tests.browser.visitors import (
    CHROMIUM,
    DESKTOP,
    FLAGS,
    HOW_TO_GET_IT,
    PHONE,
    Visit,
    Visitor,
)

VISITORS = pytest.StashKey[list[Visitor]]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Let the test that caused a problem in the browser fail, not its teardown."""
    try:
        result = yield
    except BaseException as error:
        for visitor in item.stash.get(VISITORS, []):
            error.add_note(f"at {visitor.page.url}, in the browser: {visitor.problems or 'fine'}")
        raise
    for visitor in item.stash.get(VISITORS, []):
        visitor.page.title()  # let what is still under way arrive
        assert not visitor.problems, "\n".join(visitor.problems)
    return result


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip(HOW_TO_GET_IT)
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright's loop runs in this thread; Django takes it for an asynchronous one.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, chromium_sandbox=False, args=FLAGS
        )
        yield browser
        browser.close()


@pytest.fixture
def visit(request: pytest.FixtureRequest, chromium: Browser, live_server: Any) -> Iterator[Visit]:
    """Call it for another visitor, at a desk or at a phone."""
    cache.clear()  # of the sign-ins that were counted
    visitors = request.node.stash.setdefault(VISITORS, [])

    def come(*, phone: bool = False, **more: Any) -> Visitor:
        look = {"viewport": PHONE, "has_touch": True, "is_mobile": True} if phone else {}
        context = chromium.new_context(**({"viewport": DESKTOP} | look | more))
        visitors.append(Visitor(context, live_server.url))
        return visitors[-1]

    yield come
    for visitor in visitors:
        visitor.context.close()

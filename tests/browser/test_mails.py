"""The mails, as a mail program with a browser inside shows them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.utils import timezone

from portfolio import demo
from tests.browser.test_pages import COLOURS, violations
from tests.browser.visitors import Visit, Visitor
from tests.notifications.mails import STORIES, every_mail, html_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


class TestEveryMail:
    def test_is_accessible_and_fits(self, visit: Visit):
        demo.load(STORIES)
        visitor = visit()
        found = []
        for name, written in every_mail(timezone.now()).items():
            visitor.page.set_content(html_of(written))
            found += [f"{name}: {fault}" for fault in faults(visitor)]
        assert not found


def faults(visitor: Visitor) -> Iterator[str]:
    """What is wrong with the mail that is open, by night, by day, and in narrow windows."""
    page = visitor.page
    for width in (600, 390, 320):
        page.set_viewport_size({"width": width, "height": 800})
        if page.evaluate("document.documentElement.scrollWidth") > width:
            yield f"is wider than {width}"
        button = page.locator(".button a").bounding_box()
        if button is None or button["height"] < 44:
            yield f"its button is too small at {width}"
    page.emulate_media(color_scheme="dark")
    yield from violations(visitor, COLOURS)
    page.emulate_media(color_scheme="light")
    yield from violations(visitor)

"""The mails, as a mail program with a browser inside shows them."""

from __future__ import annotations

import pytest
from django.utils import timezone

from portfolio import demo
from tests.browser.test_pages import violations
from tests.browser.visitors import Visit
from tests.notifications.mails import STORIES, every_mail, html_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


class TestEveryMail:
    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_is_accessible_and_fits(self, visit: Visit, scheme: str):
        demo.load(STORIES)
        found = []
        visitor = visit(color_scheme=scheme)
        page = visitor.page
        for name, written in every_mail(timezone.now()).items():
            for width in (600, 390, 320):
                page.set_viewport_size({"width": width, "height": 800})
                page.set_content(html_of(written))
                if page.evaluate("document.documentElement.scrollWidth") > width:
                    found.append(f"{name} is wider than {width}")
                button = page.locator(".button a").bounding_box()
                if button is None or button["height"] < 44:
                    found.append(f"{name}'s button is too small")
                found += [f"{name}: {fault}" for fault in violations(visitor)]
        assert not found

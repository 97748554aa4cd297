"""Pictures of the mails, as a mail program shows them: wide and on a phone, light and dark."""

from __future__ import annotations

from pathlib import Path

from django.utils import timezone
from playwright.sync_api import Browser

from tests.notifications.mails import every_mail, html_of

WIDTHS = (600, 390)
SCHEMES = ("light", "dark")


def shoot_mails(browser: Browser, folder: Path) -> int:
    """Write each mail as text and HTML beside its pictures; return how many pictures there are."""
    folder.mkdir(parents=True, exist_ok=True)
    mails = every_mail(timezone.now())
    for name, written in mails.items():
        text = f"Subject: {written.subject}\nTo: {written.to[0]}\n\n{written.body}"
        (folder / f"{name}.txt").write_text(text)
        (folder / f"{name}.html").write_text(html_of(written))
    for width in WIDTHS:
        for scheme in SCHEMES:
            page = browser.new_page(
                viewport={"width": width, "height": 400}, color_scheme=scheme, locale="en-GB"
            )
            for name in mails:
                page.goto((folder / f"{name}.html").absolute().as_uri())
                page.screenshot(path=folder / f"{name}-{width}-{scheme}.png", full_page=True)
            page.close()
    return len(mails) * len(WIDTHS) * len(SCHEMES)

"""What a browser would send: the form of a page, with what stands in it, and the rest filled in."""

from __future__ import annotations

from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

# Filled in they would mean something else.
LEFT_EMPTY = {"not_applicable_because", "choices"}
MONEY = ("amount", "estimate_cost", "spend_cap", "pilot_budget_from", "monthly_cost_from")
# Of the fields that take no plain words; the metric of the world is a duration.
NAMED = {
    "baseline": "4 h",
    "threshold": "45 min",
    "target": "30 min",
    "value": "40 min",
    **dict.fromkeys(MONEY, "1200"),
}
TYPED = {
    "text": "As agreed on 4 May.",
    "textarea": "As agreed on 4 May.",
    "search": "letters",
    "url": "https://example.com/notes",
    "email": "somebody@example.com",
    "password": "not-the-right-one",
    "tel": "1",
}
Sent = dict[str, Any]


class Forms(HTMLParser):
    """The forms of a page that are posted: their address and their fields."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, Sent]] = []
        self._fields: Sent | None = None
        self._select, self._textarea, self._text = "", "", ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {key: value or "" for key, value in attrs}
        if tag == "form":
            posts = given.get("method", "get").lower() == "post"
            self._fields = {} if posts else None
            if self._fields is not None:
                self.found.append((given.get("action", ""), self._fields))
        if self._fields is None:
            return
        if tag == "input":
            self._input(given, self._fields)
        elif tag == "select":
            self._select = given.get("name", "")
            self._fields.setdefault(self._select, "")
        elif tag == "option" and self._select:
            value = given.get("value", "")
            if value and ("selected" in given or not self._fields[self._select]):
                self._fields[self._select] = value
        elif tag == "textarea":
            self._textarea, self._text = given.get("name", ""), ""

    def _input(self, given: dict[str, str], fields: Sent) -> None:
        name, kind = given.get("name", ""), given.get("type", "text")
        value = given.get("value", "")
        if kind in ("submit", "button", "image", "reset") or not name:
            return
        if kind in ("radio", "checkbox"):
            wanted = "checked" in given or (kind == "radio" and name not in fields)
            if wanted:
                fields[name] = value or "on"
        elif kind == "file":
            fields[name] = SimpleUploadedFile("policy.toml", b"# nothing")
        else:
            fields[name] = value or _typed(name, kind, given)

    def handle_data(self, data: str) -> None:
        if self._textarea:
            self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._fields is not None and self._textarea:
            stands = self._text.strip("\n")
            self._fields[self._textarea] = stands or _typed(self._textarea, "textarea", {})
            self._textarea = ""
        elif tag == "select":
            self._select = ""
        elif tag == "form":
            self._fields = None


def _typed(name: str, kind: str, given: dict[str, str]) -> str:
    if name in LEFT_EMPTY or kind == "hidden":
        return ""
    if kind == "number":
        return str(max(int(float(given.get("min") or 1)), 1))
    if kind == "date":
        return (timezone.localdate() + timedelta(days=3)).isoformat()
    if kind == "datetime-local":
        return f"{timezone.localdate()}T00:01"
    return NAMED.get(name) or TYPED.get(kind, "1")


def form_of(page: str, address: str) -> Sent | None:
    """The form of the page that is sent to this address, or None."""
    path = address.partition("?")[0]
    for action, fields in Forms(page).found:
        if action.partition("?")[0] in ("", path):
            return fields
    return None

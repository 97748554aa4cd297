"""Filling in whatever form is open, as somebody would who has an answer to everything."""

from __future__ import annotations

import re

from django.utils import timezone
from playwright.sync_api import Locator

from accounts.models import Person
from tests.browser.visitors import Visitor

CONTROLS = "select, textarea, input:not([type=hidden], [type=file], [type=checkbox], [type=radio])"
FURTHER_ROW = re.compile(r"-[1-9]\d*-")


def fill_in(member: Visitor, person: Person) -> None:
    """Answer every question of the open form; people asked for are this one."""
    form = member.page.locator("main form.gh-form")
    for control in form.locator(CONTROLS).all():
        name = control.get_attribute("name") or ""
        if name == "not_applicable_because" or FURTHER_ROW.search(name):
            continue
        if control.evaluate("it => it.tagName") == "SELECT":
            _choose(control, person)
        else:
            control.fill(_text(name, control.get_attribute("type") or "text"))


def _choose(control: Locator, person: Person) -> None:
    """This person where people are offered, else the first that is offered, if anything is."""
    options = control.locator("option").all_inner_texts()
    if named := [option for option in options if option.startswith(person.name)]:
        control.select_option(label=named[0])
    elif len(options) > 1:
        control.select_option(index=1)


def _text(name: str, kind: str) -> str:
    if kind == "url" or name.endswith("-url"):
        return "https://example.com/document"
    if kind == "date":
        return timezone.localdate().isoformat()
    if kind == "number" or name in ("run_cost", "hours_to_notice", "latency_budget"):
        return "12"
    return "As agreed with those whom it concerns."

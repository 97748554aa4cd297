"""The guards taken out one after the other, from outside; proof f has to find each."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from inspect import getmembers, isfunction
from types import ModuleType
from typing import Any
from unittest.mock import patch

from django.conf import settings
from django.test import override_settings

from accounts import permissions as of_accounts
from accounts.models import Person
from initiatives import permissions as of_initiatives
from initiatives.models.registry import InitiativeQuerySet
from notifications import permissions as of_notifications
from reviews import overrides
from reviews import permissions as of_reviews
from reviews.actions import signing

MODULES = (of_accounts, of_initiatives, of_notifications, of_reviews)
APPS = ("config", "portfolio", "notifications", "reviews", "initiatives", "accounts")
# Guards that no address of these leads to, and what stands before them instead.
BEHIND = {
    "accounts.is_somebody": "a type, not a rule",
    "accounts.may_invite": "of the address one types: tests/initiatives/actions/test_claiming.py",
    "accounts.may_read_audit_log": "the log has no page yet but the admin's",
    "notifications.may_snooze_any": "says to whom it is offered; may_snooze refuses",
    "notifications.may_snooze_facts": "says to whom it is offered; may_snooze refuses",
    "initiatives.may_answer_for": "the page is there for the person asked alone",
    "initiatives.may_know_of": "of whom one names, not of who asks",
    "reviews.may_ask_to_retire": "the page is there for what is said to be one's own alone",
    "reviews.bar_to_ending": "nothing here is so late; tests/reviews/test_catching_up.py is",
    "reviews.lapsed": "a sentence, not a rule",
}
LOGIN = "django.contrib.auth.middleware.LoginRequiredMiddleware"
Plant = Callable[[], contextlib.AbstractContextManager[Any]]


def every() -> dict[str, Plant]:
    """Each by its name: every rule of the permissions modules, and the guards that are none."""
    rules = {
        f"{module.__name__.partition('.')[0]}.{name}": (lambda rule=rule: _says_yes(rule))
        for module in MODULES
        for name, rule in getmembers(module, isfunction)
        if rule.__module__ == module.__name__ and not name.startswith("_")
    }
    guards: dict[str, Plant] = {
        "everybody-sees-everything": lambda: patch.object(
            InitiativeQuerySet, "visible_to", lambda rows, person: rows
        ),
        "nobody-has-to-sign-in": lambda: override_settings(
            MIDDLEWARE=[name for name in settings.MIDDLEWARE if name != LOGIN]
        ),
        "everybody-signs-everything": lambda: patch.object(
            signing, "_require_eligible", lambda state, by: None
        ),
        "everybody-overrides-everything": lambda: patch.object(
            overrides, "_bar", lambda membership, group, standing: None
        ),
        "everybody-is-staff": lambda: patch.object(Person, "is_staff", True),
    }
    return {name: rule for name, rule in rules.items() if name not in BEHIND} | guards


@contextlib.contextmanager
def _says_yes(rule: Callable[..., Any]) -> Iterator[None]:
    """Let a rule find no objection, wherever it was imported to; a bar finds no bar."""
    answer = None if rule.__name__.startswith("bar") else True
    with contextlib.ExitStack() as stack:
        for module, name in _places(rule):
            stack.enter_context(patch.object(module, name, lambda *_: answer))
        yield


def _places(rule: Callable[..., Any]) -> list[tuple[ModuleType, str]]:
    modules = [m for name, m in sys.modules.items() if name.partition(".")[0] in APPS]
    return [(m, name) for m in modules for name, value in vars(m).items() if value is rule]

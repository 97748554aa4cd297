"""What the frame around every page shows; without a query, unless a template asks for more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from accounts.permissions import is_somebody
from initiatives import permissions
from notifications import operations, queries
from notifications.permissions import may_operate
from portfolio import personas

REGISTER = "initiatives:register"


@dataclass(frozen=True)
class Place:
    """An entry of the navigation: the page it opens, and the apps and pages that belong to it."""

    label: str
    view: str
    icon: str
    apps: tuple[str, ...] = ()
    views: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Entry:
    """A place as one page shows it. `current` is what `aria-current` says: `page` for the page
    itself, `true` for a page that belongs to it, empty elsewhere."""

    label: str
    url: str
    icon: str
    current: str


MY_WORK = frozenset(
    {"portfolio:owned", "portfolio:deadlines", "portfolio:reminders", "portfolio:my_settings"}
    | {"portfolio:deputy", "portfolio:make_calendar", "portfolio:enter_channel"}
    | {"mails:settings", "mails:chat", "people:take_over"}
    | {"campaign:mine", "campaign:not_mine", "campaign:dead"}
)
CAMPAIGN = frozenset(
    {"campaign:counts", "campaign:start", "campaign:silent", "campaign:retire", "campaign:keep"}
)
PLACES = (
    Place("Dashboard", "portfolio:dashboard", "chart-bar-square", views=CAMPAIGN),
    Place("Initiatives", "initiatives:list", "rectangle-stack", ("initiatives", "reviews")),
    Place("My work", "portfolio:my_work", "inbox", views=MY_WORK),
    Place("Attention", "notifications:attention", "bell-alert", ("notifications",)),
    Place("Blockers", "portfolio:blockers", "no-symbol"),
)


def navigation(view: str) -> Iterator[Entry]:
    """The navigation, seen from the page that this view shows."""
    app = view.partition(":")[0]
    for place in PLACES:
        belongs = (app in place.apps and view != REGISTER) or view in place.views
        current = "page" if view == place.view else "true" if belongs else ""
        yield Entry(place.label, reverse(place.view), place.icon, current)


def _may_register(request: HttpRequest) -> bool:
    return is_somebody(request.user) and permissions.may_register(request.user)


def _may_operate(request: HttpRequest) -> bool:
    return is_somebody(request.user) and may_operate(request.user)


def _unread(request: HttpRequest) -> int:
    """What the bell says: as many as My work, Reminders lists as not seen yet."""
    return queries.unread_by(request.user).count() if is_somebody(request.user) else 0


def _stands_still(request: HttpRequest) -> datetime | None:
    """Since when nothing has been checked: for those who can do something about it."""
    return operations.stands_still_since() if _may_operate(request) else None


def _fails(request: HttpRequest) -> datetime | None:
    """Since when a part of the machinery fails: for the same people."""
    return operations.fails_since() if _may_operate(request) else None


def frame(request: HttpRequest) -> dict[str, Any]:
    """What `base.html` needs. Navigation and personas are computed only where they are shown."""
    match = request.resolver_match
    view = match.view_name if match else ""
    return {
        "organisation": settings.ORGANISATION,
        "may_register": SimpleLazyObject(lambda: _may_register(request)),
        "may_operate": SimpleLazyObject(lambda: _may_operate(request)),
        "unread": SimpleLazyObject(lambda: _unread(request)),
        "stands_still": SimpleLazyObject(lambda: _stands_still(request)),
        "fails": SimpleLazyObject(lambda: _fails(request)),
        "navigation": SimpleLazyObject(lambda: tuple(navigation(view))),
        "demo": settings.DEMO,
        "demo_password": settings.DEMO_PASSWORD,
        "personas": SimpleLazyObject(personas.offered) if settings.DEMO else (),
    }

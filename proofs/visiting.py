"""Sessions of people who have just given their password, and requests in them."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from types import SimpleNamespace
from typing import Any

from allauth.account.internal.flows.login import record_authentication
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.test import Client
from django.test.client import ClientHandler
from django.urls import get_resolver

from accounts.models import Person


def session(person: Person) -> str:
    """The key of a new session."""
    store = SessionStore()
    store[SESSION_KEY] = str(person.pk)
    store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    store[HASH_SESSION_KEY] = person.get_session_auth_hash()
    request: Any = SimpleNamespace(session=store)
    record_authentication(request, person, method="password")
    store.set_expiry(timedelta(hours=2))
    store.create()
    return str(store.session_key)


@cache
def _handler(middleware: tuple[str, ...]) -> ClientHandler:
    """One for all: what stands between a request and its view takes as long to load as a page."""
    return ClientHandler(enforce_csrf_checks=False)


def load() -> None:
    """Read all pages and what stands before them now: whoever is forked later has them then."""
    get_resolver().url_patterns  # noqa: B018
    _handler(tuple(settings.MIDDLEWARE)).load_middleware()


def client(session: str = "") -> Client:
    """A browser with this session, or nobody's; an error of the page is its answer, 500."""
    visitor = Client(SERVER_NAME="localhost", raise_request_exception=False)
    visitor.handler = _handler(tuple(settings.MIDDLEWARE))
    if session:
        visitor.cookies[settings.SESSION_COOKIE_NAME] = session
    return visitor

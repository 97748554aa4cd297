"""Which pages are asked for, by whom, and how many queries each needs; runs inside the product."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Group, Person
from initiatives.actions import uploads
from initiatives.models import Initiative
from initiatives.stages import Gate, Stage
from portfolio.queries import tabs
from reviews import queries as reviews
from reviews.models import Review
from tests.bench.inventory import inventory

UPLOADED = 200  # rows of the file that is looked at before it is imported
BEGINNING = 200  # characters of a statement
LIST = "/initiatives/?size=100"


@dataclass(frozen=True)
class Page:
    """An address, the cookie of whoever asks for it, and whether htmx asks for a part alone."""

    path: str
    cookie: str
    is_part: bool = False


@contextmanager
def counted() -> Iterator[list[str]]:
    """Collect how the statements begin that are executed, those of savepoints left out. Some are
    megabytes long, and memory is measured as well."""
    statements: list[str] = []

    def wrapper(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if "SAVEPOINT" not in sql:
            statements.append(sql[:BEGINNING])
        return execute(sql, *rest)

    with connection.execute_wrapper(wrapper):
        yield statements


def pages() -> dict[str, dict[str, Any]]:
    """Every page by its name, as `Page` has it."""
    return {name: asdict(page) for name, page in _pages().items()}


def counts() -> dict[str, int | None]:
    """How many queries each page needs, those for session and person included; None where the
    page fails."""
    client = Client(raise_request_exception=False, headers={"host": "localhost"})
    return {name: _count(client, page) for name, page in _pages().items()}


def _count(client: Client, page: Page) -> int | None:
    client.cookies.load(page.cookie)
    headers = {"HX-Request": "true"} if page.is_part else {}
    client.get(page.path, headers=headers)  # what is read once per process is read now
    with counted() as statements:
        response = client.get(page.path, headers=headers)
    return len(statements) if response.status_code == 200 else None


def _pages() -> dict[str, Page]:
    """As a portfolio lead sees them, who sees everything, but for what is another's to do."""
    lead = _first_of(Group.LEADS)
    review, signer = _asked_to_sign()
    busy = _busy()
    as_lead, as_signer = _cookie(lead), _cookie(signer)
    brief = reverse("initiatives:brief", args=[review.initiative_id])
    queue = Page(reverse("initiatives:triage_queue"), _cookie(_first_of(Group.COMPLIANCE)))
    of_lead = {
        "list": LIST,
        "search": f"{LIST}&q=fraud+invoi",
        "facet": f"{LIST}&stage=pilot&flag=decision_near",
        "dashboard": "/",
        "initiative": busy.get_absolute_url(),
        "attention": reverse("notifications:attention"),
        "blockers": reverse("portfolio:blockers"),
        "register": reverse("initiatives:register"),
        "export": reverse("initiatives:export"),
        **_import(lead),
    }
    return {
        **{name: Page(path, as_lead) for name, path in of_lead.items()},
        **{f"tab {key}": _tab(busy, key, as_lead) for key, _ in tabs.TITLES},
        "brief": Page(brief, as_lead, is_part=True),
        "my work": Page(reverse("portfolio:my_work"), as_signer),
        "review": Page(review.get_absolute_url(), as_signer),
        "triage queue": queue,
    }


def _tab(initiative: Initiative, key: str, cookie: str) -> Page:
    return Page(reverse("initiatives:tab", args=[initiative.pk, key]), cookie, is_part=True)


def _first_of(group: str) -> Person:
    found = Person.objects.filter(is_active=True, memberships__group__key=group)
    return found.filter(memberships__left_at=None).earliest("pk")


def _busy() -> Initiative:
    """A system with much to show."""
    measured = Initiative.objects.filter(
        stage=Stage.PRODUCTION, metrics__measurements__isnull=False
    )
    return measured.exclude(kill_conditions=None).earliest("pk")


def _asked_to_sign() -> tuple[Review, Person]:
    """A charter that somebody has signed already, and a business owner who has yet to."""
    signed = Review.objects.open().filter(gate=Gate.CHARTER, sign_offs__isnull=False)
    for review in signed.order_by("pk").distinct():
        for person in Person.objects.filter(
            is_active=True, ownerships__initiative=review.initiative_id
        ).distinct():
            if any(
                asked.review == review
                for asked in reviews.requests_for(person, timezone.localdate())
            ):
                return review, person
    raise LookupError("Nobody is asked to sign a charter.")


def _import(lead: Person) -> dict[str, str]:
    """The steps of an upload, one that is there from before or else a new one."""
    content = inventory(UPLOADED, ["nobody@generated.example"]).encode()
    upload = uploads.upload(content=content, name="inventory.csv", by=lead, at=timezone.now())
    address = reverse("initiatives:upload", args=[upload.pk])
    return {
        "import": reverse("initiatives:import"),
        "import source": f"{address}?step=source",
        "import columns": f"{address}?step=columns",
        "import preview": f"{address}?step=preview",
    }


def _cookie(person: Person) -> str:
    """The cookie of somebody who is signed in."""
    session = SessionStore()
    session[SESSION_KEY] = str(person.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    session.save()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"

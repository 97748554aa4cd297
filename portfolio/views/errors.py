"""Pages for when something went wrong: each says what to do."""

import sys

from django.db import InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import loader

AWAY_SECONDS = 5


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "400.html", status=400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "403.html", {"exception": str(exception)}, status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "404.html", status=404)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Sent after a form stood open for too long, or in another browser."""
    return render(request, "403_csrf.html", status=403)


def server_error(request: HttpRequest) -> HttpResponse:
    """Rendered without context: whatever broke may break again. Without its database the
    application is away, and not broken: whoever asks may come back in a moment."""
    if isinstance(sys.exc_info()[1], (OperationalError, InterfaceError)) and not _has_database():
        page = loader.get_template("503.html").render()
        return HttpResponse(page, status=503, headers={"Retry-After": str(AWAY_SECONDS)})
    return HttpResponse(loader.get_template("500.html").render(), status=500)


def _has_database() -> bool:
    """Whether it was a statement that failed, such as one that waited too long for a lock."""
    return connection.connection is not None and connection.is_usable()

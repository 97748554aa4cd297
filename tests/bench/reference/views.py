"""a: a constant. b: one query, 100 rows of ten cells in a template. b2: b with a session, a person
and a count. c: 100 rows straight from psycopg. copy: all rows by COPY, in blocks of some size."""

import json
from collections.abc import Iterator

from django.contrib.auth.decorators import login_required
from django.db import connection
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from tests.bench.reference.models import Row

ROWS = 100
BLOCK = 64 * 1024  # bytes


def a(request: HttpRequest) -> HttpResponse:
    return HttpResponse("constant")


def b(request: HttpRequest) -> HttpResponse:
    rows = Row.objects.order_by("pk")[:ROWS]
    return HttpResponse(render_to_string("reference/rows.html", {"rows": rows}))


@login_required
def b2(request: HttpRequest) -> HttpResponse:
    rows = Row.objects.order_by("pk")
    context = {"rows": rows[:ROWS], "count": rows.count()}
    return render(request, "reference/rows.html", context)


def c(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, name, unit, stage, owner FROM reference_row LIMIT 100")
        return HttpResponse(json.dumps(cursor.fetchall()), content_type="application/json")


def copy(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(_blocks(), content_type="text/plain")


def _blocks() -> Iterator[bytes]:
    held = bytearray()
    with (
        connection.cursor() as cursor,
        cursor.copy("COPY (SELECT * FROM reference_row) TO STDOUT") as rows,
    ):
        for row in rows:
            held += row
            if len(held) >= BLOCK:
                yield bytes(held)
                held.clear()
    yield bytes(held)

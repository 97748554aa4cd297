"""a: a constant. b: one query, 100 rows of ten cells in a template. b2: b with a session, a person
and a count. c: 100 rows straight from psycopg."""

import json

from django.contrib.auth.decorators import login_required
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from tests.bench.reference.models import Row

ROWS = 100


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

"""Whether this process lives, whether the installation is ready, and its figures."""

from hmac import compare_digest

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from kombu import Connection
from prometheus_client import CONTENT_TYPE_LATEST

from audit import triggers
from notifications import queries as notifications
from notifications.metrics import exposition
from notifications.operations import OLDEST_SWEEP

BROKER_SECONDS = 3


@login_not_required
@never_cache
def livez(request: HttpRequest) -> HttpResponse:
    """Answer as long as the process can."""
    return HttpResponse("ok", content_type="text/plain")


@login_not_required
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """Answer 200 when database, migrations, audit triggers, broker and sweep are as they should."""
    checks = {"database": _database(), "broker": _broker()}
    if checks["database"] == "ok":
        checks |= {"migrations": _migrations(), "audit": _audit(), "sweep": _sweep()}
    ready = all(said == "ok" for said in checks.values())
    return JsonResponse({"ready": ready, **checks}, status=200 if ready else 503)


@login_not_required
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Figures for Prometheus, for whoever sends the token of `METRICS_TOKEN` as a bearer; without
    one in the settings there is no such page."""
    if not settings.METRICS_TOKEN:
        raise Http404
    sent = request.headers.get("Authorization", "")
    if not compare_digest(sent.encode(), f"Bearer {settings.METRICS_TOKEN}".encode()):
        return HttpResponse("Send the token of METRICS_TOKEN as a bearer.\n", status=401)
    return HttpResponse(exposition(), content_type=CONTENT_TYPE_LATEST)


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return "does not answer"
    return "ok"


def _migrations() -> str:
    executor = MigrationExecutor(connection)
    pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return f"{len(pending)} not applied" if pending else "ok"


def _audit() -> str:
    return "the log's triggers are missing" if triggers.missing() else "ok"


def _broker() -> str:
    patience = {"socket_timeout": BROKER_SECONDS, "socket_connect_timeout": BROKER_SECONDS}
    options = {**settings.CELERY_BROKER_TRANSPORT_OPTIONS, **patience}
    try:
        with Connection(
            settings.CELERY_BROKER_URL, connect_timeout=BROKER_SECONDS, transport_options=options
        ) as broker:
            broker.ensure_connection(max_retries=1, timeout=BROKER_SECONDS)
    except Exception:  # kombu raises each transport's own
        return "does not answer"
    return "ok"


def _sweep() -> str:
    last = notifications.last_sweep()
    if last is None:
        return "has never run"
    age = timezone.now() - last.finished_at
    return f"last ran {int(age.total_seconds() // 60)} min ago" if age > OLDEST_SWEEP else "ok"

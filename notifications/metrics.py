"""What a Prometheus server reads: the state of the machinery and of the portfolio, as gauges.

All of it is in the database and is read when it is asked for, so that any web process gives the
same answer, and a restart loses nothing. Requests and their times are the proxy's to count.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Count, QuerySet
from django.utils import timezone
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from initiatives.models import Initiative
from initiatives.stages import Stage
from notifications import operations, queries
from notifications.models import Flag, Message, Sweep
from notifications.rules import RULES


def exposition() -> bytes:
    """Everything, in the text format of Prometheus; seven queries."""
    registry = CollectorRegistry()
    registry.register(Gatehouse())
    return generate_latest(registry)


class Gatehouse(Collector):
    """Gauges, each with its unit in its name."""

    def describe(self) -> list[GaugeMetricFamily]:
        """Nothing: to register it asks the database nothing."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield from _clock(queries.last_sweep())
        yield _gauge("parts_failing", "Parts of ticks that fail", len(operations.troubles()))
        yield from _queue()
        yield _flags()
        yield _initiatives()


def _clock(last: Sweep | None) -> Iterator[GaugeMetricFamily]:
    if last is None:  # it has not begun yet
        return
    age = (timezone.now() - last.finished_at).total_seconds()
    yield _gauge("sweep_age_seconds", "Time since a sweep was finished", age)
    parts = GaugeMetricFamily(
        "gatehouse_sweep_part_seconds", "What the last sweep took", labels=["part"]
    )
    for part, seconds in last.seconds.items():
        parts.add_metric([part], seconds)
    yield parts


def _queue() -> Iterator[GaugeMetricFamily]:
    queue = operations.queue()
    waits = 0.0 if queue.oldest is None else (timezone.now() - queue.oldest).total_seconds()
    yield _gauge("reminders_owed", "Reminders that no mail carries yet", queue.reminders)
    yield _gauge("mail_oldest_queued_seconds", "How long the oldest queued mail waits", waits)
    yield _gauge("mails_deferred", "Queued mails that were tried before", queue.deferred)
    mails = GaugeMetricFamily("gatehouse_mails", "Mails by state", labels=["state"])
    counted = _counted(Message.objects.values_list("state"))
    for state in Message.State.values:
        mails.add_metric([state], counted.get(state, 0))
    yield mails


def _flags() -> GaugeMetricFamily:
    flags = GaugeMetricFamily("gatehouse_flags_open", "Open flags by rule", labels=["rule"])
    counted = _counted(Flag.objects.open().values_list("rule"))
    for rule in RULES:
        flags.add_metric([rule], counted.get(rule, 0))
    return flags


def _initiatives() -> GaugeMetricFamily:
    stages = GaugeMetricFamily("gatehouse_initiatives", "Initiatives by stage", labels=["stage"])
    counted = _counted(Initiative.objects.values_list("stage"))
    for stage in Stage.values:
        stages.add_metric([stage], counted.get(stage, 0))
    return stages


def _counted(rows: QuerySet[Any, Any]) -> dict[str, int]:
    return dict(rows.order_by().annotate(rows=Count("pk")))


def _gauge(name: str, means: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"gatehouse_{name}", means, value=value)

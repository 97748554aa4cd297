"""How systems do in production, as the dashboard counts them and lists show them
(product.md P24)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from django.db.models import Exists, OuterRef, Value
from django.urls import reverse

from initiatives.models import Initiative, Metric
from initiatives.models.registry import InitiativeQuerySet
from reviews import queries as reviews
from reviews.health import Health, judged, running
from reviews.policy import Limits

TONES = {
    Health.SUSPENDED: "critical",
    Health.BELOW_BASELINE: "critical",
    Health.BELOW_THRESHOLD: "warning",
    Health.STALE: "warning",
    Health.UNMEASURED: "info",
    Health.GOOD: "fine",
}


@dataclass(frozen=True)
class Line:
    """So many systems that do like this, with their list."""

    label: str
    tone: str
    count: int
    share: int  # of all systems, in fiftieths
    url: str


def of(
    visible: InitiativeQuerySet, today: date, limits: Limits, ids: Iterable[int] | None = None
) -> dict[int, str]:
    """The health of each system that has a metric with a threshold or is suspended, of all or of
    these; in one query."""
    systems = running(visible) if ids is None else running(visible).filter(pk__in=list(ids))
    off = systems.suspended().order_by().annotate(health=Value(Health.SUSPENDED))
    measured = judged(systems, today, limits).values_list("initiative", "health")
    found = list(measured.union(off.values_list("pk", "health"), all=True))
    return dict(found) | {pk: said for pk, said in found if said == Health.SUSPENDED}


def doing(initiatives: InitiativeQuerySet, health: str, today: date) -> InitiativeQuerySet:
    """Systems in production that do like this."""
    systems = running(initiatives)
    if health == Health.SUSPENDED:
        return systems.suspended()
    systems = systems.filter(suspended_at=None)
    if health == Health.UNMEASURED:
        metrics = Metric.objects.filter(
            initiative=OuterRef("pk"), is_primary=True, threshold__isnull=False
        )
        return systems.exclude(Exists(metrics))
    limits = reviews.current_policy().limits
    alike = judged(running(Initiative.objects.all()), today, limits).filter(health=health)
    return systems.filter(pk__in=alike.values("initiative"))


def lines(found: Mapping[int, str], systems: int) -> list[Line]:
    """How many do how, the worst first; those without a metric are the rest of all systems."""
    counts = dict.fromkeys(Health, 0)
    for health in found.values():
        counts[Health(health)] += 1
    counts[Health.UNMEASURED] = systems - len(found)
    return [_line(health, count, systems) for health, count in counts.items()]


def _line(health: Health, count: int, systems: int) -> Line:
    share = max(round(count / systems * 50), 1) if count else 0
    url = f"{reverse('initiatives:list')}?{urlencode({'health': health})}"
    return Line(str(health.label), TONES[health], count, share, url)

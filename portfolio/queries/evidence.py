"""The last measurement of primary metrics, for many initiatives at once."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import OuterRef, Subquery

from initiatives.models import Measurement, Metric


@dataclass(frozen=True, slots=True)
class Shown:
    """What has been shown against what was promised, as one ready sentence; `reached` where that
    is at or past the threshold, with the sample that was agreed."""

    says: str
    reached: bool


def of(ids: Iterable[int]) -> dict[int, Shown]:
    """Return by initiative what its primary metric has shown; one query."""
    last = Measurement.objects.filter(metric=OuterRef("pk"), corrected_by=None)
    newest = last.order_by("-measured_at", "-pk")
    metrics = Metric.objects.filter(initiative__in=list(ids), is_primary=True).annotate(
        last=Subquery(newest.values("value")[:1]),
        sample=Subquery(newest.values("sample_size")[:1]),
    )
    return {metric.initiative_id: _shown(metric) for metric in metrics}


def _shown(metric: Metric) -> Shown:
    last = metric.last  # type: ignore[attr-defined]
    if metric.threshold is None:
        return Shown("no threshold", reached=False)
    needs = f"needs {metric.words(metric.threshold)}"
    if last is None:
        return Shown(f"not measured; {needs}", reached=False)
    sample: int | None = metric.sample  # type: ignore[attr-defined]
    is_enough = (sample or 0) >= (metric.minimum_sample or 0)
    reached = is_enough and metric.reaches(last, metric.threshold)
    return Shown(f"{metric.words(last)}; {needs}", reached)

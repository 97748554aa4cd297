"""What the pilot has shown, in sentences for those who sign and decide."""

from __future__ import annotations

from django.utils.text import capfirst

from initiatives.facts import Facts
from initiatives.models import EvaluationSet, Measurement, Metric


def of(facts: Facts) -> list[str]:
    """The primary metric's last value, and what came out on messy data; newest facts only."""
    metric = facts.primary_metric
    last = facts.latest(metric) if metric is not None else None
    if metric is None or last is None:
        return []
    messy = facts.initiative.messy_set
    return [_measured(metric, last), *([_on_messy_data(messy)] if messy and messy.last_run else [])]


def _measured(metric: Metric, last: Measurement) -> str:
    how = "automatic" if last.is_automatic else "entered by hand"
    sample = f"n = {last.sample_size:,}, " if last.sample_size else ""
    value, threshold = metric.words(last.value), metric.words(metric.threshold)
    return f"{capfirst(metric.name)}: {value} ({sample}{how}); threshold {threshold}."


def _on_messy_data(known: EvaluationSet) -> str:
    assert known.last_run is not None
    metric, value = known.metric, known.last_run.value
    of = "" if metric.is_primary else f" ({metric.name})"
    said = f"On messy data: {metric.words(value)}{of}"
    if metric.threshold is None:
        return f"{said}."
    missed = "" if metric.reaches(value, metric.threshold) else ", missed"
    return f"{said}; threshold {metric.words(metric.threshold)}{missed}."

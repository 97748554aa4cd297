"""What the pilot has shown, in sentences for those who sign and decide."""

from __future__ import annotations

from initiatives.facts import Facts
from initiatives.models import EvaluationSet, Measurement, Metric


def of(facts: Facts) -> list[str]:
    """The primary metric's last value, and what came out on messy data; newest facts only."""
    metric = facts.primary_metric
    last = facts.latest(metric) if metric is not None else None
    if metric is None or last is None:
        return []
    messy = facts.initiative.messy_set
    return [_measured(metric, last), *([_on_messy_data(messy)] if _was_run(messy) else [])]


def _measured(metric: Metric, last: Measurement) -> str:
    how = "automatic" if last.is_automatic else "entered by hand"
    sample = f"n = {last.sample_size:,}, " if last.sample_size else ""
    value, threshold = metric.words(last.value), metric.words(metric.threshold)
    return f"{metric.name}: {value} ({sample}{how}); threshold {threshold}."


def _was_run(known: EvaluationSet | None) -> bool:
    return known is not None and known.last_run is not None


def _on_messy_data(known: EvaluationSet | None) -> str:
    assert known is not None
    assert known.last_run is not None
    value, threshold = known.last_run.value, known.metric.threshold
    said = f"On messy data: {known.metric.words(value)}"
    if threshold is None:
        return f"{said}."
    short = "" if known.metric.reaches(value, threshold) else ", short of the threshold"
    return f"{said}{short}."

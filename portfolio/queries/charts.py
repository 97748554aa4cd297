"""A metric over time, as the page and its script draw it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.text import capfirst

from initiatives import units
from initiatives.models import Measurement, Metric


@dataclass(frozen=True)
class Chart:
    """A metric's measurements with its baseline, threshold and target."""

    id: str
    caption: str
    metric: Metric
    bounds: dict[str, str]
    last: str
    rows: list[dict[str, Any]]
    json: dict[str, Any]


def chart(
    metric: Metric, measurements: list[Measurement], stages: Sequence[tuple[str, datetime]]
) -> Chart:
    """Its measurements, newest first, with the moments at which it entered a stage."""
    values = [m.value for m in measurements] + [
        v for v in _bounds(metric).values() if v is not None
    ]
    size, unit = units.scale(
        units.UnitKind(metric.unit_kind), metric.unit, max(values, default=Decimal(0))
    )
    better = metric.get_direction_display().lower()
    return Chart(
        id=f"metric-{metric.pk}",
        caption=f"{capfirst(metric.name)}: {better}.",
        metric=metric,
        bounds={name: metric.words(value) for name, value in _bounds(metric).items()},
        last=metric.words(measurements[0].value) if measurements else "–",
        rows=[_measured(metric, m) for m in measurements],
        json={
            "label": metric.name,
            "unit": unit,
            "better": metric.direction,
            "points": [
                {
                    "x": m.measured_at.isoformat(),
                    "y": float(m.value / size),
                    "words": metric.words(m.value),
                    "is_automatic": m.is_automatic,
                }
                for m in reversed(measurements)
            ],
            "stages": [{"x": at.isoformat(), "label": label} for label, at in stages],
            **{
                name: None
                if value is None
                else {"value": float(value / size), "words": metric.words(value)}
                for name, value in _bounds(metric).items()
            },
        },
    )


def _measured(metric: Metric, measurement: Measurement) -> dict[str, Any]:
    sample = f"n = {measurement.sample_size:,}, " if measurement.sample_size else ""
    how = "automatic" if measurement.is_automatic else "entered by hand"
    return {
        "when": measurement.measured_at,
        "value": metric.words(measurement.value),
        "note": f"{sample}{how}",
    }


def _bounds(metric: Metric) -> dict[str, Decimal | None]:
    return {name: getattr(metric, name) for name in ("baseline", "threshold", "target")}

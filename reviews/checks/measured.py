"""What is worked out from metrics and their measurements."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.utils.text import capfirst

from initiatives.facts import Facts
from initiatives.models import Measurement, Metric
from initiatives.models.charter import MetricKind
from initiatives.stages import Stage
from reviews.checks.verdicts import Asked, Verdict, counted, day, met, unmet

NO_ADOPTION = "No metric of adoption has a floor: say how much it has to be used."
GUARDS = (MetricKind.QUALITY, MetricKind.COST, MetricKind.LATENCY)


def measured_past_threshold(asked: Asked) -> Verdict:
    """P1, P8: the primary metric, measured over its window and sample, at or past its threshold."""
    metric = asked.facts.primary_metric
    if metric is None or metric.threshold is None:
        return unmet("No primary metric with a threshold.")
    said, reached = _against_threshold(asked.facts, metric, metric.threshold)
    return met(said) if reached else unmet(said, "measure", metric.pk)


def _against_threshold(facts: Facts, metric: Metric, threshold: Decimal) -> tuple[str, bool]:
    """What the last value says of the threshold, and whether it counts as reached."""
    last = facts.latest(metric)
    if last is None:
        return f"Nothing has been measured yet; threshold is {metric.words(threshold)}.", False
    said = said_of(metric, last)
    if too_early := _too_early(facts, metric, last):
        return f"{said}; {too_early}.", False
    if metric.minimum_sample and (last.sample_size or 0) < metric.minimum_sample:
        without = "" if last.sample_size else ", without its sample"
        return f"{said}{without}; at least n = {metric.minimum_sample:,} was agreed.", False
    reached = metric.reaches(last.value, threshold)
    return f"{said}; threshold is {metric.words(threshold)}.", reached


def said_of(metric: Metric, last: Measurement) -> str:
    """What a measurement showed: `measured 52 min on 3 Nov 2026, n = 812`."""
    sample = f", n = {last.sample_size:,}" if last.sample_size else ""
    return f"measured {metric.words(last.value)} on {day(last.measured_at)}{sample}"


def _too_early(facts: Facts, metric: Metric, last: Measurement) -> str | None:
    """Why a value does not cover the agreed window of the pilot yet, or None."""
    if not metric.window_days or facts.initiative.stage != Stage.PILOT:
        return None
    days = (last.measured_at - facts.initiative.stage_entered_at).days
    if days >= metric.window_days:
        return None
    ran = "began again after that" if days < 0 else f"ran {counted(days, 'day')} then"
    return f"the pilot {ran}, and the window is {counted(metric.window_days, 'day')}"


def guardrails_hold(asked: Asked) -> Verdict:
    """P30: quality, unit cost and, where users wait, latency stay within their limits.

    The kinds that a policy names have to be there; any other guardrail has to hold as well.
    """
    wanted = list(asked.parameters.get("kinds", ()))
    guards = [m for m in asked.facts.metrics if m.kind in GUARDS and m.threshold is not None]
    if not guards:
        return unmet("No guardrail: name a limit for quality, unit cost or latency.")
    missing = [str(MetricKind(k).label).lower() for k in wanted if k not in _kinds(guards)]
    missed = [(metric, said) for metric in guards if (said := misses(asked.facts, metric))]
    failing = [said for _, said in missed]
    if missing:
        return unmet(
            " ".join([f"No guardrail for {' and '.join(missing)}: name a limit.", *failing])
        )
    if missed:
        return unmet(" ".join(failing), "measure", missed[0][0].pk)
    return met(" ".join(_holds(asked.facts, metric) for metric in guards))


def _holds(facts: Facts, metric: Metric) -> str:
    """`Wrong queues: measured 4 % on 3 Nov 2026; limit is 5 %.`"""
    last = facts.latest(metric)
    assert last is not None
    limit = metric.words(metric.threshold)
    return f"{capfirst(metric.name)}: {said_of(metric, last)}; limit is {limit}."


def _kinds(metrics: list[Metric]) -> set[str]:
    return {metric.kind for metric in metrics}


def misses(facts: Facts, metric: Metric) -> str | None:
    """Say how a metric misses its threshold, or None where it is at or past it."""
    last = facts.latest(metric)
    if last is None or metric.threshold is None:
        return f"{capfirst(metric.name)} has not been measured yet."
    return None if metric.reaches(last.value, metric.threshold) else _holds(facts, metric)


def adoption_metric_set(asked: Asked) -> Verdict:
    """P13: a metric of adoption, with a floor."""
    adoption = _adoption(asked.facts)
    if adoption is None:
        return unmet(NO_ADOPTION)
    return met(f"{capfirst(adoption.name)}: at least {adoption.words(adoption.threshold)}.")


def adoption_above_floor(asked: Asked) -> Verdict:
    """P24: it is used at least as much as was agreed."""
    adoption = _adoption(asked.facts)
    if adoption is None:
        return unmet(NO_ADOPTION)
    said = misses(asked.facts, adoption) or _is_old(asked, adoption)
    if said:
        return unmet(said, "measure", adoption.pk)
    return met(_holds(asked.facts, adoption))


def _adoption(facts: Facts) -> Metric | None:
    adoption = (m for m in facts.metrics if m.kind == MetricKind.ADOPTION)
    return next((m for m in adoption if m.threshold is not None), None)


def measured_against_baseline(asked: Asked) -> Verdict:
    """P28: the primary metric is better than before it all began."""
    metric = asked.facts.primary_metric
    if metric is None or metric.baseline is None:
        return unmet("No primary metric with a baseline.")
    last = asked.facts.latest(metric)
    if last is None:
        return unmet(f"{capfirst(metric.name)} has not been measured yet.", "measure", metric.pk)
    if old := _is_old(asked, metric):
        return unmet(old, "measure", metric.pk)
    better = metric.reaches(last.value, metric.baseline) and last.value != metric.baseline
    said = f"{capfirst(said_of(metric, last))}; the baseline is {metric.words(metric.baseline)}."
    return met(said) if better else unmet(said, "measure", metric.pk)


def _is_old(asked: Asked, metric: Metric) -> str | None:
    """Why its last value does not count, where it is asked anew."""
    last = asked.facts.latest(metric)
    if last is None or asked.since is None or last.measured_at > asked.since:
        return None
    return f"{capfirst(metric.name)} has not been measured since {day(asked.since)}."


def monitoring_delivering(asked: Asked) -> Verdict:
    """P18: each item watched is a metric with a limit and a person paged, and has delivered one
    value from its production source."""
    watched = [m for m in asked.facts.metrics if m.threshold is not None and m.paged is not None]
    if not watched:
        return unmet("Nothing is watched: give a metric a limit, and name who is paged.")
    gone = [metric for metric in watched if metric.paged and not metric.paged.is_active]
    silent = [m for m in watched if m not in gone and not _has_delivered(asked.facts, m)]
    faults = [f"{m.paged}, who is paged about {m.name}, is no longer here." for m in gone]
    faults += [
        f"{capfirst(m.name)} has not delivered a value from its production source." for m in silent
    ]
    if gone:
        return unmet(" ".join(faults))
    if silent:
        return unmet(" ".join(faults), "measure", silent[0].pk)
    return met(" ".join(_watched(metric) for metric in watched))


def _watched(metric: Metric) -> str:
    """Its limit, and who hears when it is past it."""
    limit = metric.words(metric.threshold)
    return (
        f"{capfirst(metric.name)} delivers from production; past {limit} {metric.paged} is paged."
    )


def _has_delivered(facts: Facts, metric: Metric) -> bool:
    return any(m.is_automatic or m.from_production for m in facts.recent(metric))


def months_between(first: date, last: date) -> int:
    """Months begun between two days, at least one."""
    return max(1, -(-(last - first).days // 30))

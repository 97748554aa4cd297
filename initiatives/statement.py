"""The success statement: the one sentence that stakeholders sign (product.md P2)."""

import re

from initiatives.facts import Facts
from initiatives.models import Metric
from initiatives.stages import Stage
from initiatives.units import Direction, UnitKind, plain

# What some names begin with, although the direction says it; not as part of "cut-off" or so.
VERBS = frozenset({
    "cut", "decrease", "decreasing", "improve", "improving", "increase", "increasing", "lower",
    "raise", "raising", "reduce", "reducing",
})  # fmt: skip
# What reads as a name only with an article: `the number of errors`, `the time until …`.
WANTS_AN_ARTICLE = frozenset({
    "amount", "cost", "count", "days", "delay", "difference", "distance", "duration", "error",
    "fraction", "gap", "hours", "length", "minutes", "number", "percentage", "portion",
    "proportion", "rate", "ratio", "seconds", "share", "size", "sum", "time", "total", "value",
    "volume", "weeks",
})  # fmt: skip
PLURAL = re.compile(r"[a-z]{3,}(?<![aius])s")
# Plurals that are no things to be counted: `sales growth` is no share of sales.
NO_THINGS = frozenset({"costs", "earnings", "returns", "sales", "savings", "standards"})


def of(facts: Facts) -> str:
    """Compose it from the fields, or say what it still needs.

    `Reduce average ticket resolution time from 4 h to 45 min by 1 March 2027.`
    """
    metric = facts.primary_metric
    if metric is None:
        return "No success statement yet: choose a primary business metric."
    if metric.threshold is None:
        return f"No success statement yet: {metric.name} has no threshold."
    verb = "Reduce" if metric.direction == Direction.LOWER else "Raise"
    aim = ""
    if metric.target is not None and metric.target != metric.threshold:
        aim = f", aiming for {metric.words(metric.target)}"
    return f"{verb} {_named(metric)}{_from(metric)} to {_to(metric)}{_by(facts)}{aim}."


def _from(metric: Metric) -> str:
    """Where it starts; a unit that is counted is said once, behind both numbers."""
    if metric.baseline is None:
        return ""
    if metric.unit_kind == UnitKind.COUNT:
        return f" from {plain(metric.baseline)}"
    return f" from {metric.words(metric.baseline)}"


def _to(metric: Metric) -> str:
    return metric.words(metric.threshold)


def _by(facts: Facts) -> str:
    initiative = facts.initiative
    if initiative.stage == Stage.PROPOSAL:
        days = initiative.pilot_days
        return f" within {days} {'day' if days == 1 else 'days'} of the pilot's start"
    if initiative.stage in (Stage.PRODUCTION, Stage.RETIRED) or initiative.decision_date is None:
        return ""
    return f" by {initiative.decision_date:%-d %B %Y}"


def _named(metric: Metric) -> str:
    """The metric within a sentence: without a verb that says the direction again, with the
    article that some nouns want, and with a small letter where it is a common word."""
    words = " ".join(metric.name.split()).rstrip(".:;,!?").split(" ")
    if len(words) > 1 and words[0].lower() in VERBS:
        words = words[1:]
    words[0] = _uncapitalised(words[0])
    return f"{_before(words, metric.unit_kind)}{' '.join(words)}"


def _before(words: list[str], unit_kind: str) -> str:
    """`the number of errors` and `the time until a claim is …`, but `time savings`; and of things
    that are measured in percent the share: `the share of letters sent twice`."""
    first, second = words[0], words[1] if words[1:] else ""
    if first in WANTS_AN_ARTICLE and second and not PLURAL.fullmatch(second):
        return "the "
    things = second if first.endswith("ed") else first
    is_a_share = unit_kind == UnitKind.PERCENT and second and _is_plural(things)
    return "the share of " if is_a_share else ""


def _is_plural(word: str) -> bool:
    """Whether it looks like a plural of things."""
    return bool(PLURAL.fullmatch(word)) and word not in NO_THINGS | WANTS_AN_ARTICLE


def _uncapitalised(word: str) -> str:
    """Lower the first letter within a sentence, unless it is an abbreviation or a product's name:
    `NPS`, `F1`, `SharePoint`, `CO2`; `E-mail` is a common word."""
    is_name = word[1:] != word[1:].lower() or re.search(r"\d", word) is not None
    return word if is_name else word[:1].lower() + word[1:]

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
    "amount", "cost", "costs", "count", "duration", "error", "fraction", "length", "number",
    "percentage", "portion", "proportion", "rate", "ratio", "share", "size", "sum", "time",
    "total", "value", "volume",
})  # fmt: skip
MEASURE = frozenset({"cost", "error", "time", "value", "volume", "size", "total"})


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
    return f"{verb} {_named(metric.name)}{_from(metric)} to {_to(metric)}{_by(facts)}{aim}."


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


def _named(name: str) -> str:
    """The metric within a sentence: without a verb that says the direction again, with the
    article that some nouns want, and with a small letter where it is a common word."""
    words = " ".join(name.split()).rstrip(".:;,!?").split(" ")
    if len(words) > 1 and words[0].lower() in VERBS:
        words = words[1:]
    words[0] = _uncapitalised(words[0])
    return f"{'the ' if _wants_an_article(words) else ''}{' '.join(words)}"


def _wants_an_article(words: list[str]) -> bool:
    """`The number of errors` and `the time until a claim is …`, but `error rate` and `costs`."""
    return len(words) > 1 and words[0] in WANTS_AN_ARTICLE and not _is_compound(words)


def _is_compound(words: list[str]) -> bool:
    """`Time savings`, `cost overruns`: the first word describes the second, a plural."""
    return words[0] in MEASURE and re.fullmatch(r"[a-z]{3,}s", words[1]) is not None


def _uncapitalised(word: str) -> str:
    """Lower the first letter within a sentence, unless it is an abbreviation or a product's name:
    `NPS`, `F1`, `SharePoint`, `CO2`; `E-mail` is a common word."""
    is_name = word[1:] != word[1:].lower() or re.search(r"\d", word) is not None
    return word if is_name else word[:1].lower() + word[1:]

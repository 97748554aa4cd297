"""The success statement: the one sentence that stakeholders sign (product.md P2)."""

from initiatives.facts import Facts
from initiatives.stages import Stage
from initiatives.units import Direction


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
    start = f" from {metric.words(metric.baseline)}" if metric.baseline is not None else ""
    aim = ""
    if metric.target is not None and metric.target != metric.threshold:
        aim = f", aiming for {metric.words(metric.target)}"
    end = metric.words(metric.threshold)
    return f"{verb} {_uncapitalised(metric.name)}{start} to {end}{_by(facts)}{aim}."


def _by(facts: Facts) -> str:
    initiative = facts.initiative
    if initiative.stage == Stage.PROPOSAL:
        return f" within {initiative.pilot_days} days of the pilot's start"
    if initiative.stage in (Stage.PRODUCTION, Stage.RETIRED) or initiative.decision_date is None:
        return ""
    return f" by {initiative.decision_date:%-d %B %Y}"


def _uncapitalised(name: str) -> str:
    """Lower the first letter within a sentence, unless the word is an abbreviation."""
    first = name.split(" ", 1)[0]
    return name if first.isupper() or not name else name[0].lower() + name[1:]

"""A policy in the words of its readers: when something applies, and what each part is called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from accounts.groups import STANDARD
from initiatives.stages import Role, Stage
from initiatives.triage import SAYS, Level
from reviews.policy.model import (
    ALWAYS,
    BEFORE_PRODUCTION,
    NEVER,
    Applies,
    Criterion,
    Field,
    Slot,
)

LEVELS: dict[str, str] = {level.value: str(level.label) for level in Level}
LIMITS = {
    "reauthentication_minutes": ("Proof of who signs is at most so old", "minutes"),
    "request_working_days": ("A signature is due after", "working days"),
    "pilot_days": ("A pilot lasts at most", "days"),
    "pilot_days_with_reason": ("A pilot with a reason and a lead's signature", "days"),
    "extension_days": ("One extension moves the date by at most", "days"),
    "proposal_days": ("A proposal is decided within", "days"),
    "readiness_days": ("A readiness review is decided within", "days"),
    "lapse_days": ("Undecided, it lapses after its date by", "days"),
    "stalled_days": ("It is stalled without an event for", "days"),
    "measurement_stale_factor": ("A measurement is stale after", "times its cadence"),
    "evaluation_stale_days": ("An evaluation is stale after", "days"),
    "override_days": ("An override lasts at most", "days"),
    "pause_days": ("A pause lasts at most", "days"),
    "statement_days": ("A new sponsor signs the success statement within", "days"),
    "recertification_days": ("A system in production is recertified every", "days"),
    "catch_up_days": ("What already ran catches up within", "days"),
}
LADDER = {
    "owner_days_before": ("Owners are reminded before a decision date", "days"),
    "signer_days_after": ("Signers are reminded after the request", "working days"),
    "recertification_days_before": ("Production owners before a recertification", "days"),
    "override_days_before": ("Owners and leads before an override ends", "days"),
    "statement_days_before": ("New sponsors before the statement is to be signed", "days"),
    "leaving_days_before": ("Whoever leaves before their last day, then others", "days"),
    "sponsor_days_after": ("The sponsor hears after the date", "days"),
    "leads_days_after": ("The portfolio leads hear after the date", "days"),
}
CATCH_UP = {
    ALWAYS: "always",
    BEFORE_PRODUCTION: "in a pilot or readiness review only",
    NEVER: "never",
}
ROLES = ("roles", "hours_a_month_of")  # parameters that name them
TYPES = {
    "text": "text",
    "choice": "choice",
    "number": "number",
    "money": "amount",
    "date": "date",
    "person": "person",
    "url": "link",
    "file": "document",
    "yes_no": "yes or no",
    "table": "table",
}


def listed(words: Iterable[str], last: str = "and") -> str:
    said = list(words)
    return f" {last} ".join([", ".join(said[:-1]), said[-1]] if said[1:] else said)


def applies(rule: Applies) -> str:
    """When something is wanted: `standard and full; where it uses personal data`."""
    said = [
        listed(LEVELS[level].lower() for level in LEVELS if level in rule.levels),
        _stages(rule),
        _where("where it", rule.when),
        _where("unless it", rule.unless),
        _from("pilots that may spend", rule.pilot_budget_from),
        _from("running costs of", rule.monthly_cost_from, " a month"),
    ]
    return "; ".join(part for part in said if part) or ALWAYS


def _stages(rule: Applies) -> str:
    labels = (str(stage.label).lower() for stage in Stage if stage in rule.stages)
    return f"while in {listed(labels, 'or')}" if rule.stages else ""


def _where(begins: str, questions: Iterable[str]) -> str:
    said = listed((SAYS[question] for question in questions), "or")
    return f"{begins} {said}" if said else ""


def _from(begins: str, amount: int | None, ends: str = "") -> str:
    return "" if amount is None else f"{begins} {amount:,} or more{ends}"


def who(slot: Slot, groups: Mapping[str, str] | None = None) -> str:
    """Who gives a signature: `whoever holds the role Sponsor`, `2 of the group Security`."""
    if slot.role is not None:
        return f"the {role(slot.role)}"
    names: Mapping[str, str] = groups or {str(key): name for key, name in STANDARD.items()}
    return f"{slot.quorum} of {names.get(slot.group or '', slot.group or '')}"


def role(key: str) -> str:
    if key in Role.values:
        return str(Role(key).label).lower()
    criterion, _, field = key.partition(".")
    return f"person named as {_plain(field)} in {_plain(criterion)}"


def _plain(key: str) -> str:
    return key.replace("_", " ")


def state(criterion: Criterion) -> list[str]:
    """What holds of a criterion beside its title, as short tags."""
    tags = ["blocking" if criterion.blocking else "advisory"]
    tags += ["cannot be set aside"] if criterion.mandatory else []
    tags += ["asked anew"] if criterion.anew else []
    if criterion.catch_up != ALWAYS:
        tags.append(f"of what already ran: {CATCH_UP[criterion.catch_up]}")
    return tags


def field(asked: Field) -> str:
    """A question's type and when it is asked: `choice of “Yes”, “No”; standard and full`."""
    said = TYPES[asked.type]
    if asked.choices:
        said += f" of {listed((f'“{choice}”' for choice in asked.choices), 'or')}"
    if asked.columns:
        said += f" with {listed(f'“{column.label}”' for column in asked.columns)}"
    said += "" if asked.required else ", may stay empty"
    return said if asked.applies == Applies() else f"{said}; {applies(asked.applies)}"


def per_level(values: Mapping[str, Any]) -> str:
    """`light 2, standard 3, full 4`, or the one number where all are the same."""
    numbers = [values[level] for level in LEVELS]
    if len(set(numbers)) == 1:
        return str(numbers[0])
    return ", ".join(f"{LEVELS[level].lower()} {values[level]}" for level in LEVELS)


def amount(value: Any, unit: str) -> str:
    """A limit with its unit, whether one number, one for each level, or several."""
    if isinstance(value, Mapping):
        return f"{per_level(value)} {unit}"
    if isinstance(value, tuple):
        return f"{', '.join(map(str, value)) or 'never'} {unit if value else ''}".strip()
    return f"{value} {unit}"


def parameters(values: Mapping[str, Any]) -> str:
    """What a check is told, as words."""
    return "; ".join(f"{_plain(key)}: {_parameter(key, v)}" for key, v in values.items())


def _parameter(key: str, value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return listed(role(str(v)) if key in ROLES else _plain(str(v)) for v in value)
    return str(value)

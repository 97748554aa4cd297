"""Freezing evidence: what a signature is about, exactly and comparably (product.md §4)."""

import hashlib
import json
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from initiatives import baselines, documents, statement
from initiatives.facts import Facts
from initiatives.models import Evidence, KillCondition, Metric, OpenQuestion
from initiatives.rules import (
    CHARTER_FIELDS,
    EVALUATION_SET_FIELDS,
    METRIC_FIELDS,
    QUESTION_FIELDS,
    agreed_fields,
)
from initiatives.triage import QUESTIONS
from reviews import results, words
from reviews.gates import Judged
from reviews.models import Review

Material = dict[str, Any]
PROPOSED = "proposed"
MONEY = ("Pilot budget", "Monthly cost", "Kill condition: spend cap")
SETS = {"evaluation_set": "Evaluation set", "messy_set": "Messy evaluation set"}
DESCRIBED = ("name", *CHARTER_FIELDS, "monthly_cost", "vendor", "system_name", "level")


@dataclass(frozen=True, slots=True)
class Change:
    """One field of the evidence that is not what it was."""

    key: str
    before: Any
    after: Any


def material(facts: Facts, policy_version: int) -> Material:
    """What signers sign, flat: one key for each field, ids instead of labels.

    Of what was measured only corrections: a nightly value leaves signatures alone, one that
    takes back what a signer read does not.
    """
    flat: Material = {"policy": policy_version, "decision_date": facts.initiative.decision_date}
    flat |= {field: getattr(facts.initiative, field) for field in DESCRIBED}
    flat |= {f"triage.{q}": getattr(facts.triage, q, None) for q in QUESTIONS}
    flat |= _said_of({"legal_class": getattr(facts.triage, "legal_class", None)})
    flat |= {f"owner.{owner.role}": owner.person_id for owner in facts.ownerships}
    for metric in facts.metrics:
        flat |= _fields("metric", metric, METRIC_FIELDS)
    for measurement in facts.measurements:
        if measurement.corrects_id is not None:
            corrected = f"metric.{measurement.metric_id}.measurement.{measurement.corrects_id}"
            flat[corrected] = measurement.value
    for condition in facts.kill_conditions:
        flat |= _fields("kill_condition", condition, agreed_fields(condition))
    for answer in facts.evidence:
        flat |= {f"answer.{answer.criterion}.{f}": v for f, v in answer.fields.items()}
        if answer.not_applicable_because:
            flat[f"answer.{answer.criterion}.not_applicable"] = answer.not_applicable_because
    flat |= _said_of(_found_out(facts))
    return {key: _exact(value) for key, value in flat.items()}


def of_review(review: Review, facts: Facts, policy_version: int) -> Material:
    """What the signers of this review sign: the evidence, and beside it the change it proposes."""
    content = material(facts, policy_version)
    if review.baseline is None:
        return content
    changes = baselines.differences(facts.charter or {}, review.baseline.charter)
    proposed = {key: after for key, (_, after) in changes.items()}
    proposed["reason"] = review.baseline.reason
    return content | {f"{PROPOSED}.{key}": _exact(value) for key, value in proposed.items()}


def _fields(
    name: str, row: Metric | KillCondition | OpenQuestion, fields: tuple[str, ...]
) -> Material:
    return {f"{name}.{row.pk}.{field}": getattr(row, field) for field in fields}


def _found_out(facts: Facts) -> Material:
    """Open questions, evaluation sets, and who is paged about a metric."""
    flat: Material = {f"metric.{metric.pk}.paged": metric.paged_id for metric in facts.metrics}
    for question in facts.open_questions:
        flat |= _fields("question", question, QUESTION_FIELDS)
        flat[f"question.{question.pk}.closed"] = not question.is_open
    for name in SETS:
        if described := getattr(facts.initiative, name):
            flat |= {f"{name}.{f}": getattr(described, f) for f in EVALUATION_SET_FIELDS}
    return flat


def _said_of(flat: Material) -> Material:
    """Only what is said: evidence without any of it keeps the digest that it was signed under."""
    return {key: value for key, value in flat.items() if value not in (None, "")}


def _exact(value: Any) -> Any:
    """One spelling for each value: decimals without trailing zeros, dates as ISO, text NFC."""
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):
        return [{key: _exact(cell) for key, cell in row.items()} for row in value]
    return unicodedata.normalize("NFC", value) if isinstance(value, str) else value


def observed(facts: Facts, judged: Iterable[Judged] = ()) -> Material:
    """What was measured and spent at this moment, and how it read: shown, never compared."""
    latest = {str(metric.pk): facts.latest(metric) for metric in facts.metrics}
    return {
        "statement": statement.of(facts),
        "results": results.of(facts),
        "kill_conditions": [condition.sentence_now() for condition in facts.kill_conditions],
        "verdicts": [
            {
                "criterion": j.criterion.key,
                "met": j.is_met,
                "reason": j.verdict.reason,
                "not_applicable": j.not_applicable,
            }
            for j in judged
        ],
        "spent": facts.spent,
        "measured": {
            pk: {
                "value": _exact(m.value),
                "at": m.measured_at.isoformat(),
                "n": m.sample_size,
                "automatic": m.is_automatic,
            }
            for pk, m in latest.items()
            if m is not None
        },
    }


def answers_in(content: Material) -> tuple[Evidence, ...]:
    """The answers that a material holds, as they were given then."""
    found: dict[str, Evidence] = {}
    for key, value in content.items():
        kind, _, rest = key.partition(".")
        criterion, _, field = rest.partition(".")
        if kind not in ("answer", "owner") or not field:
            continue
        answer = found.setdefault(criterion, Evidence(criterion=criterion, fields={}))
        if field == "not_applicable":
            answer.not_applicable_because = value
        elif kind == "answer":  # people named in it are its owners
            answer.fields[field] = value
    return tuple(found.values())


def owners_in(content: Material) -> dict[str, int]:
    """Who held which role in a material: ids of people by role."""
    roles = {key.removeprefix("owner."): pk for key, pk in content.items() if key[:6] == "owner."}
    return {role: pk for role, pk in roles.items() if pk is not None}


def canonical(content: Material) -> str:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def changes(before: str, after: str) -> list[Change]:
    """Which fields differ between two canonical texts, in the order of their keys."""
    old, new = json.loads(before), json.loads(after)
    return [
        Change(key, old.get(key), new.get(key))
        for key in sorted(old.keys() | new.keys())
        if old.get(key) != new.get(key)
    ]


def label(change: Change, facts: Facts, people: Mapping[int, str]) -> tuple[str, str, str]:
    """A change in words: what, from what, to what."""
    kind, _, rest = change.key.partition(".")
    if kind == PROPOSED:
        what, before, after = label(replace(change, key=rest), facts, people)
        return f"Proposed: {what}", before, after
    if kind == "metric":
        return _metric_label(rest, change, facts, people)
    if kind == "question":
        return _question_label(rest, change, facts, people)
    if kind in SETS:
        return f"{SETS[kind]}: {_named(rest)}", *_names(rest, change, facts, people)
    if kind == "owner":
        name = rest.split(".")[0].replace("_", " ").capitalize()
        return name, _person(change.before, people), _person(change.after, people)
    name = (rest or kind).replace(".", ": ").replace("_", " ").capitalize()
    if kind == "kill_condition":
        name = f"Kill condition: {rest.partition('.')[2].replace('_', ' ')}"
        if metric := _limited(rest, facts):
            return name, *_values(metric, change, metric.words(None))
    money = "money" if name in MONEY else "text"
    before, after = _plain(change.before, money), _plain(change.after, money)
    return name, before, after if after != before else f"{after}, with other content"


def people_in(changed: Iterable[Change]) -> set[int]:
    """Ids of the people whom a label names."""
    ids = {pk for change in changed if _is_person(change) for pk in (change.before, change.after)}
    return ids - {None}


def _is_person(change: Change) -> bool:
    kind, _, rest = change.key.partition(".")
    if kind == "metric":
        return rest.endswith(".paged")
    return kind == "owner" or (kind in ("question", *SETS) and rest.endswith("owner_id"))


def _named(field: str) -> str:
    """A column as people call it: `owner`, `due date`, `blocking`."""
    return field.removesuffix("_id").removeprefix("is_").replace("_", " ")


def _names(field: str, change: Change, facts: Facts, people: Mapping[int, str]) -> tuple[str, str]:
    """Both values, with people and metrics by name."""
    if field == "owner_id":
        return _person(change.before, people), _person(change.after, people)
    if field == "metric_id":
        metrics = {metric.pk: metric.name for metric in facts.metrics}
        before, after = (metrics.get(pk, _plain(pk)) for pk in (change.before, change.after))
        return before, after
    return _plain(change.before), _plain(change.after)


def _question_label(
    rest: str, change: Change, facts: Facts, people: Mapping[int, str]
) -> tuple[str, str, str]:
    pk, _, field = rest.partition(".")
    question = next((q for q in facts.open_questions if str(q.pk) == pk), None)
    what = f"Open question “{question}”" if question else "Open question"
    if field == "question":
        return "Open question", _plain(change.before), _plain(change.after)
    return f"{what}: {_named(field)}", *_names(field, change, facts, people)


def _metric_label(
    rest: str, change: Change, facts: Facts, people: Mapping[int, str]
) -> tuple[str, str, str]:
    pk, _, field = rest.partition(".")
    metric = next((m for m in facts.metrics if str(m.pk) == pk), None)
    what = field.replace("_", " ").capitalize()
    if field == "paged":
        about = f"Paged about {metric.name}" if metric else what
        return about, _person(change.before, people), _person(change.after, people)
    if metric is None:
        return what, _plain(change.before), _plain(change.after)
    if field.startswith("measurement."):
        return f"Measurement of {metric.name}", *_values(metric, change, "as it was")
    if field not in ("baseline", "target", "threshold"):
        return f"{what} of {metric.name}", _plain(change.before), _plain(change.after)
    return f"{what} of {metric.name}", *_values(metric, change, metric.words(None))


def _limited(rest: str, facts: Facts) -> Metric | None:
    """The metric whose unit the limit of a condition is in, where this is its limit."""
    pk, _, field = rest.partition(".")
    condition = next((k for k in facts.kill_conditions if str(k.pk) == pk), None)
    return condition.metric if condition is not None and field == "threshold" else None


def _values(metric: Metric, change: Change, nothing: str) -> tuple[str, str]:
    """Both values in the metric's unit."""
    before, after = (
        nothing if value is None else metric.words(Decimal(value))
        for value in (change.before, change.after)
    )
    return before, after


def _person(pk: int | None, people: Mapping[int, str]) -> str:
    return "nobody" if pk is None else people.get(pk, "somebody else")


def _plain(value: Any, kind: str = "text") -> str:
    if isinstance(value, list):
        rows = ((words.stored(cell) for cell in row.values() if cell) for row in value)
        return "; ".join(" → ".join(row) for row in rows)
    if isinstance(value, dict):
        return documents.in_words(value)
    if isinstance(value, bool | None) or value == "":
        return {None: "nothing", "": "nothing", True: "yes", False: "no"}[value]
    return words.stored(value, kind)

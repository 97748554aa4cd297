"""From eight answers to level and legal class, and compliance's word on them (product.md §3)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import F

from accounts.models import Person
from audit.actions import Entry, Value, Words, append
from audit.refusals import Refused, records_refusals
from initiatives import permissions, triage
from initiatives.actions import writing
from initiatives.actions.suspending import suspend_prohibited
from initiatives.models import Initiative, Triage
from initiatives.queries import basis_of, standing_of
from initiatives.stages import Stage

Amounts = Mapping[str, int | None]
# What `settle` may change in a triage, and what a confirmation sets beside it.
SETTLED = ("legal_class", "confirmed_at", "confirmed_level")
CONFIRMED = ("confirmed_by", "confirmed_because")


@records_refusals("initiative.triage")
def answer_triage(
    *,
    initiative: Initiative,
    answers: Mapping[str, bool | None],
    by: Person | None,
    at: datetime,
    amounts: Amounts | None = None,
) -> Triage:
    """Store the eight answers, and what follows from them: control level and legal class.

    `amounts` are those asked beside them, which the level rests on too; others stay as they are.
    """
    row = writing.locked_for_edit(initiative, by)
    stored = Triage.objects.filter(initiative=row).first() or Triage(initiative=row)
    before = basis_of(row, stored)
    given = {question: answers.get(question) for question in triage.QUESTIONS}
    for question, answer in given.items():
        setattr(stored, question, answer)
    stored.answered_at, stored.answered_by = at, by
    changed = _set_amounts(row, amounts or {})
    said = settle(row, stored, before, by=by, judged_by=by)
    stored.save()
    row.save(update_fields=["level", *changed])
    writing.mark_changed(row, by=by, at=at)
    changed |= {**given, "level": row.level, "legal_class": stored.legal_class}
    said += suspend_prohibited(row, stored, by=by, at=at)
    append([writing.entry("initiative.triaged", row, by, changed), *said], at=at)
    return stored


def _set_amounts(row: Initiative, amounts: Amounts) -> dict[str, Value]:
    changed = writing.differences(row, amounts)
    if unknown := set(amounts) - set(triage.AMOUNTS):
        raise TypeError(f"Not an amount that the level rests on: {', '.join(sorted(unknown))}")
    writing.require_not_frozen(row, changed)
    for field in changed:
        setattr(row, field, amounts[field])
    return changed


def amounts(row: Initiative) -> Amounts:
    """The two amounts the level rests on, as they stand; to be noted before they change."""
    return {name: getattr(row, name) for name in triage.AMOUNTS}


def relevel(row: Initiative, before: Amounts, by: Person | None) -> list[Entry]:
    """Keep the level true to the amounts, and return what the log has to say of it."""
    if amounts(row) == before:
        return []
    stored = Triage.objects.filter(initiative=row).first()
    if stored is None:
        return []
    rested_on = replace(
        basis_of(row, stored),
        pilot_budget=before["pilot_budget"],
        monthly_cost=before["monthly_cost"],
    )
    said = settle(row, stored, rested_on, by=by, judged_by=by)
    stored.save(update_fields=SETTLED)
    row.save(update_fields=["level"])
    return said


def settle(
    row: Initiative,
    stored: Triage,
    before: triage.Basis,
    *,
    by: Person | None,
    judged_by: Person | None,
) -> list[Entry]:
    """Set level, class and confirmation as `triage.follow` says, unsaved; return what to log.

    `judged_by` is whose judgement the change is: a file is nobody's, whoever imports it. A
    withdrawn confirmation leaves behind who gave it: it still keeps the level up.
    """
    now, was = basis_of(row, stored), standing_of(row, stored, judged_by)
    stands = triage.follow(before, now, was)
    row.level, stored.legal_class = stands.outcome.level, stands.outcome.legal_class
    if not stands.is_confirmed:
        stored.confirmed_at, stored.confirmed_level = None, ""
    if was.is_confirmed and not stands.is_confirmed:
        return [_kept("initiative.confirmation_withdrawn", row, stands.outcome, now, by)]
    if before != now and not stands.is_confirmed and stands.outcome != now.outcome:
        return [_kept("initiative.level_kept", row, stands.outcome, now, by)]
    return []


def _kept(
    kind: str, row: Initiative, stands: triage.Outcome, now: triage.Basis, by: Person | None
) -> Entry:
    changed: dict[str, Value] = {
        "level": str(stands.level),
        "legal_class": str(stands.legal_class),
        "computed": str(now.outcome.level),
        "proposed": str(now.outcome.legal_class),
    }
    return writing.entry(kind, row, by, changed)


@records_refusals("initiative.confirm_triage")
def confirm_triage(
    *, initiative: Initiative, level: str, legal_class: str, because: str, by: Person, at: datetime
) -> Triage:
    """Put compliance's level and legal class in force; they alone may lower them.

    A reason is needed where either is another than computed. `prohibited` comes only this way,
    and suspends at once what runs.
    """
    _require_compliance(by)
    row = writing.locked(initiative)
    if row.stage == Stage.RETIRED:
        raise Refused("A retired initiative stays as it was.", rule="retired")
    stored = _complete(row)
    chosen = triage.Outcome(triage.Level(level), triage.LegalClass(legal_class))
    departs = triage.departs(chosen, basis_of(row, stored))
    if departs and not because.strip():
        raise Refused(
            "Say why level or class is another than the answers lead to.",
            rule="no_reason",
            field="because",
        )
    event = _confirm(row, stored, chosen, because.strip(), by, at)
    stored.save()
    append([event, *suspend_prohibited(row, stored, by=by, at=at)], at=at)
    return stored


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What a confirmation in bulk did: how many it confirmed, and which it left as they were."""

    count: int
    left: list[Initiative]


@records_refusals("initiative.confirm_light")
def confirm_light(*, initiatives: Iterable[Initiative], by: Person, at: datetime) -> Confirmed:
    """Confirm light ones as they were computed, all of those that still are, in one transaction."""
    _require_compliance(by)
    ids = [initiative.pk for initiative in initiatives]
    lock = Initiative.objects.select_for_update(of=("self",)).filter(pk__in=ids).order_by("pk")
    rows = {row.pk: row for row in lock}
    triages = {t.initiative_id: t for t in Triage.objects.filter(initiative__in=ids)}
    light = [pk for pk, row in rows.items() if pk in triages and _is_light(row, triages[pk])]
    events = [_confirm(rows[pk], triages[pk], triage.LIGHTEST, "", by, at) for pk in light]
    Triage.objects.bulk_update([triages[pk] for pk in light], [*SETTLED, *CONFIRMED])
    append(events, at=at)
    return Confirmed(len(light), [row for pk, row in rows.items() if pk not in light])


def _is_light(row: Initiative, stored: Triage) -> bool:
    """Light in force as it is computed, complete, and not confirmed yet."""
    basis, stands = basis_of(row, stored), standing_of(row, stored, None)
    is_lightest = basis.outcome == stands.outcome == triage.LIGHTEST
    waits = basis.is_complete and not stands.is_confirmed and row.stage != Stage.RETIRED
    return is_lightest and waits


def _confirm(
    row: Initiative,
    stored: Triage,
    chosen: triage.Outcome,
    because: str,
    by: Person,
    at: datetime,
) -> Entry:
    """Put it in force and save the initiative; the caller saves the triage and logs the event.

    The level is part of what signers sign, so theirs is another evidence than before; but whoever
    decides it in compliance's part has not written the evidence, and may sign for compliance.
    """
    was = row.level
    changes = {"touched_at": at, "level": chosen.level}
    if was != chosen.level:
        changes["evidence_version"] = F("evidence_version") + 1
    Initiative.objects.filter(pk=row.pk).update(**changes)
    row.level, stored.legal_class = chosen.level, chosen.legal_class
    stored.confirmed_at, stored.confirmed_by = at, by
    stored.confirmed_level, stored.confirmed_because = chosen.level, because
    return _decided(row, stored, was, by)


def _decided(row: Initiative, stored: Triage, was: str, by: Person) -> Entry:
    kind = (
        "initiative.triage_decided" if stored.confirmed_because else "initiative.triage_confirmed"
    )
    computed = basis_of(row, stored).outcome
    changed: dict[str, Value] = {
        "level": str(row.level),
        "level_before": str(was),
        "legal_class": str(stored.legal_class),
        "computed": str(computed.level),
        "proposed": str(computed.legal_class),
        "because": Words(stored.confirmed_because),
    }
    return writing.entry(kind, row, by, changed)


def _require_compliance(by: Person) -> None:
    if not permissions.may_confirm_triage(by):
        raise Refused(
            "Only members of the group compliance confirm or change level and legal class. "
            "Ask one of them.",
            rule="not_compliance",
        )


def _complete(row: Initiative) -> Triage:
    stored = Triage.objects.filter(initiative=row).first()
    if stored is None or not basis_of(row, stored).is_complete:
        raise Refused(
            "Not all of the eight questions are answered yet; there is nothing to confirm.",
            rule="triage_incomplete",
        )
    return stored

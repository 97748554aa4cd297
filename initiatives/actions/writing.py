"""What every write of this app does: lock the row, ask who acts, mark it changed."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import F

from accounts.models import Person
from audit.actions import Entry, Value, Words
from audit.refusals import Refused
from initiatives import permissions
from initiatives.models import Baseline, Initiative
from initiatives.rules import CHARTER_FIELDS
from initiatives.stages import Stage


def locked(initiative: Initiative) -> Initiative:
    """Lock an initiative's row; people are locked before, the audit head after."""
    return Initiative.objects.select_for_update(of=("self",)).get(pk=initiative.pk)


def locked_for_edit(initiative: Initiative, by: Person | None) -> Initiative:
    """Lock it for somebody who may edit it; `by=None` is the operator at the command line."""
    row = locked(initiative)
    if by is not None and not permissions.may_edit(by, row):
        raise Refused(
            "Only portfolio leads and people who hold a role on this initiative may change it. "
            "Ask one of its owners.",
            rule="not_an_editor",
        )
    if row.stage == Stage.RETIRED:
        raise Refused("A retired initiative stays as it was.", rule="retired")
    return row


def charter_in_force(initiative: Initiative) -> Baseline | None:
    """The signed charter, or None where none has been signed."""
    return Baseline.objects.in_force().filter(initiative=initiative).first()


def require_not_frozen(initiative: Initiative, fields: Iterable[str]) -> None:
    """Refuse to change what a signed charter froze."""
    if set(fields) & set(CHARTER_FIELDS) and charter_in_force(initiative) is not None:
        raise frozen()


def frozen() -> Refused:
    """What is raised when somebody moves the goalposts (product.md P29)."""
    return Refused(
        "The charter was signed and froze this. It can change only by a re-baseline: "
        "a new version, with a reason and the same signatures. Propose one on its page.",
        rule="charter_frozen",
    )


def mark_changed(
    initiative: Initiative, *, by: Person | None, at: datetime, material: bool = True
) -> None:
    """Note the act of a person, and, where material, that the evidence is another than before."""
    mark_all_changed([initiative.pk], by=by, at=at, material=material)


def mark_all_changed(
    ids: Iterable[int], *, by: Person | None, at: datetime, material: bool = True
) -> None:
    """`mark_changed` of several, whose rows the caller has locked."""
    changes: dict[str, Any] = {"touched_at": at}
    if material:
        changes |= {"evidence_version": F("evidence_version") + 1, "evidence_changed_by": by}
    Initiative.objects.filter(pk__in=list(ids)).update(**changes)


def entry(
    kind: str,
    initiative: Initiative,
    by: Person | None,
    changed: Mapping[str, Value] | None = None,
    *,
    subject: str | None = None,
) -> Entry:
    """An event about this initiative, or about something of it."""
    return Entry(
        kind,
        subject or f"initiative:{initiative.pk}",
        initiative_id=initiative.pk,
        actor_id=by.pk if by else None,
        changed=changed or {},
    )


def said(value: Any) -> Value:
    """A field's value as the log keeps it: texts erasable, everything else as it is."""
    if isinstance(value, Mapping):
        return {key: said(inner) for key, inner in value.items()}
    kept: Value = Words(value) if isinstance(value, str) else value
    return kept


def differences(row: Any, values: Mapping[str, Any]) -> dict[str, Value]:
    """What these values would change in the row: from what, to what."""
    return {
        field: [said(getattr(row, field)), said(value)]
        for field, value in values.items()
        if getattr(row, field) != value
    }

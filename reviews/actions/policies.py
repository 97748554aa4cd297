"""Drafting policies, and publishing them by a second person (product.md §7).

A published version never changes. There is one open draft at a time; what is read, saved or
published is named by its revision, so that nobody overwrites or publishes what they have not read.
"""

from datetime import datetime
from typing import Any

from django.utils import timezone

from accounts.models import Person
from audit.actions import Entry, Value, Words, append
from audit.refusals import Refused, records_refusals
from reviews import drafts, permissions, policy
from reviews.models import PolicyDraft, PolicyVersion

LONGEST = 400_000  # characters; the default policy has 54,000


def ensure_default_policy(using: str = "default", **_: Any) -> None:
    """Load the default policy as version 1 into a database that has none, after migrations."""
    if not PolicyVersion.objects.using(using).exists():
        PolicyVersion.objects.using(using).create(
            version=1, text=policy.default_text(), published_at=timezone.now()
        )


@records_refusals("policy.start")
def start_draft(*, by: Person, at: datetime) -> PolicyDraft:
    """Begin a draft with the text of the version in force."""
    _require_lead(by)
    in_force = _locked_version_in_force()
    if PolicyDraft.objects.filter(state=PolicyDraft.State.OPEN).exists():
        raise Refused(
            "There is a draft already. Go on with it, or discard it first.", rule="draft_open"
        )
    draft = PolicyDraft.objects.create(
        based_on=in_force,
        text=in_force.text,
        started_by=by,
        started_at=at,
        edited_by=by,
        edited_at=at,
    )
    append([_entry("policy.draft_started", draft, by, {"version": in_force.version})], at=at)
    return draft


@records_refusals("policy.save")
def save_draft(
    *,
    draft: PolicyDraft,
    revision: int,
    text: str,
    by: Person,
    at: datetime,
    notes: str | None = None,
    imported: bool = False,
) -> PolicyDraft:
    """Keep a draft's text, finished or not: what is wrong with it is shown, and not yet refused.

    Whoever changes the text is its last editor from then on. Nothing changed is no event.
    """
    _require_lead(by)
    row = _locked(draft, revision)
    text = _clean(text)
    notes = row.notes if notes is None else notes.strip()
    if (text, notes) == (row.text, row.notes):
        return row
    row.text, row.notes = text, notes
    row.revision += 1
    row.edited_by, row.edited_at = by, at
    row.save(update_fields=["text", "notes", "revision", "edited_by", "edited_at"])
    kind = "policy.draft_imported" if imported else "policy.draft_saved"
    append([_entry(kind, row, by, {"revision": row.revision})], at=at)
    return row


@records_refusals("policy.discard")
def discard_draft(*, draft: PolicyDraft, revision: int, by: Person, at: datetime) -> PolicyDraft:
    """Give a draft up; its text is kept with the event's draft, and no version comes of it."""
    _require_lead(by)
    row = _locked(draft, revision)
    row.state, row.closed_at = PolicyDraft.State.DISCARDED, at
    row.save(update_fields=["state", "closed_at"])
    append([_entry("policy.draft_discarded", row, by)], at=at)
    return row


@records_refusals("policy.publish")
def publish_draft(
    *, draft: PolicyDraft, revision: int, reason: str, by: Person, at: datetime
) -> PolicyVersion:
    """Make a draft the next version: by another lead than its last editor, who says why.

    Everything that was wrong with it is refused here. Reviews that are open keep theirs.
    """
    _require_lead(by)
    row = _locked(draft, revision)
    if row.edited_by_id == by.pk:
        raise Refused(
            "You changed this draft last. A second portfolio lead has to read and publish it.",
            rule="own_draft",
        )
    reason = reason.strip()
    if not reason:
        raise Refused("Say why this policy is to be in force.", rule="why", field="reason")
    in_force = _locked_version_in_force()
    _require_something_new(row, in_force)
    version = _publish(row, in_force.version + 1, reason, by, at)
    changed: dict[str, Value] = {"version": version.version, "reason": Words(reason)}
    append([_entry("policy.published", row, by, changed)], at=at)
    return version


def _publish(row: PolicyDraft, number: int, reason: str, by: Person, at: datetime) -> PolicyVersion:
    drafts.require_valid(row.text, version=number)
    version = PolicyVersion.objects.create(
        version=number,
        text=row.text,
        published_at=at,
        published_by=by,
        drafted_by=row.edited_by,
        reason=reason,
    )
    row.state, row.closed_at, row.published_as = PolicyDraft.State.PUBLISHED, at, version
    row.save(update_fields=["state", "closed_at", "published_as"])
    return version


def _require_something_new(row: PolicyDraft, in_force: PolicyVersion) -> None:
    if row.text == in_force.text:
        raise Refused(
            f"It says what version {in_force.version} says. Change something first.",
            rule="nothing_new",
        )


def _require_lead(by: Person) -> None:
    if not permissions.may_change_policy(by):
        raise Refused("Only portfolio leads draft and publish policies.", rule="not_a_lead")


def _locked_version_in_force() -> PolicyVersion:
    """The newest version; whoever starts or publishes a draft waits for it here."""
    return PolicyVersion.objects.select_for_update(no_key=True).latest("version")


def _locked(draft: PolicyDraft, revision: int) -> PolicyDraft:
    """The draft as it was read, under its lock; refused where it has moved on or is closed."""
    row = PolicyDraft.objects.select_for_update(of=("self",), no_key=True).get(pk=draft.pk)
    if row.state != PolicyDraft.State.OPEN:
        said = str(row.get_state_display()).lower()
        raise Refused(f"This draft is {said}; nothing more can be done with it.", rule="closed")
    if row.revision != revision:
        raise Refused(
            f"{row.edited_by} has changed this draft since you opened it. Read it as it is now, "
            "then do it again.",
            rule="overtaken",
        )
    return row


def _clean(text: str) -> str:
    """The text with the line ends that files have; browsers send others."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if len(text) > LONGEST:
        raise Refused(
            f"A policy has at most {LONGEST:,} characters; this has {len(text):,}.",
            rule="too_long",
            field="text",
        )
    if "\0" in text:
        raise Refused(
            "This is not text: it has a NUL character. Choose a TOML file.",
            rule="not_text",
            field="text",
        )
    return text


def _entry(
    kind: str, draft: PolicyDraft, by: Person, changed: dict[str, Value] | None = None
) -> Entry:
    return Entry(kind, f"policydraft:{draft.pk}", actor_id=by.pk, changed=changed or {})

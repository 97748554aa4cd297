"""Asking for a review, taking it back, and noticing that its evidence has changed."""

from datetime import datetime

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from accounts.models import Group, Person
from audit.actions import Entry, Value, Words, append
from audit.refusals import Refused, records_refusals
from initiatives import actions as initiatives
from initiatives import facts as initiative_facts
from initiatives.facts import Facts
from initiatives.models import Baseline, Initiative, Obligation, OpenToGroup, OpenToPerson
from initiatives.stages import SpecialReview
from initiatives.workdays import add_working_days
from reviews import gates, permissions, queries, reviewed, snapshots
from reviews.models import Review, SignOff, Slot, Snapshot
from reviews.policy import Policy


def review_entry(
    kind: str, review: Review, by: Person | None, changed: dict[str, Value] | None = None
) -> Entry:
    return Entry(
        kind,
        f"review:{review.pk}",
        initiative_id=review.initiative_id,
        actor_id=by.pk if by else None,
        changed={"gate": review.gate, **(changed or {})},
    )


def locked_initiative(pk: int) -> Initiative:
    return Initiative.objects.select_for_update(of=("self",)).get(pk=pk)


@records_refusals("review.request")
def request_review(
    *, initiative: Initiative, by: Person, at: datetime, gate: str | None = None
) -> Review:
    """Freeze the evidence for a gate ahead, the next unless another is named; ask its signers.

    Open criteria do not stand in the way of asking; a decision needs them all.
    """
    row = locked_initiative(initiative.pk)
    known = initiative_facts.load_one(row.pk)
    if not permissions.may_request_review(by, known):
        raise Refused(
            "Only portfolio leads and people who hold a role here can ask for a review.",
            rule="not_an_editor",
        )
    gate = gate or row.next_gate
    if gate is None:
        raise Refused("It is retired: no gate lies ahead of it.", rule="no_gate_ahead")
    _require_ahead(row, known, gate)
    if Review.objects.open().filter(initiative=row, gate=gate).exists():
        raise Refused("This review is open already.", rule="already_open")
    if row.is_quiet:
        row, known = _end_quiet(row, by, at)
    review = open_review(row, known, gate, by=by, at=at)
    Initiative.objects.filter(pk=row.pk).update(touched_at=at)
    append([review_entry("review.requested", review, by, {"digest": review.snapshot_id})], at=at)
    return review


def _require_ahead(row: Initiative, known: Facts, gate: str) -> None:
    """A gate that lies ahead of it, or those that it never passed."""
    if gate == SpecialReview.CATCH_UP:
        if not row.owes_gates:
            raise Refused("It owes nothing of the gates before its stage.", rule="owes_nothing")
    elif gate not in queries.gates_ahead(row):
        raise Refused("This gate does not lie ahead of it now.", rule="not_ahead")


@records_refusals("review.withdraw")
def withdraw(*, review: Review, reason: str, by: Person, at: datetime) -> Review:
    """Take a request back: its signatures stay on record, and nobody is asked any more."""
    row = locked_initiative(review.initiative_id)
    held = Review.objects.get(pk=review.pk)
    if not held.is_open:
        raise Refused("This review is closed already.", rule="review_closed")
    if not permissions.may_withdraw(by, held):
        raise Refused(
            "Whoever asked for the review withdraws it, or a portfolio lead.", rule="not_theirs"
        )
    if not reason.strip():
        raise Refused("Say why, for those who were asked.", rule="reason_missing", field="reason")
    held.closed_at, held.closing = at, Review.Closing.WITHDRAWN
    held.save(update_fields=["closed_at", "closing"])
    release_conditions(held.sign_offs.all(), at)
    end_what_was_asked(row, at)
    Initiative.objects.filter(pk=row.pk).update(touched_at=at)
    append([review_entry("review.withdrawn", held, by, {"reason": Words(reason.strip())})], at=at)
    return held


def end_what_was_asked(row: Initiative, at: datetime) -> None:
    """Once nothing is up for review, a restricted initiative is invisible to groups again, and to
    those who signed in another's place; and a baseline that nobody reviews any more was not
    decided on, so it is discarded."""
    gates_open = set(Review.objects.open().filter(initiative=row).values_list("gate", flat=True))
    if not gates_open:
        OpenToGroup.objects.filter(initiative=row).delete()
        OpenToPerson.objects.filter(initiative=row).delete()
    if SpecialReview.REBASELINE not in gates_open:
        initiatives.discard_proposal(initiative=row, at=at)


def release_conditions(signatures: QuerySet[SignOff], at: datetime) -> None:
    """Ask no longer for what these approvals depended on."""
    conditions = SignOff.conditions.through.objects.filter(signoff__in=signatures.order_by())
    open_ones = Obligation.objects.open().filter(pk__in=conditions.values("obligation"))
    open_ones.update(released_at=at)


def _end_quiet(row: Initiative, by: Person, at: datetime) -> tuple[Initiative, Facts]:
    """Let an imported one count: somebody has taken it up, and signers hear of it by mail."""
    initiatives.start_counting(by=by, at=at, initiatives=[row.pk])
    return locked_initiative(row.pk), initiative_facts.load_one(row.pk)


def open_review(
    row: Initiative,
    known: Facts,
    gate: str,
    *,
    by: Person,
    at: datetime,
    baseline: Baseline | None = None,
) -> Review:
    """Freeze the evidence and ask its signers, by the policy in force; under the lock."""
    version, today = queries.current_version(), timezone.localdate(at)
    policy = queries.parsed(version)
    review = Review(
        initiative=row,
        gate=gate,
        baseline=baseline,
        policy=version,
        seen_version=row.evidence_version,
        opened_at=at,
        opened_by=by,
        due_date=add_working_days(today, policy.limits.request_working_days),
    )
    about = reviewed.facts_of(review, known)
    asked = reviewed.gate_of(review, about, policy)
    review.observed = snapshots.observed(about, gates.evaluate_all(about, asked, policy, today))
    review.snapshot = review.requested_snapshot = keep_snapshot(review, known, policy, at)
    review.save()
    _add_slots(review, known, policy, at)
    return review


def _add_slots(review: Review, known: Facts, policy: Policy, at: datetime) -> bool:
    """Ask for the signatures that the facts call for and that are not asked for yet.

    Facts that change while a review is open may call for more: a budget past the band brings
    finance in. One that was asked for stays.
    """
    about = reviewed.facts_of(review, known)
    wanted = reviewed.gate_of(review, about, policy).slots_for(gates.case_of(about))
    present = set(review.slots.values_list("key", flat=True))
    missing = [slot for slot in wanted if slot.key not in present]
    groups = {group.key: group for group in Group.objects.all()} if missing else {}
    slots = [
        Slot(
            review=review,
            key=slot.key,
            title=slot.title,
            role=slot.role or "",
            group=groups[slot.group] if slot.group else None,
            quorum=slot.quorum,
            meaning=slot.meaning,
        )
        for slot in missing
    ]
    Slot.objects.bulk_create(slots)
    _open_to_groups(known.initiative, slots, at)
    return bool(slots)


def _open_to_groups(row: Initiative, slots: list[Slot], at: datetime) -> None:
    """Let the groups that are asked to sign see a restricted initiative."""
    OpenToGroup.objects.bulk_create(
        (
            OpenToGroup(initiative=row, group_id=slot.group_id, opened_at=at)
            for slot in slots
            if slot.group_id
        ),
        ignore_conflicts=True,
    )


def keep_snapshot(
    review: Review, known: Facts, policy: Policy, at: datetime, last: Snapshot | None = None
) -> Snapshot:
    """Store the evidence as it stands, once for each digest; mostly it is `last` still."""
    text = snapshots.canonical(snapshots.of_review(review, known, policy.version))
    digest = snapshots.digest(text)
    if last is not None and last.digest == digest:
        return last
    snapshot, _ = Snapshot.objects.get_or_create(
        digest=digest, defaults={"material": text, "taken_at": at}
    )
    return snapshot


def notice(review: Review, row: Initiative, at: datetime, known: Facts | None = None) -> bool:
    """Bring an open review up to the evidence as it is; True where anything differs.

    Under the initiative's lock, and whatever `evidence_version` says: raw SQL does not raise it.
    Signatures given on the earlier evidence are stale from then on, and signatures that the new
    evidence calls for are asked for.
    """
    known, policy = known or initiative_facts.load_one(row.pk), queries.parsed(review.policy)
    before, seen = review.snapshot_id, review.seen_version
    snapshot = keep_snapshot(review, known, policy, at, review.snapshot)
    if (snapshot.digest, row.evidence_version) != (before, seen):
        review.snapshot, review.seen_version = snapshot, row.evidence_version
        review.save(update_fields=["snapshot", "seen_version"])
    widened = _add_slots(review, known, policy, at)
    if snapshot.digest == before and not widened:
        return False
    changed: dict[str, Value] = {"before": before, "after": snapshot.digest}
    append([review_entry("review.evidence_changed", review, None, changed)], at=at)
    return True


def notice_changes(*, at: datetime) -> int:
    """Look at every open review whose evidence has moved on; return how many differ."""
    behind = (
        Review.objects.open()
        .exclude(seen_version=F("initiative__evidence_version"))
        .order_by("initiative_id", "pk")
    )
    noticed = 0
    for pk, initiative_id in list(behind.values_list("pk", "initiative_id")):
        with transaction.atomic():
            row = locked_initiative(initiative_id)
            # Only now: whoever held the lock may have closed it, and a decided review stays.
            review = Review.objects.select_related("policy", "snapshot").get(pk=pk)
            noticed += review.is_open and notice(review, row, at)
    return noticed

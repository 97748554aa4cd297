"""Setting named criteria aside until a day, by two people (product.md §4, Override).

It never covers the four of §3, nor what is prohibited or suspended, nor a signature.
"""

from collections.abc import Iterable
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from accounts.authentication import Authentication
from accounts.models import Group, Person
from audit.actions import Entry, Value, Words, append
from audit.refusals import Refused, records_refusals
from initiatives import facts as initiative_facts
from initiatives.facts import Facts
from initiatives.models import Initiative, OpenToGroup
from initiatives.stages import Stage
from reviews import gates, overrides, queries, reviewed
from reviews.actions.proving import require_fresh
from reviews.actions.reviewing import locked_initiative, notice, review_entry
from reviews.models import Override, Review
from reviews.queries import Standing

MEANING = (
    "I know what is not met here, and that the gate may open without it until that day; I answer "
    "for that with the portfolio lead who asked for it."
)
SAID = ("regularised_at", "ended_at", "ended_because")


@records_refusals("override.ask")
def ask_for_override(
    *,
    review: Review,
    criteria: Iterable[str],
    reason: str,
    expires_on: date,
    by: Person,
    at: datetime,
) -> Override:
    """Ask for named criteria to be set aside until the end of a day; a second person signs it."""
    standing = _locked(review, at)
    if barred := overrides.bar_to_asking(by, standing):
        raise Refused(barred, rule="may_not_override")
    keys = list(criteria)
    _require_overridable(keys, standing)
    if not reason.strip():
        raise Refused(
            "Say why it cannot wait, for those who sign.", rule="reason_missing", field="reason"
        )
    _require_within_limit(expires_on, standing)
    override = Override.objects.create(
        review=standing.review,
        criteria=keys,
        reason=reason.strip(),
        expires_on=expires_on,
        asked_by=by,
        asked_at=at,
        snapshot=standing.review.snapshot,
    )
    _let_second_see(standing, at)
    _record("override.asked", override, standing, by, at)
    return override


@records_refusals("override.countersign")
def countersign_override(
    *, override: Override, authentication: Authentication | None, by: Person, at: datetime
) -> Override:
    """Sign an override as the second person; from now on it is in force."""
    standing = _locked(override.review, at)
    stored = Override.objects.get(pk=override.pk)
    if barred := overrides.bar_to_countersigning(by, stored, standing):
        raise Refused(barred, rule="may_not_countersign")
    _require_overridable(stored.criteria, standing)
    _require_within_limit(stored.expires_on, standing)
    level = standing.facts.initiative.level
    proof = require_fresh(authentication, standing.policy, level, at)
    stored.countersigned_by, stored.countersigned_at, stored.meaning = by, at, MEANING
    stored.authentication_method = proof.method
    stored.authenticated_at = proof.authenticated_at
    stored.snapshot = standing.review.snapshot
    stored.save()
    _record("override.countersigned", stored, standing, by, at)
    return stored


@records_refusals("override.decline")
def decline_override(*, override: Override, reason: str, by: Person, at: datetime) -> Override:
    """Refuse to sign it, or take back what one asked for."""
    standing = _locked(override.review, at)
    stored = Override.objects.get(pk=override.pk)
    if barred := overrides.bar_to_declining(by, stored, standing):
        raise Refused(barred, rule="may_not_countersign")
    if not reason.strip():
        raise Refused("Say why, for whoever asked.", rule="reason_missing", field="reason")
    stored.ended_at, stored.ended_because = at, reason.strip()
    stored.save(update_fields=SAID)
    _record("override.declined", stored, standing, by, at, because=stored.ended_because)
    return stored


def _let_second_see(standing: Standing, at: datetime) -> None:
    """Let those who may sign second see a restricted initiative, until its reviews are closed."""
    group = Group.objects.get(key=overrides.second_group(standing))
    OpenToGroup.objects.get_or_create(
        initiative=standing.facts.initiative, group=group, defaults={"opened_at": at}
    )


def _locked(review: Review, at: datetime) -> Standing:
    """The review as it stands now, with its initiative locked."""
    row = locked_initiative(review.initiative_id)
    held = Review.objects.select_related("policy", "snapshot").get(pk=review.pk)
    held.initiative = row
    known = initiative_facts.load_one(row.pk)
    if held.is_open:
        notice(held, row, at, known)
    return queries.standing(held, timezone.localdate(at), known)


def _require_overridable(keys: list[str], standing: Standing) -> None:
    possible = {judged.criterion.key for judged in standing.overridable}
    if not keys or not set(keys) <= possible:
        raise Refused(
            "Choose among what is unmet and can be set aside: never the owners, the primary "
            "metric, the kill conditions or what has tripped.",
            rule="not_overridable",
            field="criteria",
        )


def _require_within_limit(expires_on: date, standing: Standing) -> None:
    last = overrides.longest(standing.policy, standing.today)
    if not standing.today < expires_on <= last:
        raise Refused(
            f"Choose a day after today, until {last:%-d %b %Y}.",
            rule="overridden_too_long",
            field="expires_on",
        )


def _record(
    kind: str, override: Override, standing: Standing, by: Person, at: datetime, because: str = ""
) -> None:
    changed: dict[str, Value] = {
        "criteria": Words(standing.titles_of(override)),
        "until": override.expires_on,
        "reason": Words(because or override.reason),
        "override": override.pk,
        "digest": override.snapshot_id,
    }
    Initiative.objects.filter(pk=standing.review.initiative_id).update(touched_at=at)
    append([review_entry(kind, override.review, by, changed)], at=at)


@transaction.atomic
def settle_overrides(*, at: datetime) -> int:
    """Write down which overrides are regularised, because all that they set aside is met, and which
    have ended without; return how many. For the sweep; what somebody else has locked waits."""
    living = Override.objects.filter(regularised_at=None, ended_at=None)
    ids = set(living.order_by().values_list("review__initiative", flat=True))
    if not ids:
        return 0
    lock = Initiative.objects.select_for_update(of=("self",), skip_locked=True).order_by("pk")
    known = initiative_facts.load(lock.filter(pk__in=ids).values_list("pk", flat=True))
    mine = living.filter(review__initiative__in=list(known))
    settled = {
        override: entry
        for override in mine.select_related("review__policy", "review__baseline")
        if (entry := _settled(override, known[override.review.initiative_id], at))
    }
    Override.objects.bulk_update(settled, SAID)
    append(list(settled.values()), at=at)
    return len(settled)


def _settled(override: Override, known: Facts, at: datetime) -> Entry | None:
    today, review = timezone.localdate(at), override.review
    if ended := _why_ended(override, known, today):
        override.ended_at, override.ended_because = at, ended
        return review_entry("override.ended", review, None, {"reason": Words(ended)})
    if override.is_signed and not _unmet(override, known, today):
        override.regularised_at = at
        return review_entry("override.regularised", review, None, {"override": override.pk})
    return None


def _why_ended(override: Override, known: Facts, today: date) -> str:
    """Why it matters no longer; one that a decision stands on stays until what it set aside is met,
    also when its day is over."""
    closing = Review.Closing(override.review.closing) if override.review.closing else None
    if known.initiative.stage == Stage.RETIRED:
        return "the initiative is retired"
    if closing not in (None, Review.Closing.DECIDED):
        return "its review was closed"
    if closing is not None and not override.is_signed:
        return "its review was decided without it"
    is_over = override.expires_on < today and closing is None
    return "its day is over" if is_over else ""


def _unmet(override: Override, known: Facts, today: date) -> list[gates.Judged]:
    """What it set aside and holds the gate still, by the policy that its review goes by."""
    review, policy = override.review, queries.parsed(override.review.policy)
    about = reviewed.facts_of(review, known) if review.is_open else known
    gate = reviewed.gate_set_aside(review, about, policy)
    judged = gates.evaluate_all(about, gate, policy, today)
    return [j for j in judged if j.blocks and j.criterion.key in override.criteria]

"""Keeping the spells in which a criterion holds an initiative back (product.md P25).

Every event of an initiative makes it due to be judged again, and so does a new day or a new
policy, since a verdict may hang on either. What is due is judged in batches, each in a constant
number of queries, by the function that enforces (`reviews.gates`); what a killed tick, a short
slice or an outage leaves is due still.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from time import monotonic

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from audit import queries as audit
from audit.models import Event
from initiatives import facts as initiative_facts
from initiatives.counts import Counts
from initiatives.facts import Facts
from initiatives.models import Initiative, Ownership
from initiatives.models.registry import InitiativeQuerySet
from initiatives.stages import Gate, Stage
from reviews import queries
from reviews.models import JudgedUpTo, Judgement, PolicyVersion, Review, UnmetCriterion
from reviews.policy import Policy, first_of

BATCH = 500
Held = tuple[int, str, str]  # initiative, gate, criterion


@dataclass(frozen=True)
class Judged(Counts):
    """What a tick did: how many it judged, and how many spells began and ended."""

    initiatives: int = 0
    opened: int = 0
    closed: int = 0


def judge(*, at: datetime, slice_: timedelta | None = None) -> Judged:
    """Judge what is due, until nothing is or the slice is over.

    One tick judges at a time; another that comes meanwhile leaves at once. Facts are read under
    that lock, so an older verdict never replaces a newer one.
    """
    begun, total = monotonic(), Judged()
    JudgedUpTo.objects.get_or_create(pk=JudgedUpTo.ONLY)
    _note_what_happened()
    while batch := _judge_batch(at):
        total += batch
        if slice_ is not None and monotonic() - begun > slice_.total_seconds():
            break
    return total


def _lock() -> JudgedUpTo | None:
    """The reader's place in the log under its lock, or None where another tick has it."""
    skip = connection.features.has_select_for_update_skip_locked
    rows = JudgedUpTo.objects.select_for_update(skip_locked=skip)
    return rows.filter(pk=JudgedUpTo.ONLY).first()


@transaction.atomic
def _note_what_happened() -> None:
    """Make due whatever an event since the last time is about; a person's events are about all
    that they hold. Whoever was deactivated by raw SQL is noticed with the new day."""
    place, end = _lock(), audit.head().seq
    if place is None or place.seq >= end:
        return
    news = Event.objects.filter(seq__gt=place.seq, seq__lte=end).order_by()
    people = news.filter(subject__startswith="person:").exclude(kind="person.signed_in")
    ids = [int(s.partition(":")[2]) for s in people.values_list("subject", flat=True).distinct()]
    owned = Ownership.objects.open().filter(person__in=ids).values("initiative")
    about = Q(initiative__in=news.filter(initiative_id__isnull=False).values("initiative_id"))
    Judgement.objects.filter(about | Q(initiative__in=owned), is_due=False).update(is_due=True)
    JudgedUpTo.objects.filter(pk=place.pk).update(seq=end)


@transaction.atomic
def _judge_batch(at: datetime) -> Judged | None:
    """Judge the first that are due; None where none is, or another tick is at it."""
    if _lock() is None:
        return None
    version = queries.current_version()
    ids = list(_due(version, at).values_list("pk", flat=True)[:BATCH])
    if not ids:
        return None
    before = dict(Judgement.objects.filter(pk__in=ids).values_list("pk", "judged_at"))
    batch = _Batch(at, queries.parsed(version), before)
    batch.judge(ids)
    counted = batch.keep(ids)
    Judgement.objects.bulk_create(
        (Judgement(initiative_id=pk, judged_at=at, policy_version=version.version) for pk in ids),
        update_conflicts=True,
        unique_fields=["initiative"],
        update_fields=["judged_at", "policy_version", "is_due"],
    )
    return counted


def _due(version: PolicyVersion, at: datetime) -> InitiativeQuerySet:
    """What has to be judged: what something happened to, what was not judged today or under this
    policy. What is retired is judged once more, which ends its spells."""
    midnight = _midnight(timezone.localdate(at))
    judged = Judgement.objects.order_by().values("initiative")
    changed = judged.filter(is_due=True)
    fresh = judged.filter(is_due=False, judged_at__gte=midnight, policy_version=version.version)
    living = ~Q(stage=Stage.RETIRED)
    return Initiative.objects.filter(Q(pk__in=changed) | living & ~Q(pk__in=fresh)).order_by("pk")


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


@dataclass
class _Batch:
    """Some initiatives, and what holds each of them."""

    at: datetime
    policy: Policy
    judged_before: dict[int, datetime]
    since: dict[Held, datetime] = field(default_factory=dict)

    def judge(self, ids: list[int]) -> None:
        """Quiet ones are left out: nothing is asked of them yet."""
        counting = Initiative.objects.counting().exclude(stage=Stage.RETIRED).filter(pk__in=ids)
        known = initiative_facts.load(counting.values_list("pk", flat=True))
        pinned = _pinned(known)
        for pk, facts in known.items():
            self._judge_one(facts, pinned[pk])

    def _judge_one(self, facts: Facts, pinned: dict[str, Policy]) -> None:
        today = timezone.localdate(self.at)
        for gate, judged in queries.readiness(facts, today, self.policy, pinned):
            if self._is_ahead(facts.initiative, gate, pinned):
                since = self._since(facts.initiative, gate)
                held = (facts.initiative.pk, str(gate))
                self.since |= {(*held, j.criterion.key): since for j in judged if j.blocks}

    def _is_ahead(self, row: Initiative, gate: Gate, pinned: dict[str, Policy]) -> bool:
        """Recertification holds nobody back until it comes near, or is asked for."""
        if gate != Gate.RECERTIFICATION or gate in pinned:
            return True
        left = row.days_to_decision(timezone.localdate(self.at))
        return left is not None and left <= self._recertification_begins

    @property
    def _recertification_begins(self) -> timedelta:
        return timedelta(days=first_of(self.policy.reminders.recertification_days_before))

    def _since(self, row: Initiative, gate: Gate) -> datetime:
        """When a spell that is found now began: now, unless this is the first look since the
        initiative came before its gate; then from that day on."""
        before = self.judged_before.get(row.pk)
        assert row.counting_since is not None
        ahead_since = max(row.stage_entered_at, row.counting_since)
        if gate == Gate.RECERTIFICATION and row.decision_date is not None:
            day = row.decision_date - self._recertification_begins
            ahead_since = max(ahead_since, _midnight(day))
        looked_already = before is not None and before >= ahead_since
        return self.at if looked_already else min(ahead_since, self.at)

    def keep(self, ids: list[int]) -> Judged:
        """Open and close spells so that they say what was found."""
        spells = UnmetCriterion.objects.open().filter(initiative__in=ids)
        there = {(i, gate, key): pk for pk, i, gate, key in spells.values_list(
            "pk", "initiative_id", "gate", "key"
        )}  # fmt: skip
        opened = [
            UnmetCriterion(initiative_id=pk, gate=gate, key=key, since=since)
            for (pk, gate, key), since in self.since.items()
            if (pk, gate, key) not in there
        ]
        gone = [pk for held, pk in there.items() if held not in self.since]
        UnmetCriterion.objects.bulk_create(opened, ignore_conflicts=True)
        closed = UnmetCriterion.objects.open().filter(pk__in=gone).update(until=self.at)
        return Judged(len(ids), len(opened), closed)


def _pinned(ids: Iterable[int]) -> defaultdict[int, dict[str, Policy]]:
    """The policies that open reviews go by, by initiative and gate."""
    found: defaultdict[int, dict[str, Policy]] = defaultdict(dict)
    for review in Review.objects.open().filter(initiative__in=ids).select_related("policy"):
        found[review.initiative_id][review.gate] = queries.parsed(review.policy)
    return found

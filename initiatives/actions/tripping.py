"""When a kill condition trips: once something is recorded, or a day is over."""

from collections.abc import Container, Iterable
from datetime import date, datetime

from django.db import transaction
from django.db.models import F, OuterRef, Q, Subquery, Sum
from django.utils import timezone

from audit.actions import Entry, Value, Words, append
from initiatives import facts
from initiatives.models import Initiative, KillCondition, Measurement, Spend
from initiatives.models.charter import KillConditionKind
from initiatives.rules import fails, is_its_time, is_past_cap, trip_reason
from initiatives.stages import ON_TRIAL, RUNNING, Stage

State = KillCondition.State


@transaction.atomic
def trip_kill_conditions(*, at: datetime) -> int:
    """Trip the armed conditions of the whole portfolio whose time has come; return how many.

    They are found in one query; rows that somebody else has locked are left to the next run.
    """
    candidates = _candidates(timezone.localdate(at))
    if not candidates:
        return 0
    lock = Initiative.objects.select_for_update(skip_locked=True).order_by("pk")
    free = list(lock.filter(pk__in=set(candidates.values())).values_list("pk", flat=True))
    return _trip_those(candidates, free, at)


def trip_those_of(row: Initiative, *, at: datetime) -> int:
    """Trip the conditions of one initiative, locked by the caller; return how many.

    Called after each value and each amount, and mostly nothing trips: so little is read.
    """
    today = timezone.localdate(at)
    armed = KillCondition.objects.filter(initiative=row, state=State.ARMED).order_by()
    due = [k.pk for k in armed if is_its_time(k, row, today) and _is_past_its_limit(k)]
    return _trip_those(due, [row.pk], at) if due else 0


def _is_past_its_limit(condition: KillCondition) -> bool:
    """Whether the last value is, or the sum; where nothing was measured it may be."""
    if condition.kind == KillConditionKind.SPEND:
        spent = Spend.objects.filter(initiative=condition.initiative_id)
        return is_past_cap(condition, spent.aggregate(sum=Sum("amount"))["sum"] or 0)
    standing = Measurement.objects.filter(metric=condition.metric_id, corrected_by=None)
    last = standing.order_by("-measured_at", "-pk").first()
    return last is None or fails(condition, last)


def _trip_those(candidates: Container[int], initiatives: Iterable[int], at: datetime) -> int:
    """Judge the candidates of initiatives that are locked."""
    today = timezone.localdate(at)
    tripped = [
        condition
        for known in facts.load(initiatives).values()
        for condition in known.kill_conditions
        if condition.pk in candidates and _trip(condition, known, today, at)
    ]
    KillCondition.objects.bulk_update(tripped, ["state", "tripped_at", "tripped_because"])
    append([_entry(condition) for condition in tripped], at=at)
    return len(tripped)


def _candidates(today: date) -> dict[int, int]:
    """Armed conditions that may have tripped, told by set-based comparison alone; with the
    initiative of each."""
    last = Measurement.objects.filter(metric=OuterRef("metric"), corrected_by=None)
    spent = Spend.objects.filter(initiative=OuterRef("initiative")).order_by()
    decided_by = Q(by_decision_date=True, initiative__decision_date__lt=today)
    due = Q(initiative__stage__in=ON_TRIAL) & decided_by | Q(initiative__stage__in=RUNNING) & Q(
        due_date__lt=today
    )
    running = Q(in_a_row__isnull=False) & ~Q(initiative__stage=Stage.PROPOSAL)
    fails = Q(comparator="above", last__gt=F("threshold")) | Q(
        comparator="below", last__lt=F("threshold")
    )
    return dict(
        KillCondition.objects.filter(state=State.ARMED)
        .filter(initiative__counting_since__isnull=False)
        .exclude(initiative__stage=Stage.RETIRED)
        .alias(  # each use of one repeats its subquery: they are few on purpose
            last=Subquery(last.order_by("-measured_at", "-pk").values("value")[:1]),
            spent=Subquery(spent.values("initiative").annotate(sum=Sum("amount")).values("sum")),
        )
        .filter(
            Q(kind="spend", spent__gt=F("spend_cap"))
            | Q(kind="metric") & ((running | due) & fails | due & Q(last=None))
        )
        .order_by()
        .values_list("pk", "initiative_id")
    )


def _trip(condition: KillCondition, known: facts.Facts, today: date, at: datetime) -> bool:
    """Judge one candidate by the exact rule, under the lock; take the values when it trips."""
    if condition.state != State.ARMED:
        return False
    measured = known.recent(condition.metric) if condition.metric else []
    due = condition.due_on(known.initiative)
    reason = trip_reason(condition, measured, spent=known.spent, due=due, today=today)
    if reason is None:
        return False
    condition.state = State.TRIPPED
    condition.tripped_at, condition.tripped_because = at, reason
    return True


def _entry(condition: KillCondition) -> Entry:
    changed: dict[str, Value] = {
        "condition": Words(condition.sentence()),
        "because": Words(condition.tripped_because),
    }
    subject = f"killcondition:{condition.pk}"
    return Entry("kill_condition.tripped", subject, condition.initiative_id, changed=changed)

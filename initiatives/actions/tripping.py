"""When a kill condition trips: once something is recorded, or a day is over. And when one that
was waived is armed again."""

from collections.abc import Container, Iterable
from datetime import date, datetime

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, Subquery, Sum
from django.utils import timezone

from audit.actions import Entry, Value, Words, append
from initiatives import facts
from initiatives.models import (
    Initiative,
    KillCondition,
    Measurement,
    Ownership,
    Spend,
    Waiver,
)
from initiatives.models.charter import KillConditionKind
from initiatives.queries import unowned
from initiatives.rules import (
    NOTHING_VACANT,
    answered_by_extension,
    fails,
    is_its_time,
    is_past_cap,
    trip_reason,
    vacant_since,
)
from initiatives.stages import ON_TRIAL, RUNNING, Stage

State = KillCondition.State
WAIVER_OVER = "its waiver is over"
Held = dict[int, list[Ownership]]  # by initiative, all that were ever accepted


@transaction.atomic
def trip_kill_conditions(*, at: datetime) -> int:
    """Trip the armed conditions of the whole portfolio whose time has come; return how many.

    They are found in two queries, and those whose waiver is over, which are armed again first, in
    one. Rows that somebody else has locked are left to the next run.
    """
    today = timezone.localdate(at)
    if over := _no_longer_waived(today):
        _rearm(_free(over), at)
    candidates = _candidates(today) | _ownerless()
    return _trip_those(candidates, _free(candidates), at) if candidates else 0


def _free(found: dict[int, int]) -> list[int]:
    """Lock the initiatives of these conditions, as far as nobody else has; return which."""
    lock = Initiative.objects.select_for_update(skip_locked=True).order_by("pk")
    return list(lock.filter(pk__in=set(found.values())).values_list("pk", flat=True))


def _no_longer_waived(today: date) -> dict[int, int]:
    """Conditions whose waiver is over, with the initiative of each."""
    over = KillCondition.objects.filter(state=State.WAIVED, waived_until__lt=today).exclude(
        initiative__stage=Stage.RETIRED
    )
    return dict(over.order_by().values_list("pk", "initiative_id"))


def _rearm(initiatives: list[int], at: datetime) -> None:
    """Arm the conditions of these, which are locked, whose waiver is over."""
    waived = KillCondition.objects.filter(initiative__in=initiatives, state=State.WAIVED)
    today = timezone.localdate(at)
    over = [k for k in waived.select_related("metric") if k.is_waiver_over(today)]
    arm_again(over, because=WAIVER_OVER, at=at)


def arm_again(conditions: list[KillCondition], *, because: str, at: datetime) -> None:
    """Let these stand as they were agreed, so that they may trip again."""
    if not conditions:
        return
    for condition in conditions:
        condition.arm()
    fields = ["state", "tripped_at", "tripped_because", "waived_until"]
    KillCondition.objects.bulk_update(conditions, fields)
    Waiver.objects.filter(condition__in=conditions, ended_at=None).update(ended_at=at)
    append([_entry("rearmed", condition, because) for condition in conditions], at=at)


def trip_those_of(row: Initiative, *, at: datetime) -> int:
    """Trip the conditions of one initiative, locked by the caller; return how many.

    Called after each value and each amount, and mostly nothing trips: so little is read. Called
    before each decision as well, which is judged by the day and not by when the sweep came by.
    """
    today = timezone.localdate(at)
    untripped = KillCondition.objects.filter(initiative=row).exclude(state=State.TRIPPED)
    watched = list(untripped.order_by())
    arm_again([k for k in watched if k.is_waiver_over(today)], because=WAIVER_OVER, at=at)
    armed = [k for k in watched if k.state == State.ARMED]
    due = [k.pk for k in armed if is_its_time(k, row, today) and _is_past_its_limit(k)]
    return _trip_those(due, [row.pk], at) if due else 0


def _is_past_its_limit(condition: KillCondition) -> bool:
    """Whether the last value is, or the sum, or a role is vacant; where nothing was measured it
    may be."""
    if condition.kind == KillConditionKind.OWNER:
        return condition.pk in _ownerless(condition.initiative_id)
    if condition.kind == KillConditionKind.SPEND:
        spent = Spend.objects.filter(initiative=condition.initiative_id)
        return is_past_cap(condition, spent.aggregate(sum=Sum("amount"))["sum"] or 0)
    standing = Measurement.objects.filter(metric=condition.metric_id, corrected_by=None)
    last = standing.order_by("-measured_at", "-pk").first()
    return last is None or fails(condition, last)


def _trip_those(candidates: Container[int], initiatives: Iterable[int], at: datetime) -> int:
    """Judge the candidates of initiatives that are locked."""
    known = facts.load(initiatives)
    held = _held(known.values(), candidates)
    tripped = [
        condition
        for pk, of_it in known.items()
        for condition in of_it.kill_conditions
        if condition.pk in candidates and _trip(condition, of_it, held.get(pk, []), at)
    ]
    KillCondition.objects.bulk_update(tripped, ["state", "tripped_at", "tripped_because"])
    append([_entry("tripped", k, k.tripped_because) for k in tripped], at=at)
    return len(tripped)


def _held(known: Iterable[facts.Facts], candidates: Container[int]) -> Held:
    """Who ever held a role, of those whose candidates ask since when nobody does."""
    asked = {
        of_it.initiative.pk
        for of_it in known
        for condition in of_it.kill_conditions
        if condition.kind == KillConditionKind.OWNER and condition.pk in candidates
    }
    found: Held = {}
    accepted = Ownership.objects.filter(initiative__in=asked, accepted_at__isnull=False)
    for ownership in accepted.select_related("person") if asked else ():
        found.setdefault(ownership.initiative_id, []).append(ownership)
    return found


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


def rearm_by_extension(known: facts.Facts, *, at: datetime) -> list[KillCondition]:
    """Arm again the tripped conditions that a later decision date answers; return those that are
    still tripped. The caller has moved the date."""
    answered = answered_by_extension(known, timezone.localdate(at))
    left = [condition for condition in known.tripped if condition not in answered]
    arm_again(answered, because="its date was extended", at=at)
    return left


def _ownerless(initiative_id: int | None = None) -> dict[int, int]:
    """Armed conditions about a role that nobody holds now, of all or of one initiative."""
    running = Initiative.objects.counting().filter(stage__in=RUNNING)
    held = Ownership.objects.counting().filter(
        initiative=OuterRef("initiative"), role=OuterRef("owner_role")
    )
    armed = KillCondition.objects.filter(
        state=State.ARMED, kind=KillConditionKind.OWNER, initiative__in=running.order_by()
    )
    if initiative_id is not None:
        armed, running = armed.filter(initiative=initiative_id), running.filter(pk=initiative_id)
    incomplete = unowned(running).order_by().values("pk")
    vacant = Q(owner_role="", initiative__in=incomplete) | ~Q(owner_role="") & ~Exists(held)
    return dict(armed.filter(vacant).order_by().values_list("pk", "initiative_id"))


def _trip(
    condition: KillCondition, known: facts.Facts, held: Iterable[Ownership], at: datetime
) -> bool:
    """Judge one candidate by the exact rule, under the lock; take the values when it trips."""
    if condition.state != State.ARMED:
        return False
    is_about_owners = condition.kind == KillConditionKind.OWNER
    row = known.initiative
    reason = trip_reason(
        condition,
        known.recent(condition.metric) if condition.metric else [],
        spent=known.spent,
        due=condition.due_on(row),
        today=timezone.localdate(at),
        vacant=vacant_since(condition, row, held, at) if is_about_owners else NOTHING_VACANT,
    )
    if reason is None:
        return False
    condition.state = State.TRIPPED
    condition.tripped_at, condition.tripped_because = at, reason
    return True


def _entry(what: str, condition: KillCondition, because: str) -> Entry:
    changed: dict[str, Value] = {
        "condition": Words(condition.sentence()),
        "because": Words(because),
    }
    subject = f"killcondition:{condition.pk}"
    return Entry(f"kill_condition.{what}", subject, condition.initiative_id, changed=changed)

"""Lapse: what nobody decides in time is for the portfolio leads to decide (product.md P5, P26)."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from audit.actions import Entry, append
from initiatives import actions as initiatives
from initiatives import facts as initiative_facts
from initiatives.facts import Facts
from initiatives.models import Initiative, Obligation
from initiatives.models.obligations import ObligationKind
from initiatives.models.registry import InitiativeQuerySet
from initiatives.stages import UNDECIDED, Role
from initiatives.workdays import add_working_days
from reviews import queries
from reviews.policy import Policy

DAYS_TO_CONFIRM = 5  # working days, like those within which what is suspended is decided
SPEND_STOPPED = "Confirm that nothing is spent on it any more: it lapsed undecided on {day}."


@transaction.atomic
def lapse_undecided(*, at: datetime) -> int:
    """Let whatever is undecided so long after its date lapse; return how many. For the sweep.

    Rows that somebody else has locked, perhaps to decide, are left to the next run. Those that are
    quiet have no deadline yet.
    """
    late = _late(queries.current_policy(), timezone.localdate(at))
    if not (ids := list(late.order_by().values_list("pk", flat=True))):
        return 0
    lock = late.filter(pk__in=ids).select_for_update(of=("self",), skip_locked=True)
    return _lapse(lock.order_by("pk"), at)


def lapse_if_due(row: Initiative, *, at: datetime) -> None:
    """Let one that the caller has locked lapse, where its day has come.

    Called before each decision, which is judged by the day, not by when the sweep came by.
    """
    today = timezone.localdate(at)
    if not row.is_overdue(today):
        return
    if _late(queries.current_policy(), today).filter(pk=row.pk).exists():
        _lapse([row], at)


def _late(policy: Policy, today: date) -> InitiativeQuerySet:
    """What should have lapsed and has not: its date lies more than the policy's days back."""
    last = today - timedelta(days=policy.limits.lapse_days)
    return Initiative.objects.counting().filter(
        stage__in=UNDECIDED, decision_date__lt=last, lapsed_at=None
    )


def _lapse(locked: Iterable[Initiative], at: datetime) -> int:
    rows = list(locked)
    known = initiative_facts.load(row.pk for row in rows)
    for row in rows:
        row.lapsed_at = at
    Initiative.objects.filter(pk__in=[row.pk for row in rows]).update(lapsed_at=at)
    owed = [found for row in rows if (found := _asked_about_spend(row, known[row.pk], at))]
    append([*map(_entry, rows), *initiatives.owe_all(owed)], at=at)
    return len(rows)


def _entry(row: Initiative) -> Entry:
    changed = {"due": row.decision_date}
    return Entry("initiative.lapsed", f"initiative:{row.pk}", row.pk, changed=changed)


def _asked_about_spend(row: Initiative, known: Facts, at: datetime) -> Obligation | None:
    """Its budget owner, else its sponsor, is to confirm that spend has stopped; once, until they
    have. Where neither is there nobody can be asked, and it is flagged as unowned."""
    asked = known.counted_owner(Role.BUDGET_OWNER) or known.counted_owner(Role.SPONSOR)
    kinds = {obligation.kind for obligation in known.obligations if obligation.is_open}
    if asked is None or ObligationKind.SPEND in kinds:
        return None
    today = timezone.localdate(at)
    return Obligation(
        initiative=row,
        kind=ObligationKind.SPEND,
        what=SPEND_STOPPED.format(day=f"{today:%-d %b %Y}"),
        assignee=asked.person,
        due_date=add_working_days(today, DAYS_TO_CONFIRM),
        agreed_at=at,
    )


def release(row: Initiative, *, at: datetime) -> None:
    """What was asked because it lapsed is not asked any more: somebody has decided since."""
    open_ones = Obligation.objects.open().filter(initiative=row, kind=ObligationKind.SPEND)
    open_ones.update(released_at=at)

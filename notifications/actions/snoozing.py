"""Setting a flag aside for some days: nobody is reminded, everybody sees that it is so."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from accounts.models import Person
from audit.actions import Entry, Value, Words, append
from audit.refusals import Refused, records_refusals
from initiatives.models import Initiative
from notifications import permissions
from notifications.models import Flag, Snooze
from notifications.rules.finding import Severity
from notifications.rules.words import in_times, in_words

# As many as there are between the first reminder of a decision and its day, and between that day
# and its lapse: whoever snoozes as long as they can still hears of it in time.
LONGEST = timedelta(days=14)


@records_refusals("flag.snooze")
def snooze(*, flag: Flag, until: date, reason: str, by: Person, at: datetime) -> Snooze:
    """Remind nobody of a flag until the end of a day, and say why to everybody.

    Nothing else changes: it stays open, counted and due when it was, and what says so is no act on
    the initiative, which may be stalled all the same. Critical is what cannot wait.
    """
    row = _locked(flag)
    today = timezone.localdate(at)
    _require_person(by, row)
    _require_open(row)
    _require_again(by, row)
    _require_day(until, today)
    if not reason.strip():
        raise Refused("Say why it can wait.", rule="no_reason", field="reason")
    _make_room(row, today, at)
    made = Snooze.objects.create(flag=row, by=by, at=at, until=until, reason=reason.strip())
    changed: dict[str, Value] = {"until": until, "reason": Words(made.reason)}
    append([_entry("flag.snoozed", row, by, changed)], at=at)
    return made


@records_refusals("flag.wake")
def wake(*, snooze: Snooze, by: Person, at: datetime) -> Snooze:
    """Take a snooze back: from the next sweep on people are reminded again."""
    flag = _locked(snooze.flag)
    _require_person(by, flag)
    row = Snooze.objects.get(pk=snooze.pk)
    if row.ended_at is not None:
        raise Refused("This has ended already.", rule="ended")
    row.ended_at, row.ended_by = at, by
    row.save(update_fields=["ended_at", "ended_by"])
    append([_entry("flag.woken", flag, by, {})], at=at)
    return row


def end_snoozes(*, at: datetime) -> int:
    """Note which have ended by themselves: their day is over, or their flag has closed or become
    critical. Called by the sweep; nothing waits for it (`SnoozeQuerySet.in_force`)."""
    over = Q(until__lt=timezone.localdate(at)) | Q(flag__closed_at__isnull=False)
    over |= Q(flag__severity=Severity.CRITICAL)
    ids = list(Snooze.objects.filter(over, ended_at=None).values_list("pk", flat=True))
    return Snooze.objects.filter(pk__in=ids, ended_at=None).update(ended_at=at) if ids else 0


def _locked(flag: Flag) -> Flag:
    """The flag as it is now, under the lock of its initiative."""
    Initiative.objects.select_for_update(of=("self",)).get(pk=flag.initiative_id)
    return Flag.objects.select_related("initiative").get(pk=flag.pk)


def _require_person(by: Person, flag: Flag) -> None:
    if not permissions.may_snooze(by, flag.initiative):
        raise Refused(
            "Only those who hold a role on this initiative and portfolio leads snooze its flags. "
            "Ask one of them.",
            rule="not_an_owner",
        )


def _require_again(by: Person, flag: Flag) -> None:
    times = flag.snoozes.count()
    if not permissions.may_snooze_again(by, times):
        raise Refused(
            f"It was snoozed {in_times(times)} before: from now on only portfolio leads say that "
            "it can still wait. Ask one of them, or see to it.",
            rule="snoozed_often",
        )


def _require_open(flag: Flag) -> None:
    if flag.closed_at is not None:
        raise Refused("It has closed meanwhile: there is nothing to snooze.", rule="closed")
    if flag.severity == Severity.CRITICAL:
        raise Refused(
            f"This is critical and cannot wait. It closes when {flag.closes_when}.",
            rule="critical",
        )


def _require_day(until: date, today: date) -> None:
    if until <= today:
        raise Refused("Choose a day that lies ahead.", rule="no_day_ahead", field="until")
    if until > today + LONGEST:
        raise Refused(
            f"A flag is snoozed for {LONGEST.days} days at most, so that nobody forgets it: until "
            f"{in_words(today + LONGEST)}.",
            rule="too_long",
            field="until",
        )


def _make_room(flag: Flag, today: date, at: datetime) -> None:
    """End one that is over, where no sweep came by since; refuse beside one that is in force."""
    current = Snooze.objects.filter(flag=flag, ended_at=None).select_related("by").first()
    if current is None:
        return
    if current.until >= today:
        raise Refused(
            f"{current.by} has snoozed it until {in_words(current.until)}. Take that back first.",
            rule="snoozed",
        )
    current.ended_at = at
    current.save(update_fields=["ended_at"])


def _entry(kind: str, flag: Flag, by: Person, changed: dict[str, Value]) -> Entry:
    return Entry(
        kind,
        f"flag:{flag.pk}",
        initiative_id=flag.initiative_id,
        actor_id=by.pk,
        changed={"rule": flag.rule, **changed},
    )

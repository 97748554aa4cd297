"""Proof k: deadlines over more than a year, in five time zones. Every step is sent once, on the
local day on which it is due, and what is late is late from local midnight on.

A walk lives through the days of one time zone on a portfolio of its own: at each moment the clock
shows, the sweep runs and mails go out, as they do by themselves. What was to be heard is computed
here anew, from product.md §5, and not with the product's own ladders.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from unittest.mock import patch
from zoneinfo import ZoneInfo

from django.test import override_settings

from accounts import actions as people
from accounts.models import Group, Person
from initiatives import actions as initiatives
from initiatives.models import Initiative
from initiatives.stages import Role, Stage
from notifications import actions
from notifications.models import Flag, Message, Reminder
from notifications.rules import RULES

# Far west, far east, half an hour of summer time, half an hour off, and a day ahead of all.
ZONES = (
    "America/Los_Angeles",
    "Europe/Paris",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "Pacific/Kiritimati",
)
BEGIN = date(2027, 12, 1)  # so that a 29 February is among the days
DAYS = 400
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
MINUTES = timedelta(minutes=15)
MAIL_AT = time(7)
OWNER, SPONSOR, LEAD = "owner", "sponsor", "lead"
# Days from the decision date, and who hears (product.md §5).
STEPS = ((-14, OWNER), (-3, OWNER), (0, OWNER), (3, SPONSOR), (7, LEAD))
LIVED_BY = ("decision_near", "decision_overdue", "decision_lapsed")
SATURDAY = 5


@dataclass(frozen=True, order=True)
class Heard:
    """A step that somebody was sent a mail of, on a local day."""

    due: date
    days: int
    who: str
    on: date


@dataclass
class Walk:
    """What was heard, when each became overdue, and mails of what can wait by person and day."""

    zone: str
    dues: dict[int, date] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    heard: list[Heard] = field(default_factory=list)
    overdue: dict[date, datetime] = field(default_factory=dict)
    mails: Counter[tuple[int, date | None]] = field(default_factory=Counter)

    def failures(self, until: date) -> list[str]:
        """What is not as it should be, of dates whose last step is before this day."""
        done = [due for due in self.dues.values() if due + 9 * DAY < until]
        heard = Counter(h for h in self.heard if h.due in done)
        wanted = Counter(h for due in done for h in expected(due))
        late = {due: midnight(due + DAY, self.zone) for due in done}
        twice = [key for key, count in self.mails.items() if count > 1]
        return [
            *(f"{self.zone}: not sent: {missing}" for missing in sorted(wanted - heard)),
            *(f"{self.zone}: sent beyond that: {more}" for more in sorted(heard - wanted)),
            *(
                f"{self.zone}: {due} was overdue at {self.overdue.get(due)}, not at {at}"
                for due, at in late.items()
                if self.overdue.get(due) != at
            ),
            *(f"{self.zone}: two mails of one day: {key}" for key in twice),
        ]


def expected(due: date) -> Iterator[Heard]:
    """What is to be heard of a decision date: each step on its day or the next working day, but
    none of before the date after it."""
    for days, who in STEPS:
        day = due + timedelta(days=days)
        later = day + max(0, 7 - day.weekday()) * DAY if day.weekday() >= SATURDAY else day
        earlier = day - max(0, day.weekday() - 4) * DAY
        yield Heard(due, days, who, earlier if days <= 0 and later > due else later)


def midnight(day: date, zone: str) -> datetime:
    return at(day, time(0), zone)


def at(day: date, hour: time, zone: str) -> datetime:
    """A moment as a clock on the wall of that zone shows it."""
    return datetime.combine(day, hour, tzinfo=ZoneInfo(zone))


def few_moments(days: Iterable[date], zone: str) -> Iterator[datetime]:
    """Of each day a quarter of an hour before it, its beginning, and the hour of the mails; on
    every fifth the clock is put back by two hours, over midnight and over the mails."""
    for number, day in enumerate(days):
        yield at(day - DAY, time(23, 45), zone)
        for moment in (midnight(day, zone), at(day, MAIL_AT, zone)):
            yield moment
            if number % 5 == 3:
                yield from _put_back(moment + MINUTES)


def every_day() -> Iterator[date]:
    """All of them."""
    return (BEGIN + number * DAY for number in range(DAYS))


def days_about(due: date) -> list[date]:
    """The days on which something is to be heard of a date, or nothing yet."""
    told = {heard.on for heard in expected(due)} | {due + days * DAY for days, _ in STEPS}
    return sorted(told | {due + DAY})


def many_moments(zone: str) -> Iterator[datetime]:
    """Every quarter of an hour of all days, as time really passes."""
    moment = midnight(BEGIN, zone).astimezone(UTC)
    while moment < midnight(BEGIN + DAYS * DAY, zone):
        yield moment
        moment += MINUTES


def _put_back(moment: datetime) -> Iterator[datetime]:
    now = moment.astimezone(UTC)
    yield from (now, now - 2 * HOUR, now - HOUR, now)


@contextmanager
def living_in(zone: str) -> Iterator[None]:
    """That zone's days, mails that go nowhere, and the rules of decision dates alone."""
    rules = {name: RULES[name] for name in LIVED_BY}
    with ExitStack() as stack:
        stack.enter_context(
            override_settings(
                TIME_ZONE=zone,
                DAILY_MAIL_HOUR=MAIL_AT.hour,
                EMAIL_BACKEND="django.core.mail.backends.dummy.EmailBackend",
            )
        )
        stack.enter_context(patch.dict(RULES, rules, clear=True))
        yield


def prepare(zone: str, dues: Iterable[date], begin: date = BEGIN) -> Walk:
    """An initiative in its pilot for each date, with an owner, a sponsor and a lead."""
    walk, long_ago = Walk(zone), midnight(begin - 60 * DAY, zone)
    for who in (OWNER, SPONSOR, LEAD):
        walk.people[who] = people.create_person(
            email=f"{who}@{zone.lower().replace('/', '.').replace('_', '-')}.example",
            name=who.title(), password=None, by=None, at=long_ago,
        )  # fmt: skip
    leads = Group.objects.get(key=Group.LEADS)
    people.join(person=walk.people[LEAD], group=leads, by=None, at=long_ago)
    roles = {Role.BUSINESS_OWNER: OWNER, Role.ENGINEERING_OWNER: OWNER, Role.SPONSOR: SPONSOR}
    for due in dues:
        row = initiatives.declare_as_running(
            name=f"Due {due}", stage=Stage.PILOT, by=walk.people[LEAD], at=long_ago
        )
        for role, who in roles.items():
            asked = initiatives.ask(
                initiative=row, role=role, person=walk.people[who], by=None, at=long_ago
            )
            initiatives.accept(ownership=asked, by=walk.people[who], at=long_ago)
        Initiative.objects.filter(pk=row.pk).update(caught_up_at=long_ago, decision_date=due)
        walk.dues[row.pk] = due
    return walk


def live(walk: Walk, moments: Iterable[datetime]) -> Walk:
    """Sweep and send at each of these moments, and write down what was heard."""
    for moment in moments:
        actions.sweep(at=moment)
        if actions.deliver(clock=lambda now=moment: now).sent:  # type: ignore[misc]
            _hear(walk, moment)
        _notice_overdue(walk, moment)
    for message in Message.objects.filter(recipient__in=walk.people.values(), is_urgent=False):
        walk.mails[message.reader.pk, message.day] += message.state == Message.State.SENT
    return walk


def _hear(walk: Walk, moment: datetime) -> None:
    names = {person.pk: who for who, person in walk.people.items()}
    sent = Reminder.objects.filter(
        kind="decision_date", state=Reminder.State.SENT, message__sent_at=moment
    )
    on = moment.astimezone(ZoneInfo(walk.zone)).date()
    for row in sent.filter(recipient__in=names):
        walk.heard.append(Heard(row.due_date, row.step, names[row.recipient_id], on))


def _notice_overdue(walk: Walk, moment: datetime) -> None:
    flags = Flag.objects.filter(rule="decision_overdue", opened_at=moment)
    for initiative in flags.filter(initiative__in=walk.dues).values_list("initiative", flat=True):
        walk.overdue.setdefault(walk.dues[initiative], moment)

"""Chasing: whoever is said to own something hears of it in one mail, again after 3, 7 and 14 days,
and then the head of their unit does (product.md §2, "Day one is quiet")."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from accounts.models import Person
from notifications import queries
from notifications.actions import planning
from notifications.actions.planning import Planned
from notifications.models import Reminder
from notifications.queries import Asked, Heads
from notifications.queries.asked import STEPS
from notifications.rules.owners import DAYS_TO_ANSWER
from notifications.rules.words import called, in_words

LISTED = 20  # of what somebody is said to own; the page has them all
KINDS = ("ownership_asked", "ownership_silent")


def plan(*, at: datetime, people: Collection[int] | None = None) -> Planned:
    """Owe each silent person the newest step, and their heads what they leave unsaid, in the words
    of now; unsent ones that are no longer wanted are cancelled.

    Of these `people` alone, when something has just happened; heads hear by the sweep.
    """
    if people is not None and not people:
        return Planned()
    today = timezone.localdate(at)
    kinds, mine = (KINDS, Q()) if people is None else (KINDS[:1], Q(recipient__in=people))
    with transaction.atomic():
        asked = queries.asked(people)
        owed = [_to(questions, today, at) for questions in asked.values()]
        if people is None:
            owed += _to_heads(asked.values(), today, at)
        wanted = {planning.key_of(reminder): reminder for reminder in owed}
        days = {key.due_date for key in wanted}
        still = Q(state=Reminder.State.OWED) | Q(due_date__in=days)
        return planning.owe_only(wanted, Q(still, mine, kind__in=kinds))


def _to(questions: list[Asked], today: date, at: datetime) -> Reminder:
    """One reminder for all that waits for a person, whenever each was asked: the step whose day
    came last, of the question that was asked first where two came together."""
    reached = [(q.day, step) for q in questions for step in _steps(q.day, today)]
    day, step = max(reached, key=lambda found: (found[0] + timedelta(days=found[1]), found[1]))
    return reminder(questions, kind="ownership_asked", day=day, step=step, at=at)


def _steps(day: date, today: date) -> list[int]:
    """The steps whose day has come; a question of tomorrow, by a clock set back, is asked now."""
    return [step for step in STEPS if step <= max((today - day).days, 0)]


def reminder(
    questions: list[Asked],
    *,
    kind: str,
    day: date,
    step: int,
    at: datetime,
    is_urgent: bool = False,
) -> Reminder:
    """What a person is asked, all of it, as a mail says it."""
    row = questions[0].ownership
    only = row.initiative if len(questions) == 1 else None
    return Reminder(
        kind=kind,
        subject=f"person:{row.person_id}",
        initiative=only,
        due_date=day,
        step=step,
        recipient=row.person,
        says=_says(questions),
        detail=_detail(questions, step),
        why="You were named, and only you can answer.",
        path=reverse("campaign:mine"),
        is_urgent=is_urgent,
        planned_at=at,
    )


def _says(questions: list[Asked]) -> str:
    row = questions[0].ownership
    if len(questions) == 1:
        return f"Accept or decline: {_role(row.role_name)} of {called(row.initiative)}"
    return f"Say which are yours: {_count(questions)} wait for your answer"


def _count(questions: list[Asked]) -> str:
    """`3 initiatives`; where somebody is named in several roles of one, `4 roles in 3 …`."""
    found = len({question.ownership.initiative_id for question in questions})
    initiatives = f"{found} initiatives" if found != 1 else "one initiative"
    roles = len(questions)
    return initiatives if roles == found else f"{roles} roles in {initiatives}"


def _role(name: str) -> str:
    return name[:1].lower() + name[1:]


def _detail(questions: list[Asked], step: int) -> str:
    row = questions[0].ownership
    by = row.asked_by.name if row.asked_by else "The inventory"
    if len(questions) == 1 and row.accepted_at is not None:
        role = _role(row.role_name)
        lines = [f"You were its {role} before you were away. It counts once you accept again."]
    elif len(questions) == 1:
        lines = [f"{by} named you as its {_role(row.role_name)}. It counts once you have accepted."]
    else:
        lines = ["Mine, somebody else's, or dead? Each takes one tap:", *_lines(questions)]
    if step == STEPS[-1]:
        lines.append(
            "If nothing is said in three days, the head of your unit or the leads hear of it."
        )
    return "\n".join(lines)


def _lines(questions: list[Asked]) -> list[str]:
    lines = [f"· {question.said}" for question in questions[:LISTED]]
    more = len(questions) - LISTED
    return [*lines, f"· and {more} more"] if more > 0 else lines


# --- the heads of units ---


def _to_heads(asked: Iterable[list[Asked]], today: date, at: datetime) -> Iterator[Reminder]:
    """One reminder for a head of all who were asked on the same day and are silent about it."""
    found: dict[tuple[date, int], list[Asked]] = defaultdict(list)
    people: dict[int, Person] = {}
    late = [q for questions in asked for q in questions if (today - q.day).days >= DAYS_TO_ANSWER]
    known = queries.heads() if late else None
    for question in late:
        assert known is not None
        for head in known.of(question):
            people[head.pk] = head
            found[question.day, head.pk].append(question)
    for (day, pk), questions in found.items():
        yield _to_head(people[pk], day, questions, at, known)


def _to_head(
    head: Person, day: date, questions: list[Asked], at: datetime, known: Heads | None
) -> Reminder:
    by_person: dict[str, list[Asked]] = defaultdict(list)
    for question in questions:
        by_person[question.ownership.person.name].append(question)
    who = "One person has" if len(by_person) == 1 else f"{len(by_person)} people have"
    is_lead = known is not None and head in known.leads
    return Reminder(
        kind="ownership_silent",
        subject="silent",
        due_date=day,
        step=DAYS_TO_ANSWER,
        recipient=head,
        says=f"Speak to them: {who.lower()} not said what is theirs",
        detail="\n".join(_silences(by_person, day)),
        why="You are a portfolio lead, and nobody else heads their unit."
        if is_lead
        else "You head their unit.",
        path=reverse("campaign:silent"),
        planned_at=at,
    )


def _silences(by_person: dict[str, list[Asked]], day: date) -> Iterator[str]:
    yield f"Asked on {in_words(day)}, and no answer since:"
    for name in sorted(by_person)[:LISTED]:
        mine = by_person[name]
        more = f" and {len(mine) - 3} more" if len(mine) > 3 else ""
        yield f"· {name}: {', '.join(question.said for question in mine[:3])}{more}"
    if len(by_person) > LISTED:
        yield f"· and {len(by_person) - LISTED} more people"


# --- by hand ---


def chase(people: Collection[int] | None, at: datetime) -> list[int]:
    """Owe these people a reminder now, or all who are silent, each once a day; return whom.

    Left out is who hears of it today anyway, or has: nobody is asked twice on one day.
    """
    today = timezone.localdate(at)
    asked = queries.asked_long_enough(today) if people is None else queries.asked(people)
    heard = queries.told_on(today, asked)
    chased = [pk for pk in sorted(asked) if pk not in heard]
    owed = (
        reminder(asked[pk], kind="ownership_chased", day=today, step=0, at=at, is_urgent=True)
        for pk in chased
    )
    planning.owe(owed)
    return chased

"""What has come of asking the owners of imported and declared initiatives, by unit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

from django.db.models import Count, Exists, OuterRef
from django.urls import reverse

from accounts.models import Person
from initiatives.models import Initiative, Ownership
from initiatives.models.registry import InitiativeQuerySet
from initiatives.stages import Role
from notifications import queries as notifications
from notifications.queries import Silence
from notifications.queries.asked import STEPS
from notifications.rules.finding import start_of
from portfolio.queries import catch_up
from portfolio.queries.catch_up import Answer
from reviews.models import RetirementRequest

QUIET, RETIRED, HANDED_ON = "quiet", catch_up.RETIRED, catch_up.HANDED_ON
FIRST_CHASED = timedelta(days=STEPS[1])
# What is said of those asked: they are silent once the first day of being asked again has come.
NO_ANSWER, SILENT = "No answer yet", "Silent"
COLUMNS: dict[str, str] = {
    QUIET: "Not asked yet",
    catch_up.ASKED: "Asked",
    Answer.ACCEPTED: "Accepted",
    Answer.DECLINED: "Declined",
    Answer.SILENT: NO_ANSWER,
    Answer.DEAD: "Said to be dead",
    HANDED_ON: "Handed on",
    Answer.NOBODY: "Nobody to ask",
    RETIRED: "Retired since",
}
ANSWERS = (Answer.ACCEPTED, Answer.DECLINED, Answer.SILENT, Answer.DEAD)


@dataclass(frozen=True, slots=True)
class Figure:
    """A number, what it counts, and the list of it; none where no list is narrowed so far."""

    label: str
    count: int
    url: str


@dataclass(frozen=True)
class Line:
    """One unit, or all of them together."""

    unit: str
    figures: list[Figure]


@dataclass(frozen=True)
class Campaign:
    """How the campaign stands: in all, by unit, who has not answered, and what is said to be dead.

    `unanswered` is what it says of initiatives whose business owner has not."""

    columns: list[str]
    unanswered: str
    total: Line
    lines: list[Line]
    counts: Counter[str]
    silences: list[Silence]
    dead: int

    @property
    def longest(self) -> list[Silence]:
        """Those who were asked first and have not answered, as the page names them."""
        return self.silences[:10]

    @property
    def silent(self) -> list[Silence]:
        """Those of them who can be chased."""
        return [silence for silence in self.silences if silence.is_silent]

    @property
    def is_silent(self) -> bool:
        return self.unanswered == SILENT


def load(person: Person, today: date) -> Campaign:
    """Count it, in a number of queries that does not grow."""
    visible = Initiative.objects.visible_to(person)
    by_unit: dict[int | None, Counter[str]] = {}
    names: dict[int | None, str] = {}
    for unit, name, key, count in _counted(visible):
        by_unit.setdefault(unit, Counter())[key] += count
        names[unit] = name or "No unit"
    for counts in by_unit.values():
        counts[catch_up.ASKED] = sum(counts[answer] for answer in ANSWERS)
    total = sum(by_unit.values(), Counter[str]())
    silences = notifications.silent(None, today)
    columns = COLUMNS | {Answer.SILENT: _unanswered(visible, today)}
    order = sorted(by_unit, key=lambda unit: (unit is None, names[unit]))
    return Campaign(
        columns=list(columns.values()),
        unanswered=columns[Answer.SILENT],
        total=_line("All", total, {}, columns),
        lines=[
            _line(names[unit], by_unit[unit], {"unit": str(unit)} if unit else None, columns)
            for unit in order
        ],
        counts=total,
        silences=silences,
        dead=RetirementRequest.objects.open().count(),
    )


def _counted(visible: InitiativeQuerySet) -> list[tuple[int | None, str, str, int]]:
    """Rows of unit, its name, what is counted, how many: three passes, none for each row."""
    shown = ("unit", "unit__name")
    answers = catch_up.with_answers(visible).order_by().values_list(*shown, "answer")
    rows = [*answers.annotate(count=Count("pk"))]
    for key, some in (
        (QUIET, visible.quiet()),
        (RETIRED, catch_up.retired(visible)),
        (HANDED_ON, catch_up.handed_on(visible)),
    ):
        counted = some.order_by().values_list(*shown).annotate(count=Count("pk"))
        rows += [(unit, name, key, count) for unit, name, count in counted]
    return rows


def _unanswered(visible: InitiativeQuerySet, today: date) -> str:
    """Whether the first chase day has come for any initiative whose business owner has not said
    anything."""
    asked = start_of(today - FIRST_CHASED + timedelta(days=1))
    long_ago = Ownership.objects.unanswered().filter(
        initiative=OuterRef("pk"), role=Role.BUSINESS_OWNER, asked_at__lt=asked
    )
    rows = catch_up.with_answers(visible.filter(counting_since__lt=asked))
    is_silent = rows.filter(Exists(long_ago), answer=Answer.SILENT).exists()
    return SILENT if is_silent else NO_ANSWER


def _line(
    name: str,
    counts: Counter[str],
    narrowed: dict[str, str] | None,
    columns: Mapping[str, str],
) -> Line:
    figures = [
        Figure(label, counts[key], _url(key, narrowed) if narrowed is not None else "")
        for key, label in columns.items()
    ]
    return Line(name, figures)


def _url(key: str, narrowed: dict[str, str]) -> str:
    which = {"show": "quiet"} if key == QUIET else {"catch_up": key}
    return f"{reverse('initiatives:list')}?{urlencode(which | narrowed)}"

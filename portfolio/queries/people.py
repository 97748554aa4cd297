"""The list of people: searched, narrowed, and with how much each of them owns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db.models import Count, Q
from django.utils import timezone

from accounts.models import Person, Unit
from initiatives.models import Initiative, Ownership
from initiatives.search import fold
from initiatives.stages import Stage
from notifications.rules.words import in_words

WITHOUT_ACCOUNT = Q(password__startswith=UNUSABLE_PASSWORD_PREFIX)
LEAVING = Q(is_active=True, leaves_on__isnull=False)
STATES: dict[str, tuple[str, Q]] = {
    "active": ("Active", Q(is_active=True)),
    "invited": ("Invited, no account yet", WITHOUT_ACCOUNT & Q(is_active=True)),
    "leaving": ("Leaving", LEAVING),
    "inactive": ("Inactive", Q(is_active=False)),
}
SHOWN = ("name", "email", "title", "unit__name", "is_active", "inactive_since", "leaves_on")


@dataclass(frozen=True, slots=True)
class State:
    """How it stands with somebody, in words, and the tone in which it is shown."""

    says: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """Somebody, and in how many initiatives that the reader may see they hold a role."""

    person: Person
    state: State
    owns: int


def found(question: str, state: str = "", unit: Unit | None = None) -> list[int]:
    """Ids of those in whose name, address, title or unit each word of the question begins a word,
    by name. Case and accents are forgiven: so it is compared here and not by the database."""
    rows = Person.objects.order_by("name", "pk")
    if state in STATES:
        rows = rows.filter(STATES[state][1])
    if unit is not None:
        rows = rows.filter(unit=unit)
    words = fold(question).split()
    if not words:
        return [] if question.strip() else list(rows.values_list("pk", flat=True))
    texts = rows.values_list("pk", "name", "email", "title", "unit__name")
    return [pk for pk, *said in texts if _has_all(words, said)]


def _has_all(words: Sequence[str], said: Sequence[str | None]) -> bool:
    text = f" {fold(' '.join(part or '' for part in said))}"
    return all(f" {word}" in text for word in words)


def lines(ids: Sequence[int], seen_by: Person) -> list[Line]:
    """A page of them, in two queries."""
    rows = Person.objects.filter(pk__in=ids).select_related("unit").only(*SHOWN, "password")
    owned = _owned(ids, seen_by)
    return [Line(row, state_of(row), owned.get(row.pk, 0)) for row in rows]


def _owned(ids: Sequence[int], seen_by: Person) -> dict[int, int]:
    """What they were asked and have not answered counts as well: it is in their name."""
    held = Ownership.objects.open().filter(
        person__in=ids, initiative__in=Initiative.objects.visible_to(seen_by).order_by()
    )
    alive = held.exclude(initiative__stage=Stage.RETIRED).order_by().values_list("person")
    return dict(alive.annotate(count=Count("initiative", distinct=True)))


def state_of(person: Person) -> State:
    """Inactive, leaving or invited; of whoever is simply here nothing is said."""
    if not person.is_active:
        since = person.inactive_since
        day = f" since {in_words(timezone.localdate(since))}" if since else ""
        return State(f"inactive{day}", "critical")
    if person.leaves_on is not None:
        return State(f"leaves on {in_words(person.leaves_on)}", "warning")
    return State("invited, no account yet", "notice") if person.is_invited else State("")

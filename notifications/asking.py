"""How a reminder about a flag reads: what it asks of whom, why of them, and where it is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from django.urls import reverse

from initiatives.models import Initiative
from notifications import ladders
from notifications.rules.words import called, in_words

PLACES = {"unowned": "#owners", "obligation": "#obligations"}  # on the initiative's page


@dataclass(frozen=True, slots=True)
class Asked:
    """Somebody of whom something is asked at a step, in these roles."""

    kind: str
    initiative: Initiative
    subject: str
    due_date: date
    step: int
    person_id: int
    roles: list[str]
    today: date
    is_under_review: bool  # whether the review is open that its decision needs

    @property
    def it(self) -> str:
        return called(self.initiative)

    @property
    def day(self) -> str:
        return in_words(self.due_date)

    @property
    def is_late(self) -> bool:
        return self.step > 0 or self.due_date < self.today

    @property
    def decides(self) -> bool:
        """Whether they are who decides; owners prepare it."""
        return ladders.decides(self.roles)

    @property
    def is_assignee(self) -> bool:
        """Whether it was given to them, or it is they who leave."""
        return ladders.ASSIGNEE in self.roles

    @property
    def number(self) -> int:
        """That of what was flagged, where it is a part of the initiative: `review:7`."""
        return int(self.subject.rpartition(":")[2])

    @property
    def leaves(self) -> bool:
        return self.kind == "leaving" and self.is_assignee


def says(asked: Asked) -> str:
    """What it asks, as a subject line; a kind that is missing raises."""
    return SAYS[asked.kind](asked)


def why(asked: Asked) -> str:
    """Why it is asked of them."""
    if asked.leaves:
        return "You answer for it, and your last day is near."
    if asked.is_assignee:
        return "It was given to you."
    own = [role for role in asked.roles if role != ladders.LEAD]
    return f"You are its {' and '.join(own)}." if own else f"You are a {ladders.LEAD}."


def detail(asked: Asked, flagged: str) -> str:
    """What is going on, as the flag says it; not to whom it speaks of by name."""
    is_of_reader = asked.leaves or (asked.kind == "statement_unsigned" and not asked.is_late)
    return "" if is_of_reader else flagged


def path(asked: Asked) -> str:
    """Where it is done: whoever leaves hands over all that they own on one page."""
    if asked.leaves:
        return reverse("people:hand_over", args=[asked.person_id])
    if asked.kind == "decision_ready":
        return reverse("reviews:detail", args=[asked.number])
    if asked.kind == "obligation" and asked.is_assignee:
        return reverse("initiatives:confirm_obligation", args=[asked.number])
    return f"{asked.initiative.get_absolute_url()}{PLACES.get(asked.kind, '')}"


def _always(words: str) -> Callable[[Asked], str]:
    """The same of whoever hears it, at whatever step."""
    return lambda asked: words.format(it=asked.it)


def _decision(of: str = "") -> Callable[[Asked], str]:
    def words(asked: Asked) -> str:
        what = f"{of}{asked.it}"
        do = "Decide" if asked.decides else "Have it ready"
        if asked.is_late:
            return f"{do} now: {what}, late since {asked.day}"
        return f"{do} by {asked.day}: {what}"

    return words


def _reviewed(review: str) -> Callable[[Asked], str]:
    """Its decision, once the review is open that it needs; until then that is to be asked for."""
    decide = _decision(f"the {review} of ")

    def words(asked: Asked) -> str:
        if asked.is_under_review:
            return decide(asked)
        if asked.is_late:
            return f"Ask for the {review} review now: {asked.it}, late since {asked.day}"
        return f"Ask for the {review} review by {asked.day}: {asked.it}"

    return words


def _decide_now(because: str) -> Callable[[Asked], str]:
    def words(asked: Asked) -> str:
        what = "Decide now" if asked.decides else "Prepare the decision"
        return f"{what}: {asked.it}{because}"

    return words


def _leaving(asked: Asked) -> str:
    what = "Hand over" if asked.leaves else "Name who takes over"
    return f"{what} by {asked.day}: {asked.it}"


def _statement(asked: Asked) -> str:
    if asked.is_late:
        return f"Decide now: {asked.it}, its new sponsor has not signed"
    return f"Sign by {asked.day} what you took over: {asked.it}"


def _obligation(asked: Asked) -> str:
    what = "Confirm that it is done" if asked.is_assignee else "See that it is done"
    return f"{what}: {asked.it}, due {asked.day}"


def _override(asked: Asked) -> str:
    if asked.is_late:
        return f"Meet now what was set aside, late since {asked.day}: {asked.it}"
    return f"Meet what was set aside by {asked.day}: {asked.it}"


def _suspended(asked: Asked) -> str:
    by_when = f"Decide now, late since {asked.day}" if asked.is_late else f"Decide by {asked.day}"
    what = by_when if asked.decides else "Make sure that it is off"
    return f"{what}: {asked.it} is suspended"


SAYS: dict[str, Callable[[Asked], str]] = {
    "catch_up": _reviewed("catch-up"),
    "decision_date": _decision(),
    "decision_lapsed": _always("Decide now: {it} has lapsed"),
    "decision_ready": _decide_now(" is complete and signed"),
    "override": _override,
    "threshold_reached": _decide_now(" has reached its threshold"),
    "unowned": _always("Name who answers for {it}"),
    "leaving": _leaving,
    "kill_condition_tripped": _decide_now(", a kill condition has tripped"),
    "suspended": _suspended,
    "obligation": _obligation,
    "statement_unsigned": _statement,
    "recertification": _reviewed("recertification"),
    "falls_short": _always("See why it falls short, and say what follows: {it}"),
    "measurement_stale": _always("Measure it again: {it}"),
    "evaluation_stale": _always("Run the evaluation again: {it}"),
    "over_budget": _always("See what it costs, and say what follows: {it}"),
    "stalled": _always("Say how it stands: {it}"),
    "sign_off_overdue": _always("Get the missing signatures: {it}"),
    "slot_unfillable": _always("Appoint somebody who signs: {it}"),
}

"""From eight yes/no answers to how much a gate asks (product.md §3, Proportion)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from django.db import models


class Level(models.TextChoices):
    """The control level: how much a gate asks."""

    LIGHT = "light", "Light"
    STANDARD = "standard", "Standard"
    FULL = "full", "Full"


class LegalClass(models.TextChoices):
    """Classes as the EU AI Act (Regulation 2024/1689) names them."""

    MINIMAL = "minimal", "Minimal risk"
    LIMITED = "limited", "Limited risk"
    HIGH = "high", "High risk"
    PROHIBITED = "prohibited", "Prohibited"


QUESTIONS: dict[str, str] = {
    "decides_about_people": "Does it decide, or help decide, about people?",
    "talks_to_public": "Does it talk to the public?",
    "personal_data": "Does it use personal data?",
    "confidential_data_leaves": "Does confidential data leave the organisation?",
    "acts_without_approval": "Does it act without a person's approval?",
    "affects_employees": "Does it affect employees?",
    "safety_or_regulated": "Is it used in a safety-related or regulated activity?",
    "bought": "Is it bought rather than built?",
}
# What a yes says of it: "it …".
SAYS = {
    "decides_about_people": "decides about people",
    "talks_to_public": "talks to the public",
    "personal_data": "uses personal data",
    "confidential_data_leaves": "lets confidential data leave the organisation",
    "acts_without_approval": "acts without a person's approval",
    "affects_employees": "affects employees",
    "safety_or_regulated": "is used in a safety-related or regulated activity",
    "bought": "is bought",
}
RISKS = tuple(QUESTIONS)[:7]
MAKE_IT_HIGH = ("decides_about_people", "safety_or_regulated")
MAKE_IT_LIMITED = ("talks_to_public",)
AMOUNTS = ("pilot_budget", "monthly_cost")
LIGHT_PILOT_BUDGET = 25_000
LIGHT_MONTHLY_COST = 1_000
LIGHT_MEANS = (
    f"light is a pilot under {LIGHT_PILOT_BUDGET:,} and under {LIGHT_MONTHLY_COST:,} a month"
)
RISKS_THAT_MAKE_IT_FULL = 3


def legal_class(answers: Mapping[str, bool | None]) -> LegalClass:
    """Propose a legal class; compliance confirms it. Prohibited is never proposed by machine."""
    if any(answers[question] for question in MAKE_IT_HIGH):
        return LegalClass.HIGH
    if any(answers[question] for question in MAKE_IT_LIMITED):
        return LegalClass.LIMITED
    return LegalClass.MINIMAL


def level(
    answers: Mapping[str, bool | None], *, pilot_budget: int | None, monthly_cost: int | None
) -> Level:
    """Compute the control level; unanswered questions are taken for neither yes nor no.

    Light needs all seven answered no and both amounts known and small; full is the high class
    or three of the seven.
    """
    yes = sum(bool(answers[question]) for question in RISKS)
    if legal_class(answers) is LegalClass.HIGH or yes >= RISKS_THAT_MAKE_IT_FULL:
        return Level.FULL
    answered = all(answers[question] is not None for question in RISKS)
    cheap = is_cheap(pilot_budget, monthly_cost)
    return Level.LIGHT if answered and not yes and cheap else Level.STANDARD


def is_cheap(pilot_budget: int | None, monthly_cost: int | None) -> bool:
    """Both amounts are known and small enough for the light level."""
    return (
        pilot_budget is not None
        and pilot_budget < LIGHT_PILOT_BUDGET
        and monthly_cost is not None
        and monthly_cost < LIGHT_MONTHLY_COST
    )


# --- what is in force, and who may change it ---------------------------------------------------


@dataclass(frozen=True, slots=True)
class Outcome:
    """A control level and a legal class."""

    level: Level
    legal_class: LegalClass


LIGHTEST = Outcome(Level.LIGHT, LegalClass.MINIMAL)


@dataclass(frozen=True, slots=True)
class Basis:
    """What level and class rest on: the eight answers and the two amounts."""

    answers: Mapping[str, bool | None]
    pilot_budget: int | None
    monthly_cost: int | None

    @property
    def is_complete(self) -> bool:
        return all(answer is not None for answer in self.answers.values())

    @property
    def outcome(self) -> Outcome:
        """What they compute to, whatever is in force."""
        computed = level(
            self.answers, pilot_budget=self.pilot_budget, monthly_cost=self.monthly_cost
        )
        return Outcome(computed, legal_class(self.answers))

    def yes_to(self, questions: tuple[str, ...]) -> list[str]:
        return [question for question in questions if self.answers[question]]


@dataclass(frozen=True, slots=True)
class Standing:
    """What is in force, and whether compliance has confirmed it.

    `may_fall`: nothing has been confirmed and nothing has left proposal, or compliance itself is
    at work, so that milder answers count at once.
    """

    outcome: Outcome
    is_confirmed: bool
    may_fall: bool


def follow(before: Basis, now: Basis, standing: Standing) -> Standing:
    """Say what is in force once answers or amounts have changed: it rises at once, and falls by
    itself only where it may (product.md §3: compliance alone may lower it)."""
    if before == now or (standing.is_confirmed and _still_covers(before, now, standing.outcome)):
        return standing
    lowest = now.outcome if standing.may_fall else strictest(now.outcome, standing.outcome)
    if standing.outcome.legal_class is LegalClass.PROHIBITED:  # no answer lifts a prohibition
        lowest = replace(lowest, legal_class=LegalClass.PROHIBITED)
    return replace(standing, outcome=lowest, is_confirmed=False)


def _still_covers(before: Basis, now: Basis, confirmed: Outcome) -> bool:
    """A confirmation holds for its answers, and for other amounts while the level that they
    compute to is the same; one that lowered the level holds for no others at all."""
    is_lowered = strictness(confirmed.level) < strictness(now.outcome.level)
    return before.answers == now.answers and before.outcome == now.outcome and not is_lowered


def strictness(value: Level | LegalClass) -> int:
    """The place in the order in which levels and classes are written above, mildest first."""
    return list(type(value)).index(value)


def strictest(one: Outcome, other: Outcome) -> Outcome:
    """Level by level and class by class, the one that asks more."""
    return Outcome(
        max(one.level, other.level, key=strictness),
        max(one.legal_class, other.legal_class, key=strictness),
    )


def departs(chosen: Outcome, basis: Basis) -> bool:
    """Whether compliance has to say why: it chose another level or class than is computed."""
    return chosen != basis.outcome


# --- why, in words -----------------------------------------------------------------------------


def why_class(basis: Basis) -> str:
    """Which answers led to the proposed class."""
    leading = basis.yes_to(MAKE_IT_HIGH) or basis.yes_to(MAKE_IT_LIMITED)
    if leading:
        return f"because it {_listed(leading)}"
    return "because it neither decides about people, nor is safety-related, nor talks to the public"


def why_level(basis: Basis) -> str:
    """What led to the computed level: the answers, or the amounts."""
    if basis.outcome.level is Level.FULL:
        return f"because it {_listed(basis.yes_to(MAKE_IT_HIGH) or basis.yes_to(RISKS))}"
    if yes := basis.yes_to(RISKS):
        return f"because it {_listed(yes)}"
    if basis.outcome.level is Level.LIGHT:
        return "no to the first seven, and little money"
    if any(basis.answers[question] is None for question in RISKS):
        return "as long as questions are open"
    return _why_not_light(basis)


def _why_not_light(basis: Basis) -> str:
    if basis.pilot_budget is None or basis.monthly_cost is None:
        return "as long as the pilot's budget and the monthly cost are not both known"
    return f"because of its cost; {LIGHT_MEANS}"


def _listed(questions: list[str]) -> str:
    said = [SAYS[question] for question in questions]
    return " and ".join([", ".join(said[:-1]), said[-1]] if said[1:] else said)
